#include "bellows/gf2/field_sizes.h"

#include <algorithm>

#include "bellows/base/check.h"

namespace bellows::gf2 {

bool is_field_length(std::uint64_t k) {
  if (k == 0) return false;
  for (std::uint64_t prime : {3, 5, 17})
    while (k % prime == 0) k /= prime;
  return k == 1;
}

std::vector<std::uint64_t> field_lengths(std::uint64_t smallest, std::uint64_t largest) {
  BELLOWS_CHECK(largest < std::uint64_t{1} << 58, "field length out of range");
  std::vector<std::uint64_t> lengths;
  for (std::uint64_t a = 1; a <= largest; a *= 3)
    for (std::uint64_t b = a; b <= largest; b *= 5)
      for (std::uint64_t c = b; c <= largest; c *= 17)
        if (c >= smallest) lengths.push_back(c);
  std::sort(lengths.begin(), lengths.end());
  return lengths;
}

std::uint64_t field_length_for(std::uint64_t element_bits) {
  BELLOWS_CHECK(element_bits <= std::uint64_t{1} << 50, "field out of range");
  const std::uint64_t least = std::max<std::uint64_t>(1, (element_bits + 31) / 32);
  return field_lengths(least, 3 * least).front();  // multiplying by 3 gives a length again, so one lies in between
}

std::uint64_t field_length_below(std::uint64_t element_bits) {
  const auto lengths = field_lengths(element_bits / 96, element_bits / 32);
  return lengths.empty() ? 0 : lengths.back();
}

}  // namespace bellows::gf2
