#include "bellows/certify/one_sided.h"

#include <fmt/format.h>

#include <cmath>

#include "bellows/certify/two_sided.h"
#include "bellows/numeric/optimise.h"

namespace bellows::certify {
namespace {

using plan::ScoreKind;

Exact mu_min(const Exact& mu) { return (Exact::fraction(1, 2) - mu) * (Exact::fraction(1, 2) - mu); }
Exact mu_max(const Exact& mu) { return (Exact::fraction(1, 2) + mu) * (Exact::fraction(1, 2) + mu); }

/// S = factor * score + constant, the affine map of the lemma.
struct ChshMap {
  Exact factor, constant;
};

ChshMap chsh_map(ScoreKind score, const Exact& mu) {
  if (score == ScoreKind::win_frequency)
    return {Exact::integer(2) / mu_min(mu), Exact::integer(4) - Exact::integer(2) / mu_min(mu)};
  return {Exact::integer(4) / (mu_min(mu) * mu_max(mu)), Exact::integer(2)};
}

// The tangent of g at S = 2 sqrt(1 + u^2), 0 < u < 1, written in u, where nothing cancels:
// g = 1 - h((1 + u)/2), g' = log2((1 + u)/(1 - u)) sqrt(1 + u^2) / (4 u).
struct Tangent {
  Ball chsh, value, slope;
};

Tangent tangent(const Ball& u) {
  Ball root = sqrt(Ball(1) + square(u));
  return {Ball(2) * root, Ball(1) - numeric::binary_entropy((Ball(1) + u) / Ball(2)),
          log2((Ball(1) + u) / (Ball(1) - u)) * root / (Ball(4) * u)};
}

struct FastTangent {
  double chsh, value, slope;
};

FastTangent fast_tangent(double u) {
  double root = std::sqrt(1 + u * u), p = (1 + u) / 2, q = (1 - u) / 2;
  return {2 * root, 1 + p * std::log2(p) + q * std::log2(q), std::log2(p / q) * root / (4 * u)};
}

constexpr double smallest_u = 1e-4, largest_u = 1 - 1e-9;

}  // namespace

Result<AffineTradeoff> OneSidedTangents::propose(const Exact& threshold, const Exact& mu, const Worth& worth) const {
  const ChshMap map = chsh_map(score_, mu);
  const double factor = map.factor.approximate();
  const double chsh = (map.factor * threshold + map.constant).approximate();
  const double scores = score_ == ScoreKind::win_frequency ? 1 : (mu_min(mu) + mu_max(mu)).approximate();
  if (!(chsh > 2)) return refused("the score does not reach beyond what measurement-dependent local strategies reach");
  double u = std::clamp(std::sqrt(std::max(0.0, chsh * chsh / 4 - 1)), smallest_u, largest_u);
  if (!at_threshold_) {
    auto value = [&](double candidate) {
      FastTangent line = fast_tangent(candidate);
      return worth(line.value + line.slope * (chsh - line.chsh), line.slope * factor * scores);
    };
    u = numeric::maximise(value, smallest_u, u, 16, 1e-7).argument;
  }
  const Tangent line = tangent(Ball::of_double(u));
  AffineTradeoff function;
  function.slope = line.slope * Ball(map.factor);
  function.offset = line.value + line.slope * (Ball(map.constant) - line.chsh);
  const bool win = score_ == ScoreKind::win_frequency;
  function.lowest_score = win ? Ball(0) : -Ball(mu_max(mu));
  function.highest_score = win ? Ball(1) : Ball(mu_min(mu));
  function.statement = fmt::format("tangent at S = {:.6f} to H(A|XE) >= 1 - h(1/2 + 1/2 sqrt(S^2/4 - 1)), with S >= {}",
                                   line.chsh.middle(), win ? "4 - 2(1 - score)/mu_min" : "2 + 4 score/(mu_min mu_max)");
  return function;
}

Ball guaranteed_chsh(ScoreKind score, const Ball& value, const Exact& mu) {
  ChshMap map = chsh_map(score, mu);
  return Ball(map.factor) * value + Ball(map.constant);
}

Ball score_for_chsh(ScoreKind score, const Ball& chsh, const Exact& mu) {
  ChshMap map = chsh_map(score, mu);
  return (chsh - Ball(map.constant)) / Ball(map.factor);
}

Ball quantum_maximum(ScoreKind score, const Exact& mu) { return score_for_chsh(score, sqrt(Ball(8)), mu); }

Exact symmetric_score(ScoreKind score, const Exact& win_frequency, const Exact& mu) {
  if (score == ScoreKind::win_frequency) return win_frequency;
  // P(abxy) = w/8 for each winning entry, (1 - w)/8 for each losing one.
  return (mu_min(mu) * win_frequency - Exact::integer(3) * mu_max(mu) * (Exact::integer(1) - win_frequency)) *
         Exact::fraction(1, 8);
}

Ball one_sided_entropy(const Ball& chsh) {
  if (certainly_at_most(chsh, Ball(2))) return Ball(0);
  Ball square_root = square(chsh) / Ball(4) - Ball(1);
  if (certainly_less(Ball(8), square(chsh)) || square_root.contains(Exact::integer(1))) return Ball(1);
  return Ball(1) - numeric::binary_entropy((Ball(1) + sqrt(square_root)) / Ball(2));
}

Result<std::shared_ptr<const TradeoffSource>> tradeoff_source(plan::Method method, plan::Polytope polytope,
                                                              const ProofChoice& proofs,
                                                              const std::optional<plan::WitnessCoefficients>& witness) {
  using plan::Method;
  if (method == Method::witness) {
    if (!witness) return usage_error("method witness needs a witness", "sixteen coefficients", "none");
    return std::shared_ptr<const TradeoffSource>(std::make_shared<TwoSidedTangents>(polytope, proofs, *witness));
  }
  if (method == Method::two_sided)
    return std::shared_ptr<const TradeoffSource>(std::make_shared<TwoSidedTangents>(polytope, proofs));
  return std::shared_ptr<const TradeoffSource>(
      std::make_shared<OneSidedTangents>(plan::score_kind(method), method == Method::mdl_as_printed));
}

}  // namespace bellows::certify
