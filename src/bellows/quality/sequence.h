// A bit sequence as the tests see it: 64-bit words, bit i in bit i mod 64 of word i div 64.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bellows/base/secret.h"

namespace bellows::quality {

/// One sequence under test, owned. Bits beyond the length are zero and one spare word follows, so
/// that a window of up to 64 bits may be read at any place inside the length.
class Sequence {
 public:
  Sequence() = default;
  explicit Sequence(std::size_t length_bits) { resize(length_bits); }

  void resize(std::size_t length_bits) {
    length_bits_ = length_bits;
    words_.assign(length_bits / 64 + 2, 0);
  }
  std::size_t length_bits() const { return length_bits_; }
  std::uint64_t* words() { return words_.data(); }
  const std::uint64_t* words() const { return words_.data(); }
  std::size_t full_words() const { return length_bits_ / 64; }

  bool bit(std::size_t i) const { return (words_[i / 64] >> (i % 64)) & 1U; }
  void set_bit(std::size_t i, bool value) {
    const std::uint64_t mask = std::uint64_t{1} << (i % 64);
    words_[i / 64] = value ? (words_[i / 64] | mask) : (words_[i / 64] & ~mask);
  }
  /// 64 bits that start at bit i (i below the length); what lies beyond the end reads as zero.
  std::uint64_t window(std::size_t i) const {
    const std::size_t word = i / 64;
    const unsigned shift = i % 64;
    const std::uint64_t low = words_[word] >> shift;
    return shift == 0 ? low : low | (words_[word + 1] << (64 - shift));
  }
  /// Clears whatever a reader left beyond the length.
  void clear_tail() {
    const std::size_t used = length_bits_ % 64;
    if (used != 0) words_[length_bits_ / 64] &= (std::uint64_t{1} << used) - 1;
    for (std::size_t w = (length_bits_ + 63) / 64; w < words_.size(); ++w) words_[w] = 0;
  }
  /// Number of ones in the `count_bits` bits that start at `first_bit`.
  std::size_t ones(std::size_t first_bit, std::size_t count_bits) const {
    std::size_t total = 0;
    std::size_t done = 0;
    for (; done + 64 <= count_bits; done += 64) {
      total += static_cast<std::size_t>(__builtin_popcountll(window(first_bit + done)));
    }
    if (done < count_bits) {
      const std::uint64_t mask = (std::uint64_t{1} << (count_bits - done)) - 1;
      total += static_cast<std::size_t>(__builtin_popcountll(window(first_bit + done) & mask));
    }
    return total;
  }

 private:
  std::size_t length_bits_ = 0;
  SecretWords words_;
};

}  // namespace bellows::quality
