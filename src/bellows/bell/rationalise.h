#pragma once

#include "bellows/bell/scenario.h"

namespace bellows::bell {

/// The last continued-fraction convergent of `value` whose denominator does not exceed the limit. A guess, to be checked.
Rational rationalise(double value, long largest_denominator);

}  // namespace bellows::bell
