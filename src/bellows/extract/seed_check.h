#pragma once

#include "bellows/bits/bit_string.h"
#include "bellows/trials/reader.h"

namespace bellows::extract {

/// Refuses a seed that is a copy of the log's own bits, from any place in it: settings or outcomes of a party, of all
/// in turn, whole records, or the raw string; as they stand, before the relabelling, or with every bit flipped. Such a
/// seed is known to the device, which may have chosen its outcomes by it. This catches a mistaken file; it cannot prove
/// that a seed is independent, which stays an assumption of the certificate. Errors: bad_input: names what the seed is
/// a copy of. Cost:   one pass over the log; a random seed is refused with probability below 2^-90.
Status check_seed_is_not_from_log(bits::BitView seed, const trials::LogReader& log);

/// What the ledger knew of a use that it let in.
struct SeedUse {
  bool with_another_seed = false;  ///< plan and trials were hashed with another seed before
};

/// Enters the seed into the user's ledger (seed_ledger.h) before it is used, so that it never hashes two raw strings.
/// The use is named by plan, settings and outcomes, under the ledger's key.
/// In:     used: the bits of the seed that the hash takes.
/// Out:    whether plan and trials were extracted with another seed before: see extracted_again_warning.
/// Errors: refused: the seed served another plan or other trials; bad_input: the ledger cannot be written.
Result<SeedUse> enter_seed_use(bits::BitView used, const Digest& plan_digest, const trials::LogReader& log);

inline constexpr const char* extracted_again_warning =
    "warning: these records were extracted before, under the same plan and with another seed; each output has its certificate, "
    "but none covers both together: use one of them";

/// That enter_seed_use() will find its ledger. Errors: bad_input: there is no place for it, or it cannot be written.
Status check_seed_ledger();

}  // namespace bellows::extract
