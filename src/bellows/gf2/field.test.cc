#include "bellows/gf2/field.h"

#include <gtest/gtest.h>

#include <random>

namespace bellows::gf2 {
namespace {

TEST(Field, CantorBasis) {
  EXPECT_EQ(cantor_basis[0], 1u);
  EXPECT_EQ(cantor_basis[7], lambda8);
  EXPECT_EQ(cantor_basis[15], lambda16);
  for (std::size_t i = 1; i < cantor_basis.size(); ++i)
    EXPECT_EQ(multiply_32(cantor_basis[i], cantor_basis[i]) ^ cantor_basis[i], cantor_basis[i - 1]) << i;
}

TEST(Field, IsAField) {
  std::mt19937 random(1);
  for (int repeat = 0; repeat < 300; ++repeat) {
    const std::uint32_t a = random(), b = random(), c = random();
    EXPECT_EQ(multiply_32(a, b), multiply_32(b, a));
    EXPECT_EQ(multiply_32(multiply_32(a, b), c), multiply_32(a, multiply_32(b, c)));
    EXPECT_EQ(multiply_32(a, b ^ c), multiply_32(a, b) ^ multiply_32(a, c));
    EXPECT_EQ(multiply_32(a, 1), a);
    std::uint32_t power = a;  // a^(2^32) = a, the Frobenius map 32 times over
    for (int i = 0; i < 32; ++i) power = multiply_32(power, power);
    EXPECT_EQ(power, a);
  }
}

TEST(Field, ThreeGeneratesTheUnitsOfGf256) {
  int order = 1;
  for (std::uint8_t power = 3; power != 1; power = multiply_8(power, 3)) ++order;
  EXPECT_EQ(order, 255);
}

}  // namespace
}  // namespace bellows::gf2
