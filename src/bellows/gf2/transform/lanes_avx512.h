#pragma once

#include <immintrin.h>

#include "bellows/gf2/transform/nibble_products.h"

namespace bellows::gf2::transform {
namespace {

struct Avx512Ops {
  static constexpr int width = 64;
  using V = __m512i;

  static BELLOWS_INLINE V load(const void* p) { return _mm512_loadu_si512(p); }
  static BELLOWS_INLINE void store(void* p, V v) { _mm512_storeu_si512(p, v); }
  static BELLOWS_INLINE void stream(void* p, V v) { _mm512_stream_si512(static_cast<V*>(p), v); }
  static BELLOWS_INLINE void stream_fence() { _mm_sfence(); }
  static BELLOWS_INLINE V zero() { return _mm512_setzero_si512(); }
  static BELLOWS_INLINE V broadcast(std::uint8_t byte) { return _mm512_set1_epi8(static_cast<char>(byte)); }
  static BELLOWS_INLINE V add(V a, V b) { return _mm512_xor_si512(a, b); }
  static BELLOWS_INLINE V add3(V a, V b, V c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
  static BELLOWS_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
  static BELLOWS_INLINE void prefetch_far(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1); }

  static BELLOWS_INLINE V low_nibble(V v) { return _mm512_and_si512(v, _mm512_set1_epi8(15)); }
  static BELLOWS_INLINE V high_nibble(V v) { return low_nibble(_mm512_srli_epi16(v, 4)); }
  static BELLOWS_INLINE V load_table(const std::uint8_t* table) {
    return _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(table)));
  }
  static BELLOWS_INLINE V shuffle(V table, V index) { return _mm512_shuffle_epi8(table, index); }
  static BELLOWS_INLINE V add_saturated(V a, V b) { return _mm512_adds_epu8(a, b); }
  static BELLOWS_INLINE V subtract(V a, V b) { return _mm512_sub_epi8(a, b); }
  static BELLOWS_INLINE V minimum(V a, V b) { return _mm512_min_epu8(a, b); }

  static BELLOWS_INLINE V reverse_bytes(V v) {
    const __m128i order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    v = _mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(order));
    return _mm512_shuffle_i64x2(v, v, 0x1b);
  }
  static BELLOWS_INLINE void deinterleave(V a, V b, V& even, V& odd) {
    const __m128i order = _mm_set_epi8(15, 13, 11, 9, 7, 5, 3, 1, 14, 12, 10, 8, 6, 4, 2, 0);
    const V evens = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0), odds = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
    a = _mm512_shuffle_epi8(a, _mm512_broadcast_i32x4(order));
    b = _mm512_shuffle_epi8(b, _mm512_broadcast_i32x4(order));
    even = _mm512_permutex2var_epi64(a, evens, b);
    odd = _mm512_permutex2var_epi64(a, odds, b);
  }
  static BELLOWS_INLINE void interleave(V even, V odd, V& a, V& b) {
    const V first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0), second = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    const V low = _mm512_unpacklo_epi8(even, odd), high = _mm512_unpackhi_epi8(even, odd);
    a = _mm512_permutex2var_epi64(low, first, high);
    b = _mm512_permutex2var_epi64(low, second, high);
  }
  static BELLOWS_INLINE V join_pieces(const std::uint8_t* const (&piece)[4]) {
    auto load_piece = [&](int g) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(piece[g])); };
    const V low = _mm512_inserti32x4(_mm512_castsi128_si512(load_piece(0)), load_piece(1), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(low, load_piece(2), 2), load_piece(3), 3);
  }
  static BELLOWS_INLINE void store_pieces(std::uint8_t* first, std::size_t stride, V v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(first), _mm512_castsi512_si128(v));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(first + stride), _mm512_extracti32x4_epi32(v, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(first + 2 * stride), _mm512_extracti32x4_epi32(v, 2));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(first + 3 * stride), _mm512_extracti32x4_epi32(v, 3));
  }
  static BELLOWS_INLINE V broadcast_pieces(const std::uint8_t (&byte)[4]) {
    auto twice = [&](int g) { return static_cast<long long>(byte[g] * 0x0101010101010101u); };
    return _mm512_set_epi64(twice(3), twice(3), twice(2), twice(2), twice(1), twice(1), twice(0), twice(0));
  }
  /// Each piece `count` places on; into the gap comes the end of the piece before.
  template <int count>
  static BELLOWS_INLINE V shift_pieces(V piece, V before) {
    return _mm512_alignr_epi8(piece, before, 16 - count);
  }
  /// Four times 16 x 16 bytes, side by side.
  static BELLOWS_INLINE void transpose_pieces(V* r) {
    V t[16];
    BELLOWS_UNROLL for (int round = 0; round < 4; ++round) {
      BELLOWS_UNROLL for (int i = 0; i < 8; ++i) {
        t[2 * i] = _mm512_unpacklo_epi8(r[i], r[i + 8]);
        t[2 * i + 1] = _mm512_unpackhi_epi8(r[i], r[i + 8]);
      }
      BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = t[i];
    }
  }
  /// width x width bytes: byte j of vector i goes to byte i of vector j.
  static BELLOWS_INLINE void transpose(const V* from, std::size_t from_stride, V* to, std::size_t to_stride) {
    auto row = [&](int i) { return load(from + static_cast<std::size_t>(i) * from_stride); };
    V quarters[4][16];  // the k-th 16 bytes of rows i, i + 16, i + 32, i + 48: four 16 x 16 blocks side by side
    for (int i = 0; i < 16; ++i) {
      const V r0 = row(i), r1 = row(i + 16), r2 = row(i + 32), r3 = row(i + 48);
      const V low01 = _mm512_shuffle_i64x2(r0, r1, 0x44), high01 = _mm512_shuffle_i64x2(r0, r1, 0xee);
      const V low23 = _mm512_shuffle_i64x2(r2, r3, 0x44), high23 = _mm512_shuffle_i64x2(r2, r3, 0xee);
      quarters[0][i] = _mm512_shuffle_i64x2(low01, low23, 0x88);
      quarters[1][i] = _mm512_shuffle_i64x2(low01, low23, 0xdd);
      quarters[2][i] = _mm512_shuffle_i64x2(high01, high23, 0x88);
      quarters[3][i] = _mm512_shuffle_i64x2(high01, high23, 0xdd);
    }
    for (int k = 0; k < 4; ++k) {
      V* r = quarters[k];
      transpose_pieces(r);
      BELLOWS_UNROLL for (int i = 0; i < 16; ++i) store(to + static_cast<std::size_t>(16 * k + i) * to_stride, r[i]);
    }
  }
};

using Avx512Lanes = NibbleProducts<Avx512Ops>;

}  // namespace
}  // namespace bellows::gf2::transform
