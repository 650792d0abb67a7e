#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "bellows/ecc/bch_kernel.h"
#include "bellows/ecc/concatenated_plan.h"
#include "bellows/ecc/reconcile.h"

// Helpers of the error-correction tests.
namespace bellows::ecc::testing_codes {

inline const numeric::Exact tiny = numeric::Exact::literal("1e-12");

inline ErrorsToCorrect at_most(std::uint64_t errors, std::uint64_t raw_bits) {
  return ErrorsToCorrect::at_most(errors, raw_bits, tiny);
}

inline Element power(const ElementField& field, Element a, unsigned exponent) {
  Element out = 1;
  for (unsigned i = 0; i < exponent; ++i) out = bch_kernel_portable().multiply(field, out, a);
  return out;
}

inline ConcatenatedShape shape_of(std::uint64_t raw_bits, std::uint32_t blocks, std::uint32_t element_bits,
                                  std::uint32_t check_bits, std::uint32_t row_syndromes,
                                  std::vector<std::uint32_t> rows) {
  return {raw_bits, blocks, element_bits, check_bits, row_syndromes, std::move(rows)};
}

inline std::optional<ConcatenatedShape> plan_for(std::uint64_t raw_bits, std::uint64_t errors,
                                                 const numeric::Exact& epsilon) {
  return plan_concatenated(KnownErrors::at_most(errors, raw_bits), epsilon);
}

// Flips: a burst, places spread out, or the last ones: whatever the pattern, the deal makes it a random one.
inline std::vector<std::uint32_t> pattern(std::uint64_t size, std::uint64_t errors, int kind) {
  std::vector<std::uint32_t> places;
  for (std::uint64_t i = 0; i < errors; ++i)
    places.push_back(static_cast<std::uint32_t>(kind == 0 ? i : kind == 1 ? i * (size / errors) : size - errors + i));
  return places;
}

// The first `known` syndromes of a pattern of places.
inline std::vector<Element> syndromes_of(unsigned element_bits, unsigned known, std::uint32_t pattern) {
  const ElementField field = element_field(element_bits);
  std::vector<Element> sums(known);
  for (std::uint32_t x = 0; pattern >> x != 0; ++x)
    for (unsigned j = 0; j < known && (pattern >> x & 1) != 0; ++j) sums[j] ^= power(field, x + 1, 2 * j + 1);
  return sums;
}

// All patterns with `known` places or fewer and the same first syndromes, by trying all.
inline const std::vector<std::uint32_t>& candidates(unsigned element_bits, unsigned known, std::uint32_t pattern) {
  using Table = std::map<std::vector<Element>, std::vector<std::uint32_t>>;
  static std::map<std::pair<unsigned, unsigned>, Table> tables;
  static const std::vector<std::uint32_t> none;
  auto [table, is_new] = tables.try_emplace({element_bits, known});
  if (is_new)
    for (std::uint32_t low = 0; low < 1u << ((1u << element_bits) - 1); ++low)
      if (static_cast<unsigned>(__builtin_popcount(low)) <= known)
        table->second[syndromes_of(element_bits, known, low)].push_back(low);
  const auto found = table->second.find(syndromes_of(element_bits, known, pattern));
  return found == table->second.end() ? none : found->second;
}

}  // namespace bellows::ecc::testing_codes
