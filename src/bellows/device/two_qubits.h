#pragma once

#include <Eigen/Dense>
#include <array>
#include <nlohmann/json_fwd.hpp>

#include "bellows/base/result.h"

namespace bellows::device {

/// P(ab|xy) of two parties with two settings and two outcomes: entry 8x + 4y + 2a + b.
using PairBehaviour = std::array<double, 16>;

/// Two qubits, projective measurements, and the noise between them and the record.
struct TwoQubits {
  /// Density matrix in the basis 00, 01, 10, 11 (party A first).
  Eigen::Matrix4cd state;
  /// Measured directions on the Bloch sphere, by setting; outcome 0 is along the direction.
  std::array<Eigen::Vector3d, 2> a_directions, b_directions;
  /// The state is mixed with white noise: visibility * state + (1 - visibility) / 4.
  double visibility = 1;
  /// Chances that an outcome is recorded as the other one, for both parties. A lost particle that is recorded as 1 is
  /// a 0 that flips.
  double flip_0_to_1 = 0, flip_1_to_0 = 0;

  /// cos(angle) |00> + sin(angle) |11>.
  static Eigen::Matrix4cd pair_state(double angle_radians);
  static Eigen::Matrix4cd pure_state(const Eigen::Vector4cd& amplitudes);
  /// cos(angle) Z + sin(angle) X.
  static Eigen::Vector3d in_plane(double angle_radians);

  /// Errors: bad_input: a state that is no density matrix, a direction that is no unit vector, a number that is no
  /// probability.
  Result<PairBehaviour> behaviour() const;

  /// Amplitudes or a density matrix, directions or angles (docs/simulation.md).
  /// Errors: bad_input: a key missing or unknown, wrong shapes.
  static Result<TwoQubits> from_json(const nlohmann::json& document, const std::string& origin);
};

/// S = E00 + E01 + E10 - E11.
double chsh_value(const PairBehaviour& behaviour);
/// Share of trials won with uniform settings.
double win_score(const PairBehaviour& behaviour);
/// Chance to win by pair of settings, entry 2x + y.
std::array<double, 4> win_by_pair(const PairBehaviour& behaviour);
/// MDL value at bias mu (theory 1.1) with uniform settings.
double mdl_value(const PairBehaviour& behaviour, double mu);

}  // namespace bellows::device
