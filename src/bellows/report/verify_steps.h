#pragma once

#include <string>

#include "bellows/bits/bit_string.h"
#include "bellows/report/verify.h"
#include "bellows/trials/reader.h"

namespace bellows::report {

// What verifying a run and verifying a published certificate have in common.

/// Collects steps; the first mismatch ends the verification.
class Steps {
 public:
  explicit Steps(VerifyReport& report) : report_(report) {}
  bool compare(std::string what, const std::string& expected, const std::string& got) {
    bool matches = expected == got;
    report_.steps.push_back({std::move(what), matches, expected, got});
    return matches;
  }
  /// Without the two values: they are secret, or too long to read.
  bool require(std::string what, bool matches, std::string expected = {}, std::string got = {}) {
    report_.steps.push_back({std::move(what), matches, std::move(expected), std::move(got)});
    return matches;
  }

 private:
  VerifyReport& report_;
};

std::string text_of(const std::optional<Digest>& digest);
bool is_there(const Path& path);

/// The certificate, read into the report. One of numbers alone has nothing to verify: a step that does not match.
Status read_certificate_of_a_log(const VerifyRequest& request, VerifyReport& report, Steps& steps);

/// Key by key, so that the first difference has a name.
bool compare_certificates(const certify::Certificate& given, const certify::Certificate& recomputed,
                          std::string what_holds, Steps& steps);

/// Whose signature FILE carries; nothing where it carries none. A wrong one is a step that does not match, and nothing.
/// Errors: bad_input: a key is asked for and FILE is not signed; a signature that cannot be read.
Result<std::optional<std::string>> signer_of(const Path& file, const char* step, const VerifyRequest& request,
                                             Steps& steps);

/// The output of log and seed against the files; or that there is none.
Status check_output(const VerifyRequest& request, const certify::Certificate& certificate, const trials::LogReader& log,
                    bits::BitView seed, const Context& context, Steps& steps);

}  // namespace bellows::report
