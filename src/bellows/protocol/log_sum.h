#pragma once

#include <algorithm>
#include <cmath>

#include "bellows/numeric/ball.h"

/// Sums of numbers that are given by their logarithms.
namespace bellows::protocol {

/// log2(2^a + 2^b), proved.
inline numeric::Ball log2_sum(const numeric::Ball& a, const numeric::Ball& b) {
  const numeric::Ball top = max(a, b);
  return top + log2(exp2(a - top) + exp2(b - top));
}

/// The same in floating point, for searches.
inline double log2_sum(double a, double b) {
  const double top = std::max(a, b);
  return top + std::log2(std::exp2(a - top) + std::exp2(b - top));
}

}  // namespace bellows::protocol
