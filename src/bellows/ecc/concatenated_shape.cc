#include "bellows/ecc/concatenated_shape.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "bellows/base/check.h"
#include "bellows/base/checked.h"
#include "bellows/ecc/bch.h"

namespace bellows::ecc {
namespace {

using numeric::Ball;

constexpr unsigned fewest_element_bits = 5, most_element_bits = 16;
constexpr std::uint32_t most_check_bits = 16;
constexpr double rows_to_begin_with = 40;
constexpr std::uint32_t fewest_worth_publishing = 8;  // rows before the last publish less
constexpr double most_log_y = 64;

struct Dealt {
  double blocks, block_bits, errors;
  double mean() const { return errors / blocks; }
};

// One row in doubles. Terms of the polynomials of `failure_bound`, C(block_bits, k) z^k, for k as far as they matter.
class RowTail {
 public:
  RowTail(const Dealt& dealt, std::uint32_t row, double wrong)
      : dealt_(dealt),
        row_(row),
        wrong_(wrong),
        last_(static_cast<std::uint32_t>(
            std::min(dealt.block_bits, row + dealt.mean() + 12 * std::sqrt(dealt.mean()) + 60))),
        log_patterns_(std::lgamma(dealt.blocks * dealt.block_bits + 1) - std::lgamma(dealt.errors + 1) -
                      std::lgamma(dealt.blocks * dealt.block_bits - dealt.errors + 1)),
        log_z_(std::log(dealt.mean() / (dealt.block_bits - dealt.mean()))) {}

  struct Point {
    double log_z, log_y, cost, log_bound;
  };

  // Chernoff's bound with this y and the best z, at the cost for which this y is the best.
  Point at(double log_y) {
    const double y = std::exp(log_y), weight = (1 - wrong_) * y + wrong_ * y * y;
    const double cost_weight = (1 - wrong_) * y + 2 * wrong_ * y * y;
    double sum = 0, heavy = 0;
    // Newton's method inside a bracket: the mean grows with log z, by the variance.
    double low = -80, high = std::log(dealt_.mean() / (dealt_.block_bits - dealt_.mean())) + 1e-6;
    log_z_ = std::clamp(log_z_, low, high);
    for (int step = 0; step < 100; ++step) {
      const double z = std::exp(log_z_);
      double term = 1, first = 0, second = 0;
      sum = heavy = 0;
      for (std::uint32_t k = 0; k <= last_; ++k) {
        if (k == row_) term *= weight;
        sum += term;
        first += k * term;
        second += static_cast<double>(k) * k * term;
        if (k >= row_) heavy += term;
        term *= z * (dealt_.block_bits - k) / (k + 1);
      }
      const double mean = first / sum, variance = second / sum - mean * mean;
      if (std::abs(mean - dealt_.mean()) <= 1e-11 * dealt_.mean()) break;
      (mean < dealt_.mean() ? low : high) = log_z_;
      double next = log_z_ + (dealt_.mean() - mean) / variance;
      if (!(next > low && next < high)) next = (low + high) / 2;
      if (next == log_z_) break;
      log_z_ = next;
    }
    const double cost = dealt_.blocks * heavy / sum * cost_weight / weight;
    return {log_z_, log_y, cost, dealt_.blocks * std::log(sum) - dealt_.errors * log_z_ - cost * log_y - log_patterns_};
  }

  // At the y that is the best for this cost.
  Point at_cost(double cost) {
    Point point = at(crossing([&](double log_y) { return std::log(cost) - std::log(at(log_y).cost); }));
    point.log_bound += (point.cost - cost) * point.log_y;
    point.cost = cost;
    return point;
  }

  // The smallest whole cost from 2 on at which the bound is as low as asked.
  std::uint64_t cost_reaching(double log_bound) {
    const Point point = at(crossing([&](double log_y) { return at(log_y).log_bound - log_bound; }));
    auto cost = static_cast<std::uint64_t>(std::max(2.0, std::ceil(point.cost)));
    // Where the bound falls steeply, cost jumps from one y to the next.
    while (cost > 2 && at_cost(static_cast<double>(cost - 1)).log_bound <= log_bound) --cost;
    while (at_cost(static_cast<double>(cost)).log_bound > log_bound && cost < 2 * dealt_.blocks) ++cost;
    return cost;
  }

