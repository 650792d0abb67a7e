#pragma once

#include "bellows/bits/bit_string.h"
#include "bellows/extract/shape.h"

namespace bellows::extract {

/// Every family by its definition, bit by bit and element by element: the oracle of the tests, and the definition
/// that an independent implementation may be checked against. Quadratic time. Requires a shape that check_shape accepts,
/// raw.size_bits == shape.raw_bits and enough seed.
bits::BitString naive_hash(const HashShape& shape, bits::BitView raw, bits::BitView seed);

}  // namespace bellows::extract
