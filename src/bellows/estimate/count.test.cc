#include "bellows/estimate/count.h"

#include <gtest/gtest.h>

#include <random>

namespace bellows::estimate {
namespace {

bits::BitString random_bits(std::uint64_t size_bits, std::mt19937_64& generator, unsigned skew) {
  bits::BitString result(size_bits);
  for (std::uint64_t i = 0; i < size_bits; ++i) result.set(i, generator() % 16 < skew);
  return result;
}

Counts count_naively(bits::BitView x, bits::BitView y, bits::BitView a, bits::BitView b) {
  Counts counts{};
  for (std::uint64_t i = 0; i < x.size_bits; ++i) ++counts[count_index(x[i], y[i], a[i], b[i])];
  return counts;
}

TEST(CountTrials, EveryKernelEqualsNaiveAtAwkwardLengths) {
  std::mt19937_64 generator(1);
  for (std::uint64_t trials : {0,   1,   3,   63,  64,   65,   127,           128,      255,          256,
                               257, 511, 512, 513, 1025, 4097, 63 * 256 + 17, 31 * 256, 31 * 256 + 1, 100003}) {
    bits::BitString x = random_bits(trials, generator, 8), y = random_bits(trials, generator, 5),
                    a = random_bits(trials, generator, 11), b = random_bits(trials, generator, 1);
    const Counts expected = count_naively(x, y, a, b);
    for (bits::Kernel kernel : bits::all_kernels) {
      if (!bits::kernel_is_available(kernel)) continue;
      EXPECT_EQ(count_trials(x, y, a, b, kernel), expected) << bits::kernel_name(kernel) << " " << trials;
    }
    EXPECT_EQ(count_trials(x, y, a, b), expected);
  }
}

TEST(CountTrials, AllOnesAndGarbageBeyondTheEnd) {
  std::vector<std::uint64_t> ones(4096, ~std::uint64_t{0});
  for (std::uint64_t trials : {1, 70, 64 * 4096, 64 * 4096 - 1}) {
    bits::BitView view{ones.data(), trials};
    Counts expected{};
    expected[15] = trials;
    for (bits::Kernel kernel : bits::all_kernels) {
      if (!bits::kernel_is_available(kernel)) continue;
      EXPECT_EQ(count_trials(view, view, view, view, kernel), expected);
    }
  }
}

}  // namespace
}  // namespace bellows::estimate
