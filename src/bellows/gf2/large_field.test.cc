#include "bellows/gf2/large_field.h"

#include <gtest/gtest.h>

#include <random>

#include "bellows/bits/cpu.h"
#include "bellows/gf2/field.h"

namespace bellows::gf2 {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes random_element(std::uint64_t k, std::mt19937_64& random) {
  Bytes element(4 * k);
  for (auto& byte : element) byte = static_cast<std::uint8_t>(random() >> 20);
  return element;
}

std::uint32_t coefficient(const Bytes& element, std::uint64_t e) {
  const std::uint64_t k = element.size() / 4;
  return static_cast<std::uint32_t>(element[e] | element[k + e] << 8 | element[2 * k + e] << 16) |
         static_cast<std::uint32_t>(element[3 * k + e]) << 24;
}

// Coefficient e of a b modulo t^k + 3.
std::uint32_t product_coefficient(const Bytes& a, const Bytes& b, std::uint64_t e) {
  const std::uint64_t k = a.size() / 4;
  std::uint32_t low = 0, high = 0;
  for (std::uint64_t i = 0; i < k; ++i)
    if (i <= e)
      low ^= multiply_32(coefficient(a, i), coefficient(b, e - i));
    else
      high ^= multiply_32(coefficient(a, i), coefficient(b, e + k - i));
  return low ^ multiply_32(3, high);
}

class LargeFieldOnKernel : public ::testing::TestWithParam<bits::Kernel> {
 protected:
  void SetUp() override {
    if (!bits::kernel_is_available(GetParam()))
      GTEST_SKIP() << "this processor lacks " << bits::kernel_name(GetParam());
    bits::force_kernel(GetParam());
  }
  void TearDown() override { bits::unforce_kernel(); }
};

TEST_P(LargeFieldOnKernel, ProductsEqualTheDefinition) {
  std::mt19937_64 random(3);
  for (std::uint64_t k : {1ull, 3ull, 51ull, 4131ull, 83521ull, 151875ull})
    for (unsigned threads : {1u, 2u}) {
      if (threads == 2 && k != 151875) continue;
      LargeField field(k, threads);
      const Bytes a = random_element(k, random), b = random_element(k, random);
      Bytes product(4 * k);
      field.multiply(a.data(), b.data(), product.data());
      for (int check = 0; check < 3; ++check) {
        const std::uint64_t e = check == 0 ? 0 : check == 1 ? k - 1 : random() % k;
        ASSERT_EQ(coefficient(product, e), product_coefficient(a, b, e)) << "k = " << k << " at " << e;
      }
    }
}

TEST_P(LargeFieldOnKernel, SumsOfProducts) {
  std::mt19937_64 random(4);
  for (std::uint64_t k : {9ull, 65025ull, 4131ull}) {
    LargeField field(k, 1);
    const Bytes a = random_element(k, random), b = random_element(k, random), c = random_element(k, random);
    Bytes product(4 * k), ab(4 * k), cb(4 * k);
    LargeField::Spectrum x, y, z;
    field.transform(a.data(), x);
    field.transform(b.data(), y);
    field.transform(c.data(), z);
    const LargeField::Product products[] = {{&x, &y}, {&z, &y}};
    field.sum(products, x);
    field.element_of(x, product.data());
    field.multiply(a.data(), b.data(), ab.data());
    field.multiply(c.data(), b.data(), cb.data());
    for (std::uint64_t i = 0; i < 4 * k; ++i) ASSERT_EQ(product[i], ab[i] ^ cb[i]);
  }
}

// Horner's rule as the extractor does it: each transform follows the element that is still on its way.
TEST_P(LargeFieldOnKernel, TransformsFollowElementsOnTheirWay) {
  std::mt19937_64 random(5);
  for (std::uint64_t k : {1ull, 45ull, 4131ull, 151875ull})
    for (unsigned threads : {1u, 2u, 3u}) {
      LargeField field(k, threads), plain(k, 1);
      const Bytes alpha = random_element(k, random);
      std::vector<Bytes> pieces;
      for (int i = 0; i < 4; ++i) pieces.push_back(random_element(k, random));
      Bytes value(4 * k, 7), other_value(4 * k, 7), expected(4 * k);
      LargeField::Spectrum power, work, other;
      field.transform(alpha.data(), power);
      const LargeField::Product products[] = {{&work, &power}}, others[] = {{&other, &power}};
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        field.start_transform(pieces[i].data(), work, i > 0 ? value.data() : nullptr);
        field.sum(products, work);
        field.start_element_of(work, value.data());
        for (std::uint64_t j = 0; i > 0 && j < 4 * k; ++j) expected[j] ^= pieces[i][j];
        plain.multiply(i > 0 ? expected.data() : pieces[0].data(), alpha.data(), expected.data());
      }
      field.start_transform(value.data(), other);
      field.sum(others, other);
      field.start_element_of(other, other_value.data());
      field.finish();
      ASSERT_EQ(value, expected) << "k = " << k << ", threads " << threads;
      plain.multiply(expected.data(), alpha.data(), expected.data());
      ASSERT_EQ(other_value, expected) << "k = " << k << ", threads " << threads;
    }
}

