// Cheating devices and scheming sources against the whole chain from trials to certificate. What a cheat can hide from
// Eve is known here, and no certificate may say more, but with the failure probability that it states. Negative
// controls put a mistake into the bound and must see certificates: they show that these tests would notice.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "bellows/bits/draw.h"
#include "bellows/certify/bound.h"
#include "bellows/certify/certify.h"
#include "bellows/certify/one_sided.h"
#include "bellows/certify/search.h"
#include "bellows/estimate/count.h"
#include "bellows/protocol/experiment.h"
#include "bellows/testing/shared_data.h"

namespace bellows {
namespace {

using numeric::Exact;
using plan::Method;
using protocol::ExperimentChoice;

/// Runs of each case: a sample in `make test` (a few where sanitizers slow it down), a thousand in `make test-long`.
std::uint64_t run_count() {
  if (testing::long_tests()) return 1000;
  return testing::sanitized() ? 4 : 20;
}

constexpr std::uint64_t trials = std::uint64_t{1} << 18;
constexpr double epsilon = 0.01;
/// H(AB|XY) at Tsirelson's bound, the most that a trial of our quantum device holds.
constexpr double largest_entropy_of_a_trial = 1.600876;

/// More failures than this among `runs` would happen once in some million if each had probability epsilon.
std::uint64_t most_failures(std::uint64_t runs) {
  const double expected = epsilon * static_cast<double>(runs);
  return static_cast<std::uint64_t>(expected + 5 * std::sqrt(expected) + 1);
}

/// The methods that certify honest devices with so few trials, which is asserted below. The others, over drawn counts of
/// long runs: src/bellows/certify/soundness.test.cc.
const Method methods[] = {Method::win, Method::two_sided, Method::mdl, Method::win_older};

/// A plan whose thresholds go from below the largest local score to the largest quantum score, so that nothing but the
/// bound at a threshold stands between a cheat and a certificate.
std::optional<plan::Plan> wide_plan(Method method, double mu) {
  const plan::ScoreKind kind = plan::score_kind(method);
  certify::PlanWishes wishes;
  wishes.method = method;
  wishes.mu = Exact::literal(fmt::format("{}", mu));
  wishes.trial_count = trials;
  wishes.epsilon = Exact::literal("0.01");
  wishes.simulated = true;
  wishes.extractor = plan::Extractor::short_seed;
  const double largest = certify::quantum_maximum(kind, wishes.mu).lower();
  const bool win = kind == plan::ScoreKind::win_frequency;
  wishes.threshold = Exact::literal(win ? "0.85" : "0.001");
  Result<plan::Plan> made = certify::built_in_plan(wishes);
  if (!made.ok()) {
    EXPECT_EQ(made.error().code, ErrorCode::refused) << made.error().describe();  // this build lacks the method
    return std::nullopt;
  }
  made->thresholds =
      win ? plan::Thresholds::grid(Exact::literal("0.74"), Exact::literal(fmt::format("{:.6f}", largest - 1e-6)), 200)
          : plan::Thresholds::grid(Exact::literal("-0.002"), Exact::literal(fmt::format("{:.8f}", largest - 1e-8)),
                                   200);
  made->epsilons = plan::split_epsilon(wishes.epsilon, made->threshold_events(), made->extractor);
  Status valid = certify::check_plan(*made);
  EXPECT_TRUE(valid.ok()) << valid.error().describe();
  return *made;
}

/// The trials of one run.
class Played {
 public:
  Played(const ExperimentChoice& choice, std::uint64_t number) : block_(trials::Scenario::two_party_chsh(), trials) {
    auto experiment = protocol::make_experiment(choice);
    EXPECT_TRUE(experiment.ok());
    block_.start(trials);
    EXPECT_TRUE((*experiment)->simulate_block(bits::StreamKey::from_number(1000 + number), 0, block_).ok());
    counts_ = estimate::count_trials(plane(block_.setting(0)), plane(block_.setting(1)), plane(block_.outcome(0)),
                                     plane(block_.outcome(1)));
  }

  const estimate::Counts& counts() const { return counts_; }
  estimate::Evidence evidence(const plan::Plan& plan) const {
    estimate::Evidence evidence;
    evidence.plan_digest = plan::digest(plan);
    evidence.simulated = true;
    evidence.blocks.push_back({.block_index = 0, .trial_count = trials, .n_xyab = counts_});
    return evidence;
  }
  /// Trials won in the first `count` ones, a multiple of 64.
  std::uint64_t wins(std::uint64_t count) {
    std::uint64_t won = 0;
    for (std::uint64_t w = 0; w < count / 64; ++w) {
      won += static_cast<std::uint64_t>(__builtin_popcountll(
          ~(block_.outcome(0)[w] ^ block_.outcome(1)[w] ^ (block_.setting(0)[w] & block_.setting(1)[w]))));
    }
    return won;
  }

