#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/certify/certificate.h"

namespace bellows::report {

/// The files of a run; `amplify` names them so in its folder.
struct VerifyRequest {
  Path plan, log, seed, certificate, output;
  /// What may also be there: looked at where the file exists. Empty: not asked for.
  Path public_certificate = {}, raw_output = {};
  /// Other files that must stay private, for the warnings about modes.
  std::vector<Path> other_private_files = {};
  /// What the space-time check was made from: where the certificate has such a check and the files are there, it is made
  /// again.
  Path locality = {}, pulses = {};
  /// If given, the certificate must carry a valid signature under this key; if not, a signature that is there must be
  /// valid, of both forms of the certificate with one key, or of none. That both were taken away, only a key shows.
  std::optional<Path> public_key;

  static VerifyRequest of_folder(const Path& folder);
};

/// One thing that was recomputed and compared.
struct VerifyStep {
  std::string what;  ///< "plan digest", "log digest", "seed", "certificate: output_bits", "output", ...
  bool matches = false;
  std::string expected, got;  ///< empty where they would tell secrets
};

struct VerifyReport {
  certify::Certificate certificate;
  std::vector<VerifyStep> steps;         ///< in order; verification ends at the first that does not match
  std::optional<std::string> signed_by;  ///< public key in hexadecimal; nothing: the certificate is unsigned
  std::vector<std::string> not_checked;  ///< what could not be looked at, and why; of a whole run nothing
  std::vector<std::string> warnings;     ///< private files that others may read, a check whose files are not there; no
                                         ///< part of what was verified

  bool verified() const { return !steps.empty() && steps.back().matches; }
};

/// Recomputes everything from log, seed, plan and certificate: digests, counts, certificate and output, and compares.
/// Shares the bounds and the extractor with the program that made them, but nothing of protocol, device or source. In:
/// a run that `amplify` finished, or the same files from elsewhere. Out:    steps up to the first mismatch. Errors:
/// bad_input: a file that is missing, unreadable, cut or corrupted; cancelled. Claim:  a verified run's certificate
/// follows from its log and seed, and its output from both. Whether the assumptions in
///         the certificate were met, no program can tell.
/// Cost:   as estimate, certify and extract together.
Result<VerifyReport> verify_run(const VerifyRequest& request, const Context& context);

/// The same for whoever was given a certificate alone, mostly in its public form, and perhaps more: in public mode
/// plan, log, seed and output.
/// In:     request.certificate: either form; plan, log, seed and output are looked at where they are there.
/// Out:    without a log: signature, plan (a built-in grid is built again), threshold and score against each other,
///         and entropy, losses, length and assumptions as they follow from plan and threshold. With a log, that it gives this
///         certificate; with seed and output, the output. What could not be checked stands in not_checked.
/// Errors: bad_input: a file that cannot be read, or an entropy proof that is not at hand; cancelled.
/// Claim:  without a log: if the plan was fixed before the data and the threshold was reached, so many bits are certified.
Result<VerifyReport> verify_statement(const VerifyRequest& request, const Context& context);

nlohmann::json to_json(const VerifyReport& report);

}  // namespace bellows::report
