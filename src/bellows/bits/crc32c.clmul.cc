#include <nmmintrin.h>
#include <wmmintrin.h>

#include <array>
#include <cstring>

#include "bellows/bits/crc32c_kernels.h"

// The CRC instruction has a latency of three cycles and a throughput of one, so three streams run side by side; the
// states are joined by multiplying with x^(8 L) modulo the polynomial, a carry-less product followed by the CRC
// instruction itself.
namespace bellows::bits {
namespace {

constexpr std::size_t stream_bytes = 4096;

constexpr std::uint32_t multiply_by_x(std::uint32_t a) { return a >> 1 ^ (a & 1 ? 0x82f63b78u : 0u); }  // reflected

// Reflected x^bits mod P.
constexpr std::uint32_t power_of_x(std::size_t bits) {
  std::uint32_t value = 0x80000000u;
  for (std::size_t i = 0; i < bits; ++i) value = multiply_by_x(value);
  return value;
}

// A reflected product of 32 x 32 bits stands one place low, and the CRC instruction over 8 bytes multiplies by x^32
// more.
constexpr std::uint32_t shift_one = power_of_x(8 * stream_bytes - 33), shift_two = power_of_x(16 * stream_bytes - 33);

std::uint64_t shifted(std::uint64_t state, std::uint32_t constant) {
  __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(state)),
                                         _mm_cvtsi32_si128(static_cast<int>(constant)), 0);
  return _mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(product)));
}

std::uint64_t load(const std::byte* from) {
  std::uint64_t word;
  std::memcpy(&word, from, 8);
  return word;
}

}  // namespace

std::uint32_t crc32c_clmul(const std::byte* bytes, std::size_t size, std::uint32_t state) {
  std::uint64_t a = state;
  for (; size >= 3 * stream_bytes; bytes += 3 * stream_bytes, size -= 3 * stream_bytes) {
    std::uint64_t b = 0, c = 0;
    for (std::size_t i = 0; i < stream_bytes; i += 8) {
      a = _mm_crc32_u64(a, load(bytes + i));
      b = _mm_crc32_u64(b, load(bytes + stream_bytes + i));
      c = _mm_crc32_u64(c, load(bytes + 2 * stream_bytes + i));
    }
    a = shifted(a, shift_two) ^ shifted(b, shift_one) ^ c;
  }
  for (; size >= 8; bytes += 8, size -= 8) a = _mm_crc32_u64(a, load(bytes));
  auto last = static_cast<std::uint32_t>(a);
  for (; size > 0; ++bytes, --size) last = _mm_crc32_u8(last, static_cast<std::uint8_t>(*bytes));
  return last;
}

}  // namespace bellows::bits
