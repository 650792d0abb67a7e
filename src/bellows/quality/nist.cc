#include "bellows/quality/nist.h"

#include <cmath>
#include <functional>

#include "bellows/quality/nist_tests.h"

namespace bellows::quality {
namespace {

struct Description {
  std::string_view name;
  std::string_view words;
};
constexpr std::array<Description, nist_test_count> descriptions{{
    {"Frequency", "frequency (monobit)"},
    {"BlockFrequency", "frequency within a block"},
    {"CumulativeSums", "cumulative sums"},
    {"Runs", "runs"},
    {"LongestRun", "longest run of ones in a block"},
    {"Rank", "binary matrix rank"},
    {"FFT", "discrete Fourier transform"},
    {"NonOverlappingTemplate", "non-overlapping template matching"},
    {"OverlappingTemplate", "overlapping template matching"},
    {"Universal", "Maurer's universal statistical"},
    {"ApproximateEntropy", "approximate entropy"},
    {"RandomExcursions", "random excursions"},
    {"RandomExcursionsVariant", "random excursions variant"},
    {"Serial", "serial"},
    {"LinearComplexity", "linear complexity"},
}};

// Shortest sequence that the document recommends for each test.
std::size_t minimum_bits(NistTest test, const NistParameters& p) {
  const auto beyond = [](unsigned bits) { return std::size_t{2} << bits; };  // shortest whose floor(log2) is larger
  switch (test) {
    case NistTest::frequency:
    case NistTest::cumulative_sums:
    case NistTest::runs:
      return 100;
    case NistTest::block_frequency:
      return std::max<std::size_t>(100, p.block_frequency_block_bits);
    case NistTest::longest_run:
      return 128;
    case NistTest::rank:
      return 38 * 32 * 32;
    case NistTest::fft:
      return 1000;
    // Eight blocks that each expect five occurrences, the usual floor for chi-square.
    case NistTest::non_overlapping_template:
      return 8 * (5 * (std::size_t{1} << p.non_overlapping_template_bits) + p.non_overlapping_template_bits - 1);
    case NistTest::overlapping_template:
      return 1000000;
    case NistTest::universal:
      return 387840;
    // m < floor(log2 n) - 5 and m < floor(log2 n) - 2.
    case NistTest::approximate_entropy:
      return beyond(p.approximate_entropy_bits + 5);
    case NistTest::serial:
      return beyond(p.serial_bits + 2);
    case NistTest::random_excursions:
    case NistTest::random_excursions_variant:
      return 1000000;
    case NistTest::linear_complexity:
      return std::max<std::size_t>(1000000, 200 * p.linear_complexity_block_bits);
  }
  return 0;
}

}  // namespace

std::string_view nist_name(NistTest test) { return descriptions[static_cast<std::size_t>(test)].name; }
std::string_view nist_words(NistTest test) { return descriptions[static_cast<std::size_t>(test)].words; }

std::size_t nist_p_value_count(NistTest test, const NistParameters& parameters) {
  switch (test) {
    case NistTest::cumulative_sums:
    case NistTest::serial:
      return 2;
    case NistTest::random_excursions:
      return 8;
    case NistTest::random_excursions_variant:
      return 18;
    case NistTest::non_overlapping_template:
      return nist_tests::aperiodic_templates(parameters.non_overlapping_template_bits).size();
    default:
      return 1;
  }
}

std::string nist_variant(NistTest test, const NistParameters& parameters, std::size_t index) {
  const auto state = [&](int farthest) {
    const int value = static_cast<int>(index) - farthest;
    return "state " + std::string(value >= 0 ? "+" : "") + std::to_string(value >= 0 ? value + 1 : value);
  };
  switch (test) {
    case NistTest::cumulative_sums:
      return index == 0 ? "forward" : "reverse";
    case NistTest::serial:
      return index == 0 ? "first difference" : "second difference";
    case NistTest::random_excursions:
      return state(4);
    case NistTest::random_excursions_variant:
      return state(9);
    case NistTest::non_overlapping_template: {
      const unsigned bits = parameters.non_overlapping_template_bits;
      const std::uint32_t value = nist_tests::aperiodic_templates(bits).at(index);
      std::string text = "template ";
      for (unsigned b = bits; b-- > 0;) text += ((value >> b) & 1U) != 0 ? '1' : '0';
      return text;
    }
    default:
      return {};
  }
}

std::string check_nist_parameters(const NistParameters& p) {
  const auto outside = [](const char* what, std::size_t value, std::size_t low, std::size_t high) {
    if (value >= low && value <= high) return std::string();
    return std::string(what) + " is " + std::to_string(value) + ", expected " + std::to_string(low) + " to " +
           std::to_string(high);
  };
  for (const std::string& text :
       {outside("block frequency block length", p.block_frequency_block_bits, 20, max_sequence_bits),
        outside("non-overlapping template length", p.non_overlapping_template_bits, 2, 16),
        outside("overlapping template length", p.overlapping_template_bits, 2, 16),
        outside("approximate entropy block length", p.approximate_entropy_bits, 1, 23),
        outside("serial block length", p.serial_bits, 2, 24),
        outside("linear complexity block length", p.linear_complexity_block_bits, 500, 5000)}) {
    if (!text.empty()) return text;
  }
  return {};
}

NistOutcomes run_nist_tests(const Sequence& sequence, const NistParameters& p) {
  namespace t = nist_tests;
  NistOutcomes out;
  const std::size_t n = sequence.length_bits();
  const auto run = [&](NistTest test, const std::function<NistOutcome()>& body) {
    NistOutcome& result = out[static_cast<std::size_t>(test)];
    const std::size_t least = p.ignore_minimum_length ? 1 : minimum_bits(test, p);
    result = n < least ? NistOutcome::invalid("sequence of " + std::to_string(n) + " bits, at least " +
                                              std::to_string(least) + " needed")
                       : body();
  };
  run(NistTest::frequency, [&] { return t::frequency(sequence); });
  run(NistTest::block_frequency, [&] { return t::block_frequency(sequence, p.block_frequency_block_bits); });
  run(NistTest::runs, [&] { return t::runs(sequence); });
  run(NistTest::longest_run, [&] { return t::longest_run(sequence); });
  run(NistTest::rank, [&] { return t::rank(sequence); });
  run(NistTest::fft, [&] { return t::fft(sequence); });
  run(NistTest::non_overlapping_template,
      [&] { return t::non_overlapping_template(sequence, p.non_overlapping_template_bits); });
  run(NistTest::overlapping_template, [&] { return t::overlapping_template(sequence, p.overlapping_template_bits); });
  run(NistTest::universal, [&] { return t::universal(sequence); });
  run(NistTest::linear_complexity, [&] { return t::linear_complexity(sequence, p.linear_complexity_block_bits); });

  const t::Walk walk = t::walk(sequence);
  run(NistTest::cumulative_sums, [&] { return t::cumulative_sums(walk); });
  run(NistTest::random_excursions, [&] { return t::random_excursions(walk); });
  run(NistTest::random_excursions_variant, [&] { return t::random_excursions_variant(walk); });

  // Serial wants windows of m bits, approximate entropy of m + 1: the longer count gives the shorter.
  std::vector<std::uint32_t> counts;
  unsigned width = 0;
  const auto counts_of = [&](unsigned bits) {
    if (counts.empty() || width < bits) {
      width = std::max({bits, p.serial_bits, p.approximate_entropy_bits + 1});
      counts = t::circular_window_counts(sequence, width);
    }
    std::vector<std::uint32_t> shorter = counts;
    for (unsigned w = width; w > bits; --w) shorter = t::shorten_window_counts(shorter);
    return shorter;
  };
  run(NistTest::serial, [&] { return t::serial(n, counts_of(p.serial_bits)); });
  run(NistTest::approximate_entropy,
      [&] { return t::approximate_entropy(n, counts_of(p.approximate_entropy_bits + 1)); });
  return out;
}

}  // namespace bellows::quality
