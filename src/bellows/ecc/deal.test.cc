#include "bellows/ecc/deal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "bellows/testing/codes.h"
#include "bellows/testing/random_bits.h"

namespace bellows::ecc {
namespace {

using namespace testing_codes;
using bellows::testing::random_bits;

TEST(Deal, EveryInjectionIsEquallyLikely) {
  const ConcatenatedShape shape = shape_of(3, 1, 3, 1, 1, {1});
  ASSERT_TRUE(is_possible(shape));
  std::map<std::vector<std::uint32_t>, int> seen;
  std::array<int, 2> check{};
  const int rounds = 210'000;
  for (int round = 0; round < rounds; ++round) {
    auto dealt = deal(shape, random_bits(deal_random_bits(shape), static_cast<std::uint64_t>(round)));
    ASSERT_TRUE(dealt.ok());
    ++seen[dealt->place];
    for (auto bits : dealt->check) ++check.at(bits);
  }
  EXPECT_EQ(seen.size(), 210u);
  double chi_squared = 0;
  for (const auto& [place, count] : seen) chi_squared += (count - 1000.0) * (count - 1000.0) / 1000;
  EXPECT_LT(chi_squared, 297);  // 209 degrees of freedom: exceeded with a chance of 6e-5
  EXPECT_NEAR(check[0], 3 * rounds / 2, 5 * std::sqrt(3 * rounds / 4.0));
  EXPECT_EQ(deal(shape, random_bits(10, 1)).error().code, ErrorCode::bad_input);
}

TEST(Deal, NumbersFillTheirRange) {
  bits::BitString ones(640), zeros(640);
  for (std::uint64_t i = 0; i < ones.size_words(); ++i) ones.words()[i] = ~std::uint64_t{0};
  for (std::uint64_t range : {2ull, 3ull, 1'000'000ull, (1ull << 30) + 1, (1ull << 31) - 1, (1ull << 32) - 1}) {
    EXPECT_EQ(Draw(ones).below(range), range - 1);
    EXPECT_EQ(Draw(bits::BitString(random_bits(640, 1))).below(1), 0u);
    std::uint64_t most = 0, least = range;
    const bits::BitString random = random_bits(1'000'000, range);
    for (Draw draw(random); !draw.ran_out();) {
      const std::uint64_t number = draw.below(range);
      if (draw.ran_out()) break;
      most = std::max(most, number);
      least = std::min(least, number);
    }
    EXPECT_LT(most, range);
    EXPECT_GE(static_cast<double>(most), 0.999 * static_cast<double>(range - 1));
    EXPECT_LE(static_cast<double>(least), 0.001 * static_cast<double>(range));
  }
}

TEST(Deal, PlacesAreDistinctAndFewBitsAreLeftOver) {
  const ConcatenatedShape shape = shape_of(10'000, 80, 7, 3, 1, {5, 1});
  auto dealt = deal(shape, random_bits(deal_random_bits(shape), 3));
  ASSERT_TRUE(dealt.ok());
  EXPECT_EQ(std::set<std::uint32_t>(dealt->place.begin(), dealt->place.end()).size(), 10'000u);
  EXPECT_LT(*std::max_element(dealt->place.begin(), dealt->place.end()), 80u * 127);
  EXPECT_LT(deal_random_bits(shape), 10'000u * (14 + 4 + 3) * 6 / 5);
}

}  // namespace
}  // namespace bellows::ecc
