#include <immintrin.h>

#include "bellows/gf2/small_product.h"

namespace bellows::gf2 {

void multiply_words_clmul(std::uint64_t* result, const std::uint64_t* a, const std::uint64_t* b, std::size_t count) {
  // Column by column, so that each pair of result words is written once.
  std::uint64_t carry = 0;
  for (std::size_t column = 0; column + 1 < 2 * count; ++column) {
    __m128i sum = _mm_setzero_si128();
    const std::size_t first = column < count ? 0 : column - count + 1, last = column < count ? column : count - 1;
    for (std::size_t i = first; i <= last; ++i)
      sum = _mm_xor_si128(sum, _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(a[i])),
                                                    _mm_cvtsi64_si128(static_cast<long long>(b[column - i])), 0));
    result[column] = carry ^ static_cast<std::uint64_t>(_mm_cvtsi128_si64(sum));
    carry = static_cast<std::uint64_t>(_mm_extract_epi64(sum, 1));
  }
  if (count > 0) result[2 * count - 1] = carry;
}

}  // namespace bellows::gf2
