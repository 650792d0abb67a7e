#pragma once

#include <cstddef>
#include <cstdint>

#include "bellows/gf2/transform/inline.h"
#include "bellows/gf2/transform/layout.h"

namespace bellows::gf2::transform {

// A polynomial in monomials becomes one in the basis of products of s_0(x) = x, s_1(x) = x^2 + x, s_2 = s_1(s_1(x)) ..
// (Lin, Chung, Han 2014; Gao and Mateer 2010): coefficient i belongs to the product of the s_j over the ones of i.
// As s_(2^e)(x) = x^(2^(2^e)) + x, halving the number of index bits again and again takes only expansions in x^M + x with
// M a power of two, whose coefficients are 0 and 1: XORs of whole vectors, and the same for every byte plane.

/// The expansion on 2^bits elements `stride` vectors apart: in powers of x^(2^low) + x, for degree below 2^bits.
template <class L>
BELLOWS_INLINE void expand(typename L::V* f, std::size_t stride, int bits, int low) {
  for (int h = bits - 1; h >= low; --h) {
    const std::size_t half = std::size_t{1} << h, shift = std::size_t{1} << (h - low);
    for (std::size_t start = 0; start < std::size_t{1} << bits; start += 2 * half) {
      typename L::V* q = f + start * stride;
      for (std::size_t i = 2 * half - shift; i < 2 * half; ++i)
        q[(i - half + shift) * stride] = L::add(q[(i - half + shift) * stride], q[i * stride]);
      for (std::size_t i = half; i < 2 * half - shift; ++i)
        q[(i - half + shift) * stride] = L::add(q[(i - half + shift) * stride], q[i * stride]);
    }
  }
}

template <class L>
BELLOWS_INLINE void contract(typename L::V* f, std::size_t stride, int bits, int low) {
  for (int h = low; h < bits; ++h) {
    const std::size_t half = std::size_t{1} << h, shift = std::size_t{1} << (h - low);
    for (std::size_t start = 0; start < std::size_t{1} << bits; start += 2 * half) {
      typename L::V* q = f + start * stride;
      for (std::size_t i = half; i < 2 * half - shift; ++i)
        q[(i - half + shift) * stride] = L::add(q[(i - half + shift) * stride], q[i * stride]);
      for (std::size_t i = 2 * half - shift; i < 2 * half; ++i)
        q[(i - half + shift) * stride] = L::add(q[(i - half + shift) * stride], q[i * stride]);
    }
  }
}

/// Up to four index bits, in registers. The loops have constant bounds and are unrolled away.
template <class L, int bits>
BELLOWS_INLINE void to_novel_in_registers(typename L::V* r) {
  if constexpr (bits > 2) {
    BELLOWS_UNROLL for (int h = bits - 1; h >= 2; --h) {
      const int half = 1 << h, shift = 1 << (h - 2);
      BELLOWS_UNROLL for (int start = 0; start < 1 << bits; start += 2 * half) {
        BELLOWS_UNROLL for (int i = 2 * half - shift; i < 2 * half; ++i)
          r[start + i - half + shift] = L::add(r[start + i - half + shift], r[start + i]);
        BELLOWS_UNROLL for (int i = half; i < 2 * half - shift; ++i)
          r[start + i - half + shift] = L::add(r[start + i - half + shift], r[start + i]);
      }
    }
    if constexpr (bits == 4) {
      BELLOWS_UNROLL for (int i = 0; i < 4; ++i) {  // x^2 + x on the high pair of index bits
        r[i + 8] = L::add(r[i + 8], r[i + 12]);
        r[i + 4] = L::add(r[i + 4], r[i + 8]);
      }
    }
  }
  if constexpr (bits >= 2) {
    BELLOWS_UNROLL for (int start = 0; start < 1 << bits; start += 4) {
      r[start + 2] = L::add(r[start + 2], r[start + 3]);
      r[start + 1] = L::add(r[start + 1], r[start + 2]);
    }
  }
}

template <class L, int bits>
BELLOWS_INLINE void from_novel_in_registers(typename L::V* r) {
  if constexpr (bits >= 2) {
    BELLOWS_UNROLL for (int start = 0; start < 1 << bits; start += 4) {
      r[start + 1] = L::add(r[start + 1], r[start + 2]);
      r[start + 2] = L::add(r[start + 2], r[start + 3]);
    }
  }
  if constexpr (bits > 2) {
    if constexpr (bits == 4) {
      BELLOWS_UNROLL for (int i = 0; i < 4; ++i) {
        r[i + 4] = L::add(r[i + 4], r[i + 8]);
        r[i + 8] = L::add(r[i + 8], r[i + 12]);
      }
    }
    BELLOWS_UNROLL for (int h = 2; h < bits; ++h) {
      const int half = 1 << h, shift = 1 << (h - 2);
      BELLOWS_UNROLL for (int start = 0; start < 1 << bits; start += 2 * half) {
        BELLOWS_UNROLL for (int i = half; i < 2 * half - shift; ++i)
          r[start + i - half + shift] = L::add(r[start + i - half + shift], r[start + i]);
        BELLOWS_UNROLL for (int i = 2 * half - shift; i < 2 * half; ++i)
          r[start + i - half + shift] = L::add(r[start + i - half + shift], r[start + i]);
      }
    }
  }
}

/// In place on 2^bits vectors `stride` apart, bits <= 8.
template <class L, int bits>
BELLOWS_INLINE void to_novel(typename L::V* f, std::size_t stride) {
  constexpr int low = bits < 4 ? bits : 4, high = bits - low;
  if constexpr (bits > 4) expand<L>(f, stride, bits, 4);
  for (std::size_t block = 0; block < std::size_t{1} << high; ++block) {
    typename L::V r[1 << low];
    BELLOWS_UNROLL for (int i = 0; i < 1 << low; ++i) r[i] = f[((block << low) + i) * stride];
    to_novel_in_registers<L, low>(r);
    BELLOWS_UNROLL for (int i = 0; i < 1 << low; ++i) f[((block << low) + i) * stride] = r[i];
  }
  if constexpr (high > 1)
    for (std::size_t column = 0; column < std::size_t{1} << low; ++column) {
      typename L::V r[1 << high];
      BELLOWS_UNROLL for (int i = 0; i < 1 << high; ++i) r[i] = f[((std::size_t(i) << low) + column) * stride];
      to_novel_in_registers<L, high>(r);
      BELLOWS_UNROLL for (int i = 0; i < 1 << high; ++i) f[((std::size_t(i) << low) + column) * stride] = r[i];
    }
}

template <class L, int bits>
BELLOWS_INLINE void from_novel(typename L::V* f, std::size_t stride) {
  constexpr int low = bits < 4 ? bits : 4, high = bits - low;
  if constexpr (high > 1)
    for (std::size_t column = 0; column < std::size_t{1} << low; ++column) {
      typename L::V r[1 << high];
      BELLOWS_UNROLL for (int i = 0; i < 1 << high; ++i) r[i] = f[((std::size_t(i) << low) + column) * stride];
      from_novel_in_registers<L, high>(r);
      BELLOWS_UNROLL for (int i = 0; i < 1 << high; ++i) f[((std::size_t(i) << low) + column) * stride] = r[i];
    }
  for (std::size_t block = 0; block < std::size_t{1} << high; ++block) {
    typename L::V r[1 << low];
    BELLOWS_UNROLL for (int i = 0; i < 1 << low; ++i) r[i] = f[((block << low) + i) * stride];
    from_novel_in_registers<L, low>(r);
    BELLOWS_UNROLL for (int i = 0; i < 1 << low; ++i) f[((block << low) + i) * stride] = r[i];
  }
  if constexpr (bits > 4) contract<L>(f, stride, bits, 4);
}

/// Sums over supersets of the index: what an expansion does to coefficients that stand d places further right in every
/// next vector.
template <class L>
BELLOWS_INLINE void superset_sums(typename L::V (&r)[16]) {
  BELLOWS_UNROLL for (int bit = 1; bit < 16; bit *= 2) {
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i)
      if (!(i & bit)) r[i] = L::add(r[i], r[i + bit]);
  }
}

