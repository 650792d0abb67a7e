#include <algorithm>

#include "bellows/extract/engine.h"
#include "bellows/extract/read_bits.h"
#include "bellows/gf2/streamed_window.h"

namespace bellows::extract {
namespace {

// Toeplitz, circulant and shift matrices are windows of the product of the raw string with a line made from the seed.

gf2::WindowShape window_shape(const HashShape& shape) {
  using Direction = gf2::WindowShape::Direction;
  return {shape.family == Family::shift_matrix ? Direction::correlation : Direction::convolution, shape.raw_bits,
          shape.output_bits};
}

// 64 word_count bits from any place of the string repeated for ever, in both directions.
void read_cyclic(bits::BitView period, std::int64_t first_bit, std::uint64_t* words, std::size_t word_count) {
  const auto size = static_cast<std::int64_t>(period.size_bits);
  std::uint64_t at = static_cast<std::uint64_t>((first_bit % size + size) % size);
  const std::uint64_t total = 64 * word_count;
  read_bits(period, static_cast<std::int64_t>(at), words, word_count);
  SecretWords piece;
  for (std::uint64_t done = period.size_bits - at; done < total;) {
    const std::uint64_t count = std::min(period.size_bits, total - done);
    piece.resize(bits::words_for(count));
    read_bits(period, 0, piece.data(), piece.size());
    bits::copy_bits({piece.data(), count}, words, done);
    done += count;
  }
}

class WindowEngine : public Hasher::Engine {
 public:
  WindowEngine(const HashShape& shape, gf2::StreamedWindow::Line line, const Context& context)
      : window_(window_shape(shape), std::move(line), context) {}
  Status absorb(bits::BitView segment) override { return window_.absorb(segment); }
  Status absorb_zeros(std::uint64_t count) override { return window_.absorb_zeros(count); }
  Result<bits::BitString> finish() override { return window_.finish(); }

 private:
  gf2::StreamedWindow window_;
};

}  // namespace

std::unique_ptr<Hasher::Engine> make_window_engine(const HashShape& shape, bits::BitView seed, const Context& context) {
  gf2::StreamedWindow::Line line;
  if (shape.family == Family::circulant) {
    const auto offset = static_cast<std::int64_t>(shape.raw_bits) - 1;
    line = [seed, offset](std::int64_t first_bit, std::uint64_t* words, std::size_t word_count) {
      read_cyclic(seed, first_bit - offset, words, word_count);
    };
  } else {
    line = [seed](std::int64_t first_bit, std::uint64_t* words, std::size_t word_count) {
      read_bits(seed, first_bit, words, word_count);
    };
  }
  return std::make_unique<WindowEngine>(shape, std::move(line), context);
}

std::uint64_t window_memory_bytes(const HashShape& shape, unsigned thread_count) {
  return gf2::StreamedWindow::memory_bytes_needed(window_shape(shape), thread_count);
}

}  // namespace bellows::extract
