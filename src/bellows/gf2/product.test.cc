#include "bellows/gf2/product.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include <gf2x.h>

#include "bellows/bits/cpu.h"

namespace bellows::gf2 {
namespace {

bits::BitString random_bits(std::uint64_t size_bits, std::mt19937_64& random) {
  bits::BitString string(size_bits);
  for (std::uint64_t i = 0; i < string.size_words(); ++i) string.words()[i] = random();
  string.trim();
  return string;
}

bits::BitString naive_product(const bits::BitString& a, const bits::BitString& b) {
  if (a.size_bits() == 0 || b.size_bits() == 0) return {};
  bits::BitString product(a.size_bits() + b.size_bits() - 1);
  for (std::uint64_t i = 0; i < a.size_bits(); ++i)
    if (a[i])
      for (std::uint64_t j = 0; j < b.size_bits(); ++j) product.set(i + j, product[i + j] != b[j]);
  return product;
}

class ProductOnKernel : public ::testing::TestWithParam<bits::Kernel> {
 protected:
  void SetUp() override {
    if (!bits::kernel_is_available(GetParam())) GTEST_SKIP() << "this processor lacks " << bits::kernel_name(GetParam());
    bits::force_kernel(GetParam());
  }
  void TearDown() override { bits::unforce_kernel(); }
};

TEST_P(ProductOnKernel, EqualsTheDefinitionAtAwkwardSizes) {
  std::mt19937_64 random(1);
  const std::uint64_t sizes[] = {0, 1, 2, 31, 63, 64, 65, 127, 128, 129, 257, 1025, 1599, 1600, 1601, 3201};
  for (std::uint64_t a_size : sizes)
    for (std::uint64_t b_size : sizes) {
      const bits::BitString a = random_bits(a_size, random), b = random_bits(b_size, random);
      EXPECT_EQ(*multiply(a, b), naive_product(a, b)) << a_size << " by " << b_size;
    }
}

bits::BitString product_by_gf2x(const bits::BitString& a, const bits::BitString& b) {
  bits::BitString product(64 * (a.size_words() + b.size_words()));
  gf2x_mul(product.words(), a.words(), static_cast<long>(a.size_words()), b.words(), static_cast<long>(b.size_words()));
  return bits::BitString(product.view().first(a.size_bits() + b.size_bits() - 1));
}

TEST_P(ProductOnKernel, EqualsGf2xAtRandomSizes) {
  std::mt19937_64 random(2);
  const bool all = std::getenv("BELLOWS_LONG") != nullptr;
  for (int repeat = 0; repeat < (all ? 200 : 6); ++repeat) {
    auto size = [&] { return 1 + random() % (std::uint64_t{1} << (8 + random() % (all ? 15 : 13))); };
    const bits::BitString a = random_bits(size() + (repeat % 3 == 0 ? 300000 : 0), random);
    const bits::BitString b = random_bits(size() + (repeat % 2 == 0 ? 270000 : 0), random);
    const auto threads = static_cast<unsigned>(1 + repeat % 2);
    EXPECT_TRUE(*multiply(a, b, Context{.thread_count = threads}) == product_by_gf2x(a, b))
        << a.size_bits() << " by " << b.size_bits();
  }
}

// One factor much longer than the other goes in chunks; bits beyond the end of a view are not part of it.
TEST_P(ProductOnKernel, ChunksAndDirtyEnds) {
  std::mt19937_64 random(3);
  const bits::BitString a = random_bits(7'000'100, random), b = random_bits(300'020, random);
  bits::BitString longer_a = random_bits(7'000'128, random), longer_b = random_bits(300'032, random);
  bits::copy_bits(a, longer_a.words(), 0);
  bits::copy_bits(b, longer_b.words(), 0);
  EXPECT_TRUE(*multiply(longer_a.view().first(a.size_bits()), longer_b.view().first(b.size_bits())) ==
              product_by_gf2x(a, b));
}

// Every kernel against the portable one, small sizes mostly; a million of them with BELLOWS_LONG.
TEST_P(ProductOnKernel, EqualsThePortableKernel) {
  std::mt19937_64 random(4);
  const int count = std::getenv("BELLOWS_LONG") != nullptr ? 1'000'000 : 1000;
  for (int repeat = 0; repeat < count; ++repeat) {
    const std::uint64_t largest = repeat % 500 == 0 ? 400'000 : 3000;
    const bits::BitString a = random_bits(1 + random() % largest, random), b = random_bits(1 + random() % largest, random);
    bits::force_kernel(bits::Kernel::portable);
    const bits::BitString expected = *multiply(a, b);
    bits::force_kernel(GetParam());
    ASSERT_TRUE(*multiply(a, b) == expected) << a.size_bits() << " by " << b.size_bits();
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, ProductOnKernel, ::testing::ValuesIn(bits::all_kernels),
                         [](const auto& set) { return std::string(bits::kernel_name(set.param)); });

// Laws that need no oracle, at the size that the program is made for.
TEST(Product, LinearityAndShiftsAt2To30) {
  if (std::getenv("BELLOWS_LONG") == nullptr) GTEST_SKIP() << "set BELLOWS_LONG=1 for products of 2^30 bits";
  std::mt19937_64 random(5);
  const std::uint64_t size = std::uint64_t{1} << 30;
  const Context context{.thread_count = 2};
  bits::BitString a = random_bits(size, random), b = random_bits(size, random);
  const bits::BitString ab = *multiply(a, b, context);
  bits::BitString c = random_bits(size, random);
  const bits::BitString cb = *multiply(c, b, context);
  for (std::uint64_t i = 0; i < c.size_words(); ++i) c.words()[i] ^= a.words()[i];
  const bits::BitString sum_b = *multiply(c, b, context);
  for (std::uint64_t i = 0; i < ab.size_words(); ++i) ASSERT_EQ(sum_b.words()[i], ab.words()[i] ^ cb.words()[i]) << i;
  bits::BitString shifted(size);
  bits::copy_bits(a.view().first(size - 77), shifted.words(), 77);
  for (std::uint64_t i = 0; i < 77; ++i) {  // what the shift pushes out, taken off
    a.set(size - 77 + i, false);
  }
  const bits::BitString cut_b = *multiply(a, b, context), shifted_b = *multiply(shifted, b, context);
  for (std::uint64_t i = 0; i + 77 + 64 < cut_b.size_bits(); i += 64 * 1001)
    ASSERT_EQ(shifted_b.view().word_at_bit(i + 77), cut_b.view().word_at_bit(i)) << i;
}

}  // namespace
}  // namespace bellows::gf2
