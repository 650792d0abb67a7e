#pragma once

#include "bellows/gf2/transform/basis_conversion.h"
#include "bellows/gf2/transform/layout.h"
#include "bellows/gf2/transform/tables.h"

namespace bellows::gf2::transform {

// Between the rows of a block: the row index goes to the novel basis, and up to eight levels of butterflies with twiddles
// in GF(2^8), each byte plane by itself. A piece of every row at a time is a column.
// (row_levels_unrolled.h does the same in registers.)

BELLOWS_INLINE int row_index_bits(int rows) {
  int bits = 0;
  while (1 << bits < rows) ++bits;
  return bits;
}

/// Long enough for the memory to come in streams, and for a twiddle to be fetched once for many products.
inline constexpr std::size_t column_bytes = 256;

template <class L>
struct RowColumn {
  static constexpr int vectors = column_bytes / L::width;
  using Row = typename L::V[vectors];
  Row r[largest_row_count];
};

template <class L>
using ColumnRow = typename RowColumn<L>::Row;

template <class L, bool inverse>
void convert_row_index(ColumnRow<L>* r, int bits) {
  constexpr int vectors = RowColumn<L>::vectors;
  auto convert = [&](auto count) {
    constexpr int constant = decltype(count)::value;
    for (int v = 0; v < vectors; ++v) {
      if constexpr (inverse)
        from_novel<L, constant>(&r[0][v], vectors);
      else
        to_novel<L, constant>(&r[0][v], vectors);
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

/// to += twiddle(q) from, for a row of the column.
template <class L>
BELLOWS_INLINE void multiply_add_row(const typename L::Constants& constants, typename L::V* to, const typename L::V* from,
                                     int q) {
  if (q == 0) return;
  const auto map = L::map(constants.span_multiplier[q]);
  for (int v = 0; v < RowColumn<L>::vectors; ++v)
    to[v] = L::add(to[v], L::apply(L::split(from[v]), map));
}

template <class L>
BELLOWS_INLINE void add_row(typename L::V* to, const typename L::V* from) {
  for (int v = 0; v < RowColumn<L>::vectors; ++v) to[v] = L::add(to[v], from[v]);
}

/// The lowest `levels` levels between rows; blocks that begin at `rows` or beyond are left out.
template <class L>
void row_levels_forward(const typename L::Constants& constants, ColumnRow<L>* r, int levels, int rows) {
  for (int s = levels - 1; s >= 0; --s)
    for (int start = 0, q = 0; start < rows; start += 2 << s, ++q)
      for (int i = start; i < start + (1 << s); ++i) {
        multiply_add_row<L>(constants, r[i], r[i + (1 << s)], q);
        add_row<L>(r[i + (1 << s)], r[i]);
      }
}

/// The way back on 2^(top + 1) rows from r on, whose higher index bits are q.
template <class L>
void row_levels_inverse(const typename L::Constants& constants, ColumnRow<L>* r, int top, int q) {
  for (int s = 0; s <= top; ++s)
    for (int start = 0, block = 0; start < 2 << top; start += 2 << s, ++block)
      for (int i = start; i < start + (1 << s); ++i) {
        add_row<L>(r[i + (1 << s)], r[i]);
        multiply_add_row<L>(constants, r[i], r[i + (1 << s)], (q << (top - s)) + block);
      }
}

/// The truncated way back (van der Hoeven): of 2^(s + 1) rows the first `known` hold values, the others hold coefficients;
/// afterwards all hold coefficients.
template <class L>
void row_levels_truncated(const typename L::Constants& constants, ColumnRow<L>* r, int s, int known, int q) {
  if (s < 0 || known == 0) return;
  const int half = 1 << s;
  if (known >= 2 * half) return row_levels_inverse<L>(constants, r, s, q);
  if (known >= half) {
    if (s > 0) row_levels_inverse<L>(constants, r, s - 1, 2 * q);
    for (int i = known - half; i < half; ++i) add_row<L>(r[i + half], r[i]);
    row_levels_truncated<L>(constants, r + half, s - 1, known - half, 2 * q + 1);
    for (int i = 0; i < half; ++i) {
      add_row<L>(r[i + half], r[i]);
      multiply_add_row<L>(constants, r[i], r[i + half], q);
    }
  } else {
    for (int i = known; i < half; ++i) multiply_add_row<L>(constants, r[i], r[i + half], q);
    row_levels_truncated<L>(constants, r, s - 1, known, 2 * q);
    for (int i = 0; i < half; ++i) multiply_add_row<L>(constants, r[i], r[i + half], q);
  }
}

/// Rows of coefficients as they stand in memory, to be read column by column.
template <class L, int sources>
struct RowReader {
  const std::uint8_t* const (&plane)[sources];
  int rows;

  BELLOWS_INLINE typename L::V operator()(int source, int row, std::size_t offset) const {
    if (row >= rows) return L::zero();
    const std::uint8_t* from = plane[source] + static_cast<std::size_t>(row) * coefficient_stride + offset;
    L::prefetch(from + 256);
    return L::load(from);
  }
};

template <class L, int sources, class Encode>
BELLOWS_INLINE typename L::V encoded(const Encode& encode, std::size_t p, const typename L::V* first,
                                     std::size_t distance) {
  if constexpr (sources == 1)
    return encode(p, first[0]);
  else
    return encode(p, first[0], first[distance]);
}

/// From `coefficient_rows` <= rows rows of coefficients in `sources` planes to `rows` rows of `outputs` planes of the
/// spectrum, `to` on. encode(p, v ..) makes plane p from vectors of the sources; it is linear.
template <class L, int sources, int outputs, class Encode>
void rows_forward(const std::uint8_t* const (&plane)[sources], const Encode& encode, int coefficient_rows, int rows,
                  std::uint8_t* to) {
  constexpr int vectors = RowColumn<L>::vectors;
  const RowReader<L, sources> read{plane, coefficient_rows};
  const int bits = row_index_bits(rows), low = row_index_bits(coefficient_rows);
  const auto& constants = L::constants();
  RowColumn<L> coefficient[sources], column;
  for (std::size_t offset = 0; offset < row_points; offset += column_bytes) {
    for (int k = 0; k < sources; ++k) {
      for (int j = 0; j < 1 << low; ++j)
        for (int v = 0; v < vectors; ++v)
          coefficient[k].r[j][v] = read(k, j, offset + std::size_t(v) * L::width);
      convert_row_index<L, false>(coefficient[k].r, low);
    }
    for (std::size_t p = 0; p < outputs; ++p) {
      // A level whose upper half is zero copies.
      for (int i = 0; i < 1 << bits; ++i)
        for (int v = 0; v < vectors; ++v)
          column.r[i][v] = encoded<L, sources>(encode, p, &coefficient[0].r[i & ((1 << low) - 1)][v],
                                                 std::size_t{largest_row_count} * vectors);
      row_levels_forward<L>(constants, column.r, low, rows);
      for (int i = 0; i < rows; ++i)
        for (int v = 0; v < vectors; ++v)
          L::store(to + p * row_points + static_cast<std::size_t>(i) * row_stride + offset + std::size_t(v) * L::width,
                     column.r[i][v]);
    }
  }
}

/// The way back, of one plane; `from` is the plane in the spectrum's first row.
template <class L>
void rows_inverse(const std::uint8_t* from, int rows, std::uint8_t* coefficients) {
  constexpr int vectors = RowColumn<L>::vectors;
  const int bits = row_index_bits(rows);
  const auto& constants = L::constants();
  RowColumn<L> column;
  for (std::size_t offset = 0; offset < row_points; offset += column_bytes) {
    for (int j = 0; j < 1 << bits; ++j) {
      const std::uint8_t* row = from + static_cast<std::size_t>(j) * row_stride + offset;
      if (j < rows) L::prefetch(row + 256);
      for (int v = 0; v < vectors; ++v)
        column.r[j][v] = j < rows ? L::load(row + std::size_t(v) * L::width) : L::zero();
    }
    row_levels_truncated<L>(constants, column.r, bits - 1, rows, 0);
    convert_row_index<L, true>(column.r, bits);
    for (int j = 0; j < rows; ++j)
      for (int v = 0; v < vectors; ++v)
        L::store(coefficients + static_cast<std::size_t>(j) * coefficient_stride + offset + std::size_t(v) * L::width,
                   column.r[j][v]);
  }
}

}  // namespace bellows::gf2::transform
