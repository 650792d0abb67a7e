#include "bellows/entropy/search_curve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace bellows::entropy {
namespace {

using search::Bases;
using search::Matrix4;
using search::Problem;

struct Point {
  double alpha, beta, value;
  Matrix4 state;
};

class Landscape {
 public:
  Landscape(const Statement& statement, const SettingClass& setting) : problem_(statement, setting.probability), setting_(setting) {}

  Point at(double alpha, double beta, const Matrix4& start) const {
    alpha = std::clamp(alpha, 0.0, std::numbers::pi);
    beta = std::clamp(beta, 0.0, std::numbers::pi);
    const auto attack = search::worst_state(problem_, Bases(alpha, beta), start);
    return {alpha, beta, attack.value, attack.state};
  }

  std::vector<Point> on_grid(int grid) const {
    const double width = (setting_.domain.quarter ? 0.5 : 1.0) * std::numbers::pi / grid;
    std::vector<Point> points;
    for (int i = 0; i < grid; ++i)
      for (int k = setting_.domain.ordered ? i : 0; k < grid; ++k) points.push_back(at((i + 0.5) * width, (k + 0.5) * width, Matrix4::Identity() / 4));
    return points;
  }

  // Nelder and Mead in two dimensions.
  Point refined(const Point& from, double reach) const {
    std::array<Point, 3> simplex{from, at(from.alpha + reach, from.beta, from.state), at(from.alpha, from.beta + reach, from.state)};
    for (int step = 0; step < 80; ++step) {
      std::sort(simplex.begin(), simplex.end(), [](const Point& p, const Point& q) { return p.value < q.value; });
      if (simplex[2].value - simplex[0].value < 1e-10) break;
      const double alpha = (simplex[0].alpha + simplex[1].alpha) / 2, beta = (simplex[0].beta + simplex[1].beta) / 2;
      const auto along = [&](double t) { return at(alpha + t * (simplex[2].alpha - alpha), beta + t * (simplex[2].beta - beta), simplex[0].state); };
      const Point mirrored = along(-1);
      if (mirrored.value < simplex[0].value) {
        const Point further = along(-2);
        simplex[2] = further.value < mirrored.value ? further : mirrored;
      } else if (mirrored.value < simplex[1].value) {
        simplex[2] = mirrored;
      } else if (const Point inner = along(mirrored.value < simplex[2].value ? -0.5 : 0.5); inner.value < simplex[2].value) {
        simplex[2] = inner;
      } else {
        for (int i = 1; i < 3; ++i) simplex[i] = at((simplex[i].alpha + simplex[0].alpha) / 2, (simplex[i].beta + simplex[0].beta) / 2, simplex[0].state);
      }
    }
    return *std::min_element(simplex.begin(), simplex.end(), [](const Point& p, const Point& q) { return p.value < q.value; });
  }

  Refutation described(const Point& p) const {
    const double score = search::expected_score(problem_, Bases(p.alpha, p.beta), p.state);
    const double bits = p.value + problem_.slope * score;
    return {setting_.probability, p.alpha, p.beta, p.state, score, bits, bits};
  }

 private:
  Problem problem_;
  SettingClass setting_;
};

double line(const SlopeLimit& limit, double score) { return limit.slope * score + limit.intercept_bits; }

// Slopes below are stated for the win score of an unbiased source, which runs 0.1 beyond local strategies; other scores have other units.
double slope_unit(const Statement& statement, double local) {
  double slope = 1000;
  for (int round = 0; round < 8; ++round, slope *= 10) {
    const double reach = slope_limit(statement, slope).attack.score - local;
    if (reach * slope > 30) return 0.1 / reach;
  }
  return 1;
}

// The steepest slope at which local strategies are still the best attack: min over attacks of entropy / (score - local score).
SlopeLimit steepest_local(const Statement& statement, double local, double unit) {
  SlopeLimit limit = slope_limit(statement, 100 * unit);
  for (int round = 0; round < 12; ++round) {
    if (limit.attack.score <= local + 1e-6 / unit) break;
    const double next = limit.attack.entropy_bits / (limit.attack.score - local);
    if (next >= limit.slope - 1e-6 * unit) break;
    limit = slope_limit(statement, next);
  }
  limit.intercept_bits = std::min(limit.intercept_bits, -limit.slope * local);
  return limit;
}

// The tangent that is highest at the score, between two slopes whose attacks lie on either side. The attack of a slope is the point where its
// line touches the curve: the chord's slope is the next to try.
SlopeLimit best_between(const Statement& statement, SlopeLimit low, SlopeLimit high, double at, double unit) {
  SlopeLimit best = line(low, at) > line(high, at) ? low : high;
  for (int round = 0; round < 12; ++round) {
    const double width = high.attack.score - low.attack.score;
    if (width < 1e-6 / unit) break;
    const double slope = (high.attack.entropy_bits - low.attack.entropy_bits) / width;
    if (!(slope > low.slope + 1e-4 * unit && slope < high.slope - 1e-4 * unit)) break;
    const SlopeLimit middle = slope_limit(statement, slope);
    if (line(middle, at) > line(best, at)) best = middle;
    const double chord = low.attack.entropy_bits + slope * (at - low.attack.score);
    if (chord - line(middle, at) < 1e-5) break;
    (middle.attack.score < at ? low : high) = middle;
  }
  return best;
}

}  // namespace

