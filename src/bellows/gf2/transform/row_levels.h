#pragma once

#include "bellows/gf2/transform/basis_conversion.h"
#include "bellows/gf2/transform/layout.h"
#include "bellows/gf2/transform/tables.h"

namespace bellows::gf2::transform {

// Between the rows of a block: the row index goes to the novel basis, and up to eight levels of butterflies with twiddles
// in GF(2^8), each byte plane by itself. One cache line of every row at a time is a column; up to sixteen rows of it are
// held in registers, so four levels cost one walk. More than sixteen rows are an array of sixteens: first the high index
// bits, column by column of that array, then the low four.

BELLOWS_INLINE int row_index_bits(int rows) {
  int bits = 0;
  while (1 << bits < rows) ++bits;
  return bits;
}

/// to += twiddle(q) from.
template <class L>
BELLOWS_INLINE void multiply_add_span(const typename L::Constants& constants, typename L::V& to,
                                      const typename L::V& from, int q) {
  to = L::add(to, L::apply(L::split(from), L::map(constants.span_multiplier[q])));
}

/// The lowest `levels` levels of 2^bits rows in registers, whose higher index bits are q.
template <class L, int bits, int levels>
BELLOWS_INLINE void levels_forward(const typename L::Constants& constants, typename L::V* r, int q) {
  BELLOWS_UNROLL for (int s = levels - 1; s >= 0; --s) {
    BELLOWS_UNROLL for (int i = 0; i < 1 << bits; ++i) {
      if (i >> s & 1) continue;
      const int block = (q << (bits - 1 - s)) + (i >> (s + 1));
      if (block != 0) multiply_add_span<L>(constants, r[i], r[i + (1 << s)], block);
      r[i + (1 << s)] = L::add(r[i + (1 << s)], r[i]);
    }
  }
}

template <class L, int bits>
BELLOWS_INLINE void levels_inverse(const typename L::Constants& constants, typename L::V* r, int q) {
  BELLOWS_UNROLL for (int s = 0; s < bits; ++s) {
    BELLOWS_UNROLL for (int i = 0; i < 1 << bits; ++i) {
      if (i >> s & 1) continue;
      const int block = (q << (bits - 1 - s)) + (i >> (s + 1));
      r[i + (1 << s)] = L::add(r[i + (1 << s)], r[i]);
      if (block != 0) multiply_add_span<L>(constants, r[i], r[i + (1 << s)], block);
    }
  }
}

/// The truncated way back (van der Hoeven): of 2^bits rows the first `known` hold values, the others hold coefficients;
/// afterwards all hold coefficients.
template <class L, int bits, int known>
BELLOWS_INLINE void levels_truncated(const typename L::Constants& constants, typename L::V* r, int q) {
  if constexpr (bits > 0 && known > 0) {
    constexpr int half = 1 << (bits - 1);
    if constexpr (known == 2 * half) {
      levels_inverse<L, bits>(constants, r, q);
    } else if constexpr (known >= half) {
      levels_inverse<L, bits - 1>(constants, r, 2 * q);
      BELLOWS_UNROLL for (int i = known - half; i < half; ++i) r[i + half] = L::add(r[i + half], r[i]);
      levels_truncated<L, bits - 1, known - half>(constants, r + half, 2 * q + 1);
      BELLOWS_UNROLL for (int i = 0; i < half; ++i) {
        r[i + half] = L::add(r[i + half], r[i]);
        if (q != 0) multiply_add_span<L>(constants, r[i], r[i + half], q);
      }
    } else {
      if (q != 0) {
        BELLOWS_UNROLL for (int i = known; i < half; ++i) multiply_add_span<L>(constants, r[i], r[i + half], q);
      }
      levels_truncated<L, bits - 1, known>(constants, r, 2 * q);
      if (q != 0) {
        BELLOWS_UNROLL for (int i = 0; i < half; ++i) multiply_add_span<L>(constants, r[i], r[i + half], q);
      }
    }
  }
}

/// One cache line of every row.
template <class L>
struct RowColumn {
  static constexpr int vectors = 64 / L::width;
  typename L::V r[largest_row_count][vectors];
};

/// Calls step(Count<n>) for the n <= `largest` that equals `value`.
template <int largest, class Step>
BELLOWS_INLINE void with_count(int value, const Step& step) {
  if constexpr (largest > 0) {
    if (value == largest)
      step(Count<largest>());
    else
      with_count<largest - 1>(value, step);
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

/// Up to sixteen rows, of which the lower half or all have coefficients.
template <class L, int sources, int outputs, int bits, bool half, class Encode>
void few_rows_forward(const RowReader<L, sources>& read, const Encode& encode, int rows, std::uint8_t* to) {
  using V = typename L::V;
  constexpr int low = bits - half;  // a level whose upper half is zero copies
  const auto& constants = L::constants();
  for (std::size_t offset = 0; offset < row_points; offset += L::width) {
    V coefficient[sources][1 << low];
    BELLOWS_UNROLL for (int k = 0; k < sources; ++k) {
      BELLOWS_UNROLL for (int i = 0; i < 1 << low; ++i) coefficient[k][i] = read(k, i, offset);
      to_novel_in_registers<L, low>(coefficient[k]);
    }
    for (std::size_t p = 0; p < outputs; ++p) {
      V r[1 << bits];
      BELLOWS_UNROLL for (int i = 0; i < 1 << low; ++i) {
        r[i] = encoded<L, sources>(encode, p, &coefficient[0][i], std::size_t{1} << low);
        if (half) r[i + (1 << low) * half] = r[i];
      }
      levels_forward<L, bits, low>(constants, r, 0);
      BELLOWS_UNROLL for (int i = 0; i < 1 << bits; ++i)
        if (i < rows) L::store(to + p * row_points + static_cast<std::size_t>(i) * row_stride + offset, r[i]);
    }
  }
}

/// 16 * 2^high rows.
template <class L, int sources, int outputs, int high, bool half, class Encode>
void many_rows_forward(const RowReader<L, sources>& read, const Encode& encode, int rows, std::uint8_t* to) {
  using V = typename L::V;
  constexpr int vectors = RowColumn<L>::vectors, low = high - half;
  const auto& constants = L::constants();
  RowColumn<L> coefficient[sources], column;
  for (std::size_t offset = 0; offset < row_points; offset += 64) {
    for (int k = 0; k < sources; ++k) {
      V(*c)[vectors] = coefficient[k].r;
      for (int j = 0; j < 16 << low; ++j)
        BELLOWS_UNROLL for (int v = 0; v < vectors; ++v) c[j][v] = read(k, j, offset + std::size_t(v) * L::width);
      for (int v = 0; v < vectors; ++v) to_novel<L, 4 + low>(&c[0][v], vectors);
    }
    for (std::size_t p = 0; p < outputs; ++p) {
      for (int b = 0; b < 16 * vectors; ++b) {
        V* const f = &column.r[0][0] + b;
        V r[1 << high];
        BELLOWS_UNROLL for (int i = 0; i < 1 << low; ++i) {
          r[i] = encoded<L, sources>(encode, p, &coefficient[0].r[0][0] + 16 * vectors * i + b,
                                     std::size_t{largest_row_count} * vectors);
          if (half) r[i + (1 << low) * half] = r[i];
        }
        levels_forward<L, high, low>(constants, r, 0);
        BELLOWS_UNROLL for (int i = 0; i < 1 << high; ++i) f[16 * vectors * i] = r[i];
      }
      for (int a = 0; 16 * a < rows; ++a)
        for (int v = 0; v < vectors; ++v) {
          V r[16];
          BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = column.r[16 * a + i][v];
          levels_forward<L, 4, 4>(constants, r, a);
          std::uint8_t* const row = to + p * row_points + static_cast<std::size_t>(16 * a) * row_stride + offset +
                                    static_cast<std::size_t>(v) * L::width;
          BELLOWS_UNROLL for (int i = 0; i < 16; ++i)
            if (16 * a + i < rows) L::store(row + static_cast<std::size_t>(i) * row_stride, r[i]);
        }
    }
  }
}

/// From `coefficient_rows` <= rows rows of coefficients in `sources` planes to `rows` rows of `outputs` planes of the
/// spectrum, `to` on. encode(p, v ..) makes plane p from vectors of the sources; it is linear.
template <class L, int sources, int outputs, class Encode>
void rows_forward(const std::uint8_t* const (&plane)[sources], const Encode& encode, int coefficient_rows, int rows,
                  std::uint8_t* to) {
  const RowReader<L, sources> read{plane, coefficient_rows};
  const int bits = row_index_bits(rows);
  const bool half = bits > 0 && coefficient_rows <= 1 << (bits - 1);
  if (bits == 0) {
    few_rows_forward<L, sources, outputs, 0, false>(read, encode, rows, to);
  } else if (bits <= 4) {
    with_count<4>(bits, [&](auto count) {
      constexpr int n = decltype(count)::value;
      if (half)
        few_rows_forward<L, sources, outputs, n, true>(read, encode, rows, to);
      else
        few_rows_forward<L, sources, outputs, n, false>(read, encode, rows, to);
    });
  } else {
    with_count<4>(bits - 4, [&](auto count) {
      constexpr int n = decltype(count)::value;
      if (half)
        many_rows_forward<L, sources, outputs, n, true>(read, encode, rows, to);
      else
        many_rows_forward<L, sources, outputs, n, false>(read, encode, rows, to);
    });
  }
}

constexpr int bits_for(int rows) { return rows <= 1 ? 0 : 1 + bits_for((rows + 1) / 2); }

template <class L, int rows>
void few_rows_inverse(const std::uint8_t* from, std::uint8_t* coefficients) {
  using V = typename L::V;
  constexpr int bits = bits_for(rows);
  const auto& constants = L::constants();
  for (std::size_t offset = 0; offset < row_points; offset += L::width) {
    V r[1 << bits];
    BELLOWS_UNROLL for (int i = 0; i < 1 << bits; ++i) {
      const std::uint8_t* row = from + static_cast<std::size_t>(i) * row_stride + offset;
      if (i < rows) L::prefetch(row + 256);
      r[i] = i < rows ? L::load(row) : L::zero();
    }
    levels_truncated<L, bits, rows>(constants, r, 0);
    from_novel_in_registers<L, bits>(r);
    BELLOWS_UNROLL for (int i = 0; i < rows; ++i)
      L::store(coefficients + static_cast<std::size_t>(i) * coefficient_stride + offset, r[i]);
  }
}

/// `whole` sixteens of rows and perhaps some more.
template <class L, int whole, bool more>
void many_rows_inverse(const std::uint8_t* from, int rows, std::uint8_t* coefficients) {
  using V = typename L::V;
  constexpr int vectors = RowColumn<L>::vectors, known = whole + more, high = bits_for(known), stride = 16 * vectors;
  const auto& constants = L::constants();
  RowColumn<L> column;
  // High index bits of one column: the first `count` of r are known.
  auto read = [&](const V* f, V* r, int count) {
    BELLOWS_UNROLL for (int i = 0; i < 1 << high; ++i) r[i] = i < count ? f[stride * i] : L::zero();
  };
  for (std::size_t offset = 0; offset < row_points; offset += 64) {
    for (int a = 0; a < known; ++a)
      for (int v = 0; v < vectors; ++v) {
        V r[16];
        BELLOWS_UNROLL for (int i = 0; i < 16; ++i) {
          const std::uint8_t* row = from + static_cast<std::size_t>(16 * a + i) * row_stride + offset +
                                    static_cast<std::size_t>(v) * L::width;
          if (!more || 16 * a + i < rows) {
            L::prefetch(row + 256);
            r[i] = L::load(row);
          }
        }
        if (a < whole) levels_inverse<L, 4>(constants, r, a);
        BELLOWS_UNROLL for (int i = 0; i < 16; ++i) column.r[16 * a + i][v] = r[i];
      }
    if constexpr (more) {
      // The last sixteen has `some` values; its other places get what the rows below them say, and then it is whole.
      const int some = rows - 16 * whole;
      for (int b = some * vectors; b < 16 * vectors; ++b) {
        V r[1 << high];
        read(&column.r[0][0] + b, r, whole);
        levels_truncated<L, high, whole>(constants, r, 0);
        levels_forward<L, high, high>(constants, r, 0);
        (&column.r[16 * whole][0])[b] = r[whole];
      }
      with_count<15>(some, [&](auto count) {
        for (int v = 0; v < vectors; ++v) {
          V r[16];
          BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = column.r[16 * whole + i][v];
          levels_truncated<L, 4, decltype(count)::value>(constants, r, whole);
          BELLOWS_UNROLL for (int i = 0; i < 16; ++i) column.r[16 * whole + i][v] = r[i];
        }
      });
    }
    for (int b = 0; b < 16 * vectors; ++b) {
      V* const f = &column.r[0][0] + b;
      V r[1 << high];
      read(f, r, known);
      levels_truncated<L, high, known>(constants, r, 0);
      BELLOWS_UNROLL for (int i = 0; i < 1 << high; ++i) f[stride * i] = r[i];
    }
    for (int v = 0; v < vectors; ++v) from_novel<L, 4 + high>(&column.r[0][v], vectors);
    for (int j = 0; j < rows; ++j)
      BELLOWS_UNROLL for (int v = 0; v < vectors; ++v)
          L::store(coefficients + static_cast<std::size_t>(j) * coefficient_stride + offset + std::size_t(v) * L::width,
                   column.r[j][v]);
  }
}

/// The way back, of one plane; `from` is the plane in the spectrum's first row.
template <class L>
void rows_inverse(const std::uint8_t* from, int rows, std::uint8_t* coefficients) {
  if (rows <= 16)
    with_count<16>(rows, [&](auto count) { few_rows_inverse<L, decltype(count)::value>(from, coefficients); });
  else
    with_count<16>(rows / 16, [&](auto count) {
      constexpr int whole = decltype(count)::value;
      if (rows % 16 == 0)
        many_rows_inverse<L, whole, false>(from, rows, coefficients);
      else if constexpr (whole < 16)
        many_rows_inverse<L, whole, true>(from, rows, coefficients);
    });
}

}  // namespace bellows::gf2::transform
