#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "bellows/base/secret.h"
#include "bellows/bits/cpu.h"
#include "bellows/gf2/field.h"
#include "bellows/gf2/transform/kernel.h"
#include "bellows/testing/shared_data.h"

namespace bellows::gf2::transform {
namespace {

struct Scratch {
  explicit Scratch(const Kernel& kernel, int rows)
      : plane_bytes(coefficient_plane_bytes(rows)),
        coefficients(4 * plane_bytes + 256),
        row(kernel.row_scratch_bytes) {}
  BlockScratch view() { return {coefficients.data() + 64, plane_bytes, row.data(), nullptr}; }
  std::size_t plane_bytes;
  SecretBytes coefficients, row;
};

class TransformOnKernel : public ::testing::TestWithParam<bits::Kernel> {
 protected:
  void SetUp() override {
    if (!bits::kernel_is_available(GetParam())) GTEST_SKIP() << "this processor lacks " << bits::kernel_name(GetParam());
    bits::force_kernel(GetParam());
  }
  void TearDown() override { bits::unforce_kernel(); }
};

using Elements = std::vector<std::uint32_t>;

Elements random_elements(std::size_t size, std::mt19937& random) {
  Elements elements(size);
  for (auto& e : elements) e = random();
  return elements;
}

SecretBytes spectrum_of(const Kernel& kernel, const Elements& elements, int rows, Scratch& scratch) {
  std::vector<std::uint8_t> planes[4];
  const std::uint8_t* pointers[4];
  for (int p = 0; p < 4; ++p) {
    for (std::uint32_t e : elements) planes[p].push_back(static_cast<std::uint8_t>(e >> (8 * p)));
    pointers[p] = planes[p].data();
  }
  SecretBytes spectrum(spectrum_bytes(rows));
  kernel.forward_planes(pointers, nullptr, elements.size(), rows, spectrum.data(), scratch.view());
  return spectrum;
}

Elements coefficients_of(const Kernel& kernel, SecretBytes spectrum, int rows, std::size_t size, Scratch& scratch) {
  kernel.inverse(spectrum.data(), rows, scratch.view());
  Elements elements(size);
  for (int p = 0; p < 4; ++p) {
    std::vector<std::uint8_t> plane(size);
    kernel.add_coefficients(plane.data(), scratch.view().coefficients + static_cast<std::size_t>(p) * scratch.plane_bytes,
                            0, size, false);
    for (std::size_t i = 0; i < size; ++i) elements[i] |= static_cast<std::uint32_t>(plane[i]) << (8 * p);
  }
  return elements;
}

TEST_P(TransformOnKernel, ThereAndBack) {
  const Kernel& kernel = active_kernel();
  ASSERT_STREQ(kernel.name, bits::kernel_name(GetParam()));
  std::mt19937 random(1);
  for (int rows : {1, 2, 3, 5, 8, 11, 16, 37, 150}) {
    if (rows > 40 && (GetParam() < bits::Kernel::avx2 || testing::sanitized())) continue;  // slow
    const auto size = static_cast<std::size_t>(rows) * row_points;
    Scratch scratch(kernel, rows);
    const Elements elements = random_elements(size - (random() % 70000) % size, random);
    EXPECT_TRUE(coefficients_of(kernel, spectrum_of(kernel, elements, rows, scratch), rows, elements.size(), scratch) ==
                elements)
        << rows << " rows";
  }
}

// Sums over r of every value times a random weight would not show where; so products against the definition.
TEST_P(TransformOnKernel, ProductsEqualTheDefinition) {
  const Kernel& kernel = active_kernel();
  std::mt19937 random(2);
  struct Case { std::size_t a, b; int rows; };
  for (const Case& c : {Case{1, 1, 1}, {40000, 25536, 1}, {65536, 3, 2}, {70001, 50000, 2}, {65536, 131000, 3}, {200000, 90000, 5}}) {
    Scratch scratch(kernel, c.rows);
    const Elements a = random_elements(c.a, random), b = random_elements(c.b, random);
    SecretBytes x = spectrum_of(kernel, a, c.rows, scratch), y = spectrum_of(kernel, b, c.rows, scratch);
    const std::uint8_t* xs[] = {x.data()};
    const std::uint8_t* ys[] = {y.data()};
    std::uint8_t* outs[] = {y.data()};
    SecretBytes sums(kernel.sum_scratch_bytes(1, 1));
    for (std::size_t unit = 0; unit < units_per_row * static_cast<std::size_t>(c.rows); ++unit)
      kernel.sum_of_products({xs, 1, 0, ys, 1, outs, 1, false}, unit, sums.data());
    const Elements product = coefficients_of(kernel, y, c.rows, c.a + c.b - 1, scratch);
    for (int check = 0; check < 12; ++check) {
      const std::size_t n = check == 0 ? 0 : check == 1 ? product.size() - 1 : random() % product.size();
      std::uint32_t expected = 0;
      for (std::size_t i = n < c.b ? 0 : n - c.b + 1; i <= n && i < c.a; ++i) expected ^= multiply_32(a[i], b[n - i]);
      ASSERT_EQ(product[n], expected) << c.a << " by " << c.b << " at " << n;
    }
  }
}

// Products of sequences against sums of products with zeros at both ends.
TEST_P(TransformOnKernel, ProductsOfChunks) {
  const Kernel& kernel = active_kernel();
  std::mt19937 random(3);
  Scratch scratch(kernel, 1);
  std::vector<SecretBytes> spectra;
  for (int i = 0; i < 16; ++i) spectra.push_back(spectrum_of(kernel, random_elements(3000, random), 1, scratch));
  struct Case { std::size_t a, b; };
  for (const Case& c : {Case{1, 1}, {1, 7}, {2, 3}, {4, 4}, {5, 2}, {8, 8}, {11, 5}, {3, 13}, {9, 8}, {1, 20}, {16, 17}, {33, 32},
                        {50, 3}, {2, 99}, {70, 90}, {128, 129}}) {
    std::vector<const std::uint8_t*> x(c.a + c.b - 1 + c.a - 1, nullptr), y(c.a), a, b;
    for (std::size_t i = 0; i < c.a; ++i) a.push_back(y[c.a - 1 - i] = spectra[i % 16].data());
    for (std::size_t j = 0; j < c.b; ++j) b.push_back(x[j + c.a - 1] = spectra[(c.a + 3 * j) % 16].data());
    std::vector<SecretBytes> expected(c.a + c.b - 1, SecretBytes(spectrum_bytes(1))), found = expected;
    std::vector<std::uint8_t*> expected_out, out;
    for (auto& e : expected) expected_out.push_back(e.data());
    for (auto& e : found) out.push_back(e.data());
    SecretBytes sums(kernel.sum_scratch_bytes(x.size(), y.size())), products(kernel.product_scratch_bytes);
    for (std::size_t unit = 0; unit < (c.a + c.b > 20 ? 1 : units_per_row); ++unit) {  // all columns are treated alike
      kernel.sum_of_products({x.data(), x.size(), 0, y.data(), y.size(), expected_out.data(), expected_out.size(), false}, unit,
                             sums.data());
      kernel.product_of_chunks({a.data(), c.a, b.data(), c.b, out.data()}, unit, products.data());
    }
    EXPECT_TRUE(found == expected) << c.a << " by " << c.b << " chunks";
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, TransformOnKernel, ::testing::ValuesIn(bits::all_kernels),
                         [](const auto& set) { return std::string(bits::kernel_name(set.param)); });

}  // namespace
}  // namespace bellows::gf2::transform
