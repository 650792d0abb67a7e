// Maurer's universal statistical test: SP 800-22 section 2.9.
#include <array>
#include <cmath>

#include "bellows/quality/nist_tests.h"

namespace bellows::quality::nist_tests {
namespace {

// Shortest sequence for blocks of 6, 7, ..., 16 bits.
constexpr std::array<std::size_t, 11> shortest_bits{387840,   904960,    2068480,   4654080,   10342400,  22753280,
                                                    49643520, 107560960, 231669760, 496435200, 1059061760};
constexpr std::array<double, 11> expected_value{5.2177052, 6.1962507, 7.1836656, 8.1764248, 9.1723243, 10.170032,
                                                11.168765, 12.168070, 13.167693, 14.167488, 15.167379};
constexpr std::array<double, 11> variance{2.954, 3.125, 3.238, 3.311, 3.356, 3.384, 3.401, 3.410, 3.416, 3.419, 3.421};

}  // namespace

NistOutcome universal(const Sequence& sequence) {
  const std::size_t n = sequence.length_bits();
  if (n < shortest_bits[0]) return NistOutcome::invalid("shorter than 387840 bits");
  std::size_t row = 0;
  while (row + 1 < shortest_bits.size() && n >= shortest_bits[row + 1]) ++row;
  const std::size_t block_bits = row + 6;
  const std::size_t warm_up = 10 * (std::size_t{1} << block_bits);
  const std::size_t blocks = n / block_bits;
  const std::uint64_t mask = (std::uint64_t{1} << block_bits) - 1;
  std::vector<std::size_t> last_seen(mask + 1, 0);
  double sum = 0.0;
  for (std::size_t i = 1; i <= blocks; ++i) {
    const std::uint64_t value = sequence.window((i - 1) * block_bits) & mask;
    if (i > warm_up) sum += std::log2(static_cast<double>(i - last_seen[value]));
    last_seen[value] = i;
  }
  const auto tested = static_cast<double>(blocks - warm_up);
  const auto l = static_cast<double>(block_bits);
  const double c = 0.7 - 0.8 / l + (4.0 + 32.0 / l) * std::pow(tested, -3.0 / l) / 15.0;
  const double sigma = c * std::sqrt(variance[row] / tested);
  return {{std::erfc(std::fabs(sum / tested - expected_value[row]) / (std::sqrt(2.0) * sigma))}, {}};
}

}  // namespace bellows::quality::nist_tests
