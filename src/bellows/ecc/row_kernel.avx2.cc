#include "bellows/ecc/row_kernel.h"

#include <immintrin.h>

namespace bellows::ecc {
namespace {

struct Avx2 {
  static constexpr std::size_t width = 32;
  using Vector = __m256i;
  static Vector load(const std::int8_t* from) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(from)); }
  static void store(std::int8_t* to, Vector v) { _mm256_store_si256(reinterpret_cast<__m256i*>(to), v); }
  static Vector all(int x) { return _mm256_set1_epi8(static_cast<char>(x)); }
  static Vector bit_xor(Vector a, Vector b) { return _mm256_xor_si256(a, b); }
  static Vector clamped_subtract(Vector a, Vector b) { return _mm256_max_epi8(_mm256_subs_epi8(a, b), all(-127)); }
  static Vector clamped_add(Vector a, Vector b) { return _mm256_max_epi8(_mm256_adds_epi8(a, b), all(-127)); }
  static Vector magnitude(Vector a) { return _mm256_abs_epi8(a); }
  static Vector min(Vector a, Vector b) { return _mm256_min_epi8(a, b); }
  static Vector max(Vector a, Vector b) { return _mm256_max_epi8(a, b); }
  static Vector choose_if_equal(Vector a, Vector b, Vector then, Vector otherwise) {
    return _mm256_blendv_epi8(otherwise, then, _mm256_cmpeq_epi8(a, b));
  }
  static Vector negate_if_negative(Vector a, Vector sign) {
    return _mm256_sign_epi8(a, _mm256_or_si256(sign, _mm256_set1_epi8(1)));
  }
  static bool any_negative(Vector a) { return _mm256_movemask_epi8(a) != 0; }
};

}  // namespace

bool update_row_avx2(const RowTask& task) { return update_row<Avx2>(task); }

}  // namespace bellows::ecc
