#pragma once

#include <optional>
#include <string>

#include "bellows/certify/bound.h"

namespace bellows::certify {

/// What is known of a run that was not certified.
struct Failure {
  const plan::Plan& plan;
  Exact score;                 ///< the observed one, missing trials counted as lost
  Exact recorded_score;        ///< that of the trials which were made; the same where none is missing
  std::uint64_t recorded_trial_count = 0;
};

/// Why a run was not certified, and what would help: the first of
///   1. missing trials count as lost, and with all of them at the recorded score there would have been bits;
///   2. the score does not reach beyond what local devices reach with a source of this bias;
///   3. the trials are too few for the score, or publications, seed and hash cost all: how many trials would do;
///   4. only the plan's thresholds are in the way.
/// Bits, trials and biases that it names were proved with bound(), for a single threshold at the score and the epsilons
/// of this plan. They tell of other plans than this one, and are no part of the certificate's claim. Of entropy proofs
/// only those that ship are asked, so that every machine says the same.
/// Cost: up to some 50 ms.
Result<std::string> why_not_certified(const Failure& failure);

/// What local devices reach at most, with a source of the plan's bias, rounded up.
Ball local_maximum(const plan::Plan& plan);
/// What any quantum device reaches at most on average, with any source of the plan's bias: exact for the win frequency;
/// for the MDL value mu_min mu_max (sqrt 2 - 1)/2, an upper bound that is reached at mu = 0; for a witness, what any
/// device reaches.
Ball quantum_maximum(const plan::Plan& plan);

/// What the best honest device (uniform settings) may hope for under a plan.
struct Outlook {
  bool within_reach = false;          ///< it reaches the lowest threshold
  Exact threshold;                    ///< the highest that it reaches
  std::uint64_t output_bits = 0;      ///< that this threshold proves, of all trials
  std::string why_not;                ///< where it proves none: reason 2 to 4 of why_not_certified(), for the score
  Exact why_not_at;                   ///< this: the threshold, of a grid the best device's
  std::optional<Exact> largest_mu;    ///< where it proves none: the bias up to which it does (MDL value: up to which the same
                                      ///< device does); of a grid out of reach: up to which another grid does; nothing: none
};
Outlook outlook(const plan::Plan& plan);

}  // namespace bellows::certify
