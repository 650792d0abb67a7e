#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bellows/numeric/ball.h"

namespace bellows::ecc {

/// The numbers of a generalised concatenated code (docs/error-correction.md): a string of raw_bits is dealt at random
/// to `blocks` blocks of block_bits places, some of which may stay empty. Of each block a BCH code knows syndromes, one
/// element of GF(2^element_bits) after another; the j-th of all blocks are a row, and of a row so many Reed-Solomon
/// syndromes are published as blocks may be wrong or silent when their first j - 1 syndromes are known.
struct ConcatenatedShape {
  std::uint64_t raw_bits = 0;
  std::uint32_t blocks = 0;
  std::uint32_t block_bits = 0;
  std::uint32_t check_bits = 0;     ///< of each block's hash
  std::vector<std::uint32_t> rows;  ///< [j - 1]: elements published of row j; `blocks`: the row itself

  unsigned element_bits() const;
  /// Blocks may hold so many errors each.
  std::uint32_t most_block_errors() const { return static_cast<std::uint32_t>(rows.size()); }
  std::uint64_t published_bits() const;
  bool operator==(const ConcatenatedShape&) const = default;
};

inline constexpr std::size_t most_rows = 400;

/// Whether the numbers describe a code at all: enough places, rows that are not longer than themselves, elements that
/// suffice to tell places and blocks apart.
bool is_possible(const ConcatenatedShape& shape);

/// An upper bound on the probability, over dealing and hashes, that decoding fails on a pattern of `errors` errors or
/// fewer, whatever the pattern.
/// In:     a possible shape.
/// Claim:  docs/error-correction.md, "Why it fails so rarely": row by row Chernoff's bound on the number of blocks that
///         are silent, plus once more those that are wrong, at most (y, z > 0 any numbers, here near the best)
///             F(z, y)^blocks / (z^errors y^(published + 1) C(places, errors)),
///             F = L(z) + ((1 - u) y + u y^2) ((1 + z)^block_bits - L(z)),  L(z) = sum_{k < j} C(block_bits, k) z^k,
///         u = 2^-check_bits; and the same with "published" = 0 for blocks with more errors than rows.
/// Cost:   some milliseconds.
numeric::Ball failure_bound(const ConcatenatedShape& shape, std::uint64_t errors);

/// The shape that publishes least, of those looked at, with failure_bound <= epsilon. Nothing: none does.
/// Doubles propose; balls decide.
std::optional<ConcatenatedShape> plan_concatenated(std::uint64_t raw_bits, std::uint64_t errors,
                                                   const numeric::Exact& epsilon);

/// About what plan_concatenated's shape publishes, from one shape in doubles: for planning. Cost: a millisecond.
std::optional<std::uint64_t> likely_concatenated_bits(std::uint64_t raw_bits, std::uint64_t errors, double epsilon);

}  // namespace bellows::ecc
