#pragma once
// A cell of the square of angles, and the matrix that proves the bound on it.
#include <array>
#include <cstdint>

namespace bellows::entropy {

/// Deepest bisection of either angle that a proof may use.
inline constexpr int max_cell_depth = 58;

/// alpha in pi [alpha_index, alpha_index + 1] / 2^alpha_depth, and beta likewise: the angles between each party's two measured directions.
struct Cell {
  std::int64_t alpha_index = 0;
  int alpha_depth = 0;
  std::int64_t beta_index = 0;
  int beta_depth = 0;

  Cell low_alpha() const { return {2 * alpha_index, alpha_depth + 1, beta_index, beta_depth}; }
  Cell high_alpha() const { return {2 * alpha_index + 1, alpha_depth + 1, beta_index, beta_depth}; }
  Cell low_beta() const { return {alpha_index, alpha_depth, 2 * beta_index, beta_depth + 1}; }
  Cell high_beta() const { return {alpha_index, alpha_depth, 2 * beta_index + 1, beta_depth + 1}; }
};

/// Upper triangle, row by row, of a symmetric 4x4 matrix: the natural logarithm of the cell's reference state, times 2^scale_bits.
using ReferenceMatrix = std::array<std::int64_t, 10>;

}  // namespace bellows::entropy
