#pragma once

#include <cstdint>
#include <vector>

namespace bellows::ecc {

/// The numbers of a generalised concatenated code (docs/error-correction.md): a string of raw_bits is dealt at random
/// to `blocks` blocks of block_bits() places, some of which stay empty. Of each block a BCH code knows syndromes, one
/// element of GF(2^element_bits) after another; the next row_syndromes of them in all blocks are a row, each block's an
/// element of GF(2^symbol_bits()), and of a row so many Reed-Solomon syndromes are published as blocks may be wrong or
/// silent when the syndromes before it are known.
struct ConcatenatedShape {
  std::uint64_t raw_bits = 0;
  std::uint32_t blocks = 0;
  std::uint32_t element_bits = 0;
  std::uint32_t check_bits = 0;     ///< of each block's hash
  std::uint32_t row_syndromes = 0;  ///< more than one: rows may be longer than GF(2^element_bits) has elements
  std::vector<std::uint32_t> rows;  ///< symbols published of each row; `blocks`: the row itself

  /// Every element but 0 is a place.
  std::uint32_t block_bits() const { return (std::uint32_t{1} << element_bits) - 1; }
  std::uint32_t symbol_bits() const { return row_syndromes * element_bits; }
  std::uint64_t places() const { return std::uint64_t{blocks} * block_bits(); }
  /// Blocks may hold so many errors each.
  std::uint32_t most_block_errors() const { return static_cast<std::uint32_t>(rows.size()) * row_syndromes; }
  std::uint64_t published_bits() const;
  bool operator==(const ConcatenatedShape&) const = default;
};

inline constexpr std::size_t most_rows = 400;
inline constexpr std::uint32_t fewest_element_bits = 3, most_element_bits = 16;
inline constexpr std::uint32_t most_check_bits = 16;
inline constexpr std::uint32_t most_symbol_bits = 20;

/// Whether the numbers describe a code at all: enough places and not absurdly many, rows that are not longer than
/// themselves, elements that suffice to tell places apart and symbols that suffice for blocks.
bool is_possible(const ConcatenatedShape& shape);

}  // namespace bellows::ecc
