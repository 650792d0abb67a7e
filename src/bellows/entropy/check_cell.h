#pragma once
// The inequality that each cell of an entropy proof must satisfy, in ball arithmetic.
#include <array>

#include "bellows/entropy/cell.h"
#include "bellows/entropy/check_ball.h"
#include "bellows/entropy/statement.h"

namespace bellows::entropy {

/// The numbers of a statement and one of its setting distributions as balls of the precision in force when it is made.
struct CellProblem {
  CellProblem(const Statement& statement, const SettingDistribution& distribution);

  EntropyOf entropy;
  std::array<Ball, 4> entropy_weight;              ///< by setting pair
  std::array<std::array<Ball, 4>, 4> score_price;  ///< probability times slope times score, by setting pair and outcome pair
  Ball intercept;
  Ball bits_per_nat;  ///< 1 / ln 2
};

/// True only if for all angles of the cell, all two-qubit states rho with Eve holding the purification, and the settings drawn from the
/// problem's distribution: entropy - slope * score >= intercept. False means no more than "not shown by this matrix".
/// Cost: about 0.15 ms at 96 bits; thread-safe.
bool cell_is_proved(const CellProblem& problem, const Cell& cell, const ReferenceMatrix& matrix, int scale_bits);

}  // namespace bellows::entropy
