#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bellows/bits/bit_string.h"

namespace bellows::extract {

/// Finds the beginning of one string inside others, at any place, as it stands or with every bit flipped.
///
/// A copy that starts at bit s of the other string has a place 0 <= j < 64 at which s + j is a multiple of 64. So each
/// whole word of the other is looked up among the 64 words that start at bits 0 ... 63 of the sought one; of 2^16
/// possible hash values at most 128 are taken, and a hit is compared over `compared_bits`.
class CopiedBits {
 public:
  /// So many equal bits are no accident; a string shorter than this and a word is found nowhere.
  static constexpr std::uint64_t compared_bits = 128;

  explicit CopiedBits(bits::BitView sought);
  bool copied_from(bits::BitView other) const;

 private:
  bool equal_at(bits::BitView other, std::uint64_t start_bit, std::uint64_t flip) const;

  bits::BitString sought_;  ///< the first compared_bits + 128 bits
  std::vector<bool> taken_;
};

}  // namespace bellows::extract
