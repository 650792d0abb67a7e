#include "bellows/ecc/concatenated_bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "bellows/ecc/candidates.h"
#include "bellows/testing/codes.h"
#include "bellows/testing/shared_data.h"

namespace bellows::ecc {
namespace {

using namespace testing_codes;
using numeric::Exact;

// P(a row has more silent and wrong blocks than it publishes), summed over rows: coefficients of the exact polynomials,
// patterns of a block counted one by one.
double exact_failure(const ConcatenatedShape& shape, std::uint32_t errors) {
  using Polynomial = std::map<std::pair<std::uint32_t, std::uint32_t>, double>;  // errors, cost
  const double wrong = std::ldexp(1.0, -static_cast<int>(shape.check_bits));
  double failing = 0;
  for (std::uint32_t row = 0; row <= shape.rows.size(); ++row) {
    const std::uint32_t published = row < shape.rows.size() ? shape.rows[row] : 0, known = row * shape.row_syndromes;
    if (published == shape.blocks) continue;
    Polynomial block, all{{{0, 0}, 1}};
    for (std::uint32_t pattern = 0; pattern < 1u << shape.block_bits(); ++pattern) {
      const auto in_block = static_cast<std::uint32_t>(__builtin_popcount(pattern));
      if (in_block > errors) continue;
      if (in_block <= known) {
        ++block[{in_block, 0}];
      } else if (published == 0 || candidates(shape.element_bits, known, pattern).empty()) {
        ++block[{in_block, 1}];
      } else {
        block[{in_block, 1}] += 1 - wrong;
        block[{in_block, 2}] += wrong;
      }
    }
    for (std::uint32_t i = 0; i < shape.blocks; ++i) {
      Polynomial next;
      for (const auto& [a, weight_a] : all)
        for (const auto& [b, weight_b] : block)
          if (a.first + b.first <= errors) next[{a.first + b.first, a.second + b.second}] += weight_a * weight_b;
      all = std::move(next);
    }
    for (const auto& [at, weight] : all)
      if (at.first == errors && at.second > published)
        failing += weight / std::exp(likely_ln_choose(static_cast<double>(shape.places()), errors));
  }
  return failing;
}

TEST(FailureBound, IsAboveTheExactProbability) {
  for (const auto& shape :
       {shape_of(35, 5, 3, 1, 1, {2, 1}), shape_of(40, 6, 3, 3, 1, {3, 1}), shape_of(21, 3, 3, 2, 1, {2, 1, 1}),
        shape_of(90, 14, 3, 0, 2, {9}), shape_of(90, 6, 4, 0, 2, {5, 2}), shape_of(120, 8, 4, 1, 1, {7, 6, 4, 2}),
        shape_of(110, 8, 4, 0, 3, {6, 1})}) {
    ASSERT_TRUE(is_possible(shape));
    if (bellows::testing::sanitized() && shape.element_bits > 3) continue;  // minutes
    for (std::uint32_t errors = 1; errors < shape.places() / 2; errors += 1 + errors / 8) {
      const double exact = exact_failure(shape, errors);
      const numeric::Ball bound = failure_bound(shape, errors);
      EXPECT_GE(bound.lower(), exact * (1 - 1e-9)) << shape.blocks << " " << shape.element_bits << " " << errors;
      if (exact > 1e-6) {
        EXPECT_LT(bound.upper(), 200 * exact) << shape.blocks << " " << errors;  // and not useless
      }
      // All numbers up to this one at once.
      const Exact twice = *Exact::parse(std::to_string(std::min(0.99, 2 * bound.upper())));
      if (fails_rarely(shape, KnownErrors::at_most(errors, shape.raw_bits), twice)) {
        for (std::uint32_t fewer = 1; fewer <= errors; ++fewer)
          EXPECT_LE(exact_failure(shape, fewer), twice.approximate()) << fewer << " of " << errors;
      }
    }
  }
}

// With the chances of wrong guesses that candidate_bounds names, exactly: numbers of patterns instead of patterns.
double exact_failure_as_bounded(const ConcatenatedShape& shape, std::uint32_t errors) {
  const double hash = std::ldexp(1.0, -static_cast<int>(shape.check_bits));
  double failing = 0;
  for (std::uint32_t row = 0; row <= shape.rows.size(); ++row) {
    const std::uint32_t published = row < shape.rows.size() ? shape.rows[row] : 0, known = row * shape.row_syndromes;
    if (published == shape.blocks) continue;
    const auto bounds = likely_candidate_bounds(shape.element_bits, known, 60);
    const std::uint32_t most_cost = 2 * shape.blocks;
    // [errors][cost], each block's weight divided by the number of all patterns at the end.
    std::vector<std::vector<double>> all(errors + 1, std::vector<double>(most_cost + 1)), next = all;
    all[0][0] = 1;
    for (std::uint32_t block = 0; block < shape.blocks; ++block) {
      for (auto& line : next) std::fill(line.begin(), line.end(), 0.0);
      for (std::uint32_t in = 0; in <= errors; ++in) {
        const double patterns = std::exp(likely_ln_choose(shape.block_bits(), in));
        const double wrong = in <= known || published == 0 ? 0 : hash * bounds.at(in - known - 1);
        for (std::uint32_t e = in; e <= errors; ++e)
          for (std::uint32_t cost = 0; cost + 2 <= most_cost || in <= known; ++cost) {
            if (cost > most_cost) break;
            const double before = all[e - in][cost] * patterns;
            if (before == 0) continue;
            if (in <= known) {
              next[e][cost] += before;
            } else {
              next[e][cost + 1] += before * (1 - wrong);
              next[e][cost + 2] += before * wrong;
            }
          }
      }
      std::swap(all, next);
    }
    for (std::uint32_t cost = published + 1; cost <= most_cost; ++cost)
      failing += all[errors][cost] / std::exp(likely_ln_choose(static_cast<double>(shape.places()), errors));
  }
  return failing;
}

TEST(FailureBound, CountsWrongGuessesAsLikelyAsTheyMayBe) {
  for (const auto& shape :
       {shape_of(1200, 20, 6, 0, 1, {20, 20, 12, 9, 5, 2}), shape_of(2500, 20, 7, 0, 2, {20, 12, 5}),
        shape_of(2500, 20, 7, 1, 1, {20, 19, 12, 6, 4, 2})}) {
    ASSERT_TRUE(is_possible(shape));
    for (std::uint32_t errors : {10u, 20u, 40u, 55u}) {
      const double exact = exact_failure_as_bounded(shape, errors);
      const numeric::Ball bound = failure_bound(shape, errors);
      EXPECT_GE(bound.lower(), exact * (1 - 1e-6)) << shape.element_bits << " " << errors;
      if (exact > 1e-9) {
        EXPECT_LT(bound.upper(), 60 * exact) << shape.element_bits << " " << errors;
      }
    }
  }
}

// As few bits as still pass: then every number of errors is looked at alone.
TEST(FailureBound, WhatPassesIsRareForEveryNumberOfErrors) {
  const Exact epsilon = Exact::literal("1e-6");
  for (std::uint64_t seen : {3u, 60u}) {
    const auto known = KnownErrors::from_sample(5000, seen, 3000);
    auto planned = plan_concatenated(known, epsilon);
    ASSERT_TRUE(planned);
    for (std::size_t row = 0; row < planned->rows.size(); row += 3) {
      ConcatenatedShape shape = *planned;
      while (shape.rows[row] > 1 && fails_rarely(shape, known, epsilon)) --shape.rows[row];
      if (!fails_rarely(shape, known, epsilon)) ++shape.rows[row];
      for (std::uint64_t e = 1; e <= known.last_to_correct(numeric::Ball(epsilon)); e += 1 + e / 40) {
        const auto weighed =
            numeric::min(failure_bound(shape, e), numeric::Ball(1)) * numeric::exp(known.ln_most_weight(e, e));
        EXPECT_LE(weighed.upper(), 1e-6 * (1 + 1e-9)) << seen << " " << row << " " << e;
      }
    }
  }
}

}  // namespace
}  // namespace bellows::ecc
