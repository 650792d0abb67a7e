#include "bellows/quality/nist.h"

#include <gmpxx.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "bellows/quality/nist_tests.h"
#include "bellows/testing/shared_data.h"

namespace bellows::quality {
namespace {

Sequence from_digits(const std::string& digits) {
  Sequence sequence(digits.size());
  for (std::size_t i = 0; i < digits.size(); ++i) sequence.set_bit(i, digits[i] == '1');
  return sequence;
}

Sequence random_sequence(std::size_t bits, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Sequence sequence(bits);
  for (std::size_t w = 0; w <= bits / 64; ++w) sequence.words()[w] = random();
  sequence.clear_tail();
  return sequence;
}

const std::size_t awkward_lengths[] = {1, 2, 3, 7, 8, 9, 63, 64, 65, 127, 128, 131, 257, 1025, 4099, 10007};

// First hundred bits of pi, the running example of SP 800-22.
const char* const pi_100 =
    "1100100100001111110110101010001000100001011010001100001000110100110001001100011001100010100010111000";

TEST(Nist, ExamplesOfTheDocument) {
  using namespace nist_tests;
  // Sections 2.1.8, 2.2.8, 2.3.8, 2.13.8, 2.11.4, 2.12.4, 2.12.8 of SP 800-22 rev. 1a.
  EXPECT_NEAR(frequency(from_digits(pi_100)).p_values[0], 0.109599, 1e-6);
  EXPECT_NEAR(frequency(from_digits("1011010101")).p_values[0], 0.527089, 1e-6);
  EXPECT_NEAR(block_frequency(from_digits(pi_100), 10).p_values[0], 0.706438, 1e-6);
  EXPECT_NEAR(block_frequency(from_digits("0110011010"), 3).p_values[0], 0.801252, 1e-6);
  EXPECT_NEAR(runs(from_digits(pi_100)).p_values[0], 0.500798, 1e-6);
  EXPECT_NEAR(runs(from_digits("1001101011")).p_values[0], 0.147232, 1e-6);
  NistOutcome sums = cumulative_sums(walk(from_digits(pi_100)));
  EXPECT_NEAR(sums.p_values[0], 0.219194, 1e-6);
  EXPECT_NEAR(sums.p_values[1], 0.114866, 1e-6);
  Sequence ten = from_digits("0011011101");
  NistOutcome serial_ten = serial(10, circular_window_counts(ten, 3));
  EXPECT_NEAR(serial_ten.p_values[0], 0.808792, 1e-6);
  EXPECT_NEAR(serial_ten.p_values[1], 0.670320, 1e-6);
  EXPECT_NEAR(approximate_entropy(10, circular_window_counts(from_digits("0100110101"), 4)).p_values[0], 0.261961,
              1e-6);
  EXPECT_NEAR(approximate_entropy(100, circular_window_counts(from_digits(pi_100), 3)).p_values[0], 0.235301, 1e-6);
  EXPECT_EQ(shortest_register(from_digits("1101011110001"), 0, 13), 4u);
  EXPECT_EQ(aperiodic_templates(9).size(), 148u);
  EXPECT_EQ(aperiodic_templates(2), (std::vector<std::uint32_t>{0b01, 0b10}));
}

TEST(Nist, AgreesWithTheNistProgrammeOnPiAndE) {
  auto folder = testing::shared_data("sp800-22");
  if (!folder) GTEST_SKIP() << "no third-party data (sp800-22)";
  std::map<std::string, double> expected;
  std::ifstream table(*folder / "expected-p-values.csv");
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::size_t comma = line.rfind(',');
    expected[line.substr(0, comma)] = std::stod(line.substr(comma + 1));
  }
  ASSERT_EQ(expected.size(), 376u);
  NistParameters parameters;
  std::size_t compared = 0;
  for (std::string name : {"pi", "e"}) {
    std::ifstream digits(*folder / ("data." + name));
    Sequence sequence(1000000);
    char digit = 0;
    for (std::size_t i = 0; i < sequence.length_bits() && digits.get(digit);)
      if (digit == '0' || digit == '1') sequence.set_bit(i++, digit == '1');
    NistOutcomes outcomes = run_nist_tests(sequence, parameters);
    for (std::size_t t = 0; t < nist_test_count; ++t) {
      auto test = static_cast<NistTest>(t);
      EXPECT_TRUE(outcomes[t].valid()) << nist_name(test) << ": " << outcomes[t].invalid_reason;
      ASSERT_EQ(outcomes[t].p_values.size(), nist_p_value_count(test, parameters));
      for (std::size_t i = 0; i < outcomes[t].p_values.size(); ++i, ++compared) {
        std::string key = name + "," + std::string(nist_name(test)) + "," + std::to_string(i);
        ASSERT_TRUE(expected.count(key)) << key;
        EXPECT_NEAR(outcomes[t].p_values[i], expected[key], 1e-6) << key;
      }
    }
  }
  EXPECT_EQ(compared, expected.size());
}

// Appendix B of SP 800-22 rev. 1a: the first million binary digits of sqrt 2 and sqrt 3, which are computed here.
TEST(Nist, AgreesWithTheDocumentOnSquareRoots) {
  struct Published {
    NistTest test;
    std::size_t index;
    double sqrt2, sqrt3;
  };
  const Published table[] = {{NistTest::frequency, 0, 0.811881, 0.610051},
                             {NistTest::block_frequency, 0, 0.833222, 0.473961},
                             {NistTest::cumulative_sums, 0, 0.879009, 0.917121},
                             {NistTest::cumulative_sums, 1, 0.957206, 0.689519},
                             {NistTest::runs, 0, 0.313427, 0.261123},
                             {NistTest::longest_run, 0, 0.012117, 0.446726},
                             {NistTest::rank, 0, 0.823810, 0.314498},
                             {NistTest::fft, 0, 0.581909, 0.776046},
                             {NistTest::non_overlapping_template, 0, 0.569461, 0.532235},
                             {NistTest::overlapping_template, 0, 0.791982, 0.082716},
                             {NistTest::universal, 0, 0.130805, 0.165981},
                             {NistTest::approximate_entropy, 0, 0.884740, 0.180481},
                             {NistTest::random_excursions, 4, 0.216235, 0.783283},          // state +1
                             {NistTest::random_excursions_variant, 8, 0.566118, 0.155066},  // state -1
                             {NistTest::linear_complexity, 0, 0.317127, 0.346469},
                             {NistTest::serial, 0, 0.861925, 0.157500}};
  for (unsigned square : {2u, 3u}) {
    constexpr std::size_t length = 1000000;
    const mpz_class digits = sqrt(mpz_class(mpz_class(square) << (2 * (length - 1))));
    ASSERT_EQ(mpz_sizeinbase(digits.get_mpz_t(), 2), length);
    Sequence sequence(length);
    for (std::size_t i = 0; i < length; ++i) sequence.set_bit(i, mpz_tstbit(digits.get_mpz_t(), length - 1 - i) != 0);
    NistOutcomes outcomes = run_nist_tests(sequence, NistParameters{});
    for (const Published& one : table)
      EXPECT_NEAR(outcomes[static_cast<std::size_t>(one.test)].p_values.at(one.index),
                  square == 2 ? one.sqrt2 : one.sqrt3, 6e-7)
          << nist_name(one.test) << " of sqrt " << square;
  }
}

TEST(Nist, WalkEqualsTheNaiveOne) {
  for (std::size_t bits : awkward_lengths)
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      Sequence sequence = random_sequence(bits, seed * 1000 + bits);
      nist_tests::Walk got = nist_tests::walk(sequence);
      std::int64_t position = 0, highest = 0, lowest = 0;
      std::size_t cycles = 0;
      std::map<std::int64_t, std::uint64_t> visits, open;
      std::map<std::pair<std::int64_t, std::uint64_t>, std::uint64_t> by_visits;
      auto close = [&] {
        ++cycles;
        for (std::int64_t s : {-4, -3, -2, -1, 1, 2, 3, 4}) ++by_visits[{s, std::min<std::uint64_t>(5, open[s])}];
        open.clear();
      };
      for (std::size_t i = 0; i < bits; ++i) {
        position += sequence.bit(i) ? 1 : -1;
        highest = std::max(highest, position);
        lowest = std::min(lowest, position);
        ++visits[position];
        ++open[position];
        if (position == 0) close();
      }
      if (position != 0) close();
      EXPECT_EQ(got.end, position);
      EXPECT_EQ(got.maximum, highest);
      EXPECT_EQ(got.minimum, lowest);
      EXPECT_EQ(got.cycles, cycles);
      for (int i = 0; i < 18; ++i) EXPECT_EQ(got.visits[static_cast<std::size_t>(i)], visits[i < 9 ? i - 9 : i - 8]);
      for (int s = 0; s < 8; ++s)
        for (std::size_t k = 0; k < 6; ++k)
          EXPECT_EQ(got.cycles_by_visits[static_cast<std::size_t>(s)][k], (by_visits[{s < 4 ? s - 4 : s - 3, k}]));
    }
}

