#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bellows/bell/functional.h"
#include "bellows/protocol/random.h"

/// Devices of several parties, honest and cheating, and what the source does for them. A device answers one trial after another and
/// may remember; a scheme says how the source leans within its bias.
namespace bellows::protocol {

class SimulatedDevice {
 public:
  virtual ~SimulatedDevice() = default;
  virtual std::size_t answer(std::size_t joint_setting, Random& random) = 0;
  /// The joint settings at which the device would fail, for a source that colludes; null: it does not care.
  virtual const std::vector<std::size_t>* failing_settings() const { return nullptr; }
};

struct DeviceKind {
  std::string name;
  std::string about;
};

/// Samples one box, trial after trial.
class BoxDevice : public SimulatedDevice {
 public:
  explicit BoxDevice(const bell::Behaviour& box) : sampler_(box) {}
  std::size_t answer(std::size_t x, Random& random) override { return sampler_.draw(x, random); }

 private:
  BoxSampler sampler_;
};

/// The best local strategy for an expression (fewest failures over its settings); ties by the first found. Two settings a party.
/// Returns the device and how many settings it fails at.
struct LocalStrategy {
  std::vector<std::size_t> answers;
  std::vector<std::size_t> failing_settings;
};
LocalStrategy best_local_strategy(const bell::Functional& losses);

/// Deterministic answers of every party to its own setting.
class LocalDevice : public SimulatedDevice {
 public:
  explicit LocalDevice(LocalStrategy strategy) : strategy_(std::move(strategy)) {}
  std::size_t answer(std::size_t x, Random&) override { return strategy_.answers[x]; }
  const std::vector<std::size_t>* failing_settings() const override { return &strategy_.failing_settings; }

 private:
  LocalStrategy strategy_;
};

/// Honest for the first part of the trials, then another device (which has seen that the threshold can still be kept).
class SwitchingDevice : public SimulatedDevice {
 public:
  SwitchingDevice(std::unique_ptr<SimulatedDevice> first, std::unique_ptr<SimulatedDevice> second, std::uint64_t switch_after)
      : first_(std::move(first)), second_(std::move(second)), switch_after_(switch_after) {}
  std::size_t answer(std::size_t x, Random& random) override {
    return (done_++ < switch_after_ ? first_ : second_)->answer(x, random);
  }
  const std::vector<std::size_t>* failing_settings() const override { return (done_ < switch_after_ ? first_ : second_)->failing_settings(); }

 private:
  std::unique_ptr<SimulatedDevice> first_, second_;
  std::uint64_t switch_after_, done_ = 0;
};

/// Each stretch of trials of the given length is honest with some probability and cheats otherwise.
class BlockwiseDevice : public SimulatedDevice {
 public:
  BlockwiseDevice(std::unique_ptr<SimulatedDevice> honest, std::unique_ptr<SimulatedDevice> cheat, std::uint64_t block_trials,
                  double honest_probability, std::uint64_t key)
      : honest_(std::move(honest)), cheat_(std::move(cheat)), block_trials_(block_trials), honest_probability_(honest_probability),
        random_(bits::StreamKey::from_number(key), 77) {
    decide();
  }
  std::size_t answer(std::size_t x, Random& random) override {
    const std::size_t result = (honest_now_ ? honest_ : cheat_)->answer(x, random);
    if (++done_ % block_trials_ == 0) decide();
    return result;
  }
  const std::vector<std::size_t>* failing_settings() const override { return (honest_now_ ? honest_ : cheat_)->failing_settings(); }

 private:
  /// Before the stretch begins, so that the source can be told.
  void decide() { honest_now_ = random_.chance(honest_probability_); }
  std::unique_ptr<SimulatedDevice> honest_, cheat_;
  std::uint64_t block_trials_, done_ = 0;
  double honest_probability_;
  Random random_;
  bool honest_now_ = true;
};

/// How the source behaves within its bias.
enum class SourceScheme {
  fair,     ///< bias 0: better than promised
  leaning,  ///< every bit leans towards 1 by mu
  colluding ///< the setting bits lean so that the device's failing settings are as rare as the bias allows
};
Result<SourceScheme> scheme_from_name(std::string_view name);
const char* scheme_name(SourceScheme scheme);

/// Draws joint settings bit by bit (party A first) under a scheme.
class SettingSource {
 public:
  SettingSource(WeakSource& source, SourceScheme scheme, int parties) : source_(&source), scheme_(scheme), parties_(parties) {}
  std::size_t draw(const SimulatedDevice& device);
  /// The smallest probability of the given settings that the bias allows: each bit leans towards the less dangerous half.
  static double smallest_probability(const std::vector<std::size_t>& settings, int parties, double mu);

 private:
  static std::vector<double> danger_of_prefixes(const std::vector<std::size_t>& settings, int parties, double mu);
  WeakSource* source_;
  SourceScheme scheme_;
  int parties_;
  const std::vector<std::size_t>* known_ = nullptr;
  std::vector<double> danger_;  ///< entry 2^i + prefix: probability of failing after the first i bits
};

}  // namespace bellows::protocol
