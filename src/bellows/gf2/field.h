#pragma once

#include <array>
#include <cstdint>

namespace bellows::gf2 {

// The tower of fields that every transform and the large field stand on, element by element. This file is the
// definition and the oracle; the kernels compute the same on many elements at once.
//
//   GF(2^8)  = GF(2)[z] / (z^8 + z^4 + z^3 + z + 1), bit i of a byte is the coefficient of z^i
//   GF(2^16) = GF(2^8)[w] / (w^2 + w + lambda8), low byte first
//   GF(2^32) = GF(2^16)[u] / (u^2 + u + lambda16), low half first
//
// lambda8 = v7 and lambda16 = v15 belong to a Cantor basis v0 = 1, v_i^2 + v_i = v_(i-1), with v8 = w and v16 = u; so
// v0 .. v7 span GF(2^8) and v0 .. v15 span GF(2^16).

constexpr std::uint8_t multiply_8(std::uint8_t a, std::uint8_t b) {
  unsigned product = 0;
  for (int i = 0; i < 8; ++i) product ^= (0u - (b >> i & 1u)) & static_cast<unsigned>(a) << i;
  for (int i = 14; i >= 8; --i) product ^= (0u - (product >> i & 1u)) & 0x11bu << (i - 8);
  return static_cast<std::uint8_t>(product);
}

inline constexpr std::uint8_t lambda8 = 0x20;
inline constexpr std::uint16_t lambda16 = 0x2009;

constexpr std::uint16_t multiply_16(std::uint16_t a, std::uint16_t b) {
  const auto a0 = static_cast<std::uint8_t>(a), a1 = static_cast<std::uint8_t>(a >> 8);
  const auto b0 = static_cast<std::uint8_t>(b), b1 = static_cast<std::uint8_t>(b >> 8);
  const std::uint8_t low = multiply_8(a0, b0), high = multiply_8(a1, b1);
  const std::uint8_t both = multiply_8(static_cast<std::uint8_t>(a0 ^ a1), static_cast<std::uint8_t>(b0 ^ b1));
  return static_cast<std::uint16_t>((low ^ multiply_8(high, lambda8)) | (both ^ low) << 8);
}

constexpr std::uint32_t multiply_32(std::uint32_t a, std::uint32_t b) {
  const auto a0 = static_cast<std::uint16_t>(a), a1 = static_cast<std::uint16_t>(a >> 16);
  const auto b0 = static_cast<std::uint16_t>(b), b1 = static_cast<std::uint16_t>(b >> 16);
  const std::uint16_t low = multiply_16(a0, b0), high = multiply_16(a1, b1);
  const std::uint16_t both = multiply_16(static_cast<std::uint16_t>(a0 ^ a1), static_cast<std::uint16_t>(b0 ^ b1));
  return static_cast<std::uint32_t>(low ^ multiply_16(high, lambda16)) |
         static_cast<std::uint32_t>(both ^ low) << 16;
}

/// v0 .. v23: all that transforms of up to 2^24 points need. Of the two roots of each equation one is fixed here.
inline constexpr std::array<std::uint32_t, 24> cantor_basis = {
    0x00000001, 0x000000bc, 0x0000005d, 0x000000b1, 0x0000004f, 0x000000b7, 0x0000004c, 0x00000020,
    0x00000100, 0x0000bc23, 0x00005d83, 0x0000b1bf, 0x00004f9d, 0x0000b7e7, 0x00004c67, 0x00002009,
    0x00010000, 0x00bc23cd, 0x005d8397, 0x00b1bff3, 0x004f9d47, 0x00b7e76f, 0x004c6787, 0x00200927};

}  // namespace bellows::gf2
