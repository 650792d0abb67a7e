#pragma once

#include <cstdint>

#include "bellows/gf2/transform/inline.h"
#include "bellows/gf2/transform/tables.h"

namespace bellows::gf2::transform {

// A butterfly takes the halves f0 + s_j f1 of a polynomial to its values on a block and on the block's other half, whose
// points differ by 1 in s_j: a = f0 + t f1, b = a + f1, with t the twiddle. Elements of GF(2^32) are four vectors, one a
// byte plane: planes 0, 1 the GF(2^16) part, planes 2, 3 the factor of u.

/// A constant of GF(2^16), c0 + c1 w, ready to multiply: (c0 + c1 w)(b0 + b1 w) =
/// c0 b0 + lambda8 c1 b1  +  (c1 b0 + (c0 + c1) b1) w.
template <class L>
struct Constant16 {
  typename L::Map c0, c1, lambda_c1, c01;

  static BELLOWS_INLINE Constant16 of(const typename L::Constants& constants, std::uint32_t c) {
    const std::uint8_t low = static_cast<std::uint8_t>(c), high = static_cast<std::uint8_t>(c >> 8);
    return {L::map(constants.multiplier[low]), L::map(constants.multiplier[high]),
            L::map(constants.multiplier[constants.lambda8_times[high]]), L::map(constants.multiplier[low ^ high])};
  }
};

/// The constants of one level, which differ from block to block by elements of GF(2^8): c + span[q] (tables.h). Where maps
/// are vectors they are sums of maps, and half of them stay in registers.
template <class L>
struct ConstantLevel {
  std::uint32_t c;
  Constant16<L> first;

  static BELLOWS_INLINE ConstantLevel of(const typename L::Constants& constants, std::uint32_t c) {
    return {c, Constant16<L>::of(constants, c)};
  }
  BELLOWS_INLINE Constant16<L> block(const typename L::Constants& constants, const Twiddles& t, int q) const {
    if constexpr (L::narrow || L::width < 64) {
      return Constant16<L>::of(constants, c ^ t.span[q]);
    } else {
      const auto span = L::map(constants.span_multiplier[q]);
      return {L::add(first.c0, span), first.c1, first.lambda_c1, L::add(first.c01, span)};
    }
  }
};

/// a += c b on a pair of planes.
template <class L, class Constant>
BELLOWS_INLINE void multiply_add(typename L::V* a, const typename L::V* b, const Constant& c) {
  const auto b0 = L::split(b[0]), b1 = L::split(b[1]);
  a[0] = L::add3(a[0], L::apply(b0, c.c0), L::apply(b1, c.lambda_c1));
  a[1] = L::add3(a[1], L::apply(b0, c.c1), L::apply(b1, c.c01));
}

/// Twiddles that differ from lane to lane: t = c0 + c1 w + e u, with c0, c1 vectors and e a constant of GF(2^8). The
/// blocks of a level differ in c0 only, by a constant of GF(2^8). What they share:
template <class L>
struct LaneLevel {
  using V = typename L::V;
  V c0, c1;                             ///< of block 0
  typename L::Factor c1_factor, lambda_c1;
  std::uint8_t e;
  Constant16<L> e_lambda16;             ///< e u times B u is e lambda16 B + e B u

  /// In: row: the part of the row number at this level; lanes: number of the first lane.
  BELLOWS_INLINE LaneLevel(const typename L::Constants& constants, const Twiddles& t, std::uint32_t row, int level,
                           int lanes)
      : c0(L::add(L::load(constants.lane_low[level] + lanes), L::broadcast(constants.internal[row & 255]))),
        c1(L::add(L::load(constants.lane_high[level] + lanes), L::broadcast(constants.internal[row >> 8 & 255]))),
        c1_factor(L::factor(c1)),
        lambda_c1(L::factor(L::apply(L::split(c1), L::map(constants.multiplier[lambda8])))),
        e(static_cast<std::uint8_t>(row >> 16)),
        e_lambda16(Constant16<L>::of(constants, t.lambda16_times[e])) {}
};

/// And what they have for themselves; `span` is the constant.
template <class L, bool has_u>
struct LaneTwiddle {
  const LaneLevel<L>& level;
  typename L::Factor c0, c01;      ///< c0 and c0 + c1
  typename L::Factor c0_e, c01_e;  ///< with e added, if has_u

  BELLOWS_INLINE LaneTwiddle(const typename L::Constants& constants, const LaneLevel<L>& shared, std::uint8_t span)
      : level(shared) {
    const auto low = L::add(shared.c0, L::broadcast(constants.internal[span])), both = L::add(low, shared.c1);
    c0 = L::factor(low);
    c01 = L::factor(both);
    if constexpr (has_u) {
      const auto e = L::broadcast(constants.internal[shared.e]);
      c0_e = L::factor(L::add(low, e));
      c01_e = L::factor(L::add(both, e));
    }
  }
};

/// a += t b on a pair of planes, t in GF(2^16).
template <class L, class T>
BELLOWS_INLINE void multiply_add_lanes(typename L::V* a, const typename L::V* b, const T& t) {
  const auto b0 = L::factor(b[0]), b1 = L::factor(b[1]);
  a[0] = L::add3(a[0], L::product(b0, t.c0), L::product(b1, t.level.lambda_c1));
  a[1] = L::add3(a[1], L::product(b0, t.level.c1_factor), L::product(b1, t.c01));
}

/// a += t b on four planes: (c + e u)(A + B u) = c A + e lambda16 B  +  ((c + e)(A + B) + c A) u.
template <class L, bool has_u>
BELLOWS_INLINE void multiply_add_lanes_32(typename L::V* a, const typename L::V* b, const LaneTwiddle<L, has_u>& t) {
  using V = typename L::V;
  if constexpr (!has_u) {
    multiply_add_lanes<L>(a, b, t);
    multiply_add_lanes<L>(a + 2, b + 2, t);
  } else {
    const auto b0 = L::factor(b[0]), b1 = L::factor(b[1]);
    const auto s0 = L::factor(L::add(b[0], b[2])), s1 = L::factor(L::add(b[1], b[3]));
    const V p0 = L::add(L::product(b0, t.c0), L::product(b1, t.level.lambda_c1));
    const V p1 = L::add(L::product(b0, t.level.c1_factor), L::product(b1, t.c01));
    a[0] = L::add(a[0], p0);
    a[1] = L::add(a[1], p1);
    multiply_add<L>(a, b + 2, t.level.e_lambda16);
    a[2] = L::add(a[2], L::add3(p0, L::product(s0, t.c0_e), L::product(s1, t.level.lambda_c1)));
    a[3] = L::add(a[3], L::add3(p1, L::product(s0, t.level.c1_factor), L::product(s1, t.c01_e)));
  }
}

/// Forward or inverse on `planes` planes, with `step` the multiplication.
template <class L, bool inverse, int planes, class Step>
BELLOWS_INLINE void butterfly(typename L::V* a, typename L::V* b, const Step& step) {
  if constexpr (inverse) {
    BELLOWS_UNROLL for (int p = 0; p < planes; ++p) b[p] = L::add(b[p], a[p]);
  }
  step(a, b);
  if constexpr (!inverse) {
    BELLOWS_UNROLL for (int p = 0; p < planes; ++p) b[p] = L::add(b[p], a[p]);
  }
}

}  // namespace bellows::gf2::transform
