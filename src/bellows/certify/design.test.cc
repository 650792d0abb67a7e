#include "bellows/certify/design.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bellows/certify/one_sided.h"
#include "bellows/certify/witness.h"

namespace bellows::certify {
namespace {

using plan::Method;

/// Mean and standard deviation of one trial, from the sixteen probabilities of symmetric noise.
HonestTrial by_definition(const plan::WitnessCoefficients& earns, double win) {
  double mean = 0, square = 0;
  for (unsigned i = 0; i < 16; ++i) {
    const bool wins = (((i >> 1) ^ i) & 1) == ((i >> 3) & (i >> 2) & 1);
    const double p = (wins ? win : 1 - win) / 8, value = earns[i].approximate();
    mean += p * value, square += p * value * value;
  }
  return {mean, std::sqrt(square - mean * mean)};
}

TEST(HonestTrial, IsWhatSixteenProbabilitiesGive) {
  plan::WitnessCoefficients won;
  for (unsigned i = 0; i < 16; ++i)
    if ((((i >> 1) ^ i) & 1) == ((i >> 3) & (i >> 2) & 1)) won[i] = Exact::integer(1);
  for (const char* mu : {"0", "0.0075", "0.1"})
    for (double win : {0.6, 0.783875, 0.85}) {
      const Exact bias = Exact::literal(mu);
      const HonestTrial frequency = honest_trial(Method::win, {}, bias, win), of_won = by_definition(won, win);
      EXPECT_NEAR(frequency.mean, of_won.mean, 1e-12);
      EXPECT_NEAR(frequency.deviation, of_won.deviation, 1e-12);
      const HonestTrial value = honest_trial(Method::mdl, {}, bias, win), of_mdl = by_definition(mdl_witness(bias), win);
      EXPECT_NEAR(value.mean, of_mdl.mean, 1e-12);
      EXPECT_NEAR(value.deviation, of_mdl.deviation, 1e-12);
      EXPECT_NEAR(value.mean, symmetric_score(plan::ScoreKind::mdl_value, Exact::literal(std::to_string(win)), bias).approximate(), 1e-6);
      // Of a witness its value alone is known: never less than the true deviation, and no more where a trial earns all or nothing.
      EXPECT_GE(honest_trial(Method::witness, mdl_witness(bias), bias, of_mdl.mean).deviation, of_mdl.deviation);
      EXPECT_NEAR(honest_trial(Method::witness, won, bias, win).deviation, of_won.deviation, 1e-12);
    }
}

// The threshold on the MDL value lies as many of its own deviations below the mean as the chance asks.
TEST(Design, TheChanceIsThatOfTheMethodsOwnScore) {
  for (Method method : {Method::win, Method::mdl, Method::mdl_as_printed}) {
    Design design;
    design.score = 0.8;
    design.trial_count = std::uint64_t{1} << 32;
    design.mu = Exact::literal("0.0075");
    design.epsilon = Exact::literal("1e-9");
    design.chance = 0.97725;  // two deviations
    design.wishes.method = method;
    const auto solved = solve(design);
    ASSERT_TRUE(solved.ok()) << solved.error().describe();
    const HonestTrial trial = honest_trial(method, {}, *design.mu, 0.8);
    const double deviations = (trial.mean - solved->plan.thresholds.lowest().approximate()) / trial.deviation * 65536;
    EXPECT_NEAR(deviations, 2, 0.01) << name(method);
  }
}

}  // namespace
}  // namespace bellows::certify
