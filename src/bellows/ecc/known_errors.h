#pragma once

#include <cstdint>

#include "bellows/numeric/ball.h"

namespace bellows::ecc {

/// What is known of the number e of errors in a string of raw_bits: a weight for each e. A code may fail on e errors
/// with a chance of epsilon / weight(e) at most; then what is to be shown follows.
class KnownErrors {
 public:
  /// e <= most, whatever the rest. weight: 1 up to most, 0 beyond. Then P(failure) <= epsilon.
  static KnownErrors at_most(std::uint64_t most, std::uint64_t raw_bits);

  /// `seen` errors were counted in sample_places others, which places are which being uniformly random.
  /// Claim:  for every total K = seen + e, the chance of seeing so many and failing, summed over what may be seen, is
  ///         epsilon at most. weight(e) = P(seen | K) / q_K(seen), P hypergeometric, q_K a distribution over what may
  ///         be seen: the sum of P(seen | K) epsilon / weight is at most that of epsilon q_K. Half of q_K is the same
  ///         for all numbers from 0 to K, the other half for those within eight standard deviations, about, of K
  ///         sample_places / (sample_places + raw_bits).
  /// In:     seen <= sample_places; sample_places, raw_bits < 2^52.
  /// Source: docs/error-correction.md, "What the sample says".
  static KnownErrors from_sample(std::uint64_t sample_places, std::uint64_t seen, std::uint64_t raw_bits);

  std::uint64_t raw_bits() const { return raw_bits_; }
  /// Where the weight is about the largest.
  std::uint64_t most_likely() const { return most_likely_; }
  /// No e in [first, last] weighs more. Requires first <= last <= raw_bits; at_most: last <= most.
  numeric::Ball ln_most_weight(std::uint64_t first, std::uint64_t last) const;
  double likely_ln_weight(double errors) const;
  /// The last e that matters: all above certainly have weights of epsilon at most, so that a code may always fail.
  std::uint64_t last_to_correct(const numeric::Ball& epsilon) const;
  std::uint64_t likely_last_to_correct(double epsilon) const;

 private:
  bool is_sample() const { return sample_places_ > 0; }
  numeric::Ball ln_chance_of_seen(std::uint64_t errors) const;
  numeric::Ball ln_evenly_weight(std::uint64_t errors) const;
  numeric::Ball ln_near_weight(std::uint64_t errors) const;

  std::uint64_t raw_bits_ = 0, sample_places_ = 0, seen_ = 0;
  // Chance of `seen` and the same times K + 1 are largest here, rising before and falling after.
  std::uint64_t most_likely_ = 0, evenly_most_likely_ = 0;
  // For these e, `seen` is near what is to be expected; and how many numbers are near at most.
  std::uint64_t first_near_ = 0, last_near_ = 0;
  numeric::Ball near_count_;
};

/// ln C(n, k).
numeric::Ball ln_choose(std::uint64_t n, std::uint64_t k);
double likely_ln_choose(double n, double k);

}  // namespace bellows::ecc
