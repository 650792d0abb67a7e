#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/certify/certificate.h"
#include "bellows/estimate/evidence.h"
#include "bellows/estimate/group_wins.h"
#include "bellows/plan/plan.h"

namespace bellows::report {

/// Something in a run folder that is not as its certificate says.
struct Mismatch {
  std::string what, expected, got;
};

/// A run folder as a report sees it: whatever of it can be read, and what is wrong with the rest.
struct RunView {
  Path folder;
  std::optional<plan::Plan> plan;  ///< of the certificate, else plan.json
  std::optional<certify::Certificate> certificate;
  std::optional<estimate::Evidence> evidence;
  /// Wins by the groups of trials that `block-scores` publishes (plan/published.h); empty where the plan does not.
  std::vector<estimate::GroupWins> published_groups;
  nlohmann::json metadata = nlohmann::json::object();  ///< of the log's header
  bool log_complete = false;
  std::optional<std::uint64_t> output_file_bits;
  std::vector<Mismatch> mismatches;
  /// Files that the certificate speaks of and that are not there: nothing was compared with them.
  std::vector<std::string> missing;
  std::vector<std::string> problems;  ///< what is missing, cut or cannot be read, a sentence each

  /// The bias that the plan claims, if there is a plan.
  std::optional<double> mu() const;
};

enum class RunState {
  certified,   ///< the log, the seed and the sizes are those of the certificate
  refused,     ///< ran, and certified nothing
  unfinished,  ///< no certificate yet
  mismatch,    ///< the folder holds something else than its certificate speaks of, or what cannot be read
  incomplete,  ///< a certificate of bits, and not all of what it must be compared with
};
RunState state_of(const RunView& run);

/// Reads the folder: certificate, plan, log (counted in one pass, its digest compared), headers of seed and output.
/// What is missing becomes a sentence in `problems`; what contradicts the certificate, or cannot be read beside it, a
/// mismatch.
/// Errors: bad_input: no such folder, or one that holds nothing of a run; cancelled.
/// Cost:   one pass over the log for the counts and one for its digest.
/// In:     check_log_digest: false where the caller has just computed it; counts and sizes are compared all the same.
Result<RunView> read_run(const Path& folder, const Context& context, bool check_log_digest = true);

}  // namespace bellows::report
