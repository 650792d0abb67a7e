#pragma once

#include <cstdint>
#include <cstring>

#include "bellows/gf2/transform/inline.h"
#include "bellows/gf2/transform/tables.h"

namespace bellows::gf2::transform {
namespace {

/// Sixteen bytes a vector, in plain C++ with the compilers' vector types. No table is indexed by data.
struct PortableLanes {
  static constexpr int width = 16;
  typedef std::uint8_t V __attribute__((vector_size(16), may_alias));
  static constexpr bool narrow = false;
  using Constants = Tables<ColumnForm>;
  static const Constants& constants() { return column_tables(); }

  static BELLOWS_INLINE V load(const void* p) {
    V v;
    std::memcpy(&v, p, sizeof v);
    return v;
  }
  static BELLOWS_INLINE void store(void* p, V v) { std::memcpy(p, &v, sizeof v); }
  static BELLOWS_INLINE void stream(void* p, V v) { store(p, v); }
  static BELLOWS_INLINE void stream_fence() {}
  static BELLOWS_INLINE V zero() { return V{}; }
  static BELLOWS_INLINE V broadcast(std::uint8_t byte) { return V{} + byte; }
  static BELLOWS_INLINE V add(V a, V b) { return a ^ b; }
  static BELLOWS_INLINE V add3(V a, V b, V c) { return a ^ b ^ c; }
  static BELLOWS_INLINE void prefetch(const void* p) { __builtin_prefetch(p); }
  static BELLOWS_INLINE void prefetch_far(const void* p) { __builtin_prefetch(p, 0, 2); }

  // A linear map applied to all bytes. `Split` is what several maps of one vector share.
  using Split = V;
  using Map = const ColumnForm*;
  static BELLOWS_INLINE Split split(V v) { return v; }
  static BELLOWS_INLINE Map map(const ColumnForm& form) { return &form; }
  static BELLOWS_INLINE V apply(Split v, Map map) {
    V sum{};
    BELLOWS_UNROLL for (int i = 0; i < 8; ++i) sum ^= bit_mask(v, i) & map->image[i];
    return sum;
  }

  // Products of two variables.
  using Factor = V;
  static BELLOWS_INLINE Factor factor(V v) { return v; }
  static BELLOWS_INLINE V product(Factor a, Factor b) {
    V sum{};
    BELLOWS_UNROLL for (int i = 0; i < 8; ++i) {
      sum ^= bit_mask(b, i) & a;
      a = (a + a) ^ (bit_mask(a, 7) & 0x1b);
    }
    return sum;
  }

  static BELLOWS_INLINE V reverse_bytes(V v) {
    return __builtin_shufflevector(v, v, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  }
  static BELLOWS_INLINE void deinterleave(V a, V b, V& even, V& odd) {
    even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  }
  static BELLOWS_INLINE void interleave(V even, V odd, V& a, V& b) {
    a = __builtin_shufflevector(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    b = __builtin_shufflevector(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }
  /// width x width bytes: byte j of vector i goes to byte i of vector j.
  static void transpose(const V* from, std::size_t from_stride, V* to, std::size_t to_stride) {
    V r[16], t[16];
    for (int i = 0; i < 16; ++i) r[i] = from[static_cast<std::size_t>(i) * from_stride];
    for (int round = 0; round < 4; ++round) {
      for (int i = 0; i < 8; ++i) interleave(r[i], r[i + 8], t[2 * i], t[2 * i + 1]);
      for (int i = 0; i < 16; ++i) r[i] = t[i];
    }
    for (int i = 0; i < 16; ++i) to[static_cast<std::size_t>(i) * to_stride] = r[i];
  }

 private:
  static BELLOWS_INLINE V bit_mask(V v, int i) {
    const std::uint8_t bit = static_cast<std::uint8_t>(1 << i);  // a variable: with sanitizers the cast alone is an int
    return V((v & bit) != 0);
  }
};

}  // namespace
}  // namespace bellows::gf2::transform
