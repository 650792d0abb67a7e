#pragma once

#include <cstring>

#include "bellows/gf2/transform/basis_conversion.h"
#include "bellows/gf2/transform/butterflies.h"
#include "bellows/gf2/transform/layout.h"

namespace bellows::gf2::transform {

// A row is 2^16 elements, index bits 15 .. 8 called a and 7 .. 0 called b, 256 KiB, so that it stays in the second cache.
//
//   as coefficients: planes[p][a * 256 + b], lanes run over b. The levels of the bits a work here: their twiddles are the
//     same for all lanes.
//   as values: [a / width][b][p], lanes run over a, after a transposition of tiles of width x width bytes. The levels of
//     the bits b work here: their twiddles are the same for all lanes but for a part that depends on a.

template <class L>
struct RowScratch {
  typename L::V planes[4][row_points / L::width];
  typename L::V pair[256][2];
  typename L::V line[256];
};

/// The first conversion of one plane of a row: in powers of x^256 + x, and the bits a to the novel basis.
template <class L>
void row_to_novel_a(std::uint8_t* plane, RowScratch<L>& scratch) {
  constexpr std::size_t columns = 256 / L::width;
  expand_plane<L>(plane, row_points, 8);
  auto* const f = reinterpret_cast<typename L::V*>(plane);
  for (std::size_t column = 0; column < columns; ++column)
    to_novel_256<L>(f + column, columns, f + column, columns, scratch.line);
}

/// Two levels at once, `high` on pairs two apart and `low` on neighbours; the inverse in the other order.
template <bool inverse, class High, class Low0, class Low1, class G>
BELLOWS_INLINE void two_levels(G& g, const High& high, const Low0& low0, const Low1& low1) {
  if constexpr (inverse) {
    low0(g[0], g[1]);
    low1(g[2], g[3]);
    high(g[0], g[2]);
    high(g[1], g[3]);
  } else {
    high(g[0], g[2]);
    high(g[1], g[3]);
    low0(g[0], g[1]);
    low1(g[2], g[3]);
  }
}

/// Levels s and s - 1 of the index bits 15 .. 8, on a pair of planes of one column: pair[a][p]. in_8: whether the level's
/// twiddles lie in GF(2^8), as they do in low rows at high levels: then every plane is multiplied for itself.
template <class L, bool inverse, bool high_in_8, bool low_in_8>
void two_levels_a(typename L::V (*pair)[2], int y, int s) {
  using V = typename L::V;
  const auto& constants = L::constants();
  const Twiddles& t = twiddles();
  const auto level_high = ConstantLevel<L>::of(constants, t.row[y][s]);
  const auto level_low = ConstantLevel<L>::of(constants, t.row[y][s - 1]);
  const int quarter = 1 << (s - 9);
  for (int start = 0, q = 0; start < 256; start += 4 * quarter, ++q) {
    const auto c_high = level_high.block(constants, t, q);
    const auto c_low0 = level_low.block(constants, t, 2 * q), c_low1 = level_low.block(constants, t, 2 * q + 1);
    auto step = [](const auto& c, auto in_8) {
      return [&c](V* a, V* b) {
        butterfly<L, inverse, 2>(a, b, [&](V* x, const V* z) {
          if constexpr (decltype(in_8)::value != 0) {
            x[0] = L::add(x[0], L::apply(L::split(z[0]), c.c0));
            x[1] = L::add(x[1], L::apply(L::split(z[1]), c.c0));
          } else {
            multiply_add<L>(x, z, c);
          }
        });
      };
    };
    const auto high = step(c_high, Count<high_in_8>());
    const auto low0 = step(c_low0, Count<low_in_8>()), low1 = step(c_low1, Count<low_in_8>());
    for (int i = start; i < start + quarter; ++i) {
      V g[4][2];
      BELLOWS_UNROLL for (int k = 0; k < 8; ++k) g[k / 2][k % 2] = pair[i + k / 2 * quarter][k % 2];
      two_levels<inverse>(g, high, low0, low1);
      BELLOWS_UNROLL for (int k = 0; k < 8; ++k) pair[i + k / 2 * quarter][k % 2] = g[k / 2][k % 2];
    }
  }
}

template <class L, bool inverse>
void levels_a(typename L::V (*pair)[2], int y) {
  const Twiddles& t = twiddles();
  for (int step = 0; step < 4; ++step) {
    const int s = inverse ? 2 * step + 9 : 15 - 2 * step;
    if (t.row[y][s - 1] < 256)
      two_levels_a<L, inverse, true, true>(pair, y, s);
    else if (t.row[y][s] < 256)
      two_levels_a<L, inverse, true, false>(pair, y, s);
    else
      two_levels_a<L, inverse, false, false>(pair, y, s);
  }
}

/// Levels s and s - 1 of the bits b, on values[b][p] for the lanes of group `group`. has_u: whether the twiddle of the
/// level has a u-part, which only rows above the first have, at their lowest levels.
template <class L, bool inverse, bool high_has_u, bool low_has_u, class Put>
void two_levels_b(typename L::V (*values)[4], const Put& put, int y, int group, int s) {
  using V = typename L::V;
  const auto& constants = L::constants();
  const Twiddles& t = twiddles();
  const LaneLevel<L> high_level(constants, t, t.row[y][s], s, group * L::width);
  const LaneLevel<L> low_level(constants, t, t.row[y][s - 1], s - 1, group * L::width);
  const int quarter = 1 << (s - 1);
  for (int start = 0, q = 0; start < 256; start += 4 * quarter, ++q) {
    const LaneTwiddle<L, high_has_u> t_high(constants, high_level, t.span[q]);
    const LaneTwiddle<L, low_has_u> t_low0(constants, low_level, t.span[2 * q]);
    const LaneTwiddle<L, low_has_u> t_low1(constants, low_level, t.span[2 * q + 1]);
    auto step = [](const auto& twiddle) {
      return [&twiddle](V* a, V* b) {
        butterfly<L, inverse, 4>(a, b, [&](V* x, const V* z) { multiply_add_lanes_32<L>(x, z, twiddle); });
      };
    };
    const auto high = step(t_high), low0 = step(t_low0), low1 = step(t_low1);
    for (int i = start; i < start + quarter; ++i) {
      V g[4][4];
      BELLOWS_UNROLL for (int k = 0; k < 16; ++k) g[k / 4][k % 4] = values[i + k / 4 * quarter][k % 4];
      two_levels<inverse>(g, high, low0, low1);
      BELLOWS_UNROLL for (int k = 0; k < 16; ++k) put(&values[i + k / 4 * quarter][k % 4], g[k / 4][k % 4]);
    }
  }
}

template <class L, bool inverse, class Put>
BELLOWS_INLINE void two_levels_b(typename L::V (*values)[4], const Put& put, int y, int group, int s) {
  const Twiddles& t = twiddles();
  if (t.row[y][s] >> 16 != 0)
    two_levels_b<L, inverse, true, true>(values, put, y, group, s);
  else if (t.row[y][s - 1] >> 16 != 0)
    two_levels_b<L, inverse, false, true>(values, put, y, group, s);
  else
    two_levels_b<L, inverse, false, false>(values, put, y, group, s);
}

/// All levels of the bits b; the last ones of the way forward leave the values at `to`.
template <class L>
void levels_b_forward(typename L::V (*values)[4], typename L::V (*to)[4], int y, int group) {
  using V = typename L::V;
  auto stay = [](V* at, V v) { *at = v; };
  for (int s = 7; s > 1; s -= 2) two_levels_b<L, false>(values, stay, y, group, s);
  V* const origin = &values[0][0];
  V* const target = &to[0][0];
  two_levels_b<L, false>(values, [&](V* at, V v) { L::stream(target + (at - origin), v); }, y, group, 1);
}

template <class L>
void levels_b_inverse(typename L::V (*values)[4], int y, int group) {
  using V = typename L::V;
  for (int s = 1; s < 8; s += 2) two_levels_b<L, true>(values, [](V* at, V v) { *at = v; }, y, group, s);
}

/// A row of coefficients (bits a converted already) becomes a row of values, in its place or another. `next` is the row that
/// comes after this one, or this one again: it is brought near in the meantime.
template <class L>
void row_forward(const std::uint8_t* row, const std::uint8_t* next, std::uint8_t* to, int y, RowScratch<L>& scratch) {
  using V = typename L::V;
  constexpr int groups = 256 / L::width;
  const V* const planes = reinterpret_cast<const V*>(row);
  V* const values = &scratch.planes[0][0];
  for (int column = 0; column < groups; ++column)
    for (int half = 0; half < 2; ++half) {
      for (int p = 0; p < 2; ++p) {
        const V* f = planes + (2 * half + p) * (row_points / L::width) + column;
        for (int a = 0; a < 256; ++a) scratch.pair[a][p] = f[a * groups];
      }
      levels_a<L, false>(scratch.pair, y);
      for (int group = 0; group < groups; ++group)
        for (int p = 0; p < 2; ++p)
          L::transpose(&scratch.pair[group * L::width][p], 2,
                       values + (group * 256 + column * L::width) * 4 + 2 * half + p, 4);
    }
  for (int group = 0; group < groups; ++group) {
    constexpr std::size_t share = row_bytes / static_cast<std::size_t>(groups);
    for (std::size_t at = 0; at < share; at += 64)
      L::prefetch_far(next + static_cast<std::size_t>(group) * share + at);
    auto* from = reinterpret_cast<V(*)[4]>(values + group * 1024);
    for (int p = 0; p < 4; ++p) to_novel_256<L>(&from[0][p], 4, &from[0][p], 4, scratch.line);
    levels_b_forward<L>(from, reinterpret_cast<V(*)[4]>(reinterpret_cast<V*>(to) + group * 1024), y, group);
  }
}

/// The way back, last conversions of the row included, which need not wait for the levels between rows: those have one
/// twiddle for all of a row.
template <class L>
void row_inverse(std::uint8_t* row, const std::uint8_t* next, int y, RowScratch<L>& scratch) {
  using V = typename L::V;
  constexpr int groups = 256 / L::width;
  V* const planes = reinterpret_cast<V*>(row);
  V* const values = &scratch.planes[0][0];
  for (int group = 0; group < groups; ++group) {
    auto* block = reinterpret_cast<V(*)[4]>(planes + group * 1024);
    auto* to = reinterpret_cast<V(*)[4]>(values + group * 1024);
    levels_b_inverse<L>(block, y, group);
    for (int p = 0; p < 4; ++p) from_novel_256<L>(&block[0][p], 4, &to[0][p], 4, scratch.line);
  }
  for (int column = 0; column < groups; ++column) {
    constexpr std::size_t share = row_bytes / static_cast<std::size_t>(groups);
    for (std::size_t at = 0; at < share; at += 64)
      L::prefetch_far(next + static_cast<std::size_t>(column) * share + at);
    for (int half = 0; half < 2; ++half) {
      for (int group = 0; group < groups; ++group)
        for (int p = 0; p < 2; ++p)
          L::transpose(values + (group * 256 + column * L::width) * 4 + 2 * half + p, 4,
                       &scratch.pair[group * L::width][p], 2);
      levels_a<L, true>(scratch.pair, y);
      for (int p = 0; p < 2; ++p)
        from_novel_256<L>(&scratch.pair[0][p], 2, planes + (2 * half + p) * (row_points / L::width) + column, groups,
                          scratch.line);
    }
  }
  for (std::size_t p = 0; p < 4; ++p) contract_plane<L>(row + p * row_points, row_points, 8);
}

}  // namespace bellows::gf2::transform
