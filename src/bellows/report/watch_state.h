#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/estimate/scores.h"
#include "bellows/plan/plan.h"
#include "bellows/trials/reader.h"
#include "bellows/trials/relabel.h"

namespace bellows::report {

struct WatchOptions {
  std::optional<plan::Plan> plan = {};   ///< for thresholds, time left and bits to be expected
  std::optional<double> mu = {};         ///< claimed bias; by default the plan's
  trials::Relabelling relabelling = {};  ///< how the recorded trials are to be read, for show only
};

/// What a watched log says so far. Nothing here is proved; alarms are no part of the proof.
struct WatchState {
  std::uint64_t trials = 0, blocks = 0, planned_trials = 0;
  bool complete = false;
  std::uint64_t cut_bytes = 0;  ///< of the block that is being written
  std::optional<estimate::Summary> summary;
  std::vector<double> s_by_block;  ///< where it has a value
  std::optional<double> trials_per_second, seconds_left;
  std::optional<std::uint64_t> expected_bits;  ///< at the plan's end with this score; 0: none
  std::optional<double> threshold;             ///< the highest that this score reaches, else the lowest there is
  bool threshold_reached = false;
  bool score_is_win_share = true;  ///< else the plan scores the MDL value
  std::vector<std::string> alarms;
};

inline constexpr const char* alarms_are_no_proof = "Alarms are no part of the proof and change no verdict.";

/// Follows a log that somebody else writes. Opens it for reading only and takes no lock.
class LogWatch {
 public:
  /// Errors: bad_input: as LogReader::open, or not two parties with two settings and outcomes.
  static Result<LogWatch> open(const Path& path, WatchOptions options);

  /// Takes in what was written since. True if there was anything new.
  /// Errors: bad_input: the log is damaged, or was replaced by another.
  Result<bool> refresh(const Context& context);
  WatchState state() const;
  const estimate::Evidence& evidence() const { return evidence_; }
  std::optional<double> mu() const { return options_.mu; }
  const Path& path() const { return reader_->path(); }
  /// What the page of the log shows: the state's numbers and the series of the charts.
  nlohmann::json page_state() const;

 private:
  std::unique_ptr<trials::LogReader> reader_;
  WatchOptions options_;
  estimate::Evidence evidence_;
  std::chrono::steady_clock::time_point first_seen_{}, last_growth_{};
  std::uint64_t trials_at_first_ = 0;
  double longest_wait_seconds_ = 0;
  // The bits to be expected are computed anew only where the score has changed.
  mutable std::optional<std::uint64_t> bits_for_;  // trials
  mutable std::optional<std::uint64_t> bits_;
};

nlohmann::json to_json(const WatchState& state);

/// Values as one row of eight-step blocks, at most `columns` of them (neighbours averaged).
std::string sparkline(const std::vector<double>& values, std::size_t columns);

/// The state in lines for a terminal of that width, without colour.
std::vector<std::string> watch_lines(const WatchState& state, const std::string& name, std::size_t columns);

}  // namespace bellows::report
