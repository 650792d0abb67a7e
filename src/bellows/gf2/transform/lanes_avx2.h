#pragma once

#include <immintrin.h>

#include "bellows/gf2/transform/nibble_products.h"

namespace bellows::gf2::transform {
namespace {

struct Avx2Ops {
  static constexpr int width = 32;
  using V = __m256i;

  static BELLOWS_INLINE V load(const void* p) { return _mm256_loadu_si256(static_cast<const V*>(p)); }
  static BELLOWS_INLINE void store(void* p, V v) { _mm256_storeu_si256(static_cast<V*>(p), v); }
  static BELLOWS_INLINE void stream(void* p, V v) { _mm256_stream_si256(static_cast<V*>(p), v); }
  static BELLOWS_INLINE void stream_fence() { _mm_sfence(); }
  static BELLOWS_INLINE V zero() { return _mm256_setzero_si256(); }
  static BELLOWS_INLINE V broadcast(std::uint8_t byte) { return _mm256_set1_epi8(static_cast<char>(byte)); }
  static BELLOWS_INLINE V add(V a, V b) { return _mm256_xor_si256(a, b); }
  static BELLOWS_INLINE V add3(V a, V b, V c) { return add(a, add(b, c)); }
  static BELLOWS_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
  static BELLOWS_INLINE void prefetch_far(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1); }

  static BELLOWS_INLINE V low_nibble(V v) { return _mm256_and_si256(v, _mm256_set1_epi8(15)); }
  static BELLOWS_INLINE V high_nibble(V v) { return low_nibble(_mm256_srli_epi16(v, 4)); }
  static BELLOWS_INLINE V load_table(const std::uint8_t* table) {
    return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(table)));
  }
  static BELLOWS_INLINE V shuffle(V table, V index) { return _mm256_shuffle_epi8(table, index); }
  static BELLOWS_INLINE V add_saturated(V a, V b) { return _mm256_adds_epu8(a, b); }
  static BELLOWS_INLINE V subtract(V a, V b) { return _mm256_sub_epi8(a, b); }
  static BELLOWS_INLINE V minimum(V a, V b) { return _mm256_min_epu8(a, b); }

  static BELLOWS_INLINE V reverse_bytes(V v) {
    const __m128i order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm256_permute4x64_epi64(_mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(order)), 0x4e);
  }
  static BELLOWS_INLINE void deinterleave(V a, V b, V& even, V& odd) {
    const __m128i order = _mm_set_epi8(15, 13, 11, 9, 7, 5, 3, 1, 14, 12, 10, 8, 6, 4, 2, 0);
    a = _mm256_shuffle_epi8(a, _mm256_broadcastsi128_si256(order));
    b = _mm256_shuffle_epi8(b, _mm256_broadcastsi128_si256(order));
    even = _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(a, b), 0xd8);
    odd = _mm256_permute4x64_epi64(_mm256_unpackhi_epi64(a, b), 0xd8);
  }
  static BELLOWS_INLINE void interleave(V even, V odd, V& a, V& b) {
    const V low = _mm256_unpacklo_epi8(even, odd), high = _mm256_unpackhi_epi8(even, odd);
    a = _mm256_permute2x128_si256(low, high, 0x20);
    b = _mm256_permute2x128_si256(low, high, 0x31);
  }
  static BELLOWS_INLINE V join_pieces(const std::uint8_t* const (&piece)[2]) {
    return _mm256_loadu2_m128i(reinterpret_cast<const __m128i*>(piece[1]), reinterpret_cast<const __m128i*>(piece[0]));
  }
  static BELLOWS_INLINE void store_pieces(std::uint8_t* first, std::size_t stride, V v) {
    _mm256_storeu2_m128i(reinterpret_cast<__m128i*>(first + stride), reinterpret_cast<__m128i*>(first), v);
  }
  static BELLOWS_INLINE V broadcast_pieces(const std::uint8_t (&byte)[2]) {
    return _mm256_set_m128i(_mm_set1_epi8(static_cast<char>(byte[1])), _mm_set1_epi8(static_cast<char>(byte[0])));
  }
  /// Each piece `count` places on; into the gap comes the end of the piece before.
  template <int count>
  static BELLOWS_INLINE V shift_pieces(V piece, V before) {
    return _mm256_alignr_epi8(piece, before, 16 - count);
  }
  /// Two times 16 x 16 bytes, side by side.
  static BELLOWS_INLINE void transpose_pieces(V* r) {
    V t[16];
    BELLOWS_UNROLL for (int round = 0; round < 4; ++round) {
      BELLOWS_UNROLL for (int i = 0; i < 8; ++i) {
        t[2 * i] = _mm256_unpacklo_epi8(r[i], r[i + 8]);
        t[2 * i + 1] = _mm256_unpackhi_epi8(r[i], r[i + 8]);
      }
      BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = t[i];
    }
  }
  /// width x width bytes: byte j of vector i goes to byte i of vector j.
  static BELLOWS_INLINE void transpose(const V* from, std::size_t from_stride, V* to, std::size_t to_stride) {
    auto row = [&](int i) { return load(from + static_cast<std::size_t>(i) * from_stride); };
    V halves[2][16];  // the k-th 16 bytes of rows i and i + 16 in one vector: two 16 x 16 blocks side by side
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i) {
      halves[0][i] = _mm256_permute2x128_si256(row(i), row(i + 16), 0x20);
      halves[1][i] = _mm256_permute2x128_si256(row(i), row(i + 16), 0x31);
    }
    BELLOWS_UNROLL for (int k = 0; k < 2; ++k) {
      V* r = halves[k];
      transpose_pieces(r);
      BELLOWS_UNROLL for (int i = 0; i < 16; ++i) store(to + static_cast<std::size_t>(16 * k + i) * to_stride, r[i]);
    }
  }
};

using Avx2Lanes = NibbleProducts<Avx2Ops>;

}  // namespace
}  // namespace bellows::gf2::transform
