#include <arb.h>
#include <arb_hypgeom.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "bellows/quality/fourier.h"
#include "bellows/quality/special_functions.h"

namespace bellows::quality {
namespace {

double gamma_by_arb(double shape, double x) {
  arb_t a, z, out;
  arb_init(a);
  arb_init(z);
  arb_init(out);
  arb_set_d(a, shape);
  arb_set_d(z, x);
  arb_hypgeom_gamma_upper(out, a, z, 1, 256);
  double value = arf_get_d(arb_midref(out), ARF_RND_NEAR);
  arb_clear(a);
  arb_clear(z);
  arb_clear(out);
  return value;
}

TEST(SpecialFunctions, GammaEqualsBallArithmetic) {
  for (double shape : {0.5, 1.0, 2.5, 4.0, 4.5, 31.0, 512.0, 3906.0, 16384.0, 400000.0})
    for (double factor : {0.01, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 1.5, 3.0}) {
      double expected = gamma_by_arb(shape, shape * factor);
      EXPECT_NEAR(gamma_upper_regularized(shape, shape * factor), expected, 1e-11 + 1e-9 * expected)
          << shape << " " << factor;
    }
  EXPECT_EQ(gamma_upper_regularized(2, 0), 1);
  EXPECT_EQ(gamma_upper_regularized(2, -1), 1);
  EXPECT_EQ(gamma_upper_regularized(2, 1e9), 0);
  EXPECT_EQ(gamma_upper_regularized(2, INFINITY), 0);
}

TEST(SpecialFunctions, BinomialTail) {
  EXPECT_EQ(binomial_tail(10, 0.01, 0), 1);
  EXPECT_EQ(binomial_tail(10, 0.01, 11), 0);
  EXPECT_NEAR(binomial_tail(1, 0.01, 1), 0.01, 1e-15);
  EXPECT_NEAR(binomial_tail(3, 0.5, 2), 0.5, 1e-12);
  EXPECT_NEAR(binomial_tail(1000, 0.01, 5), 0.9713, 1e-3);  // Poisson(10) gives 0.9707
  EXPECT_NEAR(binomial_tail(1000000, 0.01, 10000), 0.5, 0.01);
}

TEST(Fourier, EqualsTheDefinitionAtAwkwardLengths) {
  std::mt19937_64 random(3);
  for (std::size_t n : {1,  2,  3,  4,  5,  6,  7,  8,   10,  11,  13,  15,  16,  17,   19,
                        25, 31, 60, 63, 64, 65, 97, 127, 131, 143, 210, 257, 500, 1000, 1025}) {
    ComplexVector data(n), scratch;
    for (auto& value : data) value = {static_cast<double>(random() % 3) - 1, static_cast<double>(random() % 3) - 1};
    ComplexVector input = data;
    Fourier(n).forward(data, scratch);
    for (std::size_t k = 0; k < n; ++k) {
      std::complex<double> sum = 0;
      for (std::size_t j = 0; j < n; ++j)
        sum +=
            input[j] * std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(j * k % n) / static_cast<double>(n));
      ASSERT_NEAR(std::abs(sum - data[k]), 0, 1e-9 * static_cast<double>(n)) << n << " " << k;
    }
  }
}

}  // namespace
}  // namespace bellows::quality
