#pragma once

#include "bellows/protocol/experiment.h"
#include "bellows/protocol/kulikov.h"
#include "bellows/trials/reader.h"

namespace bellows::protocol {

// The first half of amplify: the plan and the complete trial log in the run folder.

/// The trials of a real experiment (or of an earlier simulation): a given log, or one that was made from foreign
/// records beside the run's own files (temporary: removed when this object goes).
class RecordedTrials {
 public:
  /// Errors: bad_input: unreadable, foreign, cut; not two parties with two settings and outcomes; refused: no trials.
  static Result<RecordedTrials> open(const AmplifyRequest& request, const RunFolder& folder, const Context& context);
  RecordedTrials(RecordedTrials&& other) noexcept { swap(other); }
  RecordedTrials& operator=(RecordedTrials&& other) noexcept { return swap(other), *this; }
  ~RecordedTrials();

  std::uint64_t trial_count() const { return log_->trial_count(); }
  bool simulated() const;
  /// Of simulated records, if they claim one (estimate/origin.h).
  Result<std::optional<numeric::Exact>> claimed_bias() const;
  /// "auto" if the relabelling was searched for, else its name.
  Result<std::string> planned_relabelling(const Context& context) const;
  /// Errors: refused: the log was taken under a plan, and that is not this one.
  Status require_plan(const Digest& plan_digest) const;
  /// Errors: refused: the log at `other` holds other trials, so a run that began with it is not one over these.
  Status require_same_trials(const Path& other, const Context& context) const;
  /// Copies the trials under the plan's digest into the run's log, which appears whole or not at all.
  Status copy_to(const Path& target, const plan::Plan& plan, const Context& context) const;

 private:
  RecordedTrials() = default;
  void swap(RecordedTrials& other) noexcept {
    log_.swap(other.log_);
    temporary_.swap(other.temporary_);
  }
  std::optional<trials::LogReader> log_;
  Path temporary_;  // empty: the log is the user's own
};

/// The plan that the request asks for, before anything is written. recorded: nullptr for a simulation.
/// Errors: usage: contradicting options; bad_input: an unreadable plan file; refused: no trials.
Result<plan::Plan> requested_plan(const AmplifyRequest& request, const RecordedTrials* recorded,
                                  const Context& context);

/// The simulated experiment of the request, with the plan's bias. Errors: usage: no such preset, source or device.
Result<std::unique_ptr<Experiment>> requested_experiment(const AmplifyRequest& request, const plan::Plan& plan);

/// Simulates, or goes on simulating, until the run's log is complete.
/// Errors: refused: the folder's log is of another experiment; bad_input: disk full; cancelled.
Status complete_simulated_log(Experiment& experiment, const plan::Plan& plan, const RunFolder& folder,
                              const bits::StreamKey& key, const Context& context);

}  // namespace bellows::protocol
