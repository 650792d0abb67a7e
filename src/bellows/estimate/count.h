#pragma once

#include "bellows/bits/bit_string.h"
#include "bellows/bits/cpu.h"
#include "bellows/estimate/evidence.h"

namespace bellows::estimate {

/// The sixteen counts of a two-party block from its bit planes, in one pass.
/// In:     x, y: settings; a, b: outcomes; equally long; bits of the last word beyond the end may hold anything.
/// Out:    exact counts, entry 8x + 4y + 2a + b; they add up to the number of trials.
/// Errors: none; planes of different lengths are a programmer's mistake.
/// Claim:  none; a count is a fact about the file.
/// Source: the fifteen products of planes are counted (popcount), then inclusion and exclusion gives the cells.
/// Cost:   reads each plane once; at the speed of memory with AVX-512; no memory of its own; thread safe.
Counts count_trials(bits::BitView x, bits::BitView y, bits::BitView a, bits::BitView b);
/// The same with a kernel of the caller's choice, which must be available (gfni counts as avx512 does).
Counts count_trials(bits::BitView x, bits::BitView y, bits::BitView a, bits::BitView b, bits::Kernel kernel);

}  // namespace bellows::estimate
