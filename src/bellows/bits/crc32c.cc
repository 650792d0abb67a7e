#include "bellows/bits/crc32c.h"

#include <array>

#include "bellows/bits/cpu.h"
#include "bellows/bits/crc32c_kernels.h"

namespace bellows::bits {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t state = byte;
    for (int i = 0; i < 8; ++i) state = state >> 1 ^ (state & 1 ? 0x82f63b78u : 0u);
    table[byte] = state;
  }
  return table;
}

std::uint32_t crc32c_portable(const std::byte* bytes, std::size_t size, std::uint32_t state) {
  static constexpr auto table = make_table();
  for (std::size_t i = 0; i < size; ++i)
    state = table[(state ^ static_cast<std::uint8_t>(bytes[i])) & 255] ^ state >> 8;
  return state;
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t previous) {
#if defined(__x86_64__)
  if (active_kernel() >= Kernel::clmul) return ~crc32c_clmul(bytes.data(), bytes.size(), ~previous);
#endif
  return ~crc32c_portable(bytes.data(), bytes.size(), ~previous);
}

}  // namespace bellows::bits
