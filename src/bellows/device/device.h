#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "bellows/base/result.h"
#include "bellows/bell/history.h"
#include "bellows/bell/strategy.h"
#include "bellows/bits/draw.h"
#include "bellows/device/two_qubits.h"

namespace bellows::device {

/// What a device remembers from chunk to chunk. Simulated devices forget at the start of each block of a log, so that
/// any block can be made again alone.
struct DeviceMemory {
  std::uint64_t bits = 0;  ///< of the trial before
  bool last_x = false, last_y = false;
  bell::SettingHistory history = {};
  std::uint64_t trials = 0, wins = 0;  ///< of the block so far
};

/// A pair of boxes. It sees settings, its memory and the choices that it shares with a scheming source.
class Device {
 public:
  virtual ~Device() = default;
  const std::string& name() const { return name_; }
  virtual nlohmann::json describe() const;

  /// The shared strategy of a device that cheats, for the source; nullptr: none.
  virtual const bell::SharedStrategy* strategy() const { return nullptr; }
  /// P(ab|xy) of a device that plays the same in every trial.
  virtual std::optional<PairBehaviour> behaviour() const { return std::nullopt; }
  /// Whether it loses on the pair of settings of the trial before.
  virtual bool loses_on_last_pair() const { return false; }
  /// Whether it loses on the pair that all settings of the block so far mark.
  virtual bool loses_on_marked_pair() const { return false; }

  /// Outcomes of the drawer's chunk. Does not change the device: threads may share it, each with its own memory.
  virtual void draw_outcomes(bits::ChunkDrawer& drawer, const bell::HiddenPlanes& hidden, const std::uint64_t* x,
                             const std::uint64_t* y, DeviceMemory& memory, std::uint64_t* a,
                             std::uint64_t* b) const = 0;

 protected:
  explicit Device(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

/// The same behaviour in every trial. Errors: bad_input: no behaviour (negative, sums, signalling).
Result<std::unique_ptr<Device>> fixed_device(std::string name, const PairBehaviour& behaviour);
/// Plays a shared strategy. Errors: bad_input: no mixture.
Result<std::unique_ptr<Device>> cheating_device(const bell::SharedStrategy& strategy);
/// Loses on the pair of the trial before, wins on all others, and carries a sticky bit through its outcomes.
std::unique_ptr<Device> last_pair_device();
/// Loses on the pair that all settings of the block so far mark (bell/history.h), wins on all others; its outcomes follow
/// from the settings, so they hold no entropy.
std::unique_ptr<Device> history_device();
/// Keeps the share of trials won at `target`: plays `behaviour` while it is below, the strategy while it is above. It
/// decides anew every bits::chunk_trials trials.
Result<std::unique_ptr<Device>> adaptive_device(const PairBehaviour& behaviour, const bell::SharedStrategy& strategy,
                                                double target);

/// A device by its spec; see device_help(). mu: the bias that cheats count on.
/// Errors: usage: no such device, a wrong option; bad_input: an unreadable description, or one of no quantum device.
Result<std::unique_ptr<Device>> make_device(const std::string& spec, double mu);

/// One line for each device, for manuals.
const char* device_help();

/// The two qubits behind a preset's name: kulikov-2024, tsirelson, hardy.
std::optional<TwoQubits> two_qubits_preset(const std::string& name);

}  // namespace bellows::device
