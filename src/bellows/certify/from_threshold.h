#pragma once

#include "bellows/certify/certificate.h"

namespace bellows::certify {

/// A certificate again, from what stands in it, without a log: for whoever holds the public form and nothing else.
/// In:     given: either form, as it was read.
/// Out:    verdict, entropy, losses and lengths as they follow from the plan and the threshold that `given` names; the
///         assumptions as they follow from plan, statements and what `given` says of the record. Taken over as they
///         are: which threshold was reached, the number of trials, settings check, digests, and the sentences that tell
///         what the record shows (they come from a log).
/// Errors: as check_plan() and check_origin(). bad_input: the entropy proof that it names is not at hand.
/// Claim:  what comes out is certified provided that the threshold was reached; only a log shows that it was.
/// Cost:   as certify(); the grid of a built-in plan is built again.
Result<Certificate> from_threshold(const Certificate& given);

}  // namespace bellows::certify