 private:
  // The log y at which a falling function crosses zero (Illinois' regula falsi); the end of the range if none.
  template <class Falling>
  static double crossing(const Falling& f) {
    double low = 0, at_low = f(low);
    if (at_low <= 0) return low;
    double high = 0.5, at_high = f(high);
    while (at_high > 0 && high < most_log_y) low = high, at_low = at_high, high *= 2, at_high = f(high);
    if (at_high > 0) return high;
    int last = 0;
    for (int step = 0; step < 60 && high - low > 1e-9 * high; ++step) {
      double middle = (low * at_high - high * at_low) / (at_high - at_low);
      if (!(middle > low && middle < high)) middle = (low + high) / 2;
      const double value = f(middle);
      if (std::abs(value) < 1e-9) return middle;
      if (value > 0) {
        low = middle, at_low = value;
        if (last == 1) at_high /= 2;
        last = 1;
      } else {
        high = middle, at_high = value;
        if (last == -1) at_low /= 2;
        last = -1;
      }
    }
    return high;
  }

  Dealt dealt_;
  std::uint32_t row_;
  double wrong_;
  std::uint32_t last_;
  double log_patterns_;
  double log_z_;
};

// Where nothing is published, one silent block is one too many, whether or not it would be wrong.
RowTail row_tail(const ConcatenatedShape& shape, std::uint64_t errors, std::uint32_t row, std::uint32_t published) {
  const Dealt dealt{static_cast<double>(shape.blocks), static_cast<double>(shape.block_bits),
                    static_cast<double>(errors)};
  return {dealt, row, published == 0 ? 0 : std::ldexp(1.0, -static_cast<int>(shape.check_bits))};
}

// How many elements of each row, so that each fails with a chance of exp(log_chance) at most. False: too many rows, or
// as many bits published as `limit_bits` before the last.
bool choose_rows(ConcatenatedShape& shape, std::uint64_t errors, double log_chance, std::uint64_t limit_bits) {
  shape.rows.clear();
  for (std::uint32_t row = 1; row <= most_rows; ++row) {
    const bool few = !shape.rows.empty() && shape.rows.back() <= fewest_worth_publishing;
    if (few && row_tail(shape, errors, row, 0).at_cost(1).log_bound <= log_chance) return true;
    if (row > shape.block_bits / 2 || shape.published_bits() >= limit_bits) return false;
    const std::uint64_t published = row_tail(shape, errors, row, 1).cost_reaching(log_chance) - 1;
    shape.rows.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(published, shape.blocks)));
  }
  return false;
}

double log_share(double epsilon, double rows) { return std::log(0.999 * epsilon / rows); }

Ball ln_choose(std::uint64_t n, std::uint64_t k) {
  auto ln_factorial = [](std::uint64_t m) {
    Ball out, at(m + 1);
    arb_lgamma(out.raw(), at.raw(), numeric::ball_precision_bits);
    return out;
  };
  return ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
}

unsigned least_element_bits(std::uint64_t raw_bits) {
  auto places = [](unsigned bits) { return ((std::uint64_t{1} << bits) - 1) * ((std::uint64_t{1} << bits) - 1); };
  unsigned bits = fewest_element_bits;
  while (bits <= most_element_bits && places(bits) < raw_bits) ++bits;
  return bits;
}

ConcatenatedShape without_rows(std::uint64_t raw_bits, std::uint64_t block_bits, std::uint32_t check_bits) {
  ConcatenatedShape shape;
  shape.raw_bits = raw_bits;
  shape.blocks = static_cast<std::uint32_t>(divide_up(raw_bits, block_bits));
  shape.block_bits = static_cast<std::uint32_t>(divide_up(raw_bits, shape.blocks));
  shape.check_bits = check_bits;
  return shape;
}

// Shapes worth a look: the smallest elements that can tell all places and blocks apart, or one bit more; blocks as long
// as the elements allow, or shorter.
std::vector<ConcatenatedShape> candidates(std::uint64_t raw_bits) {
  std::vector<ConcatenatedShape> out;
  const unsigned least = least_element_bits(raw_bits);
  for (unsigned bits = least; bits <= std::min(least + 1, most_element_bits); ++bits) {
    const std::uint64_t most = (std::uint64_t{1} << bits) - 1;
    const std::uint64_t fewest = std::max(std::uint64_t{1} << (bits - 1), divide_up(raw_bits, most));
    for (std::uint64_t block_bits : {most, (most + fewest) / 2, fewest})
      for (std::uint32_t check_bits = 2; check_bits <= 6; ++check_bits) {
        if (block_bits > raw_bits) continue;
        auto shape = without_rows(raw_bits, block_bits, check_bits);
        if (shape.element_bits() == bits) out.push_back(std::move(shape));
      }
  }
  return out;
}

// So many errors a block that its rows would be too many.
bool too_heavy(const ConcatenatedShape& shape, std::uint64_t errors) { return errors / shape.blocks > most_rows / 4; }

