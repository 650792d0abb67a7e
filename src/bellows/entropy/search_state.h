#pragma once
// Floating point: at fixed angles, the state that gives away most. Proposes; proves nothing.
#include <Eigen/Dense>
#include <array>

#include "bellows/entropy/statement.h"

namespace bellows::entropy::search {

using Matrix4 = Eigen::Matrix4d;
using Vector4 = Eigen::Vector4d;

/// A statement and one setting distribution in doubles.
struct Problem {
  Problem(const Statement& statement, const SettingDistribution& distribution);

  EntropyOf entropy;
  double slope;
  double intercept;
  std::array<double, 4> probability;     ///< of the setting pairs, for the score
  std::array<double, 4> entropy_weight;  ///< of the setting pairs, for the entropy
  std::array<Vector4, 4> score;  ///< by setting pair, then outcome pair
};

/// Product bases measured at angles (alpha, beta): columns of basis[2x+y] are the outcome pairs. Settings 0 and 1 look along minus and plus half
/// the angle in one plane of the Bloch ball.
struct Bases {
  Bases(double alpha, double beta);
  std::array<Matrix4, 4> basis;
};

/// A state, and what the device earns with it.
struct Attack {
  Matrix4 state;
  double value = 0;  ///< entropy - slope * score, the smallest found
  double gap = 0;    ///< how far the smallest value may lie below (floating point)
};

/// The basis in which the measurement at one setting pair leaves the state diagonal, and its eigenvalues; for the first party's outcome alone
/// it is the measured basis of that party times the eigenbasis of what is left to the other.
struct Dephased {
  Matrix4 basis;
  Vector4 eigenvalues;
};
Dephased dephased(EntropyOf entropy, const Matrix4& measured_basis, const Matrix4& state);

/// sum over settings of weight [log2 state - log2 (state as the measurement leaves it)] - P slope * score: tr(state * this) is the value to be minimised, and
/// its smallest eigenvalue a lower bound on it.
Matrix4 gradient(const Problem& problem, const Bases& bases, const Matrix4& state);

/// Expected score of the state.
double expected_score(const Problem& problem, const Bases& bases, const Matrix4& state);

/// Minimises over states from the start given: Newton's method in the state's eigenbasis; where it stalls, sweeps of the fixed-point map
/// state -> exp(sum P ln(dephased) + slope ln2 score) / trace, which never go up.
Attack worst_state(const Problem& problem, const Bases& bases, const Matrix4& start);

double smallest_eigenvalue(const Matrix4& symmetric);
Matrix4 matrix_log(const Matrix4& positive);
Matrix4 matrix_exp(const Matrix4& symmetric);

}  // namespace bellows::entropy::search
