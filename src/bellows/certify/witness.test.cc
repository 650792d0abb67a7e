#include "bellows/certify/witness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "bellows/certify/one_sided.h"

namespace bellows::certify {
namespace {

using plan::Polytope;

double bias(const std::optional<Exact>& mu) { return mu ? mu->approximate() : -1; }

TEST(Witness, PolytopesHaveTheRightVertices) {
  const Exact mu = Exact::literal("0.1");
  EXPECT_EQ(setting_vertices(Polytope::santha_vazirani, mu).size(), 8u);
  for (Polytope polytope : {Polytope::santha_vazirani, Polytope::box})
    for (const auto& p : setting_vertices(polytope, mu)) {
      EXPECT_EQ(p[0] + p[1] + p[2] + p[3], Exact::integer(1));
      for (const Exact& one : p) EXPECT_TRUE(one >= Exact::literal("0.16") && one <= Exact::literal("0.36"));
    }
}

TEST(Witness, SymmetricDevicesGainNothing) {
  // Origin: 1/2 - sqrt(1/2 - S/8) for the win score at S = 2 sqrt 2: 11.73 %.
  auto behaviour = joint_behaviour(QubitDevice{});
  ASSERT_TRUE(behaviour.ok()) << behaviour.error().describe();
  const auto win = largest_win_bias(*behaviour), box = largest_witness_bias(*behaviour, Polytope::box);
  EXPECT_NEAR(bias(win), 0.1173, 1e-4);
  EXPECT_GE(bias(box), bias(win) - 2e-6);
  EXPECT_LE(bias(largest_mdl_bias(*behaviour)), bias(win));
  EXPECT_GE(bias(largest_witness_bias(*behaviour, Polytope::santha_vazirani)), bias(box) - 2e-6);
}

TEST(Witness, AsymmetricDevicesTolerateMoreBias) {
  const QubitDevice devices[] = {{.tilt_degrees = 25},
                                 {.visibility_z = 1, .visibility_x = 0.85},
                                 {.tilt_degrees = 45, .efficiency_a = 0.93, .efficiency_b = 0.93},
                                 {.tilt_degrees = 35, .efficiency_a = 0.9, .efficiency_b = 1}};
  int gains = 0;
  for (const QubitDevice& device : devices) {
    auto behaviour = joint_behaviour(device);
    ASSERT_TRUE(behaviour.ok());
    const double witness = bias(largest_witness_bias(*behaviour, Polytope::santha_vazirani)),
                 win = bias(largest_win_bias(*behaviour));
    EXPECT_GE(witness, win - 2e-6);
    gains += witness > 1.02 * win;
  }
  EXPECT_GE(gains, 2);
}

TEST(Witness, LocalBehavioursAreNeverSeparated) {
  std::array<std::uint64_t, 16> counts{};
  for (std::size_t xy = 0; xy < 4; ++xy) counts[4 * xy] = 1000;  // a = b = 0: wins three of four
  auto local = joint_behaviour(counts);
  for (const char* mu : {"0", "0.01", "0.1"})
    for (Polytope polytope : {Polytope::santha_vazirani, Polytope::box}) {
      auto witness = best_witness(*local, Exact::literal(mu), polytope);
      ASSERT_TRUE(witness.ok());
      EXPECT_LE(witness->value(*local), witness->local_bound);
    }
  EXPECT_FALSE(largest_win_bias(*local).has_value());
}

TEST(Witness, SavedAndCheckedAgain) {
  auto behaviour = joint_behaviour(QubitDevice{.tilt_degrees = 30});
  auto witness = best_witness(*behaviour, Exact::literal("0.02"), Polytope::santha_vazirani);
  ASSERT_TRUE(witness.ok());
  EXPECT_GT(witness->value(*behaviour), witness->local_bound);
  nlohmann::json saved = to_json(*witness);
  auto back = witness_from_json(saved);
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_EQ(back->coefficients, witness->coefficients);
  saved["mu"] = "0.03";
  EXPECT_EQ(witness_from_json(saved).error().code, ErrorCode::refused) << "another bias, a larger local value";
  saved = to_json(*witness);
  saved["coefficients"][3] = 5000000000;
  EXPECT_FALSE(witness_from_json(saved).ok());
  // A reader that wraps takes the first two for -1 and 0; the third has no absolute value.
  for (const char* coefficient : {"18446744073709551615", "18446744073709551616", "-9223372036854775808", "1000000001",
                                  "-1000000001", "1.0", "1e3", "\"1\"", "null", "true"}) {
    saved = nlohmann::json{{"format", "bellows-witness"}, {"mu", "0"}, {"polytope", "box"}, {"local_bound", "0"},
                           {"coefficients", std::vector<int>(16, -1)}};
    ASSERT_TRUE(witness_from_json(saved).ok());
    saved["coefficients"][0] = nlohmann::json::parse(coefficient);
    const auto read = witness_from_json(saved);
    ASSERT_FALSE(read.ok()) << coefficient;
    EXPECT_EQ(read.error().code, ErrorCode::bad_input) << coefficient;
  }
  saved = to_json(*witness);
  saved["coefficients"].push_back(1);
  EXPECT_FALSE(witness_from_json(saved).ok());
}

TEST(Witness, KnowsTheWinFrequency) {
  Witness witness;
  for (std::size_t i = 0; i < 16; ++i) {
    const std::size_t x = i >> 3, y = (i >> 2) & 1, a = (i >> 1) & 1, b = i & 1;
    witness.coefficients[i] = (a ^ b) == (x & y) ? 2 : -5;
  }
  EXPECT_TRUE(is_win_frequency(witness));
  witness.coefficients[7] += 1;
  EXPECT_FALSE(is_win_frequency(witness));
}

TEST(Witness, BadDevices) {
  EXPECT_FALSE(joint_behaviour(QubitDevice{.efficiency_a = 1.1}).ok());
  EXPECT_FALSE(joint_behaviour(QubitDevice{.tilt_degrees = -1}).ok());
  EXPECT_FALSE(joint_behaviour(QubitDevice{.visibility_z = NAN}).ok());
  EXPECT_FALSE(joint_behaviour(std::array<std::uint64_t, 16>{}).ok());
}

TEST(Witness, SettingsThatNoSourceOfTheBiasDraws) {
  const auto uniform = joint_behaviour(QubitDevice{});
  std::array<std::uint64_t, 16> counts{};
  for (std::size_t i = 0; i < 16; ++i) counts[i] = i < 4 ? 26 : i < 12 ? 25 : 24;  // P(xy) = 0.26, 0.25, 0.25, 0.24
  const auto leaning = joint_behaviour(counts);
  ASSERT_TRUE(uniform.ok() && leaning.ok());
  for (plan::Polytope polytope : {plan::Polytope::santha_vazirani, plan::Polytope::box}) {
    EXPECT_TRUE(settings_fit(*uniform, Exact(), polytope));
    EXPECT_FALSE(settings_fit(*leaning, Exact(), polytope));
    EXPECT_TRUE(settings_fit(*leaning, Exact::literal("0.011"), polytope));
  }
  // P(x) = 0.51, P(y = 0 | x = 0) = 26/51, P(y = 1 | x = 1) = 24/49: the largest bias of these is 1/98.
  EXPECT_FALSE(settings_fit(*leaning, Exact::literal("0.0102"), plan::Polytope::santha_vazirani));
  EXPECT_TRUE(settings_fit(*leaning, Exact::literal("0.01021"), plan::Polytope::santha_vazirani));
  // sqrt(0.24) = 1/2 - 0.010102.
  EXPECT_FALSE(settings_fit(*leaning, Exact::literal("0.0101"), plan::Polytope::box));
  EXPECT_TRUE(settings_fit(*leaning, Exact::literal("0.0102"), plan::Polytope::box));
}

}  // namespace
}  // namespace bellows::certify
