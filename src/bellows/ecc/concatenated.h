#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bellows/base/progress.h"
#include "bellows/base/result.h"
#include "bellows/bits/bit_string.h"
#include "bellows/ecc/bch.h"
#include "bellows/ecc/concatenated_shape.h"
#include "bellows/ecc/deal.h"
#include "bellows/ecc/reed_solomon.h"

namespace bellows::ecc {

/// A generalised concatenated code (Blokh and Zyablov): BCH codes inside, Reed-Solomon codes across. Whatever the
/// pattern of errors, it is found but with the probability failure_bound(shape, errors) over the deal
/// (concatenated_bound.h; docs/error-correction.md has the proof).
class ConcatenatedCode {
 public:
  /// Requires is_possible(shape). Errors: bad_input: too few random bits (deal_random_bits(shape) suffice).
  static Result<ConcatenatedCode> make(const ConcatenatedShape& shape, bits::BitView random);

  /// What is published of a string: the blocks' hashes, then row after row. shape.published_bits() bits.
  /// Errors: cancelled.
  Result<bits::BitString> publish(bits::BitView string, const Context& context = {}) const;

  /// The places in which the string differs from the one of which so much was published, ascending. Nothing: not found;
  /// places found may be wrong all the same, as unlikely as that is.
  /// Errors: cancelled.
  Result<std::optional<std::vector<std::uint32_t>>> find_errors(bits::BitView string, bits::BitView published,
                                                                const Context& context = {}) const;

 private:
  // What both parties compute of their strings: for each block its hash and its syndromes, one after another.
  struct Blocks {
    std::vector<std::uint16_t, SecretAllocator<std::uint16_t>> check;
    SecretElements syndrome;
  };
  class Search;

  ConcatenatedCode(const ConcatenatedShape& shape, Deal deal);
  Result<Blocks> blocks_of(bits::BitView string, const Context& context) const;
  SecretElements row_of(const Blocks& blocks, std::size_t row) const;
  unsigned element_bits() const { return shape_.element_bits; }

  ConcatenatedShape shape_;
  Deal deal_;
  ElementField field_;  // of the syndromes; rows have symbols of a larger one
  ReedSolomonCode across_;
  std::vector<BchCode> inside_;  // [r]: for r errors
};

}  // namespace bellows::ecc
