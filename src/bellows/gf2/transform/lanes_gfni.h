#pragma once

#include "bellows/gf2/transform/lanes_avx512.h"

namespace bellows::gf2::transform {
namespace {

/// AVX-512 with Galois field instructions: products of bytes and linear maps are one instruction each.
struct GfniLanes : Avx512Ops {
  static constexpr bool narrow = false;
  using Constants = Tables<MatrixForm>;
  static const Constants& constants() { return matrix_tables(); }

  using Split = V;
  using Map = V;
  static BELLOWS_INLINE Split split(V v) { return v; }
  static BELLOWS_INLINE Map map(const MatrixForm& form) { return _mm512_set1_epi64(static_cast<long long>(form)); }
  static BELLOWS_INLINE V apply(Split v, Map map) { return _mm512_gf2p8affine_epi64_epi8(v, map, 0); }

  using Factor = V;
  static BELLOWS_INLINE Factor factor(V v) { return v; }
  static BELLOWS_INLINE V product(Factor a, Factor b) { return _mm512_gf2p8mul_epi8(a, b); }
};

}  // namespace
}  // namespace bellows::gf2::transform
