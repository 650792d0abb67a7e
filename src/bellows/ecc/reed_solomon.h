#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bellows/ecc/bch_kernel.h"

namespace bellows::ecc {

/// A Reed-Solomon code over rows of elements: place i stands for the element i + 1, and a row's k-th syndrome is the
/// sum of row[i] (i + 1)^k, k = 0, 1, ... Requires rows shorter than the field.
///
/// Rows that differ in e places nobody knows of and in some of f places that are known are told apart by 2 e + f
/// syndromes: any r columns of the r first syndromes are independent (Vandermonde).
class ReedSolomonCode {
 public:
  ReedSolomonCode(ElementField field, std::uint32_t length);

  SecretElements syndromes(std::span<const Element> row, std::uint32_t count) const;

  /// The row of these syndromes that is zero but at the places `erased` (ascending) and at (syndromes - erased) / 2
  /// others at most: there is one at most. Nothing: there is none. (Of rows that differ in more places it may find a
  /// wrong one.) Cost: about syndromes^2 products, and some additive Fourier transforms over the field.
  std::optional<SecretElements> find_row(const SecretElements& syndromes,
                                         const std::vector<std::uint32_t>& erased) const;

 private:
  SecretElements product(const SecretElements& a, const SecretElements& b, std::size_t terms) const;
  SecretElements values_at_places(const SecretElements& polynomial) const;
  std::optional<SecretElements> shortest_recursion(std::span<const Element> sequence) const;

  ElementField field_;
  std::uint32_t length_;
  const BchKernel& kernel_;
  TransformTables tables_;  // of the elements that stand for places, and some more
};

}  // namespace bellows::ecc
