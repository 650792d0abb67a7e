#pragma once

#include "bellows/numeric/ball.h"
#include "bellows/protocol/binary_field.h"

/// Raz's two-source extractor with its error in Renyi entropies: one string from a weak source, one from a device.
namespace bellows::protocol {

/// x = (beta, nu), two elements of GF(2^q); y becomes an element alpha (zeros appended); the output is the first m bits of
/// nu * prod_{j < l} (1 + (alpha beta)^(2^j)) = nu * sum_{i < 2^l} (alpha beta)^i.
struct RazShape {
  Trinomial field;
  int log2_terms = 1;              ///< l
  std::uint64_t moment = 2;        ///< p, even, at most 2^l: enters the bound only
  std::uint64_t output_bits = 1;

  std::uint64_t weak_bits() const { return 2 * field.degree; }
};

/// Requires weak.size_bits = weak_bits(), device.size_bits <= field.degree, output_bits <= field.degree.
bits::BitString raz_extract(const RazShape& shape, bits::BitView weak, bits::BitView device);
/// The same from the sum, term by term; for checks.
bits::BitString raz_extract_by_sum(const RazShape& shape, bits::BitView weak, bits::BitView device);

/// log2 of the bound on half the L1 distance of (output, x) from (uniform, x), for an x whose bits have bias at most mu given all before
/// them, and an independent (possibly subnormalised) y with sum of squares of probabilities at most 2^-k:
///     1/2 sqrt(2^m - 1) 2^{(n1 - H_a)/p} [ (2^l - 1) 2^{-n1/2} + (p-1)!! 2^{-p k/2} ]^{1/p},   n1 = 2q, a = p/(p-1).
numeric::Ball raz_log2_error(const RazShape& shape, const numeric::Ball& mu, const numeric::Ball& device_collision_bits);

}  // namespace bellows::protocol
