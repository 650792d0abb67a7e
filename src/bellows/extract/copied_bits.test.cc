#include "bellows/extract/copied_bits.h"

#include <gtest/gtest.h>

#include <random>

namespace bellows::extract {
namespace {

bits::BitString random_bits(std::uint64_t size_bits, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  bits::BitString string(size_bits);
  for (std::uint64_t i = 0; i < size_bits; ++i) string.set(i, random() & 1);
  return string;
}

bits::BitString part_of(const bits::BitString& whole, std::uint64_t start, std::uint64_t size_bits, bool flipped) {
  bits::BitString part(size_bits);
  for (std::uint64_t i = 0; i < size_bits; ++i) part.set(i, whole[start + i] != flipped);
  return part;
}

TEST(CopiedBits, AreFoundAtEveryPlaceAndFlipped) {
  const bits::BitString whole = random_bits(3000, 1);
  for (std::uint64_t start = 0; start + 500 <= 3000; start += start < 130 ? 1 : 37)
    for (bool flipped : {false, true})
      EXPECT_TRUE(CopiedBits(part_of(whole, start, 500, flipped)).copied_from(whole)) << start;
}

TEST(CopiedBits, RandomStringsAreNotFound) {
  const bits::BitString whole = random_bits(1 << 18, 2);
  for (std::uint64_t seed = 10; seed < 40; ++seed) EXPECT_FALSE(CopiedBits(random_bits(1000, seed)).copied_from(whole));
}

TEST(CopiedBits, OneChangedBitOfTheComparedOnesIsNoCopy) {
  const bits::BitString whole = random_bits(4096, 3);
  for (std::uint64_t at = 0; at < CopiedBits::compared_bits; ++at) {
    bits::BitString part = part_of(whole, 77, 400, false);
    part.set(at, !part[at]);
    EXPECT_FALSE(CopiedBits(part).copied_from(whole)) << at;
  }
}

TEST(CopiedBits, ShortStringsAndEmptyOnes) {
  const bits::BitString whole = random_bits(1000, 4);
  EXPECT_FALSE(CopiedBits(part_of(whole, 0, 100, false)).copied_from(whole));
  EXPECT_FALSE(CopiedBits(bits::BitString()).copied_from(whole));
  EXPECT_FALSE(CopiedBits(part_of(whole, 0, 500, false)).copied_from(bits::BitString()));
}

}  // namespace
}  // namespace bellows::extract
