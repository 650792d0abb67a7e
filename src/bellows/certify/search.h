#pragma once

#include <optional>
#include <string>

#include "bellows/certify/bound.h"
#include "bellows/plan/presets.h"

namespace bellows::certify {

/// What a built-in plan is made from; all of it is known before the data.
struct PlanWishes {
  std::string preset;  ///< its name, for the record; may be empty
  plan::Method method = plan::Method::two_sided;
  plan::Adversary adversary = plan::quantum_adversary;
  plan::Polytope polytope = plan::Polytope::santha_vazirani;
  Exact mu;
  std::uint64_t trial_count = 0;
  Exact epsilon;  ///< total
  plan::Extractor extractor = plan::Extractor::automatic;
  std::string relabelling = "none";
  bool simulated = false;
  plan::PublishMode publish_mode = plan::PublishMode::private_mode;
  std::vector<plan::Publication> published = {};
  std::optional<Exact> expected_win_frequency = {};  ///< the grid's size is chosen for it; the grid covers all scores
  std::optional<Exact> threshold = {};               ///< one threshold instead of a grid, on the method's score
  std::optional<plan::WitnessCoefficients> witness = {};  ///< method witness
};

/// A bias is asserted by the source's owner; for a real source there is nothing to assume in their place. The error of
/// every verb that is given records and no bias, unless they are simulated and claim one themselves.
Error bias_is_needed();

/// Wishes of a preset: its trials, bias, epsilon and expected score; marked simulated.
PlanWishes wishes_of(const plan::Preset& preset);

/// Public mode publishes, and pays for, the digest of the log (256 bits) where `published` names nothing: by it strangers
/// see that the log which they are given is the one that was certified, and it may leave before the log does.
void set_publish_mode(PlanWishes& wishes, plan::PublishMode mode);

/// A plan whose grid of thresholds does not depend on the data: from the lowest score that gives a bit to the quantum
/// maximum, in as many steps as cost least together. Its extractor is a definite family (for mdl_as_printed the
/// published one, shift_matrix) and seed_bits is set.
/// Errors: usage: what validate() or check_plan() refuses. refused: a method that this build lacks; nothing between the
///         local and the largest score.
/// Cost:   some 10 ms.
Result<plan::Plan> built_in_plan(const PlanWishes& wishes);

/// A plan that calls itself built-in must be the one that built_in_plan() makes from its own n, mu, epsilon, method,
/// extractor and relabelling; somebody may have chosen another's thresholds after seeing the data. The ends of the grid
/// may differ by 1e-8 and its size by one step of its rounding, since logarithms differ in the last place between
/// machines.
/// Errors: refused: it is not.
Status check_origin(const plan::Plan& plan);

/// Resolves `automatic` to the family that is longest at the middle threshold, and sets seed_bits to what the largest
/// output takes. A plan that is complete stays as it is.
/// Errors: as check_plan() and check_origin(); usage: seed_bits below what the largest output takes.
Result<plan::Plan> complete_plan(plan::Plan plan);

// The rest finds one unknown, in doubles; answers are checked with bound() where a proof is wanted. `source` as in
// bound(): who asks often makes it once.

/// A claim at a win frequency under symmetric noise, with a mu of its own: the MDL score depends on it.
Claim claim_at(Claim claim, const Exact& win_frequency, const Exact& mu);

/// The largest bias, to 1e-6 below, at which a claim with this win frequency still proves `least_bits` (checked with
/// bound()); nothing where even mu = 0 does not.
/// Method witness: at the claim's own threshold, whatever the win frequency.
std::optional<Exact> largest_bias(const Claim& claim, const Exact& win_frequency, std::uint64_t least_bits,
                                  const TradeoffSource* source = nullptr);

/// The fewest trials for `least_bits` at the claim's threshold; nothing where 2^60 do not suffice.
std::optional<double> fewest_trials(const Claim& claim, double least_bits, const TradeoffSource* source = nullptr);

/// The lowest win frequency for `least_bits`; nothing where the quantum maximum does not suffice.
std::optional<double> lowest_win_frequency(const Claim& claim, double least_bits,
                                           const TradeoffSource* source = nullptr);

/// The smallest total epsilon for `least_bits`, as log2; at least -16000. Nothing where even 1/2 does not suffice.
std::optional<double> smallest_log2_epsilon(const Claim& claim, double least_bits, std::uint64_t threshold_events);

/// What one trial of an honest device earns on the score of a method.
struct HonestTrial {
  double mean = 0;
  double deviation = 0;  ///< standard deviation, or an upper bound of it
};
/// Independent trials, uniform settings.
/// In: score: the win frequency, with symmetric noise; method witness: the mean of what a trial earns. Of the deviation
///     only the most is then known that this mean allows (Bhatia and Davis: (most - mean)(mean - least)).
HonestTrial honest_trial(plan::Method method, const std::optional<plan::WitnessCoefficients>& witness, const Exact& mu,
                         double score);

/// Probability that the honest device reaches a threshold in trial_count trials, by the normal approximation (power is a
/// prediction, not a proof); from below where the deviation is a bound and the threshold lies below the mean.
double power(const HonestTrial& trial, double threshold, double trial_count);

/// The threshold that it reaches with probability `chance`.
double threshold_for_power(const HonestTrial& trial, double trial_count, double chance);

}  // namespace bellows::certify
