#include "bellows/ecc/concatenated.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <unordered_set>

#include "bellows/ecc/candidates.h"
#include "bellows/ecc/concatenated_plan.h"
#include "bellows/ecc/reconcile.h"
#include "bellows/testing/random_bits.h"

namespace bellows::ecc {
namespace {

using bellows::testing::random_bits;
using numeric::Exact;

const Exact tiny = Exact::literal("1e-12");

ErrorsToCorrect at_most(std::uint64_t errors, std::uint64_t raw_bits) {
  return ErrorsToCorrect::at_most(errors, raw_bits, tiny);
}

Element power(const ElementField& field, Element a, unsigned exponent) {
  Element out = 1;
  for (unsigned i = 0; i < exponent; ++i) out = bch_kernel_portable().multiply(field, out, a);
  return out;
}

TEST(ReedSolomon, FindsErasedAndWrongPlaces) {
  std::mt19937_64 engine(1);
  for (unsigned w : {3u, 5u, 8u, 10u}) {
    const ElementField field = element_field(w);
    for (std::uint32_t length : {1u, 2u, 5u, (1u << w) / 3, (1u << w) - 1}) {
      const ReedSolomonCode code(field, length);
      for (int round = 0; round < 30; ++round) {
        const auto erased_count = static_cast<std::uint32_t>(engine() % (length + 1));
        const auto wrong_count = static_cast<std::uint32_t>(engine() % (length - erased_count + 1));
        const std::uint32_t count = erased_count + 2 * wrong_count;
        std::vector<std::uint32_t> places(length);
        for (std::uint32_t i = 0; i < length; ++i) places[i] = i;
        std::shuffle(places.begin(), places.end(), engine);
        std::vector<std::uint32_t> erased(places.begin(), places.begin() + erased_count);
        std::sort(erased.begin(), erased.end());
        SecretElements row(length);
        for (std::uint32_t i = 0; i < erased_count + wrong_count; ++i)
          row[places[i]] =
              static_cast<Element>(i < erased_count ? engine() % (1u << w) : 1 + engine() % ((1u << w) - 1));
        if (count > length) continue;  // a row has no more syndromes than places
        const SecretElements syndromes = code.syndromes(row, count);
        for (std::uint32_t k = 0; k < std::min(count, 4u); ++k) {  // the definition
          Element sum = 0;
          for (std::uint32_t i = 0; i < length; ++i)
            sum ^= bch_kernel_portable().multiply(field, row[i], power(field, i + 1, k));
          EXPECT_EQ(syndromes[k], sum);
        }
        const auto found = code.find_row(syndromes, erased);
        ASSERT_TRUE(found) << w << " " << length << " " << erased_count << " " << wrong_count;
        EXPECT_EQ(*found, row);
      }
    }
  }
}

TEST(ReedSolomon, SaysWhenThereIsNoSuchRow) {
  const ElementField field = element_field(8);
  const ReedSolomonCode code(field, 200);
  std::mt19937_64 engine(2);
  int none = 0;
  for (int round = 0; round < 100; ++round) {
    SecretElements row(200);
    for (auto& element : row) element = static_cast<Element>(engine() % 256);
    const auto syndromes = code.syndromes(row, 20);
    const auto found = code.find_row(syndromes, {3, 7});
    if (!found) {
      ++none;
      continue;
    }
    EXPECT_EQ(code.syndromes(*found, 20), syndromes);  // what is found at least fits
  }
  EXPECT_GT(none, 95);  // one in 9! random recursions has all its roots among 200 places
  EXPECT_FALSE(code.find_row(SecretElements(2), {1, 2, 3}));
}

ConcatenatedShape shape_of(std::uint64_t raw_bits, std::uint32_t blocks, std::uint32_t element_bits,
                           std::uint32_t check_bits, std::uint32_t row_syndromes, std::vector<std::uint32_t> rows) {
  return {raw_bits, blocks, element_bits, check_bits, row_syndromes, std::move(rows)};
}

std::optional<ConcatenatedShape> plan_for(std::uint64_t raw_bits, std::uint64_t errors, const Exact& epsilon) {
  return plan_concatenated(KnownErrors::at_most(errors, raw_bits), epsilon);
}

TEST(Deal, EveryInjectionIsEquallyLikely) {
  const ConcatenatedShape shape = shape_of(3, 1, 3, 1, 1, {1});
  ASSERT_TRUE(is_possible(shape));
  std::map<std::vector<std::uint32_t>, int> seen;
  std::array<int, 2> check{};
  const int rounds = 210'000;
  for (int round = 0; round < rounds; ++round) {
    auto dealt = deal(shape, random_bits(deal_random_bits(shape), static_cast<std::uint64_t>(round)));
    ASSERT_TRUE(dealt.ok());
    ++seen[dealt->place];
    for (auto bits : dealt->check) ++check.at(bits);
  }
  EXPECT_EQ(seen.size(), 210u);
  double chi_squared = 0;
  for (const auto& [place, count] : seen) chi_squared += (count - 1000.0) * (count - 1000.0) / 1000;
  EXPECT_LT(chi_squared, 297);  // 209 degrees of freedom: exceeded with a chance of 6e-5
  EXPECT_NEAR(check[0], 3 * rounds / 2, 5 * std::sqrt(3 * rounds / 4.0));
  EXPECT_EQ(deal(shape, random_bits(10, 1)).error().code, ErrorCode::bad_input);
}

TEST(Deal, NumbersFillTheirRange) {
  bits::BitString ones(640), zeros(640);
  for (std::uint64_t i = 0; i < ones.size_words(); ++i) ones.words()[i] = ~std::uint64_t{0};
  for (std::uint64_t range : {2ull, 3ull, 1'000'000ull, (1ull << 30) + 1, (1ull << 31) - 1, (1ull << 32) - 1}) {
    EXPECT_EQ(Draw(ones).below(range), range - 1);
    EXPECT_EQ(Draw(bits::BitString(random_bits(640, 1))).below(1), 0u);
    std::uint64_t most = 0, least = range;
    const bits::BitString random = random_bits(1'000'000, range);
    for (Draw draw(random); !draw.ran_out();) {
      const std::uint64_t number = draw.below(range);
      if (draw.ran_out()) break;
      most = std::max(most, number);
      least = std::min(least, number);
    }
    EXPECT_LT(most, range);
    EXPECT_GE(static_cast<double>(most), 0.999 * static_cast<double>(range - 1));
    EXPECT_LE(static_cast<double>(least), 0.001 * static_cast<double>(range));
  }
}

TEST(Deal, PlacesAreDistinctAndFewBitsAreLeftOver) {
  const ConcatenatedShape shape = shape_of(10'000, 80, 7, 3, 1, {5, 1});
  auto dealt = deal(shape, random_bits(deal_random_bits(shape), 3));
  ASSERT_TRUE(dealt.ok());
  EXPECT_EQ(std::set<std::uint32_t>(dealt->place.begin(), dealt->place.end()).size(), 10'000u);
  EXPECT_LT(*std::max_element(dealt->place.begin(), dealt->place.end()), 80u * 127);
  EXPECT_LT(deal_random_bits(shape), 10'000u * (14 + 4 + 3) * 6 / 5);
}

// Flips: a burst, places spread out, or the last ones: whatever the pattern, the deal makes it a random one.
std::vector<std::uint32_t> pattern(std::uint64_t size, std::uint64_t errors, int kind) {
  std::vector<std::uint32_t> places;
  for (std::uint64_t i = 0; i < errors; ++i)
    places.push_back(static_cast<std::uint32_t>(kind == 0 ? i : kind == 1 ? i * (size / errors) : size - errors + i));
  return places;
}

TEST(Concatenated, FindsEveryKindOfPattern) {
  struct Case {
    std::uint64_t size, errors;
  };
  for (Case c : {Case{64, 1}, Case{200, 3}, Case{1432, 10}, Case{22'452, 200}, Case{70'000, 900}}) {
    auto shape = plan_for(c.size, c.errors, tiny);
    ASSERT_TRUE(shape) << c.size;
    for (int kind = 0; kind < 3; ++kind) {
      auto code =
          ConcatenatedCode::make(*shape, random_bits(deal_random_bits(*shape), static_cast<std::uint64_t>(kind)));
      ASSERT_TRUE(code.ok());
      for (std::uint64_t errors : {std::uint64_t{0}, std::uint64_t{1}, c.errors}) {
        const auto alice = random_bits(c.size, 4);
        bits::BitString bob(alice.view());
        const auto places = pattern(c.size, errors, kind);
        for (auto place : places) bob.set(place, !bob[place]);
        auto published = code->publish(alice);
        ASSERT_EQ(published->size_bits(), shape->published_bits());
        Context threads;
        threads.thread_count = 3;
        EXPECT_TRUE(*code->publish(alice, threads) == *published);
        auto found = code->find_errors(bob, *published);
        ASSERT_TRUE(found.ok());
        ASSERT_TRUE(*found) << c.size << " " << errors << " " << kind;
        EXPECT_EQ(**found, places);
        EXPECT_EQ(**code->find_errors(bob, *published, threads), places);
      }
    }
  }
}

// The first `known` syndromes of a pattern of places.
std::vector<Element> syndromes_of(unsigned element_bits, unsigned known, std::uint32_t pattern) {
  const ElementField field = element_field(element_bits);
  std::vector<Element> sums(known);
  for (std::uint32_t x = 0; pattern >> x != 0; ++x)
    for (unsigned j = 0; j < known && (pattern >> x & 1) != 0; ++j) sums[j] ^= power(field, x + 1, 2 * j + 1);
  return sums;
}

// All patterns with `known` places or fewer and the same first syndromes, by trying all.
const std::vector<std::uint32_t>& candidates(unsigned element_bits, unsigned known, std::uint32_t pattern) {
  using Table = std::map<std::vector<Element>, std::vector<std::uint32_t>>;
  static std::map<std::pair<unsigned, unsigned>, Table> tables;
  static const std::vector<std::uint32_t> none;
  auto [table, is_new] = tables.try_emplace({element_bits, known});
  if (is_new)
    for (std::uint32_t low = 0; low < 1u << ((1u << element_bits) - 1); ++low)
      if (static_cast<unsigned>(__builtin_popcount(low)) <= known)
        table->second[syndromes_of(element_bits, known, low)].push_back(low);
  const auto found = table->second.find(syndromes_of(element_bits, known, pattern));
  return found == table->second.end() ? none : found->second;
}

// What the proof says, of one deal and one pattern: candidates by trying all patterns of a block.
class ByDefinition {
 public:
  ByDefinition(const ConcatenatedShape& shape, const Deal& deal, const std::vector<std::uint32_t>& places)
      : shape_(shape), errors_(shape.blocks), hash_(shape.blocks), column_(shape.blocks) {
    for (auto& columns : column_) columns.assign(shape.block_bits(), empty);
    for (std::size_t i = 0; i < deal.place.size(); ++i)
      column_[deal.place[i] / shape.block_bits()][deal.place[i] % shape.block_bits()] = deal.check[i];
    for (std::uint32_t i : places) {
      const std::uint32_t block = deal.place[i] / shape.block_bits();
      errors_[block] |= 1u << (deal.place[i] % shape.block_bits());
      hash_[block] ^= deal.check[i];
    }
  }

  bool must_be_found() const {
    for (std::uint32_t row = 0; row <= shape_.rows.size(); ++row) {
      const bool is_last = row == shape_.rows.size();
      const std::uint32_t published = is_last ? 0 : shape_.rows[row], known = row * shape_.row_syndromes;
      if (published == shape_.blocks && !is_last) continue;
      std::uint32_t cost = 0;
      for (std::uint32_t block = 0; block < shape_.blocks; ++block) {
        if (static_cast<std::uint32_t>(__builtin_popcount(errors_[block])) <= known) continue;
        cost += is_last || !has_candidate(block, known) ? 1 : 2;
      }
      if (cost > published) return false;
    }
    return true;
  }

 private:
  static constexpr int empty = -1;

  bool has_candidate(std::uint32_t block, std::uint32_t known) const {
    for (std::uint32_t pattern : candidates(shape_.element_bits, known, errors_[block])) {
      bool fits = true;
      std::uint16_t hash = 0;
      for (std::uint32_t x = 0; x < shape_.block_bits() && fits; ++x) {
        if (!(pattern >> x & 1)) continue;
        fits = column_[block][x] != empty;
        if (fits) hash ^= static_cast<std::uint16_t>(column_[block][x]);
      }
      if (fits && hash == hash_[block]) return true;
    }
    return false;
  }

  const ConcatenatedShape& shape_;
  std::vector<std::uint32_t> errors_;
  std::vector<std::uint16_t> hash_;
  std::vector<std::vector<int>> column_;
};

// Shapes as odd as a peer may choose them: rows in any order, whole ones anywhere, places without a bit.
TEST(Concatenated, FindsWhateverTheProofSaysItFinds) {
  std::mt19937_64 engine(7);
  int must = 0, may = 0;
  while (must < 2000) {
    ConcatenatedShape shape;
    shape.element_bits = static_cast<std::uint32_t>(3 + engine() % 2);
    shape.blocks = static_cast<std::uint32_t>(1 + engine() % 7);
    shape.row_syndromes = static_cast<std::uint32_t>(1 + engine() % 3);
    shape.raw_bits = 1 + shape.places() - engine() % (shape.places() / 2);
    shape.raw_bits = std::min(shape.raw_bits, shape.places());
    shape.check_bits = static_cast<std::uint32_t>(engine() % 4);
    const std::uint64_t rows = 1 + engine() % (shape.block_bits() / 2 / shape.row_syndromes);
    for (std::uint64_t row = 0; row < rows; ++row)
      shape.rows.push_back(static_cast<std::uint32_t>(engine() % 3 == 0 ? shape.blocks : 1 + engine() % shape.blocks));
    ASSERT_TRUE(is_possible(shape));
    const bits::BitString random = random_bits(deal_random_bits(shape), engine());
    const bits::BitString alice = random_bits(shape.raw_bits, engine());
    bits::BitString bob(alice.view());
    std::set<std::uint32_t> flipped;
    for (std::uint64_t i = engine() % (2 + shape.raw_bits / 4); i > 0; --i)
      flipped.insert(static_cast<std::uint32_t>(engine() % shape.raw_bits));
    const std::vector<std::uint32_t> places(flipped.begin(), flipped.end());
    for (auto place : places) bob.set(place, !bob[place]);
    auto code = ConcatenatedCode::make(shape, random);
    auto found = code->find_errors(bob, *code->publish(alice));
    ASSERT_TRUE(found.ok());
    if (!ByDefinition(shape, *deal(shape, random), places).must_be_found()) {
      may += !*found;
      continue;
    }
    ++must;
    ASSERT_TRUE(*found) << shape.blocks << " " << shape.element_bits << " " << places.size();
    EXPECT_EQ(**found, places);
  }
  EXPECT_GT(may, 500);  // and does not find everything
}

TEST(Candidates, TheBoundIsAboveTheShare) {
  struct Case {
    unsigned element_bits, most_errors, known;
  };
  for (Case c : {Case{3, 7, 1}, Case{3, 7, 2}, Case{3, 7, 3}, Case{4, 12, 1}, Case{4, 12, 2}, Case{4, 12, 3},
                 Case{4, 12, 5}}) {
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
  for (Case c : {Case{3, 2, false}, Case{4, 2, true}, Case{5, 3, false}, Case{6, 2, true}, Case{7, 2, false}}) {
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
      if (sums.size() > 3 && character > 4096) break;  // all sums have turned up long before
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
      const int rounds = 20'000;
      for (int round = 0; round < rounds; ++round) {
        std::set<unsigned> places;
        while (places.size() < errors) places.insert(static_cast<unsigned>(engine() % size));
        std::uint64_t key = 0;
        for (unsigned x : places) key = add(key, x);
        fit += static_cast<int>(few.count(key));
      }
      const double share = static_cast<double>(fit) / rounds, bound = bounds[errors - c.known - 1].upper();
      EXPECT_LT(share, bound + 0.012) << c.element_bits << " " << c.known << " " << errors;
      if (errors > c.known + 3) {
        EXPECT_LT(bound, c.slack * share) << c.element_bits << " " << c.known << " " << errors;
      }
    }
  }
  // With larger fields 1 / errors!, but for the first few that are too many.
  EXPECT_LT(candidate_bounds(10, 4, 1)[0].upper(), 0.25);
  EXPECT_LT(candidate_bounds(10, 4, 3)[2].upper(), 0.052);
  EXPECT_GT(candidate_bounds(10, 4, 3)[2].lower(), 1.0 / 24);
  EXPECT_EQ(candidate_bounds(10, 0, 1)[0].upper(), 1);
}

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
          if (a.first + b.first <= errors)
            next[{a.first + b.first, a.second + b.second}] += weight_a * weight_b;
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
    for (std::uint32_t errors = 1; errors < shape.places() / 2; ++errors) {
      const double exact = exact_failure(shape, errors);
      const numeric::Ball bound = failure_bound(shape, errors);
      EXPECT_GE(bound.lower(), exact * (1 - 1e-9)) << shape.blocks << " " << shape.element_bits << " " << errors;
      if (exact > 1e-6) {
        EXPECT_LT(bound.upper(), 200 * exact) << shape.blocks << " " << errors;  // and not useless
      }
      if (errors % 3 != 0) continue;
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
  for (const auto& shape : {shape_of(1200, 20, 6, 0, 1, {20, 20, 12, 9, 5, 2}), shape_of(2500, 20, 7, 0, 2, {20, 12, 5}),
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

// Whatever the number of errors in all: the chance of what is seen, times how often a code may then fail, sums up to
// epsilon at most.
TEST(KnownErrors, TheirWeightsShareEpsilonOut) {
  struct Case {
    std::uint64_t sample, raw;
  };
  for (Case c : {Case{40, 25}, Case{300, 700}, Case{2000, 100}, Case{5, 60}})
    for (std::uint64_t total = 0; total <= c.sample + c.raw; total += 1 + total / 7) {
      double sum = 0, chance = 0;
      for (std::uint64_t seen = total > c.raw ? total - c.raw : 0; seen <= std::min(total, c.sample); ++seen) {
        const auto known = KnownErrors::from_sample(c.sample, seen, c.raw);
        const std::uint64_t errors = total - seen;
        const double p = (ln_choose(c.sample, seen) + ln_choose(c.raw, errors) - ln_choose(c.sample + c.raw, total))
                             .middle();
        chance += std::exp(p);
        sum += std::exp(p - known.ln_most_weight(errors, errors).upper());
        EXPECT_NEAR(known.likely_ln_weight(static_cast<double>(errors)), known.ln_most_weight(errors, errors).middle(),
                    1e-6);
      }
      EXPECT_NEAR(chance, 1, 1e-9);
      EXPECT_LE(sum, 1) << c.sample << " " << c.raw << " " << total;
      if (total <= std::min(c.sample, c.raw)) {
        EXPECT_GE(sum, 0.4);  // and little is given away
      }
    }
}

TEST(KnownErrors, NoNumberWeighsMoreThanIsSaid) {
  for (std::uint64_t seen : {0u, 1u, 7u, 30u}) {
    const auto known = KnownErrors::from_sample(600, seen, 400);
    for (const char* chance : {"0.1", "1e-3", "1e-9", "1e-30"}) {
      const numeric::Ball epsilon{Exact::literal(chance)};
      const std::uint64_t last = known.last_to_correct(epsilon);
      EXPECT_LE(last, 400u);
      EXPECT_NEAR(static_cast<double>(last), static_cast<double>(known.likely_last_to_correct(epsilon.middle())), 1);
      for (std::uint64_t e = last + 1; e <= 400; ++e)
        EXPECT_LE(known.ln_most_weight(e, e).upper(), numeric::ln(epsilon).upper() + 1e-12) << seen << " " << e;
    }
    for (std::uint64_t first = 0; first <= 400; first += 13)
      for (std::uint64_t last = first; last <= 400; last += 29)
        for (std::uint64_t e = first; e <= last; e += 3)
          EXPECT_GE(known.ln_most_weight(first, last).lower(), known.ln_most_weight(e, e).lower() - 1e-9);
  }
  EXPECT_EQ(KnownErrors::from_sample(0, 0, 50).last_to_correct(numeric::Ball(Exact::literal("1e-9"))), 50u);
  EXPECT_EQ(KnownErrors::at_most(7, 50).last_to_correct(numeric::Ball(Exact::literal("1e-9"))), 7u);
}

// A code that is allowed to fail in one of five runs: it does not fail more often, and openly.
TEST(FailureBound, HoldsForTheDecoder) {
  const std::uint64_t size = 3000, errors = 60;
  auto shape = plan_for(size, errors, Exact::literal("0.2"));
  ASSERT_TRUE(shape);
  EXPECT_LT(shape->published_bits(), plan_for(size, errors, tiny)->published_bits());
  const auto alice = random_bits(size, 1);
  int failed = 0, failed_beyond = 0;
  const int rounds = 300;
  for (int round = 0; round < rounds; ++round) {
    auto code =
        ConcatenatedCode::make(*shape, random_bits(deal_random_bits(*shape), static_cast<std::uint64_t>(round)));
    const auto published = code->publish(alice);
    for (std::uint64_t count : {errors, 2 * errors}) {
      bits::BitString bob(alice.view());
      const auto places = pattern(size, count, 0);
      for (auto place : places) bob.set(place, !bob[place]);
      auto found = code->find_errors(bob, *published);
      ASSERT_TRUE(found.ok());
      (count == errors ? failed : failed_beyond) += !*found || **found != places;
    }
  }
  const double bound = failure_bound(*shape, errors).upper();
  EXPECT_LT(bound, 0.2);
  EXPECT_LT(failed, bound * rounds + 5 * std::sqrt(bound * rounds));
  EXPECT_GT(failed_beyond, rounds / 2);
}

TEST(ConcatenatedShape, ImpossibleNumbersAreNoCode) {
  const ConcatenatedShape good = *plan_for(20'000, 100, tiny);
  ASSERT_TRUE(is_possible(good));
  for (void (*spoil)(ConcatenatedShape&) :
       {+[](ConcatenatedShape& s) { s.raw_bits = 0; }, +[](ConcatenatedShape& s) { s.raw_bits = s.places() + 1; },
        +[](ConcatenatedShape& s) { s.raw_bits /= 8; }, +[](ConcatenatedShape& s) { s.blocks = 0; },
        +[](ConcatenatedShape& s) { s.blocks = 1u << s.symbol_bits(); },
        +[](ConcatenatedShape& s) { s.element_bits = 2; }, +[](ConcatenatedShape& s) { s.element_bits = 17; },
        +[](ConcatenatedShape& s) { s.element_bits = 0; }, +[](ConcatenatedShape& s) { s.element_bits = ~0u; },
        +[](ConcatenatedShape& s) { s.row_syndromes = 0; }, +[](ConcatenatedShape& s) { s.row_syndromes = ~0u; },
        +[](ConcatenatedShape& s) { s.row_syndromes = 5; }, +[](ConcatenatedShape& s) { s.check_bits = 17; },
        +[](ConcatenatedShape& s) { s.rows.clear(); }, +[](ConcatenatedShape& s) { s.rows[1] = 0; },
        +[](ConcatenatedShape& s) { s.rows[1] = s.blocks + 1; }, +[](ConcatenatedShape& s) { s.rows.resize(1000, 1); },
        +[](ConcatenatedShape& s) { s.rows.resize(s.block_bits() / 2 + 1, 1); }}) {
    ConcatenatedShape bad = good;
    spoil(bad);
    EXPECT_FALSE(is_possible(bad));
  }
  EXPECT_FALSE(plan_for(1000, 250, tiny));
}

TEST(ConcatenatedScheme, OnlyWhatIsProvedPasses) {
  // 10^8 pairs, 0.5 % noise.
  const std::uint64_t size = 1'020'000, sample = 1'300'000, seen = 3250;
  const ErrorsToCorrect errors{0, KnownErrors::from_sample(sample, seen, size), tiny};
  auto scheme = plan_scheme(Code::concatenated, size, errors);
  ASSERT_TRUE(scheme.ok());
  EXPECT_LT(scheme->leaked_bits(), 15.4 * 2550);  // errors to be expected; bch: 24 for each
  EXPECT_TRUE(check_scheme(*scheme, size, errors).ok());
  // Other numbers than planned are good too, if they are proved.
  Scheme generous = *scheme;
  ++generous.shape.rows[4];
  EXPECT_TRUE(check_scheme(generous, size, errors).ok());
  // Those that are neither published nearly whole nor so short that one element more is a lot more.
  for (std::size_t row = 2; row < 9; ++row) {
    Scheme thin = *scheme;
    thin.shape.rows[row] -= thin.shape.rows[row] / 10;
    EXPECT_EQ(check_scheme(thin, size, errors).error().code, ErrorCode::bad_input) << row;
  }
  Scheme shorter = *scheme;  // a block with so many errors is unlikely, and not unlikely enough
  shorter.shape.rows.resize(shorter.shape.rows.size() - 4);
  EXPECT_EQ(check_scheme(shorter, size, errors).error().code, ErrorCode::bad_input);
  Scheme blind = *scheme;
  blind.shape.check_bits = 0;
  EXPECT_FALSE(check_scheme(blind, size, errors).ok());
  for (const ErrorsToCorrect& worse : {ErrorsToCorrect{0, KnownErrors::from_sample(sample, seen + 60, size), tiny},
                                       ErrorsToCorrect{0, KnownErrors::from_sample(sample - 40'000, seen, size), tiny},
                                       ErrorsToCorrect{0, errors.known, Exact::literal("1e-13")},
                                       at_most(3200, size)})
    EXPECT_FALSE(check_scheme(*scheme, size, worse).ok());
  Scheme other_length = *scheme;
  other_length.shape.raw_bits -= 1;
  EXPECT_FALSE(check_scheme(other_length, size, errors).ok());
  // Lengths that plan_scheme refuses.
  for (std::uint64_t odd_size : {std::uint64_t{63}, most_raw_bits + 1}) {
    Scheme odd = *scheme;
    odd.raw_bits = odd.shape.raw_bits = odd_size;
    odd.shape.element_bits = 16;
    odd.shape.row_syndromes = 1;
    odd.shape.blocks = static_cast<std::uint32_t>(odd_size / 65'535 + 1);
    odd.shape.rows = {1};
    EXPECT_EQ(check_scheme(odd, odd_size, ErrorsToCorrect::at_most(1, odd_size, Exact::literal("0.999"))).error().code,
              ErrorCode::bad_input);
  }
  Scheme talkative = *scheme;
  talkative.shape.rows.assign(400, talkative.shape.blocks);
  EXPECT_EQ(check_scheme(talkative, size, errors).error().code, ErrorCode::bad_input);
  // One part in thirty about, in what is only looked at.
  const auto likely = likely_concatenated_bits(errors.known, tiny.approximate());
  ASSERT_TRUE(likely);
  EXPECT_NEAR(static_cast<double>(*likely), static_cast<double>(scheme->leaked_bits()),
              0.03 * static_cast<double>(*likely));
  EXPECT_TRUE(plan_scheme(Code::concatenated, 20'000, at_most(0, 20'000)).ok());
  EXPECT_EQ(plan_scheme(Code::concatenated, 1000, at_most(200, 1000)).error().code, ErrorCode::refused);
}

// As few bits as still pass: then every number of errors is looked at alone.
TEST(ConcatenatedScheme, WhatPassesIsRareForEveryNumberOfErrors) {
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
        const auto weighed = numeric::min(failure_bound(shape, e), numeric::Ball(1)) *
                             numeric::exp(known.ln_most_weight(e, e));
        EXPECT_LE(weighed.upper(), 1e-6 * (1 + 1e-9)) << seen << " " << row << " " << e;
      }
    }
  }
}

// Rows longer than the field of the places has elements.
TEST(ConcatenatedScheme, ManyBlocksWithManyErrors) {
  const std::uint64_t size = 2'000'000, errors = 26'000;
  auto shape = plan_for(size, errors, tiny);
  ASSERT_TRUE(shape);
  EXPECT_GT(shape->row_syndromes, 1u);
  EXPECT_LT(static_cast<double>(shape->published_bits()), 11.2 * errors);  // no code: below 7.7
  auto code = ConcatenatedCode::make(*shape, random_bits(deal_random_bits(*shape), 1));
  const auto alice = random_bits(size, 2);
  bits::BitString bob(alice.view());
  const auto places = pattern(size, errors, 1);
  for (auto place : places) bob.set(place, !bob[place]);
  Context threads;
  threads.thread_count = 2;
  auto found = code->find_errors(bob, *code->publish(alice, threads), threads);
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ(**found, places);
}

}  // namespace
}  // namespace bellows::ecc
