#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "bellows/base/digest.h"
#include "bellows/bits/bit_string.h"
#include "bellows/trials/scenario.h"

namespace bellows::trials {

/// A block holds at most this many trials; every block but the last usually holds exactly so many.
inline constexpr std::uint64_t largest_block_trials = std::uint64_t{1} << 22;

/// What stands at the head of a trial log (docs/format-trials.md).
struct LogHeader {
  Scenario scenario = Scenario::two_party_chsh();
  /// Digest of the plan that was fixed before the first trial; all zeros: there was none.
  Digest plan_digest = {};
  /// Free JSON object: run, station, origin, relabelling. At most 1 MiB as text.
  nlohmann::json metadata = nlohmann::json::object();
};

/// One block of a log: bit planes in mapped memory, valid as long as its reader is. Bits beyond the last trial are 0.
struct BlockView {
  std::uint64_t index = 0;
  std::uint64_t first_trial = 0;
  std::uint64_t trial_count = 0;
  /// Nanoseconds since 1970 when the block began, 0: not known.
  std::uint64_t start_time_ns = 0;
  const Scenario* scenario = nullptr;
  /// Planes one after another, plane_words apart, each 64-byte aligned.
  const std::uint64_t* planes = nullptr;
  std::uint64_t plane_words = 0;

  bits::BitView plane(std::uint32_t number) const { return {planes + number * plane_words, trial_count}; }
  bits::BitView setting(std::uint32_t party, std::uint32_t bit = 0) const {
    return plane(scenario->setting_plane(party, bit));
  }
  bits::BitView outcome(std::uint32_t party, std::uint32_t bit = 0) const {
    return plane(scenario->outcome_plane(party, bit));
  }
};

}  // namespace bellows::trials
