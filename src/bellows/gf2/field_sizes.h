#pragma once

#include <cstdint>
#include <vector>

namespace bellows::gf2 {

/// The large fields F = GF(2^32)[t] / (t^k + 3), one for every k = 3^i 5^j 17^l, hold 2^(32 k) elements.
/// t^k + 3 is irreducible (Lidl and Niederreiter, Finite Fields, theorem 3.75): 3 generates the 255 units of GF(2^8), so
/// its order is divisible by every prime of k; none of those divides (2^32 - 1) / 255 = 257 * 65537; and k is odd.
/// docs/short-seed-extractor.md has the proof in full.

/// Whether k = 3^i 5^j 17^l for i, j, l >= 0.
bool is_field_length(std::uint64_t k);

/// All such k from `smallest` to `largest`, ascending.
std::vector<std::uint64_t> field_lengths(std::uint64_t smallest, std::uint64_t largest);

/// The smallest such k with 32 k >= element_bits. Requires element_bits <= 2^50.
std::uint64_t field_length_for(std::uint64_t element_bits);

/// The largest such k with 32 k <= element_bits; 0 if there is none.
std::uint64_t field_length_below(std::uint64_t element_bits);

}  // namespace bellows::gf2