TEST(Nist, WindowCountsEqualTheNaiveOnes) {
  for (std::size_t bits : awkward_lengths) {
    Sequence sequence = random_sequence(bits, bits);
    std::vector<std::uint32_t> wide = nist_tests::circular_window_counts(sequence, 6);
    for (unsigned width : {6u, 5u, 3u, 1u}) {
      std::vector<std::uint32_t> naive(std::size_t{1} << width);
      for (std::size_t i = 0; i < bits; ++i) {
        std::size_t window = 0;
        for (unsigned k = 0; k < width; ++k) window |= std::size_t{sequence.bit((i + k) % bits)} << k;
        ++naive[window];
      }
      std::vector<std::uint32_t> shorter = wide;
      for (unsigned w = 6; w > width; --w) shorter = nist_tests::shorten_window_counts(shorter);
      EXPECT_EQ(nist_tests::circular_window_counts(sequence, width), naive) << bits << " " << width;
      EXPECT_EQ(shorter, naive) << bits << " " << width;
    }
  }
}

// The search as the document describes it: on a match, go on behind it.
TEST(Nist, TemplateCountsEqualTheDocumentsSearch) {
  const unsigned width = 4;
  const std::size_t blocks = 8, bits = 8 * 1021, block = bits / blocks;
  Sequence sequence = random_sequence(bits, 7);
  NistOutcome got = nist_tests::non_overlapping_template(sequence, width);
  std::vector<std::uint32_t> templates = nist_tests::aperiodic_templates(width);
  ASSERT_EQ(got.p_values.size(), templates.size());
  for (std::size_t t = 0; t < templates.size(); ++t) {
    double mean = (static_cast<double>(block) - width + 1) / 16, chi = 0;
    double variance = static_cast<double>(block) * (1.0 / 16 - (2.0 * width - 1) / 256);
    for (std::size_t b = 0; b < blocks; ++b) {
      double hits = 0;
      for (std::size_t j = 0; j + width <= block; ++j) {
        std::uint32_t value = 0;
        for (unsigned k = 0; k < width; ++k) value = value << 1 | sequence.bit(b * block + j + k);
        if (value == templates[t]) ++hits, j += width - 1;
      }
      chi += (hits - mean) * (hits - mean) / variance;
    }
    // Q(4, x) = e^-x (1 + x + x^2/2 + x^3/6).
    double x = chi / 2;
    EXPECT_NEAR(got.p_values[t], std::exp(-x) * (1 + x + x * x / 2 + x * x * x / 6), 1e-9);
  }
}

