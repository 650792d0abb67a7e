#pragma once

#include "bellows/extract/hasher.h"

namespace bellows::extract {

/// What hashes one family. The hasher checks shapes and lengths before anything gets here.
class Hasher::Engine {
 public:
  virtual ~Engine() = default;
  virtual Status absorb(bits::BitView segment) = 0;
  virtual Status absorb_zeros(std::uint64_t count) = 0;
  virtual Result<bits::BitString> finish() = 0;
};

std::unique_ptr<Hasher::Engine> make_window_engine(const HashShape& shape, bits::BitView seed, const Context& context);
std::uint64_t window_memory_bytes(const HashShape& shape, unsigned thread_count);

std::unique_ptr<Hasher::Engine> make_short_seed_engine(const HashShape& shape, bits::BitView seed,
                                                       const Context& context);
std::uint64_t short_seed_memory_bytes(const HashShape& shape, unsigned thread_count);

}  // namespace bellows::extract
