#include "bellows/device/device.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bellows/bits/bit_string.h"

namespace bellows::device {
namespace {

using bell::HiddenPlanes;
using bits::Chance;
using bits::ChunkDrawer;
using bits::ConditionalBit;

constexpr std::uint8_t a_lane = bell::outcome_lane, b_lane = bell::outcome_lane + 1, coin_lane = bell::outcome_lane + 2;
// A device that can play in two ways draws them from different tapes, though it never needs both.
constexpr std::uint8_t second_lanes = 4;

/// a given x, then b given x, y and a.
class BehaviourBits {
 public:
  BehaviourBits(const PairBehaviour& p, std::uint8_t lanes_from) {
    a_ = {static_cast<std::uint8_t>(a_lane + lanes_from), {}};
    b_ = {static_cast<std::uint8_t>(b_lane + lanes_from), {}};
    for (unsigned x = 0; x < 2; ++x) a_.chances.push_back(Chance::of(std::min(1.0, p[8 * x + 2] + p[8 * x + 3])));
    for (unsigned context = 0; context < 8; ++context) {  // bits: x, y, a
      const unsigned x = context & 1, y = context >> 1 & 1, a = context >> 2;
      const double zero = p[8 * x + 4 * y + 2 * a], one = p[8 * x + 4 * y + 2 * a + 1];
      b_.chances.push_back(Chance::of(zero + one > 0 ? std::min(1.0, one / (zero + one)) : 0));
    }
  }

  void draw(ChunkDrawer& drawer, const std::uint64_t* x, const std::uint64_t* y, std::uint64_t* a,
            std::uint64_t* b) const {
    const std::uint64_t* parents[] = {x, y, a};
    drawer.draw(a_, {parents, 1}, a);
    drawer.draw(b_, parents, b);
  }

 private:
  ConditionalBit a_, b_;
};

/// Outcomes that follow from the choice of a strategy and the party's own setting.
class StrategyBits {
 public:
  StrategyBits(const bell::SharedStrategy& s, const bell::HiddenChoice& hidden)
      : a_{a_lane, hidden.chances(1, [&](unsigned choice, unsigned x) { return s.choices[choice].a_of_x[x] ? 1 : 0; })},
        b_{b_lane,
           hidden.chances(1, [&](unsigned choice, unsigned y) { return s.choices[choice].b_of_y[y] ? 1 : 0; })} {}

  void draw(ChunkDrawer& drawer, const HiddenPlanes& hidden, const std::uint64_t* x, const std::uint64_t* y,
            std::uint64_t* a, std::uint64_t* b) const {
    const std::uint64_t* parents[5];
    for (unsigned p = 0; p < hidden.count; ++p) parents[p] = hidden.words[p];
    parents[hidden.count] = x;
    drawer.draw(a_, {parents, hidden.count + 1}, a);
    parents[hidden.count] = y;
    drawer.draw(b_, {parents, hidden.count + 1}, b);
  }

 private:
  ConditionalBit a_, b_;
};

class FixedDevice : public Device {
 public:
  FixedDevice(std::string name, const PairBehaviour& behaviour)
      : Device(std::move(name)), behaviour_(behaviour), bits_(behaviour, 0) {}
  std::optional<PairBehaviour> behaviour() const override { return behaviour_; }
  nlohmann::json describe() const override {
    nlohmann::json description = Device::describe();
    description["behaviour"] = behaviour_;
    description["s"] = chsh_value(behaviour_);
    return description;
  }
  void draw_outcomes(ChunkDrawer& drawer, const HiddenPlanes&, const std::uint64_t* x, const std::uint64_t* y,
                     DeviceMemory&, std::uint64_t* a, std::uint64_t* b) const override {
    bits_.draw(drawer, x, y, a, b);
  }

 private:
  PairBehaviour behaviour_;
  BehaviourBits bits_;
};

class CheatingDevice : public Device {
 public:
  CheatingDevice(const bell::SharedStrategy& strategy, const bell::HiddenChoice& hidden)
      : Device(strategy.name), strategy_(strategy), bits_(strategy, hidden) {}
  const bell::SharedStrategy* strategy() const override { return &strategy_; }
  void draw_outcomes(ChunkDrawer& drawer, const HiddenPlanes& hidden, const std::uint64_t* x, const std::uint64_t* y,
                     DeviceMemory&, std::uint64_t* a, std::uint64_t* b) const override {
    bits_.draw(drawer, hidden, x, y, a, b);
  }

