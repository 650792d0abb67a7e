#include "bellows/estimate/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bellows/testing/shared_data.h"

namespace bellows::estimate {
namespace {

/// Uniform settings, unbiased outcomes with correlators E, -E on the pair 11; trials a multiple of 32.
Counts symmetric_counts(std::uint64_t trials_a_cell_pair, double correlator) {
  Counts counts{};
  const auto equal = static_cast<std::uint64_t>(static_cast<double>(trials_a_cell_pair) * (1 + correlator) / 4);
  const std::uint64_t unequal = trials_a_cell_pair / 2 - equal;
  for (unsigned x = 0; x < 2; ++x)
    for (unsigned y = 0; y < 2; ++y)
      for (unsigned a = 0; a < 2; ++a) {
        counts[count_index(x, y, a, a ^ (x & y))] = equal;
        counts[count_index(x, y, a, a ^ (x & y) ^ 1)] = unequal;
      }
  return counts;
}

Evidence evidence_of(const Counts& counts) {
  Evidence evidence;
  evidence.blocks.push_back({.block_index = 0, .trial_count = sum(counts), .n_xyab = counts});
  return evidence;
}

TEST(Scores, PublishedExperiment) {
  // S = 2.271 with symmetric noise: omega = 0.783875; S_mu = 0.002893 at mu = 0.75 % (theory 1.5).
  auto summary = summarize(evidence_of(symmetric_counts(335544320, 2.271 / 4)), 0.0075);
  ASSERT_TRUE(summary.ok());
  EXPECT_NEAR(summary->scores.omega.value, 0.783875, 1e-6);
  EXPECT_NEAR(summary->scores.s->value, 2.271, 1e-6);
  EXPECT_NEAR(summary->scores.s_from_omega.value, 2.271, 1e-6);
  EXPECT_NEAR(summary->scores.s_mu->value, 0.002893, 1e-6);
  EXPECT_TRUE(summary->settings->consistent);
  EXPECT_TRUE(summary->signalling.consistent);
  EXPECT_LT(summary->scores.omega.low, 0.783875);
  EXPECT_GT(summary->scores.omega.high, 0.783875);
}

TEST(Scores, NoTrialsAndBadBiasAreErrors) {
  EXPECT_EQ(summarize(Evidence(), 0.01).error().code, ErrorCode::refused);
  for (double mu : {-0.001, 0.5, 1.0, std::nan(""), HUGE_VAL}) {
    auto summary = summarize(evidence_of(symmetric_counts(320, 0.5)), mu);
    ASSERT_FALSE(summary.ok()) << mu;
    EXPECT_EQ(summary.error().code, ErrorCode::usage);
  }
}

TEST(Scores, MissingPairsGiveNothingRatherThanNan) {
  Counts counts{};
  counts[count_index(0, 0, 1, 1)] = 3;
  auto summary = summarize(evidence_of(counts), 0.1);
  ASSERT_TRUE(summary.ok());
  EXPECT_FALSE(summary->scores.s.has_value());
  EXPECT_EQ(summary->scores.omega.value, 1);
  EXPECT_LT(summary->scores.omega.low, 0.9);
  std::string text = to_json(*summary).dump();
  EXPECT_TRUE(to_json(*summary)["s"].is_null());
  EXPECT_EQ(text.find("nan"), std::string::npos);
}

TEST(Scores, WilsonKnownAnswer) {
  // 81 of 263: 0.2553 to 0.3662 (Newcombe 1998, Statistics in Medicine 17, table I).
  Counts counts{};
  counts[count_index(0, 0, 0, 0)] = 81;
  counts[count_index(0, 0, 0, 1)] = 263 - 81;
  Scores scores = score_counts(counts, std::nullopt);
  EXPECT_NEAR(scores.omega.low, 0.2553, 5e-5);
  EXPECT_NEAR(scores.omega.high, 0.3662, 5e-5);
}

TEST(Scores, SignallingShows) {
  Counts counts = symmetric_counts(32000, 0.5);
  EXPECT_TRUE(check_signalling(counts).consistent);
  counts[count_index(0, 1, 1, 0)] += 2000;  // A's outcome knows y
  SignallingCheck check = check_signalling(counts);
  EXPECT_FALSE(check.consistent);
  EXPECT_EQ(check.differences[check.worst].name, "P(a=1|x=0): y=1 minus y=0");
  EXPECT_GT(check.differences[check.worst].difference, 0);
}

TEST(Scores, DriftShows) {
  std::vector<BlockCounts> steady, drifting;
  for (std::uint64_t i = 0; i < 20; ++i) {
    steady.push_back({.block_index = i, .n_xyab = symmetric_counts(32000, i % 2 ? 0.501 : 0.499)});
    drifting.push_back({.block_index = i, .n_xyab = symmetric_counts(32000, i == 7 ? 0.40 : 0.5)});
  }
  EXPECT_LT(measure_drift(steady).sigmas, 3);
  Drift drift = measure_drift(drifting);
  EXPECT_GT(drift.sigmas, 5);
  EXPECT_EQ(drift.lowest_block_index, 7u);
  EXPECT_LT(drift.lowest_block_sigmas, -5);
  EXPECT_EQ(measure_drift({steady[0]}).sigmas, 0);
}

/// The sixteen counts of a recorded set, relabelled so that the pair with the minus sign is 11.
std::optional<Counts> recorded_counts(const std::string& set) {
  auto path = testing::shared_data("bell-ibmq/expected-counts-and-S.csv");
  if (!path) return std::nullopt;
  std::ifstream file(*path);
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> words;
    std::istringstream stream(line);
    for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
    if (words[0] != set) continue;
    const auto minus_pair = static_cast<std::size_t>(std::stoul(words[2]));
    Counts counts{};
    for (std::size_t i = 0; i < 16; ++i) counts[i ^ (4 * (minus_pair ^ 3))] = std::stoull(words[5 + i]);
    return counts;
  }
  return std::nullopt;
}

TEST(Scores, RecordedQuantumHardware) {
  struct Expected {
    const char* set;
    double s, omega;
  };
  for (const Expected& expected :
       {Expected{"Hanoi11_14Circuit13", 2.764160, 0.84557}, Expected{"Cairo13_14Circuit13", 2.687273, 0.83595}}) {
    auto counts = recorded_counts(expected.set);
    if (!counts) GTEST_SKIP() << "the folder of shared data is absent";
    Scores scores = score_counts(*counts, std::nullopt);
    EXPECT_NEAR(scores.s->value, expected.s, 1e-6);
    EXPECT_NEAR(scores.omega.value, expected.omega, 5e-4);
  }
}

TEST(Scores, RecordedSettingsAgainstTheClaim) {
  auto hanoi = recorded_counts("Hanoi11_14Circuit13"), cairo = recorded_counts("Cairo13_14Circuit13");
  if (!hanoi || !cairo) GTEST_SKIP() << "the folder of shared data is absent";
  EXPECT_FALSE(check_settings(*hanoi, 0.005).consistent);
  EXPECT_TRUE(check_settings(*hanoi, 0.015).consistent);
  EXPECT_FALSE(check_settings(*cairo, 0.005).consistent);
  EXPECT_TRUE(check_settings(*cairo, 0.03).consistent);
}

}  // namespace
}  // namespace bellows::estimate
