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
  std::string says;           ///< what is proved or printed: the bound on passing, or why it may pass
  double pass_bound = 1;      ///< upper bound on the probability of passing; 1: none
};

/// Deterministic: the same runs, the same table. Errors: cancelled.
Result<std::vector<AttackRow>> run_attacks(std::uint64_t runs, const Context& context = {});
/// As the table of docs/attacks.md.
std::string format_attacks(const std::vector<AttackRow>& rows);

}  // namespace bellows::protocol
