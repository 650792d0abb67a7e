#pragma once

#include "bellows/base/progress.h"
#include "bellows/estimate/evidence.h"
#include "bellows/trials/reader.h"

namespace bellows::estimate {

enum class LogDigest {
  compute,   ///< from every byte of the log (SHA-256), and compared with what a complete log says of itself
  recorded,  ///< what a complete log says of itself, not looked at again; zero for a log that is not complete
};

/// The evidence of a trial log, in one pass over its blocks.
/// In:     log: two parties, two settings and two outcomes each; complete or not (the whole blocks so far).
///         Its metadata may say `simulated` (true or false) and, under `import`, `relabel` (text) and
///         `relabellings_tried`. check: none only where somebody else checks the blocks, or where nothing depends on
///         the counts.
/// Out:    exact counts of every block.
/// Errors: bad_input: another scenario; a corrupted block; a digest that differs; metadata of another type.
///         cancelled: the context says so.
/// Claim:  none: what the log says.
/// Source: -
/// Cost:   counting is at the speed of memory, checksums half of that, SHA-256 2 GB/s a core; blocks in parallel; the
///         log is mapped and never in memory as a whole.
Result<Evidence> gather_evidence(const trials::LogReader& log, const Context& context,
                                 LogDigest log_digest = LogDigest::compute,
                                 trials::BlockCheck check = trials::BlockCheck::full);

/// The same for one set of blocks, without the log's digest (merge() adds such parts): first <= block index < end.
Result<Evidence> gather_evidence_of_blocks(const trials::LogReader& log, std::uint64_t first, std::uint64_t end,
                                           const Context& context);

}  // namespace bellows::estimate
