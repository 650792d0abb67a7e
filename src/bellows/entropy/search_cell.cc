#include "bellows/entropy/search_cell.h"

#include <cmath>

namespace bellows::entropy::search {
namespace {

const double bits_per_nat = 1 / std::log(2.0);

// (J o 1) or (1 o J), J = (0 -1; 1 0): a quarter turn of one party's Bloch plane.
Matrix4 quarter_turn(int party) {
  Matrix4 j = Matrix4::Zero();
  const int flip = party == 0 ? 2 : 1;
  for (int i = 0; i < 4; ++i) j(i, i ^ flip) = i & flip ? 1 : -1;
  return j;
}

// The parts of the operator that stay, go with cos and go with sin when the party's directions turn.
std::array<Matrix4, 3> taken_apart(const Matrix4& m, int party, double sign) {
  static const std::array<Matrix4, 2> j{quarter_turn(0), quarter_turn(1)};
  const Matrix4 turned_half = j[party] * m * j[party].transpose();
  const Matrix4 turning = 0.5 * (m - turned_half);
  return {0.5 * (m + turned_half), turning, sign * (j[party] * turning)};
}

struct Corner {
  double c, s;
};

std::array<Corner, 3> corners(double half_angle) {
  const double c = std::cos(half_angle), s = std::sin(half_angle);
  return {{{c, s}, {c, -s}, {1 / c, 0}}};
}

}  // namespace

TurningOperator::TurningOperator(const Problem& problem, const Bases& centre, const Matrix4& log_reference) {
  for (auto& row : part_) row.fill(Matrix4::Zero());
  const Matrix4 reference = matrix_exp(log_reference);
  for (int xy = 0; xy < 4; ++xy) {
    const Dephased d = dephased(problem.entropy, centre.basis[xy], reference);
    const Vector4 logs = d.eigenvalues.array().log() * bits_per_nat;
    const Matrix4& b = centre.basis[xy];
    const Matrix4 m = problem.entropy_weight[xy] * (log_reference * bits_per_nat - d.basis * logs.asDiagonal() * d.basis.transpose()) -
                      problem.probability[xy] * problem.slope * (b * problem.score[xy].asDiagonal() * b.transpose());
    const auto first = taken_apart(m, 0, xy >> 1 ? 1 : -1);
    for (int i = 0; i < 3; ++i) {
      const auto second = taken_apart(first[i], 1, xy & 1 ? 1 : -1);
      for (int k = 0; k < 3; ++k) part_[i][k] += second[k];
    }
  }
}

CellBound TurningOperator::bound(double half_alpha, double half_beta) const {
  CellBound worst{1e300, {}};
  for (const Corner& u : corners(half_alpha / 2)) {
    std::array<Matrix4, 3> at;
    for (int k = 0; k < 3; ++k) at[k] = part_[0][k] + u.c * part_[1][k] + u.s * part_[2][k];
    for (const Corner& v : corners(half_beta / 2)) {
      const Eigen::SelfAdjointEigenSolver<Matrix4> eigen(at[0] + v.c * at[1] + v.s * at[2]);
      if (eigen.eigenvalues()(0) < worst.value) worst = {eigen.eigenvalues()(0), eigen.eigenvectors().col(0)};
    }
  }
  return worst;
}

CellProposal propose_reference(const Problem& problem, const Bases& centre, const CellAngles& cell, const Matrix4& worst_state, double wanted, int most_steps) {
  CellProposal best;
  Matrix4 best_state = worst_state;
  CellBound at_best{-1e300, {}};
  const auto consider = [&](const Matrix4& state) {
    const Matrix4 log_reference = matrix_log(state);
    const CellBound bound = TurningOperator(problem, centre, log_reference).bound(cell.half_alpha, cell.half_beta);
    if (bound.value <= best.bound + 1e-10) return false;
    best = {log_reference, bound.value};
    best_state = state;
    at_best = bound;
    return true;
  };
  for (const double mix : {1e-6, 0.003, 0.02, 0.1, 0.0005, 1e-4, 1e-5}) {
    consider((1 - mix) * worst_state + mix / 4 * Matrix4::Identity());
    if (best.bound >= wanted) return best;
  }
  // Hopeless far below the target: let the caller split.
  if (best.bound < problem.intercept - 2) return best;
  double step = 0.05;
  for (int i = 0; i < most_steps && best.bound < wanted; ++i) {
    bool moved = false;
    for (int tries = 0; tries < 10 && !moved; ++tries) {
      moved = consider((1 - step) * best_state + step * at_best.direction * at_best.direction.transpose());
      step *= moved ? 1.5 : 0.4;
    }
    if (!moved) break;
  }
  return best;
}

}  // namespace bellows::entropy::search
