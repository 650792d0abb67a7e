#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bellows/base/check.h"
#include "bellows/base/checked.h"
#include "bellows/base/secret.h"

namespace bellows::bits {

inline constexpr std::uint64_t bits_per_word = 64;

constexpr std::uint64_t words_for(std::uint64_t size_bits) { return divide_up(size_bits, bits_per_word); }

/// Ones in the lowest `count` places, count <= 64.
constexpr std::uint64_t low_mask(std::uint64_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

/// A read-only view of packed bits: bit i is bit i mod 64 of words[i / 64]. Bits of the last word beyond size_bits are
/// not part of the string; whoever makes a view from foreign memory need not have cleared them.
struct BitView {
  const std::uint64_t* words = nullptr;
  std::uint64_t size_bits = 0;

  std::uint64_t size_words() const { return words_for(size_bits); }
  bool operator[](std::uint64_t i) const { return words[i / 64] >> (i % 64) & 1; }
  /// Word i with bits beyond the end cleared.
  std::uint64_t word(std::uint64_t i) const {
    return i + 1 == size_words() && size_bits % 64 != 0 ? words[i] & low_mask(size_bits % 64) : words[i];
  }
  /// 64 bits from any position; bits beyond the end are 0.
  std::uint64_t word_at_bit(std::uint64_t position) const {
    if (position >= size_bits) return 0;
    std::uint64_t index = position / 64, shift = position % 64;
    std::uint64_t low = word(index) >> shift;
    return shift != 0 && index + 1 < size_words() ? low | word(index + 1) << (64 - shift) : low;
  }
  /// The first `count` bits. Requires count <= size_bits.
  BitView first(std::uint64_t count) const {
    BELLOWS_CHECK(count <= size_bits, "more bits than the view holds");
    return {words, count};
  }
};

/// A bit string that owns its words and wipes them when it goes. Bits beyond the end are always 0.
class BitString {
 public:
  BitString() = default;
  explicit BitString(std::uint64_t size_bits) : words_(words_for(size_bits)), size_bits_(size_bits) {}
  explicit BitString(BitView view) : BitString(view.size_bits) {
    for (std::uint64_t i = 0; i < words_.size(); ++i) words_[i] = view.word(i);
  }

  std::uint64_t size_bits() const { return size_bits_; }
  std::uint64_t size_words() const { return words_.size(); }
  std::uint64_t* words() { return words_.data(); }
  const std::uint64_t* words() const { return words_.data(); }
  BitView view() const { return {words_.data(), size_bits_}; }
  operator BitView() const { return view(); }  // NOLINT: implicit on purpose

  bool operator[](std::uint64_t i) const { return words_[i / 64] >> (i % 64) & 1; }
  void set(std::uint64_t i, bool value) {
    std::uint64_t bit = std::uint64_t{1} << (i % 64);
    words_[i / 64] = value ? words_[i / 64] | bit : words_[i / 64] & ~bit;
  }
  /// Clears what was written beyond the end; call it after writing whole words.
  void trim() {
    if (size_bits_ % 64 != 0) words_.back() &= low_mask(size_bits_ % 64);
  }
  void append(BitView more);
  bool operator==(const BitString& other) const {
    return size_bits_ == other.size_bits_ && std::equal(words_.begin(), words_.end(), other.words_.begin());
  }

  /// The string as bytes, ceil(size_bits / 8) of them (little-endian words, as on every machine we support).
  std::span<const std::byte> bytes() const {
    return {reinterpret_cast<const std::byte*>(words_.data()), divide_up(size_bits_, 8)};
  }
  std::span<std::byte> writable_bytes() {
    return {reinterpret_cast<std::byte*>(words_.data()), divide_up(size_bits_, 8)};
  }

 private:
  SecretWords words_;
  std::uint64_t size_bits_ = 0;
};

/// Copies view into `to`, starting at bit `position` (other bits of `to` keep their value). Requires room.
void copy_bits(BitView view, std::uint64_t* to, std::uint64_t position);

/// Ones in the view.
std::uint64_t count_ones(BitView view);

}  // namespace bellows::bits
