#pragma once

#include <immintrin.h>

#include "bellows/gf2/transform/nibble_products.h"

namespace bellows::gf2::transform {
namespace {

struct SseOps {
  static constexpr int width = 16;
  using V = __m128i;

  static BELLOWS_INLINE V load(const void* p) { return _mm_loadu_si128(static_cast<const V*>(p)); }
  static BELLOWS_INLINE void store(void* p, V v) { _mm_storeu_si128(static_cast<V*>(p), v); }
  static BELLOWS_INLINE void stream(void* p, V v) { _mm_stream_si128(static_cast<V*>(p), v); }
  static BELLOWS_INLINE void stream_fence() { _mm_sfence(); }
  static BELLOWS_INLINE V zero() { return _mm_setzero_si128(); }
  static BELLOWS_INLINE V broadcast(std::uint8_t byte) { return _mm_set1_epi8(static_cast<char>(byte)); }
  static BELLOWS_INLINE V add(V a, V b) { return _mm_xor_si128(a, b); }
  static BELLOWS_INLINE V add3(V a, V b, V c) { return add(a, add(b, c)); }
  static BELLOWS_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
  static BELLOWS_INLINE void prefetch_far(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1); }

  static BELLOWS_INLINE V low_nibble(V v) { return _mm_and_si128(v, _mm_set1_epi8(15)); }
  static BELLOWS_INLINE V high_nibble(V v) { return low_nibble(_mm_srli_epi16(v, 4)); }
  static BELLOWS_INLINE V load_table(const std::uint8_t* table) {
    return _mm_load_si128(reinterpret_cast<const V*>(table));
  }
  static BELLOWS_INLINE V shuffle(V table, V index) { return _mm_shuffle_epi8(table, index); }
  static BELLOWS_INLINE V add_saturated(V a, V b) { return _mm_adds_epu8(a, b); }
  static BELLOWS_INLINE V subtract(V a, V b) { return _mm_sub_epi8(a, b); }
  static BELLOWS_INLINE V minimum(V a, V b) { return _mm_min_epu8(a, b); }

  static BELLOWS_INLINE V reverse_bytes(V v) {
    return _mm_shuffle_epi8(v, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  }
  static BELLOWS_INLINE void deinterleave(V a, V b, V& even, V& odd) {
    const V order = _mm_set_epi8(15, 13, 11, 9, 7, 5, 3, 1, 14, 12, 10, 8, 6, 4, 2, 0);
    a = _mm_shuffle_epi8(a, order);
    b = _mm_shuffle_epi8(b, order);
    even = _mm_unpacklo_epi64(a, b);
    odd = _mm_unpackhi_epi64(a, b);
  }
  static BELLOWS_INLINE void interleave(V even, V odd, V& a, V& b) {
    a = _mm_unpacklo_epi8(even, odd);
    b = _mm_unpackhi_epi8(even, odd);
  }
  static BELLOWS_INLINE V join_pieces(const std::uint8_t* const (&piece)[1]) { return load(piece[0]); }
  static BELLOWS_INLINE void store_pieces(std::uint8_t* first, std::size_t, V v) { store(first, v); }
  static BELLOWS_INLINE V broadcast_pieces(const std::uint8_t (&byte)[1]) { return broadcast(byte[0]); }
  /// Each piece `count` places on; into the gap comes the end of the piece before.
  template <int count>
  static BELLOWS_INLINE V shift_pieces(V piece, V before) {
    return _mm_alignr_epi8(piece, before, 16 - count);
  }
  /// 16 x 16 bytes.
  static BELLOWS_INLINE void transpose_pieces(V* r) {
    V t[16];
    BELLOWS_UNROLL for (int round = 0; round < 4; ++round) {
      BELLOWS_UNROLL for (int i = 0; i < 8; ++i) interleave(r[i], r[i + 8], t[2 * i], t[2 * i + 1]);
      BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = t[i];
    }
  }
  /// width x width bytes: byte j of vector i goes to byte i of vector j.
  static BELLOWS_INLINE void transpose(const V* from, std::size_t from_stride, V* to, std::size_t to_stride) {
    V r[16];
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = from[static_cast<std::size_t>(i) * from_stride];
    transpose_pieces(r);
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i) to[static_cast<std::size_t>(i) * to_stride] = r[i];
  }
};

using SseLanes = NibbleProducts<SseOps>;

}  // namespace
}  // namespace bellows::gf2::transform
