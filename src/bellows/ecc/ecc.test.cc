#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <tuple>

#include "bellows/bits/cpu.h"
#include "bellows/ecc/ldpc_decoder.h"
#include "bellows/ecc/reconcile.h"
#include "bellows/ecc/row_kernel.h"
#include "bellows/testing/codes.h"
#include "bellows/testing/shared_data.h"

namespace bellows::ecc {
namespace {

using namespace testing_codes;

double entropy(double p) { return -p * std::log2(p) - (1 - p) * std::log2(1 - p); }

bits::BitString some_bits(std::uint64_t size, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  bits::BitString out(size);
  for (std::uint64_t i = 0; i < out.size_words(); ++i) out.words()[i] = engine();
  out.trim();
  return out;
}

// Flips exactly `count` different places.
bits::BitString with_errors(const bits::BitString& from, std::uint64_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  bits::BitString out(from.view());
  while (count > 0) {
    std::uint64_t place = engine() % out.size_bits();
    if (out[place] != from[place]) continue;
    out.set(place, !from[place]);
    --count;
  }
  return out;
}

// The random bits that go with a scheme.
bits::BitString seed_for(const Scheme& scheme) {
  bits::BitString seed(random_bits(scheme));
  if (scheme.code == Code::concatenated) return some_bits(seed.size_bits(), 99);
  if (seed.size_words() > 0) seed.words()[0] = 0x030201;
  return seed;
}

TEST(LdpcCode, IsTheSameEverywhere) {
  LdpcCode code = make_code(64, 100, 20), again = make_code(64, 100, 20);
  std::uint64_t sum = 0;
  ASSERT_EQ(code.circulants.size(), again.circulants.size());
  for (std::size_t i = 0; i < code.circulants.size(); ++i) {
    EXPECT_EQ(code.circulants[i].shift, again.circulants[i].shift);
    sum = sum * 31 + code.circulants[i].column * 64 + code.circulants[i].shift;
  }
  // Origin: this program, when the format was fixed. Another value means that two versions cannot talk to each other.
  EXPECT_EQ(sum, 4419857345723328766u);
}

TEST(LdpcCode, HasNoShortCyclesAmongColumnsOfLowDegree) {
  LdpcCode code = make_code(512, 2048, 199);
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> columns(code.columns);
  for (std::uint32_t row = 0; row < code.rows; ++row)
    for (std::uint32_t e = code.row_start[row]; e < code.row_start[row + 1]; ++e)
      columns[code.circulants[e].column].emplace_back(row, code.circulants[e].shift);
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> seen;
  for (const auto& column : columns) {
    ASSERT_GE(column.size(), 3u);
    if (column.size() > 6) continue;
    for (std::size_t i = 0; i < column.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        auto difference = (column[i].second + code.circulant - column[j].second) % code.circulant;
        EXPECT_NE(column[i].first, column[j].first);
        EXPECT_TRUE(seen.insert({column[j].first, column[i].first, difference}).second);
      }
  }
}

TEST(LdpcCode, SyndromeAgreesWithItsDefinition) {
  LdpcCode code = make_code(24, 40, 12);
  auto bits = some_bits(code.length_bits(), 4);
  std::vector<std::uint8_t> bytes(code.length_bits()), got(code.syndrome_bits()), expected(code.syndrome_bits());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = bits[i];
  compute_syndrome(code, bytes.data(), got.data());
  for (std::uint32_t row = 0; row < code.rows; ++row)
    for (std::uint32_t e = code.row_start[row]; e < code.row_start[row + 1]; ++e)
      for (std::uint32_t i = 0; i < 24; ++i)
        expected[row * 24 + i] ^= bytes[code.circulants[e].column * 24 + (i + code.circulants[e].shift) % 24];
  EXPECT_EQ(got, expected);
}

TEST(RowKernel, EveryKernelGivesTheSameBytes) {
  std::mt19937_64 engine(9);
  for (std::size_t edges : {2u, 3u, 30u, 201u}) {
    const std::size_t lanes = 128;
    using Bytes = std::vector<std::int8_t, SecretAllocator<std::int8_t>>;
    Bytes belief(edges * lanes), message(edges * lanes);
    SecretBytes syndrome(lanes);
    for (auto& x : belief) x = static_cast<std::int8_t>(std::max<int>(-127, static_cast<std::int8_t>(engine())));
    for (auto& x : message) x = static_cast<std::int8_t>(engine() % 81) - 40;
    for (auto& x : syndrome) x = engine() & 1 ? 0x80 : 0;
    std::uint8_t rescale[128];
    for (int i = 0; i < 128; ++i) rescale[i] = static_cast<std::uint8_t>(std::min(40, i * 3 / 4));
    auto run = [&](RowKernel kernel, Bytes& b, Bytes& m) {
      return kernel({edges, lanes, b.data(), m.data(), syndrome.data(), rescale});
    };
    Bytes b0 = belief, m0 = message;
    bool unmet = run(update_row_portable, b0, m0);
#if defined(__x86_64__)
    if (bits::kernel_is_available(bits::Kernel::avx2)) {
      Bytes b = belief, m = message;
      EXPECT_EQ(run(update_row_avx2, b, m), unmet);
      EXPECT_TRUE(b == b0 && m == m0);
    }
    if (bits::kernel_is_available(bits::Kernel::avx512)) {
      Bytes b = belief, m = message;
      EXPECT_EQ(run(update_row_avx512, b, m), unmet);
      EXPECT_TRUE(b == b0 && m == m0);
    }
#endif
  }
}

// The range it is made for: 0.2 to 5 % errors, 1e5 to 1e7 bits, leak over n h(e) at most 1.25 at 1 % and 1.20 at 2 %.
TEST(Reconcile, CorrectsWithTheEfficiencyAskedFor) {
  struct Case {
    std::uint64_t size;
    double rate, limit;
  };
  std::vector<Case> cases = {{100'000, .002, 1.5},   {100'000, .01, 1.25},     {100'000, .02, 1.20},
                             {100'000, .05, 1.25},   {1'000'000, .0025, 1.30}, {1'000'000, .01, 1.20},
                             {1'000'000, .02, 1.20}, {1'000'000, .05, 1.25}};
  if (testing::long_tests()) cases.push_back({10'000'000, .01, 1.25}), cases.push_back({10'000'000, .02, 1.20});
  for (const Case& c : cases) {
    auto errors = static_cast<std::uint64_t>(c.rate * static_cast<double>(c.size));
    auto scheme = plan_scheme(Code::ldpc, c.size, at_most(errors, c.size));
    ASSERT_TRUE(scheme.ok());
    double efficiency = static_cast<double>(scheme->leaked_bits()) / (static_cast<double>(c.size) * entropy(c.rate));
    EXPECT_LE(efficiency, c.limit) << c.size << " bits, " << c.rate;
    int repeats = c.size <= 100'000 ? 5 : 1;
    for (int i = 0; i < repeats; ++i) {
      auto alice = some_bits(c.size, 100 + static_cast<std::uint64_t>(i));
      auto bob = with_errors(alice, errors, 200 + static_cast<std::uint64_t>(i));
      auto syndromes = encode(*scheme, seed_for(*scheme), alice);
      ASSERT_EQ(syndromes->size_bits(), scheme->leaked_bits());
      auto decoded = decode(*scheme, seed_for(*scheme), bob, *syndromes);
      ASSERT_TRUE(decoded.ok());
      EXPECT_TRUE(decoded->failed.empty()) << c.size << " bits, " << c.rate;
      EXPECT_TRUE(decoded->corrected == alice);
      EXPECT_EQ(decoded->corrected_errors, errors);
    }
  }
}

TEST(Reconcile, AwkwardSizesAndFewErrors) {
  for (std::uint64_t size : {64u, 65u, 131u, 1000u, 3801u, 20481u}) {
    for (std::uint64_t errors : {std::uint64_t{0}, std::uint64_t{1}, size / 100}) {
      auto scheme = plan_scheme(Code::ldpc, size, at_most(errors + size / 50, size));
      if (!scheme.ok()) continue;  // too short to save anything
      EXPECT_TRUE(check_scheme(*scheme, size, at_most(errors + size / 50, size)).ok()) << size;
      auto alice = some_bits(size, size), bob = with_errors(alice, errors, size);
      auto decoded = decode(*scheme, seed_for(*scheme), bob, *encode(*scheme, seed_for(*scheme), alice));
      EXPECT_TRUE(!decoded->failed.empty() || decoded->corrected == alice) << size;
      EXPECT_TRUE(size < 300 || decoded->failed.empty()) << size << " " << errors;
    }
  }
}

TEST(Reconcile, BurstsDoNoMoreHarmThanScatteredErrors) {
  const std::uint64_t size = 2'400'000;  // two frames
  auto alice = some_bits(size, 1);
  bits::BitString bob(alice.view());
  for (std::uint64_t i = 5000; i < 29'000; ++i) bob.set(i, !bob[i]);
  auto scheme = plan_scheme(Code::ldpc, size, at_most(24'000, size), 1 << 21);
  EXPECT_EQ(scheme->frames, 2u);
  auto decoded = decode(*scheme, seed_for(*scheme), bob, *encode(*scheme, seed_for(*scheme), alice));
  EXPECT_TRUE(decoded->corrected == alice);
}

TEST(Reconcile, TooManyErrorsFailOpenlyAndFramesCanBeRevealed) {
  const std::uint64_t size = 60'000;
  auto alice = some_bits(size, 1), bob = with_errors(alice, 3000, 2);
  auto scheme = plan_scheme(Code::ldpc, size, at_most(600, size));
  auto decoded = decode(*scheme, seed_for(*scheme), bob, *encode(*scheme, seed_for(*scheme), alice));
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded->failed, std::vector<std::uint32_t>{0});
  EXPECT_TRUE(decoded->corrected == bob);
  auto revealed = reveal_frames(*scheme, seed_for(*scheme), alice, decoded->failed);
  ASSERT_TRUE(insert_frames(*scheme, seed_for(*scheme), *revealed, decoded->failed, decoded->corrected).ok());
  EXPECT_TRUE(decoded->corrected == alice);
  EXPECT_FALSE(reveal_frames(*scheme, seed_for(*scheme), alice, {1}).ok());
  EXPECT_FALSE(insert_frames(*scheme, seed_for(*scheme), alice.view().first(5), {0}, decoded->corrected).ok());
}

TEST(Reconcile, TheProvedCodeCorrectsUpToItsBoundAndFailsOpenlyBeyond) {
  const std::uint64_t size = 22'452, most = 30;
  auto scheme = plan_scheme(Code::bch, size, at_most(most, size));
  EXPECT_EQ(scheme->leaked_bits(), 450u);
  auto alice = some_bits(size, 1);
  auto syndromes = encode(*scheme, seed_for(*scheme), alice);
  for (std::uint64_t errors : {0u, 1u, 29u, 30u, 31u, 500u}) {
    auto bob = with_errors(alice, errors, errors);
    auto decoded = decode(*scheme, seed_for(*scheme), bob, *syndromes);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->failed.empty(), errors <= most);
    EXPECT_TRUE(decoded->corrected == (errors <= most ? alice : bob));
    EXPECT_EQ(decoded->corrected_errors, errors <= most ? errors : 0);
    auto revealed = reveal_frames(*scheme, seed_for(*scheme), alice, {0});
    EXPECT_TRUE(insert_frames(*scheme, seed_for(*scheme), *revealed, {0}, decoded->corrected).ok());
    EXPECT_TRUE(decoded->corrected == alice);
  }
}

TEST(Reconcile, NoSchemePublishesLessThanItMust) {
  EXPECT_NEAR(log2_patterns(10, 3), std::log2(120), 1e-9);
  EXPECT_NEAR(log2_patterns(5, 9), 0, 1e-9);
  for (std::uint64_t size : {64u, 1000u, 22'452u, 1'000'000u, 100'000'000u})
    for (std::uint64_t errors : {std::uint64_t{0}, std::uint64_t{1}, size / 1000, size / 100, size / 20})
      for (Code code : {Code::bch, Code::ldpc}) {
        auto scheme = plan_scheme(code, size, at_most(errors, size));
        if (!scheme.ok()) continue;
        EXPECT_GE(static_cast<double>(scheme->leaked_bits()), log2_patterns(size, errors) - 1e-3);
        EXPECT_TRUE(check_scheme(*scheme, size, at_most(errors, size)).ok()) << size << " " << errors;
      }
}

TEST(Reconcile, HostileNumbers) {
  EXPECT_EQ(plan_scheme(Code::ldpc, 63, at_most(0, 63)).error().code, ErrorCode::usage);
  EXPECT_EQ(plan_scheme(Code::ldpc, most_raw_bits + 1, at_most(0, most_raw_bits + 1)).error().code, ErrorCode::usage);
  EXPECT_EQ(plan_scheme(Code::ldpc, 100'000, at_most(30'000, 100'000)).error().code, ErrorCode::refused);
  auto good = *plan_scheme(Code::ldpc, 100'000, at_most(1000, 100'000));
  EXPECT_TRUE(check_scheme(good, 100'000, at_most(1000, 100'000)).ok());
  EXPECT_FALSE(check_scheme(good, 100'001, at_most(1000, 100'001)).ok());
  EXPECT_FALSE(check_scheme(good, 100'000, at_most(1100, 100'000)).ok());
  for (auto spoil : std::vector<void (*)(Scheme&)>{
           [](Scheme& s) { s.frames = 0; }, [](Scheme& s) { s.circulant = 0; }, [](Scheme& s) { s.circulant = 9; },
           [](Scheme& s) { s.columns = 0xffffffff; }, [](Scheme& s) { s.rows = s.columns + 1; },
           [](Scheme& s) { s.rows = 10; }, [](Scheme& s) { s.design_errors_per_million = 0; },
           [](Scheme& s) { s.columns /= 2; }, [](Scheme& s) { s.circulant = 1u << 31; },
           [](Scheme& s) { s.frames = 3; }, [](Scheme& s) { s.errors = 7; }, [](Scheme& s) { s.code = Code::bch; }}) {
    Scheme bad = good;
    spoil(bad);
    EXPECT_FALSE(check_scheme(bad, 100'000, at_most(1000, 100'000)).ok());
  }
  auto certain = *plan_scheme(Code::bch, 100'000, at_most(1000, 100'000));
  EXPECT_EQ(certain.leaked_bits(), 17'000u);
  EXPECT_TRUE(check_scheme(certain, 100'000, at_most(1000, 100'000)).ok());
  for (auto spoil : std::vector<void (*)(Scheme&)>{
           [](Scheme& s) { s.frames = 2; }, [](Scheme& s) { s.errors = 999; }, [](Scheme& s) { s.errors = 1001; },
           [](Scheme& s) { s.element_bits = 16; }, [](Scheme& s) { s.element_bits = 32; },
           [](Scheme& s) { s.rows = 10; }, [](Scheme& s) { s.code = Code::ldpc; }}) {
    Scheme bad = certain;
    spoil(bad);
    EXPECT_FALSE(check_scheme(bad, 100'000, at_most(1000, 100'000)).ok());
  }
  EXPECT_EQ(plan_scheme(Code::bch, 1000, at_most(100, 1000)).error().code, ErrorCode::refused);
  EXPECT_EQ(decode(certain, {}, some_bits(100'000, 1), some_bits(5, 1)).error().code, ErrorCode::bad_input);
  EXPECT_EQ(decode(good, seed_for(good), some_bits(100'000, 1), some_bits(5, 1)).error().code, ErrorCode::bad_input);
}

// The bound must hold for every number of errors, whatever the sample shows: compared with the exact hypergeometric
// tail.
TEST(UnseenErrors, BoundHoldsAgainstTheExactTail) {
  const std::uint64_t n_seen = 60, n_unseen = 40;
  auto log_choose = [](double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); };
  for (const char* text : {"0.1", "1e-3"}) {
    const auto epsilon = numeric::Exact::literal(text);
    for (std::uint64_t total = 0; total <= 100; ++total) {
      double exceeded = 0;
      for (std::uint64_t seen = 0; seen <= std::min(total, n_seen); ++seen) {
        if (total - seen > n_unseen || total - seen <= most_unseen_errors(n_seen, seen, n_unseen, epsilon)) continue;
        exceeded +=
            std::exp(log_choose(60, static_cast<double>(seen)) + log_choose(40, static_cast<double>(total - seen)) -
                     log_choose(100, static_cast<double>(total)));
      }
      EXPECT_LE(exceeded, epsilon.approximate() * (1 + 1e-9)) << total;
    }
  }
  EXPECT_EQ(most_unseen_errors(0, 0, 40, numeric::Exact::literal("0.1")), 40u);
  EXPECT_EQ(most_unseen_errors(60, 60, 40, numeric::Exact::literal("0.1")), 40u);
}

// Large samples: near the normal approximation's six and a half deviations, and doubles agree with balls.
TEST(UnseenErrors, LargeSamplesComeNearTheNormalBound) {
  const auto epsilon = numeric::Exact::literal("6.25e-11");
  for (std::uint64_t scale : {1u, 100u, 1000u}) {
    std::uint64_t seen_pairs = 1'325'000 * scale, errors = 3313 * scale, raw = 1'070'000 * scale;
    std::uint64_t most = most_unseen_errors(seen_pairs, errors, raw, epsilon);
    double share = static_cast<double>(raw) / static_cast<double>(seen_pairs),
           mean = static_cast<double>(errors) * share;
    double sigma = std::sqrt(mean * (1 + share));
    EXPECT_GT(static_cast<double>(most), mean + 6.3 * sigma);
    EXPECT_LT(static_cast<double>(most), mean + 6.8 * sigma);
    EXPECT_NEAR(static_cast<double>(likely_most_unseen_errors(seen_pairs, errors, raw, epsilon.approximate())),
                static_cast<double>(most), 1.0);
  }
}

TEST(UnseenErrors, AwkwardSamples) {
  const auto epsilon = numeric::Exact::literal("1e-9");
  EXPECT_EQ(most_unseen_errors(100, 0, 0, epsilon), 0u);
  EXPECT_EQ(most_unseen_errors(1, 0, 5, epsilon), 5u);  // too small a sample to say anything
  EXPECT_EQ(most_unseen_errors(0, 0, 0, epsilon), 0u);
  // Nothing seen: all K errors among the unseen, C(n_unseen, K) / C(N, K) = 2^-K roughly for equal halves.
  EXPECT_NEAR(static_cast<double>(most_unseen_errors(1'000'000, 0, 1'000'000, epsilon)), 29.0, 1.0);
  EXPECT_LE(most_unseen_errors(1'000'000'000, 0, 1, epsilon), 1u);
}

}  // namespace
}  // namespace bellows::ecc
