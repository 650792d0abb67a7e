#pragma once

#include <cstdint>
#include <string_view>

#include "bellows/base/result.h"

namespace bellows {

/// A count as people write it: "20*2^26", "1000000", "1_000_000", "5e6".
/// In:     text: factors joined by '*', each a whole number, base^exponent, or digits with an exponent (1e9).
/// Errors: usage: anything else, or a value beyond 2^64 - 1.
Result<std::uint64_t> parse_count(std::string_view text);

}  // namespace bellows
