// Tests of linear dependence: SP 800-22 sections 2.5 (matrix rank) and 2.10 (linear complexity).
#include <algorithm>
#include <array>
#include <cmath>

#include "bellows/quality/nist_tests.h"
#include "bellows/quality/special_functions.h"

namespace bellows::quality::nist_tests {
namespace {

constexpr unsigned matrix_side = 32;

unsigned rank_of(std::array<std::uint32_t, matrix_side>& rows) {
  unsigned rank = 0;
  for (unsigned i = 0; i < matrix_side; ++i) {
    const std::uint32_t pivot_row = rows[i];
    if (pivot_row == 0) continue;
    ++rank;
    const std::uint32_t pivot = pivot_row & (~pivot_row + 1);
    for (unsigned j = i + 1; j < matrix_side; ++j) {
      rows[j] ^= (rows[j] & pivot) != 0 ? pivot_row : 0;
    }
  }
  return rank;
}

// Chance that a random square matrix over GF(2) has the given rank.
double rank_probability(unsigned rank) {
  double product = 1.0;
  for (unsigned i = 0; i < rank; ++i) {
    const double missing = 1.0 - std::exp2(static_cast<double>(i) - matrix_side);
    product *= missing * missing / (1.0 - std::exp2(static_cast<double>(i) - rank));
  }
  const double exponent = static_cast<double>(rank) * (2.0 * matrix_side - rank) - matrix_side * matrix_side;
  return std::exp2(exponent) * product;
}

}  // namespace

NistOutcome rank(const Sequence& sequence) {
  const std::size_t matrices = sequence.length_bits() / (matrix_side * matrix_side);
  if (matrices == 0) return NistOutcome::invalid("shorter than one matrix of 1024 bits");
  std::array<double, 3> counts{};
  for (std::size_t i = 0; i < matrices; ++i) {
    std::array<std::uint32_t, matrix_side> rows{};
    for (unsigned r = 0; r < matrix_side; ++r) {
      rows[r] = static_cast<std::uint32_t>(sequence.window((i * matrix_side + r) * matrix_side));
    }
    const unsigned missing = matrix_side - rank_of(rows);
    counts[std::min(missing, 2U)] += 1.0;
  }
  const double full = rank_probability(matrix_side);
  const double less_one = rank_probability(matrix_side - 1);
  const std::array<double, 3> probability{full, less_one, 1.0 - (full + less_one)};
  double chi_square = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double expected = static_cast<double>(matrices) * probability[i];
    chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return {{std::exp(-chi_square / 2.0)}, {}};
}

namespace {

// Berlekamp and Massey on bit vectors of `Words` words. The connection polynomial C meets the last bits
// in `recent` (bit 0 the newest), so a discrepancy is one AND and one parity; B is kept shifted, one
// place a step, so an update is one XOR.
template <std::size_t Words>
std::size_t berlekamp_massey(const Sequence& sequence, std::size_t first_bit, std::size_t bits) {
  using Vector = std::array<std::uint64_t, Words>;
  Vector connection{}, previous{}, recent{};
  connection[0] = 1;
  previous[0] = 1;
  const auto shift_up = [](Vector& v) {
    for (std::size_t w = Words - 1; w > 0; --w) v[w] = (v[w] << 1) | (v[w - 1] >> 63);
    v[0] <<= 1;
  };
  std::size_t length = 0;
  for (std::size_t n = 0; n < bits; ++n) {
    shift_up(recent);
    recent[0] |= std::uint64_t{sequence.bit(first_bit + n)};
    shift_up(previous);
    std::uint64_t folded = 0;
    for (std::size_t w = 0; w < Words; ++w) folded ^= connection[w] & recent[w];
    if (__builtin_parityll(folded) == 0) continue;
    if (2 * length <= n) {
      const Vector kept = connection;
      for (std::size_t w = 0; w < Words; ++w) connection[w] ^= previous[w];
      previous = kept;
      length = n + 1 - length;
    } else {
      for (std::size_t w = 0; w < Words; ++w) connection[w] ^= previous[w];
    }
  }
  return length;
}

}  // namespace

std::size_t shortest_register(const Sequence& sequence, std::size_t first_bit, std::size_t block_bits) {
  // The vectors hold bits 0 .. block_bits.
  if (block_bits < 512) return berlekamp_massey<8>(sequence, first_bit, block_bits);
  if (block_bits < 1024) return berlekamp_massey<16>(sequence, first_bit, block_bits);
  return berlekamp_massey<79>(sequence, first_bit, block_bits);  // up to 5055 bits
}

NistOutcome linear_complexity(const Sequence& sequence, std::size_t block_bits) {
  static constexpr std::array<double, 7> class_probability{0.01047, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833};
  const std::size_t blocks = sequence.length_bits() / block_bits;
  if (blocks == 0) return NistOutcome::invalid("shorter than one block");
  const auto m = static_cast<double>(block_bits);
  const double sign = block_bits % 2 == 0 ? 1.0 : -1.0;
  const double mean = m / 2.0 + (9.0 - sign) / 36.0 - std::exp2(-m) * (m / 3.0 + 2.0 / 9.0);
  std::array<std::size_t, 7> counts{};
  for (std::size_t b = 0; b < blocks; ++b) {
    const auto length = static_cast<double>(shortest_register(sequence, b * block_bits, block_bits));
    const double t = sign * (length - mean) + 2.0 / 9.0;
    // Classes t <= -2.5, (-2.5, -1.5], ..., (1.5, 2.5], above.
    const double place = std::ceil(std::clamp(t, -3.0, 3.0) + 2.5);
    ++counts[static_cast<std::size_t>(std::clamp(place, 0.0, 6.0))];
  }
  double chi_square = 0.0;
  for (std::size_t i = 0; i < 7; ++i) {
    const double expected = static_cast<double>(blocks) * class_probability[i];
    const double excess = static_cast<double>(counts[i]) - expected;
    chi_square += excess * excess / expected;
  }
  return {{chi_square_tail(6.0, chi_square)}, {}};
}

}  // namespace bellows::quality::nist_tests