bool too_many(std::uint64_t raw_bits, std::uint64_t errors) { return errors == 0 || errors >= raw_bits / 4; }

}  // namespace

unsigned ConcatenatedShape::element_bits() const { return BchCode::element_bits(block_bits); }

std::uint64_t ConcatenatedShape::published_bits() const {
  std::uint64_t elements = 0;
  for (std::uint32_t row : rows) elements += row;
  return std::uint64_t{blocks} * check_bits + elements * element_bits();
}

bool is_possible(const ConcatenatedShape& shape) {
  const std::uint64_t places = std::uint64_t{shape.blocks} * shape.block_bits;
  return shape.raw_bits >= 1 && shape.blocks >= 1 && shape.block_bits >= 2 && places >= shape.raw_bits &&
         places - shape.raw_bits < shape.blocks && shape.element_bits() <= most_element_bits &&
         shape.blocks < std::uint64_t{1} << shape.element_bits() && shape.check_bits >= 1 &&
         shape.check_bits <= most_check_bits && !shape.rows.empty() && shape.rows.size() <= most_rows &&
         2 * shape.rows.size() <= shape.block_bits &&
         std::all_of(shape.rows.begin(), shape.rows.end(),
                     [&](std::uint32_t row) { return row >= 1 && row <= shape.blocks; });
}

Ball failure_bound(const ConcatenatedShape& shape, std::uint64_t errors) {
  BELLOWS_CHECK(is_possible(shape), "not the shape of a code");
  const std::uint64_t places = std::uint64_t{shape.blocks} * shape.block_bits;
  if (errors == 0) return Ball(0);
  if (errors >= places / 2) return Ball(1);
  const Ball log_patterns = ln_choose(places, errors);
  Ball sum(0);
  for (std::uint32_t row = 1; row <= shape.rows.size() + 1; ++row) {
    const std::uint32_t published = row <= shape.rows.size() ? shape.rows[row - 1] : 0;
    if (published == shape.blocks) continue;
    // Where doubles find the bound lowest at a cost of one more than is published.
    const auto point = row_tail(shape, errors, row, published).at_cost(published + 1.0);
    const Ball y = numeric::exp(Ball::of_double(point.log_y)), z = numeric::exp(Ball::of_double(point.log_z));
    const Ball wrong = published == 0 ? Ball(0) : numeric::exp2(-Ball(shape.check_bits));
    const Ball weight = (Ball(1) - wrong) * y + wrong * y * y;
    Ball term(1), light(0);
    for (std::uint32_t k = 0; k < row; ++k) {
      light += term;
      term *= z * Ball(shape.block_bits - k) / Ball(k + 1);
    }
    const Ball f = light + weight * (numeric::power(Ball(1) + z, shape.block_bits) - light);
    sum += numeric::exp(Ball(shape.blocks) * numeric::ln(f) - Ball(errors) * Ball::of_double(point.log_z) -
                        Ball(published + 1) * Ball::of_double(point.log_y) - log_patterns);
  }
  return sum;
}

std::optional<ConcatenatedShape> plan_concatenated(std::uint64_t raw_bits, std::uint64_t errors,
                                                   const numeric::Exact& epsilon) {
  if (too_many(raw_bits, errors)) return std::nullopt;
  std::optional<ConcatenatedShape> best;
  const double first_share = log_share(epsilon.approximate(), rows_to_begin_with);
  for (ConcatenatedShape& shape : candidates(raw_bits))
    if (!too_heavy(shape, errors) && choose_rows(shape, errors, first_share, best ? best->published_bits() : raw_bits))
      best = std::move(shape);
  // Once more with the number of rows that it has; the share shrinks until balls agree.
  for (double shares = 2; best && shares < 1e6; shares *= 2) {
    ConcatenatedShape shape = *best;
    const double share = log_share(epsilon.approximate(), static_cast<double>(best->rows.size()) + shares);
    if (choose_rows(shape, errors, share, raw_bits) && is_possible(shape) &&
        numeric::certainly_at_most(failure_bound(shape, errors), Ball(epsilon)))
      return shape;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> likely_concatenated_bits(std::uint64_t raw_bits, std::uint64_t errors, double epsilon) {
  const unsigned bits = least_element_bits(raw_bits);
  if (too_many(raw_bits, errors) || bits > most_element_bits) return std::nullopt;
  auto shape = without_rows(raw_bits, std::min((std::uint64_t{1} << bits) - 1, raw_bits), 4);
  const double share = log_share(epsilon, rows_to_begin_with);
  if (too_heavy(shape, errors) || !choose_rows(shape, errors, share, raw_bits)) return std::nullopt;
  return shape.published_bits();
}

}  // namespace bellows::ecc
