#include <immintrin.h>

#include "bellows/estimate/count_kernels.h"

namespace bellows::estimate {

void count_words_avx512(const std::uint64_t* x, const std::uint64_t* y, const std::uint64_t* a, const std::uint64_t* b,
                        std::size_t size_words, std::uint64_t* products) {
  const std::size_t vectors = size_words / 8;
  __m512i sums[16] = {};  // 64-bit lanes: no overflow before 2^58 vectors
  for (std::size_t i = 0; i < vectors; ++i) {
    const __m512i vx = _mm512_loadu_si512(x + 8 * i), vy = _mm512_loadu_si512(y + 8 * i),
                  va = _mm512_loadu_si512(a + 8 * i), vb = _mm512_loadu_si512(b + 8 * i);
    const __m512i xy = _mm512_and_si512(vx, vy), ab = _mm512_and_si512(va, vb);
    auto add = [&](unsigned m, __m512i v) { sums[m] = _mm512_add_epi64(sums[m], _mm512_popcnt_epi64(v)); };
    add(1, vb), add(2, va), add(3, ab);
    add(4, vy), add(5, _mm512_and_si512(vy, vb)), add(6, _mm512_and_si512(vy, va)), add(7, _mm512_and_si512(vy, ab));
    add(8, vx), add(9, _mm512_and_si512(vx, vb)), add(10, _mm512_and_si512(vx, va)), add(11, _mm512_and_si512(vx, ab));
    add(12, xy), add(13, _mm512_and_si512(xy, vb)), add(14, _mm512_and_si512(xy, va)),
        add(15, _mm512_and_si512(xy, ab));
  }
  for (unsigned m = 1; m < 16; ++m) {
    alignas(64) std::uint64_t lanes[8];
    _mm512_store_si512(lanes, sums[m]);
    for (std::uint64_t lane : lanes) products[m] += lane;
  }
  const std::size_t tail = 8 * vectors;
  count_words_one_by_one(x + tail, y + tail, a + tail, b + tail, size_words - tail, products);
}

}  // namespace bellows::estimate
