#include "bellows/protocol/brandao.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

#include "bellows/bell/no_signalling.h"

namespace bellows::protocol {
namespace {

Exact number(const char* text) { return Exact::literal(text); }

FourDeviceOptions options_for(const char* mu, std::uint64_t trials, std::uint64_t output_bits) {
  FourDeviceOptions options;
  options.plan = {number(mu), trials, 0, output_bits, number("1e-9")};
  options.key = bits::StreamKey::from_number(7);
  return options;
}

TEST(Sampler, DrawsTheBox) {
  const bell::Behaviour box = bell::with_outcome_noise(bell::four_party_experiment().behaviour(), 0.1);
  const BoxSampler sampler(box);
  Random random(bits::StreamKey::from_number(1), 0);
  for (std::size_t x : {1U, 6U}) {
    std::array<int, 16> counts{};
    for (int i = 0; i < 100000; ++i) ++counts[sampler.draw(x, random)];
    for (std::size_t a = 0; a < 16; ++a) {
      const double p = box.probability(a, x);
      EXPECT_NEAR(counts[a] / 1e5, p, 5 * std::sqrt(p / 1e5) + 1e-9);
    }
  }
}

TEST(Source, KeepsItsBias) {
  Random random(bits::StreamKey::from_number(2), 0);
  WeakSource source(0.2, random);
  int ones = 0;
  for (int i = 0; i < 100000; ++i) ones += source.draw(1);
  EXPECT_NEAR(ones / 1e5, 0.7, 0.01);
}

TEST(BinaryField, TrinomialsAreIrreducible) {
  for (const Trinomial& field : field_trinomials()) {
    if (field.degree == 2 * field.middle) continue;  // by the theorem; 3 divides the order of x in GF(4)
    if (field.degree > 5000 && std::getenv("BELLOWS_LONG") == nullptr) continue;
    EXPECT_TRUE(is_irreducible_of_prime_degree(field)) << field.degree;
  }
  EXPECT_FALSE(is_irreducible_of_prime_degree({89, 37}));
}

TEST(BinaryField, SquaresAreProducts) {
  Random random(bits::StreamKey::from_number(3), 0);
  for (const Trinomial& field : field_trinomials()) {
    if (field.degree > 1500) break;
    FieldElement a(field.degree), b(field.degree), c(field.degree);
    for (FieldElement* e : {&a, &b, &c}) {
      for (std::uint64_t i = 0; i < field.degree; ++i) e->set(i, random.next() & 1);
    }
    EXPECT_EQ(field_square(field, a), field_multiply(field, a, a)) << field.degree;
    EXPECT_EQ(field_multiply(field, field_multiply(field, a, b), c), field_multiply(field, a, field_multiply(field, b, c)));
    // x^(2^q) = x for every element
    if (field.degree > 130) continue;
    FieldElement power = a;
    for (std::uint64_t i = 0; i < field.degree; ++i) power = field_square(field, power);
    EXPECT_EQ(power, a);
  }
}

TEST(Raz, ProductIsTheSum) {
  Random random(bits::StreamKey::from_number(4), 0);
  for (const Trinomial& field : {Trinomial{18, 9}, Trinomial{89, 38}, Trinomial{521, 168}}) {
    bits::BitString weak(2 * field.degree), device(field.degree - 3);
    for (std::uint64_t i = 0; i < weak.size_bits(); ++i) weak.set(i, random.next() & 1);
    for (std::uint64_t i = 0; i < device.size_bits(); ++i) device.set(i, random.next() & 1);
    for (int l : {1, 3, 5}) {
      const RazShape shape{field, l, 2, 17};
      EXPECT_EQ(raz_extract(shape, weak, device), raz_extract_by_sum(shape, weak, device));
    }
  }
}

/// A Santha-Vazirani distribution on `bits` bits whose leaning at each prefix is given by a pattern.
std::vector<double> weak_distribution(int bits, double mu, unsigned pattern) {
  std::vector<double> p(std::size_t{1} << bits, 1.0);
  for (std::size_t x = 0; x < p.size(); ++x) {
    for (int i = 0; i < bits; ++i) {
      const std::size_t prefix = x & ((std::size_t{1} << i) - 1);
      const bool towards_one = pattern == 0 || ((prefix * 2654435761U * pattern >> 7) & 1U);
      p[x] *= (((x >> i) & 1U) != 0) == towards_one ? 0.5 + mu : 0.5 - mu;
    }
  }
  return p;
}

TEST(Raz, ErrorBoundHoldsExhaustively) {
  const Trinomial field{6, 3};
  constexpr int device_bits = 5;
  for (const auto& [l, p] : {std::pair{1, 2U}, std::pair{2, 4U}}) {
    const RazShape shape{field, l, p, 1};
    std::vector<std::uint8_t> table(std::size_t{4096} << device_bits);
    for (std::size_t x = 0; x < 4096; ++x) {
      bits::BitString weak(12);
      weak.words()[0] = x;
      for (std::size_t y = 0; y < 1U << device_bits; ++y) {
        bits::BitString device(device_bits);
        device.words()[0] = y;
        table[(x << device_bits) + y] = raz_extract(shape, weak, device)[0];
      }
    }
    for (const double mu : {0.0, 0.05, 0.15}) {
      for (const unsigned pattern : {0U, 1U, 77U}) {
        const std::vector<double> source = weak_distribution(12, mu, pattern);
        for (const int k : {5, 4, 3}) {
          // Flat on an arithmetic progression of 2^k device strings.
          double error = 0;
          for (std::size_t x = 0; x < 4096; ++x) {
            int sum = 0;
            for (std::size_t i = 0; i < 1U << k; ++i) sum += table[(x << device_bits) + (i * 7 % 32)] ? -1 : 1;
            error += source[x] * std::abs(sum) / std::exp2(k) / 2;  // half the L1 distance of one bit
          }
          const double bound = exp2(raz_log2_error(shape, Ball::of_double(mu), Ball(k))).upper();
          EXPECT_LE(error, bound) << "l " << l << " mu " << mu << " k " << k;
        }
      }
    }
  }
}

/// The short seed over GF(2^6) with two pieces, exhaustively: collisions, and the distance for weak seeds.
TEST(ShortSeed, FormulaHoldsExhaustivelyOnASmallField) {
  constexpr unsigned w = 6, pieces = 2;
  std::array<std::uint8_t, 64 * 64> product{};
  for (unsigned a = 0; a < 64; ++a) {
    for (unsigned b = 0; b < 64; ++b) {
      unsigned r = 0;
      for (unsigned i = 0; i < 6; ++i) {
        if (b >> i & 1U) r ^= a << i;
      }
      for (unsigned i = 10; i >= 6; --i) {
        if (r >> i & 1U) r ^= 0b1001001U << (i - 6);
      }
      product[64 * a + b] = static_cast<std::uint8_t>(r);
    }
  }
  const auto hash = [&](unsigned x, unsigned seed) {
    const unsigned alpha = seed & 63U, beta = seed >> 6;
    const unsigned inner = product[64 * alpha + ((x & 63U) ^ product[64 * alpha + (x >> 6)])];
    return product[64 * beta + inner] & 3U;
  };
  unsigned worst = 0;
  for (unsigned x = 1; x < 4096; ++x) {
    unsigned zeros = 0;
    for (unsigned seed = 0; seed < 4096; ++seed) zeros += hash(x, seed) == 0;
    worst = std::max(worst, zeros);
  }
  EXPECT_LE(worst / 4096.0, pieces / 64.0 + 0.25);
  // half of L1 <= 1/2 sqrt(2^Delta (2^{m-k} + L 2^{m-w})), x flat on 2^k strings.
  for (const double mu : {0.0, 0.1}) {
    for (const unsigned pattern : {0U, 5U}) {
      const std::vector<double> seeds = weak_distribution(12, mu, pattern);
      for (const int k : {12, 10, 8}) {
        double error = 0;
        for (unsigned seed = 0; seed < 4096; ++seed) {
          std::array<int, 4> counts{};
          for (unsigned i = 0; i < 1U << k; ++i) ++counts[hash((i * 21U + 9U) & 4095U, seed)];
          for (int c : counts) error += seeds[seed] * std::abs(c / std::exp2(k) - 0.25) / 2;
        }
        const double delta = 12 * std::log2(1 + 4 * mu * mu);
        EXPECT_LE(error, 0.5 * std::sqrt(std::exp2(delta) * (std::exp2(2.0 - k) + pieces * std::exp2(2.0 - w)))) << mu << " " << k;
      }
    }
  }
}

TEST(Bound, EntropyAndBudget) {
  // L = 0: S = ln(1/e_A).
  EXPECT_NEAR(failure_budget(0, Ball(-160)).middle(), 160 * std::log(2.0), 1e-9);
  // With failures the best lambda is near the minimum of a fine scan, and the bound grows with the failures.
  double best = 1e300;
  for (double la = 0.01; la < 20; la += 0.001) best = std::min(best, (la * 5 + 20 * std::log(2.0)) / (1 - std::exp(-la)));
  EXPECT_NEAR(failure_budget(5, Ball(-20)).middle(), best, 1e-3);
  EXPECT_NEAR(min_entropy_bits(1371, number("0.01"), failure_budget(0, Ball(-160)), Ball(1)).middle(), 438, 4);
}

TEST(Bound, SlopeOfAWeakSource) {
  EXPECT_NEAR(setting_slope(number("0"), 4).middle(), 1, 1e-12);
  EXPECT_NEAR(setting_slope(number("0"), 3).middle(), 1.25, 1e-12);
  for (const char* mu : {"0.1", "0.25", "0.37"}) EXPECT_NEAR(setting_slope(number(mu), 4).middle(), 1 - 2 * number(mu).approximate(), 1e-12);
  EXPECT_NEAR(setting_slope(number("0.45"), 4).upper(), 0.25, 1e-12);
  EXPECT_NEAR(setting_slope(number("0.45"), 3).upper(), 0.5, 1e-12);
  // Against the linear programs: for the leaning sources themselves the slope is attained (mu = 3/10) and never exceeded.
  const bell::Functional f = bell::four_party();
  const bell::Rational low(1, 5), high(4, 5), q0 = low * low * low * low;
  double worst = 0;
  for (const unsigned pattern : {10U, 0U, 77U}) {
    bell::Functional weighted = f;
    for (std::size_t u = 0; u < 16; ++u) {
      bell::Rational p = low;  // the last bit leans towards the settings that do not count
      std::size_t node = 1;
      for (int i = 0; i < 3; ++i) {
        const std::size_t bit = u >> i & 1U;
        p *= bit == (pattern >> (node - 1) & 1U) ? high : low;
        node = 2 * node + bit;
      }
      for (std::size_t a = 0; a < 16; ++a) {
        bell::Rational& c = weighted.coefficients[f.scenario.table_index(a, u)];
        if (c != 0) c = p;
      }
    }
    std::vector<bool> event(16, false);
    event[1] = true;
    const auto bound = bell::solve({bell::outcome_event(f.scenario, 1, event), {{weighted, bell::Relation::at_most, q0 / 50}}}).value();
    worst = std::max(worst, bell::Rational((bound.bound.value - bell::Rational(1, 3)) * 150).get_d());
  }
  EXPECT_NEAR(worst, setting_slope(number("0.3"), 4).middle(), 1e-9);
}

TEST(Bound, SupermartingaleByEnumeration) {
  // A device whose conditional failure probability depends on the past in the worst of ways, n = 12, by dynamic programming over
  // (failures so far, S so far): Pr[failures <= T and sum > S] <= e_A must hold.
  const double e_a = 0.01;
  const std::uint64_t allowed = 1;
  const double budget = failure_budget(allowed, Ball::of_double(std::log2(e_a))).upper();
  for (const double step : {0.3, 0.6, 0.9}) {
    double bad = 0;
    const auto walk = [&](auto&& self, int left, unsigned failures, double sum, double probability) -> void {
      if (failures > allowed) return;
      if (left == 0 || sum > budget) {
        if (sum > budget) bad += probability;
        return;
      }
      const double b = failures == 0 ? step : step / 2;
      self(self, left - 1, failures, sum + b, probability * (1 - b));
      self(self, left - 1, failures + 1, sum + b, probability * b);
    };
    walk(walk, 22, 0, 0, 1);
    EXPECT_LE(bad, e_a) << step;
  }
}

TEST(Bound, SmallestTrials) {
  // `equal`: independent numbers for equal settings (s = 1), which the weighted programs can only improve; `trials`: with them, where the
  // slope is max(1/4, 1 - 2 mu): within 6 % of n log2 3 - n log2(1 + s S/(n q0)) solved for what the extractor needs.
  struct Row {
    const char* mu;
    std::uint64_t bits, equal;
  };
  for (const Row& row : {Row{"0.01", 1, 247}, Row{"0.01", 128, 1371}, Row{"0.1", 1, 491}, Row{"0.1", 128, 2620}, Row{"0.2", 1, 1419},
                         Row{"0.2", 128, 7410}, Row{"0.3", 1, 6880}, Row{"0.3", 128, 35568}, Row{"0.35", 1, 21608}, Row{"0.4", 1, 4400000}}) {
    const auto found = smallest_four_device(number(row.mu), number("0"), row.bits, number("1e-9"), 100000000);
    ASSERT_TRUE(found.has_value()) << row.mu;
    const double mu = number(row.mu).approximate();
    const double improved = static_cast<double>(row.equal) * (mu < 0.39 ? std::max(0.25, 1 - 2 * mu) : 0.42);
    EXPECT_LE(static_cast<double>(found->plan.trials), 1.09 * improved + 8) << row.mu << " " << row.bits;
    EXPECT_GE(static_cast<double>(found->plan.trials), 0.9 * improved) << row.mu << " " << row.bits;
    FourDeviceCertificate again = *found;
    EXPECT_TRUE(prove_four_device(again));
    again.log2_e_a += 40;
    EXPECT_FALSE(prove_four_device(again));
  }
  EXPECT_FALSE(smallest_four_device(number("0.45"), number("0.01"), 1, number("1e-9"), 1000000).has_value());
}

TEST(Bound, SmallestIsSmallest) {
  // At the answer there is a certificate, and one trial earlier the search finds none, also where a threshold makes failures come in steps.
  for (const auto& [mu, threshold, bits] : {std::tuple("0.01", "0", 1), std::tuple("0.01", "0", 128), std::tuple("0.01", "1e-3", 1), std::tuple("0.1", "1e-3", 1),
                                            std::tuple("0.3", "0", 1), std::tuple("0.35", "1e-4", 16)}) {
    const auto found = smallest_four_device(number(mu), number(threshold), static_cast<std::uint64_t>(bits), number("1e-9"), 100000000);
    ASSERT_TRUE(found.has_value()) << mu << " " << threshold;
    const auto allowed = [&](std::uint64_t n) { return static_cast<std::uint64_t>(std::floor(number(threshold).approximate() * static_cast<double>(n) + 1e-9)); };
    EXPECT_EQ(found->plan.most_failures, allowed(found->plan.trials));
    FourDeviceCertificate again = *found;
    EXPECT_TRUE(prove_four_device(again));
    // Every smaller number of trials, as far back as a few failures and a few fields.
    for (std::uint64_t back = 1; back <= 40 && back < found->plan.trials; back += back < 4 ? 1 : 6) {
      const std::uint64_t n = found->plan.trials - back;
      EXPECT_FALSE(certify_four_device({number(mu), n, allowed(n), static_cast<std::uint64_t>(bits), number("1e-9")}).best.has_value())
          << mu << " " << threshold << " " << n << " of " << found->plan.trials;
    }
    // And the ordinary search finds a certificate at the answer.
    EXPECT_TRUE(certify_four_device(found->plan).best.has_value());
  }
}

TEST(Bound, PrintedNumbersOfTrials) {
  // For one bit at 1e-9 and mu = 0.01: 3.3e7 with an ideal extractor, 6.4e7 with the short-seed extractor (6.7e7 when epsilon is halved between
  // the two errors and the extractor's half again between its two terms).
  EXPECT_NEAR(static_cast<double>(printed_smallest_trials(number("0.01"), number("0"), number("1e-9")).value()), 3.253e7, 0.005e7);
  EXPECT_NEAR(static_cast<double>(printed_smallest_trials_explicit(number("0.01"), number("0"), number("1e-9")).value()), 6.367e7, 0.01e7);
  EXPECT_FALSE(printed_smallest_trials_explicit(number("0.01"), number("0.01"), number("1e-9")).has_value());
}

TEST(Bound, PrintedThresholds) {
  EXPECT_NEAR(printed_largest_threshold(number("0")), 1.953e-3, 1e-6);
  EXPECT_NEAR(printed_largest_threshold(number("0.01")), 1.662e-3, 1e-6);
  EXPECT_NEAR(printed_largest_threshold(number("0.05")), 8.408e-4, 1e-7);
  EXPECT_NEAR(printed_largest_threshold(number("0.1")), 3.277e-4, 1e-7);
}

TEST(Soundness, NoCertificateAboveWhatACheatLeaves) {
  // Eve plays local in j trials (failing with the least probability that the bias allows) and a box with P(x|u) = 1/3 in the others. She passes with
  // probability (1 - b)^j and then guesses with 3^-(n - j): as long as she passes with more than e_A, k must be at most (n - j) log2 3.
  for (const char* mu : {"0", "0.05", "0.2", "0.3", "0.4", "0.45"}) {
    const double m = number(mu).approximate(), b = std::pow(0.5 - m, 3);
    EXPECT_NEAR(SettingSource::smallest_probability(best_local_strategy(bell::four_party()).failing_settings, 4, m), b, 1e-12);
    for (const std::uint64_t n : {500U, 5000U, 100000U}) {
      for (const double log2_e_a : {-20.0, -100.0}) {
        const double k = min_entropy_bits(n, number(mu), failure_budget(0, Ball::of_double(log2_e_a)), setting_slope(number(mu), 4)).upper();
        const double cheated = std::min(std::floor(log2_e_a / std::log2(1 - b)), static_cast<double>(n));
        EXPECT_LE(k, (static_cast<double>(n) - cheated) * std::log2(3.0) + 1e-6) << mu << " " << n;
      }
    }
  }
}

TEST(ProtocolI, CertifiesExtractsAndVerifies) {
  for (const auto& [mu, trials, bits_out] : {std::tuple<const char*, unsigned, unsigned>{"0.01", 1400U, 128U}, std::tuple<const char*, unsigned, unsigned>{"0.1", 2700U, 128U}, std::tuple<const char*, unsigned, unsigned>{"0.2", 1500U, 1U}}) {
    const auto result = run_four_device(options_for(mu, trials, bits_out)).value();
    EXPECT_EQ(result.failures, 0U);
    EXPECT_TRUE(result.accepted);
    ASSERT_TRUE(result.certificate.has_value()) << result.not_certified_because;
    EXPECT_TRUE(result.verified);
    EXPECT_EQ(result.output.size_bits(), bits_out);
    EXPECT_LE(result.certificate->log2_total, std::log2(1e-9));
  }
}

TEST(ProtocolI, AllThreeExtractorsGiveWhatTheirDefinitionsGive) {
  for (const auto extractor : {FourDeviceExtractor::short_seed, FourDeviceExtractor::raz, FourDeviceExtractor::device_as_seed}) {
    FourDeviceOptions options = options_for("0.01", extractor == FourDeviceExtractor::device_as_seed ? 9100 : 280, 1);
    options.extractor = extractor;
    const auto result = run_four_device(options).value();
    ASSERT_TRUE(result.certificate.has_value()) << extractor_name(extractor);
    EXPECT_EQ(result.certificate->extractor, extractor);
    EXPECT_TRUE(result.verified) << extractor_name(extractor);
  }
}

TEST(SmallestTrials, OneBitMayGiveEveThatRareEventWithAlmostAllOfEpsilon) {
  // e_A counts with 2^{m+1} (1 - 2^-m), which is half of 2^{m+1} for one bit: a search that forgets it ends at 250, 417, 909 and 2,919.
  for (const auto& [mu, trials] : {std::pair{"0.01", 248U}, {"0.1", 412U}, {"0.2", 893U}, {"0.3", 2853U}}) {
    const auto found = smallest_four_device(number(mu), number("0"), 1, number("1e-9"), 1000000);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->plan.trials, trials) << mu;
    FourDeviceCertificate again = *found;
    EXPECT_TRUE(prove_four_device(again));
    // A plan with as many trials finds it too, and with one fewer does not.
    EXPECT_TRUE(certify_four_device({number(mu), trials, 0, 1, number("1e-9")}).best.has_value()) << mu;
    EXPECT_FALSE(certify_four_device({number(mu), trials - 1, 0, 1, number("1e-9")}).best.has_value()) << mu;
  }
}

TEST(ProtocolI, CheatsAreCaught) {
  FourDeviceOptions options = options_for("0.1", 1000, 1);
  options.device = "local";
  options.scheme = SourceScheme::colluding;
  const auto result = run_four_device(options).value();
  EXPECT_FALSE(result.accepted);
  EXPECT_EQ(result.output.size_bits(), 0U);
}

TEST(ProtocolI, RefusesWhatIsVoid) {
  EXPECT_FALSE(run_four_device(options_for("0.5", 1000, 1)).ok());
  EXPECT_FALSE(run_four_device(options_for("0.1", 0, 1)).ok());
  FourDeviceOptions careless = options_for("0.01", 1400, 1);
  careless.plan.epsilon = number("5");
  EXPECT_EQ(run_four_device(careless).error().code, ErrorCode::usage) << "an epsilon that says nothing";
  FourDeviceCertificate certificate = certify_four_device(options_for("0.01", 1400, 1).plan).best.value();
  certificate.plan.epsilon = number("1");
  EXPECT_FALSE(prove_four_device(certificate));
  FourDeviceOptions options = options_for("0.1", 100, 1);
  options.device = "nobody";
  EXPECT_EQ(run_four_device(options).error().code, ErrorCode::usage);
  const auto small = run_four_device(options_for("0.3", 1000, 1)).value();
  EXPECT_FALSE(small.certificate.has_value());
  EXPECT_FALSE(small.not_certified_because.empty());
}

TEST(ProtocolII, SaysWhatItWouldTake) {
  EightDeviceOptions options;
  options.first = options_for("0.01", 250, 1);
  const auto result = run_eight_device(options).value();
  EXPECT_TRUE(result.accepted);
  EXPECT_EQ(result.verdict, "not certified");
  EXPECT_NEAR(result.log10_blocks_needed, 24, 1);
  options.first = options_for("0.3", 7000, 1);
  EXPECT_NEAR(run_eight_device(options)->log10_blocks_needed, 77, 2);
}

}  // namespace
}  // namespace bellows::protocol
