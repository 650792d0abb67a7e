#include "bellows/ecc/row_tail.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numbers>

#include "bellows/ecc/candidates.h"
#include "bellows/ecc/known_errors.h"

namespace bellows::ecc {
namespace {

constexpr double most_log_y = 64;

const std::vector<double>& candidates_of(unsigned element_bits, unsigned errors) {
  static std::mutex mutex;
  static std::map<std::pair<unsigned, unsigned>, std::vector<double>> known;
  const std::lock_guard lock(mutex);
  auto [found, is_new] = known.try_emplace({element_bits, errors});
  if (is_new) found->second = likely_candidate_bounds(element_bits, errors, wrong_guesses_computed);
  return found->second;
}

// The log y at which a falling function crosses zero (Illinois' regula falsi); the end of the range if none.
template <class Falling>
double crossing(const Falling& f) {
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
    if (std::abs(value) < 1e-7) return middle;
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

}  // namespace

RowOdds row_odds(const ConcatenatedShape& shape, std::size_t row) {
  RowOdds odds;
  const auto known = static_cast<std::uint32_t>((row - 1) * shape.row_syndromes);
  odds.first = known + 1;
  if (row > shape.rows.size()) return odds;
  odds.wrong_beyond = std::ldexp(1.0, -static_cast<int>(shape.check_bits));
  odds.wrong = candidates_of(shape.element_bits, known);
  for (double& wrong : odds.wrong) wrong *= odds.wrong_beyond;
  return odds;
}

RowTail::RowTail(const ConcatenatedShape& shape, const RowOdds& odds, double errors)
    : blocks_(shape.blocks),
      block_bits_(shape.block_bits()),
      errors_(errors),
      odds_(odds),
      log_patterns_(likely_ln_choose(blocks_ * block_bits_, errors)),
      log_z_(std::log(mean() / (block_bits_ - mean()))) {
  const double last = std::min(block_bits_, odds.first + mean() + 12 * std::sqrt(mean()) + 60);
  for (double k = 0; k <= last; ++k) ratio_.push_back((block_bits_ - k) / (k + 1));
}

RowTail::Point RowTail::at(double log_y) {
  const double y = std::exp(log_y);
  double sum = 0, heavy = 0, spread = 0;
  // Newton's method inside a bracket: the mean grows with log z, by the variance.
  double low = -80, high = std::log(mean() / (block_bits_ - mean())) + 1e-6;
  log_z_ = std::clamp(log_z_, low, high);
  for (int step = 0; step < 100; ++step) {
    const double z = std::exp(log_z_);
    double term = 1, first = 0, second = 0;
    sum = heavy = 0;
    for (std::size_t k = 0; k < ratio_.size(); ++k) {
      double weighted = term;
      if (k >= odds_.first) {
        const std::size_t beyond = k - odds_.first;
        const double wrong = beyond < odds_.wrong.size() ? odds_.wrong[beyond] : odds_.wrong_beyond;
        weighted *= y * (1 - wrong + wrong * y);
        heavy += term * y * (1 - wrong + 2 * wrong * y);
      }
      sum += weighted;
      first += static_cast<double>(k) * weighted;
      second += static_cast<double>(k * k) * weighted;
      term *= z * ratio_[k];
    }
    const double average = first / sum, variance = second / sum - average * average;
    spread = variance;
    if (std::abs(average - mean()) <= 1e-10 * mean()) break;
    (average < mean() ? low : high) = log_z_;
    double next = log_z_ + (mean() - average) / variance;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (next == log_z_) break;
    log_z_ = next;
  }
  const double cost = blocks_ * heavy / sum;
  const double log_coefficient = std::min(0.0, std::log(std::numbers::pi / (8 * blocks_ * spread)) / 2);
  return {log_z_, log_y, cost,
          blocks_ * std::log(sum) - errors_ * log_z_ - cost * log_y - log_patterns_ + log_coefficient};
}

RowTail::Point RowTail::at_cost(double cost) {
  Point point = at(crossing([&](double log_y) { return std::log(cost) - std::log(at(log_y).cost); }));
  point.log_bound += (point.cost - cost) * point.log_y;
  point.cost = cost;
  return point;
}

double RowTail::cost_reaching(double log_bound) {
  const Point point = at(crossing([&](double log_y) { return at(log_y).log_bound - log_bound; }));
  double cost = std::max(2.0, point.cost);
  // Where the bound falls steeply, cost jumps from one y to the next.
  while (cost > 2 && at_cost(cost - 1).log_bound <= log_bound) --cost;
  while (at_cost(cost).log_bound > log_bound && cost < 2 * blocks_) cost = std::floor(cost) + 1;
  return cost;
}

}  // namespace bellows::ecc
