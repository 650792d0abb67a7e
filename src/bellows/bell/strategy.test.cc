#include "bellows/bell/strategy.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bellows::bell {
namespace {

TEST(SharedStrategy, CheatsReachTheLocalBounds) {
  for (double mu : {0.0, 0.0075, 0.03, 0.1, 0.3, 0.49}) {
    const double omega_local = 1 - (0.5 - mu) * (0.5 - mu);
    EXPECT_NEAR(win_cheat(mu).win_score(), omega_local, 1e-12);
    EXPECT_NEAR(mdl_cheat(mu).win_score(), omega_local, 1e-12);
    EXPECT_NEAR(mdl_cheat(mu).mdl_value(mu), 0, 1e-15);
    EXPECT_NEAR(win_cheat(mu).bias(), mu, 1e-15);
    EXPECT_NEAR(mdl_cheat(mu).bias(), mu, 1e-15);
    for (unsigned pair = 0; pair < 4; ++pair)
      EXPECT_NEAR(win_cheat(mu).pair_probability(pair >> 1, pair & 1), 0.25, 1e-15);
  }
}

TEST(SharedStrategy, EveryChoiceOfTheWinCheatLosesOnOnePair) {
  for (const LocalStrategy& s : win_cheat(0.1).choices) {
    int lost = 0;
    for (unsigned x = 0; x < 2; ++x)
      for (unsigned y = 0; y < 2; ++y) {
        if ((s.a_of_x[x] != s.b_of_y[y]) == ((x & y) != 0)) continue;
        ++lost;
        EXPECT_NEAR(s.pair_probability(x, y), 0.16, 1e-12);
      }
    EXPECT_EQ(lost, 1);
  }
}

TEST(SharedStrategy, RandomMixturesStayBelowTheLocalBoundsAndWithinTheBias) {
  for (double mu : {0.0, 0.01, 0.05, 0.2}) {
    double best = 0;
    for (std::uint64_t number = 0; number < 200; ++number) {
      SharedStrategy mixture = random_mixture(mu, number);
      EXPECT_TRUE(HiddenChoice::make(mixture).ok());
      EXPECT_LE(mixture.bias(), mu + 1e-12);
      EXPECT_LE(mixture.win_score(), 1 - (0.5 - mu) * (0.5 - mu) + 1e-12);
      EXPECT_LE(mixture.mdl_value(mu), 1e-12);
      best = std::max(best, mixture.win_score());
    }
    EXPECT_GT(best, 0.65);
  }
}

TEST(HiddenChoice, ChoicesComeWithTheirWeights) {
  SharedStrategy mixture = random_mixture(0.1, 5);
  auto hidden = HiddenChoice::make(mixture);
  ASSERT_TRUE(hidden.ok());
  bits::ChunkDrawer drawer(bits::StreamKey::from_number(1));
  std::array<double, 16> seen{};
  constexpr std::uint16_t chunks = 20;
  for (std::uint16_t chunk = 0; chunk < chunks; ++chunk) {
    drawer.start(0, chunk, bits::chunk_trials);
    HiddenPlanes planes;
    hidden->draw(drawer, planes);
    ASSERT_EQ(planes.count, 4u);
    for (std::uint64_t i = 0; i < bits::chunk_trials; ++i) {
      std::size_t choice = 0;
      for (unsigned p = 0; p < 4; ++p) choice |= (planes.words[p][i / 64] >> i % 64 & 1) << p;
      seen[choice] += 1;
    }
  }
  const double trials = chunks * bits::chunk_trials;
  for (std::size_t i = 0; i < 16; ++i)
    EXPECT_NEAR(seen[i] / trials, mixture.choices[i].weight, 5 * std::sqrt(0.25 / trials));
}

TEST(HiddenChoice, RefusesWhatIsNoMixture) {
  EXPECT_FALSE(HiddenChoice::make({"none", {}}).ok());
  EXPECT_FALSE(HiddenChoice::make({"heavy", {LocalStrategy{.weight = 0.7}, LocalStrategy{.weight = 0.7}}}).ok());
  EXPECT_FALSE(HiddenChoice::make({"chance", {LocalStrategy{.p_x1 = 1.5}}}).ok());
  EXPECT_FALSE(HiddenChoice::make({"nan", {LocalStrategy{.p_x1 = std::nan("")}}}).ok());
  EXPECT_FALSE(HiddenChoice::make({"many", std::vector<LocalStrategy>(17, LocalStrategy{.weight = 1.0 / 17})}).ok());
  EXPECT_EQ(HiddenChoice::make(mdl_cheat(0.1))->plane_count(), 0u);
}

}  // namespace
}  // namespace bellows::bell
