#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "bellows/base/result.h"
#include "bellows/bell/history.h"
#include "bellows/bell/strategy.h"
#include "bellows/bits/bit_string.h"
#include "bellows/bits/draw.h"

namespace bellows::source {

/// What a simulated source remembers from chunk to chunk; it forgets at the start of each block, so that any block can
/// be drawn again alone.
struct SourceMemory {
  std::uint64_t bits = 0;
  bell::SettingHistory history = {};
};

/// A weak source: settings, and a seed after the last outcome. It carries the bias that its owner claims: each bit,
/// given all before it, has a probability in [1/2 - mu, 1/2 + mu] and is independent of the device's memory. Nobody
/// tests that.
class Source {
 public:
  virtual ~Source() = default;
  const std::string& name() const { return name_; }
  double claimed_mu() const { return mu_; }
  /// Whether what it gives follows from the simulation's key. If not, blocks must be drawn in order, each once, by one
  /// thread.
  virtual bool is_simulated() const = 0;
  virtual nlohmann::json describe() const;

  /// Settings of the drawer's chunk: bits x, y, x, y ... of the source. `hidden`: the choices of a shared strategy.
  /// Errors: bad_input: the file or pipe has ended, or cannot be read.
  virtual Status draw_settings(bits::ChunkDrawer& drawer, const bell::HiddenPlanes& hidden, SourceMemory& memory,
                               std::uint64_t* x, std::uint64_t* y) = 0;
  /// Moves a source that is not simulated past the settings of trials that were drawn in an earlier run.
  virtual Status skip_settings(std::uint64_t trial_count) = 0;
  /// The seed, drawn after the last outcome.
  virtual Result<bits::BitString> draw_seed(const bits::StreamKey& key, std::uint64_t count_bits) = 0;

 protected:
  Source(std::string name, double mu) : name_(std::move(name)), mu_(mu) {}

 private:
  std::string name_;
  double mu_;
};

/// Whoever makes a scheming source tells it about the device.
struct DeviceKnowledge {
  const bell::SharedStrategy* strategy = nullptr;            ///< of a device that cheats by a shared strategy
  std::array<double, 4> win_by_pair = {0.5, 0.5, 0.5, 0.5};  ///< else: its chance to win, entry 2x + y
  bool avoids_last_pair = false;                             ///< the device loses on the pair of the trial before
  bool avoids_marked_pair = false;                           ///< it loses on the pair that the whole history marks
};

/// A source by its spec; see source_help().
/// Errors: usage: no such source, an option that is not known; usage: mu outside [0, 1/2); bad_input: an unreadable
/// file.
Result<std::unique_ptr<Source>> make_source(const std::string& spec, double mu, const DeviceKnowledge& device);

/// One line for each source, for manuals.
const char* source_help();

}  // namespace bellows::source
