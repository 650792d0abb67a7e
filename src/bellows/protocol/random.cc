#include "bellows/protocol/random.h"

#include <cmath>

namespace bellows::protocol {

void Random::refill() {
  // chunk is 16 bits wide, block 48: together they count refills.
  stream_.fill({.block = chunk_ >> 16, .chunk = static_cast<std::uint16_t>(chunk_), .lane = lane_}, std::span<std::uint64_t>(buffer_));
  ++chunk_;
  used_ = 0;
}

std::uint64_t WeakSource::draw_towards(std::uint64_t towards, int count, double strength) {
  std::uint64_t word = 0;
  for (int i = 0; i < count; ++i) {
    const double lean = ((towards >> i) & 1U) ? strength : -strength;
    if (draw(lean)) word |= std::uint64_t{1} << i;
  }
  return word;
}

BoxSampler::BoxSampler(const bell::Behaviour& box)
    : log2_outcomes_(box.scenario.parties()), mask_(box.scenario.outcomes() - 1), cells_(box.table.size()) {
  const std::size_t outcomes = box.scenario.outcomes();
  std::vector<double> scaled(outcomes);
  for (std::size_t x = 0; x < box.scenario.joint_settings(); ++x) {
    std::vector<std::size_t> small, large;
    for (std::size_t a = 0; a < outcomes; ++a) {
      scaled[a] = box.probability(a, x) * static_cast<double>(outcomes);
      // What the arithmetic of amplitudes leaves of an impossible outcome must not be drawn.
      if (scaled[a] < 1e-12) scaled[a] = 0;
      (scaled[a] < 1 ? small : large).push_back(a);
    }
    Cell* row = cells_.data() + (x << log2_outcomes_);
    for (std::size_t a = 0; a < outcomes; ++a) row[a] = {std::uint64_t{1} << 56, a};
    while (!small.empty() && !large.empty()) {
      const std::size_t low = small.back();
      const std::size_t high = large.back();
      small.pop_back();
      row[low] = {static_cast<std::uint64_t>(std::ldexp(scaled[low], 56)), high};
      scaled[high] -= 1 - scaled[low];
      if (scaled[high] < 1 - 1e-12) {
        large.pop_back();
        small.push_back(high);
      }
    }
    // Rounding may leave an impossible outcome without partner: it points at any possible one.
    for (std::size_t a : small) {
      if (scaled[a] > 0.5) continue;
      std::size_t possible = 0;
      for (std::size_t b = 0; b < outcomes; ++b) {
        if (box.probability(b, x) > box.probability(possible, x)) possible = b;
      }
      row[a] = {0, possible};
    }
  }
}

}  // namespace bellows::protocol
