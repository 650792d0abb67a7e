#pragma once

#include "bellows/bits/draw.h"
#include "bellows/bits/draw_kernels.h"

namespace bellows::bits {

/// Bits of a chance beyond the head, at the top of a word.
inline std::uint64_t tail_of(const Chance& chance) { return chance.threshold << head_bits; }

DrawPlan plan_for(const ConditionalBit& bit);

/// The second 64 random bits of the trials that need them, in the order of trials.
struct ChunkDrawer::Tail {
  KeyedStream& stream;
  StreamAddress address;  // part 0 holds the heads
  std::uint64_t words[32];
  unsigned left = 0;

  bool decide(const Chance& chance) {
    if (left == 0) {
      ++address.part;
      stream.fill(address, std::span(words));
      left = 32;
    }
    return words[32 - left--] < tail_of(chance);
  }
};

}  // namespace bellows::bits
