#pragma once

#include <cstring>

#include "bellows/gf2/transform/kernel.h"
#include "bellows/gf2/transform/row_transform.h"
#include "bellows/gf2/transform/row_transform_narrow.h"

namespace bellows::gf2::transform {

// A block is a polynomial of up to 256 rows of coefficients. Its values at the first R * 2^16 points omega_i = sum_j i_j v_j
// are R rows. Rows are halves, quarters .. of the index range in s_16(x) = x^65536 + x, so: expand the polynomial in
// powers of s_16, which acts on whole planes; bring the row index to the novel basis; up to eight levels of butterflies
// between rows, with twiddles in GF(2^8), plane by plane; then each row for itself.

/// Bytes of a column of rows that the levels between rows hold at once.
inline constexpr int column_bytes = 128;

template <class L>
struct RowColumn {
  static constexpr int vectors = column_bytes / L::width;
  typename L::V r[largest_row_count][vectors];
};

BELLOWS_INLINE int row_index_bits(int rows) {
  int bits = 0;
  while (1 << bits < rows) ++bits;
  return bits;
}

template <class L, bool inverse>
BELLOWS_INLINE void convert_row_index(RowColumn<L>& column, int bits) {
  constexpr int vectors = RowColumn<L>::vectors;
  auto convert = [&](auto count) {
    constexpr int constant = decltype(count)::value;
    for (int c = 0; c < vectors; ++c) {
      if constexpr (inverse)
        from_novel<L, constant>(&column.r[0][c], vectors);
      else
        to_novel<L, constant>(&column.r[0][c], vectors);
    }
  };
  switch (bits) {
    case 2: return convert(Count<2>());
    case 3: return convert(Count<3>());
    case 4: return convert(Count<4>());
    case 5: return convert(Count<5>());
    case 6: return convert(Count<6>());
    case 7: return convert(Count<7>());
    case 8: return convert(Count<8>());
    default: return;  // nothing to do for one bit
  }
}

/// Constants of the levels between rows: twiddles of GF(2^8) by the higher bits q of the row number.
template <class L>
struct RowTwiddles {
  const typename L::Constants& constants = L::constants();
  const Twiddles& shared = twiddles();
};

/// to += twiddle(q) from, for a row of the column.
template <class L>
BELLOWS_INLINE void multiply_add_row(const RowTwiddles<L>& t, typename L::V* to, const typename L::V* from, int q) {
  constexpr int vectors = RowColumn<L>::vectors;
  if (q == 0) return;
  const auto map = L::map(t.constants.multiplier[t.shared.span[q]]);
  BELLOWS_UNROLL for (int i = 0; i < vectors; ++i) to[i] = L::add(to[i], L::apply(L::split(from[i]), map));
}

template <class L>
BELLOWS_INLINE void add_row(typename L::V* to, const typename L::V* from) {
  BELLOWS_UNROLL for (int i = 0; i < RowColumn<L>::vectors; ++i) to[i] = L::add(to[i], from[i]);
}

/// Levels between rows; blocks that begin at `rows` or beyond are left out.
template <class L>
void row_levels_forward(const RowTwiddles<L>& t, RowColumn<L>& column, int bits, int rows) {
  for (int s = bits - 1; s >= 0; --s)
    for (int start = 0, q = 0; start < rows; start += 2 << s, ++q)
      for (int i = start; i < start + (1 << s); ++i) {
        multiply_add_row<L>(t, column.r[i], column.r[i + (1 << s)], q);
        add_row<L>(column.r[i + (1 << s)], column.r[i]);
      }
}

/// The way back on 2^(s+1) rows from r on, whose higher index bits are q.
template <class L>
void row_levels_inverse(const RowTwiddles<L>& t, typename L::V (*r)[RowColumn<L>::vectors], int top, int q) {
  for (int s = 0; s <= top; ++s)
    for (int start = 0, block = 0; start < 2 << top; start += 2 << s, ++block)
      for (int i = start; i < start + (1 << s); ++i) {
        add_row<L>(r[i + (1 << s)], r[i]);
        multiply_add_row<L>(t, r[i], r[i + (1 << s)], (q << (top - s)) + block);
      }
}

/// The truncated way back (van der Hoeven): of 2^(s+1) rows the first `known` hold values, the others hold coefficients;
/// afterwards all hold coefficients.
template <class L>
void row_levels_truncated(const RowTwiddles<L>& t, typename L::V (*r)[RowColumn<L>::vectors], int s, int known,
                          int q) {
  if (s < 0 || known == 0) return;
  const int half = 1 << s;
  if (known >= 2 * half) return row_levels_inverse<L>(t, r, s, q);
  if (known >= half) {
    if (s > 0) row_levels_inverse<L>(t, r, s - 1, 2 * q);
    for (int i = known - half; i < half; ++i) add_row<L>(r[i + half], r[i]);
    row_levels_truncated<L>(t, r + half, s - 1, known - half, 2 * q + 1);
    for (int i = 0; i < half; ++i) {
      add_row<L>(r[i + half], r[i]);
      multiply_add_row<L>(t, r[i], r[i + half], q);
    }
  } else {
    for (int i = known; i < half; ++i) multiply_add_row<L>(t, r[i], r[i + half], q);
    row_levels_truncated<L>(t, r, s - 1, known, 2 * q);
    for (int i = 0; i < half; ++i) multiply_add_row<L>(t, r[i], r[i + half], q);
  }
}

template <class L>
BELLOWS_INLINE void transform_row(std::uint8_t* row, int y, RowScratch<L>& scratch) {
  if constexpr (L::narrow)
    row_forward_narrow<L>(row, y, scratch);
  else
    row_forward<L>(row, y, scratch);
}

template <class L>
BELLOWS_INLINE void transform_row_back(std::uint8_t* row, int y, RowScratch<L>& scratch) {
  if constexpr (L::narrow)
    row_inverse_narrow<L>(row, y, scratch);
  else
    row_inverse<L>(row, y, scratch);
}

/// Rows of one plane of coefficients: everything that is XORs of coefficients only.
template <class L>
void plane_to_novel(std::uint8_t* plane, int coefficient_rows, RowScratch<L>& scratch) {
  expand_plane<L>(plane, static_cast<std::size_t>(coefficient_rows) * row_points, 16);
  for (int j = 0; j < coefficient_rows; ++j) row_to_novel_a<L>(plane + static_cast<std::size_t>(j) * row_points, scratch);
}

template <class L>
void plane_from_novel(std::uint8_t* plane, int rows, RowScratch<L>& scratch) {
  for (int j = 0; j < rows; ++j) row_from_novel_a<L>(plane + static_cast<std::size_t>(j) * row_points, scratch);
  contract_plane<L>(plane, static_cast<std::size_t>(rows) * row_points, 16);
}

/// Levels between rows of one plane, from `coefficient_rows` rows of coefficients to `rows` rows of the spectrum.
/// `fill(offset)` gives the vector at a byte offset of the coefficients; `to` is the plane in the first row.
template <class L, class Fill>
void rows_forward(const Fill& fill, int coefficient_rows, int rows, std::uint8_t* to) {
  constexpr int vectors = RowColumn<L>::vectors;
  const int bits = row_index_bits(rows > coefficient_rows ? rows : coefficient_rows);
  const RowTwiddles<L> t;
  RowColumn<L> column;
  for (std::size_t offset = 0; offset < row_points; offset += column_bytes) {
    for (int j = 0; j < coefficient_rows; ++j)
      BELLOWS_UNROLL for (int v = 0; v < vectors; ++v)
          column.r[j][v] = fill(static_cast<std::size_t>(j) * row_points + offset + std::size_t(v) * L::width);
    for (int j = coefficient_rows; j < 1 << bits; ++j)
      BELLOWS_UNROLL for (int v = 0; v < vectors; ++v) column.r[j][v] = L::zero();
    convert_row_index<L, false>(column, bits);
    row_levels_forward<L>(t, column, bits, rows);
    for (int j = 0; j < rows; ++j) {
      std::uint8_t* row = to + static_cast<std::size_t>(j) * row_stride + offset;
      BELLOWS_UNROLL for (int v = 0; v < vectors; ++v) L::store(row + std::size_t(v) * L::width, column.r[j][v]);
    }
  }
}

/// The way back, of one plane; `from` is the plane in the spectrum's first row.
template <class L>
void rows_inverse(const std::uint8_t* from, int rows, std::uint8_t* coefficients) {
  constexpr int vectors = RowColumn<L>::vectors;
  const int bits = row_index_bits(rows);
  const RowTwiddles<L> t;
  RowColumn<L> column;
  for (std::size_t offset = 0; offset < row_points; offset += column_bytes) {
    for (int j = 0; j < rows; ++j) {
      const std::uint8_t* row = from + static_cast<std::size_t>(j) * row_stride + offset;
      BELLOWS_UNROLL for (int v = 0; v < vectors; ++v) {
        column.r[j][v] = L::load(row + std::size_t(v) * L::width);
        L::prefetch(row + 2 * column_bytes + std::size_t(v) * L::width);
      }
    }
    for (int j = rows; j < 1 << bits; ++j)
      BELLOWS_UNROLL for (int v = 0; v < vectors; ++v) column.r[j][v] = L::zero();
    row_levels_truncated<L>(t, column.r, bits - 1, rows, 0);
    convert_row_index<L, true>(column, bits);
    for (int j = 0; j < rows; ++j) {
      std::uint8_t* to = coefficients + static_cast<std::size_t>(j) * row_points + offset;
      BELLOWS_UNROLL for (int v = 0; v < vectors; ++v) L::store(to + std::size_t(v) * L::width, column.r[j][v]);
    }
  }
}

/// Four planes of `size` coefficients each become `rows` rows of values. Requires size <= rows * 2^16.
template <class L>
void forward_planes(const std::uint8_t* const planes[4], std::size_t size, int rows, std::uint8_t* spectrum,
                    const BlockScratch& scratch) {
  auto& row = *static_cast<RowScratch<L>*>(scratch.row);
  const auto to_internal = L::map(L::constants().to_internal);
  const int coefficient_rows = static_cast<int>((size + row_points - 1) / row_points);
  const std::size_t padded = static_cast<std::size_t>(coefficient_rows) * row_points;
  std::uint8_t* plane = scratch.coefficients;  // one at a time, while it is in the cache
  for (std::size_t p = 0; p < 4; ++p) {
    std::memcpy(plane, planes[p], size);
    std::memset(plane + size, 0, padded - size);
    plane_to_novel<L>(plane, coefficient_rows, row);
    auto fill = [&](std::size_t at) { return L::apply(L::split(L::load(plane + at)), to_internal); };
    rows_forward<L>(fill, coefficient_rows, rows, spectrum + p * row_points);
  }
  for (int y = 0; y < rows; ++y) transform_row<L>(spectrum + static_cast<std::size_t>(y) * row_stride, y, row);
}

/// A string of `size` bytes, two bytes a coefficient (see the codec in transform_tables.cc), becomes `rows` rows of
/// values. Requires size <= 2 * rows * 2^16.
template <class L>
void forward_bits(const std::uint8_t* string, std::size_t size, int rows, std::uint8_t* spectrum,
                  const BlockScratch& scratch) {
  using V = typename L::V;
  auto& row = *static_cast<RowScratch<L>*>(scratch.row);
  const auto& constants = L::constants();
  const int coefficient_rows = static_cast<int>((size + 2 * row_points - 1) / (2 * row_points));
  const std::size_t padded = static_cast<std::size_t>(coefficient_rows) * row_points;
  std::uint8_t* even = scratch.coefficients;
  std::uint8_t* odd = even + scratch.plane_bytes;
  std::size_t at = 0;
  for (; 2 * at + 2 * L::width <= size; at += L::width) {
    V a, b;
    L::deinterleave(L::load(string + 2 * at), L::load(string + 2 * at + L::width), a, b);
    L::store(even + at, a);
    L::store(odd + at, b);
  }
  std::memset(even + at, 0, padded - at);
  std::memset(odd + at, 0, padded - at);
  for (; 2 * at < size; ++at) {
    even[at] = string[2 * at];
    if (2 * at + 1 < size) odd[at] = string[2 * at + 1];
  }
  plane_to_novel<L>(even, coefficient_rows, row);
  plane_to_novel<L>(odd, coefficient_rows, row);
  for (std::size_t p = 0; p < 4; ++p) {
    const auto from_even = L::map(constants.encode[p][0]), from_odd = L::map(constants.encode[p][1]);
    auto fill = [&](std::size_t offset) {
      return L::add(L::apply(L::split(L::load(even + offset)), from_even),
                    L::apply(L::split(L::load(odd + offset)), from_odd));
    };
    rows_forward<L>(fill, coefficient_rows, rows, spectrum + p * row_points);
  }
  for (int y = 0; y < rows; ++y) transform_row<L>(spectrum + static_cast<std::size_t>(y) * row_stride, y, row);
}

/// The spectrum (destroyed) of a polynomial of degree below rows * 2^16 becomes its coefficients in scratch.coefficients,
/// still in the internal basis of GF(2^8).
template <class L>
void inverse_block(std::uint8_t* spectrum, int rows, const BlockScratch& scratch) {
  auto& row = *static_cast<RowScratch<L>*>(scratch.row);
  for (int y = 0; y < rows; ++y) transform_row_back<L>(spectrum + static_cast<std::size_t>(y) * row_stride, y, row);
  for (std::size_t p = 0; p < 4; ++p) {
    std::uint8_t* plane = scratch.coefficients + p * scratch.plane_bytes;
    rows_inverse<L>(spectrum + p * row_points, rows, plane);
    plane_from_novel<L>(plane, rows, row);
  }
}

}  // namespace bellows::gf2::transform
