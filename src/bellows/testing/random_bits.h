#pragma once

#include <cstdint>
#include <random>

#include "bellows/bits/bit_string.h"

namespace bellows::testing {

/// So many bits of a generator, the same for the same seed.
inline bits::BitString random_bits(std::uint64_t size, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  bits::BitString out(size);
  for (std::uint64_t i = 0; i < out.size_words(); ++i) out.words()[i] = engine();
  out.trim();
  return out;
}

}  // namespace bellows::testing
