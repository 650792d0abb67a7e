#include "bellows/gf2/product.h"

#include <gtest/gtest.h>

#include <random>

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

INSTANTIATE_TEST_SUITE_P(Kernels, ProductOnKernel, ::testing::ValuesIn(bits::all_kernels),
                         [](const auto& set) { return std::string(bits::kernel_name(set.param)); });

}  // namespace
}  // namespace bellows::gf2
