#include "bellows/entropy/statement.h"

#include <algorithm>

namespace bellows::entropy {
namespace {

struct Ends {
  mpq_class low, high;
};

Ends ends_of(const mpq_class& mu) {
  const mpq_class half(1, 2);
  return {half - mu, half + mu};
}

void add_once(std::vector<SettingDistribution>& list, const SettingDistribution& vertex) {
  if (std::find(list.begin(), list.end(), vertex) == list.end()) list.push_back(vertex);
}

}  // namespace

TrialScore TrialScore::win() {
  TrialScore score;
  for (int xy = 0; xy < 4; ++xy)
    for (int ab = 0; ab < 4; ++ab) score.weight[xy][ab] = ((ab >> 1) ^ (ab & 1)) == ((xy >> 1) & (xy & 1)) ? 1 : 0;
  return score;
}

TrialScore TrialScore::mdl(const mpq_class& mu) {
  const auto [low, high] = ends_of(mu);
  TrialScore score;
  for (auto& row : score.weight) row.fill(0);
  score.weight[0b00][0b00] = low * low;
  score.weight[0b01][0b01] = -high * high;
  score.weight[0b10][0b10] = -high * high;
  score.weight[0b11][0b00] = -high * high;
  return score;
}

bool TrialScore::is_win() const { return weight == win().weight; }

std::vector<SettingDistribution> vertices(SettingPolytope polytope, const mpq_class& mu) {
  const auto [low, high] = ends_of(mu);
  std::vector<SettingDistribution> list;
  if (polytope == SettingPolytope::santha_vazirani) {
    // x leans one way; y leans one way or the other after each x.
    for (int lean = 0; lean < 8; ++lean) {
      const mpq_class& x0 = lean & 4 ? low : high;
      const mpq_class& y0_after_0 = lean & 2 ? low : high;
      const mpq_class& y0_after_1 = lean & 1 ? low : high;
      const mpq_class x1 = 1 - x0;
      add_once(list, {x0 * y0_after_0, x0 * (1 - y0_after_0), x1 * y0_after_1, x1 * (1 - y0_after_1)});
    }
    return list;
  }
  // Three of four probabilities sit at an end of [low^2, high^2]. The fourth is then admissible only when the three are one high, two low.
  const mpq_class most = high * high, least = low * low, rest = 1 - most - 2 * least;
  for (int at_most = 0; at_most < 4; ++at_most)
    for (int at_rest = 0; at_rest < 4; ++at_rest) {
      if (at_rest == at_most) continue;
      SettingDistribution vertex;
      vertex.fill(least);
      vertex[at_most] = most;
      vertex[at_rest] = rest;
      add_once(list, vertex);
    }
  return list;
}

std::vector<SettingClass> required_classes(const Statement& statement) {
  const mpq_class& mu = statement.mu;
  const bool both = counts_both(statement.entropy);
  std::vector<SettingClass> list;
  // A setting of its own breaks the symmetry between the settings.
  if (!statement.score.is_win() || statement.entropy == EntropyOf::first_outcome_at_x0) {
    for (const auto& vertex : vertices(statement.polytope, mu)) list.push_back({vertex, {}});
    return list;
  }
  if (mu == 0) {
    const mpq_class quarter(1, 4);
    return {{{quarter, quarter, quarter, quarter}, {both, true}}};
  }
  const auto [low, high] = ends_of(mu);
  const mpq_class most = high * high, least = low * low, mixed = high * low, rest = 1 - most - 2 * least;
  if (statement.polytope == SettingPolytope::santha_vazirani) {
    list.push_back({{most, mixed, mixed, least}, {both, false}});
    list.push_back({{most, mixed, least, mixed}, {false, false}});
    return list;
  }
  list.push_back({{most, least, least, rest}, {both, false}});
  list.push_back({{most, rest, least, least}, {false, false}});
  // Without a swap of the parties, "rest beside most along y" and "along x" are two classes.
  if (!both) list.push_back({{most, least, rest, least}, {false, false}});
  return list;
}

mpq_class local_score(SettingPolytope polytope, const mpq_class& mu, const TrialScore& score) {
  bool first = true;
  mpq_class best;
  for (const auto& vertex : vertices(polytope, mu))
    for (int strategy = 0; strategy < 16; ++strategy) {
      mpq_class value = 0;
      for (int xy = 0; xy < 4; ++xy) {
        const int a = xy >> 1 ? strategy >> 1 & 1 : strategy & 1;
        const int b = xy & 1 ? strategy >> 3 & 1 : strategy >> 2 & 1;
        value += vertex[xy] * score.weight[xy][2 * a + b];
      }
      if (first || value > best) best = value;
      first = false;
    }
  return best;
}

SettingDistribution entropy_weights(EntropyOf entropy, const SettingDistribution& distribution) {
  if (entropy != EntropyOf::first_outcome_at_x0) return distribution;
  const mpq_class half(1, 2);
  return {half, half, 0, 0};
}

std::string objection(const Statement& statement) {
  if (statement.mu < 0 || statement.mu >= mpq_class(1, 2)) return "mu lies outside [0, 1/2)";
  if (statement.slope < 0) return "the slope is negative";
  return {};
}

}  // namespace bellows::entropy