TEST(Nist, ShortestRegisterEqualsTheNaiveOne) {
  auto naive = [](const std::vector<int>& s) {
    std::vector<int> c(s.size() + 1), b(s.size() + 1);
    c[0] = b[0] = 1;
    std::size_t length = 0, last = 0;  // textbook form, shift kept as a number
    bool seen = false;
    for (std::size_t n = 0; n < s.size(); ++n) {
      int d = s[n];
      for (std::size_t i = 1; i <= length; ++i) d ^= c[i] & s[n - i];
      if (d == 0) continue;
      std::vector<int> kept = c;
      std::size_t shift = seen ? n - last : n + 1;
      for (std::size_t i = 0; i + shift < c.size(); ++i) c[i + shift] ^= b[i];
      if (2 * length <= n) {
        length = n + 1 - length;
        last = n;
        seen = true;
        b = kept;
      }
    }
    return length;
  };
  for (std::size_t bits : {1, 2, 3, 17, 63, 64, 65, 499, 500, 511, 512, 513, 1023, 1024, 1500}) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      Sequence sequence = random_sequence(bits + 5, seed + 10 * bits);
      std::vector<int> digits;
      for (std::size_t i = 0; i < bits; ++i) digits.push_back(sequence.bit(i + 5));
      EXPECT_EQ(nist_tests::shortest_register(sequence, 5, bits), naive(digits)) << bits;
    }
  }
}

