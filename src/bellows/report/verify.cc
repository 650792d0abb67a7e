#include "bellows/report/verify.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bellows/bits/bit_file.h"
#include "bellows/certify/locality.h"
#include "bellows/certify/signature.h"
#include "bellows/certify/statements.h"
#include "bellows/entropy/two_sided.h"
#include "bellows/estimate/gather.h"
#include "bellows/extract/certified_output.h"
#include "bellows/plan/json_reader.h"
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

// Without the proof that a certificate names it would come out shorter, which is nobody's mistake.
bool check_proof_at_hand(const certify::Certificate& certificate, Steps& steps) {
  if (!certificate.entropy_proof || entropy::proof_bytes(*certificate.entropy_proof).ok()) return true;
  return steps.require("entropy proof at hand", false, "the proof file " + certificate.entropy_proof->hex(),
                       fmt::format("none of that digest among those that ship or in {}; get the file from whoever made "
                                   "the certificate, put it there and verify again",
                                   entropy::local_proof_folder().string()));
}

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

bool is_there(const Path& path) {
  std::error_code ignored;
  return !path.empty() && std::filesystem::exists(path, ignored);
}

// Whose signature FILE carries. A wrong one is a step that does not match, and nothing.
Result<std::optional<std::string>> signer_of(const Path& file, const char* step, const VerifyRequest& request,
                                             Steps& steps) {
  auto key = certify::verify_file_signature(file);
  Status status = key.ok() ? Status() : Status(key.error());
  if (status.ok() && request.public_key) status = certify::verify_file_signature(file, *request.public_key);
  if (!status.ok() && status.error().code != ErrorCode::refused) return status.error();
  if (!steps.require(step, status.ok(), "a valid signature", status.ok() ? "valid" : status.error().describe()))
    return std::optional<std::string>();
  return std::optional<std::string>(*key);
}

Status check_signature(const VerifyRequest& request, VerifyReport& report, Steps& steps) {
  if (request.public_key || is_there(certify::signature_path(request.certificate))) {
    BELLOWS_ASSIGN(report.signed_by, signer_of(request.certificate, "signature", request, steps));
    if (!report.signed_by) return {};
  }
  if (!is_there(request.public_certificate)) return {};
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

// output.raw is the output without its header, the unused bits of the last byte 0.
Status check_raw_output(const VerifyRequest& request, bits::BitView output, Steps& steps) {
  if (!is_there(request.raw_output)) return {};
  BELLOWS_ASSIGN(MappedFile file, MappedFile::open(request.raw_output));
  const bits::BitString expected(output);
  const std::span<const std::byte> bytes = expected.bytes();
  if (!steps.compare("raw output length in bytes", fmt::format("{}", bytes.size()),
                     fmt::format("{}", file.bytes().size())))
    return {};
  steps.require("raw output", equal_in_constant_time(bytes.data(), file.bytes().data(), bytes.size()));
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

Status check_output(const VerifyRequest& request, const certify::Certificate& certificate, const trials::LogReader& log,
                    bits::BitView seed, const Context& context, Steps& steps) {
  if (!certificate.certified()) {
    bool absent = !is_there(request.output) && !is_there(request.raw_output);
    steps.require("no output of a run that was not certified", absent, "no output file", absent ? "none" : "one");
    return {};
  }
  BELLOWS_ASSIGN(bits::BitFile file, bits::read_bit_file(request.output));
  if (!steps.compare("output length in bits", fmt::format("{}", certificate.output_bits()),
                     fmt::format("{}", file.bits.size_bits())))
    return {};
  BELLOWS_ASSIGN(bits::BitString output, extract::certified_output(certificate, log, seed, context));
  // The values stay unsaid: the output is private.
  if (!steps.require("output",
                     equal_in_constant_time(output.bytes().data(), file.bits.bytes().data(), output.bytes().size())))
    return {};
  return check_raw_output(request, output, steps);
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
  BELLOWS_ASSIGN(report.certificate, certify::read_certificate(request.certificate));
  const certify::Certificate& certificate = report.certificate;
  if (!steps.require("certificate of a log", !certificate.hypothetical, "a log",
                     certificate.hypothetical ? "numbers alone" : "a log"))
    return report;
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
  if (!compare_certificates(certificate, recomputed, steps)) return report;
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
  return {{"verified", report.verified()},
          {"first_mismatch", report.verified() ? nlohmann::json() : nlohmann::json(report.steps.back().what)},
          {"certified", report.certificate.certified()},
          {"output_bits", report.certificate.output_bits()},
          {"signed_by", report.signed_by ? nlohmann::json(*report.signed_by) : nlohmann::json()},
          {"warnings", report.warnings},
          {"steps", steps}};
}

}  // namespace bellows::report