// Of a spectrum that stands for zero, and of one that never stood for anything.
TEST(LargeField, ElementOfZero) {
  LargeField field(51, 2);
  LargeField::Spectrum never, spent, other;
  Bytes a(204, 9), product(204, 1), zero(204, 2), again(204, 3);
  field.element_of(never, zero.data());
  EXPECT_EQ(zero, Bytes(204, 0));
  field.transform(a.data(), spent);
  field.transform(a.data(), other);
  const LargeField::Product one[] = {{&spent, &other}};
  field.sum(one, spent);
  field.element_of(spent, product.data());
  field.element_of(spent, again.data());
  EXPECT_EQ(again, Bytes(204, 0));
}

INSTANTIATE_TEST_SUITE_P(Kernels, LargeFieldOnKernel, ::testing::ValuesIn(bits::all_kernels),
                         [](const auto& set) { return std::string(bits::kernel_name(set.param)); });

// t^k + 3 has no factor: in GF(2^32)[t] / (t^k + 3) raising to the power 2^32 permutes, and its fixed elements are the
// products of factor fields. Brute force for small k: the Frobenius map's fixed space (over GF(2^32)) has dimension 1.
TEST(LargeField, IrreducibleForSmallK) {
  for (std::uint64_t k : {1, 3, 5, 9, 15, 17, 25, 27, 45, 51}) {
    // Berlekamp: t^(2^32) modulo t^k + 3 is s t^(2^32 mod k) with s = 3^(2^32 div k); columns t^(j 2^32) - t^j.
    auto power_of_three = [](std::uint64_t n) {
      std::uint32_t result = 1, base = 3;
      for (; n != 0; n >>= 1, base = multiply_32(base, base))
        if (n & 1) result = multiply_32(result, base);
      return result;
    };
    std::vector<std::vector<std::uint32_t>> matrix(k, std::vector<std::uint32_t>(k, 0));
    for (std::uint64_t j = 0; j < k; ++j) {
      const std::uint64_t exponent = j << 32;
      matrix[exponent % k][j] ^= power_of_three(exponent / k);
      matrix[j][j] ^= 1;
    }
    auto inverse = [](std::uint32_t a) {  // a^(2^32 - 2)
      std::uint32_t result = 1;
      for (int i = 0; i < 31; ++i) {
        a = multiply_32(a, a);
        result = multiply_32(result, a);
      }
      return result;
    };
    std::uint64_t rank = 0;
    for (std::uint64_t column = 0; column < k; ++column) {
      std::uint64_t pivot = rank;
      while (pivot < k && matrix[pivot][column] == 0) ++pivot;
      if (pivot == k) continue;
      std::swap(matrix[pivot], matrix[rank]);
      const std::uint32_t scale = inverse(matrix[rank][column]);
      for (auto& entry : matrix[rank]) entry = multiply_32(entry, scale);
      for (std::uint64_t row = 0; row < k; ++row) {
        const std::uint32_t factor = matrix[row][column];
        if (row == rank || factor == 0) continue;
        for (std::uint64_t i = 0; i < k; ++i) matrix[row][i] ^= multiply_32(factor, matrix[rank][i]);
      }
      ++rank;
    }
    EXPECT_EQ(rank, k - 1) << "t^" << k << " + 3 has " << k - rank << " factors";
  }
}

}  // namespace
}  // namespace bellows::gf2
