#pragma once

#include <cstdint>
#include <vector>

#include "bellows/base/result.h"
#include "bellows/bits/bit_string.h"
#include "bellows/ecc/concatenated_shape.h"

namespace bellows::ecc {

/// Where the bits of a string go, and the columns of the blocks' hashes: drawn uniformly from random bits that are made
/// public after the string is fixed.
struct Deal {
  std::vector<std::uint32_t> place;  ///< of each bit: block * block_bits + place in the block; no two the same
  std::vector<std::uint16_t> check;  ///< of each bit: what a one adds to its block's hash
};

/// How many random bits a deal takes at most, but with a chance below 2^-100.
std::uint64_t deal_random_bits(const ConcatenatedShape& shape);

/// Every injection of bits into places and every set of hashes is equally likely if the random bits are uniform
/// (Fisher and Yates; numbers that would be likelier than others are drawn again).
/// Errors: bad_input: too few random bits.
Result<Deal> deal(const ConcatenatedShape& shape, bits::BitView random);

}  // namespace bellows::ecc
