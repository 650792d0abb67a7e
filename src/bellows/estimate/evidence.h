#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "bellows/base/digest.h"
#include "bellows/base/result.h"

namespace bellows::estimate {

/// Trials by settings and outcomes, after relabelling: entry 8x + 4y + 2a + b.
using Counts = std::array<std::uint64_t, 16>;

constexpr std::size_t count_index(unsigned x, unsigned y, unsigned a, unsigned b) { return 8 * x + 4 * y + 2 * a + b; }

struct BlockCounts {
  std::uint64_t block_index = 0;
  std::uint64_t trial_count = 0;  ///< the sum of n_xyab
  std::uint64_t start_time_ns = 0;
  Counts n_xyab{};

  bool operator==(const BlockCounts&) const = default;
};

/// What a trial log of two parties, two settings and two outcomes says, and all that certification may look at: the
/// hand-over from estimate to certify. Evidence of two disjoint sets of blocks of one log adds (merge()).
struct Evidence {
  Digest log_digest;                ///< of the whole log; zero where there is none (partial or hypothetical evidence)
  Digest plan_digest;               ///< as the log's header carries it; zero: no plan was fixed before the data
  std::vector<BlockCounts> blocks;  ///< block_index strictly ascending
  bool simulated = false;           ///< the log's outcomes come from a simulated device
  /// The relabelling of settings and outcomes that turned the recorded trials into these counts, by name.
  std::string relabelling = "none";
  /// Relabellings that were tried after the data were seen, this one included: each counts as a threshold.
  std::uint32_t relabellings_tried = 1;

  Counts totals() const;
  std::uint64_t trial_count() const;
  /// Trials with a xor b = x y.
  std::uint64_t win_count() const;

  bool operator==(const Evidence&) const = default;
};

Counts add(const Counts& one, const Counts& other);
std::uint64_t sum(const Counts& counts);
/// Trials with a xor b = x y.
std::uint64_t count_wins(const Counts& counts);

/// Evidence of both sets of blocks.
/// Errors: bad_input: the two speak of different logs, plans or relabellings, or share a block.
Result<Evidence> merge(const Evidence& one, const Evidence& other);

/// Ranges that a claimed bias allows for the probability of one pair of settings: (1/2 - mu)^2, (1/2 + mu)^2.
constexpr double least_pair_probability(double mu) { return (0.5 - mu) * (0.5 - mu); }
constexpr double largest_pair_probability(double mu) { return (0.5 + mu) * (0.5 + mu); }

/// One frequency of settings against the range that the claimed bias leaves it.
struct SettingFrequency {
  std::string name;  ///< "x=0", "y=0|x=1", "xy=10"
  std::uint64_t count = 0, of_trials = 0;
  double share = 0, allowed_low = 0, allowed_high = 1;
  double sigmas = 0;  ///< standard deviations outside the range; negative: inside
};

/// The bias is asserted by the owner of the source, not tested: this only says when the settings speak against it.
struct SettingCheck {
  double mu = 0;
  std::vector<SettingFrequency> frequencies;
  std::size_t worst = 0;
  /// No frequency is more than `sigmas_allowed` outside of its range.
  bool consistent = true;
  static constexpr double sigmas_allowed = 4;
};

/// In: mu: claimed bias, in [0, 1/2); counts: any. Frequencies of nothing count as inside.
SettingCheck check_settings(const Counts& counts, double mu);

nlohmann::json to_json(const Evidence& evidence);

/// Errors: bad_input: a key missing, unknown or of the wrong type, blocks out of order, a trial count that is not the
/// sum of its counts, or more than 2^63 trials in all. `origin` names the file in the message.
Result<Evidence> evidence_from_json(const nlohmann::json& document, const std::string& origin = {});

}  // namespace bellows::estimate
