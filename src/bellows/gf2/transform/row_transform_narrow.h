#pragma once

#include "bellows/gf2/transform/row_transform.h"

namespace bellows::gf2::transform {

// The levels of the bits b for kernels to which products of two variables are dear (nibble_products.h). Vectors are made of
// pieces of sixteen bytes, each from another a, so that a piece's lanes run over half of the bits b:
//
//   levels 7 .. 4  lanes are the low nibble of b: the twiddles are constants of the piece.
//   levels 3 .. 0  after a transposition in each piece lanes are the high nibble of b: the twiddles differ from lane to
//                  lane by elements of GF(2^8) only, so half of the products are by constants.
//
// As values: [a / pieces][low nibble][p], lanes are the high nibble in each piece.

/// A constant of GF(2^16) for each piece.
template <class L>
struct PieceConstant16 {
  typename L::PieceMap c0, c1, lambda_c1, c01;

  BELLOWS_INLINE PieceConstant16(const typename L::Constants& constants, const std::uint32_t (&c)[L::pieces]) {
    const NibbleForm* form[4][L::pieces];
    BELLOWS_UNROLL for (int g = 0; g < L::pieces; ++g) {
      const std::uint8_t low = static_cast<std::uint8_t>(c[g]), high = static_cast<std::uint8_t>(c[g] >> 8);
      form[0][g] = &constants.multiplier[low];
      form[1][g] = &constants.multiplier[high];
      form[2][g] = &constants.multiplier[constants.lambda8_times[high]];
      form[3][g] = &constants.multiplier[low ^ high];
    }
    c0 = L::piece_map(form[0]);
    c1 = L::piece_map(form[1]);
    lambda_c1 = L::piece_map(form[2]);
    c01 = L::piece_map(form[3]);
  }
};

/// One level above the lanes: blocks of 2 half vectors of v[16][4].
template <class L, bool inverse, int half>
BELLOWS_INLINE void level_of_high_nibble(typename L::V (*v)[4], int y, int a, const typename L::Constants& constants,
                                         const Twiddles& t) {
  using V = typename L::V;
  constexpr int s = half == 8 ? 7 : half == 4 ? 6 : half == 2 ? 5 : 4;
  const std::uint32_t row = t.row[y][s], e = row >> 16;
  for (int start = 0, q = 0; start < 16; start += 2 * half, ++q) {
    std::uint32_t c[L::pieces], c_e[L::pieces];
    BELLOWS_UNROLL for (int g = 0; g < L::pieces; ++g) {
      c[g] = (row ^ t.lane[s][a + g] ^ t.span[q]) & 0xffff;
      c_e[g] = c[g] ^ e;
    }
    const PieceConstant16<L> twiddle(constants, c);
    if (e == 0) {
      for (int i = 0; i < half; ++i)
        butterfly<L, inverse, 4>(v[start + i], v[start + i + half], [&](V* x, const V* z) {
          multiply_add<L>(x, z, twiddle);
          multiply_add<L>(x + 2, z + 2, twiddle);
        });
    } else {
      const PieceConstant16<L> twiddle_e(constants, c_e);
      const auto e_lambda16 = Constant16<L>::of(constants, t.lambda16_times[e]);
      for (int i = 0; i < half; ++i)
        butterfly<L, inverse, 4>(v[start + i], v[start + i + half], [&](V* x, const V* z) {
          V both[2] = {L::add(z[0], z[2]), L::add(z[1], z[3])}, product[2] = {L::zero(), L::zero()};
          multiply_add<L>(product, z, twiddle);
          x[0] = L::add(x[0], product[0]);
          x[1] = L::add(x[1], product[1]);
          multiply_add<L>(x, z + 2, e_lambda16);
          multiply_add<L>(product, both, twiddle_e);
          x[2] = L::add(x[2], product[0]);
          x[3] = L::add(x[3], product[1]);
        });
    }
  }
}

/// One level below the lanes.
template <class L, bool inverse, int half, bool has_u>
BELLOWS_INLINE void level_of_low_nibble(typename L::V (*v)[4], int y, int a, const typename L::Constants& constants,
                                        const Twiddles& t) {
  using V = typename L::V;
  constexpr int s = half == 8 ? 3 : half == 4 ? 2 : half == 2 ? 1 : 0;
  const std::uint32_t row = t.row[y][s];
  const std::uint8_t e = static_cast<std::uint8_t>(row >> 16);
  const V lanes = L::load_table(constants.nibble_lane[s]), e_lanes = L::broadcast(constants.internal[e]);
  const auto e_lambda16 = Constant16<L>::of(constants, t.lambda16_times[e]);
  // The factor of w does not differ from block to block.
  std::uint8_t c1[L::pieces];
  const NibbleForm *c1_form[L::pieces], *lambda_form[L::pieces];
  BELLOWS_UNROLL for (int g = 0; g < L::pieces; ++g) {
    const auto high = static_cast<std::uint8_t>((row ^ t.lane[s][a + g]) >> 8);
    c1[g] = constants.internal[high];
    c1_form[g] = &constants.multiplier[high];
    lambda_form[g] = &constants.multiplier[constants.lambda8_times[high]];
  }
  const V c1_lanes = L::broadcast_pieces(c1);
  const typename L::PieceMap times_c1 = L::piece_map(c1_form), times_lambda_c1 = L::piece_map(lambda_form);
  for (int start = 0, q = 0; start < 16; start += 2 * half, ++q) {
    std::uint8_t low[L::pieces];
    BELLOWS_UNROLL for (int g = 0; g < L::pieces; ++g)
      low[g] = constants.internal[(row ^ t.lane[s][a + g] ^ t.span[q]) & 255];
    const V c0_lanes = L::add(lanes, L::broadcast_pieces(low)), c01_lanes = L::add(c0_lanes, c1_lanes);
    const auto c0 = L::factor(c0_lanes), c01 = L::factor(c01_lanes);
    auto pair = [&](const V* z, const auto& f0, const auto& f01, V& p0, V& p1) {
      const auto z0 = L::split(z[0]), z1 = L::split(z[1]);
      p0 = L::add(L::product(L::factor(z[0]), f0), L::apply(z1, times_lambda_c1));
      p1 = L::add(L::product(L::factor(z[1]), f01), L::apply(z0, times_c1));
    };
    if constexpr (!has_u) {
      for (int i = 0; i < half; ++i)
        butterfly<L, inverse, 4>(v[start + i], v[start + i + half], [&](V* x, const V* z) {
          BELLOWS_UNROLL for (int p = 0; p < 4; p += 2) {
            V p0, p1;
            pair(z + p, c0, c01, p0, p1);
            x[p] = L::add(x[p], p0);
            x[p + 1] = L::add(x[p + 1], p1);
          }
        });
    } else {
      const auto c0_e = L::factor(L::add(c0_lanes, e_lanes)), c01_e = L::factor(L::add(c01_lanes, e_lanes));
      for (int i = 0; i < half; ++i)
        butterfly<L, inverse, 4>(v[start + i], v[start + i + half], [&](V* x, const V* z) {
          const V both[2] = {L::add(z[0], z[2]), L::add(z[1], z[3])};
          V p0, p1, q0, q1;
          pair(z, c0, c01, p0, p1);
          pair(both, c0_e, c01_e, q0, q1);
          x[0] = L::add(x[0], p0);
          x[1] = L::add(x[1], p1);
          multiply_add<L>(x, z + 2, e_lambda16);
          x[2] = L::add3(x[2], p0, q0);
          x[3] = L::add3(x[3], p1, q1);
        });
    }
  }
}

template <class L, bool inverse, int half>
BELLOWS_INLINE void level_of_low_nibble(typename L::V (*v)[4], int y, int a, const typename L::Constants& constants,
                                        const Twiddles& t) {
  constexpr int s = half == 8 ? 3 : half == 4 ? 2 : half == 2 ? 1 : 0;
  if (t.row[y][s] >> 16 != 0)
    level_of_low_nibble<L, inverse, half, true>(v, y, a, constants, t);
  else
    level_of_low_nibble<L, inverse, half, false>(v, y, a, constants, t);
}

/// step(r) on the sixteen vectors of each plane.
template <class L, class Step>
BELLOWS_INLINE void on_each_plane(typename L::V (*v)[4], const Step& step) {
  for (int p = 0; p < 4; ++p) {
    typename L::V r[16];
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = v[i][p];
    step(r);
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i) v[i][p] = r[i];
  }
}

