#include "bellows/protocol/masanes_key.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bellows/protocol/masanes_plan.h"

namespace bellows::protocol {
namespace {

using numeric::Exact;

// Origin: computed apart from this program from equation (21) with min over theta (theory sheet, section 4).
TEST(MasanesRate, ReproducesTheTable) {
  struct Row {
    unsigned settings;
    double rate, gamma, noise;
  };
  for (Row row : {Row{3, 5.5e-5, .935, .00230}, Row{4, .002274, .868, .01938}, Row{5, .003663, .869, .02562},
                  Row{6, .004139, .877, .02749}, Row{7, .004159, .8867, .02757}, Row{8, .003976, .895, .02688},
                  Row{11, .003154, .916, .02365}, Row{15, .002247, .934, .01967}}) {
    auto best = best_asymptotic_rate(KeyMethod::no_signalling, row.settings, 0);
    EXPECT_NEAR(best.bits_per_pair, row.rate, row.settings == 3 ? 5e-7 : 6e-7) << row.settings;
    EXPECT_NEAR(best.gamma, row.gamma, 1e-3) << row.settings;
    EXPECT_NEAR(largest_noise(KeyMethod::no_signalling, row.settings), row.noise, 1e-5) << row.settings;
  }
  EXPECT_LT(best_asymptotic_rate(KeyMethod::no_signalling, 2, 0).bits_per_pair, 0);
  EXPECT_EQ(largest_noise(KeyMethod::no_signalling, 2), 0);
}

// Origin: masanes-2014, figure 2: curves fall from their value without noise and end at the largest noise.
TEST(MasanesRate, FallsWithNoiseToZero) {
  for (unsigned settings : {5u, 7u, 11u, 15u}) {
    double end = largest_noise(KeyMethod::no_signalling, settings), before = 1;
    for (int i = 0; i <= 9; ++i) {
      double rate = best_asymptotic_rate(KeyMethod::no_signalling, settings, end * i / 10).bits_per_pair;
      EXPECT_LT(rate, before);
      EXPECT_GT(rate, 0);
      before = rate;
    }
    EXPECT_LT(best_asymptotic_rate(KeyMethod::no_signalling, settings, end * 1.01).bits_per_pair, 1e-9);
  }
}

TEST(MasanesRate, QuantumAdversaryGivesMuchMore) {
  double quantum = 0, any = 0, quantum_noise = 0, any_noise = 0;
  for (unsigned settings = 2; settings <= 15; ++settings) {
    quantum = std::max(quantum, best_asymptotic_rate(KeyMethod::quantum, settings, 0).bits_per_pair);
    any = std::max(any, best_asymptotic_rate(KeyMethod::no_signalling, settings, 0).bits_per_pair);
    quantum_noise = std::max(quantum_noise, largest_noise(KeyMethod::quantum, settings));
    any_noise = std::max(any_noise, largest_noise(KeyMethod::no_signalling, settings));
  }
  EXPECT_GT(quantum, 5 * any);
  EXPECT_GT(quantum_noise, 3 * any_noise);
}

double phi(const KeyCounts& counts, double theta) {
  double w = static_cast<double>(counts.lost) / static_cast<double>(counts.tested), d = 0;
  if (w > 0) d += w * std::log2(w / theta);
  d += (1 - w) * std::log2((1 - w) / (1 - theta));
  return static_cast<double>(counts.tested) * d -
         static_cast<double>(counts.raw_bits) * std::log2(0.5 + static_cast<double>(counts.settings) * theta);
}

// The bound must lie under the function at every theta, and near its smallest value.
TEST(MasanesKey, BoundIsTheMinimumOverTheta) {
  std::mt19937_64 engine(5);
  for (int round = 0; round < 300; ++round) {
    KeyCounts counts;
    counts.settings = 2 + engine() % 14;
    counts.pairs = 1 + (engine() >> (20 + engine() % 30));
    counts.tested = 1 + engine() % counts.pairs;
    counts.raw_bits = std::min<std::uint64_t>(counts.pairs - counts.tested, engine() % counts.pairs);
    counts.lost = std::min<std::uint64_t>(counts.tested - 1, engine() % (1 + counts.tested / (1 + engine() % 200)));
    if (counts.raw_bits == 0) continue;
    auto length = key_length(KeyMethod::no_signalling, counts, Exact::literal("1e-9"));
    ASSERT_TRUE(length.ok());
    double least = 1e300, scale = static_cast<double>(counts.pairs);
    for (int i = 0; i <= 4000; ++i) {
      double x = (i + 0.5) / 4001;
      for (double theta : {x, x * x * x * x, 1 - x * x * x * x}) least = std::min(least, phi(counts, theta));
    }
    double expected = 2 * least - static_cast<double>(counts.raw_bits);
    EXPECT_LE(length->bits_before_leak, expected + 1e-9 * scale + 1e-6) << round;
    EXPECT_GE(length->bits_before_leak, expected - 2e-3 * std::abs(expected) - 1e-2 * scale) << round;
  }
}

TEST(MasanesKey, AgreesWithTheAsymptoticRate) {
  for (auto method : {KeyMethod::no_signalling, KeyMethod::quantum}) {
    PlanRequest request;
    request.method = method;
    request.noise = 0;
    request.margin_sigmas = 0;
    auto best = best_asymptotic_rate(method, 7, 0);
    auto point = plan_at(request, std::uint64_t{1} << 46, static_cast<std::uint64_t>(std::lround(best.gamma * 65536)));
    ASSERT_TRUE(point.ok());
    EXPECT_NEAR(static_cast<double>(point->length.bits) / std::exp2(46), best.bits_per_pair, best.bits_per_pair * 1e-4);
  }
}

TEST(MasanesKey, MoreLeakLessEpsilonOrMoreLossNeverHelps) {
  KeyCounts counts{7, 100'000'000, 22'900'000, 343'500, 1'060'000, 40'000};
  auto bits = [&](const char* epsilon) {
    return key_length(KeyMethod::no_signalling, counts, Exact::literal(epsilon))->bits;
  };
  std::uint64_t base = bits("1e-9");
  EXPECT_GT(base, 100'000u);
  EXPECT_EQ(base - bits("1e-12"), 20u);  // 2 log2(1000) = 19.93
  counts.leaked_bits += 1000;
  EXPECT_EQ(bits("1e-9"), base - 1000);
  counts.lost += 1000;
  EXPECT_LT(bits("1e-9"), base - 1000);
  counts.lost = counts.tested / 14;  // a local source
  EXPECT_EQ(bits("1e-9"), 0u);
  counts.lost = counts.tested;
  EXPECT_EQ(bits("1e-9"), 0u);
}

TEST(MasanesKey, HostileCounts) {
  Exact epsilon = Exact::literal("1e-9");
  KeyCounts good{7, 1000, 200, 2, 100, 10};
  EXPECT_TRUE(key_length(KeyMethod::no_signalling, good, epsilon).ok());
  auto code = [&](KeyCounts counts, const Exact& eps) {
    return key_length(KeyMethod::quantum, counts, eps).error().code;
  };
  EXPECT_EQ(code(good, Exact::literal("0")), ErrorCode::usage);
  EXPECT_EQ(code(good, Exact::literal("1")), ErrorCode::usage);
  EXPECT_EQ(code({1, 1000, 200, 2, 100, 10}, epsilon), ErrorCode::usage);
  EXPECT_EQ(code({7, 1000, 200, 201, 100, 10}, epsilon), ErrorCode::usage);
  EXPECT_EQ(code({7, 1000, 200, 20, 801, 10}, epsilon), ErrorCode::usage);
  EXPECT_EQ(code({7, 1000, 1001, 20, 0, 10}, epsilon), ErrorCode::usage);
  EXPECT_EQ(key_length(KeyMethod::no_signalling, {7, 1000, 0, 0, 100, 0}, epsilon)->bits, 0u);
  EXPECT_EQ(key_length(KeyMethod::no_signalling, {7, 1000, 100, 0, 0, 0}, epsilon)->bits, 0u);
}

TEST(MasanesPlan, FewestPairsForAKey) {
  PlanRequest request;
  request.leak = [](std::uint64_t raw, double error) {
    return static_cast<std::uint64_t>(1.2 * static_cast<double>(raw) *
                                      (-error * std::log2(error) - (1 - error) * std::log2(1 - error)));
  };
  auto point = plan_for_key(request, 256);
  ASSERT_TRUE(point.ok());
  EXPECT_GE(point->length.bits, 256u);
  EXPECT_LT(point->length.bits, 400u);
  request.noise = 0.03;
  EXPECT_EQ(plan_for_key(request, 256).error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace bellows::protocol
