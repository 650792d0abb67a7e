#include <bit>
#include <cmath>
#include <memory>

#include <coin/ClpEventHandler.hpp>
#include <coin/ClpSimplex.hpp>
#include <coin/CoinPackedMatrix.hpp>

#include <fmpq_mat.h>

#include "bellows/base/threads.h"
#include "bellows/bell/no_signalling.h"
#include "bellows/bell/rationalise.h"
#include "bellows/bell/symmetry.h"

namespace bellows::bell {
namespace {

/// The program on orbits: variables are the values of correlator orbits 1.., rows are 2^n P >= 0 for one entry of each orbit,
/// then the constraints. All matrix entries are integers times what the constraints carry.
struct Reduced {
  Orbits orbits;
  std::vector<Rational> objective;                      // of each correlator orbit (orbit 0: the constant)
  std::vector<std::vector<std::pair<int, Rational>>> rows;  // without the constant term
  std::vector<Rational> row_constant;                   // constant term of each row
  std::size_t positivity_rows = 0;
};

std::vector<Rational> on_orbits(const Orbits& orbits, const RationalTable& correlators) {
  std::vector<Rational> sums(orbits.correlator_orbits, Rational(0));
  for (std::size_t c = 0; c < correlators.size(); ++c) {
    if (orbits.correlator_orbit[c] < 0 || correlators[c] == 0) continue;
    const auto orbit = static_cast<std::size_t>(orbits.correlator_orbit[c]);
    if (orbits.correlator_sign[c] > 0) {
      sums[orbit] += correlators[c];
    } else {
      sums[orbit] -= correlators[c];
    }
  }
  return sums;
}

Reduced reduce(const NoSignallingProgram& program, const std::vector<Relabelling>& symmetries) {
  const Scenario& s = program.objective.scenario;
  Reduced reduced;
  reduced.orbits = find_orbits(s, symmetries);
  reduced.objective = on_orbits(reduced.orbits, to_scaled_correlators(s, program.objective.coefficients));
  std::vector<std::size_t> index;
  std::vector<int> sums(reduced.orbits.correlator_orbits, 0);
  std::vector<std::size_t> touched;
  for (std::size_t representative : reduced.orbits.entry_representative) {
    const std::size_t a = representative & (s.outcomes() - 1);
    s.correlators_at(representative >> s.parties(), index);
    touched.clear();
    for (std::size_t mask = 0; mask < index.size(); ++mask) {
      const std::int32_t orbit = reduced.orbits.correlator_orbit[index[mask]];
      if (orbit < 0) continue;
      const int sign = (std::popcount(mask & a) & 1) ? -1 : 1;
      int& sum = sums[static_cast<std::size_t>(orbit)];
      if (sum == 0) touched.push_back(static_cast<std::size_t>(orbit));
      sum += sign * reduced.orbits.correlator_sign[index[mask]];
    }
    std::vector<std::pair<int, Rational>> row;
    Rational constant = 0;
    for (std::size_t orbit : touched) {
      if (sums[orbit] != 0) {
        if (orbit == 0) {
          constant = sums[orbit];
        } else {
          row.emplace_back(static_cast<int>(orbit) - 1, sums[orbit]);
        }
      }
      sums[orbit] = 0;
    }
    reduced.rows.push_back(std::move(row));
    reduced.row_constant.push_back(constant);
  }
  reduced.positivity_rows = reduced.rows.size();
  for (const BellConstraint& constraint : program.constraints) {
    const std::vector<Rational> sums_here =
        on_orbits(reduced.orbits, to_scaled_correlators(s, constraint.functional.coefficients));
    std::vector<std::pair<int, Rational>> row;
    for (std::size_t orbit = 1; orbit < sums_here.size(); ++orbit) {
      if (sums_here[orbit] != 0) row.emplace_back(static_cast<int>(orbit) - 1, sums_here[orbit]);
    }
    reduced.rows.push_back(std::move(row));
    // scaled functional <= 2^n rhs
    reduced.row_constant.push_back(sums_here[0] - constraint.right_hand_side * static_cast<unsigned long>(s.outcomes()));
  }
  return reduced;
}

/// What numbers are divided by before the solver sees them: 1 where they are of a size that it is made for, else the largest.
Rational size_of(const std::vector<Rational>& numbers) {
  Rational largest = 0;
  for (const Rational& number : numbers) {
    if (abs(number) > largest) largest = abs(number);
  }
  if (largest == 0 || (largest < 1000000 && largest * 1000000 > 1)) return 1;
  return largest;
}

void set(fmpq* to, const Rational& from) { fmpq_set_mpq(to, from.get_mpq_t()); }

Rational get(const fmpq* from) {
  Rational value;
  fmpq_get_mpq(value.get_mpq_t(), from);
  return value;
}

/// Solves the square system A y = b exactly; false when it is singular.
bool solve_exactly(const std::vector<std::vector<std::pair<int, Rational>>>& rows_of_a, std::size_t size,
                   const std::vector<Rational>& b, std::vector<Rational>& y) {
  at_thread_end(flint_cleanup);
  fmpq_mat_t a, rhs, x;
  const auto n = static_cast<slong>(size);
  fmpq_mat_init(a, n, n);
  fmpq_mat_init(rhs, n, 1);
  fmpq_mat_init(x, n, 1);
  for (std::size_t i = 0; i < size; ++i) {
    for (const auto& [j, value] : rows_of_a[i]) set(fmpq_mat_entry(a, static_cast<slong>(i), j), value);
    set(fmpq_mat_entry(rhs, static_cast<slong>(i), 0), b[i]);
  }
  const bool solved = fmpq_mat_solve(x, a, rhs) != 0;
  if (solved) {
    y.clear();
    for (slong i = 0; i < n; ++i) y.push_back(get(fmpq_mat_entry(x, i, 0)));
  }
  fmpq_mat_clear(a);
  fmpq_mat_clear(rhs);
  fmpq_mat_clear(x);
  return solved;
}

DualBound expand(const NoSignallingProgram& program, const Reduced& reduced, const std::vector<Rational>& row_duals) {
  const Scenario& s = program.objective.scenario;
  DualBound dual;
  dual.weights.assign(s.table_size(), Rational(0));
  // Both sides of the identity are scaled by 2^n, so the price of a row is the weight of P itself, shared among its orbit.
  for (std::size_t i = 0; i < dual.weights.size(); ++i) {
    const std::size_t orbit = reduced.orbits.entry_orbit[i];
    if (row_duals[orbit] == 0) continue;
    dual.weights[i] = row_duals[orbit] / static_cast<unsigned long>(reduced.orbits.entry_count[orbit]);
  }
  for (std::size_t k = 0; k < program.constraints.size(); ++k) {
    dual.multipliers.push_back(row_duals[reduced.positivity_rows + k]);
  }
  return dual;
}

RationalTable expand_box(const Reduced& reduced, const std::vector<Rational>& values) {
  RationalTable correlators(reduced.orbits.correlator_orbit.size(), Rational(0));
  for (std::size_t c = 0; c < correlators.size(); ++c) {
    const std::int32_t orbit = reduced.orbits.correlator_orbit[c];
    if (orbit < 0) continue;
    const Rational value = orbit == 0 ? Rational(1) : values[static_cast<std::size_t>(orbit) - 1];
    correlators[c] = reduced.orbits.correlator_sign[c] > 0 ? value : Rational(-value);
  }
  return correlators;
}

/// Tells how far the solver is, and stops it where whoever waits has had enough.
class SolverWatch : public ClpEventHandler {
 public:
  explicit SolverWatch(const Context& context) : context_(&context) {}
  ClpEventHandler* clone() const override { return new SolverWatch(*this); }
  int event(Event event) override {
    constexpr int go_on = -1, stop = 5;
    if (event != endOfIteration || model_ == nullptr) return go_on;
    context_->report("linear program", static_cast<std::uint64_t>(model_->numberIterations()), 0, "steps");
    return context_->check_cancelled().ok() ? go_on : stop;
  }