/// expand() and contract() of eight index bits in powers of Y = x^16 + x, four levels at once. With z = x^16, sum_j f_j z^j =
/// sum_j f_j (Y + x)^j, so row i gets x^(j - i) f_j of all rows j whose bits include those of i (Lucas). If row j stands j
/// places to the right these are sums over supersets, column by column. What leaves row i at its end, t x^16, comes back
/// as t (Y + x): to the beginning of row i + 1 and, one place on, of row i. The way back is the same with t z for it.
template <class L, bool inverse>
__attribute__((noinline)) void expand_sixteens(const typename L::V* from, std::size_t from_stride, typename L::V* to,
                                                std::size_t to_stride) {
  using V = typename L::V;
  V over[17][16];  // by the row they come back to, and the column
  BELLOWS_UNROLL for (int w = 30; w >= 0; --w) {
    V r[16];
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i)
      r[i] = w - i >= 0 && w - i < 16 ? from[std::size_t(16 * i + w - i) * from_stride] : L::zero();
    superset_sums<L>(r);
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i) {
      if (w - i >= 16) over[i + 1][w - 15] = r[i];
      if (w - i < 0 || w - i >= 16) continue;
      if (w > 0 && w < 16 && i > 0) r[i] = L::add(r[i], over[i][w]);
      if (!inverse && w < 16 && w > i) r[i] = L::add(r[i], over[i + 1][w]);
      to[std::size_t(16 * i + w - i) * to_stride] = r[i];
    }
  }
}

