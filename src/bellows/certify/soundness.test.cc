// Devices whose true entropy is known, against every method. Runs are drawn as counts, not trial by trial, so they are
// long enough for each method to certify an honest device, which is asserted: a method that certifies nothing would pass
// all the rest. tests/soundness/ compiles this file again with mistakes put into the product's own bound; each of them
// has to be caught by the tests called NoMoreThanTrue.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "bellows/certify/certify.h"
#include "bellows/certify/one_sided.h"
#include "bellows/certify/search.h"
#include "bellows/testing/shared_data.h"

namespace bellows::certify {
namespace {

using estimate::Counts;
using plan::Method;
using plan::ScoreKind;

constexpr std::uint64_t trials = std::uint64_t{1} << 33;
const char* const biases[] = {"0", "0.0075", "0.03", "0.1"};
const Method all_methods[] = {Method::win, Method::two_sided, Method::mdl, Method::win_older, Method::mdl_as_printed};

using Pairs = std::array<double, 4>;   // P(xy), entry 2x + y
using Table = std::array<double, 16>;  // P(ab|xy) or P(xyab), entry 8x + 4y + 2a + b

bool wins(unsigned i) { return ((i >> 1 ^ i) & 1) == (i >> 3 & i >> 2 & 1); }

/// The corners of what a source of bias mu may do in one trial: x, y after x = 0, y after x = 1, each at an end.
Pairs source_corner(unsigned corner, double mu) {
  auto one = [&](unsigned bit) { return (corner >> bit & 1) != 0 ? 0.5 + mu : 0.5 - mu; };
  const double x = one(0);
  return {(1 - x) * (1 - one(1)), (1 - x) * one(1), x * (1 - one(2)), x * one(2)};
}

/// Strategy bits: a(0), a(1), b(0), b(1).
Table local_box(unsigned strategy) {
  Table box{};
  for (unsigned xy = 0; xy < 4; ++xy)
    box[4 * xy + 2 * (strategy >> (xy >> 1) & 1) + (strategy >> (2 + (xy & 1)) & 1)] = 1;
  return box;
}

Table tsirelson_box() {
  Table box{};
  for (unsigned i = 0; i < 16; ++i) box[i] = (wins(i) ? 0.5 + std::sqrt(0.125) : 0.5 - std::sqrt(0.125)) / 2;
  return box;
}

/// The quantum box of Hardy's paradox: P(01|01) = P(10|10) = P(00|11) = 0 and P(00|00) = (5 sqrt 5 - 11)/2, so that its
/// MDL value has one term, and the lemma for that value is an equality where the source helps.
Table hardy_box() {
  const double s = (3 - std::sqrt(5.0)) / 2, a = std::sqrt(s), c = std::sqrt(1 - 2 * s);  // a|01> + a|10> + c|11>
  const double cosine = c / std::sqrt(s + c * c), sine = -a / std::sqrt(s + c * c);
  const double vectors[2][2][2] = {{{cosine, sine}, {-sine, cosine}}, {{1, 0}, {0, 1}}};  // setting, outcome
  Table box{};
  for (unsigned i = 0; i < 16; ++i) {
    const auto& u = vectors[i >> 3 & 1][i >> 1 & 1];
    const auto& v = vectors[i >> 2 & 1][i & 1];
    const double amplitude = a * (u[0] * v[1] + u[1] * v[0]) + c * u[1] * v[1];
    box[i] = amplitude * amplitude;
  }
  return box;
}

double chsh_of(const Table& box) {
  double won = 0;
  for (unsigned i = 0; i < 16; ++i) won += wins(i) ? box[i] : 0;
  return 2 * won - 4;
}

Table joint(const Pairs& settings, const Table& box) {
  Table p{};
  for (unsigned i = 0; i < 16; ++i) p[i] = settings[i / 4] * box[i];
  return p;
}

double expected_score(ScoreKind kind, const Table& p, double mu) {
  const double low = (0.5 - mu) * (0.5 - mu), high = (0.5 + mu) * (0.5 + mu);
  if (kind == ScoreKind::mdl_value) return low * p[0b0000] - high * (p[0b0101] + p[0b1010] + p[0b1100]);
  double won = 0;
  for (unsigned i = 0; i < 16; ++i) won += wins(i) ? p[i] : 0;
  return won;
}

/// The settings that a source which knows the box gives it.
Pairs helpful_settings(ScoreKind kind, const Table& box, double mu) {
  Pairs best{};
  double highest = -2;
  for (unsigned corner = 0; corner < 8; ++corner) {
    const Pairs settings = source_corner(corner, mu);
    if (const double score = expected_score(kind, joint(settings, box), mu); score > highest)
      highest = score, best = settings;
  }
  return best;
}

/// A run: in each trial Eve knows which part it is, of a weight, a source and a box.
class Mixture {
 public:
  void add(double weight, const Pairs& settings, const Table& box) {
    for (unsigned xy = 0; xy < 4; ++xy) {
      double entropy = 0, largest = 0;
      for (unsigned ab = 0; ab < 4; ++ab) {
        const double p = box[4 * xy + ab];
        entropy -= p > 0 ? p * std::log2(p) : 0;
        largest = std::max(largest, p);
        p_xyab_[4 * xy + ab] += weight * settings[xy] * p;
      }
      entropy_ += weight * settings[xy] * entropy;
      guessing_entropy_ -= weight * settings[xy] * std::log2(largest);
    }
  }
  const Table& p_xyab() const { return p_xyab_; }
  /// What the raw string holds for Eve, but for fluctuations: the smooth min-entropy of a long run.
  double entropy_bits() const {
    return static_cast<double>(trials) * entropy_ + 20 * std::sqrt(static_cast<double>(trials));
  }
  /// -log2 of her chance to guess all of it. Less than the above; the one-sided bounds stay below even this.
  double guessing_entropy_bits() const {
    return static_cast<double>(trials) * guessing_entropy_ + 20 * std::sqrt(static_cast<double>(trials));
  }
  Counts draw(std::mt19937_64& random) const {
    Counts counts{};
    std::uint64_t left = trials;
    double rest = 1;
    for (unsigned i = 0; i < 16 && left > 0; ++i) {
      if (p_xyab_[i] <= 0) continue;
      const double share = std::min(1.0, p_xyab_[i] / rest);
      counts[i] = share >= 1 ? left : std::binomial_distribution<std::uint64_t>(left, share)(random);
      left -= counts[i];
      rest -= p_xyab_[i];
    }
    for (unsigned i = 16; left > 0;)  // what rounding left over
      if (p_xyab_[--i] > 0) counts[i] += left, left = 0;
    return counts;
  }

