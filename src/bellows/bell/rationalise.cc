#include "bellows/bell/rationalise.h"

#include <cmath>

namespace bellows::bell {

Rational rationalise(double value, long largest_denominator) {
  if (!std::isfinite(value) || std::abs(value) > 1e15) return 0;
  double p0 = 0, q0 = 1, p1 = 1, q1 = 0;
  double rest = value;
  for (int step = 0; step < 64; ++step) {
    const double whole = std::floor(rest);
    const double p2 = whole * p1 + p0, q2 = whole * q1 + q0;
    if (q2 > static_cast<double>(largest_denominator) || std::abs(p2) > 4e15) break;
    p0 = p1, q0 = q1, p1 = p2, q1 = q2;
    const double fraction = rest - whole;
    if (fraction < 1e-12 || std::abs(value - p1 / q1) < 1e-13) break;
    rest = 1 / fraction;
  }
  if (q1 == 0) return 0;
  Rational result(static_cast<long>(p1), static_cast<unsigned long>(q1));
  result.canonicalize();
  return result;
}

}  // namespace bellows::bell
