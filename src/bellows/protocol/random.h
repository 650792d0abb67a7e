#pragma once

#include <vector>

#include "bellows/bell/behaviour.h"
#include "bellows/bits/keyed_stream.h"

/// Simulated weak sources and boxes of any number of parties, trial by trial, for the protocols that are run on simulated devices.
namespace bellows::protocol {

/// Pseudorandom words of one lane of a simulation key.
class Random {
 public:
  Random(const bits::StreamKey& key, std::uint8_t lane) : stream_(key), lane_(lane), buffer_(buffer_words) {}

  std::uint64_t next() {
    if (used_ == buffer_words) refill();
    return buffer_[used_++];
  }
  /// True with the given probability, to 2^-53.
  bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1p-53 < probability; }
  /// Uniform in [0, bound), bound below 2^32; the bias is below 2^-32.
  std::uint64_t below(std::uint64_t bound) { return ((next() >> 32) * bound) >> 32; }

 private:
  static constexpr std::size_t buffer_words = 4096;
  void refill();

  bits::KeyedStream stream_;
  std::uint8_t lane_;
  std::uint64_t chunk_ = 0;
  SecretWords buffer_;
  std::size_t used_ = buffer_words;
};

/// A Santha-Vazirani source: every bit is 1 with probability 1/2 + lean * mu, lean in [-1, 1] chosen by a scheme that may know everything.
class WeakSource {
 public:
  WeakSource(double mu, Random& random) : mu_(mu), random_(&random) {}
  double mu() const { return mu_; }
  bool draw(double lean) { return random_->chance(0.5 + lean * mu_); }
  /// `count` bits, lowest first, each leaning towards the bit of `towards` (or away from it).
  std::uint64_t draw_towards(std::uint64_t towards, int count, double strength = 1);

 private:
  double mu_;
  Random* random_;
};

/// Draws joint outcomes of a box at given joint settings (alias method: one random word a trial).
class BoxSampler {
 public:
  explicit BoxSampler(const bell::Behaviour& box);
  std::size_t draw(std::size_t joint_setting, Random& random) const {
    const std::uint64_t word = random.next();
    const Cell& cell = cells_[(joint_setting << log2_outcomes_) + (word & mask_)];
    return (word >> 8) < cell.threshold ? word & mask_ : cell.alias;
  }

 private:
  struct Cell {
    std::uint64_t threshold = 0;  // of 2^56
    std::uint64_t alias = 0;
  };
  int log2_outcomes_;
  std::uint64_t mask_;
  std::vector<Cell> cells_;
};

}  // namespace bellows::protocol
