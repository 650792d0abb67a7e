#include "bellows/ecc/deal.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <numeric>

namespace bellows::ecc {
namespace {

__extension__ using Wide = unsigned __int128;  // 2^32 times 36 bits

// With so many bits more than the range needs, one number in 16 at most is drawn again.
constexpr unsigned extra_bits = 4;

unsigned bits_for(std::uint64_t range) { return static_cast<unsigned>(std::bit_width(range - 1)); }

}  // namespace

std::uint64_t Draw::bits(unsigned count) {
  const std::uint64_t out = random_.word_at_bit(at_) & bellows::bits::low_mask(count);
  at_ += count;
  return out;
}

std::uint64_t Draw::below(std::uint64_t range) {
  if (range < 2) return 0;
  const unsigned width = bits_for(range) + extra_bits;
  const std::uint64_t unfair = (std::uint64_t{1} << width) % range;
  for (;;) {
    const Wide scaled = static_cast<Wide>(bits(width)) * range;
    const bool is_fair = (static_cast<std::uint64_t>(scaled) & bellows::bits::low_mask(width)) >= unfair;
    if (is_fair || ran_out()) return static_cast<std::uint64_t>(scaled >> width);
  }
}

std::uint64_t deal_random_bits(const ConcatenatedShape& shape) {
  // One draw in 16 fails at most, so 1/15 more are expected at most; 8 sqrt(n) are more than 25 standard deviations.
  const std::uint64_t n = shape.raw_bits, places = shape.places();
  const std::uint64_t draws = n + n / 15 + 8 * static_cast<std::uint64_t>(std::sqrt(static_cast<double>(n))) + 64;
  return draws * (bits_for(places) + extra_bits) + n * shape.check_bits;
}

Result<Deal> deal(const ConcatenatedShape& shape, bits::BitView random) {
  const std::uint64_t places = shape.places();
  Draw draw(random);
  Deal out;
  out.place.resize(places);
  std::iota(out.place.begin(), out.place.end(), 0u);
  for (std::uint64_t i = 0; i < shape.raw_bits; ++i) std::swap(out.place[i], out.place[i + draw.below(places - i)]);
  out.place.resize(shape.raw_bits);
  out.check.resize(shape.raw_bits);
  for (auto& check : out.check) check = static_cast<std::uint16_t>(draw.bits(shape.check_bits));
  if (draw.ran_out())
    return bad_input("too few random bits to deal the raw key to the blocks of its code", "", std::nullopt,
                     fmt::format("about {} bits", deal_random_bits(shape)), fmt::format("{}", random.size_bits));
  return out;
}

}  // namespace bellows::ecc
