// Saved bounds: nothing that is read may crash the check, and nothing is accepted below what its own dual proves.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "bellows/bell/no_signalling.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bellows::bell;
  const auto saved = parse_bound(std::string(reinterpret_cast<const char*>(data), size));
  if (!saved || saved->program.objective.scenario.table_size() > 4096) return 0;
  const auto checked = check_saved(*saved);
  if (checked && checked->bound.value > saved->claimed_value) std::abort();
  if (checked && checked->attaining_box && checked->attained > checked->bound.value) std::abort();
  return 0;
}