 private:
  const Context* context_;
};

}  // namespace

Result<NoSignallingBound> solve(const NoSignallingProgram& program, const SolveOptions& options) {
  const Scenario& s = program.objective.scenario;
  // Each entry of the table is a row of up to 2^parties numbers; symmetries only make them fewer.
  constexpr std::uint64_t bytes_of_number = 96, most_bytes = std::uint64_t{512} << 20;
  if (const std::uint64_t needed = s.table_size() * s.outcomes() * bytes_of_number; needed > most_bytes) {
    return bad_input("the linear program of this scenario is too large", {}, std::nullopt, "at most " + std::to_string(most_bytes >> 20) + " MiB",
                     "about " + std::to_string(needed >> 20) + " MiB");
  }
  std::vector<const Functional*> functionals = {&program.objective};
  for (const BellConstraint& constraint : program.constraints) {
    if (!(constraint.functional.scenario == s)) return bad_input("a constraint has another scenario than the objective");
    functionals.push_back(&constraint.functional);
  }
  std::vector<Relabelling> symmetries;
  if (options.use_symmetries) {
    // An objective at one joint setting pins the setting flips.
    std::size_t target = s.joint_settings();
    bool single = true;
    for (std::size_t i = 0; i < s.table_size() && single; ++i) {
      if (program.objective.coefficients[i] == 0) continue;
      const std::size_t x = i >> s.parties();
      if (target != s.joint_settings() && target != x) single = false;
      target = x;
    }
    single = single && target != s.joint_settings();
    symmetries = find_symmetries(functionals, single ? &target : nullptr);
  }
  const Reduced reduced = reduce(program, symmetries);
  const std::size_t variables = reduced.orbits.correlator_orbits - 1;
  const std::size_t rows = reduced.rows.size();

  // Float step. Positivity keeps correlators in [-1, 1]: the wider limits are never reached, so that no dual sits on them.
  std::vector<int> row_index, column_index;
  std::vector<double> elements, row_low(rows), row_high(rows), column_low(variables, -2.0), column_high(variables, 2.0), cost(variables);
  const Rational objective_size = size_of(reduced.objective);
  std::vector<Rational> row_size(rows, Rational(1));
  for (std::size_t r = 0; r < rows; ++r) {
    if (r >= reduced.positivity_rows) {
      std::vector<Rational> numbers = {reduced.row_constant[r]};
      for (const auto& [column, value] : reduced.rows[r]) numbers.push_back(value);
      row_size[r] = size_of(numbers);
    }
    for (const auto& [column, value] : reduced.rows[r]) {
      row_index.push_back(static_cast<int>(r));
      column_index.push_back(column);
      elements.push_back(Rational(value / row_size[r]).get_d());
    }
    const double side = -Rational(reduced.row_constant[r] / row_size[r]).get_d();
    row_low[r] = side;
    row_high[r] = COIN_DBL_MAX;
    if (r >= reduced.positivity_rows) {
      row_high[r] = side;
      if (program.constraints[r - reduced.positivity_rows].relation == Relation::at_most) row_low[r] = -COIN_DBL_MAX;
    }
  }
  for (std::size_t v = 0; v < variables; ++v) cost[v] = Rational(reduced.objective[v + 1] / objective_size).get_d();
  ClpSimplex model;
  model.setLogLevel(0);
  const CoinPackedMatrix matrix(false, row_index.data(), column_index.data(), elements.data(), static_cast<CoinBigIndex>(elements.size()));
  CoinPackedMatrix sized(matrix);
  sized.setDimensions(static_cast<int>(rows), static_cast<int>(variables));
  model.loadProblem(sized, column_low.data(), column_high.data(), cost.data(), row_low.data(), row_high.data());
  model.setOptimizationDirection(-1);
  model.setPrimalTolerance(1e-9);
  model.setDualTolerance(1e-9);
  const SolverWatch watch(options.context);
  model.passInEventHandler(&watch);
  // Unattainable or contradictory constraints are the usual cause of a failure.
  model.dual();
  BELLOWS_TRY(options.context.check_cancelled());
  if (model.status() != 0) model.primal();
  BELLOWS_TRY(options.context.check_cancelled());
  if (model.status() == 1) return refused("no no-signalling box satisfies the constraints");
  if (model.status() != 0) return refused("the linear program was not solved (status " + std::to_string(model.status()) + ")");

  NoSignallingBound result;
  result.variables = variables;
  result.rows = rows;
  result.symmetries = symmetries.size();

  // With maximisation the solver's row duals are d(objective)/d(right-hand side): not positive for rows >=.
  const double* row_price = model.dualRowSolution();
  std::vector<Rational> duals(rows);
  std::uint64_t attempts = 0;
  const auto candidate = [&](long largest_denominator) -> Result<CheckedBound> {
    BELLOWS_TRY(options.context.check_cancelled());
    options.context.report("exact dual", attempts++, 0, "attempts");
    for (std::size_t r = 0; r < rows; ++r) {
      const bool positivity = r < reduced.positivity_rows;
      Rational price = rationalise(positivity ? -row_price[r] : row_price[r], largest_denominator);
      const bool free_sign = !positivity && program.constraints[r - reduced.positivity_rows].relation == Relation::equal;
      if (price < 0 && !free_sign) price = 0;
      duals[r] = price * objective_size / row_size[r];
    }
    return check_bound(program, expand(program, reduced, duals));
  };
  const double float_value = (model.objectiveValue() + Rational(reduced.objective[0] / objective_size).get_d()) / static_cast<double>(s.outcomes());
  bool found = false;
  const auto keep = [&](const CheckedBound& bound) {
    if (found && bound.value >= result.bound.value) return;
    result.bound = bound;
    result.dual = expand(program, reduced, duals);
    found = true;
  };
  for (long denominator : {60L, 5040L, 1000000L}) {
    const auto bound = candidate(denominator);
    if (bound.ok() && bound->exact_identity && std::abs(Rational(bound->value / objective_size).get_d() - float_value) < 1e-7) {
      keep(*bound);
      break;
    }
  }
  if (!found) {
    // The exact vertex: nonbasic rows carry the duals, basic columns give the equations.
    std::vector<std::size_t> tight_rows, basic_columns;
    for (std::size_t r = 0; r < rows; ++r) {
      if (model.getRowStatus(static_cast<int>(r)) != ClpSimplex::basic) tight_rows.push_back(r);
    }
    std::vector<int> equation_of(variables, -1);
    for (std::size_t v = 0; v < variables; ++v) {
      if (model.getColumnStatus(static_cast<int>(v)) == ClpSimplex::basic) {
        equation_of[v] = static_cast<int>(basic_columns.size());
        basic_columns.push_back(v);
      }
    }
    if (tight_rows.size() == basic_columns.size() && !tight_rows.empty() && tight_rows.size() <= 400) {
      std::vector<std::vector<std::pair<int, Rational>>> transposed(tight_rows.size());
      for (std::size_t t = 0; t < tight_rows.size(); ++t) {
        for (const auto& [column, value] : reduced.rows[tight_rows[t]]) {
          const int equation = equation_of[static_cast<std::size_t>(column)];
          if (equation >= 0) transposed[static_cast<std::size_t>(equation)].emplace_back(static_cast<int>(t), value);
        }
      }
      std::vector<Rational> side, prices;
      for (std::size_t v : basic_columns) side.push_back(reduced.objective[v + 1]);
      if (solve_exactly(transposed, tight_rows.size(), side, prices)) {
        std::fill(duals.begin(), duals.end(), Rational(0));
        for (std::size_t t = 0; t < tight_rows.size(); ++t) {
          duals[tight_rows[t]] = tight_rows[t] < reduced.positivity_rows ? Rational(-prices[t]) : prices[t];
        }
        const auto bound = check_bound(program, expand(program, reduced, duals));
        if (bound.ok()) keep(*bound);
      }
    }
  }
  if (!found || !result.bound.exact_identity) {
    const auto bound = candidate(1L << 40);  // pays for the rounding in the constant
    if (bound.ok()) keep(*bound);
  }
  BELLOWS_TRY(options.context.check_cancelled());
  if (!found) return internal_error("no dual was found that the exact check accepts");

  // A box that reaches the bound shows that it cannot be improved; it is a service, not part of the proof.
  const double* solution = model.primalColumnSolution();
  for (long denominator : {60L, 5040L, 1000000L}) {
    std::vector<Rational> values(variables);
    for (std::size_t v = 0; v < variables; ++v) values[v] = rationalise(solution[v], denominator);
    RationalTable box = expand_box(reduced, values);
    const auto attained = check_box(program, box);
    if (attained.ok()) {
      result.attained = *attained;
      result.attaining_box = std::move(box);
      break;
    }
  }
  return result;
}

}  // namespace bellows::bell
