#include "bellows/bell/guess_radius.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <optional>

#include <coin/ClpSimplex.hpp>
#include <coin/CoinPackedMatrix.hpp>

#include "bellows/bell/symmetry.h"

namespace bellows::bell {
namespace {

Rational as_dyadic(double value) {
  // Exact: 40 fractional bits.
  Rational exact(mpz_class(std::nearbyint(std::ldexp(value, 40))), mpz_class(1) << 40);
  exact.canonicalize();
  return exact;
}

constexpr double entry_limit = 8;

/// Columns: gamma0, gamma1, omega of every entry orbit, then alpha, beta.
class RadiusProgram {
 public:
  explicit RadiusProgram(const GuessRadiusProblem& problem, int sides) : problem_(problem) {
    const Scenario& s = problem.expression.scenario;
    std::size_t target = 0;
    for (std::size_t i = 0; i < s.table_size(); ++i) {
      if (problem.event0.coefficients[i] != 0) target = i >> s.parties();
    }
    orbits_ = find_orbits(s, find_symmetries({&problem.event0, &problem.event1, &problem.expression}, &target));
    count_ = static_cast<int>(orbits_.entry_representative.size());
    build_equalities();
    build_polygon(sides);
  }

  int orbits() const { return count_; }
  int columns() const { return 3 * count_ + 2; }
  int alpha() const { return 3 * count_; }
  int beta() const { return 3 * count_ + 1; }
  const Orbits& symmetry() const { return orbits_; }

  void add_row(const std::vector<std::pair<int, double>>& row, double low, double high) {
    for (const auto& [column, value] : row) {
      row_index_.push_back(static_cast<int>(low_.size()));
      column_index_.push_back(column);
      elements_.push_back(value);
    }
    low_.push_back(low);
    high_.push_back(high);
  }

  /// Minimises one column; `alpha_limit` bounds alpha. False when the solver finds nothing.
  bool minimise(int column, double alpha_limit, std::vector<double>& solution, int scaling = 0) const {
    // The tables are determined up to large directions that change nothing; a box keeps the numbers small.
    std::vector<double> column_low(static_cast<std::size_t>(columns()), -entry_limit);
    std::vector<double> column_high(static_cast<std::size_t>(columns()), entry_limit);
    for (int o = 0; o < count_; ++o) column_low[static_cast<std::size_t>(2 * count_ + o)] = 0;
    column_low[static_cast<std::size_t>(alpha())] = 0;
    column_low[static_cast<std::size_t>(beta())] = 0;
    column_high[static_cast<std::size_t>(alpha())] = alpha_limit;
    std::vector<double> cost(static_cast<std::size_t>(columns()), 0.0);
    cost[static_cast<std::size_t>(column)] = 1;
    CoinPackedMatrix matrix(false, row_index_.data(), column_index_.data(), elements_.data(),
                            static_cast<CoinBigIndex>(elements_.size()));
    matrix.setDimensions(static_cast<int>(low_.size()), columns());
    ClpSimplex model;
    model.setLogLevel(0);
    model.loadProblem(matrix, column_low.data(), column_high.data(), cost.data(), low_.data(), high_.data());
    model.setPrimalTolerance(1e-9);
    model.setDualTolerance(1e-9);
    model.scaling(scaling);
    model.dual();
    if (model.status() != 0) model.primal();
    if (model.status() != 0) return false;
    const double* values = model.primalColumnSolution();
    solution.assign(values, values + columns());
    return true;
  }

