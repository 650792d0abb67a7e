#pragma once

#include "bellows/bits/bit_string.h"

namespace bellows::extract {

/// 64 word_count bits of the string, from any place; zeros around it.
void read_bits(bits::BitView string, std::int64_t first_bit, std::uint64_t* words, std::size_t word_count);

}  // namespace bellows::extract
