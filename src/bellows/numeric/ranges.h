#pragma once

#include "bellows/base/result.h"
#include "bellows/numeric/exact.h"

namespace bellows::numeric {

/// The claimed bias of a source. Errors: usage: not 0 <= mu < 1/2; says how a percentage is written where one seems to be
/// meant.
Status check_bias(const Exact& mu);
Status check_bias(double mu);

/// A total failure probability. Errors: usage: not 0 < epsilon < 1.
Status check_epsilon(const Exact& epsilon);

}  // namespace bellows::numeric
