#pragma once

#include <cstdint>

#include "bellows/estimate/evidence.h"

namespace bellows::testing {

/// One block of so many won and lost trials, a quarter at each pair of settings; counts divisible by four.
inline estimate::Evidence evidence_with(std::uint64_t wins, std::uint64_t losses) {
  estimate::Evidence evidence;
  estimate::BlockCounts block;
  for (unsigned x = 0; x < 2; ++x)
    for (unsigned y = 0; y < 2; ++y) {
      block.n_xyab[estimate::count_index(x, y, 0, x & y)] = wins / 4;
      block.n_xyab[estimate::count_index(x, y, 1, x & y)] = losses / 4;
    }
  block.trial_count = estimate::sum(block.n_xyab);
  evidence.blocks = {block};
  return evidence;
}

}  // namespace bellows::testing