/// All eight index bits of 256 vectors, from one place to another, or the same; `line` has room for 256.
template <class L>
void to_novel_256(const typename L::V* from, std::size_t from_stride, typename L::V* to, std::size_t to_stride,
                  typename L::V* line) {
  using V = typename L::V;
  expand_sixteens<L, false>(from, from_stride, line, 1);
  for (int column = 0; column < 16; ++column) {
    V r[16];
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = line[16 * i + column];
    to_novel_in_registers<L, 4>(r);
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i) line[16 * i + column] = r[i];
  }
  for (std::size_t block = 0; block < 256; block += 16) {
    V r[16];
    BELLOWS_UNROLL for (std::size_t i = 0; i < 16; ++i) r[i] = line[block + i];
    to_novel_in_registers<L, 4>(r);
    BELLOWS_UNROLL for (std::size_t i = 0; i < 16; ++i) to[(block + i) * to_stride] = r[i];
  }
}

template <class L>
void from_novel_256(const typename L::V* from, std::size_t from_stride, typename L::V* to, std::size_t to_stride,
                    typename L::V* line) {
  using V = typename L::V;
  for (std::size_t block = 0; block < 256; block += 16) {
    V r[16];
    BELLOWS_UNROLL for (std::size_t i = 0; i < 16; ++i) r[i] = from[(block + i) * from_stride];
    from_novel_in_registers<L, 4>(r);
    BELLOWS_UNROLL for (std::size_t i = 0; i < 16; ++i) line[block + i] = r[i];
  }
  for (int column = 0; column < 16; ++column) {
    V r[16];
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i) r[i] = line[16 * i + column];
    from_novel_in_registers<L, 4>(r);
    BELLOWS_UNROLL for (int i = 0; i < 16; ++i) line[16 * i + column] = r[i];
  }
  expand_sixteens<L, true>(line, 1, to, to_stride);
}

/// to ^= from on `size` bytes.
template <class L>
BELLOWS_INLINE void add_bytes(std::uint8_t* to, const std::uint8_t* from, std::size_t size) {
  std::size_t i = 0;
  auto words = [&](auto word, std::size_t end) {
    for (; i + sizeof word <= end; i += sizeof word) {
      auto other = word;
      __builtin_memcpy(&word, to + i, sizeof word);
      __builtin_memcpy(&other, from + i, sizeof word);
      word = static_cast<decltype(word)>(word ^ other);
      __builtin_memcpy(to + i, &word, sizeof word);
    }
  };
  auto few = [&](std::size_t end) {
    words(std::uint64_t{}, end);
    words(std::uint32_t{}, end);
    words(std::uint16_t{}, end);
    words(std::uint8_t{}, end);
  };
  // Stores that cross cache lines cost more than loads that do.
  if (size > 4 * L::width) few((L::width - reinterpret_cast<std::uintptr_t>(to) % L::width) % L::width);
  for (; i + L::width <= size; i += L::width) L::store(to + i, L::add(L::load(to + i), L::load(from + i)));
  few(size);
}