 private:
  Table p_xyab_{};
  double entropy_ = 0, guessing_entropy_ = 0;
};

enum class Ladder {
  fine,    ///< steps of half a standard deviation around the best local score, then coarse ones
  coarse,  ///< forty even steps up to the quantum maximum
};

/// Certificates of runs under one plan, whose thresholds begin below the best local score, so that nothing but the bound
/// stands between a cheat and a certificate.
class Certifier {
 public:
  Certifier(Method method, const char* bias, Ladder ladder)
      : method_(method), kind_(plan::score_kind(method)) {
    PlanWishes wishes;
    wishes.method = method;
    wishes.mu = Exact::literal(bias);
    wishes.epsilon = Exact::literal("0.01");
    wishes.trial_count = trials;
    wishes.extractor = plan::Extractor::short_seed;
    const double highest = quantum_maximum(kind_, wishes.mu).lower() - 1e-9;
    wishes.threshold = exact(highest);
    plan_ = *built_in_plan(wishes);
    const double mu = wishes.mu.approximate(), local = kind_ == ScoreKind::mdl_value ? 0 : 1 - (0.5 - mu) * (0.5 - mu);
    const double deviation = (kind_ == ScoreKind::mdl_value ? 0.15 : 0.4) / std::sqrt(static_cast<double>(trials));
    if (ladder == Ladder::coarse) {
      plan_.thresholds = plan::Thresholds::grid(exact(local - (highest - local) / 10), exact(highest), 40);
    } else {
      std::vector<Exact> scores = {exact(local - 100 * deviation)};
      for (int half = -8; half <= 8; ++half) scores.push_back(exact(local + half * deviation / 2));
      for (double step = 0.002; step < 1; step *= 1.2) scores.push_back(exact(local + step * (highest - local)));
      scores.push_back(exact(highest));
      plan_.thresholds = plan::Thresholds::list(scores);
    }
    plan_.epsilons = plan::split_epsilon(wishes.epsilon, plan_.threshold_events(), plan_.extractor);
    Status valid = check_plan(plan_);
    EXPECT_TRUE(valid.ok()) << valid.error().describe();
  }

