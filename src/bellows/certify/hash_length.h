#pragma once

#include <optional>

#include "bellows/certify/certificate.h"
#include "bellows/numeric/ball.h"

namespace bellows::certify {

using numeric::Ball;

/// log(1 + 4 mu^2): the collision entropy that one bit of a source of bias mu may lack.
Ball deficit_per_bit(const Exact& mu);

/// The longest output of a family of hash functions with a weak seed.
/// In:     min_entropy_bits: H_min^{eps_s}(AB|XYE), a ball; raw_bits: length of the raw string (2 a trial);
///         mu: bias of the source of the seed; extraction_epsilon: eps_ext.
///         family: automatic tries toeplitz, circulant and short_seed.
/// Out:    lengths of output and seed; nothing where not even one bit can be had.
/// Claim:  distance from uniform <= 2 eps_s + eps_ext (shift_matrix: 6 eps_s + eps_ext), strong in the seed. Given all
///         classical knowledge of the source, the seed is independent of the raw string and Eve's quantum system
///         jointly.
/// Source: theory 1.6 and 1.7, docs/security.md: Delta = d log(1 + 4 mu^2) for a seed of d bits;
///         toeplitz (d = N + m - 1) and circulant (d = n2): m <= k1 - Delta + 2 - 2 log(1/eps_ext);
///         short seed: 2^m (2^-k1 + L 2^-w) <= 4 eps_ext^2 2^-Delta with d = 2w;
///         shift matrices: kulikov-2024 Theorems 2, 3, 4 composed exactly, 10/6 log(6/eps_ext).
/// Cost:   microseconds; circulant: a prime and the order of 2 modulo it, about a millisecond.
std::optional<Extraction> longest_output(plan::Extractor family, const Ball& min_entropy_bits, std::uint64_t raw_bits,
                                         const Exact& mu, const Exact& extraction_epsilon);

/// What the seed costs, in bits (Delta, or K2's shortfall for shift_matrix is inside its own formula and 0 here).
Ball seed_cost_bits(const Extraction& extraction, const Exact& mu);

/// The published length: as shift_matrix, with log(6/eps_ext) once. Not proved; for comparison only.
std::optional<std::int64_t> shift_matrix_length_as_printed(const Ball& min_entropy_bits, std::uint64_t raw_bits,
                                                           const Exact& mu, const Exact& extraction_epsilon);

/// The smallest prime above raw_bits modulo which 2 has order at least least_order; 0 if there is none below 2^62.
std::uint64_t circulant_prime(std::uint64_t raw_bits, std::uint64_t least_order);
/// Order of 2 modulo an odd prime.
std::uint64_t order_of_two(std::uint64_t prime);

}  // namespace bellows::certify
