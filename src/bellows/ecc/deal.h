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
  std::vector<std::uint32_t> place;  ///< of each bit: block * block_bits() + place in the block; no two the same
  std::vector<std::uint16_t> check;  ///< of each bit: what a one adds to its block's hash
};

/// Numbers off the front of a string of random bits.
class Draw {
 public:
  explicit Draw(bits::BitView random) : random_(random) {}
  /// Whether more was taken than there is; what is missing reads as zeros.
  bool ran_out() const { return at_ > random_.size_bits; }
  std::uint64_t bits(unsigned count);
  /// Uniform below `range`, 1 to 2^32 (Lemire 2019): one draw in 16 at most is made again.
  std::uint64_t below(std::uint64_t range);

 private:
  bits::BitView random_;
  std::uint64_t at_ = 0;
};

/// How many random bits a deal takes at most, but with a chance below 2^-100.
std::uint64_t deal_random_bits(const ConcatenatedShape& shape);

/// Every injection of bits into places and every set of hashes is equally likely if the random bits are uniform
/// (Fisher and Yates; numbers that would be likelier than others are drawn again, and which are has nothing to do with
/// those that are kept, so that a string that runs out spoils nothing either).
/// Errors: bad_input: too few random bits.
Result<Deal> deal(const ConcatenatedShape& shape, bits::BitView random);

}  // namespace bellows::ecc
