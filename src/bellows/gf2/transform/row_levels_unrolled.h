#pragma once

#include "bellows/gf2/transform/row_levels.h"

namespace bellows::gf2::transform {

// The levels between rows for processors with registers for sixteen rows and one instruction for a product with a constant:
// four levels, conversion included, cost one walk. More than sixteen rows are an array of sixteens: first the high index
// bits, then the low four.

/// Whether a lane type is for such a processor.
template <class L>
inline constexpr bool unrolled_rows = !L::narrow && L::width >= 64;

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

constexpr int bits_for(int rows) { return rows <= 1 ? 0 : 1 + bits_for((rows + 1) / 2); }

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

// Rows by sixteens, as vectors of a tile of a few vectors of each.

/// Up to sixteen rows of a tile, of which the lower half or all have coefficients.
template <class L, int vectors, int bits, bool half>
void few_in_tile_forward(typename L::V* f) {
  constexpr int low = bits - half;  // a level whose upper half is zero copies
  for (int v = 0; v < vectors; ++v) {
    typename L::V r[1 << bits];
    BELLOWS_UNROLL for (int i = 0; i < 1 << low; ++i) r[i] = f[vectors * i + v];
    to_novel_in_registers<L, low>(r);
    if constexpr (half) {
      BELLOWS_UNROLL for (int i = 0; i < 1 << low; ++i) r[i + (1 << low)] = r[i];
    }
    levels_forward<L, bits, low>(L::constants(), r, 0);
    BELLOWS_UNROLL for (int i = 0; i < 1 << bits; ++i) f[vectors * i + v] = r[i];
  }
}

/// The levels of 16 * 2^high rows, in the novel basis already; read(b, i) is vector b of the i-th sixteen.
template <class L, int vectors, int high, bool half, class Read>
BELLOWS_INLINE void tile_levels_forward(const Read& read, int rows, typename L::V* f) {
  constexpr int low = high - half;
  const auto& constants = L::constants();
  for (int b = 0; b < 16 * vectors; ++b) {
    typename L::V r[1 << high];
    BELLOWS_UNROLL for (int i = 0; i < 1 << low; ++i) {
      r[i] = read(b, i);
      if (half) r[i + (1 << low) * half] = r[i];
    }
    levels_forward<L, high, low>(constants, r, 0);
    BELLOWS_UNROLL for (int i = 0; i < 1 << high; ++i) f[16 * vectors * i + b] = r[i];
  }
  for (int a = 0; 16 * a < rows; ++a)
    for (int v = 0; v < vectors; ++v) {
      typename L::V* const sixteen = f + 16 * vectors * a + v;
      typename L::V r[16];
      BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = sixteen[vectors * i];
      levels_forward<L, 4, 4>(constants, r, a);
      BELLOWS_UNROLL for (int i = 0; i < 16; ++i) sixteen[vectors * i] = r[i];
    }
}

template <class L, int vectors, int high, bool half>
void many_in_tile_forward(typename L::V* f, int rows) {
  for (int v = 0; v < vectors; ++v) to_novel<L, 4 + high - half>(f + v, vectors);
  tile_levels_forward<L, vectors, high, half>([&](int b, int i) { return f[16 * vectors * i + b]; }, rows, f);
}

/// `rows` <= 16 rows of a tile, and the conversion.
template <class L, int vectors, int rows>
void few_in_tile_inverse(typename L::V* f) {
  constexpr int bits = bits_for(rows);
  for (int v = 0; v < vectors; ++v) {
    typename L::V r[1 << bits];
    BELLOWS_UNROLL for (int i = 0; i < 1 << bits; ++i) r[i] = i < rows ? f[vectors * i + v] : L::zero();
    levels_truncated<L, bits, rows>(L::constants(), r, 0);
    from_novel_in_registers<L, bits>(r);
    BELLOWS_UNROLL for (int i = 0; i < rows; ++i) f[vectors * i + v] = r[i];
  }
}

/// 16 * whole rows.
template <class L, int vectors, int whole>
void many_in_tile_inverse(typename L::V* f) {
  constexpr int high = bits_for(whole);
  const auto& constants = L::constants();
  for (int a = 0; a < whole; ++a)
    for (int v = 0; v < vectors; ++v) {
      typename L::V* const sixteen = f + 16 * vectors * a + v;
      typename L::V r[16];
      BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = sixteen[vectors * i];
      levels_inverse<L, 4>(constants, r, a);
      from_novel_in_registers<L, 4>(r);
      BELLOWS_UNROLL for (int i = 0; i < 16; ++i) sixteen[vectors * i] = r[i];
    }
  for (int b = 0; b < 16 * vectors; ++b) {
    typename L::V r[1 << high];
    BELLOWS_UNROLL for (int i = 0; i < 1 << high; ++i) r[i] = i < whole ? f[16 * vectors * i + b] : L::zero();
    levels_truncated<L, high, whole>(constants, r, 0);
    from_novel_in_registers<L, high>(r);
    BELLOWS_UNROLL for (int i = 0; i < 1 << high; ++i) f[16 * vectors * i + b] = r[i];
  }
  for (int v = 0; v < vectors; ++v) contract<L>(f + v, vectors, 4 + high, 4);
}

/// Long enough for the memory to come in streams.
inline constexpr int tile_vectors = 4;

template <class L>
struct RowTile {
  typename L::V r[largest_row_count * tile_vectors];
};

/// 16 * 2^high rows.
template <class L, int sources, int outputs, int high, bool half, class Encode>
void many_rows_forward(const RowReader<L, sources>& read, const Encode& encode, int rows, std::uint8_t* to) {
  constexpr int low = high - half;
  RowTile<L> coefficient[sources], column;
  for (std::size_t offset = 0; offset < row_points; offset += tile_vectors * L::width) {
    for (int k = 0; k < sources; ++k) {
      typename L::V* c = coefficient[k].r;
      for (int j = 0; j < 16 << low; ++j)
        BELLOWS_UNROLL for (int v = 0; v < tile_vectors; ++v) c[tile_vectors * j + v] = read(k, j, offset + std::size_t(v) * L::width);
      for (int v = 0; v < tile_vectors; ++v) to_novel<L, 4 + low>(c + v, tile_vectors);
    }
    for (std::size_t p = 0; p < outputs; ++p) {
      auto encoded_rows = [&](int b, int i) {
        return encoded<L, sources>(encode, p, coefficient[0].r + 16 * tile_vectors * i + b,
                                   std::size_t{largest_row_count} * tile_vectors);
      };
      tile_levels_forward<L, tile_vectors, high, half>(encoded_rows, rows, column.r);
      for (int j = 0; j < rows; ++j) {
        std::uint8_t* const row = to + p * row_points + static_cast<std::size_t>(j) * row_stride + offset;
        BELLOWS_UNROLL for (int v = 0; v < tile_vectors; ++v) {
          L::prefetch(row + std::size_t(tile_vectors + v) * L::width);
          L::store(row + std::size_t(v) * L::width, column.r[tile_vectors * j + v]);
        }
      }
    }
  }
}

/// As rows_forward() and rows_inverse().
template <class L, int sources, int outputs, class Encode>
void rows_forward_unrolled(const std::uint8_t* const (&plane)[sources], const Encode& encode, int coefficient_rows, int rows,
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

/// 16 * whole rows.
template <class L, int whole>
void many_rows_inverse(const std::uint8_t* from, std::uint8_t* coefficients) {
  RowTile<L> column;
  for (std::size_t offset = 0; offset < row_points; offset += tile_vectors * L::width) {
    for (int j = 0; j < 16 * whole; ++j) {
      const std::uint8_t* row = from + static_cast<std::size_t>(j) * row_stride + offset;
      BELLOWS_UNROLL for (int v = 0; v < tile_vectors; ++v) {
        L::prefetch(row + std::size_t(tile_vectors + v) * L::width);
        column.r[tile_vectors * j + v] = L::load(row + std::size_t(v) * L::width);
      }
    }
    many_in_tile_inverse<L, tile_vectors, whole>(column.r);
    for (int j = 0; j < 16 * whole; ++j) {
      std::uint8_t* const to = coefficients + static_cast<std::size_t>(j) * coefficient_stride + offset;
      BELLOWS_UNROLL for (int v = 0; v < tile_vectors; ++v) {
        L::prefetch(to + std::size_t(tile_vectors + v) * L::width);
        L::store(to + std::size_t(v) * L::width, column.r[tile_vectors * j + v]);
      }
    }
  }
}

template <class L>
void rows_inverse_unrolled(const std::uint8_t* from, int rows, std::uint8_t* coefficients) {
  if (rows <= 16)
    with_count<16>(rows, [&](auto count) { few_rows_inverse<L, decltype(count)::value>(from, coefficients); });
  else if (rows % 16 == 0)
    with_count<16>(rows / 16, [&](auto count) { many_rows_inverse<L, decltype(count)::value>(from, coefficients); });
  else
    rows_inverse<L>(from, rows, coefficients);
}

}  // namespace bellows::gf2::transform
