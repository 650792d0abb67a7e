#include "bellows/entropy/check_cell.h"

#include <arb_mat.h>

namespace bellows::entropy {
namespace {

// Rows and columns 00, 01, 10, 11: the first party's qubit is the high bit.
using Matrix = std::array<std::array<Ball, 4>, 4>;

enum Party { alice, bob };

// The setting of a party: bit 0 measures at minus half the angle, bit 1 at plus half the angle.
constexpr int direction(int setting_bit) { return setting_bit ? 1 : -1; }

// Turns the party's qubit by the angle whose (cos, sin) is the point: R M R^T with R = exp(-i angle Y / 2), a real rotation, and M symmetric.
// Of the blocks (A B; B^T D) that the qubit makes of M, (A+D)/2 and (B-B^T)/2 stay, and ((A-D)/2, (B+B^T)/2) turn like a vector of the plane.
// Written so it is linear in (cos, sin), which gives the formula a meaning for every point of the plane.
Matrix turned(const Matrix& m, Party party, const PlanePoint& point, int sign) {
  const int flip = party == alice ? 2 : 1, other = flip ^ 3;
  const Ball s = sign > 0 ? point.s : -point.s, minus_s = -s;
  Matrix r;
  const auto turn_place = [&](int j, int k) {  // of each block
    const int j1 = j | flip, k1 = k | flip;
    const Ball mean = (m[j][k] + m[j1][k1]).half(), along = (m[j][k] - m[j1][k1]).half();
    const Ball across = j == k ? m[j][j1] : (m[j][k1] + m[k][j1]).half();
    Ball turned_along = point.c * along, turned_across = s * along;
    turned_along.add_product(minus_s, across);
    turned_across.add_product(point.c, across);
    r[j][k] = r[k][j] = mean + turned_along;
    r[j1][k1] = r[k1][j1] = mean - turned_along;
    if (j == k) {
      r[j][j1] = r[j1][j] = turned_across;
      return;
    }
    const Ball odd = (m[j][k1] - m[k][j1]).half();
    r[j][k1] = r[k1][j] = turned_across + odd;
    r[k][j1] = r[j1][k] = turned_across - odd;
  };
  turn_place(0, 0);
  turn_place(0, other);
  turn_place(other, other);
  return r;
}

void add(Matrix& sum, const Matrix& m) {
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < 4; ++k) sum[i][k] += m[i][k];
}

// K = ln rho0, exactly as the proof file states it.
Matrix log_of_reference(const ReferenceMatrix& numbers, int scale_bits) {
  Matrix m;
  int at = 0;
  for (int i = 0; i < 4; ++i)
    for (int k = i; k < 4; ++k, ++at) {
      m[i][k] = Ball(static_cast<long>(numbers[at])).shifted(-scale_bits);
      m[k][i] = m[i][k];
    }
  return m;
}

Matrix exponential(const Matrix& m) {
  arb_mat_t in, out;
  arb_mat_init(in, 4, 4);
  arb_mat_init(out, 4, 4);
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < 4; ++k) arb_set(arb_mat_entry(in, i, k), m[i][k].raw());
  arb_mat_exp(out, in, ball_precision_bits);
  Matrix r;
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < 4; ++k) arb_set(r[i][k].raw(), arb_mat_entry(out, i, k));
  arb_mat_clear(in);
  arb_mat_clear(out);
  return r;
}

// atanh(t) / t for t^2 in [0, 1), also where t^2 may be zero: terms t^2j / (2j+1), the rest below t^2n / ((2n+1)(1-t^2)).
Ball atanh_over_argument(const Ball& t_squared) {
  if (t_squared.surely_positive() && !(Ball(mpq_class(1, 64)) - t_squared).surely_positive()) {
    const Ball t = sqrt(t_squared);
    return log((Ball(1) + t) / (Ball(1) - t)).half() / t;
  }
  Ball sum, power(1);
  const long terms = ball_precision_bits / 6 + 2;
  for (long j = 0; j < terms; ++j) {
    sum += power / Ball(2 * j + 1);
    power *= t_squared;
  }
  const Ball rest = power / (Ball(2 * terms + 1) * (Ball(1) - t_squared));
  arb_add_error(sum.raw(), rest.raw());
  return sum;
}

// Replaces m by m - log2 of the state as the measurement leaves it, in the frame in which the product basis is measured.
void subtract_log_dephased(Matrix& m, const Matrix& state, const CellProblem& problem) {
  if (counts_both(problem.entropy)) {
    for (int ab = 0; ab < 4; ++ab) m[ab][ab] -= log(state[ab][ab]) * problem.bits_per_nat;
    return;
  }
  // Only the first party measures: two blocks, (p q; q r) each. With centre h = (p+r)/2, radius d = sqrt((p-r)^2/4 + q^2):
  // ln = ln(h^2-d^2)/2 + (atanh(d/h)/d) (block - h).
  for (int a = 0; a < 4; a += 2) {
    const Ball centre = (state[a][a] + state[a + 1][a + 1]).half();
    const Ball difference = (state[a][a] - state[a + 1][a + 1]).half();
    const Ball& off = state[a][a + 1];
    Ball radius_squared = off * off;
    radius_squared.add_product(difference, difference);
    const Ball mean = log(centre * centre - radius_squared).half() * problem.bits_per_nat;
    const Ball stretch = atanh_over_argument(radius_squared / (centre * centre)) / centre * problem.bits_per_nat;
    m[a][a] -= mean + stretch * difference;
    m[a + 1][a + 1] -= mean - stretch * difference;
    const Ball off_log = stretch * off;
    m[a][a + 1] -= off_log;
    m[a + 1][a] -= off_log;
  }
}

