#include "bellows/gf2/small_product.h"

#include <algorithm>

#include "bellows/base/secret.h"
#include "bellows/bits/cpu.h"

namespace bellows::gf2 {
namespace {

// A carry-less product from integer products: with only every fourth bit set, at most eight ones meet in a place, and
// their carries stay in the three empty places above it. No table, so the time does not depend on the bits.
std::uint64_t multiply_32(std::uint32_t a, std::uint32_t b) {
  constexpr std::uint32_t every_fourth = 0x11111111u;
  constexpr std::uint64_t every_fourth_wide = 0x1111111111111111u;
  std::uint64_t x[4], y[4], product = 0;
  for (int i = 0; i < 4; ++i) {
    x[i] = a & every_fourth << i;
    y[i] = b & every_fourth << i;
  }
  for (int place = 0; place < 4; ++place) {
    std::uint64_t sum = 0;
    for (int i = 0; i < 4; ++i) sum ^= x[i] * y[(place - i) & 3];
    product |= sum & every_fourth_wide << place;
  }
  return product;
}

constexpr std::size_t schoolbook_words = 24;

void xor_into(std::uint64_t* to, const std::uint64_t* from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] ^= from[i];
}

// Words of scratch that balanced() uses for operands of `count` words.
std::size_t scratch_words(std::size_t count) { return 8 * count + 512; }

// Both operands have `count` words.
void balanced(MultiplyWords base, std::uint64_t* result, const std::uint64_t* a, const std::uint64_t* b,
              std::size_t count, std::uint64_t* scratch) {
  if (count <= schoolbook_words) return base(result, a, b, count);
  const std::size_t low = (count + 1) / 2, high = count - low;
  std::uint64_t* a_sum = scratch;
  std::uint64_t* b_sum = a_sum + low;
  std::uint64_t* middle = b_sum + low;
  std::uint64_t* rest = middle + 2 * low;
  std::copy(a, a + low, a_sum);
  std::copy(b, b + low, b_sum);
  xor_into(a_sum, a + low, high);
  xor_into(b_sum, b + low, high);
  balanced(base, middle, a_sum, b_sum, low, rest);
  balanced(base, result, a, b, low, rest);
  balanced(base, result + 2 * low, a + low, b + low, high, rest);
  xor_into(middle, result, 2 * low);
  xor_into(middle, result + 2 * low, 2 * high);
  xor_into(result + low, middle, std::min(2 * low, low + 2 * high));
}

}  // namespace

void multiply_words_portable(std::uint64_t* result, const std::uint64_t* a, const std::uint64_t* b, std::size_t count) {
  std::fill(result, result + 2 * count, 0);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < count; ++j) {
      const auto a0 = static_cast<std::uint32_t>(a[i]), a1 = static_cast<std::uint32_t>(a[i] >> 32);
      const auto b0 = static_cast<std::uint32_t>(b[j]), b1 = static_cast<std::uint32_t>(b[j] >> 32);
      const std::uint64_t low = multiply_32(a0, b0), high = multiply_32(a1, b1);
      const std::uint64_t middle = multiply_32(a0 ^ a1, b0 ^ b1) ^ low ^ high;
      result[i + j] ^= low ^ middle << 32;
      result[i + j + 1] ^= high ^ middle >> 32;
    }
}

MultiplyWords multiply_words() {
#if defined(__x86_64__)
  if (bits::active_kernel() >= bits::Kernel::clmul) return multiply_words_clmul;
#endif
  return multiply_words_portable;
}

void multiply_karatsuba(std::uint64_t* result, const std::uint64_t* a, std::size_t a_count, const std::uint64_t* b,
                        std::size_t b_count) {
  if (a_count < b_count) return multiply_karatsuba(result, b, b_count, a, a_count);
  std::fill(result, result + a_count + b_count, 0);
  if (b_count == 0) return;
  // The longer operand is cut into pieces as long as the shorter one; the last piece is filled up with zeros.
  const MultiplyWords base = multiply_words();
  SecretWords memory(scratch_words(b_count) + 3 * b_count);
  std::uint64_t* product = memory.data();
  std::uint64_t* piece = product + 2 * b_count;
  std::uint64_t* scratch = piece + b_count;
  for (std::size_t start = 0; start < a_count; start += b_count) {
    const std::size_t count = std::min(b_count, a_count - start);
    std::copy(a + start, a + start + count, piece);
    std::fill(piece + count, piece + b_count, 0);
    balanced(base, product, piece, b, b_count, scratch);
    xor_into(result + start, product, count + b_count);
  }
}

}  // namespace bellows::gf2
