#pragma once
// The checker: whether a proof file proves the statement in its header. Shares no numerics with the search.
#include <cstdint>
#include <optional>

#include "bellows/base/progress.h"
#include "bellows/base/result.h"
#include "bellows/entropy/cell.h"
#include "bellows/entropy/proof.h"

namespace bellows::entropy {

/// What the checker found.
struct CheckVerdict {
  std::uint64_t cells = 0;
  std::uint64_t cells_refused = 0;
  std::optional<Cell> first_refused;    ///< with the lowest place in the file
  std::size_t first_refused_class = 0;  ///< which class it belongs to

  bool proved() const { return cells_refused == 0; }
};

inline constexpr long default_check_precision_bits = 96;

/// In:     proof: as parsed; precision_bits: of the ball arithmetic, 32 to 4096. More precision can only turn a refusal into an acceptance.
/// Out:    proved() only if the inequality holds on every cell; then the statement is a theorem about every device (docs/two-sided-entropy.md).
/// Errors: bad_input: the classes or domains are not those that the statement requires, the cells do not tile the domain
///         (a mirrored cell that is not covered by symmetry), parameters without sense; cancelled.
/// Cost:   about 0.15 ms a cell and core; runs on context.thread_count threads.
Result<CheckVerdict> check_proof(const EntropyProof& proof, const Context& context, long precision_bits = default_check_precision_bits);

}  // namespace bellows::entropy
