#include "bellows/certify/quantum_witness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "bellows/entropy/two_sided.h"

namespace bellows::certify {
namespace {

using Symmetric = std::array<std::array<double, 4>, 4>;

/// Largest eigenvalue, by Jacobi rotations.
double largest_eigenvalue(Symmetric m) {
  for (int sweep = 0; sweep < 20; ++sweep) {
    double off = 0, all = 0;
    for (std::size_t i = 0; i < 4; ++i)
      for (std::size_t j = 0; j < 4; ++j) (i == j ? all : off) += m[i][j] * m[i][j];
    if (off <= 1e-28 * (all + off)) break;
    for (std::size_t p = 0; p < 3; ++p)
      for (std::size_t q = p + 1; q < 4; ++q) {
        if (m[p][q] == 0) continue;
        const double turn = 0.5 * std::atan2(2 * m[p][q], m[q][q] - m[p][p]), c = std::cos(turn), s = std::sin(turn);
        for (std::size_t k = 0; k < 4; ++k) {
          const double left = m[k][p], right = m[k][q];
          m[k][p] = c * left - s * right, m[k][q] = s * left + c * right;
        }
        for (std::size_t k = 0; k < 4; ++k) {
          const double left = m[p][k], right = m[q][k];
          m[p][k] = c * left - s * right, m[q][k] = s * left + c * right;
        }
      }
  }
  return std::max({m[0][0], m[1][1], m[2][2], m[3][3]});
}

/// constant + sum a_x A_x + sum b_y B_y + sum c_xy A_x B_y, each of A_x and B_y with the values +1 and -1.
struct Correlators {
  double constant = 0;
  std::array<double, 2> a{}, b{};
  std::array<double, 4> both{};
};

Correlators correlators(const plan::WitnessCoefficients& witness, const std::array<double, 4>& settings) {
  Correlators c;
  for (std::size_t xyab = 0; xyab < 16; ++xyab) {
    const std::size_t x = xyab >> 3, y = xyab >> 2 & 1;
    const double term = settings[xyab >> 2] * witness[xyab].approximate() / 4;
    const double of_a = (xyab >> 1 & 1) != 0 ? -term : term, of_b = (xyab & 1) != 0 ? -1 : 1;
    c.constant += term, c.a[x] += of_a, c.b[y] += of_b * term, c.both[2 * x + y] += of_b * of_a;
  }
  return c;
}

/// A_0 = B_0 = Z; A_1 and B_1 turned by these angles.
double value_at(const Correlators& c, double angle_a, double angle_b) {
  using Matrix2 = std::array<std::array<double, 2>, 2>;
  const auto turned = [](double angle) {
    const double z = std::cos(angle), x = std::sin(angle);
    return Matrix2{{{z, x}, {x, -z}}};
  };
  const std::array<Matrix2, 2> a{turned(0), turned(angle_a)}, b{turned(0), turned(angle_b)};
  Symmetric m{};
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t ia = i >> 1, ja = j >> 1, ib = i & 1, jb = j & 1;
      double& entry = m[i][j];
      if (i == j) entry += c.constant;
      for (std::size_t x = 0; x < 2; ++x) {
        if (ib == jb) entry += c.a[x] * a[x][ia][ja];
        if (ia == ja) entry += c.b[x] * b[x][ib][jb];
        for (std::size_t y = 0; y < 2; ++y) entry += c.both[2 * x + y] * a[x][ia][ja] * b[y][ib][jb];
      }
    }
  return largest_eigenvalue(m);
}

double best_over_angles(const Correlators& c) {
  constexpr int cells = 24;
  constexpr double step = M_PI / cells;
  struct Place {
    double value, a, b;
  };
  std::array<Place, 6> best;
  best.fill({-1e300, 0, 0});
  // A turn by a negative angle is a reflection, which each party may make for itself.
  for (int i = 0; i <= cells; ++i)
    for (int j = 0; j <= cells; ++j) {
      const Place here{value_at(c, i * step, j * step), i * step, j * step};
      if (here.value > best.back().value) {
        best.back() = here;
        std::sort(best.begin(), best.end(), [](const Place& one, const Place& other) { return one.value > other.value; });
      }
    }
  double most = -1e300;
  for (Place place : best) {
    for (double size = step; size > 1e-8;) {
      Place next = place;
      for (int i = -1; i <= 1; ++i)
        for (int j = -1; j <= 1; ++j)
          if (const double value = value_at(c, place.a + i * size, place.b + j * size); value > next.value)
            next = {value, place.a + i * size, place.b + j * size};
      if (next.value > place.value)
        place = next;
      else
        size /= 2;
    }
    most = std::max(most, place.value);
  }
  return most;
}

}  // namespace

double quantum_witness_value(const plan::WitnessCoefficients& witness, plan::Polytope polytope, const numeric::Exact& mu) {
  const auto kind =
      polytope == plan::Polytope::box ? entropy::SettingPolytope::box : entropy::SettingPolytope::santha_vazirani;
  std::vector<std::array<double, 4>> seen;
  double most = -1e300;
  for (const auto& vertex : entropy::vertices(kind, mu.value())) {
    const std::array<double, 4> settings{vertex[0].get_d(), vertex[1].get_d(), vertex[2].get_d(), vertex[3].get_d()};
    if (std::find(seen.begin(), seen.end(), settings) != seen.end()) continue;
    seen.push_back(settings);
    most = std::max(most, best_over_angles(correlators(witness, settings)));
  }
  return most;
}

double beyond_quantum_witness(const plan::WitnessCoefficients& witness, plan::Polytope polytope, const numeric::Exact& mu) {
  const double spread = plan::most_of(witness).approximate() - plan::least_of(witness).approximate();
  return quantum_witness_value(witness, polytope, mu) + 1e-8 * spread;
}

double honest_witness_limit(const plan::WitnessCoefficients& witness) {
  thread_local std::optional<std::pair<plan::WitnessCoefficients, double>> last;
  if (!last || last->first != witness)
    last = {witness, quantum_witness_value(witness, plan::Polytope::santha_vazirani, numeric::Exact())};
  return last->second;
}

}  // namespace bellows::certify
