#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <bit>
#include <cmath>
#include <numbers>

#include "bellows/bell/behaviour.h"
#include "bellows/bell/functional.h"
#include "bellows/bell/local_bound.h"

namespace bellows::bell {
namespace {

using Matrix = Eigen::MatrixXcd;

/// P(a|x) by Kronecker products of projectors, party 0 the lowest digit.
double by_operators(const QubitExperiment& e, std::size_t a, std::size_t x) {
  Matrix projector = Matrix::Identity(1, 1);
  for (int p = e.scenario.parties(); p-- > 0;) {
    const auto& basis = e.bases[static_cast<std::size_t>(p)][static_cast<std::size_t>(e.scenario.setting_digit(x, p))];
    const std::size_t row = (a >> p) & 1U;
    Eigen::RowVector2cd bra;
    bra << basis[2 * row], basis[2 * row + 1];
    const Matrix one = bra.adjoint() * bra;
    Matrix next(projector.rows() * 2, projector.cols() * 2);
    for (Eigen::Index i = 0; i < projector.rows(); ++i) {
      for (Eigen::Index j = 0; j < projector.cols(); ++j) next.block<2, 2>(2 * i, 2 * j) = projector(i, j) * one;
    }
    projector = next;
  }
  Eigen::VectorXcd state(static_cast<Eigen::Index>(e.state.size()));
  for (std::size_t i = 0; i < e.state.size(); ++i) state(static_cast<Eigen::Index>(i)) = e.state[i];
  return (state.adjoint() * projector * state)(0, 0).real();
}

TEST(Scenario, NumbersAndNames) {
  const Scenario s = Scenario::make({2, 3, 12}).value();
  EXPECT_EQ(s.joint_settings(), 72U);
  EXPECT_EQ(s.correlators(), 3U * 4U * 13U);
  for (std::size_t x = 0; x < s.joint_settings(); ++x) EXPECT_EQ(s.parse_setting(s.format_setting(x)).value(), x);
  EXPECT_EQ(s.format_setting(s.joint_setting({1, 2, 11})), "1,2,11");
  EXPECT_FALSE(s.parse_setting("1,2,12").ok());
  EXPECT_FALSE(s.parse_setting("1,2").ok());
  EXPECT_FALSE(s.parse_setting("1,,2").ok());
}

TEST(Scenario, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(Scenario::make({}).ok());
  EXPECT_FALSE(Scenario::make(std::vector<int>(8, 2)).ok());
  EXPECT_FALSE(Scenario::make({2, 0}).ok());
  const auto big = Scenario::make({1000, 1000});
  ASSERT_FALSE(big.ok());
  EXPECT_NE(big.error().message.find("4000000 entries"), std::string::npos) << big.error().message;
}

TEST(Scenario, CorrelatorsAndTablesAreInverse) {
  const Scenario s = Scenario::make({2, 3, 1}).value();
  RationalTable correlators(s.correlators());
  for (std::size_t c = 0; c < correlators.size(); ++c) correlators[c] = Rational(static_cast<long>(c * c % 11) - 5, 7);
  for (Rational& c : correlators) c.canonicalize();
  // <functional, box> is the same in both bases.
  RationalTable functional(s.table_size());
  for (std::size_t i = 0; i < functional.size(); ++i) functional[i] = static_cast<long>(i * 7 % 13) - 6;
  const RationalTable box = to_scaled_table(s, correlators);
  const RationalTable dual = to_scaled_correlators(s, functional);
  Rational left = 0, right = 0;
  for (std::size_t i = 0; i < box.size(); ++i) left += box[i] * functional[i];
  for (std::size_t c = 0; c < dual.size(); ++c) right += dual[c] * correlators[c];
  EXPECT_EQ(left, right);
}

TEST(Rational, ReadsExactly) {
  EXPECT_EQ(parse_rational("0.35").value(), Rational(7, 20));
  EXPECT_EQ(parse_rational("-1.25e-1").value(), Rational(-1, 8));
  EXPECT_EQ(parse_rational("6/4").value(), Rational(3, 2));
  for (const char* bad : {"", "-", "1/0", "nan", "0x1", "1.2.3", "1/2/3", "1e999999", "1 "}) EXPECT_FALSE(parse_rational(bad).ok()) << bad;
}

TEST(LocalBound, KnownValues) {
  // CHSH and chained: textbook; Mermin: Gallego et al. eq. (A1) for five parties, 2^{n-2} - 2^{(n-3)/2} in general;
  // four parties: Brandao et al. eq. (5).
  const auto low = [](const char* name) { return local_bounds(functional_by_name(name).value()).value().minimum; };
  EXPECT_EQ(low("chsh"), -2);
  EXPECT_EQ(local_bounds(chsh()).value().maximum, 2);
  EXPECT_EQ(low("chsh-losses"), 1);
  EXPECT_EQ(low("mermin:3"), 1);
  EXPECT_EQ(low("mermin:5"), 6);
  EXPECT_EQ(low("mermin:7"), 28);
  EXPECT_EQ(low("four-party"), 2);
  for (int n = 2; n <= 14; n += 3) EXPECT_EQ(local_bounds(chained(n).value()).value().minimum, 1) << n;
  EXPECT_EQ(local_bounds(functional_by_name("mdl:0.0075").value()).value().maximum, 0);
}

TEST(LocalBound, AgreesWithBruteForce) {
  // A lopsided scenario with arbitrary coefficients, against all strategies of all parties.
  const Scenario s = Scenario::make({3, 2, 2}).value();
  Functional f = empty_functional("arbitrary", s);
  unsigned state = 12345;
  for (Rational& c : f.coefficients) {
    state = state * 1664525U + 1013904223U;
    c = Rational(static_cast<long>(state >> 20) - 2048, 1 + (state >> 12 & 7U));
    c.canonicalize();
  }
  Rational low, high;
  for (unsigned strategy = 0; strategy < 128; ++strategy) {
    Rational value = 0;
    for (std::size_t x = 0; x < s.joint_settings(); ++x) {
      const unsigned a = (strategy >> s.setting_digit(x, 0) & 1U) | (strategy >> (3 + s.setting_digit(x, 1)) & 1U) << 1 |
                         (strategy >> (5 + s.setting_digit(x, 2)) & 1U) << 2;
      value += f.coefficients[s.table_index(a, x)];
    }
    if (strategy == 0 || value < low) low = value;
    if (strategy == 0 || value > high) high = value;
  }
  EXPECT_EQ(local_bounds(f).value().minimum, low);
  EXPECT_EQ(local_bounds(f).value().maximum, high);
}

TEST(LocalBound, RefusesTheEndless) {
  Functional f = empty_functional("wide", Scenario::make({64, 64}).value());
  const auto bounds = local_bounds(f);
  ASSERT_FALSE(bounds.ok());
  EXPECT_NE(bounds.error().message.find("2^64"), std::string::npos);
}

TEST(Quantum, AgreesWithOperators) {
  for (const QubitExperiment& e : {ghz_experiment(3).value(), four_party_experiment(), chained_experiment(3).value()}) {
    const Behaviour box = e.behaviour();
    for (std::size_t x = 0; x < box.scenario.joint_settings(); ++x) {
      for (std::size_t a = 0; a < box.scenario.outcomes(); ++a) {
        EXPECT_NEAR(box.probability(a, x), by_operators(e, a, x), 1e-12);
      }
    }
    EXPECT_TRUE(check_no_signalling(box).ok());
  }
}

TEST(Quantum, PaperValues) {
  for (int n : {3, 5, 7}) EXPECT_NEAR(mermin(n).value().value(ghz_experiment(n).value().behaviour().table), 0, 1e-12) << n;
  EXPECT_NEAR(four_party().value(four_party_experiment().behaviour().table), 0, 1e-12);
  // Colbeck and Renner eq. (3); Masanes et al. use the same expression.
  const double expected[][2] = {{2, 0.585786}, {4, 0.304482}, {8, 0.153718}, {32, 0.0385454}};
  for (const auto& [n, value] : expected) {
    const int settings = static_cast<int>(n);
    const double found = chained(settings).value().value(chained_experiment(settings).value().behaviour().table);
    EXPECT_NEAR(found, value, 1e-6);
    EXPECT_NEAR(found, 2 * n * std::pow(std::sin(std::numbers::pi / (4 * n)), 2), 1e-12);
  }
}

TEST(Boxes, AreWhatTheySay) {
  EXPECT_TRUE(check_no_signalling(pr_box()).ok());
  EXPECT_DOUBLE_EQ(chsh().value(pr_box().table), 4);
  EXPECT_DOUBLE_EQ(chsh_losses().value(pr_box().table), 0);
  for (int n : {2, 5, 9}) {
    const Behaviour box = chained_no_signalling_box(n).value();
    EXPECT_TRUE(check_no_signalling(box).ok());
    EXPECT_NEAR(chained(n).value().value(box.table), 0, 1e-12);
  }
  for (int n : {3, 5, 7}) {
    for (int party = 0; party < n; ++party) {
      for (int outcome : {0, 1}) {
        const Behaviour box = mermin_box_with_deterministic_party(n, party, outcome).value();
        EXPECT_TRUE(check_no_signalling(box).ok()) << n << " " << party;
        EXPECT_NEAR(mermin(n).value().value(box.table), 0, 1e-12);
        double fixed = 0;
        for (std::size_t a = 0; a < box.scenario.outcomes(); ++a) {
          if ((a >> party & 1U) == static_cast<std::size_t>(outcome)) fixed += box.probability(a, 1);
        }
        EXPECT_NEAR(fixed, 1, 1e-12);
      }
    }
  }
  const Behaviour noisy = with_outcome_noise(mix(pr_box(), deterministic_box(pr_box().scenario, {{0, 0}, {0, 0}}), 0.5), 0.1);
  EXPECT_TRUE(check_no_signalling(noisy).ok());
  // Mixture wins 1 and 3/4 of the settings; two independent flips leave the parity with 0.82.
  EXPECT_NEAR(chsh_losses().value(noisy.table), 4 - 4 * (0.875 * 0.82 + 0.125 * 0.18), 1e-12);
}

TEST(Boxes, SignallingIsNamed) {
  Behaviour box = pr_box();
  // Bob's outcome copies Alice's setting: party 1 signals.
  std::fill(box.table.begin(), box.table.end(), 0.0);
  for (std::size_t x = 0; x < 4; ++x) box.table[box.scenario.table_index((x & 1U) << 1, x)] = 1;
  const Status status = check_no_signalling(box);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("party 1"), std::string::npos) << status.error().message;
  EXPECT_NE(status.error().message.find("1.0"), std::string::npos);
  box = pr_box();
  box.table[0] += 0.1;
  EXPECT_NE(check_no_signalling(box).error().message.find("sum to 1.1"), std::string::npos);
  box = pr_box();
  box.table[0] = -0.5;
  EXPECT_FALSE(check_no_signalling(box).ok());
  box.table[0] = std::nan("");
  EXPECT_FALSE(check_no_signalling(box).ok());
  box.table.pop_back();
  EXPECT_FALSE(check_no_signalling(box).ok());
}

TEST(FunctionalFile, ReadsWhatItWrites) {
  for (const char* name : {"chsh", "mdl:0.0075", "chained:11", "mermin:5", "four-party"}) {
    const Functional f = functional_by_name(name).value();
    const Functional back = parse_functional(format_functional(f)).value();
    EXPECT_EQ(back.name, f.name);
    EXPECT_TRUE(back.scenario == f.scenario);
    EXPECT_EQ(back.coefficients, f.coefficients);
  }
}

TEST(FunctionalFile, RefusesWithTheLine) {
  const std::string head = "bellows-functional 1\nsettings 2 2\n";
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "first line"},
      {"bellows-functional 2\n", "version 1"},
      {"bellows-functional 1\n", "no line 'settings'"},
      {"bellows-functional 1\n00 00 1\n", "line 2"},
      {"bellows-functional 1\nsettings 2 x\n", "line 2"},
      {head + "00 02 1\n", "no setting 2"},
      {head + "02 00 1\n", "joint outcome"},
      {head + "00 00 1/0\n", "not a number"},
      {head + "00 00 1\n# comment\n00 00 2\n", "line 5"},
      {head + "00 00\n", "line 3"},
      {"bellows-functional 1\nsettings 2 2 2 2 2 2 2 2\n", "1 to 7 parties"},
  };
  for (const auto& [text, expected] : bad) {
    const auto f = parse_functional(text);
    ASSERT_FALSE(f.ok()) << text;
    EXPECT_NE(f.error().message.find(expected), std::string::npos) << f.error().message << " for " << text;
  }
}

}  // namespace
}  // namespace bellows::bell
