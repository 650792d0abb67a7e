#include "bellows/ecc/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <unordered_set>

#include "bellows/testing/codes.h"
#include "bellows/testing/shared_data.h"

namespace bellows::ecc {
namespace {

using namespace testing_codes;

TEST(Candidates, TheBoundIsAboveTheShare) {
  struct Case {
    unsigned element_bits, most_errors, known;
  };
  for (Case c :
       {Case{3, 7, 1}, Case{3, 7, 2}, Case{3, 7, 3}, Case{4, 12, 1}, Case{4, 12, 2}, Case{4, 12, 3}, Case{4, 12, 5}}) {
    const unsigned size = (1u << c.element_bits) - 1, count = c.most_errors - c.known;
    std::vector<double> all(count), fit(count);
    for (std::uint32_t pattern = 0; pattern < 1u << size; ++pattern) {
      const auto errors = static_cast<unsigned>(__builtin_popcount(pattern));
      if (errors <= c.known || errors > c.most_errors) continue;
      ++all[errors - c.known - 1];
      fit[errors - c.known - 1] += candidates(c.element_bits, c.known, pattern).empty() ? 0 : 1;
    }
    const auto bounds = candidate_bounds(c.element_bits, c.known, count);
    const auto likely = likely_candidate_bounds(c.element_bits, c.known, count);
    for (unsigned k = 0; k < count; ++k) {
      EXPECT_GE(bounds[k].lower(), fit[k] / all[k] - 1e-12) << c.element_bits << " " << c.known << " " << k;
      EXPECT_NEAR(bounds[k].middle(), likely[k], 1e-9);
    }
  }
}

// Every character of the syndromes; Weil's bound is reached where elements have an even number of bits.
TEST(Candidates, NoCharacterIsAboveItsBound) {
  struct Case {
    unsigned element_bits, known;
    bool is_reached;
  };
  for (Case c : {Case{3, 2, false}, Case{4, 2, true}, Case{6, 2, true}, Case{7, 2, false}}) {
    const ElementField field = element_field(c.element_bits);
    const int size = (1 << c.element_bits) - 1;
    auto trace = [&](Element a) {
      Element sum = 0;
      for (unsigned i = 0; i < c.element_bits; ++i, a = bch_kernel_portable().multiply(field, a, a)) sum ^= a;
      return static_cast<int>(sum & 1);
    };
    std::set<int> sums;  // of the signs
    const std::uint32_t all = 1u << (c.element_bits * c.known);
    for (std::uint32_t character = 1; character < all; ++character) {
      int sum = 0;
      for (int x = 1; x <= size; ++x) {
        Element value = 0;
        for (unsigned j = 0; j < c.known; ++j)
          value ^= bch_kernel_portable().multiply(field, character >> (j * c.element_bits) & static_cast<Element>(size),
                                                  power(field, static_cast<Element>(x), 2 * j + 1));
        sum += 1 - 2 * trace(value);
      }
      sums.insert(sum);
    }
    const auto bounds = character_bounds(c.element_bits, c.known, 6);
    double largest = 0;
    for (int sum : sums) {
      // (1 + z)^plus (1 - z)^minus, coefficient after coefficient.
      const int plus = (size + sum) / 2, minus = size - plus;
      for (int k = 1; k <= 6; ++k) {
        double coefficient = 0;
        for (int i = 0; i <= k; ++i)
          if (i <= minus && k - i <= plus)
            coefficient += (i % 2 == 0 ? 1 : -1) * std::exp(likely_ln_choose(minus, i) + likely_ln_choose(plus, k - i));
        const double share = std::abs(coefficient) / std::exp(likely_ln_choose(size, k));
        EXPECT_LE(share, bounds[static_cast<std::size_t>(k - 1)].upper() + 1e-9) << c.element_bits << " " << k;
        if (k == 1) largest = std::max(largest, share);
      }
    }
    if (c.is_reached) {
      EXPECT_NEAR(largest, bounds[0].middle(), 1e-9) << c.element_bits;
    }
  }
}

// Sampled, with fields so large that the bound is far below 1 and not far above the truth.
TEST(Candidates, ManyElementsMakeWrongGuessesRare) {
  struct Case {
    unsigned element_bits, known;
    double slack;
  };
  std::mt19937_64 engine(3);
  for (Case c : {Case{8, 2, 1.15}, Case{7, 3, 3.2}, Case{8, 3, 2.2}}) {
    const ElementField field = element_field(c.element_bits);
    const unsigned size = (1u << c.element_bits) - 1;
    std::vector<std::vector<Element>> of_place(size, std::vector<Element>(c.known));
    for (unsigned x = 0; x < size; ++x)
      for (unsigned j = 0; j < c.known; ++j) of_place[x][j] = power(field, x + 1, 2 * j + 1);
    auto add = [&](std::uint64_t key, unsigned x) {
      for (unsigned j = 0; j < c.known; ++j) key ^= std::uint64_t{of_place[x][j]} << (10 * j);
      return key;
    };
    std::unordered_set<std::uint64_t> few{0};  // syndromes of `known` places or fewer
    std::vector<std::uint64_t> last{0};
    for (unsigned errors = 1; errors <= c.known; ++errors) {
      std::vector<std::uint64_t> next;
      for (std::uint64_t key : last)
        for (unsigned x = 0; x < size; ++x) next.push_back(add(key, x));
      std::sort(next.begin(), next.end());
      next.erase(std::unique(next.begin(), next.end()), next.end());
      few.insert(next.begin(), next.end());
      last = std::move(next);
    }
    const auto bounds = candidate_bounds(c.element_bits, c.known, 6);
    for (unsigned errors = c.known + 1; errors <= c.known + 6; ++errors) {
      int fit = 0;
      const int rounds = bellows::testing::sanitized() ? 2000 : 20'000;
      for (int round = 0; round < rounds; ++round) {
        std::set<unsigned> places;
        while (places.size() < errors) places.insert(static_cast<unsigned>(engine() % size));
        std::uint64_t key = 0;
        for (unsigned x : places) key = add(key, x);
        fit += static_cast<int>(few.count(key));
      }
      const double share = static_cast<double>(fit) / rounds, bound = bounds[errors - c.known - 1].upper();
      EXPECT_LT(share, bound + 1.7 / std::sqrt(rounds)) << c.element_bits << " " << c.known << " " << errors;
      if (errors > c.known + 3) {
        EXPECT_LT(bound, c.slack * share + 1.7 / std::sqrt(rounds)) << c.element_bits << " " << c.known << " " << errors;
      }
    }
  }
  // With larger fields 1 / errors!, but for the first few that are too many.
  EXPECT_LT(candidate_bounds(10, 4, 1)[0].upper(), 0.25);
  EXPECT_LT(candidate_bounds(10, 4, 3)[2].upper(), 0.052);
  EXPECT_GT(candidate_bounds(10, 4, 3)[2].lower(), 1.0 / 24);
  EXPECT_EQ(candidate_bounds(10, 0, 1)[0].upper(), 1);
}

}  // namespace
}  // namespace bellows::ecc
