#include "bellows/protocol/masanes_records.h"

#include <immintrin.h>

namespace bellows::protocol {

std::uint64_t compress_bmi2(const std::uint64_t* bits, const std::uint64_t* mask, std::uint64_t words,
                            std::uint64_t* to, std::uint64_t position) {
  for (std::uint64_t i = 0; i < words; ++i) {
    std::uint64_t packed = _pext_u64(bits[i], mask[i]);
    auto count = static_cast<unsigned>(_mm_popcnt_u64(mask[i]));
    if (count == 0) continue;
    std::uint64_t shift = position % 64;
    to[position / 64] |= packed << shift;
    if (shift + count > 64) to[position / 64 + 1] |= packed >> (64 - shift);
    position += count;
  }
  return position;
}

}  // namespace bellows::protocol
