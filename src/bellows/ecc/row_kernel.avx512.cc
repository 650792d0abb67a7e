#include "bellows/ecc/row_kernel.h"

#include <immintrin.h>

namespace bellows::ecc {
namespace {

struct Avx512 {
  static constexpr std::size_t width = 64;
  using Vector = __m512i;
  static Vector load(const std::int8_t* from) { return _mm512_load_si512(from); }
  static void store(std::int8_t* to, Vector v) { _mm512_store_si512(to, v); }
  static Vector all(int x) { return _mm512_set1_epi8(static_cast<char>(x)); }
  static Vector bit_xor(Vector a, Vector b) { return _mm512_xor_si512(a, b); }
  static Vector clamped_subtract(Vector a, Vector b) { return _mm512_max_epi8(_mm512_subs_epi8(a, b), all(-127)); }
  static Vector clamped_add(Vector a, Vector b) { return _mm512_max_epi8(_mm512_adds_epi8(a, b), all(-127)); }
  static Vector magnitude(Vector a) { return _mm512_abs_epi8(a); }
  static Vector min(Vector a, Vector b) { return _mm512_min_epi8(a, b); }
  static Vector max(Vector a, Vector b) { return _mm512_max_epi8(a, b); }
  static Vector choose_if_equal(Vector a, Vector b, Vector then, Vector otherwise) {
    return _mm512_mask_blend_epi8(_mm512_cmpeq_epi8_mask(a, b), otherwise, then);
  }
  static Vector negate_if_negative(Vector a, Vector sign) {
    return _mm512_mask_sub_epi8(a, _mm512_movepi8_mask(sign), _mm512_setzero_si512(), a);
  }
  static bool any_negative(Vector a) { return _mm512_movepi8_mask(a) != 0; }
};

}  // namespace

bool update_row_avx512(const RowTask& task) { return update_row<Avx512>(task); }

}  // namespace bellows::ecc
