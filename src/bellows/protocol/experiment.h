#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

#include "bellows/base/progress.h"
#include "bellows/bits/bit_string.h"
#include "bellows/bits/keyed_stream.h"
#include "bellows/trials/block_buffer.h"
#include "bellows/trials/writer.h"

namespace bellows::protocol {

/// A simulated experiment: a weak source, devices, and the trials that come of them. Every block follows from the key
/// and its index alone, so a run that was cut goes on where it was, with the same bits.
class Experiment {
 public:
  virtual ~Experiment() = default;
  virtual trials::Scenario scenario() const = 0;
  /// The bias that the source's owner claims.
  virtual double claimed_mu() const = 0;
  /// Source, device and their numbers, for the log's metadata.
  virtual nlohmann::json describe() const = 0;
  /// False where settings come from outside (file, pipe, system): blocks are then made in order, each once.
  virtual bool is_reproducible() const { return true; }
  /// Before the first block of a continued run whose settings come from outside: what was used already.
  virtual Status skip_trials(std::uint64_t) { return {}; }

  /// Fills all planes of a block that start() was called on. Thread safe if is_reproducible().
  /// Errors: bad_input: the settings' file or pipe ended.
  virtual Status simulate_block(const bits::StreamKey& key, std::uint64_t block_index, trials::BlockBuffer& block) = 0;
  /// Bits of the same source, drawn after the last outcome.
  virtual Result<bits::BitString> draw_seed_bits(const bits::StreamKey& key, std::uint64_t count_bits) = 0;
};

/// What to simulate: a preset, and what is to differ from it.
struct ExperimentChoice {
  std::string preset = "kulikov-2024";
  std::optional<double> mu = std::nullopt;  ///< claimed bias, and what the simulated source makes of it
  std::string source = {}, device = {};     ///< specs (source/source.h, device/device.h); empty: as the preset says
};

struct ExperimentPreset {
  const char* name;
  const char* summary;
  Result<std::unique_ptr<Experiment>> (*make)(const ExperimentChoice& choice);
};

/// All presets; `simulate` and `amplify` offer these. A protocol adds its own to the table in experiment_presets.cc.
std::span<const ExperimentPreset> experiment_presets();

/// Errors: usage: no such preset, or what its parts say; bad_input: an unreadable file.
Result<std::unique_ptr<Experiment>> make_experiment(const ExperimentChoice& choice);

/// Two parties with two settings and outcomes each, from specs. default_* stand where the choice is empty.
Result<std::unique_ptr<Experiment>> make_pair_experiment(const ExperimentChoice& choice,
                                                         const std::string& default_source,
                                                         const std::string& default_device, double default_mu);

/// The header of the experiment's log: scenario, plan, and metadata {simulated: true, experiment: {...}}.
trials::LogHeader log_header(const Experiment& experiment, const Digest& plan_digest);

/// Appends blocks of 2^22 trials (the last one shorter) until the log holds `trial_count`. Blocks that the log holds
/// already, from the same experiment and key, stay. Does not finish() the log.
/// Errors: refused: the log has more trials, or blocks of another size; bad_input: disk full...; cancelled.
Status simulate_log(Experiment& experiment, const bits::StreamKey& key, std::uint64_t trial_count,
                    trials::LogWriter& log, const Context& context);

}  // namespace bellows::protocol
