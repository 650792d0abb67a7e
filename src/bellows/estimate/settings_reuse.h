#pragma once

#include <optional>
#include <string>

#include "bellows/base/progress.h"
#include "bellows/trials/reader.h"

namespace bellows::estimate {

/// A list of settings that was used more than once: from the second pass on, trial i + period_trials has the settings of
/// trial i, but for places where records are missing or were added.
struct SettingsReuse {
  std::uint64_t period_trials = 0;  ///< the distance at which most settings come again
  std::uint64_t times = 0;          ///< how often the list occurs, begun ones included
  double share_repeated = 1;        ///< of the windows after the first pass, those that were found earlier

  /// One sentence for a certificate's assumptions.
  std::string in_words() const;
};

/// Looks for settings that come again. Whoever sees the first pass knows all settings of the later ones, so the
/// assumption that settings are fresh is not met; entropy accumulation over such trials proves nothing about that
/// experiment.
/// In:     log: two parties, two settings each.
/// Out:    a reuse of which at least a tenth of the windows of 64 trials (about one of 64 is looked at, fewer trials: more
///         of them) were found earlier in the log, at any period up to 2^22 trials, for periods beyond it with luck; lost
///         and added records do no harm if there are 64 right ones between them. Nothing if there is none.
/// Errors: bad_input: a block that cannot be read; cancelled.
/// Claim:  settings that are fresh, each bit within 1/2 +- mu given all before, are taken for reused with probability below
///         2^29 (1/2 + mu)^128: 2^-65 at mu = 10 %. (A window equals one of the 2^18 remembered ones with probability at
///         most 2^18 (1/2 + mu)^128; Markov's inequality for the share.) None is the usual result and proves nothing:
///         settings can be stale in other ways.
/// Cost:   one pass over the settings, some 0.8 ns a trial on one core, 6 MiB.
Result<std::optional<SettingsReuse>> find_settings_reuse(const trials::LogReader& log, const Context& context = {});

}  // namespace bellows::estimate
