#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace bellows::testing {

/// The folder of third-party data that tests read in place (BELLOWS_SHARED_DATA, or ../shared/data beside the source
/// tree), or nothing where it is absent; a test that needs it then skips and says so.
inline std::optional<std::filesystem::path> shared_data(const std::filesystem::path& relative = {}) {
  const char* from_environment = std::getenv("BELLOWS_SHARED_DATA");
  std::filesystem::path root = from_environment ? std::filesystem::path(from_environment)
                                                : std::filesystem::path(BELLOWS_SOURCE_DIR) / "../shared/data";
  std::error_code ignored;
  if (!std::filesystem::exists(root / relative, ignored)) return std::nullopt;
  return root / relative;
}

/// True in `make test-long`.
inline bool long_tests() { return std::getenv("BELLOWS_LONG") != nullptr; }

/// True in `make asan`, where everything is several times slower and what sanitizers find is found at smaller sizes too: a
/// test then takes fewer rounds of the same code. Never fewer in the plain run.
inline bool sanitized() { return std::getenv("BELLOWS_SANITIZED") != nullptr; }

}  // namespace bellows::testing