 private:
  void build_equalities() {
    const Scenario& s = problem_.expression.scenario;
    // The scaled correlators of each entry orbit's indicator, summed over each correlator orbit.
    std::vector<std::vector<double>> of_orbit(static_cast<std::size_t>(count_));
    const auto summed = [&](const std::vector<double>& correlators) {
      std::vector<double> sums(orbits_.correlator_orbits, 0.0);
      for (std::size_t c = 0; c < correlators.size(); ++c) {
        if (orbits_.correlator_orbit[c] >= 0) {
          sums[static_cast<std::size_t>(orbits_.correlator_orbit[c])] += orbits_.correlator_sign[c] * correlators[c];
        }
      }
      return sums;
    };
    const auto numbers = [&](const Functional& f) {
      std::vector<double> table;
      for (const Rational& c : f.coefficients) table.push_back(c.get_d());
      return summed(to_scaled_correlators(s, table));
    };
    for (int o = 0; o < count_; ++o) {
      std::vector<double> indicator(s.table_size(), 0.0);
      for (std::size_t i = 0; i < indicator.size(); ++i) {
        if (orbits_.entry_orbit[i] == static_cast<std::uint32_t>(o)) indicator[i] = 1;
      }
      of_orbit[static_cast<std::size_t>(o)] = summed(to_scaled_correlators(s, indicator));
    }
    const std::vector<double> targets[2] = {numbers(problem_.event0), numbers(problem_.event1)};
    const std::vector<double> expression = numbers(problem_.expression);
    for (int part = 0; part < 3; ++part) {
      for (std::size_t c = 0; c < orbits_.correlator_orbits; ++c) {
        std::vector<std::pair<int, double>> row;
        for (int o = 0; o < count_; ++o) {
          const double value = of_orbit[static_cast<std::size_t>(o)][c];
          if (value != 0) row.emplace_back(part * count_ + o, value);
        }
        double side = 0;
        if (part < 2) {
          side = targets[part][c];
        } else {
          if (c == 0) row.emplace_back(alpha(), -static_cast<double>(s.outcomes()));
          if (expression[c] != 0) row.emplace_back(beta(), -expression[c]);
        }
        add_row(row, side, side);
      }
    }
  }

  void build_polygon(int sides) {
    const double reach = std::cos(std::numbers::pi / sides);
    for (int o = 0; o < count_; ++o) {
      for (int k = 0; k < sides; ++k) {
        const double angle = std::numbers::pi * (2 * k + 1) / sides;
        add_row({{o, std::cos(angle)}, {count_ + o, std::sin(angle)}, {2 * count_ + o, -reach}}, -COIN_DBL_MAX, 0);
      }
    }
  }

  const GuessRadiusProblem& problem_;
  Orbits orbits_;
  int count_ = 0;
  std::vector<int> row_index_, column_index_;
  std::vector<double> elements_, low_, high_;
};

/// A table with the given scaled correlators: each correlator's coefficient is spread evenly over the joint settings that hold it.
RationalTable lift(const Scenario& s, const RationalTable& scaled_correlators) {
  std::vector<unsigned long> settings_holding(s.correlators(), 0);
  std::vector<std::size_t> index;
  for (std::size_t x = 0; x < s.joint_settings(); ++x) {
    s.correlators_at(x, index);
    for (std::size_t c : index) ++settings_holding[c];
  }
  RationalTable spread(s.correlators());
  for (std::size_t c = 0; c < spread.size(); ++c) spread[c] = scaled_correlators[c] / settings_holding[c];
  RationalTable table = to_scaled_table(s, spread);
  for (Rational& entry : table) entry /= static_cast<unsigned long>(s.outcomes());
  return table;
}

RationalTable omega_target(const GuessRadiusProblem& problem, const Rational& alpha, const Rational& beta) {
  const Scenario& s = problem.expression.scenario;
  RationalTable target = to_scaled_correlators(s, problem.expression.coefficients);
  for (Rational& entry : target) entry *= beta;
  target[0] += alpha * static_cast<unsigned long>(s.outcomes());
  return target;
}

std::optional<GuessRadius> exact_radius(const GuessRadiusProblem& problem, const RadiusProgram& program,
                                        const std::vector<double>& solution) {
  const Scenario& s = problem.expression.scenario;
  GuessRadius radius;
  radius.alpha = as_dyadic(solution[static_cast<std::size_t>(program.alpha())]);
  radius.beta = as_dyadic(solution[static_cast<std::size_t>(program.beta())]);
  const auto table = [&](int part) {
    RationalTable entries(s.table_size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      entries[i] = as_dyadic(solution[static_cast<std::size_t>(part * program.orbits()) + program.symmetry().entry_orbit[i]]);
    }
    return entries;
  };
  const auto repair = [&](RationalTable& entries, const RationalTable& target) {
    RationalTable gap = to_scaled_correlators(s, entries);
    for (std::size_t c = 0; c < gap.size(); ++c) gap[c] = target[c] - gap[c];
    const RationalTable correction = lift(s, gap);
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i] += correction[i];
  };
  radius.gamma0 = table(0);
  radius.gamma1 = table(1);
  radius.omega = table(2);
  repair(radius.gamma0, to_scaled_correlators(s, problem.event0.coefficients));
  repair(radius.gamma1, to_scaled_correlators(s, problem.event1.coefficients));
  repair(radius.omega, omega_target(problem, radius.alpha, radius.beta));
  // Rounding may have left a point outside its circle by some 1e-9: add a constant to omega, which costs alpha that much times
  // the number of joint settings.
  for (Rational lift_by(1, 1L << 36); lift_by < Rational(1, 100000); lift_by *= 2) {
    GuessRadius trial = radius;
    for (Rational& entry : trial.omega) entry += lift_by;
    trial.alpha += lift_by * static_cast<unsigned long>(s.joint_settings());
    if (check_guess_radius(problem, trial).ok()) return trial;
  }
  return std::nullopt;
}

}  // namespace

