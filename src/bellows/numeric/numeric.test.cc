#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bellows/numeric/ball.h"
#include "bellows/numeric/exact.h"
#include "bellows/numeric/optimise.h"

namespace bellows::numeric {
namespace {

TEST(Exact, ReadsWhatPeopleWrite) {
  EXPECT_EQ(Exact::literal("0.75%"), Exact::fraction(3, 400));
  EXPECT_EQ(Exact::literal("1.5 %"), Exact::fraction(3, 200));
  EXPECT_EQ(Exact::literal("1.5 %").text(), "1.5%");
  for (const char* bad : {"1 .5%", "1.5 ", " 1.5%", "1 5", "%", " %", "1.5 % "}) EXPECT_FALSE(Exact::parse(bad).ok()) << bad;
  EXPECT_EQ(Exact::literal("1e-9").nearest(), 1e-9);
  EXPECT_EQ(Exact::literal("-0.1").nearest(), -0.1);
  EXPECT_EQ(Exact::literal("0.1").nearest(), 0.1);
  EXPECT_EQ(Exact().nearest(), 0.0);
  EXPECT_EQ(Exact::fraction(1, 3).nearest(), 1.0 / 3);
  EXPECT_EQ(Exact::literal("0.0075"), Exact::fraction(3, 400));
  EXPECT_EQ(Exact::literal("3/400"), Exact::fraction(3, 400));
  EXPECT_EQ(Exact::literal("1e-12").value(), mpq_class(mpz_class(1), mpz_class("1000000000000")));
  EXPECT_EQ(Exact::literal("2.5E3"), Exact::integer(2500));
  EXPECT_EQ(Exact::literal("-.5").value(), mpq_class(-1, 2));
  EXPECT_EQ(Exact::literal("2^-40").value(), mpq_class(1, mpz_class(1) << 40));
  EXPECT_EQ(Exact::literal("010"), Exact::integer(10)) << "no octal";
  EXPECT_EQ(Exact::literal("1e-4000").approximate(), 0.0);
  EXPECT_TRUE(Exact::literal("1e-4000").is_positive()) << "nothing underflows";
}

TEST(Exact, RefusesTheRest) {
  for (const char* text :
       {"",       "nan",  "NaN", "inf", "-inf", "1e", "1e-", "1..2", "0x10",  "1 ",   " 1",
        "1e5001", "1/0",  "e5",  ".",   "-",    "%",  "1%%", "2^",   "0.5^2", "0^-1", "1e99999999999999999999",
        "1/2/3",  "1/-2", "0^0", "--1"})
    EXPECT_FALSE(Exact::parse(text).ok()) << text;
  EXPECT_FALSE(Exact::parse(std::string(20000, '1')).ok());
}

TEST(Exact, KeepsAndMakesText) {
  EXPECT_EQ(Exact::literal("0.75%").text(), "0.75%");
  EXPECT_EQ((Exact::literal("0.75%") + Exact::literal("0.25")).text(), "0.2575");
  EXPECT_EQ((Exact::literal("1/3") + Exact::literal("1/3")).text(), "2/3");
  EXPECT_EQ((Exact::literal("1/8") - Exact::literal("1/4")).text(), "-0.125");
  EXPECT_EQ((Exact::integer(20) * Exact::integer(5)).text(), "100");
  EXPECT_LT(Exact::literal("1e-13"), Exact::literal("1e-12"));
}

TEST(Ball, SidesAreSafe) {
  Ball third = Ball(1) / Ball(3);
  EXPECT_LT(third.lower(), third.upper());
  EXPECT_TRUE(third.contains(Exact::literal("1/3")));
  EXPECT_LE(mpq_class(third.lower()), mpq_class(1, 3));
  EXPECT_GE(mpq_class(third.upper()), mpq_class(1, 3));
  EXPECT_EQ(Ball(7).floor_lower(), 7);
  EXPECT_EQ((Ball(7) + third).floor_lower(), 7);
  EXPECT_EQ((Ball(7) + third).ceil_upper(), 8);
  EXPECT_EQ((-Ball(7) - third).floor_lower(), -8);
  // A ball around a whole number rounds down below it: 3 * (1/3) is 1 only within the radius.
  EXPECT_EQ((third * Ball(3)).floor_lower(), 0);
  EXPECT_FALSE(exp2(Ball(200)).floor_lower().has_value());
}

TEST(Ball, UnknownStaysUnknown) {
  Ball wide = Ball::hull(Ball(-1), Ball(1));
  for (const Ball& bad : {log2(wide), Ball(1) / wide, sqrt(Ball(-1)), binary_entropy(Ball(2)), Ball::of_double(NAN),
                          log2(wide) * Ball(0) + Ball(1)}) {
    EXPECT_FALSE(bad.is_finite());
    EXPECT_EQ(bad.lower(), -INFINITY);
    EXPECT_EQ(bad.upper(), INFINITY);
    EXPECT_FALSE(bad.floor_lower().has_value());
    EXPECT_FALSE(certainly_less(bad, Ball(1)));
    EXPECT_FALSE(certainly_less(Ball(1), bad));
    EXPECT_FALSE(certainly_positive(bad));
  }
  EXPECT_FALSE(certainly_less(wide, Ball(1)));
  EXPECT_TRUE(certainly_at_most(Ball(1), Ball(1)));
}

TEST(Ball, AgreesWithDoubles) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform(0.01, 0.99);
  for (int i = 0; i < 200; ++i) {
    double p = uniform(random), q = uniform(random);
    Ball P = Ball::of_double(p), Q = Ball::of_double(q);
    EXPECT_NEAR(binary_entropy(P).middle(), -p * std::log2(p) - (1 - p) * std::log2(1 - p), 1e-14);
    EXPECT_NEAR(log2(P / Q).middle(), std::log2(p / q), 1e-13);
    EXPECT_NEAR(exp2(P).middle(), std::exp2(p), 1e-14);
    EXPECT_NEAR((square(cos(P)) + square(sin(P))).middle(), 1, 1e-15);
    EXPECT_EQ(max(P, Q).middle(), std::max(p, q));
    EXPECT_EQ(min(P, Q).middle(), std::min(p, q));
    EXPECT_LT(log2(P).upper() - log2(P).lower(), 1e-14);
  }
  EXPECT_EQ(binary_entropy(Ball(0)).middle(), 0);
  EXPECT_EQ(binary_entropy(Ball(1)).middle(), 0);
  EXPECT_NEAR(pi().middle(), M_PI, 1e-15);
}

TEST(Optimise, FindsTheTop) {
  EXPECT_NEAR(maximise([](double x) { return -(x - 0.3) * (x - 0.3); }, 0, 1).argument, 0.3, 1e-6);
  EXPECT_NEAR(maximise([](double x) { return x < 0.5 ? NAN : -x; }, 0, 1).argument, 0.5, 0.05);
  EXPECT_EQ(maximise([](double x) { return x; }, 0, 1).argument, 1);
  EXPECT_EQ(first_true(0, 100, [](long long x) { return x >= 37; }), 37);
  EXPECT_EQ(first_true(0, 100, [](long long) { return false; }), 101);
}

}  // namespace
}  // namespace bellows::numeric