// The expansion of the bits b in powers of x^16 + x (basis_conversion.h), with the sixteen pieces of a row's 256 bytes in
// registers: levels 7 .. 4, where level h moves 2^(h - 4) pieces by as many places.

template <class L, int count>
BELLOWS_INLINE void expand_pieces_level(typename L::V* r) {
  r[count] = L::add(r[count], L::template shift_pieces<count>(L::zero(), r[2 * count - 1]));
  BELLOWS_UNROLL for (int i = 0; i < count; ++i)
    r[i] = L::add(r[i], L::template shift_pieces<count>(r[count + i], i > 0 ? r[count + i - 1] : L::zero()));
}

template <class L, int count>
BELLOWS_INLINE void contract_pieces_level(typename L::V* r) {
  BELLOWS_UNROLL for (int i = 0; i < count; ++i)
    r[i] = L::add(r[i], L::template shift_pieces<count>(r[count + i], i > 0 ? r[count + i - 1] : L::zero()));
  r[count] = L::add(r[count], L::template shift_pieces<count>(L::zero(), r[2 * count - 1]));
}

template <class L, int count = 8>
BELLOWS_INLINE void expand_pieces(typename L::V* r) {
  if constexpr (count > 0) {
    BELLOWS_UNROLL for (int start = 0; start < 16; start += 2 * count) expand_pieces_level<L, count>(r + start);
    expand_pieces<L, count / 2>(r);
  }
}