 private:
  static bits::BitView plane(const std::uint64_t* words) { return {words, trials}; }
  trials::BlockBuffer block_;
  estimate::Counts counts_{};
};

/// Certified min-entropy of a run; 0 if not certified. Also checks that no output is longer than its entropy.
double certified_bits(const plan::Plan& plan, const Played& run) {
  auto certificate = certify::certify(plan, run.evidence(plan));
  EXPECT_TRUE(certificate.ok()) << certificate.error().describe();
  if (!certificate.ok() || !certificate->certified()) return 0;
  EXPECT_LE(static_cast<double>(certificate->output_bits()), certificate->min_entropy_bits);
  return certificate->min_entropy_bits;
}

struct Cheat {
  const char* preset;
  bool many = false;  ///< another random device for every run
};

const Cheat local_cheats[] = {{"cheat-win"}, {"cheat-mdl"}, {"memory-last-pair"}, {"memory-history"}, {"mixture", true}};

ExperimentChoice choice_of(const Cheat& cheat, double mu, std::uint64_t number) {
  ExperimentChoice choice{.preset = cheat.preset, .mu = mu};
  if (cheat.many) choice.device = fmt::format("mixture:number={}", number);
  return choice;
}

TEST(Soundness, LocalCheatsAreNotCertified) {
  for (double mu : {0.0075, 0.03, 0.1}) {
    std::vector<plan::Plan> plans;
    for (Method method : methods)
      if (auto plan = wide_plan(method, mu)) plans.push_back(*plan);
    ASSERT_GE(plans.size(), 4u);
    for (const Cheat& cheat : local_cheats) {
      std::vector<std::uint64_t> failures(plans.size());
      const std::uint64_t runs = run_count();
      for (std::uint64_t number = 0; number < runs; ++number) {
        const Played run(choice_of(cheat, mu, number), number);
        for (std::size_t i = 0; i < plans.size(); ++i) failures[i] += certified_bits(plans[i], run) > 0;
      }
      for (std::size_t i = 0; i < plans.size(); ++i)
        EXPECT_LE(failures[i], most_failures(runs))
            << cheat.preset << " mu " << mu << " " << plan::name(plans[i].method);
    }
  }
}

/// Cheats of a smaller bias than the claim, and sources that do not scheme: no more either.
TEST(Soundness, LocalCheatsWithOtherSourcesAreNotCertified) {
  for (const char* source : {"honest", "uniform", "edge", "remembering", "history"}) {
    const plan::Plan plan = *wide_plan(Method::win, 0.03);
    std::uint64_t failures = 0;
    for (std::uint64_t number = 0; number < run_count() / 4; ++number) {
      ExperimentChoice choice = choice_of(local_cheats[number % std::size(local_cheats)], 0.03, number);
      choice.source = source;
      failures += certified_bits(plan, Played(choice, number)) > 0;
    }
    EXPECT_LE(failures, most_failures(run_count() / 4)) << source;
  }
}

/// The same trials with mu_max in the place of mu_min (which is also a wrong sign of mu).
class SwappedBias : public certify::TradeoffSource {
 public:
  Result<certify::AffineTradeoff> propose(const Exact& threshold, const Exact& mu,
                                          const certify::Worth& worth) const override {
    return certify::OneSidedTangents(plan::ScoreKind::win_frequency, false).propose(threshold, Exact() - mu, worth);
  }
};

TEST(Soundness, SwappedBiasInTheWinBoundIsCaught) {
  const SwappedBias wrong;
  // At 0.1 the wrong bound is more than the raw bits, which bound() notices by itself.
  for (double mu : {0.03, 0.05}) {
    const plan::Plan plan = *wide_plan(Method::win, mu);
    for (const char* preset : {"cheat-win", "cheat-mdl", "memory-last-pair"}) {
      std::uint64_t certified = 0, runs = 10;
      for (std::uint64_t number = 0; number < runs; ++number) {
        const Played run({.preset = preset, .mu = mu}, number);
        auto reached = plan.thresholds.reached(certify::observed_score(plan, run.evidence(plan)));
        ASSERT_TRUE(reached.has_value());
        auto right = certify::bound(certify::claim_of(plan, *reached));
        auto bound = certify::bound(certify::claim_of(plan, *reached), &wrong);
        ASSERT_TRUE(bound.ok() && right.ok());
        EXPECT_EQ(right->extraction.output_bits, 0u);
        certified += bound->extraction.output_bits > 0;
      }
      EXPECT_GT(certified, most_failures(runs)) << preset << " " << mu;
    }
  }
}

TEST(Soundness, SwappedBiasInTheMdlValueIsCaught) {
  for (double mu : {0.03, 0.1}) {
    const plan::Plan plan = *wide_plan(Method::mdl, mu);
    const Exact m = Exact::literal(fmt::format("{}", mu)), half = Exact::fraction(1, 2);
    const Exact least = (half - m) * (half - m), largest = (half + m) * (half + m);
    std::uint64_t certified = 0, runs = 10;
    for (std::uint64_t number = 0; number < runs; ++number) {
      const Played run({.preset = "cheat-mdl", .mu = mu}, number);
      const estimate::Counts& n = run.counts();
      const Exact swapped =
          (largest * Exact::integer(n[0b0000]) - least * Exact::integer(n[0b0101] + n[0b1010] + n[0b1100])) /
          Exact::integer(trials);
      auto reached = plan.thresholds.reached(swapped);
      ASSERT_TRUE(reached.has_value());
      auto bound = certify::bound(certify::claim_of(plan, *reached));
      ASSERT_TRUE(bound.ok());
      certified += bound->extraction.output_bits > 0;
    }
    EXPECT_GT(certified, most_failures(runs)) << mu;
  }
}

/// The tests above would pass if nothing was ever certified.
TEST(Soundness, QuantumDevicesAreCertified) {
  for (double mu : {0.0075, 0.03, 0.1}) {
    for (Method method : methods) {
      auto plan = wide_plan(method, mu);
      if (!plan) continue;
      const double bits = certified_bits(*plan, Played({.preset = "tsirelson", .mu = mu}, 1));
      if (mu < 0.05) {
        EXPECT_GT(bits, 1000) << plan::name(method) << " " << mu;
      }
      EXPECT_LE(bits, largest_entropy_of_a_trial * static_cast<double>(trials)) << plan::name(method) << " " << mu;
    }
  }
}

/// A device that is quantum in a share q of the trials, which Eve knows, and deterministic in the rest: whatever its
/// score, it holds q times the entropy of a quantum one.
TEST(Soundness, MixturesOfQuantumAndLocalHoldNoMoreThanTheirQuantumPart) {
  for (Method method : methods) {
    auto plan = wide_plan(method, 0);
    if (!plan) continue;
    for (double q : {0.1, 0.3, 0.5, 0.7, 0.9, 1.0}) {
      // Deterministic a = b = 0 and Tsirelson's box mix to a state with a behaviour of their own; Eve holds which is
      // which.
      const double win = q * (0.5 + std::sqrt(0.125)) + (1 - q) * 0.75;
      const Exact score = plan::score_kind(method) == plan::ScoreKind::win_frequency
                              ? Exact::literal(fmt::format("{:.9f}", win))
                              : Exact::literal(fmt::format("{:.9f}", (2 * std::sqrt(2.0) - 2) * q / 64));
      auto reached = plan->thresholds.reached(score);
      ASSERT_TRUE(reached.has_value());
      auto bound = certify::bound(certify::claim_of(*plan, *reached));
      ASSERT_TRUE(bound.ok());
      EXPECT_LE(bound->min_entropy_bits.lower(), q * largest_entropy_of_a_trial * static_cast<double>(trials))
          << plan::name(method) << " " << q;
    }
  }
}

/// Devices with memory that play quantum only when their score asks for it.
TEST(Soundness, AdaptiveDevicesHoldNoMoreThanTheirQuantumTrials) {
  for (double mu : {0.0, 0.0075, 0.03}) {
    for (double target : {0.76, 0.79, 0.82, 0.85}) {
      std::uint64_t failures = 0;
      const std::uint64_t runs = std::max<std::uint64_t>(3, run_count() / 10);
      const plan::Plan plan = *wide_plan(Method::win, mu);
      std::optional<plan::Plan> two_sided = wide_plan(Method::two_sided, mu);
      for (std::uint64_t number = 0; number < runs; ++number) {
        Played run({.preset = "memory-adaptive", .mu = mu, .device = fmt::format("memory-adaptive:target={}", target)},
                   number);
        // It decides before each chunk, from its score so far in the block.
        std::uint64_t quantum_trials = 0;
        for (std::uint64_t done = 0; done < trials; done += bits::chunk_trials)
          if (static_cast<double>(run.wins(done)) < target * static_cast<double>(done))
            quantum_trials += bits::chunk_trials;
        const double truth = largest_entropy_of_a_trial * static_cast<double>(quantum_trials);
        failures += certified_bits(plan, run) > truth;
        if (two_sided) failures += certified_bits(*two_sided, run) > truth;
      }
      EXPECT_LE(failures, most_failures(runs)) << mu << " " << target;
    }
  }
}

}  // namespace
}  // namespace bellows
