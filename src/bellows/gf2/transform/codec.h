#pragma once

#include <cstring>

#include "bellows/gf2/transform/block_transform.h"

namespace bellows::gf2::transform {

/// XORs the polynomial over GF(2) that the first `count` coefficients of a product stand for into a string: coefficient e
/// has 31 bits, and they begin at bit 16 e. The string must have 2 (count + 1) bytes.
template <class L>
void add_decoded(const BlockScratch& scratch, std::size_t count, std::uint8_t* string) {
  using V = typename L::V;
  const auto& constants = L::constants();
  // Words of the string: word e has low bits of coefficient e and high ones of e - 1. Row by row; the byte before a row is
  // there for the last coefficient of the row before.
  for (std::size_t begin = 0; begin <= count; begin += row_points) {
    const std::size_t words = count + 1 - begin < row_points ? count + 1 - begin : row_points;
    std::uint8_t* row[4];
    for (std::size_t p = 0; p < 4; ++p) {
      row[p] = scratch.coefficients + p * scratch.plane_bytes + begin / row_points * coefficient_stride;
      row[p][-1] = begin == 0 ? std::uint8_t{0} : *(row[p] - coefficient_stride + row_points - 1);
      if (begin + words == count + 1) std::memset(row[p] + words - 1, 0, L::width + 1);
    }
    auto word = [&](std::size_t e, int byte) {
      V sum = L::zero();
      BELLOWS_UNROLL for (int p = 0; p < 4; ++p)
          sum = L::add3(sum, L::apply(L::split(L::load(row[p] + e)), L::map(constants.decode[byte][p])),
                        L::apply(L::split(L::load(row[p] + e - 1)), L::map(constants.decode[byte + 2][p])));
      return sum;
    };
    for (std::size_t e = 0; e < words; e += L::width) {
      V low, high;
      L::interleave(word(e, 0), word(e, 1), low, high);
      std::uint8_t* to = string + 2 * (begin + e);
      if (e + L::width <= words) {
        L::store(to, L::add(L::load(to), low));
        L::store(to + L::width, L::add(L::load(to + L::width), high));
      } else {
        std::uint8_t tail[2 * L::width];
        L::store(tail, low);
        L::store(tail + L::width, high);
        for (std::size_t i = 0; i < 2 * (words - e); ++i) to[i] = static_cast<std::uint8_t>(to[i] ^ tail[i]);
      }
    }
  }
}

/// to ^= coefficients first .. first + size - 1 (or 3 times them) of a plane, from the internal basis of GF(2^8) to the
/// standard one.
template <class L>
void add_coefficients(std::uint8_t* to, const std::uint8_t* plane, std::size_t first, std::size_t size,
                      bool times_three) {
  using V = typename L::V;
  const auto& constants = L::constants();
  const auto three = L::map(constants.multiplier[3]), out = L::map(constants.from_internal);
  auto image = [&](V v) {
    if (times_three) v = L::apply(L::split(v), three);
    return L::apply(L::split(v), out);
  };
  while (size > 0) {  // row by row
    const std::size_t place = first % row_points, count = size < row_points - place ? size : row_points - place;
    const std::uint8_t* from = plane + first / row_points * coefficient_stride + place;
    std::size_t i = 0;
    for (; i + L::width <= count; i += L::width) L::store(to + i, L::add(L::load(to + i), image(L::load(from + i))));
    if (i < count) {
      std::uint8_t tail[L::width] = {};
      std::memcpy(tail, from + i, count - i);
      L::store(tail, image(L::load(tail)));
      for (std::size_t j = 0; i + j < count; ++j) to[i + j] = static_cast<std::uint8_t>(to[i + j] ^ tail[j]);
    }
    to += count;
    first += count;
    size -= count;
  }
}

/// The string with its bits in the other order. Requires size a multiple of 64; `to` and `from` apart.
template <class L>
void reverse_string(std::uint8_t* to, const std::uint8_t* from, std::size_t size) {
  const auto reversal = L::map(L::constants().reverse_bits);
  for (std::size_t i = 0; i < size; i += L::width)
    L::store(to + size - i - L::width, L::reverse_bytes(L::apply(L::split(L::load(from + i)), reversal)));
}

}  // namespace bellows::gf2::transform
