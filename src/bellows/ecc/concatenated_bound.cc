#include "bellows/ecc/concatenated_bound.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "bellows/base/check.h"
#include "bellows/base/checked.h"
#include "bellows/ecc/candidates.h"
#include "bellows/ecc/row_tail.h"

namespace bellows::ecc {
namespace {

using numeric::Ball;

// An upper bound on the probability that independent numbers, `count` of them, have any given sum, when one is k with
// probability chances[k] or more.
Ball most_likely_sum(const std::vector<Ball>& chances, std::uint32_t count) {
  Ball best(1);
  Ball squares(0), neighbours(0);  // E[D^2; |D| <= d], P(|D| = 1), D the difference of two such numbers
  for (unsigned d = 1; d <= 8; ++d) {
    Ball pairs(0);
    for (std::size_t k = d; k < chances.size(); ++k) pairs += chances[k] * chances[k - d];
    squares += Ball(2 * d * d) * pairs;
    if (d == 1) neighbours = squares;
    const Ball near = numeric::sqrt(numeric::pi() / (Ball(count) * squares)) / Ball(2);
    const Ball far = numeric::exp(-(Ball(count) * neighbours) / Ball(d * d));
    if (numeric::certainly_less(near + far, best)) best = near + far;
  }
  return best;
}

// A bound on one row's failure for any number of errors: y and z fixed.
struct Tilt {
  Ball ln_z, ln_const;  // of F(z, y)^blocks / y^(published + 1) and the largest share of a coefficient in it
  Ball ln_bound(std::uint64_t errors, const Ball& ln_patterns) const {
    return ln_const - Ball(errors) * ln_z - ln_patterns;
  }
};

class Rows {
 public:
  explicit Rows(const ConcatenatedShape& shape) : shape_(shape), hash_(numeric::exp2(-Ball(shape.check_bits))) {
    for (std::size_t row = 1; row <= shape.rows.size() + 1; ++row) {
      const std::uint32_t published = row <= shape.rows.size() ? shape.rows[row - 1] : 0;
      if (published == shape.blocks) continue;
      rows_.push_back({row_odds(shape, row), published, {}});
      if (published > 0)
        rows_.back().candidates =
            candidate_bounds(shape.element_bits, rows_.back().odds.first - 1, wrong_guesses_computed);
    }
  }

  std::size_t size() const { return rows_.size(); }

  // Near the best for so many errors. only_hash: as if every wrong guess that has the hash were made.
  Tilt tilt(std::size_t index, std::uint64_t errors, bool only_hash) const {
    const Row& row = rows_[index];
    RowOdds odds = row.odds;
    if (only_hash) odds.wrong.clear();
    const auto point = RowTail(shape_, odds, static_cast<double>(errors)).at_cost(row.published + 1.0);
    // Any z will do, and any y from 1 on.
    const Ball ln_y = Ball::of_double(std::max(0.0, point.log_y)), ln_z = Ball::of_double(point.log_z);
    const Ball y = numeric::exp(ln_y), z = numeric::exp(ln_z), hash = row.published == 0 ? Ball(0) : hash_;
    const Ball rise = y * y - y;  // what a wrong guess adds to the weight y of a silent block
    const Ball beyond = y + hash * rise;
    auto weight = [&](std::uint32_t k) {
      if (k < row.odds.first) return Ball(1);
      const std::uint32_t more = k - row.odds.first;
      return only_hash || more >= row.candidates.size() ? beyond : y + hash * row.candidates[more] * rise;
    };
    // All terms as if they had the weight of one far out; then what the first ones have less.
    const std::uint32_t size = shape_.block_bits();
    Ball term(1), less(0);
    std::vector<Ball> chances;
    for (std::uint32_t k = 0; k <= size && k < row.odds.first + wrong_guesses_computed; ++k) {
      chances.push_back(term * weight(k));
      less += term * beyond - chances.back();
      term *= z * Ball(size - k) / Ball(k + 1);
    }
    const Ball f = beyond * numeric::power(Ball(1) + z, size) - less;
    for (Ball& chance : chances) chance /= f;
    const Ball ln_coefficient = numeric::ln(most_likely_sum(chances, shape_.blocks));
    return {ln_z, Ball(shape_.blocks) * numeric::ln(f) - Ball(row.published + 1) * ln_y + ln_coefficient};
  }

