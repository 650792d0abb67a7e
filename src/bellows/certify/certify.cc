#include "bellows/certify/certify.h"

#include <fmt/format.h>

#include "bellows/certify/one_sided.h"
#include "bellows/certify/quantum_witness.h"
#include "bellows/certify/search.h"
#include "bellows/certify/why_not.h"
#include "bellows/trials/relabel.h"

namespace bellows::certify {
namespace {

using estimate::count_index;
using estimate::Evidence;

Exact whole(std::uint64_t value) { return Exact::integer(value); }

/// The plan's score of counts, as a sum over trial_count trials; those that were not made count as lost.
Exact score_of_counts(const plan::Plan& plan, const estimate::Counts& counts, std::uint64_t recorded_count,
                      std::uint64_t trial_count) {
  if (plan.witness) {
    // A trial that was not made earns what a trial earns at least.
    Exact sum = whole(trial_count - recorded_count) * plan::least_of(*plan.witness);
    for (std::size_t i = 0; i < 16; ++i) sum = sum + (*plan.witness)[i] * whole(counts[i]);
    return sum / whole(trial_count);
  }
  if (plan::score_kind(plan.method) == plan::ScoreKind::win_frequency)
    return Exact::fraction(estimate::count_wins(counts), trial_count);
  const Exact half = Exact::fraction(1, 2), least = (half - plan.mu) * (half - plan.mu),
              most = (half + plan.mu) * (half + plan.mu);
  const Exact good = whole(counts[count_index(0, 0, 0, 0)]);
  const Exact bad = whole(counts[count_index(0, 1, 0, 1)]) + whole(counts[count_index(1, 0, 1, 0)]) +
                    whole(counts[count_index(1, 1, 0, 0)]);
  return (least * good - most * bad) / whole(trial_count);
}

/// Everything after the score is known. recorded_score: that of the trials which were made.
Result<Certificate> finish(Certificate certificate, const Exact& recorded_score, const Circumstances& circumstances) {
  const plan::Plan& plan = certificate.plan;
  Score& score = certificate.score;
  BELLOWS_ASSIGN(auto source, tradeoff_source(plan.method, plan.polytope, circumstances.entropy_proofs, plan.witness));
  score.threshold_events = plan.threshold_events();
  score.threshold_index = plan.thresholds.reached(*score.observed);
  if (score.threshold_index) {
    score.threshold = plan.thresholds.at(*score.threshold_index);
    Claim claim = claim_of(plan, *score.threshold_index);
    claim.recorded_trial_count = certificate.trial_count;
    BELLOWS_ASSIGN(Bound proved, bound(claim, source.get()));
    // A proof that somebody keeps since the plan was made may give more than the plan's seed suffices for.
    if (circumstances.entropy_proofs.from == ProofChoice::From::all_at_hand && !plan.witness && plan.seed_bits != 0 &&
        proved.extraction.seed_bits > plan.seed_bits) {
      BELLOWS_ASSIGN(source, tradeoff_source(plan.method, plan.polytope, ProofChoice::shipped(), plan.witness));
      BELLOWS_ASSIGN(proved, bound(claim, source.get()));
    }
    certificate.losses = std::move(proved.losses);
    if (!certificate.hypothetical) certificate.entropy_proof = proved.entropy_proof;
    if (proved.extraction.output_bits > 0) {
      certificate.verdict = Verdict::certified;
      certificate.min_entropy_bits = proved.min_entropy_bits.lower();
      certificate.extraction = proved.extraction;
    }
  }
  if (!certificate.certified()) {
    BELLOWS_ASSIGN(score.reason,
                   why_not_certified({plan, *score.observed, recorded_score, certificate.trial_count}));
  }
  const bool wrong_settings = !score.settings_consistent, too_close = circumstances.statements.locality.failed();
  if (circumstances.strict && (wrong_settings || too_close || names_stale_settings(circumstances.notes))) {
    certificate.verdict = Verdict::not_certified;
    certificate.min_entropy_bits = 0;
    certificate.extraction = {};
    score.reason = wrong_settings ? strict_refusal : too_close ? strict_locality_refusal : strict_reuse_refusal;
  }
  if (!certificate.hypothetical) certificate.statements_digest = digest(circumstances.statements);
  certificate.assumptions = assumptions_in_words(certificate, circumstances, source->assumption());
  return certificate;
}

Status require_within_quantum(const char* what, const plan::Plan& plan, const Exact& score) {
  const Ball largest = quantum_maximum(plan);
  if (!certainly_less(largest, Ball(score))) return {};
  const plan::ScoreKind kind = plan::score_kind(plan.method);
  const bool looks_like_wins =
      kind == plan::ScoreKind::mdl_value && Exact::fraction(1, 2) < score && score <= Exact::integer(1);
  return usage_error(fmt::format("{} lies beyond the quantum maximum", what),
                     fmt::format("{} at most {:.9g} at mu = {}", name(kind), largest.lower(), plan.mu.text()) +
                         (looks_like_wins ? fmt::format("; devices of win frequency {} and symmetric noise have {:.6g}",
                                                        score.text(), symmetric_score(kind, score, plan.mu).approximate())
                                          : std::string()),
                     score.text());
}

}  // namespace

Status check_plan(const plan::Plan& plan) {
  BELLOWS_TRY(plan::validate(plan));
  // Records are compared with it word by word, so it has one spelling.
  if (plan.relabelling != "auto") {
    BELLOWS_ASSIGN(const trials::Relabelling relabelling, trials::Relabelling::parse(plan.relabelling));
    if (relabelling.spec() != plan.relabelling)
      return usage_error("the plan's relabelling has another spelling", relabelling.spec(), plan.relabelling);
  }
  return require_within_quantum("a threshold", plan, plan.thresholds.highest());
}

Exact observed_score(const plan::Plan& plan, const Evidence& evidence) {
  return score_of_counts(plan, evidence.totals(), evidence.trial_count(), plan.trial_count);
}

Result<Certificate> certify(const plan::Plan& plan, const Evidence& evidence, const Circumstances& circumstances) {
  BELLOWS_TRY(check_plan(plan));
  const Digest plan_digest = plan::digest(plan);
  if (!evidence.plan_digest.is_zero() && evidence.plan_digest != plan_digest) {
    Error error = refused("the trial log was recorded under another plan");
    error.expected = evidence.plan_digest.hex();
    error.got = plan_digest.hex();
    return error;
  }
  BELLOWS_TRY(check_origin(plan));
  Certificate certificate;
  certificate.plan = plan;
  certificate.trial_count = evidence.trial_count();
  if (certificate.trial_count == 0) return refused("there are no trials");
  if (certificate.trial_count > plan.trial_count) {
    Error error = refused("the log has more trials than the plan; which of them count must not be chosen afterwards");
    error.expected = fmt::format("at most {}", plan.trial_count);
    error.got = std::to_string(certificate.trial_count);
    return error;
  }
  if (evidence.relabellings_tried > plan.relabellings() ||
      (plan.relabelling != "auto" && plan.relabelling != evidence.relabelling)) {
    Error error = refused("the relabelling of settings and outcomes is not the plan's");
    error.expected = plan.relabelling;
    error.got = fmt::format("{} ({} tried)", evidence.relabelling, evidence.relabellings_tried);
    return error;
  }
  certificate.simulated = evidence.simulated || plan.simulated;
  if (!evidence.plan_digest.is_zero() || plan.origin == plan::Origin::built_in) certificate.plan_digest = plan_digest;
  if (!evidence.log_digest.is_zero()) certificate.log_digest = evidence.log_digest;
  Score& score = certificate.score;
  score.kind = plan::score_kind(plan.method);
  score.observed = observed_score(plan, evidence);
  score.relabelling = evidence.relabelling;
  score.relabellings_tried = evidence.relabellings_tried;
  const SettingsCheck settings = check_settings(evidence.totals(), plan.mu);
  score.settings_consistent = settings.consistent;
  score.settings_sigmas = settings.sigmas;
  score.settings_worst = settings.worst;
  const Exact recorded_score =
      score_of_counts(plan, evidence.totals(), certificate.trial_count, certificate.trial_count);
  return finish(std::move(certificate), recorded_score, circumstances);
}

Result<Certificate> certify_hypothetical(const plan::Plan& plan, const Exact& score,
                                         const Circumstances& circumstances) {
  BELLOWS_TRY(check_plan(plan));
  if (plan.witness) {
    if (score < plan::least_of(*plan.witness) || plan::most_of(*plan.witness) < score)
      return usage_error("the score is out of range",
                         fmt::format("{} to {}", plan::least_of(*plan.witness).text(), plan::most_of(*plan.witness).text()),
                         score.text());
  } else if (score < Exact::literal("-1") || score > Exact::integer(1) ||
      (plan::score_kind(plan.method) == plan::ScoreKind::win_frequency && score < Exact()))
    return usage_error("the score is out of range",
                       score > Exact::integer(1) && score <= Exact::literal("2.8285")
                           ? fmt::format("a win frequency from 0 to 1, or an MDL value; that of S = {} is the {} {}", score.text(),
                                         name(plan::score_kind(plan.method)),
                                         symmetric_score(plan::score_kind(plan.method),
                                                         (score + Exact::integer(4)) * Exact::fraction(1, 8), plan.mu)
                                             .text())
                           : std::string("a win frequency from 0 to 1, or an MDL value"),
                       score.text());
  // Of a finite run it could be reached by chance; as an expectation, no device has it.
  BELLOWS_TRY(require_within_quantum("the score", plan, score));
  if (plan.witness) {
    const double beyond = beyond_quantum_witness(*plan.witness, plan.polytope, plan.mu);
    if (score.approximate() > beyond)
      return usage_error("the score lies beyond the quantum maximum",
                         fmt::format("a value of the witness of at most {:.9g} at mu = {}", beyond, plan.mu.text()), score.text());
  }
  Certificate certificate;
  certificate.plan = plan;
  certificate.trial_count = plan.trial_count;
  certificate.hypothetical = true;
  certificate.simulated = plan.simulated;
  certificate.score.kind = plan::score_kind(plan.method);
  certificate.score.observed = score;
  certificate.score.relabelling = plan.relabelling;
  return finish(std::move(certificate), score, circumstances);
}

}  // namespace bellows::certify
