// The fifteen tests of NIST SP 800-22 rev. 1a on one sequence of bits.
//
// Formulas and constants follow the document and, where they differ, the NIST programme sts-2.1.2, so
// that p-values can be compared digit by digit. A sequence shorter than the document asks for gives
// `invalid` with the reason, never `failed`.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bellows/quality/sequence.h"

namespace bellows::quality {

enum class NistTest {
  frequency,
  block_frequency,
  cumulative_sums,
  runs,
  longest_run,
  rank,
  fft,
  non_overlapping_template,
  overlapping_template,
  universal,
  approximate_entropy,
  random_excursions,
  random_excursions_variant,
  serial,
  linear_complexity,
};
inline constexpr std::size_t nist_test_count = 15;

/// The parameters that the document leaves open; the defaults are those of sts-2.1.2.
struct NistParameters {
  std::size_t block_frequency_block_bits = 128;
  unsigned non_overlapping_template_bits = 9;
  unsigned overlapping_template_bits = 9;
  unsigned approximate_entropy_bits = 10;
  unsigned serial_bits = 16;
  std::size_t linear_complexity_block_bits = 500;
  /// Compute a test wherever its formula can be evaluated, as the NIST programme does, even on a
  /// sequence that is shorter than the document asks for.
  bool ignore_minimum_length = false;
};

/// What one test said of one sequence: its p-values, or why there are none.
struct NistOutcome {
  std::vector<double> p_values;
  std::string invalid_reason;  ///< Empty where the p-values hold.
  bool valid() const { return invalid_reason.empty(); }
  static NistOutcome invalid(std::string reason) { return {{}, std::move(reason)}; }
};

using NistOutcomes = std::array<NistOutcome, nist_test_count>;

/// Name in sts-2.1.2 ("NonOverlappingTemplate"), and in words ("non-overlapping templates").
std::string_view nist_name(NistTest test);
std::string_view nist_words(NistTest test);

/// Number of p-values of a test, and what tells the one at `index` from the others ("state -4",
/// "template 000000001", "forward"); empty for a test with a single p-value.
std::size_t nist_p_value_count(NistTest test, const NistParameters& parameters);
std::string nist_variant(NistTest test, const NistParameters& parameters, std::size_t index);

/// Error text where a parameter is outside what the tests can do; empty if all are fine.
std::string check_nist_parameters(const NistParameters& parameters);

/// All fifteen tests on one sequence; shared passes are made once. Thread-safe.
/// Memory: about 24 bytes a bit, nearly all of it for the spectral test.
NistOutcomes run_nist_tests(const Sequence& sequence, const NistParameters& parameters);

/// Longest sequence that is taken: the spectral test holds it as double precision numbers.
inline constexpr std::size_t max_sequence_bits = std::size_t{1} << 27;

}  // namespace bellows::quality
