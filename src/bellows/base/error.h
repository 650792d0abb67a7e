#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bellows {

/// Who is at fault, and therefore the exit code of the program.
enum class ErrorCode {
  refused,    ///< 1: ran and refused: plan mismatch, seed seen before, not certified, verification failed
  usage,      ///< 2: an option or a value on the command line
  bad_input,  ///< 3: a file or a system that gave us something we cannot use (unreadable, truncated, disk full)
  internal,   ///< 4: our own fault
  cancelled,  ///< 130: Ctrl-C
};

/// One 'no', in the words of the person who must act on it. Fields that do not apply stay empty.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string file = {};
  std::optional<std::uint64_t> offset_bytes = std::nullopt;
  std::string expected = {};
  std::string got = {};

  /// One line: message, file, offset, expected, got.
  std::string describe() const;
};

/// The name used in JSON ("refused", "usage", ...).
const char* error_code_name(ErrorCode code);

/// The program's exit code for an error.
int exit_code(ErrorCode code);

Error refused(std::string message);
Error usage_error(std::string message, std::string expected = {}, std::string got = {});
Error bad_input(std::string message, std::string file = {}, std::optional<std::uint64_t> offset_bytes = std::nullopt,
                std::string expected = {}, std::string got = {});
Error internal_error(std::string message);
Error cancelled();

/// The operating system's word on a failed call: `errno` at the time of the call.
Error system_error(const std::string& what, const std::string& file, int errno_value);

}  // namespace bellows
