#include "bellows/bell/no_signalling.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "bellows/bell/catalogue.h"
#include "bellows/bell/guess_radius.h"
#include "bellows/testing/shared_data.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::bell {
namespace {

/// By value: a loop over the value of a temporary Result would outlive it.
std::vector<CatalogueCase> cases_of(const std::string& name, int size = 0) { return catalogue_cases(name, size).value(); }

Rational expect_case(const CatalogueCase& c) {
  const auto bound = solve(c.program);
  if (!bound.ok()) {
    ADD_FAILURE() << c.title << ": " << bound.error().message;
    return {};
  }
  if (c.upper_only) {
    EXPECT_LE(bound->bound.value, c.expected) << c.title << " is " << bound->bound.value;
  } else {
    EXPECT_EQ(bound->bound.value, c.expected) << c.title << " is " << bound->bound.value;
  }
  EXPECT_TRUE(bound->bound.exact_identity) << c.title;
  EXPECT_TRUE(bound->tight()) << c.title;
  return bound->bound.value;
}

TEST(NoSignalling, FivePartyMajorityIsThreeQuarters) {
  for (const CatalogueCase& c : cases_of("majority-five")) expect_case(c);
}

TEST(NoSignalling, SevenPartyWeightIsTwoThirds) {
  if (testing::sanitized()) GTEST_SKIP() << "the same code as for five parties";
  for (const CatalogueCase& c : cases_of("weight-seven")) expect_case(c);
}

TEST(NoSignalling, ThreePartiesFixEveryFunction) {
  const auto cases = cases_of("three-party");
  EXPECT_EQ(cases.size(), 4U * 70U);
  for (const CatalogueCase& c : cases) expect_case(c);
}

TEST(NoSignalling, FourPartyOutcomes) {
  for (const CatalogueCase& c : cases_of("four-outcomes")) expect_case(c);
  for (const CatalogueCase& c : cases_of("three-outcomes")) expect_case(c);
}

TEST(NoSignalling, FourPartyDualsHoldForEveryDelta) {
  // The dual gives constant + multiplier * delta whatever delta is: that is the form in which the protocol uses it.
  for (const CatalogueCase& c : cases_of("three-outcomes")) {
    const auto bound = solve(c.program).value();
    EXPECT_EQ(bound.bound.constant, Rational(1, 3));
    EXPECT_EQ(bound.bound.multipliers.at(0), Rational(5, 12));
  }
}

TEST(NoSignalling, FourPartyOutcomesWithUnequalSettings) {
  // All of them in the long tests; every seventh otherwise (relabellings make most of them equal), and fewer under sanitizers.
  const std::size_t step = testing::long_tests() ? 1 : testing::sanitized() ? 29 : 7;
  for (const char* name : {"four-weighted", "three-weighted"}) {
    const auto cases = cases_of(name);
    EXPECT_EQ(cases.size(), std::string(name) == "four-weighted" ? 2048U : 4096U);
    Rational worst = 0;
    for (std::size_t i = 0; i < cases.size(); i += step) {
      const Rational value = expect_case(cases[i]);
      if (value > worst) worst = value;
    }
    EXPECT_EQ(worst, Rational(1, 3)) << name;
  }
}

TEST(NoSignalling, ChainedGuessing) {
  for (const CatalogueCase& c : cases_of("chained")) expect_case(c);
  expect_case(cases_of("chained", 24).at(0));
}

TEST(NoSignalling, SymmetryChangesNothing) {
  for (const char* name : {"majority-five", "four-outcomes"}) {
    const CatalogueCase c = cases_of(name).front();
    const auto plain = solve(c.program, {.use_symmetries = false}).value();
    EXPECT_EQ(plain.bound.value, c.expected);
    EXPECT_GT(plain.variables, 5 * solve(c.program).value().variables);
  }
}

TEST(NoSignalling, AlgebraicValues) {
  // CHSH at 4, and the largest total of the five-party conditions.
  EXPECT_EQ(solve({chsh(), {}}).value().bound.value, 4);
  EXPECT_EQ(solve({mermin(5).value(), {}}).value().bound.value, 16);
}

TEST(NoSignalling, MonogamyOfMeasurementDependence) {
  // A guess at half a violation: halfway between certain and random.
  const Functional f = chsh_losses();
  const auto bound = solve({outcome_event(f.scenario, 0, {true, false, true, false}), {{f, Relation::at_most, Rational(1, 2)}}}).value();
  EXPECT_EQ(bound.bound.value, Rational(3, 4));
}

TEST(NoSignalling, ContradictionsAreRefused) {
  const Functional f = chsh();
  const auto bound = solve({f, {{f, Relation::equal, 5}}});
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(bound.error().code, ErrorCode::refused);
}

TEST(CheckBound, AnyWeightsProveSomething) {
  // All weights zero: the objective is bounded by the sizes of its correlators.
  const Functional f = chsh();
  NoSignallingProgram program{f, {}};
  const auto bound = check_bound(program, {RationalTable(f.scenario.table_size(), Rational(0)), {}}).value();
  EXPECT_FALSE(bound.exact_identity);
  EXPECT_EQ(bound.value, 4);
}

TEST(CheckBound, DisturbedDualsDoNotPassUnnoticed) {
  const CatalogueCase c = cases_of("majority-five").front();
  const auto good = solve(c.program).value();
  DualBound dual = good.dual;
  for (std::size_t i = 0; i < dual.weights.size(); ++i) {
    if (dual.weights[i] == 0) continue;
    dual.weights[i] /= 2;
    break;
  }
  const auto worse = check_bound(c.program, dual).value();
  EXPECT_FALSE(worse.exact_identity);
  EXPECT_GT(worse.value, Rational(3, 4));
  dual.weights[3] = Rational(-1, 1000);
  EXPECT_FALSE(check_bound(c.program, dual).ok());
}

TEST(SavedBound, RoundTripAndForgery) {
  const CatalogueCase c = cases_of("three-outcomes").front();
  const auto bound = solve(c.program).value();
  const std::string text = format_bound(c.program, bound, c.title);
  const SavedBound saved = parse_bound(text).value();
  EXPECT_EQ(saved.title, c.title);
  const auto again = check_saved(saved).value();
  EXPECT_EQ(again.bound.value, bound.bound.value);
  EXPECT_TRUE(again.tight());

  SavedBound forged = saved;
  forged.claimed_value = Rational(1, 3);
  const auto refused_claim = check_saved(forged);
  ASSERT_FALSE(refused_claim.ok());
  EXPECT_EQ(refused_claim.error().code, ErrorCode::refused);

  for (const std::string& bad : {std::string("{"), std::string("[]"), std::string(R"({"format":"bellows-bound","version":2})"),
                                 std::string(R"({"format":"bellows-bound","version":1,"settings":[2,2],"maximise":[["00","00"]]})"),
                                 std::string(R"({"format":"bellows-bound","version":1,"settings":[99999,99999]})"),
                                 text.substr(0, text.size() / 2)}) {
    const auto parsed = parse_bound(bad, "name.json");
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().code, ErrorCode::bad_input);
    EXPECT_EQ(parsed.error().file, "name.json");
  }
}

