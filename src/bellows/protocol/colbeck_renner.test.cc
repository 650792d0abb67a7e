#include "bellows/protocol/colbeck_renner.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

namespace bellows::protocol {
namespace {

Exact number(const char* text) { return Exact::literal(text); }

TEST(ColbeckRenner, WhereTheTheoremsEnd) {
  // Zero of the exponents, and the biases of theorem 1 and of the local attack.
  EXPECT_GT(chained_exponent(number("0.05755308"), true).lower(), 0);
  EXPECT_LT(chained_exponent(number("0.05755310"), true).upper(), 0);
  EXPECT_GT(chained_exponent(number("0.05864547"), false).lower(), 0);
  EXPECT_LT(chained_exponent(number("0.05864549"), false).upper(), 0);
  EXPECT_LT(chained_exponent(number("0.058"), true).upper(), 0);
  EXPECT_TRUE(chained_smallest_r(number("0.0857865"), number("0.1")).is_void);
  EXPECT_TRUE(chained_smallest_r(number("0.085"), number("0.1")).log2_settings.has_value());
  // Beyond r = 100,000 is not void.
  EXPECT_FALSE(chained_smallest_r(number("0.0857864"), number("0.1")).is_void);
  EXPECT_FALSE(chained_smallest_r(number("0.0857864"), number("0.1")).log2_settings.has_value());
  EXPECT_FALSE(chained_bound_is_void(number("0.0698402")));
  EXPECT_TRUE(chained_bound_is_void(number("0.0698403")));
  EXPECT_NEAR(chained_attack_bias(500), 0.14644661, 1e-3);
  EXPECT_LT(chained_attack_bias(2), chained_attack_bias(10));
}

TEST(ColbeckRenner, TheoremOne) {
  for (unsigned r = 1; r < 12; ++r) {
    for (const char* mu : {"0", "0.01", "0.08"}) EXPECT_LE(chained_log2_distance(r, number(mu)).upper(), chained_log2_delta(r, number(mu)).lower() + 1e-9);
  }
  const unsigned r = chained_smallest_r(number("0.01"), number("0.001")).log2_settings.value();
  EXPECT_LE(chained_log2_distance(r, number("0.01")).upper(), std::log2(0.001));
  EXPECT_GT(chained_log2_distance(r - 1, number("0.01")).lower(), std::log2(0.001));
}

TEST(ColbeckRenner, FiniteBoundImprovesWithTrials) {
  double last = 100;
  for (unsigned t = 6; t < 30; t += 4) {
    const ChainedBound bound = chained_bound({number("0"), 6, t});
    EXPECT_LT(bound.log2_total, last);
    last = bound.log2_total;
  }
  const auto plan = chained_smallest_plan(number("0"), number("0.4"), 40);
  ASSERT_TRUE(plan.has_value());
  EXPECT_LE(chained_bound(*plan).log2_total, std::log2(0.4));
  EXPECT_LE(chained_bound(*plan).log2_honest_abort, -1);
  EXPECT_FALSE(chained_smallest_plan(number("0.07"), number("0.4"), 200).has_value());
  // No size is skipped, however large.
  const auto large = chained_smallest_plan(number("0.06"), number("0.001"), 20000).value();
  EXPECT_GT(large.log2_settings, 64U);
  EXPECT_FALSE(chained_smallest_plan(number("0.06"), number("0.001"), large.log2_settings - 1).has_value());
  for (unsigned t = large.log2_settings; t < large.log2_trials; t += 7) {
    EXPECT_GT(chained_bound({large.mu, large.log2_settings, t}).log2_total, std::log2(0.001));
  }
}

TEST(ColbeckRenner, RunsAndAborts) {
  ChainedOptions options;
  options.plan = {number("0.001"), 5, 12};
  options.key = bits::StreamKey::from_number(5);
  auto result = run_chained(options).value();
  EXPECT_NEAR(static_cast<double>(result.tested), 2 * 4096 / 32.0, 60);
  EXPECT_EQ(result.output.has_value(), result.failures == 0);
  options.device = "no-signalling";
  EXPECT_TRUE(run_chained(options)->output.has_value());
  options.device = "local";
  result = run_chained(options).value();
  EXPECT_EQ(result.aborted, ChainedAbort::failures);
  options.plan.log2_trials = 4;
  EXPECT_FALSE(run_chained(options).ok());
  options.plan = {number("0.5"), 5, 12};
  EXPECT_FALSE(run_chained(options).ok());
}

TEST(ColbeckRenner, ThreePartyCorollary) {
  GhzOptions options;
  options.mu = number("0.3");
  options.key = bits::StreamKey::from_number(6);
  auto result = run_ghz(options).value();
  EXPECT_EQ(result.failures, 0U);
  EXPECT_TRUE(result.output.has_value() && !result.eve_knows);
  options.device = "deterministic-party";
  result = run_ghz(options).value();
  EXPECT_TRUE(result.output.has_value() && result.eve_knows && !*result.output);
  options.device = "local";
  options.scheme = SourceScheme::colluding;
  EXPECT_FALSE(run_ghz(options)->output.has_value());
}

TEST(ColbeckRenner, NoKnownAttackIsAboveTheBound) {
  // Each trial local and known to Eve with probability q, else perfect; local ones break the chain at one hidden pair of 2N. A fair source.
  // What Eve knows of the output on acceptance: 1/2 q (1 - q/2N)^|T| at least, |T| at least M/N.
  for (unsigned r = 3; r < 9; ++r) {
    const double n = std::exp2(r);
    const unsigned t = 3 * r - 2;
    const double bound = std::exp2(chained_bound({number("0"), r, t}).log2_total);
    double best = 0;
    for (double q = 0.001; q <= 1; q += 0.001) best = std::max(best, q / 2 * std::pow(1 - q / (2 * n), std::exp2(t - r)));
    EXPECT_LE(best, bound) << r;
    EXPECT_GT(best, bound / 4) << "a bound that is so far above what is known should be looked at, r = " << r;
  }
}

TEST(ColbeckRenner, AcceptanceThatDependsOnTheOutcomesIsCounted) {
  // Perfect boxes (I_N = 0) with memory: 16 tested trials, and a last one that is made to fail unless most outcomes were 1. Every outcome is
  // uniform given all before it, and none is given that the run was accepted.
  constexpr unsigned members = 16;
  for (const char* mu : {"0", "0.05"}) {
    double lean = 0;  // E[(-1)^{X_f} accepted], the same for every f
    for (unsigned x = 0; x < 1U << members; ++x) {
      if (std::popcount(x) > 8) lean += (x & 1U ? 1 : -1) / 65536.0;
    }
    const ChainedBound bound = chained_bound({number(mu), 40, 44});
    EXPECT_GT(lean / 2, 0.04);
    EXPECT_LE(lean / 2, std::exp2(bound.log2_selection)) << "2^(t - r) = 16 members";
  }
}

TEST(ColbeckRenner, ASourceThatFollowsTheOutcomesGetsFurtherThanTheBound) {
  // Within its bias of 0.05, f leans to the outcomes that are 1. The outcomes are perfect (I_N = 0).
  ChainedOptions options;
  options.plan = {number("0.05"), 3, 10};
  options.device = "no-signalling";
  options.scheme = SourceScheme::fair;
  int ones = 0;
  constexpr int runs = 3000;
  for (int i = 0; i < runs; ++i) {
    options.key = bits::StreamKey::from_number(static_cast<std::uint64_t>(i));
    options.steered_choice = true;
    ones += run_chained(options)->output.value();
  }
  const double off = static_cast<double>(ones) / runs - 0.5;
  EXPECT_GT(off, 0.05);
  EXPECT_LT(off, 0.12);
  // A size exists at which the bound is fifty times smaller: without the assumption on the source it would be false.
  const auto plan = chained_smallest_plan(number("0.05"), number("0.001"), 20000);
  ASSERT_TRUE(plan.has_value());
  EXPECT_LT(std::exp2(chained_bound(*plan).log2_total), off / 50);
}

}  // namespace
}  // namespace bellows::protocol
