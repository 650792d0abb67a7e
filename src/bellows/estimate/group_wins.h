#pragma once

#include <vector>

#include "bellows/base/progress.h"
#include "bellows/estimate/evidence.h"
#include "bellows/trials/reader.h"

namespace bellows::estimate {

/// Consecutive trials of a log, and how many of them were won (a xor b = x y).
struct GroupWins {
  std::uint64_t first_trial = 0, trial_count = 0, win_count = 0;
  bool operator==(const GroupWins&) const = default;
};

/// The numbers of wins of consecutive groups of exactly group_trials trials, the last one shorter, wherever the log's
/// blocks end.
/// In:     log; evidence: its counts, of all its blocks (gather_evidence); group_trials: at least 1.
/// Out:    exact; group k begins at trial k * group_trials; the groups add up to the log.
/// Errors: bad_input: a block that cannot be read, or evidence of other blocks; cancelled.
/// Claim:  none: what the log says.
/// Source: blocks inside one group are taken from the evidence, blocks across an edge are counted up to it.
/// Cost:   reads only the blocks across an edge; with groups at least as large as blocks, each at most once.
Result<std::vector<GroupWins>> wins_of_groups(const trials::LogReader& log, const Evidence& evidence,
                                              std::uint64_t group_trials, const Context& context);

}  // namespace bellows::estimate
