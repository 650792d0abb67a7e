#pragma once

#include <cstdint>

#include "bellows/ecc/concatenated_shape.h"
#include "bellows/ecc/known_errors.h"
#include "bellows/numeric/ball.h"

namespace bellows::ecc {

/// An upper bound on the probability, over dealing and hashes, that decoding fails on a pattern of exactly so many
/// errors, whatever the pattern.
/// In:     a possible shape.
/// Claim:  docs/error-correction.md, "Why it fails so rarely": row by row Chernoff's bound on the number of blocks that
///         are silent, plus once more those that are wrong, at most (any y >= 1 and z > 0, here near the best)
///             G F(z, y)^blocks / (z^errors y^(published + 1) C(places, errors)),
///             F = sum_{k < j} C(S, k) z^k + sum_{k >= j} C(S, k) z^k ((1 - u_k) y + u_k y^2),
///         S = block_bits, j = 1 + syndromes known before the row, u_k = 2^-check_bits candidate_bounds[k - j]; G
///         bounds the share of one power of z in F^blocks; and the same with "published" = 0 for blocks with more
///         errors than syndromes.
/// Cost:   some milliseconds.
numeric::Ball failure_bound(const ConcatenatedShape& shape, std::uint64_t errors);

/// Whether the bound is certainly epsilon / weight(e) at most for every number e of errors (KnownErrors).
/// Claim:  few errors: with u_k = 2^-check_bits for all k the bound holds for every smaller number too. Between two
///         numbers a < b the logarithm of the bound with one y and one z is convex, since C(places, e) is
///         log-concave: it is below the larger of its two ends.
/// Cost:   a fifth of a second.
bool fails_rarely(const ConcatenatedShape& shape, const KnownErrors& known, const numeric::Exact& epsilon);

}  // namespace bellows::ecc
