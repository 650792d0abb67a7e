#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bellows/base/progress.h"
#include "bellows/base/result.h"

/// The attack gallery: every known attack on simulated devices, many times, with what the theory says of it.
namespace bellows::protocol {

struct AttackRow {
  std::string protocol, attack, parameters;
  std::uint64_t runs = 0, caught = 0;
  double pass_bound = 1;      ///< upper bound on the probability of passing, computed; 1: none
  double eve_right = -1;      ///< share of the runs that passed in which Eve's guess of the output bit is right; negative: no output, or no guess
  std::string certified;      ///< what the program certifies of an accepted run with this plan; empty: nothing
  std::string says;           ///< why it may pass, or must be caught
};

/// Deterministic: the same runs, the same table. Errors: cancelled.
Result<std::vector<AttackRow>> run_attacks(std::uint64_t runs, const Context& context = {});
/// As the table of docs/attacks.md.
std::string format_attacks(const std::vector<AttackRow>& rows);

}  // namespace bellows::protocol
