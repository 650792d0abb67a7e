#include "bellows/report/verify.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bellows/bits/bit_file.h"
#include "bellows/certify/signature.h"
#include "bellows/estimate/gather.h"
#include "bellows/extract/certified_output.h"
#include "bellows/report/recompute.h"
#include "bellows/trials/reader.h"

namespace bellows::report {
namespace {

// Collects steps; the first mismatch ends the verification.
class Steps {
 public:
  explicit Steps(VerifyReport& report) : report_(report) {}
  bool compare(std::string what, const std::string& expected, const std::string& got) {
    bool matches = expected == got;
    report_.steps.push_back({std::move(what), matches, expected, got});
    return matches;
  }
  // Without the two values: they are secret, or too long to read.
  bool require(std::string what, bool matches, std::string expected = {}, std::string got = {}) {
    report_.steps.push_back({std::move(what), matches, std::move(expected), std::move(got)});
    return matches;
  }

 private:
  VerifyReport& report_;
};

std::string text_of(const std::optional<Digest>& digest) { return digest ? digest->hex() : "none"; }

// Key by key, so that the first difference has a name.
bool compare_certificates(const certify::Certificate& given, const certify::Certificate& recomputed, Steps& steps) {
  std::optional<std::string> key = first_difference(given, recomputed);
  if (!key) return steps.require("certificate follows from plan and log", true);
  nlohmann::json expected = certify::to_private_json(recomputed), got = certify::to_private_json(given);
  auto text = [&](const nlohmann::json& document) {
    return document.contains(*key) ? document[*key].dump() : "nothing";
  };
  return steps.require("certificate: " + *key, false, text(expected), text(got));
}

Status check_signature(const VerifyRequest& request, Steps& steps, bool& goes_on) {
  std::error_code ignored;
  goes_on = true;
  if (!request.public_key && !std::filesystem::exists(certify::signature_path(request.certificate), ignored)) return {};
  Status status;
  if (request.public_key) {
    status = certify::verify_file_signature(request.certificate, *request.public_key);
  } else if (auto key = certify::verify_file_signature(request.certificate); !key.ok()) {
    status = key.error();
  }
  if (!status.ok() && status.error().code != ErrorCode::refused) return status;
  goes_on =
      steps.require("signature", status.ok(), "a valid signature", status.ok() ? "valid" : status.error().describe());
  return {};
}

Status check_output(const VerifyRequest& request, const certify::Certificate& certificate, const trials::LogReader& log,
                    bits::BitView seed, const Context& context, Steps& steps) {
  std::error_code ignored;
  if (!certificate.certified()) {
    bool absent = !std::filesystem::exists(request.output, ignored);
    steps.require("no output of a run that was not certified", absent, "no output file", absent ? "none" : "one");
    return {};
  }
  BELLOWS_ASSIGN(bits::BitFile file, bits::read_bit_file(request.output));
  if (!steps.compare("output length in bits", fmt::format("{}", certificate.output_bits()),
                     fmt::format("{}", file.bits.size_bits())))
    return {};
  BELLOWS_ASSIGN(bits::BitString output, extract::certified_output(certificate, log, seed, context));
  // The values stay unsaid: the output is private.
  steps.require("output",
                equal_in_constant_time(output.bytes().data(), file.bits.bytes().data(), output.bytes().size()));
  return {};
}

}  // namespace

VerifyRequest VerifyRequest::of_folder(const Path& folder) {
  return {.plan = folder / "plan.json",
          .log = folder / "log.trials",
          .seed = folder / "seed.bits",
          .certificate = folder / "certificate.json",
          .output = folder / "output.bits",
          .public_key = std::nullopt};
}

Result<VerifyReport> verify_run(const VerifyRequest& request, const Context& context) {
  VerifyReport report;
  Steps steps(report);
  BELLOWS_ASSIGN(report.certificate, certify::read_certificate(request.certificate));
  const certify::Certificate& certificate = report.certificate;
  if (!steps.require("certificate of a log", !certificate.hypothetical, "a log",
                     certificate.hypothetical ? "numbers alone" : "a log"))
    return report;
  bool goes_on = true;
  BELLOWS_TRY(check_signature(request, steps, goes_on));
  if (!goes_on) return report;

  BELLOWS_ASSIGN(plan::Plan plan, plan::read_plan(request.plan));
  std::string plan_digest = plan::digest(plan).hex();
  if (!steps.compare("plan digest", text_of(certificate.plan_digest), plan_digest)) return report;

  BELLOWS_ASSIGN(trials::LogReader log, trials::LogReader::open(request.log));
  BELLOWS_TRY(log.require_complete());
  if (!steps.compare("plan digest in the log", plan_digest, log.header().plan_digest.hex())) return report;
  BELLOWS_ASSIGN(estimate::Evidence evidence, estimate::gather_evidence(log, context));
  if (!steps.compare("log digest", text_of(certificate.log_digest), evidence.log_digest.hex())) return report;

  BELLOWS_ASSIGN(bits::BitFile seed, bits::read_bit_file(request.seed));
  if (!steps.compare("seed digest", text_of(certificate.seed_digest), bits::payload_digest(seed.bits).hex()))
    return report;

  BELLOWS_ASSIGN(certify::Certificate recomputed, recompute_certificate(certificate, plan, evidence, log, context));
  if (!compare_certificates(certificate, recomputed, steps)) return report;
  BELLOWS_TRY(check_output(request, certificate, log, seed.bits, context, steps));
  return report;
}

nlohmann::json to_json(const VerifyReport& report) {
  nlohmann::json steps = nlohmann::json::array();
  for (const VerifyStep& step : report.steps) {
    nlohmann::json entry = {{"what", step.what}, {"matches", step.matches}};
    if (!step.expected.empty()) entry["expected"] = step.expected;
    if (!step.got.empty()) entry["got"] = step.got;
    steps.push_back(entry);
  }
  return {{"verified", report.verified()},
          {"first_mismatch", report.verified() ? nlohmann::json() : nlohmann::json(report.steps.back().what)},
          {"certified", report.certificate.certified()},
          {"output_bits", report.certificate.output_bits()},
          {"steps", steps}};
}

}  // namespace bellows::report