 private:
  struct Row {
    RowOdds odds;
    std::uint32_t published;
    std::vector<Ball> candidates;
  };
  const ConcatenatedShape& shape_;
  Ball hash_;
  std::vector<Row> rows_;
};

Ball chance(const Ball& ln) { return numeric::min(numeric::exp(ln), Ball(1)); }

// On so many errors or fewer: one error more, on a place of its own, makes no block's cost smaller if a wrong guess is
// as likely for every number of errors.
Ball bound_up_to(const ConcatenatedShape& shape, const Rows& rows, std::uint64_t errors) {
  Ball sum(0);
  if (errors == 0) return sum;
  const Ball ln_patterns = ln_choose(shape.places(), errors);
  for (std::size_t row = 0; row < rows.size(); ++row)
    sum += chance(rows.tilt(row, errors, true).ln_bound(errors, ln_patterns));
  return sum;
}

// How many numbers of errors from `first` on share a tilt: some tenths of a standard deviation where the weight falls,
// more below, where the bound has room.
std::uint64_t stretch_length(std::uint64_t first, std::uint64_t likely) {
  const double deviation = std::sqrt(static_cast<double>(likely));
  const double below = (static_cast<double>(likely) - static_cast<double>(first)) / deviation;
  const double deviations = below < 2 ? 0.4 : std::clamp(below / 5, 2.0, 10.0);
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(deviations * deviation));
}

constexpr std::uint64_t intervals_a_tilt = 4;

}  // namespace

Ball failure_bound(const ConcatenatedShape& shape, std::uint64_t errors) {
  BELLOWS_CHECK(is_possible(shape), "not the shape of a code");
  if (errors == 0) return Ball(0);
  if (errors >= shape.places() / 2) return Ball(1);
  const Rows rows(shape);
  const Ball ln_patterns = ln_choose(shape.places(), errors);
  Ball sum(0);
  for (std::size_t row = 0; row < rows.size(); ++row)
    sum += numeric::exp(rows.tilt(row, errors, false).ln_bound(errors, ln_patterns));
  return sum;
}

bool fails_rarely(const ConcatenatedShape& shape, const KnownErrors& known, const numeric::Exact& epsilon) {
  BELLOWS_CHECK(is_possible(shape) && known.raw_bits() == shape.raw_bits, "not the shape of a code for this string");
  const Ball most(epsilon);
  const std::uint64_t last = known.last_to_correct(most);
  if (last >= shape.places() / 2) return false;
  const Rows rows(shape);
  auto rare = [&](const Ball& bound, std::uint64_t from, std::uint64_t to) {
    return numeric::certainly_at_most(bound * numeric::exp(known.ln_most_weight(from, to)), most);
  };

  const std::uint64_t likely = known.most_likely();
  std::uint64_t low = std::min(likely, last);
  do low -= divide_up(low, 8);
  while (!rare(bound_up_to(shape, rows, low), 0, low));

  for (std::uint64_t first = low + 1; first <= last;) {
    const std::uint64_t length = std::min(stretch_length(first, likely), last - first + 1), end = first + length;
    std::vector<Tilt> tilts;
    for (std::size_t row = 0; row < rows.size(); ++row) tilts.push_back(rows.tilt(row, first + length / 2, false));
    Ball at_first = ln_choose(shape.places(), first);
    while (first < end) {
      const std::uint64_t to = std::min(end - 1, first + length / intervals_a_tilt);
      const Ball at_end = ln_choose(shape.places(), to);
      Ball bound(0);
      for (const Tilt& tilt : tilts)
        bound += chance(numeric::max(tilt.ln_bound(first, at_first), tilt.ln_bound(to, at_end)));
      if (!rare(bound, first, to)) return false;
      first = to + 1;
      at_first = ln_choose(shape.places(), first);
    }
  }
  return true;
}

}  // namespace bellows::ecc
