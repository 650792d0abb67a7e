#pragma once

#include "bellows/bits/bit_string.h"
#include "bellows/trials/reader.h"

namespace bellows::protocol {

/// Refuses a seed that is a copy of the log's own bits: one of its settings or outcomes, the raw string, or settings
/// and outcomes interleaved. Such a seed is known to the device, which may have chosen its outcomes by it. This catches
/// a mistaken file; it cannot prove that a seed is independent, which stays an assumption of the certificate. Errors:
/// bad_input: names what the seed is equal to.
Status check_seed_is_not_from_log(bits::BitView seed, const trials::LogReader& log);

}  // namespace bellows::protocol