template <class L, int count = 8>
BELLOWS_INLINE void contract_pieces(typename L::V* r) {
  if constexpr (count > 0) {
    contract_pieces<L, count / 2>(r);
    BELLOWS_UNROLL for (int start = 0; start < 16; start += 2 * count) contract_pieces_level<L, count>(r + start);
  }
}

/// All levels of the bits b for the pieces a .. a + pieces - 1; v[16][4] with lanes as in the planes before, as in the
/// values after (the inverse: the other way round).
template <class L>
BELLOWS_INLINE void pieces_forward(typename L::V (*v)[4], int y, int a, const typename L::Constants& constants,
                                   const Twiddles& t) {
  using V = typename L::V;
  on_each_plane<L>(v, [](V* r) {
    expand_pieces<L>(r);
    to_novel_in_registers<L, 4>(r);
  });
  level_of_high_nibble<L, false, 8>(v, y, a, constants, t);
  level_of_high_nibble<L, false, 4>(v, y, a, constants, t);
  level_of_high_nibble<L, false, 2>(v, y, a, constants, t);
  level_of_high_nibble<L, false, 1>(v, y, a, constants, t);
  on_each_plane<L>(v, [](V* r) {
    L::transpose_pieces(r);
    to_novel_in_registers<L, 4>(r);
  });
  level_of_low_nibble<L, false, 8>(v, y, a, constants, t);
  level_of_low_nibble<L, false, 4>(v, y, a, constants, t);
  level_of_low_nibble<L, false, 2>(v, y, a, constants, t);
  level_of_low_nibble<L, false, 1>(v, y, a, constants, t);
}

