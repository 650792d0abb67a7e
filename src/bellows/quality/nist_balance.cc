// Tests of balance and of runs: SP 800-22 sections 2.1 to 2.4.
#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "bellows/quality/nist_tests.h"
#include "bellows/quality/special_functions.h"

namespace bellows::quality::nist_tests {

NistOutcome frequency(const Sequence& sequence) {
  const auto n = static_cast<double>(sequence.length_bits());
  const auto ones = static_cast<double>(sequence.ones(0, sequence.length_bits()));
  return {{std::erfc(std::fabs(2.0 * ones - n) / std::sqrt(n) / std::sqrt(2.0))}, {}};
}

NistOutcome block_frequency(const Sequence& sequence, std::size_t block_bits) {
  const std::size_t blocks = sequence.length_bits() / block_bits;
  if (blocks == 0) return NistOutcome::invalid("shorter than one block");
  // 4 M sum (pi - 1/2)^2 = sum (2 ones - M)^2 / M: the sum is a whole number, hence exact.
  double sum = 0.0;
  for (std::size_t b = 0; b < blocks; ++b) {
    const double excess =
        2.0 * static_cast<double>(sequence.ones(b * block_bits, block_bits)) - static_cast<double>(block_bits);
    sum += excess * excess;
  }
  return {{chi_square_tail(static_cast<double>(blocks), sum / static_cast<double>(block_bits))}, {}};
}

NistOutcome runs(const Sequence& sequence) {
  const std::size_t length = sequence.length_bits();
  const auto n = static_cast<double>(length);
  const double pi = static_cast<double>(sequence.ones(0, length)) / n;
  // Section 2.3.4 step 2: with so many ones or zeros the frequency test has failed already.
  if (std::fabs(pi - 0.5) > 2.0 / std::sqrt(n)) return {{0.0}, {}};
  std::size_t changes = 0;
  for (std::size_t i = 0; i + 1 < length; i += 63) {
    const std::uint64_t w = sequence.window(i);
    const std::size_t pairs = std::min<std::size_t>(63, length - 1 - i);
    changes += static_cast<std::size_t>(__builtin_popcountll((w ^ (w >> 1)) & ((std::uint64_t{1} << pairs) - 1)));
  }
  const double v = static_cast<double>(changes) + 1.0;
  const double q = pi * (1.0 - pi);
  return {{std::erfc(std::fabs(v - 2.0 * n * q) / (2.0 * q * std::sqrt(2.0 * n)))}, {}};
}

namespace {

std::size_t longest_run_of_ones(const Sequence& sequence, std::size_t first_bit, std::size_t count_bits) {
  std::size_t longest = 0;
  std::size_t current = 0;
  for (std::size_t done = 0; done < count_bits; done += 64) {
    std::uint64_t w = sequence.window(first_bit + done);
    std::size_t left = std::min<std::size_t>(64, count_bits - done);
    while (left > 0) {
      const std::size_t zeros = std::min<std::size_t>(left, w == 0 ? 64 : static_cast<std::size_t>(__builtin_ctzll(w)));
      if (zeros > 0) {
        longest = std::max(longest, current);
        current = 0;
        left -= zeros;
        if (left == 0) break;
        w >>= zeros;
      }
      const std::size_t ones =
          std::min<std::size_t>(left, ~w == 0 ? 64 : static_cast<std::size_t>(__builtin_ctzll(~w)));
      current += ones;
      left -= ones;
      w = ones == 64 ? 0 : w >> ones;
    }
  }
  return std::max(longest, current);
}

// Block length, shortest class and class probabilities of section 3.4, as the NIST programme has them.
struct LongestRunTable {
  std::size_t block_bits;
  std::size_t first_class;
  std::span<const double> probability;
};
constexpr std::array<double, 4> short_blocks{0.21484375, 0.3671875, 0.23046875, 0.1875};
constexpr std::array<double, 6> middle_blocks{0.1174035788, 0.242955959, 0.249363483,
                                              0.17517706,   0.102701071, 0.112398847};
constexpr std::array<double, 7> long_blocks{0.0882, 0.2092, 0.2483, 0.1933, 0.1208, 0.0675, 0.0727};

LongestRunTable longest_run_table(std::size_t length_bits) {
  if (length_bits < 6272) return {8, 1, short_blocks};
  if (length_bits < 750000) return {128, 4, middle_blocks};
  return {10000, 10, long_blocks};
}

}  // namespace

NistOutcome longest_run(const Sequence& sequence) {
  if (sequence.length_bits() < 128) return NistOutcome::invalid("shorter than 128 bits");
  const LongestRunTable table = longest_run_table(sequence.length_bits());
  const std::size_t blocks = sequence.length_bits() / table.block_bits;
  std::array<std::size_t, 7> counts{};
  const std::size_t last = table.probability.size() - 1;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t run = longest_run_of_ones(sequence, b * table.block_bits, table.block_bits);
    ++counts[run <= table.first_class ? 0 : std::min(run - table.first_class, last)];
  }
  double chi_square = 0.0;
  for (std::size_t i = 0; i <= last; ++i) {
    const double expected = static_cast<double>(blocks) * table.probability[i];
    const double excess = static_cast<double>(counts[i]) - expected;
    chi_square += excess * excess / expected;
  }
  return {{chi_square_tail(static_cast<double>(last), chi_square)}, {}};
}

}  // namespace bellows::quality::nist_tests