  Method method() const { return method_; }
  ScoreKind kind() const { return kind_; }

  /// Certified min-entropy; 0: not certified.
  double bits(const Counts& counts) {
    estimate::Evidence evidence;
    evidence.simulated = true;
    evidence.blocks.push_back({.block_index = 0, .trial_count = trials, .start_time_ns = 0, .n_xyab = counts});
    auto reached = plan_.thresholds.reached(observed_score(plan_, evidence));
    if (!reached) return 0;
    if (auto known = known_.find(*reached); known != known_.end()) return known->second;
    auto certificate = certify(plan_, evidence);
    EXPECT_TRUE(certificate.ok()) << certificate.error().describe();
    const bool certified = certificate.ok() && certificate->certified();
    if (certified) {
      EXPECT_LE(static_cast<double>(certificate->output_bits()), certificate->min_entropy_bits);
    }
    return known_[*reached] = certified ? certificate->min_entropy_bits : 0;
  }

 private:
  static Exact exact(double value) { return Exact(mpq_class(value)); }
  Method method_;
  ScoreKind kind_;
  plan::Plan plan_;
  std::map<std::uint64_t, double> known_;
};

template <typename Action>
void for_each_case(Action action) {
  // Under sanitizers each method with each ladder, but at one of the biases only.
  constexpr std::size_t cases = 2 * std::size(all_methods);
  std::size_t number = 0;
  for (const char* bias : biases)
    for (Method method : all_methods)
      for (Ladder ladder : {Ladder::fine, Ladder::coarse}) {
        const bool looked_at = number % cases % std::size(biases) == number / cases;
        ++number;
        if (bellows::testing::sanitized() && !looked_at) continue;
        SCOPED_TRACE(::testing::Message() << plan::name(method) << ", mu = " << bias
                                        << (ladder == Ladder::fine ? ", fine" : ", coarse"));
        Certifier certifier(method, bias, ladder);
        action(certifier, Exact::literal(bias).approximate());
      }
}

// The total failure probability of each plan is 0.01, and the bounds are far from it: these runs must see no failure.

TEST(NoMoreThanTrue, LocalCheatsWithTheirSource) {
  const int runs = bellows::testing::long_tests() ? 10000 : bellows::testing::sanitized() ? 60 : 300;
  for_each_case([&](Certifier& certifier, double mu) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> uniform(0, 1);
    int certified = 0;
    for (int run = 0; run < runs; ++run) {
      Mixture mixture;
      if (run % 2 == 0) {  // a strategy and a source that is best for it: for the MDL value a = b = 0 and others
        const Table box = local_box(static_cast<unsigned>(run / 2 % 16));
        mixture.add(1, helpful_settings(certifier.kind(), box, mu), box);
      } else {  // some strategies with what their source does, at random
        double left = 1;
        for (int part = 0; part < 8; ++part) {
          const double weight = part == 7 ? left : left * uniform(random);
          left -= weight;
          mixture.add(weight, source_corner(static_cast<unsigned>(random() % 8), mu),
                      local_box(static_cast<unsigned>(random() % 16)));
        }
      }
      certified += certifier.bits(mixture.draw(random)) > 0;
    }
    EXPECT_EQ(certified, 0) << "local cheats are certified";
  });
}

TEST(NoMoreThanTrue, MixturesOfQuantumAndLocal) {
  const Table quantum_boxes[] = {tsirelson_box(), hardy_box()};
  for_each_case([&](Certifier& certifier, double mu) {
    std::mt19937_64 random(2);
    for (const Table& quantum : quantum_boxes)
      for (int percent = 0; percent <= 100; percent += 5) {
        // What is local plays a(x) = 0, b(y) = 0, which is best for both scores where the source helps.
        Mixture mixture;
        mixture.add(percent / 100.0, helpful_settings(certifier.kind(), quantum, mu), quantum);
        mixture.add(1 - percent / 100.0, helpful_settings(certifier.kind(), local_box(0), mu), local_box(0));
        const double bits = certifier.bits(mixture.draw(random));
        EXPECT_LE(bits, mixture.entropy_bits()) << percent << " % quantum: certified beyond the entropy that there is";
      }
  });
}

/// One-sided bounds do not even exceed what Eve's guessing leaves. The two-sided one credits all that the outcomes hold,
/// and for long runs that is more than her chance to guess the likeliest string (smooth entropy, docs/security.md 6).
TEST(NoMoreThanTrue, EvesGuess) {
  for_each_case([&](Certifier& certifier, double mu) {
    std::mt19937_64 random(3);
    for (int percent = 0; percent <= 100; percent += 5) {
      Mixture mixture;
      mixture.add(percent / 100.0, helpful_settings(certifier.kind(), tsirelson_box(), mu), tsirelson_box());
      mixture.add(1 - percent / 100.0, helpful_settings(certifier.kind(), local_box(0), mu), local_box(0));
      const double bits = certifier.bits(mixture.draw(random));
      const double most =
          certifier.method() == Method::two_sided ? mixture.entropy_bits() : mixture.guessing_entropy_bits();
      EXPECT_LE(bits, most) << percent << " % quantum: Eve's guess beats the certificate";
    }
  });
}

/// The lemma behind each score: what it guarantees of S is not more than S, whatever the source does; and an equality at
/// a local and at a quantum box, so that no mistake of slope or constant can hide below it.
TEST(NoMoreThanTrue, GuaranteedChsh) {
  std::vector<Table> boxes = {tsirelson_box(), hardy_box()};
  for (unsigned strategy = 0; strategy < 16; ++strategy) boxes.push_back(local_box(strategy));
  for (const char* bias : biases) {
    const Exact mu = Exact::literal(bias);
    for (ScoreKind kind : {ScoreKind::win_frequency, ScoreKind::mdl_value}) {
      double least_gap = 10, least_gap_beyond_local = 10;
      for (const Table& box : boxes) {
        for (unsigned corner = 0; corner < 8; ++corner) {
          const double score = expected_score(kind, joint(source_corner(corner, mu.approximate()), box), mu.approximate());
          const double gap = chsh_of(box) - guaranteed_chsh(kind, Ball::of_double(score), mu).middle();
          EXPECT_GE(gap, -1e-9) << name(kind) << ", mu = " << bias << ": more is guaranteed than there is";
          least_gap = std::min(least_gap, gap);
          if (chsh_of(box) > 2.1) least_gap_beyond_local = std::min(least_gap_beyond_local, gap);
        }
      }
      EXPECT_NEAR(least_gap, 0, 1e-9) << name(kind) << ", mu = " << bias;
      if (kind == ScoreKind::mdl_value) {
        EXPECT_NEAR(least_gap_beyond_local, 0, 1e-9) << "mu = " << bias;
      }
    }
  }
}

/// Without this all of the above could hold because nothing is ever certified. The source helps where it may: with
/// uniform settings the MDL value certifies nothing at mu = 0.1.
TEST(HonestDevices, AreCertifiedByEveryMethodHere) {
  for_each_case([&](Certifier& certifier, double mu) {
    std::mt19937_64 random(4);
    Mixture mixture;
    mixture.add(1, helpful_settings(certifier.kind(), tsirelson_box(), mu), tsirelson_box());
    for (int run = 0; run < 20; ++run)
      EXPECT_GT(certifier.bits(mixture.draw(random)), 0.01 * static_cast<double>(trials));
    if (mu > 0.05) return;
    Mixture uniform;
    uniform.add(1, {0.25, 0.25, 0.25, 0.25}, tsirelson_box());
    EXPECT_GT(certifier.bits(uniform.draw(random)), 0.01 * static_cast<double>(trials));
  });
}

/// The largest local value of each score, exactly, by enumeration: all strategies, all corners of the box of bias mu.
TEST(Lemmas, LocalValuesOfTheScores) {
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
