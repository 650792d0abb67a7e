#include "bellows/protocol/masanes_key.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "bellows/protocol/masanes_certificate.h"
#include "bellows/protocol/masanes_plan.h"
#include "bellows/testing/shared_data.h"

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

// The boxes of docs/format-qkd.md, "Counting the bit as leak would not be a proof", for two pairs (M = 2, so PR boxes
// at the test settings): no-signalling, no lost test, and one bit of Bob's is worth the whole key bit that Eve chooses.
class BobsBitBoxes {
 public:
  static constexpr int pairs = 2, raw_y = 2;
  using Inputs = std::array<int, 5>;   // x1 x2 (0, 1), y1 y2 (0, 1, 2 = raw), g (1..3)
  using Outcome = std::array<int, 5>;  // a1 a2 b1 b2 e
  static double chance(const Inputs& in, const Outcome& out) {
    double p = 1;
    for (int n = 0; n < pairs; ++n) {
      bool tested = in[2 + n] != raw_y;
      bool lost = (out[n] ^ out[2 + n]) != (in[n] == 0 && in[2 + n] == 1 ? 1 : 0);
      p *= tested ? (lost ? 0.0 : 0.5) : 0.25;
    }
    bool joined = true;
    for (int n = 0; n < pairs; ++n) joined = joined && in[2 + n] == raw_y && ((in[4] >> n & 1) == 0 || in[n] == 0);
    int told = (in[4] & 1) * out[0] ^ (in[4] >> 1) * out[1] ^ out[2] ^ out[3];
    return p * (joined ? (out[4] == told ? 1.0 : 0.0) : 0.5);
  }
};

TEST(MasanesKey, ABitOfBobsIsNotALeakThatCanBeCounted) {
  using Boxes = BobsBitBoxes;
  const std::array<int, 5> first = {0, 0, 0, 0, 1}, count = {2, 2, 3, 3, 3};
  auto each = [](const std::array<int, 5>& from, const std::array<int, 5>& sizes, auto&& visit) {
    for (int index = 0, total = sizes[0] * sizes[1] * sizes[2] * sizes[3] * sizes[4]; index < total; ++index) {
      std::array<int, 5> value{};
      for (int i = 0, rest = index; i < 5; rest /= sizes[i], ++i) value[i] = from[i] + rest % sizes[i];
      visit(value);
    }
  };
  // Whatever one of the five parties does, the other four see the same: so does every smaller group.
  each(first, count, [&](const Boxes::Inputs& in) {
    double total = 0;
    each({}, {2, 2, 2, 2, 2}, [&](const Boxes::Outcome& out) { total += Boxes::chance(in, out); });
    EXPECT_DOUBLE_EQ(total, 1);
    for (int party = 0; party < 5; ++party)
      for (int other = 0; other < count[party]; ++other) {
        Boxes::Inputs changed = in;
        changed[party] = first[party] + other;
        std::array<int, 5> fixed = {2, 2, 2, 2, 2};
        fixed[party] = 1;
        each({}, fixed, [&](Boxes::Outcome out) {
          double here = 0, there = 0;
          for (out[party] = 0; out[party] < 2; ++out[party])
            here += Boxes::chance(in, out), there += Boxes::chance(changed, out);
          EXPECT_DOUBLE_EQ(here, there);
        });
      }
  });
  // No lost test: the theorem's average is that of perfect boxes, and Eve alone knows nothing; with Bob's parity, g.a.
  for (int g = 1; g < 4; ++g) {
    double guess_alone = 0, guess_told = 0;
    each({}, {2, 2, 2, 2, 2}, [&](const Boxes::Outcome& out) {
      double p = Boxes::chance({0, 0, 2, 2, g}, out);
      int bit = (g & 1) * out[0] ^ (g >> 1) * out[1];
      guess_alone += p * (out[4] == bit);
      guess_told += p * ((out[4] ^ out[2] ^ out[3]) == bit);
    });
    EXPECT_DOUBLE_EQ(guess_alone, 0.5);
    EXPECT_DOUBLE_EQ(guess_told, 1);
  }
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
    request.chance = 0;
    request.leak = [](std::uint64_t) { return std::uint64_t{0}; };
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
  // Concatenated codes are planned in numbers that sanitizers make minutes of; ecc plans some of them there.
  if (bellows::testing::sanitized()) request.correction = ecc::Code::bch;
  auto point = plan_for_key(request, 256);
  ASSERT_TRUE(point.ok());
  EXPECT_GE(point->key_bits, 256u);
  EXPECT_LT(point->key_bits, 1000u);
  // A search in steps: a hundredth fewer pairs do not do.
  EXPECT_LT(plan_for_pairs(request, point->pairs * 99 / 100)->key_bits, 256u);
  request.noise = 0.03;
  EXPECT_EQ(plan_for_key(request, 256).error().code, ErrorCode::refused);
  request.epsilon = Exact::literal("2");
  EXPECT_EQ(plan_for_key(request, 256).error().code, ErrorCode::usage);
}

