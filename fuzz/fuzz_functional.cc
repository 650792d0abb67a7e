// Bell expressions as text: whatever is read is written and read back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bellows/bell/functional.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bellows::bell;
  const auto read = parse_functional(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!read) return 0;
  if (read->scenario.table_size() > 4096) return 0;  // right, but slow
  const auto again = parse_functional(format_functional(*read));
  if (!again || !(again->scenario == read->scenario) || again->coefficients != read->coefficients) std::abort();
  return 0;
}
