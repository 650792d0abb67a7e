#pragma once
// The search: bisects the square of angles until every cell has a matrix, or finds a strategy that beats the statement.
#include <cstdint>
#include <optional>

#include "bellows/base/progress.h"
#include "bellows/base/result.h"
#include "bellows/entropy/proof.h"
#include "bellows/entropy/search_curve.h"

namespace bellows::entropy {

/// How hard to look.
struct SearchOptions {
  int scale_bits = 20;                    ///< matrices are rounded to multiples of 2^-scale_bits
  int most_steps = 20;                    ///< improvement steps a cell
  std::uint64_t most_cells = 2'000'000;   ///< give up beyond
  double margin_bits = 1e-6;              ///< kept above the statement, for the rounding of the checker
};

/// A proof, or a refutation; neither when the search gave up.
struct SearchOutcome {
  std::optional<EntropyProof> proof;
  std::optional<Refutation> refutation;
};

/// In:     statement: exact; the proof's classes are those that it requires.
/// Out:    a proof that the checker is expected to accept (it has the word), or the strategy that refutes the statement: the lowest point that
///         slope_limit() finds, or the centre of a cell.
/// Errors: usage: parameters without sense; refused: more cells than allowed; cancelled.
/// Cost:   about 0.2 ms a cell; classes run side by side on context.thread_count threads.
Result<SearchOutcome> search_proof(const Statement& statement, const SearchOptions& options, const Context& context);

}  // namespace bellows::entropy
