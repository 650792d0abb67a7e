#pragma once

#include <cstdint>
#include <vector>

namespace bellows::ecc {

/// One circulant of the parity-check matrix: check i of its block row reads bit (i + shift) mod circulant of block
/// `column`.
struct Circulant {
  std::uint32_t column = 0;
  std::uint32_t shift = 0;
};

/// A quasi-cyclic parity-check matrix: rows x columns blocks of circulant x circulant, each empty or one shifted
/// identity. The same numbers always give the same matrix: it is part of the protocol.
struct LdpcCode {
  std::uint32_t circulant = 0;  ///< a multiple of 8
  std::uint32_t columns = 0;
  std::uint32_t rows = 0;
  std::vector<std::uint32_t> row_start;  ///< rows + 1 places in `circulants`
  std::vector<Circulant> circulants;

  std::uint64_t length_bits() const { return std::uint64_t{circulant} * columns; }
  std::uint64_t syndrome_bits() const { return std::uint64_t{circulant} * rows; }
};

/// Largest number of circulants in a block row that make_code builds and the decoder takes.
inline constexpr std::uint32_t most_edges_in_row = 1024;

/// Irregular code: about a fifth of the columns in 14-15 rows, the rest in 3 or 6 (found by density evolution of this
/// very decoder). No two columns of low degree share two checks where that can be had, so that short cycles do not trap
/// the decoder. Requires 4 <= rows <= columns, circulant a multiple of 8.
LdpcCode make_code(std::uint32_t circulant, std::uint32_t columns, std::uint32_t rows);

/// The syndrome of one bit a byte (0 or 1): length_bits() in, syndrome_bits() out.
void compute_syndrome(const LdpcCode& code, const std::uint8_t* bits, std::uint8_t* syndrome);

}  // namespace bellows::ecc
