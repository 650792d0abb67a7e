#include "bellows/source/simulated.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "bellows/numeric/ranges.h"

namespace bellows::source {
namespace {

using bell::HiddenPlanes;
using bits::Chance;
using bits::ChunkDrawer;
using bits::ConditionalBit;

constexpr std::uint8_t x_lane = bell::setting_lane, y_lane = bell::setting_lane + 1;
constexpr std::uint64_t chunks_per_block = 256;

class SimulatedSource : public Source {
 public:
  using Source::Source;
  bool is_simulated() const override { return true; }
  Status skip_settings(std::uint64_t) override { return {}; }

  Result<bits::BitString> draw_seed(const bits::StreamKey& key, std::uint64_t count_bits) override {
    bits::BitString seed(count_bits);
    ChunkDrawer drawer(key);
    std::uint64_t memory = 0;
    for (std::uint64_t from = 0, chunk = 0; from < count_bits; from += bits::chunk_trials, ++chunk) {
      drawer.start(chunk / chunks_per_block, static_cast<std::uint16_t>(chunk % chunks_per_block),
                   std::min(bits::chunk_trials, count_bits - from));
      draw_seed_chunk(drawer, memory, seed.words() + from / 64);
    }
    return seed;
  }

 protected:
  virtual void draw_seed_chunk(ChunkDrawer& drawer, std::uint64_t& memory, std::uint64_t* out) const = 0;
};

/// x, and y given x, with chances that depend on the place in the run only.
class PlainSource : public SimulatedSource {
 public:
  PlainSource(std::string name, double mu, double drift, double lean_to_x, double constant)
      : SimulatedSource(std::move(name), mu), drift_(drift), lean_to_x_(lean_to_x), constant_(constant) {}

  Status draw_settings(ChunkDrawer& drawer, const HiddenPlanes&, SourceMemory&, std::uint64_t* x,
                       std::uint64_t* y) override {
    drawer.draw({x_lane, {Chance::of(chance(drawer, 0))}}, {}, x);
    const double base = chance(drawer, 1), lean = lean_to_x_ * wave(drawer, 2);
    const std::uint64_t* parents[] = {x};
    if (lean == 0) {
      drawer.draw({y_lane, {Chance::of(base)}}, {}, y);
    } else {
      drawer.draw({y_lane, {Chance::of(base - lean), Chance::of(base + lean)}}, parents, y);
    }
    return {};
  }

 protected:
  void draw_seed_chunk(ChunkDrawer& drawer, std::uint64_t&, std::uint64_t* out) const override {
    drawer.draw({bell::seed_lane, {Chance::of(chance(drawer, 3))}}, {}, out);
  }

 private:
  /// Slow waves that do not go together: a period is 2.5 to 4.5 million trials.
  static double wave(const ChunkDrawer& drawer, unsigned number) {
    const double chunk = static_cast<double>(drawer.block() * chunks_per_block + drawer.chunk());
    return std::sin(2 * std::numbers::pi * (chunk / (150 + 40 * number) + 0.3 * number));
  }
  double chance(const ChunkDrawer& drawer, unsigned number) const {
    return 0.5 + constant_ + (drift_ == 0 ? 0 : drift_ * wave(drawer, number));
  }

  double drift_, lean_to_x_, constant_;
};

/// Bits that look back to the trial before, drawn one after another.
class RememberingSource : public SimulatedSource {
 public:
  RememberingSource(double mu, bool avoids_last_pair)
      : SimulatedSource(avoids_last_pair ? "scheming" : "remembering", mu), avoids_last_pair_(avoids_last_pair) {
    const Chance low = Chance::of(0.5 - mu), high = Chance::of(0.5 + mu), half = Chance::of(0.5);
    if (avoids_last_pair) {
      x_ = {x_lane, {high, low}};                                     // not the last x
      y_ = {y_lane, {high, half, half, high, low, half, half, low}};  // context: x, last x, last y
    } else {
      x_ = {x_lane, {low, high}};  // the last y again
      y_ = {y_lane, {low, high}};  // x again
    }
    seed_ = {bell::seed_lane, {low, high}};
  }

