#include "bellows/bits/bit_string.h"

#include <bit>
#include <cstring>

namespace bellows::bits {

static_assert(std::endian::native == std::endian::little, "words are written to files as they stand in memory");

void copy_bits(BitView view, std::uint64_t* to, std::uint64_t position) {
  std::uint64_t* out = to + position / 64;
  std::uint64_t shift = position % 64, full = view.size_bits / 64, rest = view.size_bits % 64;
  if (shift == 0) {
    if (full != 0) std::memcpy(out, view.words, full * 8);  // an empty view may have no words
  } else if (full != 0) {
    // Every word of `to` is written once, from two neighbours.
    const std::uint64_t low = low_mask(shift);
    const std::uint64_t* const in = view.words;
    out[0] = (out[0] & low) | in[0] << shift;
    for (std::uint64_t i = 1; i < full; ++i) out[i] = in[i - 1] >> (64 - shift) | in[i] << shift;
    out[full] = (out[full] & ~low) | in[full - 1] >> (64 - shift);
  }
  if (rest == 0) return;
  std::uint64_t last = view.word(full), mask = low_mask(rest);
  out[full] = (out[full] & ~(mask << shift)) | last << shift;
  if (shift + rest > 64) {
    std::uint64_t over = shift + rest - 64;
    out[full + 1] = (out[full + 1] & ~low_mask(over)) | last >> (64 - shift);
  }
}

void BitString::append(BitView more) {
  std::uint64_t start = size_bits_;
  size_bits_ += more.size_bits;
  words_.resize(words_for(size_bits_));
  copy_bits(more, words_.data(), start);
}

std::uint64_t count_ones(BitView view) {
  std::uint64_t ones = 0;
  for (std::uint64_t i = 0; i < view.size_words(); ++i) ones += static_cast<std::uint64_t>(std::popcount(view.word(i)));
  return ones;
}

}  // namespace bellows::bits
