#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <map>

#include "bellows/bell/guess_radius.h"
#include "bellows/protocol/attacks.h"
#include "bellows/protocol/colbeck_renner.h"
#include "bellows/protocol/gallego.h"
#include "bellows/testing/shared_data.h"

namespace bellows::protocol {
namespace {

Exact number(const char* text) { return Exact::literal(text); }

TEST(Gallego, ConstantsAreProved) {
  // Every pair that the bound uses is at or above what an exact certificate gives, for one class of settings (all are equivalent).
  const auto problem = bell::five_party_majority(31).value();
  for (const DistillationConstants& constants : repaired_constants()) {
    const auto radius = bell::solve_guess_radius(problem, {.polygon_sides = 64, .alpha_at_most = constants.alpha.approximate() - 1e-5});
    ASSERT_TRUE(radius.ok());
    EXPECT_LE(radius->alpha, constants.alpha.value()) << constants.alpha.text();
    EXPECT_LE(radius->beta, constants.beta.value()) << constants.beta.text();
  }
}

TEST(Gallego, SizesThatTheBoundNeeds) {
  const auto printed = gallego_smallest({printed_constants()}, number("0"), -1, false);
  ASSERT_TRUE(printed.has_value());
  EXPECT_NEAR(printed->log2_blocks, 1349, 2);
  EXPECT_EQ(printed->block_size, 130U);
  const auto repaired = gallego_smallest(repaired_constants(), number("0"), -1, true);
  ASSERT_TRUE(repaired.has_value());
  EXPECT_LT(repaired->log2_blocks, 152);
  EXPECT_GT(repaired->log2_blocks, 60);
  EXPECT_LT(bad_function_log2_probability(number("2.6"), repaired->block_size, 36 * repaired->block_size).upper(), -10);
}

TEST(Gallego, FunctionsAreIndependent) {
  EXPECT_EQ(irreducible_low_part(3), 3U);
  EXPECT_EQ(irreducible_low_part(8), 0x1bU);
  EXPECT_EQ(irreducible_low_part(64), 0x1bU);
  // All 8^4 polynomials of degree 3 over GF(8): the values at any four points are uniform.
  std::vector<std::vector<int>> values;
  for (unsigned c = 0; c < 4096; ++c) {
    const IndependentFunction f(3, {c & 7U, c >> 3 & 7U, c >> 6 & 7U, c >> 9});
    values.emplace_back();
    for (unsigned x = 0; x < 8; ++x) values.back().push_back(f(x));
  }
  for (unsigned points = 0; points < 256; ++points) {
    if (std::popcount(points) != 4) continue;
    std::vector<int> counts(16, 0);
    for (const auto& v : values) {
      int word = 0;
      for (unsigned x = 0; x < 8; ++x) {
        if (points >> x & 1U) word = 2 * word + v[x];
      }
      ++counts[static_cast<std::size_t>(word)];
    }
    for (int count : counts) EXPECT_EQ(count, 256);
  }
}

/// Walsh spectrum of (-1)^f.
std::vector<std::int32_t> spectrum(const std::vector<std::uint8_t>& f) {
  std::vector<std::int32_t> s(f.size());
  for (std::size_t i = 0; i < f.size(); ++i) s[i] = f[i] ? -1 : 1;
  bell::walsh_hadamard(s.data(), s.size());
  return s;
}

TEST(Gallego, FourUniversalFunctionsDoNotSuffice) {
  // n = 20. f0(u, v) = u . v is bent; setting it to 0 on more points gives f1 with one large Walsh coefficient. The family
  // "g(A w) + random affine function, A a random invertible affine map", g = f1 or g = 0, is four-wise independent for one mixture: only sets of
  // four points that sum to zero (planes) matter, and their mean sign is +1 for g = 0 and negative for f1. Every member has a Walsh coefficient of
  // at least 6 sqrt(n) 2^{n/2} in absolute value, which breaks (D29) with Gamma = +-1 (Omega = 2^{n/2}, sum F = half the coefficient).
  constexpr unsigned n = 20;
  const std::size_t size = std::size_t{1} << n;
  std::vector<std::uint8_t> f(size);
  for (std::size_t w = 0; w < size; ++w) f[w] = std::popcount((w & 1023U) & (w >> 10)) & 1;
  const double needed = 6 * std::sqrt(20.0) * std::exp2(10);
  double sum = 1024;
  for (std::size_t w = 0; w < size && sum < needed + 2; ++w) {
    const std::size_t scattered = w * 0x9e3b1U % size;  // an odd factor permutes
    if (f[scattered]) f[scattered] = 0, sum += 2;
  }
  const std::vector<std::int32_t> walsh = spectrum(f);
  std::int64_t largest = 0;
  double fourth = 0;
  for (const std::int32_t value : walsh) {
    largest = std::max<std::int64_t>(largest, std::abs(value));
    fourth += std::pow(static_cast<double>(value), 4);
  }
  EXPECT_GT(static_cast<double>(largest), needed);
  // Mean of (-1)^{f(x) + f(x+a) + f(x+b) + f(x+a+b)} over all x, a, b is sum W^4 / 2^{4n}; degenerate (a, b) give 1.
  const double all = fourth / std::exp2(4.0 * n);
  const double degenerate = (3 * std::exp2(n) - 2) / std::exp2(2.0 * n);
  const double planes = (all - degenerate) / (1 - degenerate);
  EXPECT_LT(planes, 0) << "then the weight p of g = 0 with p + (1 - p) planes = 0 lies in (0, 1)";
  EXPECT_GT(-planes / (1 - planes), 0);
  // g = 0: members are affine functions, with coefficient 2^n.
  EXPECT_GT(std::exp2(n), needed);
}

TEST(Gallego, RunsAndAborts) {
  GallegoOptions options;
  options.mu = number("0.05");
  options.quintuplets = 3000;
  options.key = bits::StreamKey::from_number(8);
  auto result = run_gallego(options).value();
  EXPECT_NEAR(static_cast<double>(result.kept), 1500, 150);
  EXPECT_EQ(result.blocks, 64U);
  EXPECT_TRUE(result.output.has_value());
  EXPECT_GT(result.log2_excess_repaired, -1) << "at this size the bound says nothing";
  options.device = "deterministic-party";
  result = run_gallego(options).value();
  EXPECT_TRUE(result.output.has_value());
  EXPECT_NEAR(result.majority_known, 0.75, 0.04);
  options.device = "local";
  EXPECT_TRUE(run_gallego(options)->aborted_wrong);
  options.block_size = 65;
  EXPECT_FALSE(run_gallego(options).ok());
}

TEST(Attacks, CaughtWhereTheBoundSays) {
  const std::uint64_t runs = testing::sanitized() ? 10 : 40;
  const auto rows = run_attacks(runs).value();
  EXPECT_GT(rows.size(), 36U);
  std::map<std::string, std::pair<int, int>> kinds;  // of each protocol: rows with memory, rows that certify
  for (const AttackRow& row : rows) {
    kinds[row.protocol].first += row.attack.find("memory") != std::string::npos;
    kinds[row.protocol].second += !row.certified.empty();
    // Local devices always have a bound, and what they pass with is known to Eve.
    if (row.attack.starts_with("local") && row.protocol != "brandao-1" && row.caught < runs && row.eve_right >= 0) {
      EXPECT_EQ(row.eve_right, 1) << row.parameters;
    }
    if (row.pass_bound >= 1) continue;
    // Passing is a rare event with at most this mean; a factor that 40 runs exceed with probability below 1e-6.
    const double passes = static_cast<double>(runs - row.caught), mean = row.pass_bound * static_cast<double>(runs);
    EXPECT_LE(passes, mean + 6 * std::sqrt(mean) + 4) << row.protocol << ": " << row.attack << ", " << row.parameters;
  }
  for (const char* name : {"brandao-1", "brandao-2", "colbeck-renner", "gallego"}) EXPECT_GT(kinds[name].first, 0) << name;
  EXPECT_GT(kinds["brandao-1"].second, 0);
  EXPECT_GT(kinds["colbeck-renner"].second, 0);
  EXPECT_EQ(kinds["gallego"].second + kinds["brandao-2"].second + kinds["colbeck-renner, GHZ"].second, 0);
}

TEST(Attacks, BothSidesOfTheLimitOfTheChain) {
  // Caught more often than the honest device with the same source below the limit for this N, less often above it; 400 runs.
  std::map<std::string, std::array<int, 2>> caught;
  for (const char* mu : {"0.12", "0.16"}) {
    for (int run = 0; run < 400; ++run) {
      for (const bool local : {false, true}) {
        ChainedOptions options;
        options.plan = {number(mu), 4, 11};
        options.device = local ? "local" : "quantum";
        options.scheme = SourceScheme::colluding;
        options.key = bits::StreamKey::from_number(static_cast<std::uint64_t>(run));
        caught[mu][local] += run_chained(options)->aborted != ChainedAbort::none;
      }
    }
  }
  EXPECT_LT(0.12, chained_attack_bias(4));
  EXPECT_GT(0.16, chained_attack_bias(4));
  EXPECT_GT(caught["0.12"][1], caught["0.12"][0]);
  EXPECT_LT(caught["0.16"][1], caught["0.16"][0]);
}

}  // namespace
}  // namespace bellows::protocol