// No input may give a NaN or a number outside [0, 1].
TEST(Nist, EveryOutcomeIsAProbabilityOrAReason) {
  NistParameters lax;
  lax.ignore_minimum_length = true;
  std::vector<Sequence> hostile;
  for (std::size_t bits : awkward_lengths) {
    hostile.push_back(Sequence(bits));
    Sequence ones(bits), alternating(bits), half(bits);
    for (std::size_t i = 0; i < bits; ++i) {
      ones.set_bit(i, true);
      alternating.set_bit(i, i % 2 == 1);
      half.set_bit(i, i > bits / 2);
    }
    hostile.push_back(ones);
    hostile.push_back(alternating);
    hostile.push_back(half);
    hostile.push_back(random_sequence(bits, bits));
  }
  for (const Sequence& sequence : hostile)
    for (const NistParameters& parameters : {NistParameters{}, lax}) {
      NistOutcomes outcomes = run_nist_tests(sequence, parameters);
      for (std::size_t t = 0; t < nist_test_count; ++t) {
        EXPECT_EQ(outcomes[t].valid(), !outcomes[t].p_values.empty());
        for (double p : outcomes[t].p_values) {
          EXPECT_GE(p, 0.0) << nist_name(static_cast<NistTest>(t)) << " of " << sequence.length_bits();
          EXPECT_LE(p, 1.0) << nist_name(static_cast<NistTest>(t)) << " of " << sequence.length_bits();
        }
      }
    }
}

TEST(Nist, TooShortIsInvalidAndNotFailed) {
  NistOutcomes of_99 = run_nist_tests(random_sequence(99, 1), {});
  for (const NistOutcome& outcome : of_99) EXPECT_FALSE(outcome.valid());
  EXPECT_EQ(of_99[0].invalid_reason, "sequence of 99 bits, at least 100 needed");
  NistOutcomes of_100 = run_nist_tests(random_sequence(100, 1), {});
  EXPECT_TRUE(of_100[static_cast<std::size_t>(NistTest::frequency)].valid());
  EXPECT_FALSE(of_100[static_cast<std::size_t>(NistTest::rank)].valid());
}

TEST(Nist, ConstantAndAlternatingBitsFail) {
  Sequence zeros(1000000), alternating(1000000);
  for (std::size_t i = 0; i < 1000000; i += 2) alternating.set_bit(i, true);
  NistOutcomes outcomes = run_nist_tests(zeros, {});
  for (NistTest test : {NistTest::frequency, NistTest::runs, NistTest::longest_run, NistTest::rank, NistTest::serial,
                        NistTest::universal, NistTest::linear_complexity, NistTest::approximate_entropy})
    EXPECT_LT(outcomes[static_cast<std::size_t>(test)].p_values.at(0), 1e-6) << nist_name(test);
  EXPECT_FALSE(outcomes[static_cast<std::size_t>(NistTest::random_excursions)].valid());
  outcomes = run_nist_tests(alternating, {});
  EXPECT_DOUBLE_EQ(outcomes[static_cast<std::size_t>(NistTest::frequency)].p_values.at(0), 1.0);
  EXPECT_LT(outcomes[static_cast<std::size_t>(NistTest::runs)].p_values.at(0), 1e-6);
  EXPECT_LT(outcomes[static_cast<std::size_t>(NistTest::fft)].p_values.at(0), 1e-6);
}

TEST(Nist, ParametersOutOfRangeAreNamed) {
  NistParameters bad;
  EXPECT_EQ(check_nist_parameters(bad), "");
  bad.linear_complexity_block_bits = 6000;
  EXPECT_NE(check_nist_parameters(bad).find("linear complexity"), std::string::npos);
}

}  // namespace
}  // namespace bellows::quality
