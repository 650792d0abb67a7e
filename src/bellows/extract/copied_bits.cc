#include "bellows/extract/copied_bits.h"

namespace bellows::extract {
namespace {

constexpr std::uint64_t kept_bits = CopiedBits::compared_bits + 128;

// Of a word and of its complement the same.
std::uint64_t hash_of(std::uint64_t word) {
  const std::uint64_t even = word & 1 ? ~word : word;
  return even * 0x9E3779B97F4A7C15 >> 48;
}

}  // namespace

CopiedBits::CopiedBits(bits::BitView sought)
    : sought_(sought.first(std::min(sought.size_bits, kept_bits))), taken_(std::size_t{1} << 16) {
  if (sought_.size_bits() < compared_bits + 64) return;
  for (std::uint64_t place = 0; place < 64; ++place) taken_[hash_of(sought_.view().word_at_bit(place))] = true;
}

bool CopiedBits::copied_from(bits::BitView other) const {
  if (sought_.size_bits() < compared_bits + 64) return false;
  for (std::uint64_t w = 0; w < other.size_bits / 64; ++w) {
    const std::uint64_t word = other.words[w];
    if (!taken_[hash_of(word)]) continue;
    for (std::uint64_t place = 0; place < 64 && place <= 64 * w; ++place) {
      const std::uint64_t difference = word ^ sought_.view().word_at_bit(place);
      if ((difference == 0 || difference == ~std::uint64_t{0}) && equal_at(other, 64 * w - place, difference))
        return true;
    }
  }
  return false;
}

bool CopiedBits::equal_at(bits::BitView other, std::uint64_t start_bit, std::uint64_t flip) const {
  if (start_bit + compared_bits > other.size_bits) return false;
  for (std::uint64_t i = 0; i < compared_bits; i += 64)
    if ((other.word_at_bit(start_bit + i) ^ sought_.view().word_at_bit(i)) != flip) return false;
  return true;
}

}  // namespace bellows::extract
