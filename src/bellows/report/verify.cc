#include "bellows/report/verify.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bellows/bits/bit_file.h"
#include "bellows/certify/locality.h"
#include "bellows/certify/signature.h"
#include "bellows/certify/statements.h"
#include "bellows/entropy/two_sided.h"
#include "bellows/estimate/gather.h"
#include "bellows/plan/json_reader.h"
#include "bellows/report/recompute.h"
#include "bellows/report/verify_steps.h"
#include "bellows/trials/reader.h"

namespace bellows::report {
namespace {

// Without the proof that a certificate names it would come out shorter, which is nobody's mistake.
bool check_proof_at_hand(const certify::Certificate& certificate, Steps& steps) {
  if (!certificate.entropy_proof || entropy::proof_bytes(*certificate.entropy_proof).ok()) return true;
  return steps.require("entropy proof at hand", false, "the proof file " + certificate.entropy_proof->hex(),
                       fmt::format("none of that digest among those that ship or in {}; get the file from whoever made "
                                   "the certificate, put it there and verify again",
                                   entropy::local_proof_folder().string()));
}

Status check_signature(const VerifyRequest& request, VerifyReport& report, Steps& steps) {
  BELLOWS_ASSIGN(report.signed_by, signer_of(request.certificate, "signature", request, steps));
  if (!report.verified() || !is_there(request.public_certificate)) return {};
  // Both forms are signed together: one signature without the other was taken away, or added.
  const bool other_signed = is_there(certify::signature_path(request.public_certificate));
  if (other_signed != report.signed_by.has_value()) {
    steps.require("signature of both forms of the certificate", false, "both signed, or neither",
                  other_signed ? "only the public one is signed" : "only the private one is signed");
    return {};
  }
  if (!other_signed) return {};
  BELLOWS_ASSIGN(auto other,
                 signer_of(request.public_certificate, "signature of the public certificate", request, steps));
  if (other && other != report.signed_by) steps.compare("key of both signatures", *report.signed_by, *other);
  return {};
}

// A space-time check that this program made is made again from its files. Without them its words stand as they are.
Status check_space_time(const VerifyRequest& request, VerifyReport& report, Steps& steps) {
  const certify::LocalityStatement given =
      certify::statements_from_words(report.certificate.assumptions).locality;
  if (given.by != certify::LocalityStatement::By::program) return {};
  const bool with_pulses = certify::names_pulses(given);
  if (!is_there(request.locality) || (with_pulses && !is_there(request.pulses))) {
    report.warnings.push_back("the space-time check was not made again: its files are not there");
    return {};
  }
  BELLOWS_ASSIGN(const certify::LocalityCheck check,
                 certify::check_locality_files(request.locality, with_pulses ? request.pulses : Path()));
  steps.compare("space-time check", given.words, check.statement.words);
  return {};
}

// Whoever has only the public form must read what the private one says.
Status check_public_form(const VerifyRequest& request, const certify::Certificate& certificate, Steps& steps) {
  if (!is_there(request.public_certificate)) return {};
  BELLOWS_ASSIGN(std::string text, read_text_file(request.public_certificate, 1 << 26));
  BELLOWS_ASSIGN(nlohmann::json got,
                 plan::parse_json(text, "the public certificate", request.public_certificate.string()));
  steps.require("public certificate", got == certify::to_public_json(certificate));
  return {};
}

// Modes are those of this machine and follow from nothing, so they are no step; but who can read these has the output.
std::vector<std::string> mode_warnings(const VerifyRequest& request, const plan::Plan& plan) {
  std::vector<std::string> warnings;
  if (plan.publish_mode == plan::PublishMode::public_mode) return warnings;
  std::vector<Path> files{request.log,         request.seed,
                          request.certificate, certify::signature_path(request.certificate),
                          request.output,      request.raw_output};
  files.insert(files.end(), request.other_private_files.begin(), request.other_private_files.end());
  for (const Path& file : files) {
    std::error_code error;
    if (!is_there(file)) continue;
    const auto mode = static_cast<unsigned>(std::filesystem::status(file, error).permissions()) & 0777u;
    if (!error && (mode & 0077u) != 0)
      warnings.push_back(fmt::format("{} is open to other users of this machine (mode {:04o}, expected 0600)",
                                     file.filename().string(), mode));
  }
  return warnings;
}

}  // namespace

VerifyRequest VerifyRequest::of_folder(const Path& folder) {
  return {.plan = folder / "plan.json",
          .log = folder / "log.trials",
          .seed = folder / "seed.bits",
          .certificate = folder / "certificate.json",
          .output = folder / "output.bits",
          .public_certificate = folder / "certificate.public.json",
          .raw_output = folder / "output.raw",
          .other_private_files = {folder / "simulation.key", folder / "report.html"},
          .locality = folder / "locality.toml",
          .pulses = folder / "pulses.csv",
          .public_key = std::nullopt};
}

Result<VerifyReport> verify_run(const VerifyRequest& request, const Context& context) {
  VerifyReport report;
  Steps steps(report);
  BELLOWS_TRY(read_certificate_of_a_log(request, report, steps));
  if (!report.verified()) return report;
  const certify::Certificate& certificate = report.certificate;
  report.warnings = mode_warnings(request, certificate.plan);
  BELLOWS_TRY(check_signature(request, report, steps));
  if (!report.verified()) return report;

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

  if (!check_proof_at_hand(certificate, steps)) return report;
  BELLOWS_ASSIGN(certify::Certificate recomputed, recompute_certificate(certificate, plan, evidence, log, context));
  if (!compare_certificates(certificate, recomputed, "certificate follows from plan and log", steps)) return report;
  BELLOWS_TRY(check_space_time(request, report, steps));
  if (!report.verified()) return report;
  BELLOWS_TRY(check_public_form(request, certificate, steps));
  if (!report.verified()) return report;
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
  const certify::Certificate& certificate = report.certificate;
  const bool holds = report.verified() && certificate.certified();
  return {{"verified", report.verified()},
          {"adversary", holds ? nlohmann::json(name(certificate.proved_against())) : nlohmann::json()},
          {"epsilon", holds ? nlohmann::json(certificate.plan.epsilons.total.text()) : nlohmann::json()},
          {"simulated", holds ? nlohmann::json(certificate.simulated) : nlohmann::json()},
          {"first_mismatch", report.verified() ? nlohmann::json() : nlohmann::json(report.steps.back().what)},
          {"certified", report.certificate.certified()},
          {"output_bits", report.certificate.output_bits()},
          {"signed_by", report.signed_by ? nlohmann::json(*report.signed_by) : nlohmann::json()},
          {"warnings", report.warnings},
          {"not_checked", report.not_checked},
          {"steps", steps}};
}

}  // namespace bellows::report
