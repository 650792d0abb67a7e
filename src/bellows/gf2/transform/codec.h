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
  for (int p = 0; p < 4; ++p) {
    std::uint8_t* plane = scratch.coefficients + static_cast<std::size_t>(p) * scratch.plane_bytes;
    plane[-1] = 0;
    std::memset(plane + count, 0, L::width + 1);
  }
  auto word = [&](std::size_t e, int byte) {  // byte 0 or 1 of word e: low bits of coefficient e, high ones of e - 1
    V sum = L::zero();
    BELLOWS_UNROLL for (int p = 0; p < 4; ++p) {
      const std::uint8_t* at = scratch.coefficients + static_cast<std::size_t>(p) * scratch.plane_bytes + e;
      sum = L::add3(sum, L::apply(L::split(L::load(at)), L::map(constants.decode[byte][p])),
                    L::apply(L::split(L::load(at - 1)), L::map(constants.decode[byte + 2][p])));
    }
    return sum;
  };
  for (std::size_t e = 0; e <= count; e += L::width) {
    V low, high;
    L::interleave(word(e, 0), word(e, 1), low, high);
    std::uint8_t* to = string + 2 * e;
    if (e + L::width <= count + 1) {
      L::store(to, L::add(L::load(to), low));
      L::store(to + L::width, L::add(L::load(to + L::width), high));
    } else {
      std::uint8_t tail[2 * L::width];
      L::store(tail, low);
      L::store(tail + L::width, high);
      for (std::size_t i = 0; i < 2 * (count + 1 - e); ++i) to[i] = static_cast<std::uint8_t>(to[i] ^ tail[i]);
    }
  }
}

/// to ^= from (or 3 from) on `size` bytes, from the internal basis of GF(2^8) to the standard one.
template <class L>
void add_coefficients(std::uint8_t* to, const std::uint8_t* from, std::size_t size, bool times_three) {
  using V = typename L::V;
  const auto& constants = L::constants();
  const auto three = L::map(constants.multiplier[3]), out = L::map(constants.from_internal);
  auto image = [&](V v) {
    if (times_three) v = L::apply(L::split(v), three);
    return L::apply(L::split(v), out);
  };
  std::size_t i = 0;
  for (; i + L::width <= size; i += L::width) L::store(to + i, L::add(L::load(to + i), image(L::load(from + i))));
  if (i < size) {
    std::uint8_t tail[L::width] = {};
    std::memcpy(tail, from + i, size - i);
    L::store(tail, image(L::load(tail)));
    for (std::size_t j = 0; i + j < size; ++j) to[i + j] = static_cast<std::uint8_t>(to[i + j] ^ tail[j]);
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
