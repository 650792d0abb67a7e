#pragma once

#include <cstring>

#include "bellows/gf2/transform/kernel.h"
#include "bellows/gf2/transform/row_levels_unrolled.h"
#include "bellows/gf2/transform/row_transform.h"
#include "bellows/gf2/transform/row_transform_narrow.h"

namespace bellows::gf2::transform {

// A block is a polynomial of up to 256 rows of coefficients. Its values at the first R * 2^16 points omega_i = sum_j i_j v_j
// are R rows. Rows are halves, quarters .. of the index range in s_16(x) = x^65536 + x, so: expand the polynomial in
// powers of s_16, which acts on whole planes; bring the row index to the novel basis; up to eight levels of butterflies
// between rows, with twiddles in GF(2^8), plane by plane; then each row for itself.

template <class L>
void transform_rows(const std::uint8_t* from, std::uint8_t* spectrum, int rows, RowScratch<L>& scratch) {
  for (int y = 0; y < rows; ++y) {
    const std::uint8_t* const row = from + static_cast<std::size_t>(y) * row_stride;
    std::uint8_t* const to = spectrum + static_cast<std::size_t>(y) * row_stride;
    if constexpr (L::narrow)
      row_forward_narrow<L>(row, to, y, scratch);
    else
      row_forward<L>(row, y + 1 < rows ? row + row_stride : row, to, y, scratch);
  }
  L::stream_fence();
}

template <class L>
void transform_rows_back(std::uint8_t* spectrum, int rows, RowScratch<L>& scratch) {
  for (int y = 0; y < rows; ++y) {
    std::uint8_t* const row = spectrum + static_cast<std::size_t>(y) * row_stride;
    if constexpr (L::narrow)
      row_inverse_narrow<L>(row, y, scratch);
    else
      row_inverse<L>(row, y + 1 < rows ? row + row_stride : row, y, scratch);
  }
}

template <class L, int sources, int outputs, class Encode>
void levels_between_rows(const std::uint8_t* const (&plane)[sources], const Encode& encode, int coefficient_rows,
                         int rows, std::uint8_t* to) {
  if constexpr (unrolled_rows<L>)
    rows_forward_unrolled<L, sources, outputs>(plane, encode, coefficient_rows, rows, to);
  else
    rows_forward<L, sources, outputs>(plane, encode, coefficient_rows, rows, to);
}

template <class L>
void levels_between_rows_back(const std::uint8_t* from, int rows, std::uint8_t* coefficients) {
  if constexpr (unrolled_rows<L>)
    rows_inverse_unrolled<L>(from, rows, coefficients);
  else
    rows_inverse<L>(from, rows, coefficients);
}

/// Rows of one plane of coefficients: everything that is XORs of coefficients only.
template <class L>
void plane_to_novel(std::uint8_t* plane, int coefficient_rows, RowScratch<L>& scratch) {
  expand_rows<L>(plane, static_cast<std::size_t>(coefficient_rows));
  for (int j = 0; j < coefficient_rows; ++j)
    row_to_novel_a<L>(plane + static_cast<std::size_t>(j) * coefficient_stride, scratch);
}

/// A row of `count` coefficients, or of the sums of two, and zeros behind them.
template <class L>
void fill_row(std::uint8_t* to, const std::uint8_t* a, const std::uint8_t* b, std::size_t count) {
  if (b == nullptr) {
    std::memcpy(to, a, count);
  } else {
    std::size_t i = 0;
    for (; i + L::width <= count; i += L::width) L::store(to + i, L::add(L::load(a + i), L::load(b + i)));
    for (; i < count; ++i) to[i] = static_cast<std::uint8_t>(a[i] ^ b[i]);
  }
  std::memset(to + count, 0, row_points - count);
}

/// Four planes of `size` coefficients each, plus those of `addends` if there are any, become `rows` rows of values.
/// Requires size <= rows * 2^16.
template <class L>
void forward_planes(const std::uint8_t* const planes[4], const std::uint8_t* const* addends, std::size_t size, int rows,
                    std::uint8_t* spectrum, const BlockScratch& scratch) {
  auto& row = *static_cast<RowScratch<L>*>(scratch.row);
  const auto to_internal = L::map(L::constants().to_internal);
  const int coefficient_rows = static_cast<int>((size + row_points - 1) / row_points);
  std::uint8_t* plane = scratch.coefficients;  // one at a time, while it is in the cache
  std::uint8_t* const between = scratch.near_rows != nullptr ? scratch.near_rows : spectrum;
  for (std::size_t p = 0; p < 4; ++p) {
    for (int j = 0; j < coefficient_rows; ++j) {
      const std::size_t begin = static_cast<std::size_t>(j) * row_points;
      const std::size_t count = size - begin < row_points ? size - begin : row_points;
      fill_row<L>(plane + static_cast<std::size_t>(j) * coefficient_stride, planes[p] + begin,
                  addends == nullptr ? nullptr : addends[p] + begin, count);
    }
    plane_to_novel<L>(plane, coefficient_rows, row);
    auto encode = [&](std::size_t, const typename L::V& v) { return L::apply(L::split(v), to_internal); };
    const std::uint8_t* const from[] = {plane};
    levels_between_rows<L, 1, 1>(from, encode, coefficient_rows, rows, between + p * row_points);
  }
  transform_rows<L>(between, spectrum, rows, row);
}

/// Words of sixteen bits, at most a row of which `size` bytes are there, to a row of their low and one of their high bytes.
template <class L>
void split_words(const std::uint8_t* string, std::size_t size, std::uint8_t* low, std::uint8_t* high) {
  std::size_t at = 0;
  for (; at < row_points && 2 * at + 2 * L::width <= size; at += L::width) {
    typename L::V a, b;
    L::prefetch(string + 2 * at + 1024);
    L::prefetch(string + 2 * at + 1024 + L::width);
    L::deinterleave(L::load(string + 2 * at), L::load(string + 2 * at + L::width), a, b);
    L::store(low + at, a);
    L::store(high + at, b);
  }
  std::memset(low + at, 0, row_points - at);
  std::memset(high + at, 0, row_points - at);
  for (; at < row_points && 2 * at < size; ++at) {
    low[at] = string[2 * at];
    if (2 * at + 1 < size) high[at] = string[2 * at + 1];
  }
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
  std::uint8_t* even = scratch.coefficients;
  std::uint8_t* odd = even + scratch.plane_bytes;
  for (int j = 0; j < coefficient_rows; ++j)
    split_words<L>(string + static_cast<std::size_t>(j) * 2 * row_points,
                   size - static_cast<std::size_t>(j) * 2 * row_points,
                   even + static_cast<std::size_t>(j) * coefficient_stride,
                   odd + static_cast<std::size_t>(j) * coefficient_stride);
  plane_to_novel<L>(even, coefficient_rows, row);
  plane_to_novel<L>(odd, coefficient_rows, row);
  auto encode = [&](std::size_t p, const V& from_even, const V& from_odd) {
    return L::add(L::apply(L::split(from_even), L::map(constants.encode[p][0])),
                  L::apply(L::split(from_odd), L::map(constants.encode[p][1])));
  };
  const std::uint8_t* const from[] = {even, odd};
  std::uint8_t* const between = scratch.near_rows != nullptr ? scratch.near_rows : spectrum;
  levels_between_rows<L, 2, 4>(from, encode, coefficient_rows, rows, between);
  transform_rows<L>(between, spectrum, rows, row);
}

/// The spectrum (destroyed) of a polynomial of degree below rows * 2^16 becomes its coefficients in scratch.coefficients,
/// still in the internal basis of GF(2^8).
template <class L>
void inverse_block(std::uint8_t* spectrum, int rows, const BlockScratch& scratch) {
  auto& row = *static_cast<RowScratch<L>*>(scratch.row);
  transform_rows_back<L>(spectrum, rows, row);
  for (std::size_t p = 0; p < 4; ++p) {
    std::uint8_t* plane = scratch.coefficients + p * scratch.plane_bytes;
    levels_between_rows_back<L>(spectrum + p * row_points, rows, plane);
    contract_rows<L>(plane, static_cast<std::size_t>(rows));
  }
}

}  // namespace bellows::gf2::transform
