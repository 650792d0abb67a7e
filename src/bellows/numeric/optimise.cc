#include "bellows/numeric/optimise.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bellows::numeric {

Proposal maximise(const std::function<double(double)>& f, double low, double high, int scan_count, double tolerance) {
  auto value_at = [&](double x) {
    double value = f(x);
    return std::isnan(value) ? -std::numeric_limits<double>::infinity() : value;
  };
  scan_count = std::max(scan_count, 3);
  const double step = (high - low) / (scan_count - 1);
  Proposal best{low, value_at(low)};
  for (int i = 1; i < scan_count; ++i) {
    double x = i + 1 == scan_count ? high : low + i * step;
    if (double value = value_at(x); value > best.value) best = {x, value};
  }
  double left = std::max(low, best.argument - step), right = std::min(high, best.argument + step);
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  double x1 = right - ratio * (right - left), x2 = left + ratio * (right - left);
  double f1 = value_at(x1), f2 = value_at(x2);
  for (int i = 0; i < 200 && right - left > tolerance * std::max(std::abs(low), std::abs(high)); ++i) {
    if (f1 < f2) {
      left = x1, x1 = x2, f1 = f2;
      x2 = left + ratio * (right - left), f2 = value_at(x2);
    } else {
      right = x2, x2 = x1, f2 = f1;
      x1 = right - ratio * (right - left), f1 = value_at(x1);
    }
  }
  for (Proposal found : {Proposal{x1, f1}, Proposal{x2, f2}})
    if (found.value > best.value) best = found;
  return best;
}

}  // namespace bellows::numeric
