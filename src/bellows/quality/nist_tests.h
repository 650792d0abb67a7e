// The single tests, each a function of a sequence; private to the module. Callers have checked the
// minimum length of the document; what is checked here is what the formula itself needs.
#pragma once

#include <cstdint>
#include <vector>

#include "bellows/quality/nist.h"

namespace bellows::quality::nist_tests {

// nist_balance.cc
NistOutcome frequency(const Sequence& sequence);
NistOutcome block_frequency(const Sequence& sequence, std::size_t block_bits);
NistOutcome runs(const Sequence& sequence);
NistOutcome longest_run(const Sequence& sequence);

// nist_walk.cc: the +1/-1 walk of the sequence
struct Walk;
NistOutcome cumulative_sums(const Walk& walk);
NistOutcome random_excursions(const Walk& walk);
NistOutcome random_excursions_variant(const Walk& walk);

/// Everything the three walk tests need, gathered in one pass.
struct Walk {
  std::size_t length_bits = 0;
  std::int64_t end = 0;
  std::int64_t maximum = 0;  ///< Over all prefixes, the empty one included.
  std::int64_t minimum = 0;
  std::size_t cycles = 0;
  std::array<std::uint64_t, 18> visits{};                          ///< States -9..-1, 1..9.
  std::array<std::array<std::uint64_t, 6>, 8> cycles_by_visits{};  ///< [state -4..-1,1..4][0..5+].
};
Walk walk(const Sequence& sequence);

// nist_patterns.cc
NistOutcome non_overlapping_template(const Sequence& sequence, unsigned template_bits);
NistOutcome overlapping_template(const Sequence& sequence, unsigned template_bits);
/// Counts of the overlapping windows of `window_bits` bits, the sequence taken as a circle.
/// Index: the first bit of a window is its least significant bit.
std::vector<std::uint32_t> circular_window_counts(const Sequence& sequence, unsigned window_bits);
/// Counts of the windows one bit shorter.
std::vector<std::uint32_t> shorten_window_counts(const std::vector<std::uint32_t>& counts);
NistOutcome serial(std::size_t length_bits, std::vector<std::uint32_t> counts);
NistOutcome approximate_entropy(std::size_t length_bits, std::vector<std::uint32_t> counts);
/// Templates that overlap no shifted copy of themselves, ascending; first bit most significant.
std::vector<std::uint32_t> aperiodic_templates(unsigned template_bits);

// nist_algebra.cc
NistOutcome rank(const Sequence& sequence);
NistOutcome linear_complexity(const Sequence& sequence, std::size_t block_bits);
/// Length of the shortest linear feedback shift register of a block (Berlekamp and Massey).
std::size_t shortest_register(const Sequence& sequence, std::size_t first_bit, std::size_t block_bits);

// nist_spectral.cc
NistOutcome fft(const Sequence& sequence);

// nist_universal.cc
NistOutcome universal(const Sequence& sequence);

}  // namespace bellows::quality::nist_tests