 private:
  bell::SharedStrategy strategy_;
  StrategyBits bits_;
};

class AdaptiveDevice : public Device {
 public:
  AdaptiveDevice(const PairBehaviour& behaviour, const bell::SharedStrategy& strategy, const bell::HiddenChoice& hidden,
                 double target)
      : Device("memory-adaptive"),
        strategy_(strategy),
        quantum_bits_(behaviour, second_lanes),
        cheat_bits_(strategy, hidden),
        target_(target) {}
  const bell::SharedStrategy* strategy() const override { return &strategy_; }
  nlohmann::json describe() const override {
    nlohmann::json description = Device::describe();
    description["target"] = target_;
    return description;
  }
  void draw_outcomes(ChunkDrawer& drawer, const HiddenPlanes& hidden, const std::uint64_t* x, const std::uint64_t* y,
                     DeviceMemory& memory, std::uint64_t* a, std::uint64_t* b) const override {
    if (static_cast<double>(memory.wins) >= target_ * static_cast<double>(memory.trials)) {
      cheat_bits_.draw(drawer, hidden, x, y, a, b);
    } else {
      quantum_bits_.draw(drawer, x, y, a, b);
    }
    const std::uint64_t trials = drawer.trial_count();
    memory.trials += trials;
    for (std::uint64_t w = 0; w < bits::words_for(trials); ++w) {
      const std::uint64_t in_range = bits::low_mask(std::min<std::uint64_t>(64, trials - 64 * w));
      memory.wins += static_cast<std::uint64_t>(__builtin_popcountll(~(a[w] ^ b[w] ^ (x[w] & y[w])) & in_range));
    }
  }

 private:
  bell::SharedStrategy strategy_;
  BehaviourBits quantum_bits_;
  StrategyBits cheat_bits_;
  double target_;
};

/// The plane one trial later; what falls out at the end is kept for the next chunk.
void delay(const std::uint64_t* plane, std::uint64_t trials, bool& last, std::uint64_t* delayed) {
  bool carry = last;
  for (std::uint64_t w = 0; w < bits::words_for(trials); ++w) {
    delayed[w] = plane[w] << 1 | std::uint64_t{carry};
    carry = (plane[w] >> 63) != 0;
  }
  if (trials != 0) last = (plane[(trials - 1) / 64] >> (trials - 1) % 64 & 1) != 0;
}

class LastPairDevice : public Device {
 public:
  LastPairDevice() : Device("memory-last-pair") {
    coin_ = {coin_lane, {Chance::of(0.2), Chance::of(0.8)}};  // sticky: context is the last b
    a_ = {a_lane, {}};
    b_ = {b_lane, {}};
    // Loses on (lx, ly): a = r + (1 + ly) x, b = r + (1 + lx)(1 + ly) + (1 + lx) y over GF(2).
    for (unsigned context = 0; context < 8; ++context) {  // bits: x, ly, r
      const unsigned x = context & 1, ly = context >> 1 & 1, r = context >> 2;
      a_.chances.push_back(Chance{0, ((r ^ ((1 ^ ly) & x)) & 1) != 0});
    }
    for (unsigned context = 0; context < 16; ++context) {  // bits: y, lx, ly, r
      const unsigned y = context & 1, lx = context >> 1 & 1, ly = context >> 2 & 1, r = context >> 3;
      b_.chances.push_back(Chance{0, ((r ^ ((1 ^ lx) & (1 ^ ly)) ^ ((1 ^ lx) & y)) & 1) != 0});
    }
  }
  bool loses_on_last_pair() const override { return true; }
  void draw_outcomes(ChunkDrawer& drawer, const HiddenPlanes&, const std::uint64_t* x, const std::uint64_t* y,
                     DeviceMemory& memory, std::uint64_t* a, std::uint64_t* b) const override {
    std::uint64_t last_x[bits::chunk_words], last_y[bits::chunk_words], coin[bits::chunk_words];
    delay(x, drawer.trial_count(), memory.last_x, last_x);
    delay(y, drawer.trial_count(), memory.last_y, last_y);
    const bits::ChainMember members[] = {
        {&coin_, {}, {}, {2}, coin}, {&a_, {x, last_y}, {0}, {}, a}, {&b_, {y, last_x, last_y}, {0}, {}, b}};
    drawer.draw_chain(members, memory.bits);
  }

