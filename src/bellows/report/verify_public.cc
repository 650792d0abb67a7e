#include "bellows/bits/bit_file.h"
#include "bellows/certify/certify.h"
#include "bellows/certify/from_threshold.h"
#include "bellows/estimate/gather.h"
#include "bellows/report/recompute.h"
#include "bellows/report/verify_steps.h"

namespace bellows::report {
namespace {

// What a certificate in the public form leaves out of the private one that follows from a log.
certify::Certificate as_published(certify::Certificate recomputed, const certify::Certificate& given) {
  if (!given.score.observed) recomputed.score.observed.reset();
  if (!given.log_digest) recomputed.log_digest.reset();
  if (given.score.reason.empty()) recomputed.score.reason.clear();
  return recomputed;
}

// Threshold, settings and the sentences about the record, from the trials themselves.
Status check_log(const certify::Certificate& given, const trials::LogReader& log,
                 const Context& context, Steps& steps) {
  BELLOWS_TRY(log.require_complete());
  if (given.plan_digest &&
      !steps.compare("plan digest in the log", given.plan_digest->hex(), log.header().plan_digest.hex()))
    return {};
  BELLOWS_ASSIGN(estimate::Evidence evidence, estimate::gather_evidence(log, context));
  if (given.log_digest && !steps.compare("log digest", given.log_digest->hex(), evidence.log_digest.hex())) return {};
  certify::Certificate asked = given;
  // The public form does not say why nothing was certified; a strict refusal is the one that changes what follows.
  const bool maybe_strict =
      !given.certified() && given.score.reason.empty() &&
      (!given.score.settings_consistent || certify::statements_from_words(given.assumptions).locality.failed() ||
       certify::names_stale_settings(given.assumptions));
  for (bool strict : {false, true}) {
    if (strict) asked.score.reason = certify::strict_refusal;
    BELLOWS_ASSIGN(certify::Certificate recomputed,
                   recompute_certificate(asked, given.plan, evidence, log, context));
    recomputed = as_published(std::move(recomputed), given);
    if (!strict && maybe_strict && first_difference(given, recomputed)) continue;
    compare_certificates(given, recomputed, "certificate follows from plan and log", steps);
    break;
  }
  return {};
}

}  // namespace

Result<VerifyReport> verify_statement(const VerifyRequest& request, const Context& context) {
  VerifyReport report;
  Steps steps(report);
  BELLOWS_TRY(read_certificate_of_a_log(request, report, steps));
  if (!report.verified()) return report;
  const certify::Certificate& given = report.certificate;
  BELLOWS_ASSIGN(report.signed_by, signer_of(request.certificate, "signature", request, steps));
  if (!report.verified()) return report;
  if (is_there(request.plan)) {
    BELLOWS_ASSIGN(plan::Plan plan, plan::read_plan(request.plan));
    if (!steps.compare("plan digest", plan::digest(given.plan).hex(), plan::digest(plan).hex())) return report;
  }
  auto again = certify::from_threshold(given);
  if (!again.ok() && again.error().code != ErrorCode::refused && again.error().code != ErrorCode::usage)
    return again.error();
  if (!steps.require("plan keeps its own rules", again.ok(), "a plan to certify under",
                     again.ok() ? "one" : again.error().describe()))
    return report;
  if (!compare_certificates(given, *again, "entropy, losses and length follow from plan and threshold", steps))
    return report;
  if (given.score.observed) {
    const auto reached = given.plan.thresholds.reached(*given.score.observed);
    if (!steps.require("threshold is the highest that the score reaches", reached == given.score.threshold_index))
      return report;
  }

  if (!is_there(request.log)) {
    report.not_checked = {"that the trials reach this threshold, the settings and what is said of the record: no log",
                          "the output: no log"};
    return report;
  }
  BELLOWS_ASSIGN(trials::LogReader log, trials::LogReader::open(request.log));
  BELLOWS_TRY(check_log(given, log, context, steps));
  if (!report.verified()) return report;
  if (!is_there(request.seed)) {
    report.not_checked = {"the output: no seed"};
    return report;
  }
  BELLOWS_ASSIGN(bits::BitFile seed, bits::read_bit_file(request.seed));
  if (!steps.compare("seed digest", text_of(given.seed_digest), bits::payload_digest(seed.bits).hex())) return report;
  if (given.certified() && !is_there(request.output)) {
    report.not_checked = {"the output: it is not there"};
    return report;
  }
  BELLOWS_TRY(check_output(request, given, log, seed.bits, context, steps));
  return report;
}

}  // namespace bellows::report
