#include "bellows/extract/read_bits.h"

#include <algorithm>

namespace bellows::extract {

void read_bits(bits::BitView string, std::int64_t first_bit, std::uint64_t* words, std::size_t word_count) {
  for (std::size_t i = 0; i < word_count;) {
    const std::int64_t bit = first_bit + 64 * static_cast<std::int64_t>(i);
    if (bit <= -64 || bit >= static_cast<std::int64_t>(string.size_bits)) {
      words[i++] = 0;
    } else if (bit < 0) {
      words[i++] = string.word_at_bit(0) << -bit;
    } else {
      // As many words as can be read without a look at the string's end.
      const std::uint64_t at = static_cast<std::uint64_t>(bit) / 64, shift = static_cast<std::uint64_t>(bit) % 64;
      const std::uint64_t whole = string.size_bits / 64;
      const std::size_t count = whole > at + 1 ? std::min<std::size_t>(word_count - i, whole - at - 1) : 0;
      const std::uint64_t* from = string.words + at;
      if (shift == 0)
        std::copy(from, from + count, words + i);
      else
        for (std::size_t j = 0; j < count; ++j) words[i + j] = from[j] >> shift | from[j + 1] << (64 - shift);
      i += count;
      if (count == 0) words[i++] = string.word_at_bit(static_cast<std::uint64_t>(bit));
    }
  }
}

}  // namespace bellows::extract
