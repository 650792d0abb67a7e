#pragma once

#include <cstddef>
#include <cstdint>

#include "bellows/base/checked.h"
#include "bellows/gf2/memory.h"
#include "bellows/gf2/transform/layout.h"

namespace bellows::gf2 {

/// Room for some spectra of one size. A sum of products walks through all of them side by side, so each begins a little
/// further in its page than the one before: streams that begin alike share one set of every cache and throw each other out.
class Spectra {
 public:
  Spectra() = default;
  Spectra(std::size_t count, int rows) : count_(count), stride_(stride(rows)), buffer_(count * stride_) {}

  std::size_t size() const { return count_; }
  std::uint8_t* operator[](std::size_t i) { return buffer_.data() + i * stride_; }
  const std::uint8_t* operator[](std::size_t i) const { return buffer_.data() + i * stride_; }

  Buffer& buffer() { return buffer_; }

  static std::uint64_t memory_bytes(std::uint64_t count, int rows) {
    return round_up(count * stride(rows), std::uint64_t{2} << 20);
  }

 private:
  /// What a sum reads of one spectrum at once (pointwise.h).
  static constexpr std::size_t skew = 256;
  static std::size_t stride(int rows) { return round_up(transform::spectrum_bytes(rows), std::size_t{4096}) + skew; }

  std::size_t count_ = 0, stride_ = 0;
  Buffer buffer_;
};

}  // namespace bellows::gf2
