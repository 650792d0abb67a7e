#include "bellows/device/two_qubits.h"

#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <nlohmann/json.hpp>
#include <numbers>
#include <unsupported/Eigen/KroneckerProduct>

#include "bellows/base/json_words.h"

namespace bellows::device {
namespace {

using Eigen::Matrix2cd;
using Eigen::Matrix4cd;
using Eigen::Vector3d;
using Eigen::Vector4cd;
using nlohmann::json;

constexpr double tolerance = 1e-9;

/// Projector of an outcome along or against a direction.
Matrix2cd projector(const Vector3d& direction, unsigned outcome) {
  const double sign = outcome == 0 ? 1 : -1;
  const std::complex<double> i(0, 1);
  Matrix2cd p;
  p << 1 + sign * direction.z(), sign * (direction.x() - i * direction.y()), sign * (direction.x() + i * direction.y()),
      1 - sign * direction.z();
  return p / 2;
}

bool is_probability(double p) { return p >= 0 && p <= 1; }

std::size_t entry(unsigned x, unsigned y, unsigned a, unsigned b) { return 8 * x + 4 * y + 2 * a + b; }

Error wrong_json(const std::string& origin, const std::string& what, std::string expected) {
  return bad_input(fmt::format("description of two qubits: {}", what), origin, std::nullopt, std::move(expected));
}

/// A number, or [real, imaginary].
std::complex<double> complex_from(const json& value) {
  if (value.is_number()) return value.get<double>();
  return {value.at(0).get<double>(), value.at(1).get<double>()};
}

/// Degrees in the plane of Z and X, or a vector.
Vector3d direction_from(const json& value) {
  if (value.is_number()) return TwoQubits::in_plane(value.get<double>() * std::numbers::pi / 180);
  return {value.at(0).get<double>(), value.at(1).get<double>(), value.at(2).get<double>()};
}

}  // namespace

Matrix4cd TwoQubits::pair_state(double angle_radians) {
  return pure_state(Vector4cd(std::cos(angle_radians), 0, 0, std::sin(angle_radians)));
}

Matrix4cd TwoQubits::pure_state(const Vector4cd& amplitudes) { return amplitudes * amplitudes.adjoint(); }

Vector3d TwoQubits::in_plane(double angle_radians) { return {std::sin(angle_radians), 0, std::cos(angle_radians)}; }

Result<PairBehaviour> TwoQubits::behaviour() const {
  auto refuse = [](const char* what, const char* expected) { return bad_input(what, {}, std::nullopt, expected); };
  if (!state.allFinite() || !state.isApprox(state.adjoint(), tolerance) || std::abs(state.trace() - 1.0) > tolerance ||
      Eigen::SelfAdjointEigenSolver<Matrix4cd>(state).eigenvalues().minCoeff() < -tolerance)
    return refuse("the state of the two qubits is no density matrix", "Hermitian, positive, trace 1");
  for (const Vector3d& direction : {a_directions[0], a_directions[1], b_directions[0], b_directions[1]})
    if (!(std::abs(direction.norm() - 1) <= tolerance))
      return refuse("a measured direction is no unit vector", "length 1");
  if (!is_probability(visibility) || !is_probability(flip_0_to_1) || !is_probability(flip_1_to_0))
    return refuse("visibility or noise is out of range", "0 to 1");

  const Matrix4cd mixed = visibility * state + (1 - visibility) / 4 * Matrix4cd::Identity();
  const double recorded[2][2] = {{1 - flip_0_to_1, flip_0_to_1}, {flip_1_to_0, 1 - flip_1_to_0}};  // [true][recorded]
  PairBehaviour table{};
  for (unsigned x = 0; x < 2; ++x)
    for (unsigned y = 0; y < 2; ++y)
      for (unsigned a = 0; a < 2; ++a)
        for (unsigned b = 0; b < 2; ++b) {
          const Matrix4cd joint = Eigen::kroneckerProduct(projector(a_directions[x], a), projector(b_directions[y], b));
          const double p = std::max(0.0, (mixed * joint).trace().real());
          for (unsigned a_seen = 0; a_seen < 2; ++a_seen)
            for (unsigned b_seen = 0; b_seen < 2; ++b_seen)
              table[entry(x, y, a_seen, b_seen)] += p * recorded[a][a_seen] * recorded[b][b_seen];
        }
  return table;
}

Result<TwoQubits> TwoQubits::from_json(const json& document, const std::string& origin) {
  if (!document.is_object()) return wrong_json(origin, "not an object", "an object");
  for (const auto& [key, value] : document.items()) {
    if (key != "amplitudes" && key != "state" && key != "a" && key != "b" && key != "visibility" &&
        key != "flip_0_to_1" && key != "flip_1_to_0")
      return wrong_json(origin, fmt::format("unknown key {}", key),
                        "amplitudes or state, a, b, visibility, flip_0_to_1, flip_1_to_0");
  }
  if (document.contains("amplitudes") == document.contains("state"))
    return wrong_json(origin, "needs a state", "either amplitudes or state");
  TwoQubits qubits;
  try {
    if (document.contains("amplitudes")) {
      const json& list = document["amplitudes"];
      if (list.size() != 4) return wrong_json(origin, "amplitudes has the wrong length", "4 numbers");
      Vector4cd amplitudes;
      for (int i = 0; i < 4; ++i) amplitudes[i] = complex_from(list.at(static_cast<std::size_t>(i)));
      qubits.state = pure_state(amplitudes);
    } else {
      const json& rows = document["state"];
      if (rows.size() != 4) return wrong_json(origin, "state has the wrong size", "4 rows of 4 numbers");
      for (int i = 0; i < 4; ++i) {
        const json& row = rows.at(static_cast<std::size_t>(i));
        if (row.size() != 4) return wrong_json(origin, "state has the wrong size", "4 rows of 4 numbers");
        for (int j = 0; j < 4; ++j) qubits.state(i, j) = complex_from(row.at(static_cast<std::size_t>(j)));
      }
    }
    for (std::size_t setting = 0; setting < 2; ++setting) {
      qubits.a_directions[setting] = direction_from(document.at("a").at(setting));
      qubits.b_directions[setting] = direction_from(document.at("b").at(setting));
    }
    qubits.visibility = document.value("visibility", 1.0);
    qubits.flip_0_to_1 = document.value("flip_0_to_1", 0.0);
    qubits.flip_1_to_0 = document.value("flip_1_to_0", 0.0);
  } catch (const json::exception& error) {
    return wrong_json(origin, in_words(error), "numbers, [real, imaginary] pairs, directions as degrees or [x, y, z]");
  }
  return qubits;
}

std::array<double, 4> win_by_pair(const PairBehaviour& behaviour) {
  std::array<double, 4> wins{};
  for (unsigned x = 0; x < 2; ++x)
    for (unsigned y = 0; y < 2; ++y)
      for (unsigned a = 0; a < 2; ++a) wins[2 * x + y] += behaviour[entry(x, y, a, a ^ (x & y))];
  return wins;
}

double win_score(const PairBehaviour& behaviour) {
  double score = 0;
  for (double win : win_by_pair(behaviour)) score += win / 4;
  return score;
}

double chsh_value(const PairBehaviour& behaviour) { return 8 * win_score(behaviour) - 4; }

double mdl_value(const PairBehaviour& behaviour, double mu) {
  const double least = (0.5 - mu) * (0.5 - mu), largest = (0.5 + mu) * (0.5 + mu);
  return (least * behaviour[entry(0, 0, 0, 0)] -
          largest * (behaviour[entry(0, 1, 0, 1)] + behaviour[entry(1, 0, 1, 0)] + behaviour[entry(1, 1, 0, 0)])) /
         4;
}

}  // namespace bellows::device