TEST(SavedBound, TheDocumentedCheckerAgrees) {
  if (std::system("python3 -c ''") != 0) GTEST_SKIP() << "no python3";
  std::ifstream page(std::string(BELLOWS_SOURCE_DIR) + "/docs/format-bound.md");
  std::stringstream text;
  text << page.rdbuf();
  const std::string all = text.str();
  const std::size_t start = all.find("```python\n") + 10;
  const std::string program = all.substr(start, all.find("```", start) - start);
  const testing::TempFolder folder;
  const std::string checker = (folder.path() / "check.py").string();
  std::ofstream(checker) << program;
  for (const auto& name : {"majority-five", "three-outcomes", "chained"}) {
    const CatalogueCase c = cases_of(name).back();
    auto bound = solve(c.program).value();
    const std::string file = (folder.path() / (std::string(name) + ".json")).string();
    std::ofstream(file) << format_bound(c.program, bound, c.title);
    EXPECT_EQ(std::system(("python3 " + checker + " " + file + " > /dev/null").c_str()), 0) << name;
    bound.bound.value -= Rational(1, 1000000);
    std::ofstream(file) << format_bound(c.program, bound, c.title);
    EXPECT_NE(std::system(("python3 " + checker + " " + file + " > /dev/null").c_str()), 0) << name;
  }
}

TEST(GuessRadius, OctagonGivesTheCosine) {
  // cos^2(pi/8) = 0.8535533906 for every class of settings.
  for (std::size_t x : {1U, 8U, 31U, 7U, 11U, 25U}) {
    const auto problem = five_party_majority(x).value();
    const auto radius = solve_guess_radius(problem, {.polygon_sides = 8}).value();
    EXPECT_NEAR(radius.alpha.get_d(), 0.8535533906, 1e-7);
    EXPECT_LT(radius.beta, Rational(54, 100));
    EXPECT_TRUE(check_guess_radius(problem, radius).ok());
  }
}

TEST(GuessRadius, FinerPolygonsApproachTheCircle) {
  const auto problem = five_party_majority(31).value();
  const auto radius = solve_guess_radius(problem, {.polygon_sides = 64}).value();
  EXPECT_LT(radius.alpha, Rational(7914, 10000));
  // No alpha below sqrt(10)/4: the box with P(0) = 3/4 attains that distance.
  EXPECT_GT(radius.alpha * radius.alpha * 16, 10);
  const auto traded = solve_guess_radius(problem, {.polygon_sides = 64, .alpha_at_most = 0.86}).value();
  EXPECT_LT(traded.beta, Rational(22, 100));
}

TEST(GuessRadius, ForgeriesAreRefused) {
  const auto problem = five_party_majority(1).value();
  const auto radius = solve_guess_radius(problem, {.polygon_sides = 8}).value();
  GuessRadius forged = radius;
  forged.alpha -= Rational(1, 1000000);
  EXPECT_FALSE(check_guess_radius(problem, forged).ok());
  forged = radius;
  for (Rational& entry : forged.omega) entry -= Rational(1, 100);
  forged.alpha -= Rational(32, 100);
  EXPECT_FALSE(check_guess_radius(problem, forged).ok());
  EXPECT_FALSE(five_party_majority(3).ok());
}

}  // namespace
}  // namespace bellows::bell