  Status draw_settings(ChunkDrawer& drawer, const HiddenPlanes&, SourceMemory& memory, std::uint64_t* x,
                       std::uint64_t* y) override {
    bits::ChainMember members[2];
    members[0] = {&x_, {}, {}, {avoids_last_pair_ ? 0u : 1u}, x};
    members[1] =
        avoids_last_pair_ ? bits::ChainMember{&y_, {}, {0}, {0, 1}, y} : bits::ChainMember{&y_, {}, {0}, {}, y};
    drawer.draw_chain(members, memory.bits);
    return {};
  }

 protected:
  void draw_seed_chunk(ChunkDrawer& drawer, std::uint64_t& memory, std::uint64_t* out) const override {
    const bits::ChainMember members[] = {{&seed_, {}, {}, {0}, out}};
    drawer.draw_chain(members, memory);
  }

 private:
  bool avoids_last_pair_;
  ConditionalBit x_, y_, seed_;
};

/// Chooses every bit's chance from all settings of the block before it.
class HistorySource : public SimulatedSource {
 public:
  explicit HistorySource(double mu)
      : SimulatedSource("history", mu), low_(Chance::of(0.5 - mu)), high_(Chance::of(0.5 + mu)) {}

  Status draw_settings(ChunkDrawer& drawer, const HiddenPlanes&, SourceMemory& memory, std::uint64_t* x,
                       std::uint64_t* y) override {
    // Both that a bit may become, each from a tape of its own; which of them it is the history says.
    std::uint64_t planes[2][2][bits::chunk_words];  // party, chance
    for (std::uint8_t party = 0; party < 2; ++party)
      for (std::uint8_t high = 0; high < 2; ++high)
        drawer.draw({static_cast<std::uint8_t>(bell::setting_lane + party + 2 * high), {high ? high_ : low_}}, {},
                    planes[party][high]);
    const std::uint64_t trials = drawer.trial_count();
    std::fill_n(x, bits::words_for(trials), 0);
    std::fill_n(y, bits::words_for(trials), 0);
    for (std::uint64_t i = 0; i < trials; ++i) {
      const std::uint64_t w = i / 64, place = i % 64;
      const unsigned marked = memory.history.marked_pair(), marked_x = marked >> 1, marked_y = marked & 1;
      const std::uint64_t next_x = planes[0][1 - marked_x][w] >> place & 1;
      const unsigned high_y = next_x == marked_x ? 1 - marked_y : memory.history.coin();
      const std::uint64_t next_y = planes[1][high_y][w] >> place & 1;
      x[w] |= next_x << place;
      y[w] |= next_y << place;
      memory.history.add(static_cast<unsigned>(2 * next_x + next_y));
    }
    return {};
  }

 protected:
  void draw_seed_chunk(ChunkDrawer& drawer, std::uint64_t&, std::uint64_t* out) const override {
    drawer.draw({bell::seed_lane, {high_}}, {}, out);
  }

 private:
  Chance low_, high_;
};

/// Does what the strategy wants, trial by trial.
class StrategySource : public SimulatedSource {
 public:
  StrategySource(double mu, const bell::SharedStrategy& strategy, const bell::HiddenChoice& hidden)
      : SimulatedSource("scheming", mu), strategy_name_(strategy.name) {
    x_ = {x_lane, hidden.chances(0, [&](unsigned choice, unsigned) { return strategy.choices[choice].p_x1; })};
    y_ = {y_lane,
          hidden.chances(1, [&](unsigned choice, unsigned x) { return strategy.choices[choice].p_y1_given_x[x]; })};
  }