/// One level of the expansion, on the 2^(h+1) coefficients from f on, of which `size` are there: those above are 0.
template <class L>
BELLOWS_INLINE void expand_level(std::uint8_t* f, std::size_t size, int h, int low) {
  const std::size_t half = std::size_t{1} << h, shift = std::size_t{1} << (h - low), last = 2 * half - shift;
  if (last < size) add_bytes<L>(f + half, f + last, size - last);
  add_bytes<L>(f + shift, f + half, (last < size ? last : size) - half);
}

template <class L>
BELLOWS_INLINE void contract_level(std::uint8_t* f, std::size_t size, int h, int low) {
  const std::size_t half = std::size_t{1} << h, shift = std::size_t{1} << (h - low), last = 2 * half - shift;
  add_bytes<L>(f + shift, f + half, (last < size ? last : size) - half);
  if (last < size) add_bytes<L>(f + half, f + last, size - last);
}

/// The expansion in powers of x^(2^low) + x of a plane, one byte a coefficient, degree below `size`: halves first, then
/// each half by itself, while it is in the cache.
template <class L>
void expand_plane(std::uint8_t* f, std::size_t size, int low) {
  if (size <= std::size_t{1} << low) return;
  int h = low;
  while (std::size_t{2} << h < size) ++h;
  expand_level<L>(f, size, h, low);
  const std::size_t half = std::size_t{1} << h;
  expand_plane<L>(f, half, low);
  expand_plane<L>(f + half, size - half, low);
}

template <class L>
void contract_plane(std::uint8_t* f, std::size_t size, int low) {
  if (size <= std::size_t{1} << low) return;
  int h = low;
  while (std::size_t{2} << h < size) ++h;
  const std::size_t half = std::size_t{1} << h;
  contract_plane<L>(f, half, low);
  contract_plane<L>(f + half, size - half, low);
  contract_level<L>(f, size, h, low);
}

// The same in powers of x^65536 + x, for rows of coefficients as they stand in a plane (layout.h). A row of the upper half
// goes to one of the lower half, some places to the right; what leaves that row comes to the beginning of the next.

template <class L>
BELLOWS_INLINE void shift_upper_rows(std::uint8_t* plane, std::size_t rows, std::size_t half) {
  const std::size_t shift = half, whole = row_points - shift;
  for (std::size_t j = half; j < rows; ++j) {
    std::uint8_t* to = plane + (j - half) * coefficient_stride;
    const std::uint8_t* from = plane + j * coefficient_stride;
    add_bytes<L>(to + shift, from, whole);
    if (j + 1 < 2 * half) add_bytes<L>(to + coefficient_stride, from + whole, shift);
  }
}

/// The end of the last row of an upper half that is all there.
template <class L>
BELLOWS_INLINE void shift_last_row(std::uint8_t* plane, std::size_t rows, std::size_t half) {
  if (rows == 2 * half)
    add_bytes<L>(plane + half * coefficient_stride,
                 plane + (rows - 1) * coefficient_stride + row_points - half, half);
}

template <class L>
void expand_rows(std::uint8_t* plane, std::size_t rows) {
  if (rows <= 1) return;
  std::size_t half = 1;
  while (2 * half < rows) half *= 2;
  shift_last_row<L>(plane, rows, half);
  shift_upper_rows<L>(plane, rows, half);
  expand_rows<L>(plane, half);
  expand_rows<L>(plane + half * coefficient_stride, rows - half);
}

template <class L>
void contract_rows(std::uint8_t* plane, std::size_t rows) {
  if (rows <= 1) return;
  std::size_t half = 1;
  while (2 * half < rows) half *= 2;
  contract_rows<L>(plane, half);
  contract_rows<L>(plane + half * coefficient_stride, rows - half);
  shift_upper_rows<L>(plane, rows, half);
  shift_last_row<L>(plane, rows, half);
}

}  // namespace bellows::gf2::transform
