#include "bellows/ecc/concatenated_plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "bellows/base/checked.h"
#include "bellows/ecc/row_tail.h"

namespace bellows::ecc {
namespace {

constexpr double rows_to_begin_with = 30;
constexpr std::uint32_t fewest_worth_publishing = 8;  // rows before the last publish less
constexpr double usual_place = 0.55;
constexpr double every_place[] = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};

// For the row planner: numbers of errors between the likeliest (place 0) and the last that matters (place 1). Where the
// number is known there is one place only.
class ErrorRange {
 public:
  ErrorRange(const KnownErrors& known, double epsilon)
      : known_(known),
        low_(static_cast<double>(std::max<std::uint64_t>(known.most_likely(), 1))),
        width_(static_cast<double>(known.likely_last_to_correct(epsilon)) - low_) {}
  bool is_one() const { return width_ <= 0; }
  // So few that the weight does not fall smoothly.
  bool is_short() const { return last() < 300; }
  double errors(double place) const { return is_one() ? low_ : low_ + place * width_; }
  double last() const { return errors(1); }
  double ln_weight(double place) const { return is_one() ? 0 : known_.likely_ln_weight(errors(place)); }

 private:
  const KnownErrors& known_;
  double low_, width_;
};

class RowPlanner {
 public:
  RowPlanner(const ErrorRange& range, double log_chance, bool roughly)
      : range_(range), log_chance_(log_chance), roughly_(roughly || range.is_one()) {}

  // The cost that a row is to stand, so that it fails on e errors with a chance of exp(log_chance) / weight(e) at most.
  double cost(const ConcatenatedShape& shape, std::uint32_t row) {
    const RowOdds odds = row_odds(with_row(shape, row), row);
    auto at = [&](double place) {
      return RowTail(shape, odds, range_.errors(place)).cost_reaching(log_chance_ - range_.ln_weight(place));
    };
    if (roughly_) return at(usual_place);
    if (range_.is_short()) {
      double most = 0;
      for (double place : every_place) most = std::max(most, at(place));
      return most;
    }
    // The worst place is where the fall of the weight and the growth of the cost balance: much the same in all rows.
    constexpr double step = 0.12;
    double below = at(place_ - step), here = at(place_), above = at(place_ + step);
    double most = std::max({below, here, above});
    const double bend = below - 2 * here + above;
    if (bend < 0) {
      const double next = std::clamp(place_ + step * (below - above) / (2 * bend), 0.2, 0.85);
      most = std::max(most, at(next));
      place_ = std::clamp(next, 0.35, 0.8);
    }
    return most;
  }

  // Whether blocks with so many errors that they need this row are too unlikely to matter.
  bool is_enough(const ConcatenatedShape& shape, std::uint32_t row) {
    const RowOdds odds = row_odds(shape, row);
    auto rare_at = [&](double place) {
      return RowTail(shape, odds, range_.errors(place)).at_cost(1).log_bound <= log_chance_ - range_.ln_weight(place);
    };
    if (roughly_ && !range_.is_short()) return rare_at(usual_place);
    return std::all_of(std::begin(every_place), std::end(every_place), rare_at);
  }

 private:
  static ConcatenatedShape with_row(ConcatenatedShape shape, std::uint32_t row) {
    shape.rows.resize(row, 1);
    return shape;
  }

