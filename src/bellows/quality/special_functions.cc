#include "bellows/quality/special_functions.h"

#include <cmath>
#include <limits>

namespace bellows::quality {
namespace {

constexpr double relative_epsilon = 1e-16;

// log of x^shape e^-x / Gamma(shape); std::lgamma writes the global signgam, lgamma_r does not.
double log_prefactor(double shape, double x) {
  int sign = 0;
  return shape * std::log(x) - x - ::lgamma_r(shape, &sign);
}

// P(shape, x) by its power series, good for x < shape + 1.
double lower_series(double shape, double x) {
  double term = 1.0 / shape;
  double sum = term;
  for (double k = shape + 1.0; term > sum * relative_epsilon; k += 1.0) {
    term *= x / k;
    sum += term;
  }
  return sum * std::exp(log_prefactor(shape, x));
}

// Q(shape, x) by Lentz's form of the continued fraction, good for x >= shape + 1.
double upper_fraction(double shape, double x) {
  constexpr double tiny = std::numeric_limits<double>::min() / relative_epsilon;
  double b = x + 1.0 - shape;
  double c = 1.0 / tiny;
  double d = 1.0 / b;
  double h = d;
  for (int i = 1; i < 1000000; ++i) {
    const double a = -i * (i - shape);
    b += 2.0;
    d = a * d + b;
    if (std::fabs(d) < tiny) d = tiny;
    c = b + a / c;
    if (std::fabs(c) < tiny) c = tiny;
    d = 1.0 / d;
    const double delta = d * c;
    h *= delta;
    if (std::fabs(delta - 1.0) < 4 * relative_epsilon) break;
  }
  return h * std::exp(log_prefactor(shape, x));
}

double clamp_probability(double p) { return p < 0.0 ? 0.0 : (p > 1.0 ? 1.0 : p); }

}  // namespace

double gamma_upper_regularized(double shape, double x) {
  if (!(x > 0.0)) return 1.0;
  if (std::isinf(x)) return 0.0;
  return clamp_probability(x < shape + 1.0 ? 1.0 - lower_series(shape, x) : upper_fraction(shape, x));
}

double chi_square_tail(double degrees_of_freedom, double chi_square) {
  return gamma_upper_regularized(degrees_of_freedom / 2.0, chi_square / 2.0);
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

double binomial_tail(long long trials, double chance, long long successes) {
  if (successes <= 0) return 1.0;
  if (successes > trials) return 0.0;
  int sign = 0;
  const auto n = static_cast<double>(trials);
  const auto k0 = static_cast<double>(successes);
  const double log_first = ::lgamma_r(n + 1, &sign) - ::lgamma_r(k0 + 1, &sign) - ::lgamma_r(n - k0 + 1, &sign) +
                           k0 * std::log(chance) + (n - k0) * std::log1p(-chance);
  // Below the mean the terms rise first; summing all of them upward stays exact enough (all positive).
  double term = std::exp(log_first);
  double sum = 0.0;
  for (double k = k0; k <= n; k += 1.0) {
    sum += term;
    const double ratio = (n - k) / (k + 1.0) * chance / (1.0 - chance);
    term *= ratio;
    if (ratio < 1.0 && term < sum * relative_epsilon) break;
  }
  return clamp_probability(sum);
}

}  // namespace bellows::quality
