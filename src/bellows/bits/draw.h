#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bellows/bits/cpu.h"
#include "bellows/bits/keyed_stream.h"

namespace bellows::bits {

/// Trials that are drawn together; a log's block of 2^22 has 256 chunks.
inline constexpr std::uint64_t chunk_trials = std::uint64_t{1} << 14;
inline constexpr std::uint64_t chunk_words = chunk_trials / 64;

/// The probability that a bit is 1: threshold / 2^64, or one.
struct Chance {
  std::uint64_t threshold = 0;
  bool certain = false;

  /// The nearest chance; requires 0 <= probability <= 1.
  static Chance of(double probability);
  double probability() const { return certain ? 1 : static_cast<double>(threshold) * 0x1p-64; }
  bool operator==(const Chance&) const = default;
};

inline constexpr unsigned most_parents = 6;

/// A random bit whose chance depends on other bits of its trial, its parents: chances[context], context bit p = parent
/// p. `lane` names the random tape; no two bits of a trial may share one.
struct ConditionalBit {
  std::uint8_t lane = 0;
  std::vector<Chance> chances = {Chance{}};

  unsigned parent_count() const;
};

/// Member of a chain: bits that remember the trial before. Its context is, from the lowest bit: the planes, then
/// members of the same trial (`now`, drawn before it), then members of the trial before (`before`).
struct ChainMember {
  const ConditionalBit* bit = nullptr;
  std::vector<const std::uint64_t*> planes = {};
  std::vector<unsigned> now = {}, before = {};
  std::uint64_t* out = nullptr;
};

/// Draws bit planes of one chunk after another. What it draws depends on key, block, chunk, lane and chances only, not
/// on the kernel, nor on how many trials are asked for (fewer trials give a prefix). Not thread safe; one object a
/// thread.
class ChunkDrawer {
 public:
  explicit ChunkDrawer(const StreamKey& key);

  /// Moves to chunk `chunk` of block `block`, whose first `trial_count` trials are wanted (at most chunk_trials).
  void start(std::uint64_t block, std::uint16_t chunk, std::uint64_t trial_count);
  std::uint64_t trial_count() const { return trial_count_; }
  std::uint64_t block() const { return block_; }
  std::uint16_t chunk() const { return chunk_; }

  /// One plane; bits beyond the last trial become 0. `out` may not be a parent.
  void draw(const ConditionalBit& bit, std::span<const std::uint64_t* const> parents, std::uint64_t* out);
  /// Several planes, trial after trial. Bit m of `memory`: what member m was in the trial before; updated.
  void draw_chain(std::span<const ChainMember> members, std::uint64_t& memory);

 private:
  struct Tail;

  KeyedStream stream_;
  std::uint64_t block_ = 0, trial_count_ = 0;
  std::uint16_t chunk_ = 0;
  SecretWords heads_;
};

}  // namespace bellows::bits
