#pragma once

#include <vector>

#include "bellows/numeric/ball.h"

namespace bellows::ecc {

/// How likely a wrong guess is before any hash: upper bounds on the probability that a uniformly random set E of
/// errors + k elements of GF(2^element_bits), none of them 0, has the same first `errors` BCH syndromes, sums of x,
/// x^3, .., as some set T of `errors` elements or fewer. [k - 1] for k = 1 .. count; each at most 1.
/// In:     element_bits 3 to 16; 2 errors < 2^element_bits.
/// Claim:  docs/error-correction.md, "How likely a wrong guess is": with q = 2^element_bits, S = q - 1, t = errors,
///             (V_t / q^t + a_k sqrt(V_t / C(S, t))) / prod_{i<k} (S - t - i) / (S - i),   V_t = sum_{i<=t} C(S, i),
///         a_0 = 1, a_1 = L / S, a_k = (L a_{k-1} + (k - 1) a_{k-2}) / (S - k + 1), L = (2 t - 2) sqrt(q) + 1.
/// Source: Weil's bound on exponential sums (Carlitz and Uchiyama 1957); the rest is derived there.
std::vector<numeric::Ball> candidate_bounds(unsigned element_bits, unsigned errors, unsigned count);
/// a_k, k = 1 .. count, of that: upper bounds on |e_k| / C(S, k), e_k the elementary symmetric function of the signs
/// that a character of the syndromes, not the trivial one, gives the elements.
std::vector<numeric::Ball> character_bounds(unsigned element_bits, unsigned errors, unsigned count);
/// candidate_bounds in doubles, for planning.
std::vector<double> likely_candidate_bounds(unsigned element_bits, unsigned errors, unsigned count);

}  // namespace bellows::ecc
