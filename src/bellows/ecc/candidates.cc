#include "bellows/ecc/candidates.h"

#include <algorithm>
#include <cmath>

#include "bellows/base/check.h"

namespace bellows::ecc {
namespace {

using numeric::Ball;

Ball number(std::uint64_t n, const Ball&) { return n; }
double number(std::uint64_t n, double) { return static_cast<double>(n); }
Ball at_most_one(const Ball& x) { return numeric::min(x, Ball(1)); }
double at_most_one(double x) { return std::min(x, 1.0); }

template <class Real>
std::vector<Real> of_characters(unsigned element_bits, unsigned errors, unsigned count) {
  using std::sqrt;
  const std::uint64_t q = std::uint64_t{1} << element_bits, size = q - 1;
  auto real = [](std::uint64_t n) { return number(n, Real(0)); };
  const Real weil = real(2 * std::uint64_t{errors} - 2) * sqrt(real(q)) + Real(1);
  std::vector<Real> out;
  Real before(0), last(1);
  for (std::uint64_t k = 1; k <= std::min<std::uint64_t>(count, size); ++k) {
    const Real next = (weil * last + real(k - 1) * before) / real(size - k + 1);
    before = last;
    last = next;
    out.push_back(last);
  }
  return out;
}

template <class Real>
std::vector<Real> bounds(unsigned element_bits, unsigned errors, unsigned count) {
  using std::sqrt;
  const std::uint64_t q = std::uint64_t{1} << element_bits, size = q - 1, t = errors;
  BELLOWS_CHECK(2 * t <= size, "more errors than the code corrects");
  auto real = [](std::uint64_t n) { return number(n, Real(0)); };
  std::vector<Real> out(count, Real(1));
  // Without a syndrome, "no errors" always fits.
  if (t == 0) return out;
  // C(S, t) / q^t, and V_t / C(S, t) = 1 + t / (S - t + 1) (1 + (t - 1) / (S - t + 2) (1 + ..)).
  Real share(1), all(1);
  for (std::uint64_t i = 0; i < t; ++i) share = share * (real(size - i) / real((i + 1) * q));
  for (std::uint64_t i = 1; i <= t; ++i) all = Real(1) + real(i) / real(size - i + 1) * all;
  const Real covered = share * all, spread = sqrt(all);
  const std::vector<Real> characters = of_characters<Real>(element_bits, errors, count);
  Real disjoint(1);
  for (std::uint64_t k = 1; k <= count && t + k <= size; ++k) {
    disjoint = disjoint * (real(size - t - k + 1) / real(size - k + 1));
    out[k - 1] = at_most_one((covered + characters[k - 1] * spread) / disjoint);
  }
  return out;
}

}  // namespace

std::vector<Ball> candidate_bounds(unsigned element_bits, unsigned errors, unsigned count) {
  return bounds<Ball>(element_bits, errors, count);
}

std::vector<Ball> character_bounds(unsigned element_bits, unsigned errors, unsigned count) {
  BELLOWS_CHECK(errors > 0, "no syndromes, no characters");
  return of_characters<Ball>(element_bits, errors, count);
}

std::vector<double> likely_candidate_bounds(unsigned element_bits, unsigned errors, unsigned count) {
  return bounds<double>(element_bits, errors, count);
}

}  // namespace bellows::ecc
