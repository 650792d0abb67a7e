// Devices whose true entropy is known, against every method; and the same with a bug put into the bound, which must be
// caught here. Fixed seeds.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bellows/certify/certify.h"
#include "bellows/certify/one_sided.h"
#include "bellows/certify/search.h"
#include "bellows/testing/shared_data.h"

namespace bellows::certify {
namespace {

using plan::Extractor;
using plan::Method;

constexpr std::uint64_t trials = 200000;
constexpr double tsirelson_win = 0.85355339059327;

enum class Bug { none, most_for_least, sign };

/// The win score's tangents with mu_max where mu_min belongs.
class MostForLeast : public TradeoffSource {
 public:
  Result<AffineTradeoff> propose(const Exact& threshold, const Exact& mu, const Worth& worth) const override {
    // 4 - 2 (1 - w)/mu_max: the tangents of a bias that turns mu_min into mu_max.
    const Exact half = Exact::fraction(1, 2), most = (half + mu) * (half + mu);
    const Exact chsh = Exact::integer(4) - Exact::integer(2) * (Exact::integer(1) - threshold) / most;
    const Exact as_if = Exact::integer(1) - (Exact::integer(4) - chsh) * Exact::fraction(1, 8);
    auto made = right_.propose(as_if, Exact(), worth);
    if (!made.ok()) return made;
    const Ball ratio = Ball(Exact::fraction(1, 4)) / Ball(most);
    made->offset += made->slope * (Ball(1) - ratio);
    made->slope *= ratio;
    return made;
  }

 private:
  OneSidedTangents right_{plan::ScoreKind::win_frequency, false};
};

/// The plan's grid, every threshold with what it certifies.
class Certifier {
 public:
  Certifier(Method method, const Exact& mu, const Exact& epsilon, Bug bug = Bug::none) : bug_(bug) {
    PlanWishes wishes;
    wishes.method = method;
    wishes.mu = mu;
    wishes.epsilon = epsilon;
    wishes.trial_count = trials;
    wishes.extractor = Extractor::toeplitz;
    plan_ = *built_in_plan(wishes);
    // A bug may certify below the right grid: give it room there, as a plan file could.
    const Exact low = score_of(0.70);
    plan_.thresholds = plan::Thresholds::grid(low, plan_.thresholds.highest(), 160);
    plan_.epsilons = plan::split_epsilon(epsilon, plan_.threshold_events(), plan_.extractor);
    certified_.assign(plan_.thresholds.count(), -1);
  }

  const plan::Plan& plan() const { return plan_; }

  /// Certified entropy of a score; 0: not certified.
  double entropy(const Exact& score) {
    auto reached = plan_.thresholds.reached(score);
    if (!reached) return 0;
    double& known = certified_[*reached];
    if (known < 0) known = evaluate(claim_of(plan_, *reached));
    return known;
  }

  Exact score_of(double win) const {
    return symmetric_score(plan::score_kind(plan_.method), Exact(mpq_class(win)), plan_.mu);
  }

 private:
  double evaluate(const Claim& claim) const {
    MostForLeast wrong;
    if (bug_ == Bug::sign) {
      OneSidedTangents right(plan::score_kind(claim.method), false);
      const Worth worth = [](double rate, double) { return rate; };
      auto made = right.propose(claim.threshold, claim.mu, worth);
      if (!made.ok()) return 0;
      Ball first = Ball(claim.trial_count) * made->at(claim.threshold);
      Ball log_term = Ball(1) - Ball(2) * log2(Ball(claim.epsilons.smoothing) * Ball(claim.epsilons.accumulation));
      Ball proved = improved_entropy(claim.trial_count, made->at(claim.threshold), made->spread(), log_term,
                                     Ball(Exact::literal("0.002")));
      return std::max(0.0, (Ball(2) * first - proved).lower());
    }
    auto proved = bound(claim, bug_ == Bug::most_for_least ? &wrong : nullptr);
    return proved.ok() && proved->extraction.output_bits > 0 ? proved->min_entropy_bits.lower() : 0;
  }

