#include "bellows/bell/guess_radius.h"

#include <gtest/gtest.h>

#include "bellows/bell/catalogue.h"

namespace bellows::bell {
namespace {

// Gallego et al., Lemma 3, as printed: alpha = 0.8842, beta = 1.260, gamma = 0.9732, for every x0.
TEST(GuessRadius, LemmaThreeHoldsAsPrinted) {
  const Rational gamma(2433, 2500);
  std::optional<GuessRadius> found;
  std::size_t from = 0;
  for (const std::size_t x : {1U, 8U, 7U, 11U, 25U, 31U}) {
    auto radius = solve_with_single_terms(five_party_majority(x).value(), gamma, 0.8842);
    if (!radius) continue;
    found = std::move(*radius);
    from = x;
    break;
  }
  ASSERT_TRUE(found.has_value());
  EXPECT_LE(found->alpha, Rational(8842, 10000));
  EXPECT_LE(found->beta, Rational(126, 100));
  std::vector<SavedRadius> list;
  int settings = 0;
  for (std::size_t x = 0; x < 32; ++x) {
    const auto problem = five_party_majority(x);
    if (!problem) continue;
    ++settings;
    GuessRadius here = carry_to_setting(*found, from, x).value();
    EXPECT_TRUE(check_guess_radius(*problem, here).ok()) << x;
    EXPECT_TRUE(check_single_terms(here, gamma).ok()) << x;
    EXPECT_FALSE(check_single_terms(here, Rational(95, 100)).ok());
    if (list.empty()) list.push_back({"first", *problem, std::move(here), gamma});
  }
  EXPECT_EQ(settings, 16);
  EXPECT_FALSE(carry_to_setting(*found, from, 0).ok());

  const std::string text = format_guess_radii(list);
  EXPECT_TRUE(is_guess_radii(text));
  EXPECT_FALSE(is_guess_radii("{}"));
  auto back = parse_guess_radii(text, "f").value();
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].radius.omega, list[0].radius.omega);
  EXPECT_EQ(back[0].title, "first");
  EXPECT_TRUE(check_saved_radius(back[0]).ok());
  for (int forgery = 0; forgery < 5; ++forgery) {
    SavedRadius forged = back[0];
    if (forgery == 0) forged.radius.alpha -= Rational(1, 1000000);
    if (forgery == 1) forged.radius.beta -= Rational(1, 1000000);
    if (forgery == 2) forged.gamma = Rational(97, 100);
    if (forgery == 3) forged.radius.gamma0[5] += Rational(1, 1000000);
    if (forgery == 4) std::swap(forged.problem.event0, forged.problem.event1);
    EXPECT_FALSE(check_saved_radius(forged).ok()) << forgery;
  }
  EXPECT_EQ(parse_guess_radii(text.substr(0, 1000), "f").error().file, "f");
  EXPECT_FALSE(parse_guess_radii(R"({"format": "bellows-guess-radius", "version": 2, "certificates": []})", "f").ok());
}

TEST(GuessRadius, GammaOutsideItsRangeIsRefused) {
  const GuessRadiusProblem problem = five_party_majority(1).value();
  EXPECT_FALSE(solve_with_single_terms(problem, Rational(1, 2)).ok());
  EXPECT_FALSE(solve_with_single_terms(problem, Rational(1)).ok());
}

}  // namespace
}  // namespace bellows::bell
