#include "bellows/ecc/unseen_errors.h"

#include <algorithm>
#include <cmath>

#include "bellows/base/check.h"
#include "bellows/ecc/known_errors.h"
#include "bellows/numeric/ball.h"

namespace bellows::ecc {
namespace {

using numeric::Ball;

// The sample and what a number of unseen errors means for it.
struct Sample {
  std::uint64_t n_seen, seen, n_unseen;
  std::uint64_t total() const { return n_seen + n_unseen; }
};

// Ratio of the last two terms of the tail: P(one fewer seen) / P(so many seen), as numerator and denominator.
struct Ratio {
  double numerator, denominator;
};
Ratio last_ratio(const Sample& s, std::uint64_t unseen) {
  return {static_cast<double>(s.seen) * static_cast<double>(s.n_unseen - unseen),
          static_cast<double>(s.n_seen - s.seen + 1) * static_cast<double>(unseen + 1)};
}

bool unlikely(const Sample& s, std::uint64_t unseen, double ln_epsilon) {
  Ratio ratio = last_ratio(s, unseen);
  if (ratio.numerator >= ratio.denominator) return false;
  auto ln_choose_of = [](std::uint64_t n, std::uint64_t k) {
    return likely_ln_choose(static_cast<double>(n), static_cast<double>(k));
  };
  double term =
      ln_choose_of(s.n_seen, s.seen) + ln_choose_of(s.n_unseen, unseen) - ln_choose_of(s.total(), s.seen + unseen);
  return term - std::log1p(-ratio.numerator / ratio.denominator) <= ln_epsilon;
}

bool certainly_unlikely(const Sample& s, std::uint64_t unseen, const Ball& ln_epsilon) {
  Ball ratio = Ball(s.seen) * Ball(s.n_unseen - unseen) / (Ball(s.n_seen - s.seen + 1) * Ball(unseen + 1));
  if (!numeric::certainly_less(ratio, Ball(1))) return false;
  Ball term = ln_choose(s.n_seen, s.seen) + ln_choose(s.n_unseen, unseen) - ln_choose(s.total(), s.seen + unseen);
  return numeric::certainly_at_most(term - numeric::ln(Ball(1) - ratio), ln_epsilon);
}

// The smallest number in [0, n_unseen] that is unlikely, n_unseen + 1 if none is.
template <class Unlikely>
std::uint64_t first_unlikely(std::uint64_t n_unseen, Unlikely is_unlikely) {
  std::uint64_t low = 0, high = n_unseen + 1;
  while (low < high) {
    std::uint64_t middle = low + (high - low) / 2;
    if (is_unlikely(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

void check(const Sample& s) {
  BELLOWS_CHECK(s.seen <= s.n_seen && s.n_seen <= std::uint64_t{1} << 52 && s.n_unseen <= std::uint64_t{1} << 52,
                "a sample that is none");
}

}  // namespace

std::uint64_t likely_most_unseen_errors(std::uint64_t n_seen, std::uint64_t seen_errors, std::uint64_t n_unseen,
                                        double epsilon) {
  Sample sample{n_seen, seen_errors, n_unseen};
  check(sample);
  double ln_epsilon = std::log(epsilon);
  std::uint64_t first =
      first_unlikely(n_unseen, [&](std::uint64_t unseen) { return unlikely(sample, unseen, ln_epsilon); });
  return first == 0 ? 0 : first - 1;
}

std::uint64_t most_unseen_errors(std::uint64_t n_seen, std::uint64_t seen_errors, std::uint64_t n_unseen,
                                 const numeric::Exact& epsilon) {
  Sample sample{n_seen, seen_errors, n_unseen};
  check(sample);
  BELLOWS_CHECK(epsilon.is_positive() && epsilon < numeric::Exact::integer(1), "epsilon out of range");
  const Ball ln_epsilon = numeric::ln(Ball(epsilon));
  auto certain = [&](std::uint64_t unseen) { return certainly_unlikely(sample, unseen, ln_epsilon); };
  // Both parties must get the same number whatever their machines' rounding: doubles only say where to look, and the
  // smallest number that is certainly unlikely is found in balls.
  std::uint64_t guess = likely_most_unseen_errors(n_seen, seen_errors, n_unseen, epsilon.approximate()) + 1;
  std::uint64_t low = std::min(guess, n_unseen + 1), high = low, step = 1;  // to be: low not certain or 0, high certain
  while (high <= n_unseen && !certain(high)) low = high + 1, high = std::min(n_unseen + 1, high + step), step *= 2;
  step = 1;
  while (low > 0 && certain(low - 1)) high = low - 1, low = high - std::min(high, step), step *= 2;
  while (low < high) {
    std::uint64_t middle = low + (high - low) / 2;
    if (certain(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return high == 0 ? 0 : high - 1;
}

}  // namespace bellows::ecc
