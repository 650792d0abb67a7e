#include "bellows/certify/hash_length.h"

#include <flint/ulong_extras.h>

#include <algorithm>

#include "bellows/gf2/field_sizes.h"

namespace bellows::certify {
namespace {

constexpr std::uint64_t largest_prime = std::uint64_t{1} << 62;

/// What every two-universal family pays: + 2 - 2 log(1/eps_ext).
Ball hashing_bits(const Exact& epsilon) { return Ball(2) + Ball(2) * log2(Ball(epsilon)); }

std::optional<Extraction> finished(Extraction extraction, std::optional<std::int64_t> length) {
  if (!length || *length < 1) return std::nullopt;
  extraction.output_bits = std::min(static_cast<std::uint64_t>(*length), extraction.raw_bits);
  return extraction;
}

std::optional<Extraction> toeplitz(const Ball& k1, std::uint64_t raw_bits, const Exact& mu, const Exact& epsilon) {
  // m + c (N + m - 1) <= k1 + 2 - 2 log(1/eps), solved for m: the seed grows with the output.
  const Ball c = deficit_per_bit(mu);
  Ball length = (k1 + hashing_bits(epsilon) - c * (Ball(raw_bits) - Ball(1))) / (Ball(1) + c);
  auto extraction = finished({plan::Extractor::toeplitz, raw_bits, 0, 0, 0, 0}, length.floor_lower());
  if (extraction) extraction->seed_bits = raw_bits + extraction->output_bits - 1;
  return extraction;
}

std::optional<Extraction> circulant(const Ball& k1, std::uint64_t raw_bits, const Exact& mu, const Exact& epsilon) {
  // First the length at the next prime at all; it is an upper bound, so a prime whose order reaches it will do.
  const Ball c = deficit_per_bit(mu);
  auto length_at = [&](std::uint64_t prime) { return (k1 + hashing_bits(epsilon) - c * Ball(prime)).floor_lower(); };
  const auto most = length_at(raw_bits + 1);
  if (!most || *most < 1 || raw_bits >= largest_prime) return std::nullopt;
  const std::uint64_t prime = circulant_prime(raw_bits, std::min(static_cast<std::uint64_t>(*most), raw_bits));
  if (prime == 0) return std::nullopt;
  return finished({plan::Extractor::circulant, raw_bits, 0, prime, prime, 0}, length_at(prime));
}

std::optional<Extraction> short_seed_with(std::uint64_t k, const Ball& k1, std::uint64_t raw_bits, const Exact& mu,
                                          const Exact& epsilon) {
  if (k == 0) return std::nullopt;
  const std::uint64_t w = 32 * k, pieces = raw_bits / w + (raw_bits % w != 0);
  // m <= 1 - 2 log(1/eps) - Delta - log(2^-k1 + L 2^-w); the logarithm of the sum from the smaller exponent. One bit
  // less than for a fixed number of trials: the field, and with it L 2^-w, depends on the number that was made
  // (docs/security.md, 7).
  const Ball k2 = Ball(w) - log2(Ball(pieces));
  const Ball smaller = numeric::min(k1, k2), apart = abs(k1 - k2);
  const Ball length =
      hashing_bits(epsilon) - Ball(1) - Ball(2 * w) * deficit_per_bit(mu) + smaller - log2(Ball(1) + exp2(-apart));
  auto extraction = finished({plan::Extractor::short_seed, raw_bits, 0, 2 * w, 0, k}, length.floor_lower());
  if (extraction) extraction->output_bits = std::min(extraction->output_bits, w);
  return extraction;
}

std::optional<Extraction> short_seed(const Ball& k1, std::uint64_t raw_bits, const Exact& mu, const Exact& epsilon) {
  // The ideal field holds k1 + log L bits. Beyond it every bit of width costs seed, below it every bit costs output, so
  // the best sizes are its neighbours on both sides.
  auto whole = k1.floor_lower();
  if (!whole || *whole < 1) return std::nullopt;
  auto ideal = static_cast<std::uint64_t>(*whole);
  const auto pieces = raw_bits / std::max<std::uint64_t>(1, ideal) + 1;
  // Beyond 2^48 bits no field is listed; a shorter output than could be is still a sound one.
  ideal =
      std::min<std::uint64_t>(ideal + (64 - static_cast<unsigned>(__builtin_clzll(pieces))), std::uint64_t{1} << 48);
  std::optional<Extraction> best;
  std::uint64_t above = gf2::field_length_for(ideal);
  for (std::uint64_t k : {gf2::field_length_below(ideal), above, gf2::field_length_for(32 * above + 1)}) {
    auto found = short_seed_with(k, k1, raw_bits, mu, epsilon);
    if (found && (!best || found->output_bits > best->output_bits)) best = found;
  }
  return best;
}

Ball shift_matrix_length(const Ball& k1, std::uint64_t raw_bits, const Exact& mu, const Exact& epsilon,
                         const Exact& factor) {
  const Ball n = raw_bits;
  const Ball k2 = -n * log2(Ball(Exact::fraction(1, 2) + mu));
  return (k1 + k2 - n) / Ball(6) - Ball(factor) * log2(Ball(6) / Ball(epsilon));
}

}  // namespace

Ball deficit_per_bit(const Exact& mu) {
  return mu.is_zero() ? Ball(0) : log2(Ball(Exact::integer(1) + Exact::integer(4) * mu * mu));
}

std::optional<Extraction> longest_output(plan::Extractor family, const Ball& k1, std::uint64_t raw_bits,
                                         const Exact& mu, const Exact& epsilon) {
  using plan::Extractor;
  switch (family) {
    case Extractor::toeplitz:
      return toeplitz(k1, raw_bits, mu, epsilon);
    case Extractor::circulant:
      return circulant(k1, raw_bits, mu, epsilon);
    case Extractor::short_seed:
      return short_seed(k1, raw_bits, mu, epsilon);
    case Extractor::shift_matrix:
      return finished({family, raw_bits, 0, raw_bits, 0, 0},
                      shift_matrix_length(k1, raw_bits, mu, epsilon, Exact::fraction(10, 6)).floor_lower());
    case Extractor::automatic:
      break;
  }
  std::optional<Extraction> best;
  for (Extractor one : {Extractor::short_seed, Extractor::toeplitz, Extractor::circulant}) {
    auto found = longest_output(one, k1, raw_bits, mu, epsilon);
    if (found && (!best || found->output_bits > best->output_bits)) best = found;
  }
  return best;
}

Ball seed_cost_bits(const Extraction& extraction, const Exact& mu) {
  return extraction.family == plan::Extractor::shift_matrix ? Ball(0)
                                                            : Ball(extraction.seed_bits) * deficit_per_bit(mu);
}

std::optional<std::int64_t> shift_matrix_length_as_printed(const Ball& k1, std::uint64_t raw_bits, const Exact& mu,
                                                           const Exact& epsilon) {
  return shift_matrix_length(k1, raw_bits, mu, epsilon, Exact::integer(1)).floor_lower();
}

std::uint64_t order_of_two(std::uint64_t prime) {
  n_factor_t factors;
  n_factor_init(&factors);
  n_factor(&factors, prime - 1, 1);
  std::uint64_t order = prime - 1;
  const std::uint64_t inverse = n_preinvert_limb(prime);
  for (int i = 0; i < factors.num; ++i)
    while (order % factors.p[i] == 0 && n_powmod2_ui_preinv(2, order / factors.p[i], prime, inverse) == 1)
      order /= factors.p[i];
  return order;
}

std::uint64_t circulant_prime(std::uint64_t raw_bits, std::uint64_t least_order) {
  for (std::uint64_t prime = std::max<std::uint64_t>(raw_bits, 2); prime < largest_prime;) {
    prime = n_nextprime(prime, 1);
    if (order_of_two(prime) >= least_order) return prime;
  }
  return 0;
}

}  // namespace bellows::certify
