#pragma once

namespace bellows {

/// Prints where and why, and aborts. For mistakes of the programmer only; bad input is an Error.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* why);

}  // namespace bellows

/// Always on, also in release builds.
#define BELLOWS_CHECK(condition, why) \
  ((condition) ? static_cast<void>(0) : ::bellows::check_failed(__FILE__, __LINE__, #condition, why))
