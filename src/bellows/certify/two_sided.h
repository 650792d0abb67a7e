#pragma once

#include <vector>

#include "bellows/certify/one_sided.h"
#include "bellows/certify/tradeoff.h"
#include "bellows/entropy/two_sided.h"

namespace bellows::certify {

/// Tangents to the entropy of both outcomes of a trial, H(AB|XYE) >= slope * (win frequency) + intercept, from entropy
/// proofs; where none of them is worth as much (between the biases that have proofs), the one-sided tangent, which bounds
/// H(AB|XYE) too. Proofs are proposed unchecked and checked by accumulate() before their numbers are used.
/// Claim:  quantum Eve; the setting pair's distribution lies in the polytope, given all classical side information.
/// Source: theory 1.8; docs/two-sided-entropy.md has statement and proof.
/// Cost:   below 0.1 ms once made; making one reads the headers of the proofs at hand. A proof from the local folder is
///         checked when it is about to be proposed (a verdict is kept for the process), since a false file must not even
///         be proposed.
class TwoSidedTangents : public TradeoffSource {
 public:
  TwoSidedTangents(plan::Polytope polytope, const ProofChoice& choice);
  /// For another linear score. There is no one-sided tangent to fall back on: without a proof nothing is certified.
  TwoSidedTangents(plan::Polytope polytope, const ProofChoice& choice, const plan::WitnessCoefficients& witness);
  Result<AffineTradeoff> propose(const Exact& threshold, const Exact& mu, const Worth& worth) const override;
  std::string assumption() const override;

 private:
  struct Line {
    entropy::ProvedTangent tangent;
    double slope, intercept;  // for choosing
  };
  void gather(const ProofChoice& choice);
  AffineTradeoff function_of(const entropy::ProvedTangent& tangent) const;

  plan::Polytope polytope_;
  entropy::TrialScore score_;
  Exact lowest_score_, highest_score_;
  std::vector<Line> lines_;  // by slope, then intercept from high to low
  std::optional<OneSidedTangents> one_sided_;
};

/// A witness as the score of entropy proofs: the same numbers.
entropy::TrialScore trial_score(const plan::WitnessCoefficients& witness);
/// No behaviour of any kind (not even a signalling one) is expected to reach more, whatever the source of bias mu draws.
Exact largest_witness_value(const plan::WitnessCoefficients& witness, plan::Polytope polytope, const Exact& mu);
/// The largest value of measurement-dependent local strategies.
Exact local_witness_value(const plan::WitnessCoefficients& witness, plan::Polytope polytope, const Exact& mu);

/// The command, in quotes, that makes an entropy proof for a witness; where no score is given, with what W stands for.
std::string how_to_prove(plan::Polytope polytope, const std::optional<Exact>& mu, std::optional<double> score,
                         const std::string& witness_file = "FILE");

/// Checks the entropy proof that a function rests on, if it rests on one: that it checks, and shows the very statement
/// that the function was chosen for. Errors: refused or bad_input: it does not.
Status check_entropy_proof(const AffineTradeoff& function);

}  // namespace bellows::certify
