#pragma once

#include "bellows/certify/tradeoff.h"

namespace bellows::certify {

/// Tangents to H(A|XE) >= g(S) = 1 - h(1/2 + 1/2 sqrt(S^2/4 - 1)), for the CHSH value S that the score guarantees.
/// Claim:  quantum Eve; mu_min <= P(xy|e) <= mu_max for each trial and all classical side information e, which both the
///         Santha-Vazirani order and the box imply.
/// Source: Acin et al. 2007 for g (H(A|XE), either x); theory 1.2 for S(score): win frequency w gives
///         S >= 4 - 2 (1 - w) / mu_min; MDL value s gives S >= 2 + 4 s / (mu_min mu_max). docs/security.md has the
///         proofs.
/// Cost:   below 1 ms.
class OneSidedTangents : public TradeoffSource {
 public:
  /// In: at_threshold: take the tangent at the threshold itself (the published form), do not search for a better one.
  OneSidedTangents(plan::ScoreKind score, bool at_threshold) : score_(score), at_threshold_(at_threshold) {}
  Result<AffineTradeoff> propose(const Exact& threshold, const Exact& mu, const Worth& worth) const override;

 private:
  plan::ScoreKind score_;
  bool at_threshold_;
};

/// The CHSH value that a score guarantees against measurement dependence, and back.
Ball guaranteed_chsh(plan::ScoreKind score, const Ball& value, const Exact& mu);
Ball score_for_chsh(plan::ScoreKind score, const Ball& chsh, const Exact& mu);
/// The largest expected score of any quantum device against any source of bias mu: guaranteed_chsh = 2 sqrt 2.
Ball quantum_maximum(plan::ScoreKind score, const Exact& mu);
/// The score of symmetric noise with uniform settings at win frequency w.
Exact symmetric_score(plan::ScoreKind score, const Exact& win_frequency, const Exact& mu);

/// g(S); 0 for S <= 2, the value at 2 sqrt 2 beyond it.
Ball one_sided_entropy(const Ball& chsh);

}  // namespace bellows::certify
