#include "bellows/base/error.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace bellows {

std::string Error::describe() const {
  std::string text = message;
  if (!file.empty()) text += fmt::format("; file {}", file);
  if (offset_bytes) text += fmt::format(", at byte {}", *offset_bytes);
  if (!expected.empty()) text += fmt::format("; expected {}", expected);
  if (!got.empty()) text += fmt::format("; got {}", got);
  return text;
}

const char* error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::bad_input:
      return "bad_input";
    case ErrorCode::internal:
      return "internal";
    case ErrorCode::cancelled:
      return "cancelled";
  }
  return "internal";
}

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::refused:
      return 1;
    case ErrorCode::usage:
      return 2;
    case ErrorCode::bad_input:
      return 3;
    case ErrorCode::internal:
      return 4;
    case ErrorCode::cancelled:
      return 130;
  }
  return 4;
}

Error refused(std::string message) { return {.code = ErrorCode::refused, .message = std::move(message)}; }

Error usage_error(std::string message, std::string expected, std::string got) {
  return {
      .code = ErrorCode::usage, .message = std::move(message), .expected = std::move(expected), .got = std::move(got)};
}

Error bad_input(std::string message, std::string file, std::optional<std::uint64_t> offset_bytes, std::string expected,
                std::string got) {
  return {ErrorCode::bad_input, std::move(message), std::move(file), offset_bytes, std::move(expected), std::move(got)};
}

Error internal_error(std::string message) { return {.code = ErrorCode::internal, .message = std::move(message)}; }

Error cancelled() { return {.code = ErrorCode::cancelled, .message = "stopped on request"}; }

Error system_error(const std::string& what, const std::string& file, int errno_value) {
  return bad_input(fmt::format("{}: {}", what, std::generic_category().message(errno_value)), file);
}

}  // namespace bellows