 private:
  ConditionalBit coin_, a_, b_;
};

class HistoryDevice : public Device {
 public:
  HistoryDevice() : Device("memory-history") {}
  bool loses_on_marked_pair() const override { return true; }
  void draw_outcomes(ChunkDrawer& drawer, const HiddenPlanes&, const std::uint64_t* x, const std::uint64_t* y,
                     DeviceMemory& memory, std::uint64_t* a, std::uint64_t* b) const override {
    const std::uint64_t trials = drawer.trial_count();
    std::fill_n(a, bits::words_for(trials), 0);
    std::fill_n(b, bits::words_for(trials), 0);
    for (std::uint64_t i = 0; i < trials; ++i) {
      const std::uint64_t w = i / 64, place = i % 64;
      const unsigned now_x = x[w] >> place & 1, now_y = y[w] >> place & 1;
      const unsigned marked = memory.history.marked_pair(), wins_x = 1 ^ marked >> 1, wins_y = 1 ^ (marked & 1);
      // As LastPairDevice: loses on the marked pair alone. Each party uses its own setting and what both know.
      const unsigned r = memory.history.coin();
      a[w] |= static_cast<std::uint64_t>(r ^ (wins_y & now_x)) << place;
      b[w] |= static_cast<std::uint64_t>(r ^ (wins_x & wins_y) ^ (wins_x & now_y)) << place;
      memory.history.add(2 * now_x + now_y);
    }
  }
};

Status check_behaviour(const PairBehaviour& p) {
  auto refuse = [](std::string what) {
    return bad_input("not a behaviour of two parties", {}, std::nullopt, "probabilities that no party can signal with",
                     std::move(what));
  };
  constexpr double tolerance = 1e-9;
  for (double entry : p)
    if (!(entry >= 0 && entry <= 1 + tolerance)) return refuse(fmt::format("a probability of {}", entry));
  auto a_is_1 = [&](unsigned x, unsigned y) { return p[8 * x + 4 * y + 2] + p[8 * x + 4 * y + 3]; };
  auto b_is_1 = [&](unsigned x, unsigned y) { return p[8 * x + 4 * y + 1] + p[8 * x + 4 * y + 3]; };
  for (unsigned pair = 0; pair < 4; ++pair) {
    const double total = p[4 * pair] + p[4 * pair + 1] + p[4 * pair + 2] + p[4 * pair + 3];
    if (std::abs(total - 1) > tolerance)
      return refuse(fmt::format("a sum of {} for settings {}{}", total, pair >> 1, pair & 1));
  }
  for (unsigned s = 0; s < 2; ++s) {
    if (std::abs(a_is_1(s, 0) - a_is_1(s, 1)) > tolerance) return refuse(fmt::format("a depends on y for x = {}", s));
    if (std::abs(b_is_1(0, s) - b_is_1(1, s)) > tolerance) return refuse(fmt::format("b depends on x for y = {}", s));
  }
  return {};
}

}  // namespace

nlohmann::json Device::describe() const {
  nlohmann::json description = {{"name", name()}};
  if (strategy() != nullptr) description["strategy"] = strategy()->name;
  return description;
}

Result<std::unique_ptr<Device>> fixed_device(std::string name, const PairBehaviour& behaviour) {
  BELLOWS_TRY(check_behaviour(behaviour));
  return std::unique_ptr<Device>(new FixedDevice(std::move(name), behaviour));
}

Result<std::unique_ptr<Device>> cheating_device(const bell::SharedStrategy& strategy) {
  BELLOWS_ASSIGN(bell::HiddenChoice hidden, bell::HiddenChoice::make(strategy));
  return std::unique_ptr<Device>(new CheatingDevice(strategy, hidden));
}

std::unique_ptr<Device> last_pair_device() { return std::make_unique<LastPairDevice>(); }

std::unique_ptr<Device> history_device() { return std::make_unique<HistoryDevice>(); }

Result<std::unique_ptr<Device>> adaptive_device(const PairBehaviour& behaviour, const bell::SharedStrategy& strategy,
                                                double target) {
  BELLOWS_TRY(check_behaviour(behaviour));
  BELLOWS_ASSIGN(bell::HiddenChoice hidden, bell::HiddenChoice::make(strategy));
  if (!(target >= 0 && target <= 1))
    return usage_error("the target of an adaptive device is out of range", "0 to 1", fmt::format("{}", target));
  return std::unique_ptr<Device>(new AdaptiveDevice(behaviour, strategy, hidden, target));
}

}  // namespace bellows::device
