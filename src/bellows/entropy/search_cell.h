#pragma once
// Floating point: the bound of one cell, and the matrix that makes it large. Proposes; proves nothing.
#include "bellows/entropy/search_state.h"

namespace bellows::entropy::search {

/// Centre and half widths of a cell, radians.
struct CellAngles {
  double alpha, beta, half_alpha, half_beta;
};

/// Smallest eigenvalue over the nine corners for a reference state that turns with the measured directions, and the worst corner's eigenvector.
struct CellBound {
  double value;
  Vector4 direction;
};

/// The reference state's operators on a cell, taken apart once; bounds of the cell and of its halves follow quickly.
class TurningOperator {
 public:
  TurningOperator(const Problem& problem, const Bases& centre, const Matrix4& log_reference);
  CellBound bound(double half_alpha, double half_beta) const;

 private:
  // part_[i][k]: what multiplies (1, cos, sin)_i of the first party's turn and (1, cos, sin)_k of the second's.
  std::array<std::array<Matrix4, 3>, 3> part_;
};

/// The best matrix found for a cell.
struct CellProposal {
  Matrix4 log_reference;
  double bound = -1e300;
};

/// Looks for a reference state whose bound on the cell reaches `wanted`: the attack's state mixed with a little of the unit matrix, then, step by
/// step, with the eigenvector of the worst corner.
CellProposal propose_reference(const Problem& problem, const Bases& centre, const CellAngles& cell, const Matrix4& worst_state, double wanted, int most_steps);

}  // namespace bellows::entropy::search
