#pragma once

#include <cstdint>

namespace bellows::gf2 {

// Measured ratios, for choosing how to cut long strings; the unit is the transform of one row in a small block.

/// Transform of one row in a block of `rows`: more levels, and less of it in the cache.
double transform_cost(int rows);

/// Product of two rows of values, within a sum.
double product_cost();

/// Of a product of two sequences of chunks, the share of one row of one chunk; the product has so many chunks.
double chunk_cost(std::uint64_t points);

/// Length of the shorter factor from which a product by transforms is faster than Karatsuba's method.
std::uint64_t transform_from_bits();

}  // namespace bellows::gf2
