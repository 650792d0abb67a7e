#include "bellows/entropy/search_state.h"

#include <algorithm>
#include <cmath>

namespace bellows::entropy::search {
namespace {

using Eigen::Matrix2d;
using Solver = Eigen::SelfAdjointEigenSolver<Matrix4>;
using Matrix10 = Eigen::Matrix<double, 10, 10>;
using Vector10 = Eigen::Matrix<double, 10, 1>;

const double bits_per_nat = 1 / std::log(2.0);
constexpr double tiny = 1e-300;

// Pairs i <= k of a symmetric 4x4 matrix.
constexpr std::array<int, 10> row_of{0, 0, 0, 0, 1, 1, 1, 2, 2, 3};
constexpr std::array<int, 10> column_of{0, 1, 2, 3, 1, 2, 3, 2, 3, 3};

Matrix2d turn(double angle) {
  Matrix2d r;
  r << std::cos(angle / 2), -std::sin(angle / 2), std::sin(angle / 2), std::cos(angle / 2);
  return r;
}

Matrix4 product(const Matrix2d& first, const Matrix2d& second) {
  Matrix4 r;
  for (int i = 0; i < 2; ++i)
    for (int k = 0; k < 2; ++k) r.block<2, 2>(2 * i, 2 * k) = first(i, k) * second;
  return r;
}

Matrix4 symmetric_part(const Matrix4& m) { return 0.5 * (m + m.transpose()); }

// (ln a - ln b) / (a - b), also for a near b.
double log_slope(double a, double b) {
  if (std::abs(a - b) < 1e-7 * (a + b)) return 2 / (a + b);
  return (std::log(a) - std::log(b)) / (a - b);
}

// Whether outcomes i and k of the dephased basis stay coherent with one another (other than i = k).
bool same_block(EntropyOf entropy, int i, int k) { return i == k || (!counts_both(entropy) && i / 2 == k / 2); }

// The Newton step on trace-one symmetric matrices, in coordinates of the state's eigenbasis scaled by sqrt(w_i w_k), where the Hessian of the
// state's own entropy is near the identity.
Matrix4 newton_step(const Problem& problem, const Bases& bases, const Matrix4& state, const Matrix4& g, const Solver& eigen) {
  const Vector4 w = eigen.eigenvalues().cwiseMax(tiny);
  const Matrix4& u = eigen.eigenvectors();
  const Matrix4 gt = u.transpose() * g * u;
  const double root2 = std::sqrt(2.0);
  Vector10 scale, slope, trace;
  Matrix10 hessian = Matrix10::Zero();
  for (int c = 0; c < 10; ++c) {
    const int i = row_of[c], k = column_of[c];
    scale(c) = std::sqrt(w(i) * w(k));
    slope(c) = gt(i, k) * (i == k ? 1 : root2) * scale(c);
    trace(c) = i == k ? scale(c) : 0;
    hessian(c, c) += bits_per_nat * log_slope(w(i), w(k)) * scale(c) * scale(c);
  }
  for (int xy = 0; xy < 4; ++xy) {
    const Dephased d = dephased(problem.entropy, bases.basis[xy], state);
    const Matrix4 seen = u.transpose() * d.basis;
    for (int i = 0; i < 4; ++i)
      for (int k = i; k < 4; ++k) {
        if (!same_block(problem.entropy, i, k)) continue;
        Vector10 v;
        for (int c = 0; c < 10; ++c) {
          const int p = row_of[c], q = column_of[c];
          v(c) = (p == q ? seen(p, i) * seen(p, k) : (seen(p, i) * seen(q, k) + seen(q, i) * seen(p, k)) / root2) * scale(c);
        }
        const double weight = (i == k ? 1 : 2) * problem.entropy_weight[xy] * bits_per_nat * log_slope(d.eigenvalues(i), d.eigenvalues(k));
        hessian.noalias() -= weight * v * v.transpose();
      }
  }
  // The Hessian vanishes along the state itself (the value is homogeneous); the trace term and a small ridge make it regular.
  hessian += trace * trace.transpose();
  hessian.diagonal().array() += 1e-10;
  const Eigen::LDLT<Matrix10> factors(hessian);
  const Vector10 x = factors.solve(slope), y = factors.solve(trace);
  const Vector10 step = -(x - trace.dot(x) / trace.dot(y) * y);
  Matrix4 d;
  for (int c = 0; c < 10; ++c) {
    const int i = row_of[c], k = column_of[c];
    d(i, k) = d(k, i) = step(c) * scale(c) / (i == k ? 1 : root2);
  }
  return d;
}

// Newton until the gap closes or no step helps.
void newton(const Problem& problem, const Bases& bases, Attack& attack, int most_steps, double wanted_gap) {
  Matrix4 g = gradient(problem, bases, attack.state);
  attack.value = (g * attack.state).trace();
  for (int step = 0; step < most_steps; ++step) {
    attack.gap = attack.value - smallest_eigenvalue(g);
    if (attack.gap < wanted_gap) return;
    const Solver eigen(attack.state);
    const Matrix4 in_eigenbasis = newton_step(problem, bases, attack.state, g, eigen);
    // Stay inside the positive matrices.
    const Vector4 inverse_root = eigen.eigenvalues().cwiseMax(tiny).array().sqrt().inverse();
    const double down = smallest_eigenvalue(inverse_root.asDiagonal() * in_eigenbasis * inverse_root.asDiagonal());
    double length = down < 0 ? std::min(1.0, -0.95 / down) : 1.0;
    const Matrix4 direction = eigen.eigenvectors() * in_eigenbasis * eigen.eigenvectors().transpose();
    const double fall = (g * direction).trace();
    bool moved = false;
    for (int tries = 0; tries < 30; ++tries, length /= 2) {
      Matrix4 next = symmetric_part(attack.state + length * direction);
      next /= next.trace();
      const Matrix4 next_g = gradient(problem, bases, next);
      const double value = (next_g * next).trace();
      if (value > attack.value + 1e-4 * length * fall + 1e-14) continue;
      if (value < attack.value + 1e-13) {
        attack.state = next;
        attack.value = value;
        g = next_g;
        moved = true;
      }
      break;
    }
    if (!moved) break;
  }
  attack.gap = attack.value - smallest_eigenvalue(g);
}

void sweep(const Problem& problem, const Bases& bases, Matrix4& state, int sweeps) {
  for (int i = 0; i < sweeps; ++i) {
    const Matrix4 next = matrix_log(state) - gradient(problem, bases, state) / bits_per_nat;
    const Solver eigen(next);
    const Vector4 w = (eigen.eigenvalues().array() - eigen.eigenvalues()(3)).exp();
    state = symmetric_part(eigen.eigenvectors() * w.asDiagonal() * eigen.eigenvectors().transpose());
    state /= state.trace();
  }
}

}  // namespace

Problem::Problem(const Statement& statement, const SettingDistribution& distribution)
    : entropy(statement.entropy), slope(statement.slope.get_d()), intercept(statement.intercept.get_d()) {
  const SettingDistribution weights = entropy_weights(entropy, distribution);
  for (int xy = 0; xy < 4; ++xy) {
    probability[xy] = distribution[xy].get_d();
    entropy_weight[xy] = weights[xy].get_d();
    for (int ab = 0; ab < 4; ++ab) score[xy](ab) = statement.score.weight[xy][ab].get_d();
  }
}

Bases::Bases(double alpha, double beta) {
  for (int xy = 0; xy < 4; ++xy) basis[xy] = product(turn(xy >> 1 ? alpha / 2 : -alpha / 2), turn(xy & 1 ? beta / 2 : -beta / 2));
}

Dephased dephased(EntropyOf entropy, const Matrix4& measured_basis, const Matrix4& state) {
  Dephased d{measured_basis, {}};
  if (counts_both(entropy)) {
    for (int i = 0; i < 4; ++i) d.eigenvalues(i) = std::max(tiny, measured_basis.col(i).dot(state * measured_basis.col(i)));
    return d;
  }
  const Matrix4 seen = measured_basis.transpose() * state * measured_basis;
  for (int a = 0; a < 4; a += 2) {
    const Eigen::SelfAdjointEigenSolver<Matrix2d> block(Matrix2d(seen.block<2, 2>(a, a)));
    d.basis.middleCols<2>(a) = measured_basis.middleCols<2>(a) * block.eigenvectors();
    d.eigenvalues.segment<2>(a) = block.eigenvalues().cwiseMax(tiny);
  }
  return d;
}

Matrix4 gradient(const Problem& problem, const Bases& bases, const Matrix4& state) {
  Matrix4 g = matrix_log(state) * bits_per_nat;
  for (int xy = 0; xy < 4; ++xy) {
    const Dephased d = dephased(problem.entropy, bases.basis[xy], state);
    const Vector4 logs = d.eigenvalues.array().log() * bits_per_nat;
    const Matrix4& b = bases.basis[xy];
    g -= problem.entropy_weight[xy] * (d.basis * logs.asDiagonal() * d.basis.transpose());
    g -= problem.probability[xy] * problem.slope * (b * problem.score[xy].asDiagonal() * b.transpose());
  }
  return g;
}

double expected_score(const Problem& problem, const Bases& bases, const Matrix4& state) {
  double sum = 0;
  for (int xy = 0; xy < 4; ++xy)
    for (int ab = 0; ab < 4; ++ab) {
      const Vector4 v = bases.basis[xy].col(ab);
      sum += problem.probability[xy] * problem.score[xy](ab) * v.dot(state * v);
    }
  return sum;
}

Attack worst_state(const Problem& problem, const Bases& bases, const Matrix4& start) {
  Attack attack;
  attack.state = 0.8 * start + 0.05 * Matrix4::Identity();
  attack.state /= attack.state.trace();
  for (int round = 0; round < 4; ++round) {
    newton(problem, bases, attack, 40, 1e-7);
    if (attack.gap < 1e-5) break;
    attack.state = 0.999 * attack.state + 0.00025 * Matrix4::Identity();
    sweep(problem, bases, attack.state, 20);
    const Matrix4 g = gradient(problem, bases, attack.state);
    attack.value = (g * attack.state).trace();
    attack.gap = attack.value - smallest_eigenvalue(g);
  }
  return attack;
}

double smallest_eigenvalue(const Matrix4& symmetric) { return Solver(symmetric, Eigen::EigenvaluesOnly).eigenvalues()(0); }

Matrix4 matrix_log(const Matrix4& positive) {
  const Solver eigen(positive);
  const Vector4 logs = eigen.eigenvalues().cwiseMax(tiny).array().log();
  return eigen.eigenvectors() * logs.asDiagonal() * eigen.eigenvectors().transpose();
}

Matrix4 matrix_exp(const Matrix4& symmetric) {
  const Solver eigen(symmetric);
  const Vector4 exps = eigen.eigenvalues().array().exp();
  return eigen.eigenvectors() * exps.asDiagonal() * eigen.eigenvectors().transpose();
}

}  // namespace bellows::entropy::search