  nlohmann::json describe() const override {
    nlohmann::json description = Source::describe();
    description["strategy"] = strategy_name_;
    return description;
  }

  Status draw_settings(ChunkDrawer& drawer, const HiddenPlanes& hidden, SourceMemory&, std::uint64_t* x,
                       std::uint64_t* y) override {
    const std::uint64_t* parents[5];
    for (unsigned p = 0; p < hidden.count; ++p) parents[p] = hidden.words[p];
    parents[hidden.count] = x;
    drawer.draw(x_, {parents, hidden.count}, x);
    drawer.draw(y_, {parents, hidden.count + 1}, y);
    return {};
  }

 protected:
  void draw_seed_chunk(ChunkDrawer& drawer, std::uint64_t&, std::uint64_t* out) const override {
    drawer.draw({bell::seed_lane, {Chance::of(0.5 + claimed_mu())}}, {}, out);
  }

 private:
  std::string strategy_name_;
  ConditionalBit x_, y_;
};

/// Without a shared strategy: one choice that makes winning pairs likely.
bell::SharedStrategy greedy_strategy(double mu, const std::array<double, 4>& win_by_pair) {
  bell::LocalStrategy s;
  double win_given_x[2];
  for (unsigned x = 0; x < 2; ++x) {
    const double win_0 = win_by_pair[2 * x], win_1 = win_by_pair[2 * x + 1];
    const double p1 = 0.5 + (win_1 > win_0 ? mu : -mu);
    s.p_y1_given_x[x] = p1;
    win_given_x[x] = p1 * win_1 + (1 - p1) * win_0;
  }
  s.p_x1 = 0.5 + (win_given_x[1] > win_given_x[0] ? mu : -mu);
  return {"greedy", {s}};
}

}  // namespace

nlohmann::json Source::describe() const { return {{"name", name()}, {"claimed_mu", claimed_mu()}}; }

Status check_bias(double mu) {
  return numeric::check_bias(mu);
}

Result<std::unique_ptr<Source>> uniform_source(double mu) {
  BELLOWS_TRY(check_bias(mu));
  return std::unique_ptr<Source>(new PlainSource("uniform", mu, 0, 0, 0));
}

Result<std::unique_ptr<Source>> honest_source(double mu) {
  BELLOWS_TRY(check_bias(mu));
  return std::unique_ptr<Source>(new PlainSource("honest", mu, mu / 2, mu / 2, 0));
}

Result<std::unique_ptr<Source>> edge_source(double mu) {
  BELLOWS_TRY(check_bias(mu));
  return std::unique_ptr<Source>(new PlainSource("edge", mu, 0, 0, mu));
}

Result<std::unique_ptr<Source>> remembering_source(double mu) {
  BELLOWS_TRY(check_bias(mu));
  return std::unique_ptr<Source>(new RememberingSource(mu, false));
}

Result<std::unique_ptr<Source>> history_source(double mu) {
  BELLOWS_TRY(check_bias(mu));
  return std::unique_ptr<Source>(new HistorySource(mu));
}

Result<std::unique_ptr<Source>> scheming_source(double mu, const DeviceKnowledge& device) {
  BELLOWS_TRY(check_bias(mu));
  if (device.avoids_marked_pair) return history_source(mu);
  if (device.avoids_last_pair) return std::unique_ptr<Source>(new RememberingSource(mu, true));
  const bell::SharedStrategy strategy =
      device.strategy != nullptr ? *device.strategy : greedy_strategy(mu, device.win_by_pair);
  if (strategy.bias() > mu + 1e-12) {
    return usage_error("the strategy asks more of the source than its bias allows", fmt::format("at most {}", mu),
                       fmt::format("{}", strategy.bias()));
  }
  BELLOWS_ASSIGN(bell::HiddenChoice hidden, bell::HiddenChoice::make(strategy));
  return std::unique_ptr<Source>(new StrategySource(mu, strategy, hidden));
}

}  // namespace bellows::source