// What chance decides, drawn as honest devices would; the length as a session computes it.
TEST(MasanesPlan, ThePromiseHoldsWithItsChance) {
  struct Case {
    KeyMethod method;
    ecc::Code code;
    double noise;
    std::uint64_t key_bits;
  };
  std::mt19937_64 engine(11);
  for (Case c : {Case{KeyMethod::no_signalling, ecc::Code::bch, 0.0, 256},
                 Case{KeyMethod::no_signalling, ecc::Code::bch, 0.005, 220'000},
                 Case{KeyMethod::no_signalling, ecc::Code::concatenated, 0.005, 240'000},
                 Case{KeyMethod::no_signalling, ecc::Code::ldpc, 0.005, 250'000},
                 Case{KeyMethod::no_signalling, ecc::Code::ldpc, 0.025, 256},
                 Case{KeyMethod::quantum, ecc::Code::ldpc, 0.05, 1000}}) {
    if (bellows::testing::sanitized() && c.code == ecc::Code::concatenated) continue;
    PlanRequest request;
    request.method = c.method;
    request.correction = c.code;
    request.noise = c.noise;
    auto point = plan_for_key(request, c.key_bits);
    ASSERT_TRUE(point.ok());
    const auto budget = EpsilonBudget::of(c.method, request.epsilon);
    const double gamma = point->gamma();
    auto draw = [&](std::uint64_t n, double share) {
      return static_cast<std::uint64_t>(
          std::binomial_distribution<std::int64_t>(static_cast<std::int64_t>(n), share)(engine));
    };
    const int rounds = c.code == ecc::Code::concatenated ? 60 : 300;  // its plan takes a hundredth of a second
    int missed = 0;
    double sum = 0;
    for (int round = 0; round < rounds; ++round) {
      KeyCounts counts{request.settings,
                       point->pairs,
                       draw(point->pairs, 2 * gamma * gamma / request.settings),
                       0,
                       draw(point->pairs, (1 - gamma) * (1 - gamma)),
                       0};
      counts.lost = draw(counts.tested, expected_loss(request.settings, c.noise));
      std::uint64_t sample = draw(point->pairs, gamma * (1 - gamma) / request.settings),
                    errors = draw(sample, expected_error_rate(c.noise));
      auto scheme = ecc::plan_scheme(c.code, counts.raw_bits, budget.errors(sample, errors, counts.raw_bits));
      ASSERT_TRUE(scheme.ok());
      counts.leaked_bits = scheme->leaked_bits() + verification_bits + (c.method == KeyMethod::quantum ? 1 : 0);
      auto length = key_length(c.method, counts, budget.privacy);
      missed += length->bits < point->key_bits;
      sum += static_cast<double>(length->bits) / rounds;
    }
    EXPECT_LE(missed, rounds / 100) << c.noise;
    EXPECT_GT(sum, static_cast<double>(point->key_bits)) << c.noise;
  }
}

}  // namespace
}  // namespace bellows::protocol
