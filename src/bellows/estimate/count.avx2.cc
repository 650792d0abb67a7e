#include <immintrin.h>

#include <algorithm>

#include "bellows/estimate/count_kernels.h"

namespace bellows::estimate {
namespace {

inline __m256i load(const std::uint64_t* words) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words)); }

/// Ones in each byte: two table look-ups (Mula).
inline __m256i ones_in_bytes(__m256i v) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                         0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(15);
  return _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(v, low)),
                         _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
}

constexpr std::size_t most_vectors_in_bytes = 31;  // 31 * 8 <= 255

}  // namespace

void count_words_avx2(const std::uint64_t* x, const std::uint64_t* y, const std::uint64_t* a, const std::uint64_t* b,
                      std::size_t size_words, std::uint64_t* products) {
  const std::size_t vectors = size_words / 4;
  for (std::size_t done = 0; done < vectors;) {
    const std::size_t end = std::min(vectors, done + most_vectors_in_bytes);
    __m256i bytes[16] = {};
    for (; done < end; ++done) {
      const __m256i vx = load(x + 4 * done), vy = load(y + 4 * done), va = load(a + 4 * done), vb = load(b + 4 * done);
      const __m256i xy = _mm256_and_si256(vx, vy), ab = _mm256_and_si256(va, vb);
      auto add = [&](unsigned m, __m256i v) { bytes[m] = _mm256_add_epi8(bytes[m], ones_in_bytes(v)); };
      add(1, vb), add(2, va), add(3, ab);
      add(4, vy), add(5, _mm256_and_si256(vy, vb)), add(6, _mm256_and_si256(vy, va)), add(7, _mm256_and_si256(vy, ab));
      add(8, vx), add(9, _mm256_and_si256(vx, vb)), add(10, _mm256_and_si256(vx, va));
      add(11, _mm256_and_si256(vx, ab));
      add(12, xy), add(13, _mm256_and_si256(xy, vb)), add(14, _mm256_and_si256(xy, va));
      add(15, _mm256_and_si256(xy, ab));
    }
    for (unsigned m = 1; m < 16; ++m) {
      alignas(32) std::uint64_t lanes[4];
      _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), _mm256_sad_epu8(bytes[m], _mm256_setzero_si256()));
      products[m] += lanes[0] + lanes[1] + lanes[2] + lanes[3];
    }
  }
  const std::size_t tail = 4 * vectors;
  count_words_one_by_one(x + tail, y + tail, a + tail, b + tail, size_words - tail, products);
}

}  // namespace bellows::estimate
