#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "bellows/base/threads.h"
#include "bellows/entropy/search_curve.h"
#include "bellows/entropy/two_sided.h"
#include "bellows/testing/shared_data.h"

namespace bellows::entropy {
namespace {

struct Point {
  double score, bits;
};

/// The tangents that ship for one bias and one polytope.
struct List {
  SettingPolytope polytope;
  mpq_class mu;
  std::vector<Tangent> lines;

  double height(double score) const {
    double best = 0;
    for (const Tangent& line : lines) best = std::max(best, line.slope * score + line.intercept_bits);
    return best;
  }
};

List list_of(SettingPolytope polytope, const char* mu) {
  List list{polytope, numeric::Exact::literal(mu).value(), {}};
  for (const auto& one : candidate_tangents(EntropyOf::both_outcomes, polytope, numeric::Exact::literal(mu), TrialScore::win()))
    if (one.shipped && one.statement.mu == list.mu && one.statement.polytope == polytope)
      list.lines.push_back({one.statement.slope.get_d(), one.statement.intercept.get_d()});
  std::sort(list.lines.begin(), list.lines.end(), [](const Tangent& a, const Tangent& b) { return a.slope < b.slope; });
  return list;
}

struct Gap {
  double bits = 0, score = 0;  ///< how far the envelope lies below the curve at most, and where
  double above = -1;           ///< how far above an attack: must not be
};

/// The curve is convex and attacks can be mixed, so between two attacks it lies below their chord; where the chord leaves
/// too much room, the attack of the chord's slope comes between.
Gap largest_gap(const List& list, double allowed) {
  Statement s;
  s.polytope = list.polytope;
  s.mu = list.mu;
  s.score = TrialScore::win();
  std::vector<Point> attacks{{local_score(s.polytope, s.mu, s.score).get_d(), 0}};
  for (const Tangent& line : list.lines) {
    const Refutation attack = slope_limit(s, line.slope).attack;
    attacks.push_back({attack.score, attack.entropy_bits});
  }
  const double steepest = list.lines.back().slope;
  for (const double slope : {10 * steepest, 1000 * steepest}) {  // the end of the curve: as much score as there is
    const Refutation attack = slope_limit(s, slope).attack;
    attacks.push_back({attack.score, attack.entropy_bits});
  }
  std::sort(attacks.begin(), attacks.end(), [](const Point& a, const Point& b) { return a.score < b.score; });
  Gap worst;
  for (const Point& p : attacks) worst.above = std::max(worst.above, list.height(p.score) - p.bits);
  int further = 0;
  for (std::size_t i = 0; i + 1 < attacks.size();) {
    const Point a = attacks[i], b = attacks[i + 1];
    const double width = b.score - a.score;
    double gap = 0, at = a.score;
    for (int k = 0; k <= 64 && width > 1e-9; ++k) {
      const double score = a.score + width * k / 64, room = a.bits + (b.bits - a.bits) * k / 64 - list.height(score);
      if (room > gap) gap = room, at = score;
    }
    if (gap > allowed && width > 1e-7 && further < 40) {
      ++further;
      const Refutation between = slope_limit(s, (b.bits - a.bits) / width).attack;
      if (between.score > a.score + 1e-8 && between.score < b.score - 1e-8) {
        attacks.insert(attacks.begin() + static_cast<std::ptrdiff_t>(i) + 1, {between.score, between.entropy_bits});
        continue;
      }
    }
    if (gap > worst.bits) worst.bits = gap, worst.score = at;
    ++i;
  }
  return worst;
}

constexpr const char* biases[] = {"0", "0.001", "0.0025", "0.005", "0.0075", "0.01", "0.015", "0.02", "0.025", "0.03", "0.05", "0.08", "0.11"};

TEST(ShippedEnvelope, ThirteenBiasesTwoPolytopesEightSlopes) {
  for (const char* mu : biases)
    for (const auto polytope : {SettingPolytope::santha_vazirani, SettingPolytope::box}) {
      std::set<long> slopes;  // in steps of a tenth: 16.32 and 16.33 are one
      for (const Tangent& line : list_of(polytope, mu).lines) slopes.insert(std::lround(10 * line.slope));
      EXPECT_GE(slopes.size(), 8u) << mu << (polytope == SettingPolytope::box ? " box" : " Santha-Vazirani");
    }
}

// Wherever the score can be reached. All lists in the long suite; the one that is used most and one with few lines in the short one.
TEST(ShippedEnvelope, WithinTwoThousandthsOfTheCurve) {
  if (testing::sanitized()) GTEST_SKIP() << "a thousand searches such as ShippedProofs.AreAsTightAsTheirSlack makes";
  std::vector<List> lists;
  for (const char* mu : biases)
    for (const auto polytope : {SettingPolytope::santha_vazirani, SettingPolytope::box}) {
      const bool box = polytope == SettingPolytope::box;
      const std::string name = mu;
      if (testing::long_tests() || (name == "0.0075" && !box) || (name == "0.08" && !box)) lists.push_back(list_of(polytope, mu));
    }
  std::vector<Gap> gaps(lists.size());
  parallel_for(lists.size(), available_core_count(), [&](std::uint64_t i, unsigned) { gaps[i] = largest_gap(lists[i], 0.0018); });
  for (std::size_t i = 0; i < lists.size(); ++i) {
    SCOPED_TRACE(::testing::Message() << "mu " << lists[i].mu << (lists[i].polytope == SettingPolytope::box ? " box" : " Santha-Vazirani"));
    EXPECT_LE(gaps[i].bits, 0.002) << "at score " << gaps[i].score;
    EXPECT_LE(gaps[i].above, 1e-6);
    if (testing::long_tests()) std::printf("%-8s %s: %.6f bit below at most, at score %.6f\n", lists[i].mu.get_str().c_str(), lists[i].polytope == SettingPolytope::box ? "box" : "SV ", gaps[i].bits, gaps[i].score);
  }
}

// The comparison can fail: without two of its tangents a list leaves room.
TEST(ShippedEnvelope, MissingTangentsShow) {
  if (testing::sanitized()) GTEST_SKIP() << "searches that ShippedProofs.AreAsTightAsTheirSlack makes too";
  List list = list_of(SettingPolytope::santha_vazirani, "0.0075");
  ASSERT_GE(list.lines.size(), 8u);
  list.lines.erase(list.lines.begin() + 4, list.lines.begin() + 6);
  EXPECT_GT(largest_gap(list, 0.0018).bits, 0.002);
}

}  // namespace
}  // namespace bellows::entropy