// For every real symmetric matrix with upper triangle in the balls: Gaussian elimination meets four positive pivots.
bool surely_positive_definite(Matrix m) {
  for (int p = 0; p < 4; ++p) {
    if (!m[p][p].surely_positive()) return false;
    for (int i = p + 1; i < 4; ++i) {
      const Ball factor = m[p][i] / m[p][p];
      for (int k = i; k < 4; ++k) m[i][k] -= factor * m[p][k];
    }
  }
  return true;
}

// A triangle that holds the arc of half the angle: its two ends, and where the tangents there meet.
std::array<PlanePoint, 3> triangle_around(std::int64_t index, int depth) {
  const auto up = static_cast<ulong>(depth);
  PlanePoint low = on_circle(index, up + 1), high = on_circle(index + 1, up + 1);
  PlanePoint tip = on_circle(2 * index + 1, up + 2);
  const Ball cos_half_width = on_circle(1, up + 2).c;
  tip.c /= cos_half_width;
  tip.s /= cos_half_width;
  return {low, high, tip};
}

}  // namespace

CellProblem::CellProblem(const Statement& statement, const SettingDistribution& distribution)
    : entropy(statement.entropy), intercept(statement.intercept), bits_per_nat(Ball(1) / ln2()) {
  const SettingDistribution weights = entropy_weights(statement.entropy, distribution);
  for (int xy = 0; xy < 4; ++xy) {
    entropy_weight[xy] = Ball(weights[xy]);
    for (int ab = 0; ab < 4; ++ab) score_price[xy][ab] = Ball(mpq_class(distribution[xy] * statement.slope * statement.score.weight[xy][ab]));
  }
}

bool cell_is_proved(const CellProblem& problem, const Cell& cell, const ReferenceMatrix& matrix, int scale_bits) {
  const Matrix log_rho0 = log_of_reference(matrix, scale_bits);
  const Matrix rho0 = exponential(log_rho0);
  // Half the angles at the centre of the cell.
  const PlanePoint alpha0 = on_circle(2 * cell.alpha_index + 1, static_cast<ulong>(cell.alpha_depth) + 2);
  const PlanePoint beta0 = on_circle(2 * cell.beta_index + 1, static_cast<ulong>(cell.beta_depth) + 2);

  // By setting pair: weight [log sigma - log Delta(sigma)] - P(xy) slope * score in the frame in which the product basis is measured.
  // sigma_xy turns with the measured directions, so in this frame the matrix is the same for all angles of the cell.
  std::array<Matrix, 4> seen_from_basis;
  for (int xy = 0; xy < 4; ++xy) {
    const int x = xy >> 1, y = xy & 1;
    const auto into_frame = [&](const Matrix& m) { return turned(turned(m, alice, alpha0, -direction(x)), bob, beta0, -direction(y)); };
    Matrix& m = seen_from_basis[xy];
    m = into_frame(log_rho0);
    for (auto& row : m)
      for (auto& entry : row) entry *= problem.bits_per_nat;
    subtract_log_dephased(m, into_frame(rho0), problem);
    for (auto& row : m)
      for (auto& entry : row) entry *= problem.entropy_weight[xy];
    for (int ab = 0; ab < 4; ++ab) m[ab][ab] -= problem.score_price[xy][ab];
  }

  // G = sum over xy of the above, turned out to the measured directions, is bi-affine in the two points of the plane, and its smallest eigenvalue
  // concave in each: on the cell it is at least the smallest of the nine at the corners of the triangles.
  for (const PlanePoint& v : triangle_around(cell.beta_index, cell.beta_depth)) {
    std::array<Matrix, 2> after_bob;
    for (int xy = 0; xy < 4; ++xy) add(after_bob[xy >> 1], turned(seen_from_basis[xy], bob, v, direction(xy & 1)));
    for (const PlanePoint& u : triangle_around(cell.alpha_index, cell.alpha_depth)) {
      Matrix g = turned(after_bob[0], alice, u, direction(0));
      add(g, turned(after_bob[1], alice, u, direction(1)));
      for (int i = 0; i < 4; ++i) g[i][i] -= problem.intercept;
      if (!surely_positive_definite(std::move(g))) return false;
    }
  }
  return true;
}

}  // namespace bellows::entropy
