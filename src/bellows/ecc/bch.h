#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bellows/base/progress.h"
#include "bellows/base/result.h"
#include "bellows/bits/bit_string.h"
#include "bellows/ecc/bch_kernel.h"

namespace bellows::ecc {

/// The binary BCH code that corrects every pattern of up to `most_errors` errors in `length_bits` bits.
///
/// Bit i stands for the element i + 1 of GF(2^w), w = the bits of length_bits. A string's syndromes are the power sums
/// S_k of the elements of its ones for k = 1, 3, .., 2 most_errors - 1. Two strings with the same syndromes are the
/// same or differ in 2 most_errors + 1 places at least (docs/error-correction.md has the proof), so at most one string
/// lies within most_errors of the receiver's and has the sender's syndromes: find_errors finds it.
class BchCode {
 public:
  static constexpr std::uint64_t most_length_bits = (std::uint64_t{1} << 31) - 1;

  /// Requires 1 <= length_bits <= most_length_bits and 2 most_errors <= length_bits.
  BchCode(std::uint64_t length_bits, std::uint64_t most_errors);

  /// w: the least number of bits with 2^w - 1 >= length_bits (2 at least).
  static unsigned element_bits(std::uint64_t length_bits);
  std::uint64_t syndrome_bits() const { return most_errors_ * field_.bits; }

  /// S_1, S_3, .. one after another, w bits each.
  /// Errors: cancelled.
  /// Cost:   2^w log2(2 most_errors) / 2 products: a transposed additive Fourier transform. Threads share it.
  Result<bits::BitString> syndromes(bits::BitView string, const Context& context = {}) const;

  /// The places in which two strings differ, ascending, from the sum of their syndromes. Nothing: they differ in more
  /// than most_errors places. If they do, places may be found all the same, with these syndromes.
  /// Errors: cancelled.
  /// Cost:   about 2 most_errors^2 products (Berlekamp and Massey) and a Fourier transform (roots).
  Result<std::optional<std::vector<std::uint32_t>>> find_errors(bits::BitView difference,
                                                                const Context& context = {}) const;

 private:
  Result<SecretElements> locator(const SecretElements& power_sums, const Context& context) const;
  bool has_all_roots(const SecretElements& polynomial) const;

  std::uint64_t length_bits_, most_errors_;
  ElementField field_;
  TransformTables tables_;  // for the syndromes
};

}  // namespace bellows::ecc
