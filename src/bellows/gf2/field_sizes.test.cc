#include "bellows/gf2/field_sizes.h"

#include <gtest/gtest.h>

namespace bellows::gf2 {
namespace {

TEST(FieldSizes, Enumeration) {
  EXPECT_EQ(field_lengths(0, 51), (std::vector<std::uint64_t>{1, 3, 5, 9, 15, 17, 25, 27, 45, 51}));
  for (std::uint64_t k : field_lengths(0, 1000000)) EXPECT_TRUE(is_field_length(k));
  EXPECT_FALSE(is_field_length(0));
  EXPECT_FALSE(is_field_length(2));
  EXPECT_FALSE(is_field_length(21));
}

TEST(FieldSizes, NeighboursAbove10To6DifferBySevenPercentAtMost) {
  const auto lengths = field_lengths(1000000, 100000000);
  for (std::size_t i = 1; i < lengths.size(); ++i) {
    EXPECT_LE(static_cast<double>(lengths[i]), 1.07 * static_cast<double>(lengths[i - 1]));
  }
}

TEST(FieldSizes, OnBothSides) {
  EXPECT_EQ(field_length_for(0), 1u);
  EXPECT_EQ(field_length_for(32), 1u);
  EXPECT_EQ(field_length_for(33), 3u);
  EXPECT_EQ(field_length_for(226'950'000), 7'099'285u);  // 5 * 17^5: the published experiment
  EXPECT_EQ(field_length_below(31), 0u);
  EXPECT_EQ(field_length_below(95), 1u);
  EXPECT_EQ(field_length_below(96), 3u);
  for (std::uint64_t bits = 32; bits < 100000; bits += 777) {
    EXPECT_LE(32 * field_length_below(bits), bits);
    EXPECT_GE(32 * field_length_for(bits), bits);
  }
}

}  // namespace
}  // namespace bellows::gf2