SlopeLimit slope_limit(const Statement& statement, double slope, int grid) {
  Statement at_slope = statement;
  at_slope.slope = slope;
  at_slope.intercept = 0;
  SlopeLimit limit{slope, std::numeric_limits<double>::infinity(), {}};
  for (const SettingClass& setting : required_classes(at_slope)) {
    const Landscape land(at_slope, setting);
    std::vector<Point> points = land.on_grid(grid);
    constexpr std::size_t refined_points = 2;
    const std::size_t kept = std::min(refined_points, points.size());
    std::partial_sort(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(kept), points.end(),
                      [](const Point& p, const Point& q) { return p.value < q.value; });
    for (std::size_t i = 0; i < kept; ++i) {
      const Point best = land.refined(points[i], 0.3 * std::numbers::pi / grid);
      if (best.value < limit.intercept_bits) {
        limit.intercept_bits = best.value;
        limit.attack = land.described(best);
      }
    }
  }
  const double local = local_score(statement.polytope, statement.mu, statement.score).get_d();
  if (-slope * local < limit.intercept_bits) limit.intercept_bits = -slope * local;
  return limit;
}

SlopeLimit best_slope(const Statement& statement, double score, double penalty_bits_per_slope) {
  const double local = local_score(statement.polytope, statement.mu, statement.score).get_d();
  const double at = score - penalty_bits_per_slope;
  const double unit = slope_unit(statement, local);
  const SlopeLimit low = steepest_local(statement, local, unit);
  if (at <= low.attack.score) return low;
  const SlopeLimit high = slope_limit(statement, 400 * unit);
  if (at >= high.attack.score) return high;
  return best_between(statement, low, high, at, unit);
}

Tangent short_tangent(const Statement& statement, const SlopeLimit& near, double slack_bits) {
  // Down, so that a slope at the end of the linear part stays in it.
  const double slope = std::floor(near.slope * 1000 - 0.5) / 1000;
  return {slope, slope_limit(statement, slope).intercept_bits - slack_bits};
}

std::vector<Tangent> envelope(const Statement& statement, double slack_bits, double first_slack_bits, double tolerance_bits) {
  const double local = local_score(statement.polytope, statement.mu, statement.score).get_d();
  const double unit = slope_unit(statement, local);
  const SlopeLimit end = slope_limit(statement, 1000 * unit);
  std::vector<SlopeLimit> limits{steepest_local(statement, local, unit)};
  for (const double steep : {30.0, 45.0, 60.0, 90.0, 130.0, 200.0}) {
    if (steep * unit <= limits[0].slope) continue;
    limits.resize(1);
    limits.push_back(slope_limit(statement, steep * unit));
    if (end.attack.entropy_bits - line(limits[1], end.attack.score) + slack_bits < 0.8 * tolerance_bits) break;
  }
  // Where two neighbours cross, the envelope is lowest below the curve; a tangent there comes between them.
  for (std::size_t i = 0; i + 1 < limits.size();) {
    const SlopeLimit &a = limits[i], &b = limits[i + 1];
    const double crossing = (a.intercept_bits - b.intercept_bits) / (b.slope - a.slope);
    const SlopeLimit between = best_between(statement, a, b, crossing, unit);
    if (line(between, crossing) - line(a, crossing) + slack_bits < tolerance_bits || between.slope <= a.slope + 1e-3 * unit || between.slope >= b.slope - 1e-3 * unit) {
      ++i;
      continue;
    }
    limits.insert(limits.begin() + static_cast<std::ptrdiff_t>(i) + 1, between);
  }
  std::vector<Tangent> list;
  for (const SlopeLimit& limit : limits) list.push_back(short_tangent(statement, limit, list.empty() ? first_slack_bits : slack_bits));
  return list;
}

}  // namespace bellows::entropy