Status check_guess_radius(const GuessRadiusProblem& problem, const GuessRadius& radius) {
  const Scenario& s = problem.expression.scenario;
  if (radius.gamma0.size() != s.table_size() || radius.gamma1.size() != s.table_size() || radius.omega.size() != s.table_size()) {
    return refused("the tables do not fit the scenario");
  }
  for (std::size_t i = 0; i < s.table_size(); ++i) {
    if (radius.omega[i] < 0) return refused("omega is negative at entry " + std::to_string(i));
    const Rational square = radius.gamma0[i] * radius.gamma0[i] + radius.gamma1[i] * radius.gamma1[i];
    if (square > radius.omega[i] * radius.omega[i]) return refused("the point leaves the circle at entry " + std::to_string(i));
  }
  if (to_scaled_correlators(s, radius.gamma0) != to_scaled_correlators(s, problem.event0.coefficients) ||
      to_scaled_correlators(s, radius.gamma1) != to_scaled_correlators(s, problem.event1.coefficients)) {
    return refused("gamma is not the event on no-signalling boxes");
  }
  if (to_scaled_correlators(s, radius.omega) != omega_target(problem, radius.alpha, radius.beta)) {
    return refused("omega is not alpha + beta times the expression on no-signalling boxes");
  }
  return {};
}

Result<GuessRadius> solve_guess_radius(const GuessRadiusProblem& problem, const GuessRadiusOptions& options) {
  if (options.polygon_sides < 3 || options.polygon_sides > 4096) return bad_input("the polygon has from 3 to 4096 sides");
  RadiusProgram program(problem, options.polygon_sides);
  double alpha_limit = options.alpha_at_most;
  std::vector<std::vector<double>> candidates;
  for (const int scaling : {0, 3}) {
    std::vector<double> solution;
    if (options.alpha_at_most <= 0) {
      if (!program.minimise(program.alpha(), COIN_DBL_MAX, solution, scaling)) continue;
      alpha_limit = solution[static_cast<std::size_t>(program.alpha())] + 1e-8;
    }
    std::vector<double> second;
    if (program.minimise(program.beta(), alpha_limit, second, scaling)) candidates.push_back(std::move(second));
    if (!solution.empty()) candidates.push_back(std::move(solution));
  }
  for (const std::vector<double>& candidate : candidates) {
    auto radius = exact_radius(problem, program, candidate);
    if (radius) return std::move(*radius);
  }
  return refused(candidates.empty() ? "the linear program has no solution" : "rounding could not be repaired");
}

Status check_single_terms(const GuessRadius& radius, const Rational& gamma) {
  const Rational square = gamma * gamma;
  for (std::size_t i = 0; i < radius.gamma0.size(); ++i) {
    const Rational a = radius.gamma0[i] * radius.gamma0[i], b = radius.gamma1[i] * radius.gamma1[i];
    if (a > square * (a + b) || b > square * (a + b)) return refused("one of the two terms is too large at entry " + std::to_string(i));
  }
  return {};
}

