#pragma once
// Floating point: the smallest entropy over all devices and sources, as a curve over the score. Proposes slopes; proves nothing.
#include <vector>

#include "bellows/entropy/search_state.h"
#include "bellows/entropy/statement.h"

namespace bellows::entropy {

/// A device that does better than the statement allows (floating point): the claim is false, or true by less than rounding.
struct Refutation {
  SettingDistribution probability;
  double alpha_radians = 0;  ///< angle between the first party's two measured directions
  double beta_radians = 0;
  search::Matrix4 state;
  double score = 0;         ///< expected
  double entropy_bits = 0;  ///< of one trial
  double claimed_bits = 0;  ///< what the statement promises at that score
};

/// For one slope: the largest intercept that any proof can have, and the attack that sets it.
struct SlopeLimit {
  double slope = 0;
  double intercept_bits = 0;
  Refutation attack;  ///< claimed_bits equals entropy_bits
};

/// In:  statement: entropy, polytope, mu, score; slope and intercept are not looked at.
/// Out: min over classes, angles and states of entropy - slope * score, found from a grid of angles and refined around the best points.
SlopeLimit slope_limit(const Statement& statement, double slope, int grid = 12);

/// The slope whose tangent is highest at the score (weighed against `penalty_bits_per_slope`, what one unit of slope costs a trial elsewhere).
SlopeLimit best_slope(const Statement& statement, double score, double penalty_bits_per_slope = 0);

/// A tangent line below the curve.
struct Tangent {
  double slope, intercept_bits;
};

/// The tangent of a slope with three decimals, at most `near.slope`; its intercept lowered by `slack_bits`.
Tangent short_tangent(const Statement& statement, const SlopeLimit& near, double slack_bits);

/// Slopes and intercepts whose upper envelope stays within `tolerance_bits` below the curve wherever the score can be reached, each intercept
/// lowered by `slack_bits`; from the steepest slope that still meets the local score (there lowered by first_slack_bits) on.
std::vector<Tangent> envelope(const Statement& statement, double slack_bits, double first_slack_bits, double tolerance_bits);

}  // namespace bellows::entropy
