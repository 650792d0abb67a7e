#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bellows/base/progress.h"
#include "bellows/numeric/exact.h"
#include "bellows/trials/reader.h"

namespace bellows::estimate {

/// Key of a log's metadata, true where the record itself came without the digest of the plan under which it is
/// certified.
inline constexpr const char* plan_added_later_key = "plan_digest_added_later";

/// What a log itself says against the assumptions of a certificate, one sentence each: settings that were used before
/// (settings_reuse.h), a plan that the record does not carry. Whoever certifies the log, or verifies that, must say
/// these. Errors: bad_input: a block that cannot be read; cancelled.
Result<std::vector<std::string>> origin_notes(const trials::LogReader& log, const Context& context);

/// The bias that a simulated log claims for its source; nothing where the log is not marked as simulated or claims none.
/// Nobody else may stand in for a source's owner. Errors: bad_input: a claim that is not a number in [0, 1/2).
Result<std::optional<numeric::Exact>> claimed_bias(const trials::LogReader& log);

}  // namespace bellows::estimate
