#pragma once

#include "bellows/bell/functional.h"

namespace bellows::bell {

struct LocalBounds {
  Rational minimum;
  Rational maximum;
  std::uint64_t strategies = 0;  ///< deterministic strategies of all parties but the last
};

/// The exact smallest and largest value over local boxes: every deterministic strategy of all parties but the last, with
/// the last party's best reply to each.
/// Errors: bad_input when that takes more than 2^34 additions (the message says how many), or when the coefficients
/// over their common denominator do not fit 62 bits.
/// Cost: 2^(settings of all but the last party) times the last party's settings.
Result<LocalBounds> local_bounds(const Functional& functional);

}  // namespace bellows::bell
