#pragma once

#include "bellows/cli/command.h"
#include "bellows/plan/plan.h"

namespace bellows::cli {

/// Finds and checks the entropy proof that is worth most for a plan (method two-sided or witness) at one of its
/// thresholds and at exactly its bias, and keeps it in the local folder, where certification finds it.
/// Errors: refused: the search gave up; usage: no device reaches the threshold.
/// Cost:   a second or two for the win score, some ten for another.
Status prove_for(Console& console, const plan::Plan& plan, const numeric::Exact& threshold);

}  // namespace bellows::cli
