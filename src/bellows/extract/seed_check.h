#pragma once

#include "bellows/bits/bit_string.h"
#include "bellows/trials/reader.h"

namespace bellows::extract {

/// Refuses a seed that is a copy of the log's own bits: one of its settings or outcomes, the raw string, or settings
/// and outcomes interleaved. Such a seed is known to the device, which may have chosen its outcomes by it. This catches
/// a mistaken file; it cannot prove that a seed is independent, which stays an assumption of the certificate. Errors:
/// bad_input: names what the seed is equal to.
Status check_seed_is_not_from_log(bits::BitView seed, const trials::LogReader& log);

/// Enters the seed into the user's ledger (seed_ledger.h) before it is used, so that it never hashes two raw strings.
/// The use is named by plan and settings, both of which Eve may know: nothing that depends on outcomes leaves the run
/// folder. In:     used: the bits of the seed that the hash takes. Errors: refused: the seed served another plan or
/// other trials; bad_input: the ledger cannot be written.
Status enter_seed_use(bits::BitView used, const Digest& plan_digest, const trials::LogReader& log);

}  // namespace bellows::extract
