#include "bellows/certify/bound.h"

#include <fmt/format.h>

#include <cmath>

#include "bellows/base/checked.h"
#include "bellows/certify/hash_length.h"
#include "bellows/plan/published.h"

namespace bellows::certify {
namespace {

using plan::Publication;

double upper(const Ball& bits) { return bits.upper(); }

std::string extraction_words(const Extraction& extraction) {
  switch (extraction.family) {
    case plan::Extractor::short_seed:
      return fmt::format("short seed of {} bits over the field of 2^{} elements", extraction.seed_bits,
                         32 * extraction.field_length);
    case plan::Extractor::shift_matrix:
      return "two-source extractor of shift matrices, quantum-proof in the Markov model (kulikov-2024 Theorems 2 to 4)";
    default:
      return fmt::format("{} seed of {} bits", name(extraction.family), extraction.seed_bits);
  }
}

}  // namespace

Claim claim_of(const plan::Plan& plan, std::uint64_t threshold_index) {
  return {plan.method,      plan.polytope,    plan.mu,
          plan.trial_count, plan.trial_count, plan.thresholds.at(threshold_index),
          plan.epsilons,    plan.extractor,   plan.published,
          plan.witness};
}

Ball price_bits(Publication item, plan::ScoreKind score, std::uint64_t trial_count) {
  const Ball count = log2(Ball(trial_count) + Ball(1));
  switch (item) {
    case Publication::score:
      return Ball(score == plan::ScoreKind::win_frequency ? 1 : score == plan::ScoreKind::mdl_value ? 4 : 12) * count;
    case Publication::counts:
      return Ball(12) * count;
    case Publication::block_scores: {
      const plan::ScoreGroups groups = plan::score_groups(trial_count);
      return Ball(groups.whole_count) * log2(Ball(groups.group_trials) + Ball(1)) +
             log2(Ball(groups.rest_trials) + Ball(1));
    }
    case Publication::log_digest:
      return Ball(256);
  }
  return Ball::unknown();
}

Ball stopping_price_bits(std::uint64_t trial_count, std::uint64_t recorded_trial_count) {
  const Ball n = trial_count, stops = n + Ball(1);
  return recorded_trial_count < trial_count ? Ball(2) * log2(stops) : log2(stops / n);
}

Result<Bound> bound(const Claim& claim, const TradeoffSource* source) {
  std::shared_ptr<const TradeoffSource> own;
  if (source == nullptr) {
    BELLOWS_ASSIGN(own, tradeoff_source(claim.method, claim.polytope, {}, claim.witness));
    source = own.get();
  }
  Bound result;
  const Accumulation theorem = accumulation_of(claim.method);
  auto accumulated = accumulate(theorem, *source, claim.trial_count, claim.threshold, claim.mu, claim.epsilons);
  if (!accumulated.ok()) {
    if (accumulated.error().code != ErrorCode::refused) return accumulated.error();
    result.why_not = accumulated.error().message;
    return result;
  }
  if (accumulated->tradeoff.entropy_proof) result.entropy_proof = accumulated->tradeoff.entropy_proof->digest;
  Ball k1 = accumulated->entropy_bits;
  result.losses.push_back(
      {"accumulation", upper(accumulated->first_order_bits - k1),
       fmt::format("from n f(threshold) = {:.1f} bits; f: {}; {}", accumulated->first_order_bits.lower(),
                   accumulated->tradeoff.statement,
                   theorem == Accumulation::older
                       ? std::string("Dupuis, Fawzi, Renner 2016, Theorem 4.4")
                       : fmt::format("Dupuis, Fawzi 2018, Theorem V.2, beta = {:.6g}", accumulated->beta))});
  auto pay = [&](std::string step, const Ball& price, std::string why) {
    k1 -= price;
    result.losses.push_back({std::move(step), upper(price), std::move(why)});
  };
  for (Publication item : claim.published)
    pay(fmt::format("publication: {}", name(item)), price_bits(item, plan::score_kind(claim.method), claim.trial_count),
        "leaves while the output is secret");
  const std::uint64_t recorded = claim.recorded_trial_count == 0 ? claim.trial_count : claim.recorded_trial_count;
  pay("early stop", stopping_price_bits(claim.trial_count, recorded),
      recorded < claim.trial_count
          ? fmt::format("the number of trials made becomes known; {} missing ones count as lost",
                        claim.trial_count - recorded)
          : std::string("the number of trials made becomes known: all of them"));
  if (recorded < claim.trial_count && claim.extractor == plan::Extractor::shift_matrix) {
    result.why_not = "the run was stopped early, and the proof for that does not cover shift matrices";
    return result;
  }
  if (!certainly_positive(k1)) {
    result.why_not = "what is published costs all the entropy";
    return result;
  }
  auto raw_bits = checked_multiply(recorded, 2);
  // No string holds more than its length; a bound that says so rests on something false.
  if (raw_bits && certainly_less(Ball(*raw_bits), k1)) {
    result.exceeds_raw_bits = true;
    result.why_not =
        "the bound exceeds the number of outcome bits, which cannot be: fewer trials were made than the score takes";
    return result;
  }
  result.min_entropy_bits = k1;
  auto extraction =
      raw_bits ? longest_output(claim.extractor, k1, *raw_bits, claim.mu, claim.epsilons.extraction) : std::nullopt;
  if (!extraction) {
    result.why_not = "the seed and the hash cost all the entropy";
    return result;
  }
  result.extraction = *extraction;
  Ball seed = seed_cost_bits(*extraction, claim.mu);
  if (claim.extractor == plan::Extractor::shift_matrix) {
    result.losses.push_back({"hash", upper(k1 - Ball(extraction->output_bits)), extraction_words(*extraction)});
  } else {
    result.losses.push_back({"seed", upper(seed), extraction_words(*extraction) + ", log(1 + 4 mu^2) each"});
    result.losses.push_back({"hash", upper(k1 - seed - Ball(extraction->output_bits)),
                             "leftover hashing against quantum side information at eps_ext, and rounding"});
  }
  return result;
}

double approximate_output(const Claim& claim, double n, const TradeoffSource* source) {
  std::shared_ptr<const TradeoffSource> own;
  if (source == nullptr) {
    auto made = tradeoff_source(claim.method, claim.polytope, {}, claim.witness);
    if (!made.ok()) return 0;
    own = *made, source = own.get();
  }
  double k1 = approximate_entropy(accumulation_of(claim.method), *source, n, claim.threshold, claim.mu, claim.epsilons);
  for (Publication item : claim.published)
    k1 -= price_bits(item, plan::score_kind(claim.method), static_cast<std::uint64_t>(std::min(n, 1e18))).middle();
  const double mu = claim.mu.approximate(), c = std::log2(1 + 4 * mu * mu), raw = 2 * n;
  const double log_eps = log2(Ball(claim.epsilons.extraction)).middle(), hashing = 2 + 2 * log_eps;
  const double from_toeplitz = (k1 + hashing - c * (raw - 1)) / (1 + c), from_circulant = k1 + hashing - c * (raw + 1);
  const double w = k1 + std::log2(std::max(1.0, raw / std::max(k1, 1.0)));
  const double from_short_seed =
      k1 + hashing - 2 - 2 * w * c;  // an ideal field; gaps cost up to 1 % of the seed's price
  switch (claim.extractor) {
    case plan::Extractor::toeplitz:
      return from_toeplitz;
    case plan::Extractor::circulant:
      return from_circulant;
    case plan::Extractor::short_seed:
      return from_short_seed;
    case plan::Extractor::shift_matrix:
      return (k1 - raw * std::log2(0.5 + mu) - raw) / 6 - 10.0 / 6 * (std::log2(6.0) - log_eps);
    case plan::Extractor::automatic:
      break;
  }
  return std::max({from_toeplitz, from_circulant, from_short_seed});
}

}  // namespace bellows::certify
