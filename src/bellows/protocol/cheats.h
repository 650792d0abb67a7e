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
  /// What the source, if it colludes, should avoid (a joint setting at which the device would fail); nothing: it does not care.
  virtual std::optional<std::size_t> unwanted_setting() const { return std::nullopt; }
  /// What Eve predicts for the next trial's outcome at these settings, when she can.
  virtual std::optional<std::size_t> prediction(std::size_t) const { return std::nullopt; }
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

/// Deterministic answers of every party to its own setting; fails exactly at the listed settings, and asks the source to avoid them.
class LocalDevice : public SimulatedDevice {
 public:
  /// answers[x]: the joint outcome at joint setting x. unwanted: one losing setting.
  LocalDevice(std::vector<std::size_t> answers, std::size_t unwanted) : answers_(std::move(answers)), unwanted_(unwanted) {}
  std::size_t answer(std::size_t x, Random&) override { return answers_[x]; }
  std::optional<std::size_t> unwanted_setting() const override { return unwanted_; }
  std::optional<std::size_t> prediction(std::size_t x) const override { return answers_[x]; }

 private:
  std::vector<std::size_t> answers_;
  std::size_t unwanted_;
};

/// The best local strategy for an expression (fewest failures over its settings); ties by the first found. Two settings a party.
/// Returns the device and how many settings it fails at.
struct LocalStrategy {
  std::vector<std::size_t> answers;
  std::vector<std::size_t> failing_settings;
};
LocalStrategy best_local_strategy(const bell::Functional& losses);

/// Honest for the first part of the trials, then another device (which has seen that the threshold can still be kept).
class SwitchingDevice : public SimulatedDevice {
 public:
  SwitchingDevice(std::unique_ptr<SimulatedDevice> first, std::unique_ptr<SimulatedDevice> second, std::uint64_t switch_after)
      : first_(std::move(first)), second_(std::move(second)), switch_after_(switch_after) {}
  std::size_t answer(std::size_t x, Random& random) override {
    return (done_++ < switch_after_ ? first_ : second_)->answer(x, random);
  }
  std::optional<std::size_t> unwanted_setting() const override { return (done_ < switch_after_ ? first_ : second_)->unwanted_setting(); }
  std::optional<std::size_t> prediction(std::size_t x) const override { return (done_ < switch_after_ ? first_ : second_)->prediction(x); }

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
        random_(bits::StreamKey::from_number(key), 77) {}
  std::size_t answer(std::size_t x, Random& random) override {
    if (done_ % block_trials_ == 0 && !decided_) decide();
    const std::size_t result = (honest_now_ ? honest_ : cheat_)->answer(x, random);
    ++done_;
    decided_ = false;
    return result;
  }
  std::optional<std::size_t> unwanted_setting() const override { return (honest_now_ ? honest_ : cheat_)->unwanted_setting(); }

 private:
  void decide() {
    honest_now_ = random_.chance(honest_probability_);
    decided_ = true;
  }
  std::unique_ptr<SimulatedDevice> honest_, cheat_;
  std::uint64_t block_trials_, done_ = 0;
  double honest_probability_;
  Random random_;
  bool honest_now_ = true, decided_ = false;
};

/// How the source behaves within its bias.
enum class SourceScheme {
  fair,     ///< bias 0: better than promised
  leaning,  ///< every bit leans towards 1 by mu
  colluding ///< every setting bit leans away from the setting that the device does not want
};
Result<SourceScheme> scheme_from_name(std::string_view name);
const char* scheme_name(SourceScheme scheme);

/// One joint setting of `parties` bits, bit by bit under the scheme.
inline std::size_t draw_setting(WeakSource& source, SourceScheme scheme, int parties, const SimulatedDevice& device) {
  switch (scheme) {
    case SourceScheme::fair: return source.draw_towards(0, parties, 0);
    case SourceScheme::leaning: return source.draw_towards(~std::uint64_t{0}, parties);
    case SourceScheme::colluding: {
      const auto unwanted = device.unwanted_setting();
      return unwanted ? source.draw_towards(~std::uint64_t{*unwanted}, parties) : source.draw_towards(~std::uint64_t{0}, parties);
    }
  }
  return 0;
}

}  // namespace bellows::protocol
