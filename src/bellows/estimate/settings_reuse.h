#pragma once

#include <optional>
#include <string>

#include "bellows/base/progress.h"
#include "bellows/trials/reader.h"

namespace bellows::estimate {

/// A list of settings that was used more than once: trial i and trial i + period_trials have the same settings, from
/// the first trial to the last.
struct SettingsReuse {
  std::uint64_t period_trials = 0;
  std::uint64_t times = 0;  ///< how often the list occurs, begun ones included

  /// One sentence for a certificate's assumptions.
  std::string in_words() const;
};

/// Looks for a repeated list of settings. Whoever sees the first pass knows all settings of the later ones, so the
/// assumption that settings are fresh is not met; entropy accumulation over such trials proves nothing about that
/// experiment. In:     log: two parties, two settings each. Out:    the shortest period of at least 128 trials and at
/// most 2^22 (and half of the log) after which all settings repeat;
///         nothing if there is none.
/// Errors: bad_input: a block that cannot be read; cancelled.
/// Claim:  none is the usual result and proves nothing: settings can be stale in other ways.
/// Cost:   one look at the first 2^23 trials; for a log that repeats also one pass over all settings.
Result<std::optional<SettingsReuse>> find_settings_reuse(const trials::LogReader& log, const Context& context = {});

}  // namespace bellows::estimate
