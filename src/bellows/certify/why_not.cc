#include "bellows/certify/why_not.h"

#include <fmt/format.h>

#include <cmath>

#include "bellows/certify/one_sided.h"
#include "bellows/certify/quantum_witness.h"
#include "bellows/certify/search.h"
#include "bellows/certify/two_sided.h"
#include "bellows/numeric/optimise.h"

namespace bellows::certify {
namespace {

bool is_win(const plan::Plan& plan) { return plan::score_kind(plan.method) == plan::ScoreKind::win_frequency; }

/// A run of all planned trials with this score as its only threshold.
Claim claim_at_score(const plan::Plan& plan, const Exact& score) {
  Claim claim = claim_of(plan, 0);
  claim.threshold = score;
  return claim;
}

std::uint64_t output_bits(const Claim& claim, const TradeoffSource& source) {
  const auto proved = bound(claim, &source);
  return proved.ok() ? proved->extraction.output_bits : 0;
}

/// Two digits, upwards.
double rounded_up(double count) {
  const double unit = std::pow(10.0, std::max(0.0, std::floor(std::log10(std::max(count, 1.0))) - 1));
  return std::ceil(count / unit) * unit;
}

/// "about 13000 trials would do", proved; "" where no number does.
std::string trials_in_words(Claim claim, const char* at_what, const TradeoffSource& source) {
  claim.recorded_trial_count = 0;
  if (auto few = fewest_trials(claim, 1, &source))
    for (double count = rounded_up(*few); count < 0x1p60; count = rounded_up(count * 1.1)) {
      claim.trial_count = static_cast<std::uint64_t>(count);
      if (output_bits(claim, source) > 0)
        return fmt::format("about {} trials would do at this {}",
                           count < 1e7 ? fmt::format("{:.0f}", count) : fmt::format("{:.1e}", count), at_what);
      if (count > 16 * *few) break;
    }
  return {};
}

/// Of the win frequency itself; for MDL values, which follow the bias, of a device with symmetric noise.
std::optional<Exact> win_frequency_of(const Claim& claim) {
  if (plan::score_kind(claim.method) != plan::ScoreKind::mdl_value) return claim.threshold;
  const Exact none = symmetric_score(plan::ScoreKind::mdl_value, Exact(), claim.mu),
              all = symmetric_score(plan::ScoreKind::mdl_value, Exact::integer(1), claim.mu);
  const Exact win_frequency = (claim.threshold - none) / (all - none);
  if (win_frequency < Exact() || Exact::literal("0.8535533906") < win_frequency) return std::nullopt;
  return win_frequency;
}

/// The bias up to which this score would do, by the plan's own method.
std::string bias_in_words(const Claim& claim, const TradeoffSource& source) {
  const bool of_mdl = plan::score_kind(claim.method) == plan::ScoreKind::mdl_value;
  const char* whose = of_mdl ? "for a device with symmetric noise " : "";
  const std::optional<Exact> win_frequency = win_frequency_of(claim);
  if (!win_frequency) return {};
  const bool by_proofs = claim.method == plan::Method::two_sided || claim.method == plan::Method::witness;
  if (const auto mu = largest_bias(claim, *win_frequency, 1, &source))
    return fmt::format("{}the largest bias with a certified bit at this score and number of trials is mu = {}{}", whose,
                       mu->text(), by_proofs ? ", by the proofs that ship" : "");
  // Of a witness the proofs that ship know nothing, as a rule.
  if (claim.witness) return {};
  return fmt::format("{}at this score and number of trials no bias, not even 0, gives a certified bit", whose);
}

std::string joined(std::string words, const std::string& more) {
  return more.empty() ? words : words + "; " + more;
}

std::string local_in_words(const plan::Plan& plan, const Exact& score, const Ball& local, const TradeoffSource& source) {
  std::string words = fmt::format(
      "the score {:.8g} does not reach beyond {:.8g}, which local devices reach with a source of bias mu = {}: no number "
      "of trials would do at this bias",
      score.approximate(), local.upper(), plan.mu.text());
  if (!is_win(plan)) return joined(words, bias_in_words(claim_at_score(plan, score), source));
  if (!(Exact::fraction(3, 4) < score))
    return words + ", and no smaller bias either: with uniform settings they reach 0.75";
  words = joined(words, bias_in_words(claim_at_score(plan, score), source));
  // Beyond 1 - (1/2 - mu)^2 for every mu below this one, whatever the number of trials.
  const double limit = std::floor((0.5 - std::sqrt(1 - std::min(1.0, score.approximate()))) * 1e6) / 1e6;
  return joined(words, fmt::format("with ever more trials the limit is mu = {:.6g}", std::max(0.0, limit)));
}

/// Reasons 2 to 4, for a run with all its trials and this score.
std::string why_not_at(const plan::Plan& plan, const Exact& score, const TradeoffSource& source) {
  const Ball local = local_maximum(plan);
  if (!certainly_less(local, Ball(score))) return local_in_words(plan, score, local, source);
  const Claim claim = claim_at_score(plan, score);
  const auto at_score = bound(claim, &source);
  if (!at_score.ok()) return at_score.error().message;
  if (at_score->exceeds_raw_bits)
    return fmt::format("the score {:.8g} lies beyond what any device reaches at mu = {}: it would take more than the two bits "
                       "that a trial has",
                       score.approximate(), plan.mu.text());
  if (at_score->extraction.output_bits == 0) {
    std::string words = fmt::format(
        "too few trials for this score: {:.8g} lies above the local bound {:.8g}, but at epsilon {} {} trials prove no bit "
        "({})",
        score.approximate(), local.upper(), plan.epsilons.total.text(), plan.trial_count, at_score->why_not);
    if (plan.witness)
      return fmt::format("no entropy proof at hand gives a bit at the score {:.8g} of this witness and {} trials: {} looks for one",
                         score.approximate(), plan.trial_count, how_to_prove(plan.polytope, plan.mu, score.approximate()));
    if (!claim.published.empty()) {
      Claim silent = claim;
      silent.published.clear();
      if (const std::uint64_t bits = output_bits(silent, source); bits > 0)
        words = joined(words, fmt::format("without what the plan publishes there would be {} bits", bits));
    }
    if (claim.extractor != plan::Extractor::automatic) {
      Claim other = claim;
      other.extractor = plan::Extractor::automatic;
      const auto best = bound(other, &source);
      if (best.ok() && best->extraction.output_bits > 0)
        words = joined(words, fmt::format("with the extractor {} there would be {} bits",
                                          name(best->extraction.family), best->extraction.output_bits));
    }
    return joined(joined(words, trials_in_words(claim, "score", source)), bias_in_words(claim, source));
  }
  const auto reached = plan.thresholds.reached(score);
  const std::string of_threshold =
      reached ? fmt::format("the threshold {:.8g}, the highest of the plan that the score {:.8g} reaches, proves no bit",
                            plan.thresholds.at(*reached).approximate(), score.approximate())
              : fmt::format("the score {:.8g} stays below the lowest threshold of the plan, {:.8g}", score.approximate(),
                            plan.thresholds.lowest().approximate());
  std::string words = fmt::format("{}; one threshold at the score would give {} bits, but thresholds are fixed before the data",
                                  of_threshold, at_score->extraction.output_bits);
  return reached ? joined(words, trials_in_words(claim_of(plan, *reached), "threshold", source)) : words;
}

}  // namespace

Ball local_maximum(const plan::Plan& plan) {
  return plan.witness ? Ball(local_witness_value(*plan.witness, plan.polytope, plan.mu))
                      : score_for_chsh(plan::score_kind(plan.method), Ball(2), plan.mu);
}

Ball quantum_maximum(const plan::Plan& plan) {
  return plan.witness ? Ball(largest_witness_value(*plan.witness, plan.polytope, plan.mu))
                      : quantum_maximum(plan::score_kind(plan.method), plan.mu);
}

Outlook outlook(const plan::Plan& plan) {
  Outlook outlook;
  // As good as a device gets with uniform settings: (2 + sqrt 2)/4.
  const Exact best = Exact::literal("0.8535533906");
  std::uint64_t index = plan.thresholds.count();
  if (plan.witness) {
    const double limit = honest_witness_limit(*plan.witness) +
                         1e-8 * (plan::most_of(*plan.witness) - plan::least_of(*plan.witness)).approximate();
    index = static_cast<std::uint64_t>(
        numeric::first_true(0, static_cast<long long>(index) - 1, [&](long long i) {
          return plan.thresholds.at(static_cast<std::uint64_t>(i)).approximate() > limit;
        }));
    if (index-- == 0) return outlook;
  } else {
    const auto reached = plan.thresholds.reached(symmetric_score(plan::score_kind(plan.method), best, plan.mu));
    // A threshold of one's own beyond reach stays there. A grid follows the bias.
    if (!reached && plan.thresholds.is_grid()) outlook.largest_mu = largest_bias(claim_of(plan, index - 1), best, 1);
    if (!reached) return outlook;
    index = *reached;
  }
  outlook.within_reach = true;
  const Claim claim = claim_of(plan, index);
  outlook.threshold = claim.threshold;
  const auto source = tradeoff_source(plan.method, plan.polytope, {}, plan.witness);
  const auto proved = source.ok() ? bound(claim, source->get()) : Result<Bound>(source.error());
  outlook.output_bits = proved.ok() ? proved->extraction.output_bits : 0;
  if (outlook.output_bits == 0) {
    if (const auto win_frequency = win_frequency_of(claim)) outlook.largest_mu = largest_bias(claim, *win_frequency, 1);
    // A grid was laid for every score that a device may have: what stands in the way is seen at the best. One's own
    // threshold may itself be.
    outlook.why_not_at = plan.thresholds.is_grid() && !plan.witness
                             ? symmetric_score(plan::score_kind(plan.method), best, plan.mu)
                             : claim.threshold;
    outlook.why_not = source.ok() ? why_not_at(plan, outlook.why_not_at, **source) : source.error().message;
  }
  return outlook;
}

Result<std::string> why_not_certified(const Failure& failure) {
  const plan::Plan& plan = failure.plan;
  BELLOWS_ASSIGN(const auto source, tradeoff_source(plan.method, plan.polytope, ProofChoice::shipped(), plan.witness));
  const std::uint64_t missing = plan.trial_count - failure.recorded_trial_count;
  if (missing == 0) return why_not_at(plan, failure.score, *source);
  const std::string lost = fmt::format(
      "{} of the {} planned trials are missing and count as lost, which takes the score from {:.8g} to {:.8g}", missing,
      plan.trial_count, failure.recorded_score.approximate(), failure.score.approximate());
  if (const auto reached = plan.thresholds.reached(failure.recorded_score))
    if (const std::uint64_t bits = output_bits(claim_of(plan, *reached), *source); bits > 0)
      return fmt::format("{}; all {} trials at the first of these scores would give {} bits", lost, plan.trial_count, bits);
  return joined(why_not_at(plan, failure.recorded_score, *source), lost);
}

}  // namespace bellows::certify
