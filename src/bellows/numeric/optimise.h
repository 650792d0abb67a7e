#pragma once

#include <functional>

namespace bellows::numeric {

/// Where a search ended. It is a proposal: a bound is evaluated in balls at `argument`, never read from `value`.
struct Proposal {
  double argument = 0;
  double value = 0;
};

/// Maximises f on [low, high]: an even scan of `scan_count` points, then golden section around the best of them.
/// f may return NaN or -infinity where it has no value. Same inputs, same answer.
Proposal maximise(const std::function<double(double)>& f, double low, double high, int scan_count = 24,
                  double tolerance = 1e-9);

/// The smallest whole number in [low, high] at which the monotone predicate holds (false ... false true ... true);
/// high + 1 where it holds nowhere.
template <class Predicate>
long long first_true(long long low, long long high, Predicate holds) {
  while (low <= high) {
    long long middle = low + (high - low) / 2;
    if (holds(middle))
      high = middle - 1;
    else
      low = middle + 1;
  }
  return low;
}

}  // namespace bellows::numeric