  plan::Plan plan_;
  Bug bug_;
  std::vector<double> certified_;
};

double least(double mu) { return (0.5 - mu) * (0.5 - mu); }

/// Wins of a device that knows what the source will do, and the source works for it: local strategies win three
/// settings, the fourth comes as rarely as the source may make it. `share` of the trials are honest quantum ones.
struct Run {
  std::uint64_t wins = 0, honest = 0;
};

Run play(double mu, double share, double skill, std::mt19937_64& random) {
  Run run;
  run.honest = std::binomial_distribution<std::uint64_t>(trials, share)(random);
  // skill 1: the best collusion; below: a random mixture of local strategies and of what the source does.
  const double local = 1 - (least(mu) + (1 - skill) * (0.5 - least(mu)));
  run.wins = std::binomial_distribution<std::uint64_t>(run.honest, tsirelson_win)(random) +
             std::binomial_distribution<std::uint64_t>(trials - run.honest, local)(random);
  return run;
}

/// How many of `count` runs of local cheats are certified at all: each is a failure, since Eve knows every outcome.
int certified_cheats(Certifier& certifier, double mu, int count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  int certified = 0;
  for (int i = 0; i < count; ++i) {
    Run run = play(mu, 0, i % 2 == 0 ? 1 : uniform(random), random);
    certified += certifier.entropy(Exact::fraction(run.wins, trials)) > 0;
  }
  return certified;
}

TEST(Soundness, LocalCheatsAreNeverCertified) {
  // Total epsilon 0.01: at most ten of a thousand are allowed; the bounds are far from that.
  for (const char* mu : {"0", "0.0075", "0.03", "0.1"})
    for (Method method : {Method::win, Method::win_older}) {
      Certifier certifier(method, Exact::literal(mu), Exact::literal("0.01"));
      EXPECT_EQ(certified_cheats(certifier, Exact::literal(mu).approximate(), 1000, 1), 0) << mu << " " << name(method);
    }
}

TEST(Soundness, MdlScoreOfLocalCheatsIsNeverCertified) {
  // Deterministic local strategies with the setting distributions of the box that favour them: S_mu <= 0 on average.
  std::mt19937_64 random(5);
  for (const char* bias : {"0", "0.0075", "0.03"}) {
    const Exact mu = Exact::literal(bias);
    const double m = mu.approximate(), low = (0.5 - m) * (0.5 - m), high = (0.5 + m) * (0.5 + m);
    for (Method method : {Method::mdl, Method::mdl_as_printed}) {
      Certifier certifier(method, mu, Exact::literal("0.01"));
      int certified = 0;
      for (int i = 0; i < 500; ++i) {
        // a = 0, b = 0 always: score mu_min at (0,0), -mu_max at (1,1); the source makes them likely and unlikely.
        const auto good = std::binomial_distribution<std::uint64_t>(trials, high)(random);
        const auto bad = std::binomial_distribution<std::uint64_t>(trials - good, low / (1 - high))(random);
        const Exact score = ((Exact::fraction(1, 2) - mu) * (Exact::fraction(1, 2) - mu) * Exact::integer(good) -
                             (Exact::fraction(1, 2) + mu) * (Exact::fraction(1, 2) + mu) * Exact::integer(bad)) /
                            Exact::integer(trials);
        certified += certifier.entropy(score) > 0;
      }
      EXPECT_EQ(certified, 0) << bias << " " << name(method);
    }
  }
}

TEST(Soundness, ABugInTheBoundIsCaught) {
  const Exact mu = Exact::literal("0.03"), epsilon = Exact::literal("0.01");
  Certifier most(Method::win, mu, epsilon, Bug::most_for_least), sign(Method::win, mu, epsilon, Bug::sign);
  EXPECT_GT(certified_cheats(most, 0.03, 1000, 1), 10) << "mu_max for mu_min must fail the test above";
  EXPECT_GT(certified_cheats(sign, 0.03, 1000, 1), 10) << "a wrong sign of the second order must fail the test above";
}

/// Runs in which Eve does better than certified. Eve knows which trials are honest and all local outcomes; her chance
/// to guess the raw string is (tsirelson_win / 2)^honest exactly.
int beaten(Certifier& certifier, double mu, int count) {
  std::mt19937_64 random(9);
  std::uniform_real_distribution<double> uniform(0, 1);
  int beaten = 0;
  for (int i = 0; i < count; ++i) {
    const double share = i % 4 == 0 ? 0 : uniform(random);
    Run run = play(mu, share, i % 3 == 0 ? uniform(random) : 1, random);
    const double truth = static_cast<double>(run.honest) * -std::log2(tsirelson_win / 2);
    beaten += certifier.entropy(Exact::fraction(run.wins, trials)) > truth;
  }
  return beaten;
}

TEST(Soundness, EvesGuessNeverBeatsTheCertificate) {
  const int runs = testing::long_tests() ? 100000 : 10000;
  for (const char* mu : {"0", "0.0075", "0.03"}) {
    Certifier certifier(Method::win, Exact::literal(mu), Exact::literal("0.01"));
    EXPECT_EQ(beaten(certifier, Exact::literal(mu).approximate(), runs), 0) << mu;
  }
  Certifier wrong(Method::win, Exact::literal("0.03"), Exact::literal("0.01"), Bug::most_for_least);
  EXPECT_GT(beaten(wrong, 0.03, runs), runs / 100) << "the test must see a bug";
}

TEST(Soundness, HonestDevicesDoPass) {
  Certifier certifier(Method::win, Exact::literal("0.0075"), Exact::literal("1e-9"));
  std::mt19937_64 random(3);
  int certified = 0;
  for (int i = 0; i < 200; ++i)
    certified += certifier.entropy(Exact::fraction(play(0.0075, 0.9, 1, random).wins, trials)) > 0;
  EXPECT_EQ(certified, 200);
}

/// The lemma behind S(score), by enumeration: all local deterministic strategies, all vertices of the box.
TEST(Soundness, LocalValuesOfTheScores) {
  for (const char* bias : {"0", "0.01", "0.1", "0.3"}) {
    const Exact mu = Exact::literal(bias), half = Exact::fraction(1, 2);
    const Exact low = (half - mu) * (half - mu), high = (half + mu) * (half + mu);
    Exact best_win, best_mdl = Exact::literal("-1");
    // Vertices of {low <= P <= high, sum 1}: three entries at an end, the fourth what is left.
    for (int free = 0; free < 4; ++free) {
      for (int mask = 0; mask < 8; ++mask) {
        Exact p[4], sum;
        for (int i = 0, bit = 0; i < 4; ++i)
          if (i != free) p[i] = (mask >> bit++) & 1 ? high : low, sum = sum + p[i];
        p[free] = Exact::integer(1) - sum;
        if (p[free] < low || p[free] > high) continue;
        for (int strategy = 0; strategy < 16; ++strategy) {
          Exact win, mdl;
          for (int xy = 0; xy < 4; ++xy) {
            const int x = xy >> 1, y = xy & 1, a = (strategy >> x) & 1, b = (strategy >> (2 + y)) & 1;
            if ((a ^ b) == (x & y)) win = win + p[xy];
            if (xy == 0 && a == 0 && b == 0) mdl = mdl + low * p[xy];
            if ((xy == 1 && a == 0 && b == 1) || (xy == 2 && a == 1 && b == 0) || (xy == 3 && a == 0 && b == 0))
              mdl = mdl - high * p[xy];
          }
          best_win = std::max(best_win, win);
          best_mdl = std::max(best_mdl, mdl);
        }
      }
    }
    // The maximum of local strategies is where the guaranteed CHSH value is 2, exactly for both scores.
    EXPECT_EQ(best_win, Exact::integer(1) - low) << bias;
    EXPECT_TRUE(guaranteed_chsh(plan::ScoreKind::win_frequency, best_win, mu).contains(Exact::integer(2)));
    EXPECT_LE(best_mdl, Exact()) << bias;
    EXPECT_TRUE(guaranteed_chsh(plan::ScoreKind::mdl_value, Exact(), mu).contains(Exact::integer(2)));
  }
}

}  // namespace
}  // namespace bellows::certify
