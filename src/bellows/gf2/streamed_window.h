#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "bellows/base/progress.h"
#include "bellows/bits/bit_string.h"

namespace bellows::gf2 {

/// A window of the product of two long bit strings, one of which is streamed. `line` is a string that can be read
/// anywhere, x arrives from its beginning:
///
///   correlation:  K_i = sum_j line[i + j] x_j
///   convolution:  K_i = sum_j line[i + x_bits - 1 - j] x_j        (i < output_bits, j < x_bits)
///
/// Both walk over blocks of the line in one direction, so only O(output_bits) memory is held.
struct WindowShape {
  enum class Direction { correlation, convolution };
  Direction direction = Direction::correlation;
  std::uint64_t x_bits = 0;
  std::uint64_t output_bits = 0;  ///< at most x_bits
};

/// How a window is cut: blocks of x and of the line, and how many of x go through at once.
struct WindowCut {
  int rows = 0;                  ///< of a block's spectrum; a block has rows * 2^19 bits
  std::uint64_t group_size = 0;  ///< blocks of x at once
  std::uint64_t lag_count = 0;   ///< blocks of the line that a block of x meets

  std::uint64_t block_bits() const { return static_cast<std::uint64_t>(rows) << 19; }
};

class StreamedWindow {
 public:
  /// Writes line[first_bit .. first_bit + 64 word_count) into words; places outside of the line are 0. Called from several
  /// threads at once.
  using Line = std::function<void(std::int64_t first_bit, std::uint64_t* words, std::size_t word_count)>;

  /// Requires 0 < output_bits <= x_bits <= 2^41. The memory has been checked by the caller (memory_bytes_needed).
  StreamedWindow(const WindowShape& shape, Line line, const Context& context);
  ~StreamedWindow();

  /// The next bits of x. Errors: cancelled.
  Status absorb(bits::BitView segment);
  /// As many zeros, without the work.
  Status absorb_zeros(std::uint64_t count);
  std::uint64_t absorbed_bits() const;
  /// Requires all of x. Errors: cancelled.
  Result<bits::BitString> finish();

  static WindowCut cut(const WindowShape& shape, unsigned thread_count);
  static std::uint64_t memory_bytes_needed(const WindowShape& shape, unsigned thread_count);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bellows::gf2