Result<GuessRadius> solve_with_single_terms(const GuessRadiusProblem& problem, const Rational& gamma, double alpha_at_most) {
  const double wanted = gamma.get_d();
  if (!(wanted > std::numbers::sqrt2 / 2 && wanted < 1)) return bad_input("gamma lies between 1/sqrt 2 and 1");
  // A little less for the solver, and no entry at the origin, so that rounding cannot break the condition.
  constexpr double off_origin = 1e-6;
  const double tight = wanted - 1e-3 * (1 - wanted), factor = tight / std::sqrt(1 - tight * tight);
  for (const int sides : {8, 16, 12, 24, 32}) {
    for (const int scaling : {0, 3}) {
      for (const bool least_beta : {false, true}) {
        std::vector<double> solution;
        {
          RadiusProgram guess(problem, sides);
          if (!guess.minimise(guess.alpha(), COIN_DBL_MAX, solution, scaling)) continue;
          const double alpha = solution[static_cast<std::size_t>(guess.alpha())];
          if (least_beta && !guess.minimise(guess.beta(), alpha + 1e-8, solution, scaling)) continue;
        }
        RadiusProgram program(problem, sides);
        for (int o = 0; o < program.orbits(); ++o) {
          const int at[2] = {o, program.orbits() + o};
          double sign[2];
          for (int w = 0; w < 2; ++w) sign[w] = solution[static_cast<std::size_t>(at[w])] < 0 ? -1 : 1;
          for (int w = 0; w < 2; ++w) {
            program.add_row({{at[w], sign[w]}}, off_origin, COIN_DBL_MAX);
            program.add_row({{at[w], sign[w]}, {at[1 - w], -factor * sign[1 - w]}}, -COIN_DBL_MAX, 0);
          }
        }
        std::vector<double> best;
        if (!program.minimise(program.alpha(), COIN_DBL_MAX, best, scaling)) continue;
        const double alpha = best[static_cast<std::size_t>(program.alpha())];
        if (alpha_at_most > 0 && alpha > alpha_at_most) continue;
        std::vector<double> second;
        // Room below the limit for what rounding adds.
        if (program.minimise(program.beta(), std::max(alpha + 1e-7, alpha_at_most - 1e-6), second, scaling)) best = std::move(second);
        auto radius = exact_radius(problem, program, best);
        if (radius && check_single_terms(*radius, gamma).ok()) return std::move(*radius);
      }
    }
  }
  return refused("no guess of the signs gave a feasible program");
}

Result<GuessRadius> carry_to_setting(const GuessRadius& radius, std::size_t from, std::size_t to) {
  constexpr int parties = 5;
  if (from >= 32 || to >= 32 || !in_mermin(from) || !in_mermin(to) || radius.omega.size() != 1024) {
    return bad_input("the certificate and both joint settings must be those of the five-party Mermin expression");
  }
  GuessRadius result = radius;
  std::size_t at = from;
  // Party p and the last or last but one exchange their settings, whose outcomes no majority reads.
  const auto exchange = [&](int p, int q) {
    GuessRadius next = result;
    for (std::size_t x = 0; x < 32; ++x) {
      const unsigned xp = (x >> p) & 1U, xq = (x >> q) & 1U, start = (at >> p) & 1U;
      // The parity that the expression wants changes by xp + xq + 1; p repairs nothing at the setting itself.
      const std::size_t flip_p = xp ^ start, flip_q = xq ^ 1U ^ start;
      for (std::size_t a = 0; a < 32; ++a) {
        const std::size_t old_place = (x << parties) | a;
        const std::size_t new_place = ((x ^ (std::size_t{1} << p) ^ (std::size_t{1} << q)) << parties) | (a ^ (flip_p << p) ^ (flip_q << q));
        next.gamma0[new_place] = result.gamma0[old_place];
        next.gamma1[new_place] = result.gamma1[old_place];
        next.omega[new_place] = result.omega[old_place];
      }
    }
    result = std::move(next);
    at ^= (std::size_t{1} << p) ^ (std::size_t{1} << q);
  };
  for (int p = 0; p < 4; ++p) {
    if (((at ^ to) >> p) & 1U) exchange(p, 4);
  }
  BELLOWS_CHECK(at == to, "both settings have odd weight");
  return result;
}

Result<GuessRadiusProblem> five_party_majority(std::size_t joint_setting) {
  BELLOWS_ASSIGN(Functional expression, mermin(5));
  if (joint_setting >= 32 || !in_mermin(joint_setting)) return bad_input("this joint setting does not appear in the five-party Mermin expression");
  std::vector<bool> zero(32), one(32);
  for (std::size_t a = 0; a < 32; ++a) {
    const bool majority = std::popcount(a & 7U) >= 2;
    zero[a] = !majority;
    one[a] = majority;
  }
  const Scenario s = expression.scenario;
  return GuessRadiusProblem{outcome_event(s, joint_setting, zero), outcome_event(s, joint_setting, one), std::move(expression)};
}

}  // namespace bellows::bell