template <class L>
BELLOWS_INLINE void pieces_inverse(typename L::V (*v)[4], int y, int a, const typename L::Constants& constants,
                                   const Twiddles& t) {
  using V = typename L::V;
  level_of_low_nibble<L, true, 1>(v, y, a, constants, t);
  level_of_low_nibble<L, true, 2>(v, y, a, constants, t);
  level_of_low_nibble<L, true, 4>(v, y, a, constants, t);
  level_of_low_nibble<L, true, 8>(v, y, a, constants, t);
  on_each_plane<L>(v, [](V* r) {
    from_novel_in_registers<L, 4>(r);
    L::transpose_pieces(r);
  });
  level_of_high_nibble<L, true, 1>(v, y, a, constants, t);
  level_of_high_nibble<L, true, 2>(v, y, a, constants, t);
  level_of_high_nibble<L, true, 4>(v, y, a, constants, t);
  level_of_high_nibble<L, true, 8>(v, y, a, constants, t);
  on_each_plane<L>(v, [](V* r) {
    from_novel_in_registers<L, 4>(r);
    contract_pieces<L>(r);
  });
}

/// Levels of the bits a on all columns, from planes to planes; on the way back also their conversion.
template <class L, bool inverse>
void row_levels_a(const std::uint8_t* from, std::uint8_t* to, int y, RowScratch<L>& scratch) {
  for (int column = 0; column < 256; column += L::width)
    for (std::size_t half = 0; half < 2; ++half) {
      const std::size_t at = 2 * half * row_points + static_cast<std::size_t>(column);
      for (std::size_t a = 0; a < 256; ++a)
        for (std::size_t p = 0; p < 2; ++p) scratch.pair[a][p] = L::load(from + at + p * row_points + 256 * a);
      levels_a<L, inverse>(scratch.pair, y);
      for (std::size_t p = 0; p < 2; ++p) {
        auto* const plane = reinterpret_cast<typename L::V*>(to + at + p * row_points);
        if constexpr (inverse)
          from_novel_256<L>(&scratch.pair[0][p], 2, plane, 256 / L::width, scratch.line);
        else
          for (std::size_t a = 0; a < 256; ++a) plane[a * (256 / L::width)] = scratch.pair[a][p];
      }
    }
}

/// As row_forward() and row_inverse() of row_transform.h.
template <class L>
void row_forward_narrow(const std::uint8_t* row, std::uint8_t* to, int y, RowScratch<L>& scratch) {
  using V = typename L::V;
  const auto& constants = L::constants();
  const Twiddles& t = twiddles();
  auto* planes = reinterpret_cast<std::uint8_t*>(scratch.planes);
  row_levels_a<L, false>(row, planes, y, scratch);
  V* values = reinterpret_cast<V*>(to);
  for (int a = 0; a < 256; a += L::pieces, values += 64) {
    V v[16][4];
    for (std::size_t i = 0; i < 16; ++i)
      for (std::size_t p = 0; p < 4; ++p)
        v[i][p] = L::load_pieces(planes + p * row_points + 256 * static_cast<std::size_t>(a) + 16 * i, 256);
    pieces_forward<L>(v, y, a, constants, t);
    for (int i = 0; i < 64; ++i) L::stream(values + i, v[i / 4][i % 4]);
  }
}

template <class L>
void row_inverse_narrow(std::uint8_t* row, int y, RowScratch<L>& scratch) {
  using V = typename L::V;
  const auto& constants = L::constants();
  const Twiddles& t = twiddles();
  auto* planes = reinterpret_cast<std::uint8_t*>(scratch.planes);
  const V* values = reinterpret_cast<const V*>(row);
  for (int a = 0; a < 256; a += L::pieces, values += 64) {
    V v[16][4];
    for (int i = 0; i < 64; ++i) v[i / 4][i % 4] = values[i];
    pieces_inverse<L>(v, y, a, constants, t);
    for (std::size_t i = 0; i < 16; ++i)
      for (std::size_t p = 0; p < 4; ++p)
        L::store_pieces(planes + p * row_points + 256 * static_cast<std::size_t>(a) + 16 * i, 256, v[i][p]);
  }
  row_levels_a<L, true>(planes, row, y, scratch);
  for (std::size_t p = 0; p < 4; ++p) contract_plane<L>(row + p * row_points, row_points, 8);
}

}  // namespace bellows::gf2::transform
