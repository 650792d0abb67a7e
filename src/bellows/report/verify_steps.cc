#include "bellows/report/verify_steps.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bellows/bits/bit_file.h"
#include "bellows/certify/signature.h"
#include "bellows/extract/certified_output.h"
#include "bellows/report/recompute.h"

namespace bellows::report {
namespace {

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

}  // namespace

std::string text_of(const std::optional<Digest>& digest) { return digest ? digest->hex() : "none"; }

bool is_there(const Path& path) {
  std::error_code ignored;
  return !path.empty() && std::filesystem::exists(path, ignored);
}

Status read_certificate_of_a_log(const VerifyRequest& request, VerifyReport& report, Steps& steps) {
  BELLOWS_ASSIGN(report.certificate, certify::read_certificate(request.certificate));
  const bool of_a_log = !report.certificate.hypothetical;
  steps.require("certificate of a log", of_a_log, "a log", of_a_log ? "a log" : "numbers alone");
  return {};
}

bool compare_certificates(const certify::Certificate& given, const certify::Certificate& recomputed,
                          std::string what_holds, Steps& steps) {
  std::optional<std::string> key = first_difference(given, recomputed);
  if (!key) return steps.require(std::move(what_holds), true);
  nlohmann::json expected = certify::to_private_json(recomputed), got = certify::to_private_json(given);
  auto text = [&](const nlohmann::json& document) {
    return document.contains(*key) ? document[*key].dump() : "nothing";
  };
  return steps.require("certificate: " + *key, false, text(expected), text(got));
}

Result<std::optional<std::string>> signer_of(const Path& file, const char* step, const VerifyRequest& request,
                                             Steps& steps) {
  if (!is_there(certify::signature_path(file))) {
    if (!request.public_key) return std::optional<std::string>();
    return bad_input("it is not signed, by this key or by any; whoever made it signs it with: bellows certify --make-key KEY, "
                     "then bellows amplify ... --sign KEY, also of a finished run",
                     file, {}, certify::signature_path(file).filename().string() + " beside it", "none");
  }
  auto key = certify::verify_file_signature(file);
  Status status = key.ok() ? Status() : Status(key.error());
  if (status.ok() && request.public_key) status = certify::verify_file_signature(file, *request.public_key);
  if (!status.ok() && status.error().code != ErrorCode::refused) return status.error();
  if (!steps.require(step, status.ok(), "a valid signature", status.ok() ? "valid" : status.error().describe()))
    return std::optional<std::string>();
  return std::optional<std::string>(*key);
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

}  // namespace bellows::report
