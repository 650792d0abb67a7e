#include "bellows/bell/no_signalling.h"

namespace bellows::bell {

Result<CheckedBound> check_bound(const NoSignallingProgram& program, const DualBound& dual) {
  const Scenario& s = program.objective.scenario;
  if (dual.weights.size() != s.table_size() || dual.multipliers.size() != program.constraints.size()) {
    return refused("the dual does not fit the program: it has " + std::to_string(dual.weights.size()) + " weights and " +
                   std::to_string(dual.multipliers.size()) + " multipliers");
  }
  for (std::size_t i = 0; i < dual.weights.size(); ++i) {
    if (dual.weights[i] < 0) {
      return refused("the weight of P(" + s.format_outcome(i & (s.outcomes() - 1)) + "|" +
                     s.format_setting(i >> s.parties()) + ") is negative: " + format_rational(dual.weights[i]));
    }
  }
  for (std::size_t k = 0; k < dual.multipliers.size(); ++k) {
    if (!(program.constraints[k].functional.scenario == s)) return refused("a constraint has another scenario than the objective");
    if (program.constraints[k].relation == Relation::at_most && dual.multipliers[k] < 0) {
      return refused("the multiplier of constraint " + std::to_string(k + 1) + " is negative");
    }
  }

  // objective - sum multiplier * functional + weights, as one table; on boxes it must be the constant.
  RationalTable rest = program.objective.coefficients;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (dual.weights[i] != 0) rest[i] += dual.weights[i];
    for (std::size_t k = 0; k < dual.multipliers.size(); ++k) {
      const Rational& c = program.constraints[k].functional.coefficients[i];
      if (c != 0) rest[i] -= dual.multipliers[k] * c;
    }
  }
  RationalTable correlators = to_scaled_correlators(s, rest);
  CheckedBound bound;
  bound.constant = correlators[0];
  for (std::size_t c = 1; c < correlators.size(); ++c) {
    if (correlators[c] != 0) {
      bound.exact_identity = false;
      bound.constant += abs(correlators[c]);
    }
  }
  bound.constant /= static_cast<unsigned long>(s.outcomes());
  bound.multipliers = dual.multipliers;
  bound.value = bound.constant;
  for (std::size_t k = 0; k < dual.multipliers.size(); ++k) {
    bound.value += dual.multipliers[k] * program.constraints[k].right_hand_side;
  }
  return bound;
}

Result<Rational> check_box(const NoSignallingProgram& program, const RationalTable& correlators) {
  const Scenario& s = program.objective.scenario;
  if (correlators.size() != s.correlators()) return refused("the box has the wrong number of correlators");
  if (correlators[0] != 1) return refused("the box is not normalised");
  RationalTable table = to_scaled_table(s, correlators);
  const auto scale = static_cast<unsigned long>(s.outcomes());
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i] < 0) {
      return refused("P(" + s.format_outcome(i & (s.outcomes() - 1)) + "|" + s.format_setting(i >> s.parties()) + ") is negative");
    }
    table[i] /= scale;
  }
  for (std::size_t k = 0; k < program.constraints.size(); ++k) {
    const BellConstraint& constraint = program.constraints[k];
    const Rational value = constraint.functional.value(table);
    const bool holds = constraint.relation == Relation::equal ? value == constraint.right_hand_side
                                                              : value <= constraint.right_hand_side;
    if (!holds) return refused("constraint " + std::to_string(k + 1) + " is violated: " + format_rational(value));
  }
  return program.objective.value(table);
}

}  // namespace bellows::bell
