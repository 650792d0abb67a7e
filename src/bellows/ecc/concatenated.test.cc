#include "bellows/ecc/concatenated.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "bellows/ecc/reconcile.h"
#include "bellows/testing/random_bits.h"

namespace bellows::ecc {
namespace {

using bellows::testing::random_bits;
using numeric::Exact;

const Exact tiny = Exact::literal("1e-12");

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

ConcatenatedShape shape_of(std::uint64_t raw_bits, std::uint32_t blocks, std::uint32_t block_bits,
                           std::uint32_t check_bits, std::vector<std::uint32_t> rows) {
  return {raw_bits, blocks, block_bits, check_bits, std::move(rows)};
}

TEST(Deal, EveryInjectionIsEquallyLikely) {
  const ConcatenatedShape shape = shape_of(3, 2, 2, 1, {1});
  ASSERT_TRUE(is_possible(shape));
  std::map<std::vector<std::uint32_t>, int> seen;
  std::array<int, 2> check{};
  const int rounds = 24'000;
  for (int round = 0; round < rounds; ++round) {
    auto dealt = deal(shape, random_bits(deal_random_bits(shape), static_cast<std::uint64_t>(round)));
    ASSERT_TRUE(dealt.ok());
    ++seen[dealt->place];
    for (auto bits : dealt->check) ++check.at(bits);
  }
  EXPECT_EQ(seen.size(), 24u);
  double chi_squared = 0;
  for (const auto& [place, count] : seen) chi_squared += (count - 1000.0) * (count - 1000.0) / 1000;
  EXPECT_LT(chi_squared, 60);  // 23 degrees of freedom: exceeded with a chance of 4e-5
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
  const ConcatenatedShape shape = shape_of(10'000, 100, 101, 3, {5, 1});
  auto dealt = deal(shape, random_bits(deal_random_bits(shape), 3));
  ASSERT_TRUE(dealt.ok());
  EXPECT_EQ(std::set<std::uint32_t>(dealt->place.begin(), dealt->place.end()).size(), 10'000u);
  EXPECT_LT(*std::max_element(dealt->place.begin(), dealt->place.end()), 10'100u);
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
    auto shape = plan_concatenated(c.size, c.errors, tiny);
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

// What the proof says, of one deal and one pattern: candidates by trying all patterns of a block.
class ByDefinition {
 public:
  ByDefinition(const ConcatenatedShape& shape, const Deal& deal, const std::vector<std::uint32_t>& places)
      : shape_(shape), errors_(shape.blocks), hash_(shape.blocks), column_(shape.blocks) {
    for (auto& columns : column_) columns.assign(shape.block_bits, empty);
    for (std::size_t i = 0; i < deal.place.size(); ++i)
      column_[deal.place[i] / shape.block_bits][deal.place[i] % shape.block_bits] = deal.check[i];
    for (std::uint32_t i : places) {
      const std::uint32_t block = deal.place[i] / shape.block_bits;
      errors_[block] |= 1u << (deal.place[i] % shape.block_bits);
      hash_[block] ^= deal.check[i];
    }
  }

  bool must_be_found() const {
    for (std::uint32_t row = 1; row <= shape_.rows.size() + 1; ++row) {
      const bool is_last = row > shape_.rows.size();
      const std::uint32_t published = is_last ? 0 : shape_.rows[row - 1];
      if (published == shape_.blocks && !is_last) continue;
      std::uint32_t cost = 0;
      for (std::uint32_t block = 0; block < shape_.blocks; ++block) {
        if (static_cast<std::uint32_t>(__builtin_popcount(errors_[block])) < row) continue;
        cost += is_last || !has_candidate(block, row - 1) ? 1 : 2;
      }
      if (cost > published) return false;
    }
    return true;
  }

 private:
  static constexpr int empty = -1;

  Element syndrome(std::uint32_t pattern, std::uint32_t j) const {
    const ElementField field = element_field(shape_.element_bits());
    Element sum = 0;
    for (std::uint32_t x = 0; x < shape_.block_bits; ++x)
      if (pattern >> x & 1) sum ^= power(field, x + 1, 2 * j + 1);
    return sum;
  }
  bool has_candidate(std::uint32_t block, std::uint32_t known) const {
    for (std::uint32_t pattern = 0; pattern < 1u << shape_.block_bits; ++pattern) {
      if (static_cast<std::uint32_t>(__builtin_popcount(pattern)) > known) continue;
      bool fits = true;
      for (std::uint32_t j = 0; j < known && fits; ++j) fits = syndrome(pattern, j) == syndrome(errors_[block], j);
      std::uint16_t hash = 0;
      for (std::uint32_t x = 0; x < shape_.block_bits && fits; ++x) {
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
    shape.block_bits = static_cast<std::uint32_t>(4 + engine() % 5);
    shape.blocks = static_cast<std::uint32_t>(1 + engine() % 7);
    shape.raw_bits = std::uint64_t{shape.blocks} * shape.block_bits - engine() % shape.blocks;
    shape.check_bits = static_cast<std::uint32_t>(1 + engine() % 3);
    const std::uint64_t rows = 1 + engine() % (shape.block_bits / 2);
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
    ASSERT_TRUE(*found) << shape.blocks << " " << shape.block_bits << " " << places.size();
    EXPECT_EQ(**found, places);
  }
  EXPECT_GT(may, 500);  // and does not find everything
}

// P(a row has more silent and wrong blocks than it publishes), summed over rows, by going through every pattern.
double exact_failure(const ConcatenatedShape& shape, std::uint32_t errors) {
  const std::uint32_t places = shape.blocks * shape.block_bits;
  const double wrong = std::ldexp(1.0, -static_cast<int>(shape.check_bits));
  double patterns = 0, failing = 0;
  for (std::uint32_t pattern = 0; pattern < 1u << places; ++pattern) {
    if (static_cast<std::uint32_t>(__builtin_popcount(pattern)) != errors) continue;
    ++patterns;
    for (std::uint32_t row = 1; row <= shape.rows.size() + 1; ++row) {
      std::uint32_t heavy = 0;
      for (std::uint32_t block = 0; block < shape.blocks; ++block) {
        const std::uint32_t in_block = pattern >> (block * shape.block_bits) & ((1u << shape.block_bits) - 1);
        heavy += static_cast<std::uint32_t>(__builtin_popcount(in_block)) >= row;
      }
      const std::uint32_t published = row <= shape.rows.size() ? shape.rows[row - 1] : 0;
      if (published == shape.blocks) continue;
      for (std::uint32_t twice = 0; twice <= heavy; ++twice)  // how many of the heavy blocks are wrong, not silent
        if (heavy + twice > published) {
          if (published == 0 && twice > 0) continue;  // there each heavy block counts as one
          const double chance = published == 0 ? 1
                                               : std::tgamma(heavy + 1.0) / std::tgamma(twice + 1.0) /
                                                     std::tgamma(heavy - twice + 1.0) * std::pow(wrong, twice) *
                                                     std::pow(1 - wrong, heavy - twice);
          failing += chance;
        }
    }
  }
  return failing / patterns;
}

TEST(FailureBound, IsAboveTheExactProbability) {
  for (const auto& shape :
       {shape_of(20, 5, 4, 1, {2, 1}), shape_of(20, 5, 4, 3, {3, 1}), shape_of(18, 3, 6, 2, {2, 1, 1}),
        shape_of(14, 2, 7, 1, {1, 1}), shape_of(16, 4, 4, 1, {3, 2}), shape_of(20, 4, 5, 2, {4, 2})}) {
    double last = 0;
    for (std::uint32_t errors = 1; errors < shape.raw_bits / 2; ++errors) {
      const double exact = exact_failure(shape, errors);
      const numeric::Ball bound = failure_bound(shape, errors);
      EXPECT_GE(bound.lower(), exact * (1 - 1e-9)) << shape.blocks << " " << shape.block_bits << " " << errors;
      EXPECT_GE(bound.upper(), last * (1 - 1e-9)) << errors;  // more errors, more failures
      last = bound.lower();
      if (exact > 1e-6) {
        EXPECT_LT(bound.upper(), 100 * exact) << errors;  // and not useless
      }
    }
  }
}

// A code that is allowed to fail in one of five runs: it does not fail more often, and openly.
TEST(FailureBound, HoldsForTheDecoder) {
  const std::uint64_t size = 3000, errors = 60;
  auto shape = plan_concatenated(size, errors, Exact::literal("0.2"));
  ASSERT_TRUE(shape);
  EXPECT_LT(shape->published_bits(), plan_concatenated(size, errors, tiny)->published_bits());
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
  const ConcatenatedShape good = *plan_concatenated(20'000, 100, tiny);
  ASSERT_TRUE(is_possible(good));
  for (void (*spoil)(ConcatenatedShape&) :
       {+[](ConcatenatedShape& s) { s.raw_bits = 0; }, +[](ConcatenatedShape& s) { ++s.blocks; },
        +[](ConcatenatedShape& s) { --s.blocks; }, +[](ConcatenatedShape& s) { s.blocks = 0; },
        +[](ConcatenatedShape& s) { s.block_bits = 1; }, +[](ConcatenatedShape& s) { s.block_bits = ~0u; },
        +[](ConcatenatedShape& s) { s.check_bits = 0; }, +[](ConcatenatedShape& s) { s.check_bits = 17; },
        +[](ConcatenatedShape& s) { s.rows.clear(); }, +[](ConcatenatedShape& s) { s.rows[1] = 0; },
        +[](ConcatenatedShape& s) { s.rows[1] = s.blocks + 1; }, +[](ConcatenatedShape& s) { s.rows.resize(1000, 1); },
        +[](ConcatenatedShape& s) { s.blocks = s.raw_bits, s.block_bits = 1; }}) {
    ConcatenatedShape bad = good;
    spoil(bad);
    EXPECT_FALSE(is_possible(bad));
  }
  EXPECT_FALSE(plan_concatenated(1000, 0, tiny));
  EXPECT_FALSE(plan_concatenated(1000, 250, tiny));
}

TEST(ConcatenatedScheme, OnlyWhatIsProvedPasses) {
  const std::uint64_t size = 1'022'740, errors = 3056;  // 10^8 pairs, 0.5 % noise
  auto scheme = plan_scheme(Code::concatenated, size, errors, tiny);
  ASSERT_TRUE(scheme.ok());
  EXPECT_LT(scheme->leaked_bits(), 14.3 * errors);  // bch: 20 an error; no code: below 9.8
  EXPECT_TRUE(check_scheme(*scheme, size, errors, tiny).ok());
  // Other numbers than planned are good too, if they are proved.
  Scheme generous = *scheme;
  ++generous.shape.rows[4];
  EXPECT_TRUE(check_scheme(generous, size, errors, tiny).ok());
  // Those that are neither published nearly whole nor so short that one element more is a lot more.
  for (std::size_t row = 2; row < 9; ++row) {
    Scheme thin = *scheme;
    thin.shape.rows[row] -= thin.shape.rows[row] / 10;
    EXPECT_EQ(check_scheme(thin, size, errors, tiny).error().code, ErrorCode::bad_input) << row;
  }
  Scheme shorter = *scheme;  // a block with so many errors is unlikely, and not unlikely enough
  shorter.shape.rows.resize(shorter.shape.rows.size() - 4);
  EXPECT_EQ(check_scheme(shorter, size, errors, tiny).error().code, ErrorCode::bad_input);
  Scheme blind = *scheme;
  blind.shape.check_bits = 1;
  EXPECT_FALSE(check_scheme(blind, size, errors, tiny).ok());
  EXPECT_FALSE(check_scheme(*scheme, size, errors + 1, tiny).ok());
  EXPECT_FALSE(check_scheme(*scheme, size, errors, Exact::literal("1e-13")).ok());
  Scheme more = *scheme;
  more.errors = errors + 200;
  EXPECT_FALSE(check_scheme(more, size, errors + 200, tiny).ok());
  // Lengths that plan_scheme refuses.
  for (std::uint64_t odd_size : {std::uint64_t{63}, most_raw_bits + 1}) {
    Scheme odd = *scheme;
    odd.raw_bits = odd.shape.raw_bits = odd_size;
    odd.shape.block_bits = static_cast<std::uint32_t>((odd_size + 2) / 3);
    odd.shape.blocks = 3;
    odd.shape.rows = {1};
    odd.errors = 1;
    EXPECT_EQ(check_scheme(odd, odd_size, 1, Exact::literal("0.999")).error().code, ErrorCode::bad_input);
  }
  Scheme talkative = *scheme;
  talkative.shape.rows.assign(400, talkative.shape.blocks);
  EXPECT_EQ(check_scheme(talkative, size, errors, tiny).error().code, ErrorCode::bad_input);
  // One part in twenty about, in what is only looked at.
  const auto likely = likely_concatenated_bits(size, errors, 1e-12);
  ASSERT_TRUE(likely);
  EXPECT_NEAR(static_cast<double>(*likely), static_cast<double>(scheme->leaked_bits()),
              0.02 * static_cast<double>(*likely));
  EXPECT_TRUE(plan_scheme(Code::concatenated, 20'000, 0, tiny).ok());
  EXPECT_EQ(plan_scheme(Code::concatenated, 1000, 200, tiny).error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace bellows::ecc
