#pragma once

#include <cstdint>
#include <vector>

#include "bellows/ecc/concatenated_shape.h"

namespace bellows::ecc {

/// A row of a concatenated code as its failure sees it: blocks with `first` errors or more cost 1, and 1 more if their
/// guess is wrong.
struct RowOdds {
  std::uint32_t first = 1;
  std::vector<double> wrong;  ///< [k]: the chance of a wrong guess with first + k errors
  double wrong_beyond = 0;    ///< with more errors than that
};

/// `row` counts from 1; one more than there are stands for "some block has more errors than rows tell apart", where it
/// does not matter whether a guess is wrong.
RowOdds row_odds(const ConcatenatedShape& shape, std::size_t row);

/// For how many numbers of errors the chance of a wrong guess is computed; beyond, only the hash counts.
inline constexpr unsigned wrong_guesses_computed = 40;

/// Chernoff's bound on the cost of a row (failure_bound) in doubles: where to look. Balls decide.
class RowTail {
 public:
  /// `errors`: a number of errors, not necessarily whole.
  RowTail(const ConcatenatedShape& shape, const RowOdds& odds, double errors);

  struct Point {
    double log_z, log_y, cost, log_bound;
  };
  /// At the y that is the best for this cost.
  Point at_cost(double cost);
  /// The smallest cost from 2 on at which the bound is as low as asked.
  double cost_reaching(double log_bound);

 private:
  // Chernoff's bound with this y and the best z, at the cost for which this y is the best.
  Point at(double log_y);
  double mean() const { return errors_ / blocks_; }

  double blocks_, block_bits_, errors_;
  const RowOdds& odds_;
  std::vector<double> ratio_;  // [k]: C(block_bits, k + 1) / C(block_bits, k)
  double log_patterns_;
  double log_z_;
};

}  // namespace bellows::ecc
