#pragma once

#include <cstdint>
#include <string_view>

#include "bellows/base/result.h"

namespace bellows::extract {

/// The families of hash functions; x is the raw string, s the seed, K the output.
enum class Family {
  toeplitz,      ///< K_i = sum_j s_(i - j + raw_bits - 1) x_j
  circulant,     ///< K_i = sum_j s_((i - j) mod seed_bits) x_j, seed_bits a prime above raw_bits
  shift_matrix,  ///< K_i = sum_j s_(i + j) x_j, places beyond the seed's end are 0; seed as long as the raw string
  short_seed,    ///< K = first bits of beta sum_i x_i alpha^(L + 1 - i) in a large field; x_i are L pieces of x
};

const char* family_name(Family family);
/// Errors: usage: no family of this name.
Result<Family> family_from_name(std::string_view name);

/// What is hashed to what. The lengths come from a certificate; nothing here says that they are safe.
struct HashShape {
  Family family = Family::toeplitz;
  std::uint64_t raw_bits = 0;
  std::uint64_t output_bits = 0;
  std::uint64_t circulant_bits = 0;  ///< circulant: n2, the prime (and the seed's length)
  std::uint64_t field_length = 0;    ///< short seed: k, the field has 2^(32 k) elements

  bool operator==(const HashShape&) const = default;
};

/// Longest strings that the program takes.
inline constexpr std::uint64_t largest_size_bits = std::uint64_t{1} << 40;

/// Errors: usage: raw or output length 0 or beyond 2^40; more output than raw bits; circulant_bits not a prime above
/// raw_bits; field_length not 3^i 5^j 17^l or with less than output_bits in an element.
Status check_shape(const HashShape& shape);

/// Seed bits that the shape takes: the first so many of the seed string.
/// Out:    toeplitz raw + output - 1; circulant n2; shift matrices raw; short seed 64 k.
std::uint64_t seed_bits_needed(const HashShape& shape);

}  // namespace bellows::extract