  const ErrorRange& range_;
  double log_chance_;
  bool roughly_;
  double place_ = usual_place;
};

// Chooses the rows, each failing with a chance of exp(log_chance) / weight at most. False: too many rows, or as many
// bits published as `limit_bits` before the last.
bool choose_rows(ConcatenatedShape& shape, RowPlanner planner, std::uint64_t limit_bits) {
  shape.rows.clear();
  for (std::uint32_t row = 1; row <= most_rows; ++row) {
    const bool few = !shape.rows.empty() && shape.rows.back() <= fewest_worth_publishing;
    if (few && planner.is_enough(shape, row)) return true;
    if (2 * row * shape.row_syndromes > shape.block_bits() || shape.published_bits() >= limit_bits) return false;
    const double published = std::ceil(planner.cost(shape, row) - 1e-6) - 1;
    shape.rows.push_back(static_cast<std::uint32_t>(std::clamp<double>(published, 1, shape.blocks)));
  }
  return false;
}

double log_share(double epsilon, double rows) { return std::log(0.999 * epsilon / rows); }

// So many errors a block that its rows would be too many.
bool too_heavy(const ConcatenatedShape& shape, double errors) { return errors / shape.blocks > most_rows / 4; }

bool too_many(const KnownErrors& known, const ErrorRange& range) {
  return known.raw_bits() < 16 || range.last() >= static_cast<double>(known.raw_bits()) / 4;
}

// A family of shapes: elements of so many bits, and so many times as many places as are needed.
struct Family {
  std::uint32_t element_bits, check_bits;
  double room;
};

std::optional<ConcatenatedShape> member(const Family& family, std::uint64_t raw_bits) {
  ConcatenatedShape shape;
  shape.raw_bits = raw_bits;
  shape.element_bits = family.element_bits;
  shape.check_bits = family.check_bits;
  const double blocks = std::ceil(family.room * static_cast<double>(raw_bits) / shape.block_bits());
  if (!(blocks < std::exp2(most_symbol_bits))) return std::nullopt;
  shape.blocks = static_cast<std::uint32_t>(
      std::max<std::uint64_t>(static_cast<std::uint64_t>(blocks), divide_up(raw_bits, shape.block_bits())));
  // The shortest symbols that tell the blocks apart.
  for (shape.row_syndromes = 1; shape.blocks >> shape.symbol_bits() != 0; ++shape.row_syndromes)
    if (shape.symbol_bits() + shape.element_bits > most_symbol_bits) return std::nullopt;
  shape.rows = {1};
  if (!is_possible(shape)) return std::nullopt;
  shape.rows.clear();
  return shape;
}

// The family whose member publishes least, by a rough look. Blocks with between a third of an error and forty, or few blocks.
std::optional<Family> best_family(const KnownErrors& known, const ErrorRange& range, double log_chance) {
  const double rate = range.errors(usual_place) / static_cast<double>(known.raw_bits());
  std::optional<Family> best;
  std::uint64_t best_bits = known.raw_bits();
  auto look = [&](const Family& family) {
    auto shape = member(family, known.raw_bits());
    if (!shape || too_heavy(*shape, range.last())) return;
    if (!choose_rows(*shape, RowPlanner(range, log_chance, true), best_bits) || shape->published_bits() >= best_bits)
      return;
    best = family;
    best_bits = shape->published_bits();
  };
  for (unsigned bits = fewest_element_bits; bits <= most_element_bits; ++bits) {
    const double mean = rate * std::exp2(bits);
    if (mean < 0.33 && bits < most_element_bits && known.raw_bits() >> bits > 16) continue;
    if (mean > 40) break;
    for (double room : {1.0, 1.2, 1.5}) look({bits, 3, room});
  }
  if (!best) return best;
  const Family found = *best;
  for (std::uint32_t check_bits : {0u, 1u, 2u, 4u, 5u, 6u}) look({found.element_bits, check_bits, found.room});
  const Family checked = *best;
  for (double room : {1.1, 1.35, 1.8}) look({checked.element_bits, checked.check_bits, room});
  return best;
}

// Shapes whose rows get a smaller and smaller share of epsilon; the first is to be looked at in balls.
class Proposals {
 public:
  Proposals(const KnownErrors& known, double epsilon) : known_(known), epsilon_(epsilon), range_(known, epsilon) {
    if (too_many(known, range_)) return;
    family_ = best_family(known, range_, log_share(epsilon, rows_));
    if (auto first = shape(rows_)) rows_ = static_cast<double>(first->rows.size());
  }

  std::optional<ConcatenatedShape> next() {
    shares_ *= 2;
    return shares_ > 1e6 ? std::nullopt : shape(rows_ + shares_);
  }

 private:
  std::optional<ConcatenatedShape> shape(double rows) const {
    if (!family_) return std::nullopt;
    auto shape = member(*family_, known_.raw_bits());
    if (!choose_rows(*shape, RowPlanner(range_, log_share(epsilon_, rows), false), known_.raw_bits()))
      return std::nullopt;
    return shape;
  }

  const KnownErrors& known_;
  double epsilon_;
  ErrorRange range_;
  std::optional<Family> family_;
  double rows_ = rows_to_begin_with, shares_ = 1;
};

// One error more than none costs next to nothing, and a code for none is none.
KnownErrors at_least_one(const KnownErrors& known, double epsilon) {
  const bool is_none = known.raw_bits() > 0 && known.likely_last_to_correct(epsilon) == 0;
  return is_none ? KnownErrors::at_most(1, known.raw_bits()) : known;
}

}  // namespace

std::optional<ConcatenatedShape> plan_concatenated(const KnownErrors& known, const numeric::Exact& epsilon) {
  const KnownErrors some = at_least_one(known, epsilon.approximate());
  Proposals proposals(some, epsilon.approximate());
  while (auto shape = proposals.next())
    if (is_possible(*shape) && fails_rarely(*shape, known, epsilon)) return shape;
  return std::nullopt;
}

std::optional<ConcatenatedShape> propose_concatenated(const KnownErrors& known, double epsilon) {
  const KnownErrors some = at_least_one(known, epsilon);
  return Proposals(some, epsilon).next();
}

std::optional<std::uint64_t> likely_concatenated_bits(const KnownErrors& known, double epsilon) {
  const ErrorRange range(known, epsilon);
  if (too_many(known, range)) return std::nullopt;
  const double share = log_share(epsilon, rows_to_begin_with);
  // Strings of about the same length with about as many errors do best with the same family.
  auto step = [](double x) { return static_cast<int>(std::lround(2 * std::log2(x))); };
  static std::mutex mutex;
  static std::map<std::tuple<int, int, int>, std::optional<Family>> families;
  std::optional<Family> family;
  {
    const std::lock_guard lock(mutex);
    auto [found, is_new] = families.try_emplace(
        {step(static_cast<double>(known.raw_bits())), step(range.errors(usual_place)), step(-std::log(epsilon))});
    if (is_new) found->second = best_family(known, range, share);
    family = found->second;
  }
  if (!family) return std::nullopt;
  auto shape = member(*family, known.raw_bits());
  if (!shape || !choose_rows(*shape, RowPlanner(range, share, true), known.raw_bits())) return std::nullopt;
  return shape->published_bits();
}

}  // namespace bellows::ecc
