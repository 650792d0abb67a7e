#include "bellows/certify/witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <coin/ClpSimplex.hpp>
#include <nlohmann/json.hpp>

#include "bellows/plan/document_kind.h"
#include "bellows/plan/json_reader.h"

namespace bellows::certify {
namespace {

using plan::Polytope;
using Coefficients = std::array<std::int64_t, 16>;

constexpr std::int64_t largest_coefficient = 1000000000;
/// Settings-only and signalling directions change no value, so the solver could run away along them.
constexpr double largest_weight = 300;

bool wins(int xyab) { return (((xyab >> 1) ^ xyab) & 1) == ((xyab >> 3) & (xyab >> 2) & 1); }

Exact whole(std::int64_t value) { return Exact(mpq_class(mpz_class(static_cast<long>(value)))); }

/// Entry of P(abxy) that a deterministic strategy (a for x = 0, 1; b for y = 0, 1) fills at each setting pair.
int entry_of(int strategy, int xy) {
  const int x = xy >> 1, y = xy & 1;
  return 4 * xy + 2 * ((strategy >> x) & 1) + ((strategy >> (2 + y)) & 1);
}

/// The largest mu in [0, 1/2) with holds(mu), six decimals; holds goes from true to false.
template <class Predicate>
std::optional<Exact> largest_mu(Predicate holds) {
  auto millionths = [](long value) { return Exact(mpq_class(mpz_class(value), mpz_class(1000000))); };
  if (!holds(millionths(0))) return std::nullopt;
  long good = 0, bad = 500000;
  while (bad - good > 1) {
    long middle = (good + bad) / 2;
    (holds(millionths(middle)) ? good : bad) = middle;
  }
  return millionths(good);
}

/// <A_x B_y>, <A_x>, <B_y> of the detected pairs; angles from the state's axis.
struct Correlators {
  double a[2], b[2], ab[2][2];
};

Correlators correlators(const QubitDevice& device, const std::array<double, 4>& angles) {
  const double t = device.tilt_degrees * M_PI / 180, tilt = std::cos(2 * t), overlap = std::sin(2 * t);
  Correlators c{};
  for (int i = 0; i < 2; ++i) {
    c.a[i] = device.visibility_z * tilt * std::cos(angles[static_cast<std::size_t>(i)]);
    c.b[i] = device.visibility_z * tilt * std::cos(angles[static_cast<std::size_t>(2 + i)]);
  }
  for (std::size_t x = 0; x < 2; ++x)
    for (std::size_t y = 0; y < 2; ++y)
      c.ab[x][y] = device.visibility_z * std::cos(angles[x]) * std::cos(angles[2 + y]) +
                   device.visibility_x * overlap * std::sin(angles[x]) * std::sin(angles[2 + y]);
  return c;
}

double chance(const QubitDevice& device, const Correlators& c, int xyab) {
  const int x = (xyab >> 3) & 1, y = (xyab >> 2) & 1;
  const double sign_a = xyab & 2 ? -1 : 1, sign_b = xyab & 1 ? -1 : 1;
  const double ea = device.efficiency_a, eb = device.efficiency_b;
  const double both = (1 + sign_a * c.a[x] + sign_b * c.b[y] + sign_a * sign_b * c.ab[x][y]) / 4;
  const double only_a = (1 + sign_a * c.a[x]) / 2 * (xyab & 1), only_b = (1 + sign_b * c.b[y]) / 2 * ((xyab >> 1) & 1);
  return ea * eb * both + ea * (1 - eb) * only_a + (1 - ea) * eb * only_b + (1 - ea) * (1 - eb) * ((xyab & 3) == 3);
}

double win_frequency(const QubitDevice& device, const std::array<double, 4>& angles) {
  const Correlators c = correlators(device, angles);
  double win = 0;
  for (int i = 0; i < 16; ++i) win += wins(i) ? chance(device, c, i) / 4 : 0;
  return win;
}

/// Each angle in turn: the win frequency is constant + p cos + q sin in it, so three values give its best place.
std::array<double, 4> best_angles(const QubitDevice& device) {
  std::array<double, 4> best{};
  double best_win = -1;
  for (int start = 0; start < 64; ++start) {
    std::array<double, 4> angles;
    for (std::size_t i = 0; i < 4; ++i)
      angles[i] = 0.3 + 2.399963 * (start + 1) * static_cast<double>(i + 1) + 0.7 * start * static_cast<double>(i * i);
    for (int round = 0; round < 400; ++round) {
      const double before = win_frequency(device, angles);
      for (double& angle : angles) {
        double value[3];
        const double at[3] = {0, M_PI / 2, M_PI};
        for (int k = 0; k < 3; ++k) angle = at[k], value[k] = win_frequency(device, angles);
        const double constant = (value[0] + value[2]) / 2;
        angle = std::atan2(value[1] - constant, value[0] - constant);
      }
      if (win_frequency(device, angles) - before < 1e-15) break;
    }
    if (double win = win_frequency(device, angles); win > best_win) best_win = win, best = angles;
  }
  return best;
}

JointBehaviour normalised(const std::array<mpq_class, 16>& weights) {
  mpq_class sum;
  for (const mpq_class& weight : weights) sum += weight;
  JointBehaviour behaviour;
  for (std::size_t i = 0; i < 16; ++i) behaviour[i] = Exact(mpq_class(weights[i] / sum));
  return behaviour;
}

Exact probability_of_win(const JointBehaviour& behaviour) {
  Exact win;
  for (int i = 0; i < 16; ++i)
    if (wins(i)) win = win + behaviour[static_cast<std::size_t>(i)];
  return win;
}

}  // namespace

Result<JointBehaviour> joint_behaviour(const QubitDevice& device) {
  for (double share : {device.visibility_z, device.visibility_x, device.efficiency_a, device.efficiency_b})
    if (!(share >= 0 && share <= 1))
      return usage_error("a visibility or efficiency is out of range", "0 to 1", fmt::format("{}", share));
  if (!(device.tilt_degrees >= 0 && device.tilt_degrees <= 90))
    return usage_error("the tilt is out of range", "0 to 90 degrees", fmt::format("{}", device.tilt_degrees));
  const double t = device.tilt_degrees * M_PI / 180;
  if (device.visibility_x * std::abs(std::sin(2 * t)) >
      std::sqrt(1 - std::pow(device.visibility_z * std::cos(2 * t), 2)) + 1e-12)
    return usage_error("no quantum state has this tilt with these visibilities", "less visibility across the axis",
                       fmt::format("{}", device.visibility_x));
  const Correlators c = correlators(device, best_angles(device));
  std::array<mpq_class, 16> weights;
  for (int i = 0; i < 16; ++i)  // 2^-40 steps: exact numbers of a handy size; uniform settings
    weights[static_cast<std::size_t>(i)] =
        mpq_class(mpz_class(std::floor(std::max(0.0, chance(device, c, i)) * std::exp2(40) + 0.5)), mpz_class(1) << 42);
  for (mpq_class& weight : weights) weight.canonicalize();
  return normalised(weights);
}

Result<JointBehaviour> joint_behaviour(const std::array<std::uint64_t, 16>& n_xyab) {
  std::array<mpq_class, 16> weights;
  bool any = false;
  for (std::size_t i = 0; i < 16; ++i) {
    weights[i] = mpq_class(mpz_class(static_cast<unsigned long>(n_xyab[i])));
    any |= n_xyab[i] > 0;
  }
  if (!any) return usage_error("no behaviour without trials", "sixteen counts", "zeros");
  return normalised(weights);
}

Exact Witness::value(const JointBehaviour& behaviour) const {
  Exact sum;
  for (std::size_t i = 0; i < 16; ++i) sum = sum + whole(coefficients[i]) * behaviour[i];
  return sum;
}

bool settings_fit(const JointBehaviour& behaviour, const Exact& mu, plan::Polytope polytope) {
  std::array<Exact, 4> pairs;
  for (std::size_t i = 0; i < 16; ++i) pairs[i / 4] = pairs[i / 4] + behaviour[i];
  const Exact least = Exact::fraction(1, 2) - mu, most = Exact::fraction(1, 2) + mu;
  auto within = [](const Exact& low, const Exact& value, const Exact& high) { return !(value < low) && !(high < value); };
  for (std::size_t x = 0; x < 2; ++x) {
    const Exact of_x = pairs[2 * x] + pairs[2 * x + 1];
    for (std::size_t y = 0; y < 2; ++y)
      if (polytope == plan::Polytope::box ? !within(least * least, pairs[2 * x + y], most * most)
                                          : !within(least * of_x, pairs[2 * x + y], most * of_x))
        return false;
    if (polytope == plan::Polytope::santha_vazirani && !within(least, of_x, most)) return false;
  }
  return true;
}

std::vector<std::array<Exact, 4>> setting_vertices(Polytope polytope, const Exact& mu) {
  const Exact half = Exact::fraction(1, 2), low = half - mu, high = half + mu;
  std::vector<std::array<Exact, 4>> all;
  if (polytope == Polytope::santha_vazirani) {
    // x first, then y: each bit at an end of its interval.
    for (int ends = 0; ends < 8; ++ends) {
      const Exact x1 = ends & 1 ? high : low, y1_after0 = ends & 2 ? high : low, y1_after1 = ends & 4 ? high : low;
      const Exact one = Exact::integer(1);
      all.push_back({(one - x1) * (one - y1_after0), (one - x1) * y1_after0, x1 * (one - y1_after1), x1 * y1_after1});
    }
    return all;
  }
  // Three entries at an end, the fourth what is left.
  for (std::size_t free = 0; free < 4; ++free)
    for (int ends = 0; ends < 8; ++ends) {
      std::array<Exact, 4> p;
      Exact sum;
      for (std::size_t i = 0, bit = 0; i < 4; ++i)
        if (i != free) p[i] = (ends >> bit++) & 1 ? high * high : low * low, sum = sum + p[i];
      p[free] = Exact::integer(1) - sum;
      if (p[free] >= low * low && p[free] <= high * high) all.push_back(p);
    }
  return all;
}

Exact local_bound(const Coefficients& coefficients, Polytope polytope, const Exact& mu) {
  std::optional<Exact> best;
  for (const auto& settings : setting_vertices(polytope, mu))
    for (int strategy = 0; strategy < 16; ++strategy) {
      Exact sum;
      for (int xy = 0; xy < 4; ++xy)
        sum = sum + settings[static_cast<std::size_t>(xy)] *
                        whole(coefficients[static_cast<std::size_t>(entry_of(strategy, xy))]);
      if (!best || *best < sum) best = sum;
    }
  return *best;
}

Result<Witness> best_witness(const JointBehaviour& behaviour, const Exact& mu, Polytope polytope) {
  // maximise w . P  subject to  w . vertex <= 0 for every vertex and  w . white noise = -1.
  const auto vertices = setting_vertices(polytope, mu);
  ClpSimplex model;
  model.setLogLevel(0);
  model.resize(0, 16);
  model.setOptimizationDirection(-1);
  for (int i = 0; i < 16; ++i) {
    model.setColumnBounds(i, -largest_weight, largest_weight);
    model.setObjectiveCoefficient(i, behaviour[static_cast<std::size_t>(i)].approximate());
  }
  for (const auto& settings : vertices)
    for (int strategy = 0; strategy < 16; ++strategy) {
      int columns[4];
      double values[4];
      for (int xy = 0; xy < 4; ++xy) {
        columns[xy] = entry_of(strategy, xy);
        values[xy] = settings[static_cast<std::size_t>(xy)].approximate();
      }
      model.addRow(4, columns, values, -COIN_DBL_MAX, 0);
    }
  int everything[16];
  double white[16];
  for (int i = 0; i < 16; ++i) everything[i] = i, white[i] = 1.0 / 16;
  model.addRow(16, everything, white, -1, -1);
  model.dual();
  if (model.status() != 0)
    return internal_error(fmt::format("the linear program of the witness failed, status {}", model.status()));
  const double* solution = model.primalColumnSolution();
  double largest = 0;
  for (int i = 0; i < 16; ++i) largest = std::max(largest, std::abs(solution[i]));
  Witness witness;
  witness.mu = mu;
  witness.polytope = polytope;
  for (int i = 0; i < 16; ++i)
    witness.coefficients[static_cast<std::size_t>(i)] =
        std::llround(solution[i] / largest * static_cast<double>(largest_coefficient));
  witness.local_bound = local_bound(witness.coefficients, polytope, mu);
  return witness;
}

std::optional<Exact> largest_witness_bias(const JointBehaviour& behaviour, Polytope polytope) {
  return largest_mu([&](const Exact& mu) {
    auto witness = best_witness(behaviour, mu, polytope);
    return witness.ok() && witness->value(behaviour) > witness->local_bound;
  });
}

std::optional<Exact> largest_win_bias(const JointBehaviour& behaviour) {
  const Exact lose = Exact::integer(1) - probability_of_win(behaviour), half = Exact::fraction(1, 2);
  return largest_mu([&](const Exact& mu) { return lose < (half - mu) * (half - mu); });
}

std::optional<Exact> largest_mdl_bias(const JointBehaviour& behaviour) {
  const Exact half = Exact::fraction(1, 2);
  return largest_mu([&](const Exact& mu) {
    return (half - mu) * (half - mu) * behaviour[0] >
           (half + mu) * (half + mu) * (behaviour[4 + 1] + behaviour[8 + 2] + behaviour[12]);
  });
}

bool is_win_frequency(const Witness& witness) {
  for (int form = 0; form < 8; ++form) {
    bool fits = true;
    std::optional<std::int64_t> win, lose;
    for (int i = 0; i < 16 && fits; ++i) {
      const int x = (i >> 3) & 1, y = (i >> 2) & 1;
      const bool won = wins(i) != (((form & 1 & x) ^ ((form >> 1) & 1 & y) ^ (form >> 2)) != 0);
      auto& expected = won ? win : lose;
      if (!expected) expected = witness.coefficients[static_cast<std::size_t>(i)];
      fits = *expected == witness.coefficients[static_cast<std::size_t>(i)];
    }
    if (fits && *win > *lose) return true;
  }
  return false;
}

plan::WitnessCoefficients score_of(const Witness& witness) {
  std::int64_t largest = 1;
  for (const std::int64_t one : witness.coefficients) largest = std::max(largest, std::abs(one));
  plan::WitnessCoefficients score;
  for (std::size_t i = 0; i < 16; ++i) score[i] = whole(witness.coefficients[i]) / whole(largest);
  return score;
}

plan::WitnessCoefficients mdl_witness(const Exact& mu) {
  const Exact half = Exact::fraction(1, 2), least = (half - mu) * (half - mu), most = (half + mu) * (half + mu);
  plan::WitnessCoefficients score;
  score[0b0000] = least;
  for (const std::size_t loses : {0b0101, 0b1010, 0b1100}) score[loses] = Exact() - most;
  return score;
}

nlohmann::json to_json(const Witness& witness) {
  return {{"format", "bellows-witness"},
          {"coefficients", witness.coefficients},
          {"mu", witness.mu.text()},
          {"polytope", name(witness.polytope)},
          {"local_bound", witness.local_bound.text()}};
}

Result<Witness> witness_from_json(const nlohmann::json& document, const std::string& origin) {
  BELLOWS_TRY(plan::require_kind(document, plan::DocumentKind::witness, origin));
  plan::JsonReader reader(document, "witness", origin);
  Witness witness;
  if (std::string format = reader.text("format"); format != "bellows-witness")
    reader.fail("is of another format", "bellows-witness", format);
  const std::vector<std::int64_t> coefficients =
      reader.whole_numbers("coefficients", -largest_coefficient, largest_coefficient);
  witness.mu = reader.exact("mu");
  witness.polytope = reader.take(plan::polytope_named(reader.text("polytope")));
  witness.local_bound = reader.exact("local_bound");
  BELLOWS_TRY(reader.finish());
  if (coefficients.size() != 16)
    reader.fail("has the wrong number of coefficients", "16", std::to_string(coefficients.size()));
  std::copy_n(coefficients.begin(), std::min<std::size_t>(16, coefficients.size()), witness.coefficients.begin());
  if (witness.mu < Exact() || witness.mu >= Exact::fraction(1, 2))
    reader.fail("mu is out of range", "0 <= mu < 1/2", witness.mu.text());
  BELLOWS_TRY(reader.finish());
  if (Exact exact = local_bound(witness.coefficients, witness.polytope, witness.mu); witness.local_bound < exact) {
    Error error = refused("local strategies exceed the bound that the witness claims");
    error.file = origin;
    error.expected = exact.text();
    error.got = witness.local_bound.text();
    return error;
  }
  return witness;
}

}  // namespace bellows::certify
