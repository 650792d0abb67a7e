#pragma once

#include <optional>
#include <vector>

#include "bellows/certify/accumulation.h"
#include "bellows/certify/certificate.h"

namespace bellows::certify {

/// One threshold of a plan, and how many trials there were.
struct Claim {
  plan::Method method = plan::Method::win;
  plan::Polytope polytope = plan::Polytope::santha_vazirani;
  Exact mu;
  std::uint64_t trial_count = 0;           ///< n of the plan: entropy accumulates over these
  std::uint64_t recorded_trial_count = 0;  ///< those that were made; fewer after an early stop; 0: all
  Exact threshold;
  plan::Epsilons epsilons;
  plan::Extractor extractor = plan::Extractor::automatic;
  std::vector<plan::Publication> published;
  std::optional<plan::WitnessCoefficients> witness = {};  ///< method witness
};

/// The claim of one threshold of a plan.
Claim claim_of(const plan::Plan& plan, std::uint64_t threshold_index);

/// What the public number of trials made costs, in bits of k1: almost nothing after a whole run, 2 log(n + 1) after an
/// early stop. Over all stopping points 2^-price sums to at most 1, which is what the proof takes (docs/security.md,
/// section 7).
Ball stopping_price_bits(std::uint64_t trial_count, std::uint64_t recorded_trial_count);

struct Bound {
  Ball min_entropy_bits;  ///< k1 after publications: use lower()
  std::vector<Loss> losses;
  Extraction extraction;                ///< no output: family automatic, output_bits 0
  std::string why_not;                  ///< where there is no output
  bool exceeds_raw_bits = false;        ///< there is none because the threshold lies beyond what any device can reach
  std::optional<Digest> entropy_proof;  ///< the proof file that the single-trial bound rests on, if one
};

/// From a threshold to the output's length, by the theorems of docs/security.md.
/// In:     claim: see above; its plan must be valid.
///         source: the min-tradeoff functions; by default those of claim.method.
/// Out:    lower bounds, evaluated in balls and rounded down; losses rounded up. "Nothing" is a normal result.
/// Errors: refused: a method that this build does not have.
/// Claim:  Pr[event] * distance <= max(eps_EA, security epsilon) for this threshold's event.
/// Source: theory 1.2 - 1.8.
/// Cost:   about a millisecond; no state.
Result<Bound> bound(const Claim& claim, const TradeoffSource* source = nullptr);

/// Output bits in doubles, for searches over plans; the search's answer is evaluated by bound(). May be fractional, and
/// negative where nothing is left. trial_count may be fractional.
double approximate_output(const Claim& claim, double trial_count, const TradeoffSource* source = nullptr);

/// Entropy that a published item costs, an upper bound in bits.
/// score: log(n+1), for the MDL value four counts, for a witness all; counts: 12 log(n+1), the settings being known;
/// block_scores: a log for each of plan::score_groups(trial_count), which is what may be shown; log_digest: 256.
/// In: trial_count: of the plan; trials that were not made count as lost.
Ball price_bits(plan::Publication item, plan::ScoreKind score, std::uint64_t trial_count);

}  // namespace bellows::certify
