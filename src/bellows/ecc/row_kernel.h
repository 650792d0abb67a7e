#pragma once

#include <cstddef>
#include <cstdint>

namespace bellows::ecc {

/// All lanes go through the checks of one block row at once: lane i is check i.
struct RowTask {
  std::size_t edges = 0;
  std::size_t lanes = 0;                   ///< a multiple of 64; also the distance between edges in memory
  std::int8_t* belief = nullptr;           ///< [edges][lanes], of the bits as this row sees them; updated
  std::int8_t* message = nullptr;          ///< [edges][lanes], what this row told them last; updated
  const std::uint8_t* syndrome = nullptr;  ///< [lanes], 0x80 where the check must be odd
  const std::uint8_t* rescale = nullptr;   ///< [128], smallest magnitude of the others -> magnitude of the message
};

/// Returns whether a check was not met by the signs of the beliefs before the update. Every kernel gives the same
/// bytes.
using RowKernel = bool (*)(const RowTask&);
bool update_row_portable(const RowTask& task);
bool update_row_avx2(const RowTask& task);
bool update_row_avx512(const RowTask& task);
RowKernel chosen_row_kernel();

/// Min-sum on vectors V of bytes: V::width, load, store, zero, all(x), clamped_subtract and clamped_add (to -127 ..
/// 127), magnitude, min, max (of magnitudes), bit_xor, choose_if_equal, negate_if_negative, any_negative.
template <class V>
bool update_row(const RowTask& task) {
  using Vector = typename V::Vector;
  bool unmet = false;
  for (std::size_t lane = 0; lane < task.lanes; lane += V::width) {
    Vector signs = V::load(reinterpret_cast<const std::int8_t*>(task.syndrome) + lane), parity = signs;
    Vector least = V::all(127), second = V::all(127);
    for (std::size_t e = 0; e < task.edges; ++e) {
      std::int8_t* belief = task.belief + e * task.lanes + lane;
      Vector old = V::load(belief);
      parity = V::bit_xor(parity, old);
      // A belief at the end of its range may be far beyond it: what the row told is then not taken off, or certainty
      // would wear down row by row.
      Vector without = V::clamped_subtract(old, V::load(task.message + e * task.lanes + lane));
      without = V::choose_if_equal(V::magnitude(old), V::all(127), old, without);
      signs = V::bit_xor(signs, without);
      Vector size = V::magnitude(without);
      second = V::min(second, V::max(least, size));
      least = V::min(least, size);
      V::store(belief, without);
    }
    unmet = unmet || V::any_negative(parity);
    alignas(64) std::int8_t look_up[2][V::width];
    V::store(look_up[0], least);
    V::store(look_up[1], second);
    for (std::size_t i = 0; i < V::width; ++i) {
      look_up[0][i] = static_cast<std::int8_t>(task.rescale[static_cast<std::uint8_t>(look_up[0][i])]);
      look_up[1][i] = static_cast<std::int8_t>(task.rescale[static_cast<std::uint8_t>(look_up[1][i])]);
    }
    Vector for_most = V::load(look_up[0]), for_least = V::load(look_up[1]);
    for (std::size_t e = 0; e < task.edges; ++e) {
      std::int8_t* belief = task.belief + e * task.lanes + lane;
      Vector without = V::load(belief);
      Vector size = V::choose_if_equal(V::magnitude(without), least, for_least, for_most);
      Vector told = V::negate_if_negative(size, V::bit_xor(signs, without));
      V::store(task.message + e * task.lanes + lane, told);
      V::store(belief, V::clamped_add(without, told));
    }
  }
  return unmet;
}

}  // namespace bellows::ecc
