#include "bellows/ecc/bch.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <set>

#include "bellows/bits/cpu.h"
#include "bellows/testing/random_bits.h"

namespace bellows::ecc {
namespace {

using bellows::testing::random_bits;

bits::BitString sum(const bits::BitString& a, const bits::BitString& b) {
  bits::BitString out(a.view());
  for (std::uint64_t i = 0; i < out.size_words(); ++i) out.words()[i] ^= b.words()[i];
  return out;
}

std::vector<std::uint32_t> random_places(std::uint64_t size, std::uint64_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::set<std::uint32_t> places;
  while (places.size() < count) places.insert(static_cast<std::uint32_t>(engine() % size));
  return {places.begin(), places.end()};
}

// The definition, with a product of its own.
std::uint32_t slow_product(ElementField field, std::uint32_t a, std::uint32_t b) {
  std::uint64_t product = 0;
  for (unsigned i = 0; i < field.bits; ++i)
    if (b >> i & 1) product ^= std::uint64_t{a} << i;
  for (unsigned i = 2 * field.bits; i-- > field.bits;)
    if (product >> i & 1) product ^= (std::uint64_t{field.low} | std::uint64_t{1} << field.bits) << (i - field.bits);
  return static_cast<std::uint32_t>(product);
}

bits::BitString slow_syndromes(const bits::BitString& string, std::uint64_t most_errors) {
  ElementField field = element_field(BchCode::element_bits(string.size_bits()));
  bits::BitString out(most_errors * field.bits);
  for (std::uint64_t k = 1, at = 0; k < 2 * most_errors; k += 2) {
    std::uint32_t power_sum = 0;
    for (std::uint64_t i = 0; i < string.size_bits(); ++i) {
      if (!string[i]) continue;
      std::uint32_t power = 1;
      for (std::uint64_t j = 0; j < k; ++j) power = slow_product(field, power, static_cast<std::uint32_t>(i + 1));
      power_sum ^= power;
    }
    for (unsigned b = 0; b < field.bits; ++b) out.set(at++, power_sum >> b & 1);
  }
  return out;
}

TEST(ElementField, PolynomialsAreIrreducible) {
  // z^(2^w) = z, and z^(2^(w/p)) - z has no factor in common with the polynomial for the primes p of w: the norm of a
  // unit is no zero divisor, so x^(2^w - 1) = 1 for x = z^(2^(w/p)) + z shows it.
  for (unsigned w = 2; w <= 31; ++w) {
    ElementField field = element_field(w);
    EXPECT_LE(2 * static_cast<unsigned>(std::bit_width(field.low)) - 2, w + 1) << "reduction takes two rounds";
    auto frobenius = [&](std::uint32_t x, unsigned times) {
      while (times-- > 0) x = slow_product(field, x, x);
      return x;
    };
    EXPECT_EQ(frobenius(2, w), 2u) << w;
    for (unsigned p = 2; p <= w; ++p) {
      bool prime = true;
      for (unsigned q = 2; q < p; ++q) prime = prime && p % q != 0;
      if (!prime || w % p != 0) continue;
      std::uint32_t x = frobenius(2, w / p) ^ 2, power = 1;
      ASSERT_NE(x, 0u);
      for (unsigned i = 0; i < w; ++i) power = slow_product(field, slow_product(field, power, power), x);
      EXPECT_EQ(power, 1u) << w << " " << p;
    }
  }
}

TEST(BchKernel, EveryKernelGivesTheSameElements) {
  std::mt19937 engine(3);
  std::vector<const BchKernel*> kernels = {&bch_kernel_portable()};
#if defined(__x86_64__)
  if (bits::kernel_is_available(bits::Kernel::clmul)) kernels.push_back(&bch_kernel_clmul());
#endif
  for (unsigned w = 2; w <= 31; ++w) {
    ElementField field = element_field(w);
    const std::uint32_t mask = (std::uint32_t{1} << w) - 1;
    for (const BchKernel* kernel : kernels) {
      for (int i = 0; i < 50; ++i) {
        std::uint32_t a = engine() & mask, b = engine() & mask;
        EXPECT_EQ(kernel->multiply(field, a, b), slow_product(field, a, b));
      }
      EXPECT_EQ(kernel->multiply(field, mask, mask), slow_product(field, mask, mask));
    }
    // The transform is the evaluation, and its transpose the transpose: <T f, g> = <f, T^t g>.
    auto tables = make_transform_tables(field, std::min(w, 7u));
    const std::uint64_t coset = (engine() & mask) >> tables.levels;
    std::vector<Element> f(tables.size()), g(tables.size());
    for (auto& x : f) x = engine() & mask;
    for (auto& x : g) x = engine() & mask;
    for (const BchKernel* kernel : kernels) {
      auto values = f, back = g;
      kernel->to_novel(tables, values.data());
      kernel->evaluate(tables, values.data(), coset);
      for (std::size_t i = 0; i < values.size(); i += 5) {
        auto x = static_cast<Element>((coset << tables.levels) + i);
        Element expected = 0;
        for (std::size_t k = f.size(); k-- > 0;) expected = slow_product(field, expected, x) ^ f[k];
        ASSERT_EQ(values[i], expected) << w;
      }
      kernel->evaluate_transposed(tables, back.data(), coset);
      kernel->to_novel_transposed(tables, back.data());
      EXPECT_EQ(kernel->dot(field, values.data(), g.data(), g.size()),
                kernel->dot(field, f.data(), back.data(), f.size()));
    }
  }
}

TEST(BchCode, SyndromesAgreeWithTheirDefinition) {
  for (std::uint64_t length : {1u, 2u, 3u, 4u, 15u, 16u, 63u, 64u, 65u, 200u, 1023u, 1025u}) {
    for (std::uint64_t errors : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3}, length / 8, length / 2}) {
      if (2 * errors > length || errors * length > 20'000) continue;
      auto string = random_bits(length, length + errors);
      BchCode code(length, errors);
      for (unsigned threads : {1u, 3u}) {
        Context context;
        context.thread_count = threads;
        EXPECT_TRUE(*code.syndromes(string, context) == slow_syndromes(string, errors)) << length << " " << errors;
      }
    }
  }
}

// Known codes of length 15 and 31 (MacWilliams and Sloane, chapter 3 and 9): dimension and minimum distance. The
// elements are all of the field, so the order of the places does not matter.
TEST(BchCode, KnownDimensionsAndMinimumDistances) {
  struct Known {
    std::uint64_t length, errors, dimension, distance;
  };
  for (Known known : {Known{7, 1, 4, 3}, Known{15, 1, 11, 3}, Known{15, 2, 7, 5}, Known{15, 3, 5, 7},
                      Known{31, 3, 16, 7}, Known{31, 5, 11, 11}, Known{31, 7, 6, 15}}) {
    BchCode code(known.length, known.errors);
    // Column i: syndromes of place i. Gauss gives a basis of the kernel.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> rows;  // syndrome, combination of places
    std::vector<std::uint64_t> kernel;
    for (std::uint64_t i = 0; i < known.length; ++i) {
      bits::BitString one(known.length);
      one.set(i, true);
      std::uint64_t syndrome = code.syndromes(one)->words()[0], places = std::uint64_t{1} << i;
      for (auto [other, combination] : rows)
        if ((syndrome ^ other) < syndrome) syndrome ^= other, places ^= combination;
      if (syndrome == 0)
        kernel.push_back(places);
      else {
        rows.emplace_back(syndrome, places);
        std::sort(rows.rbegin(), rows.rend());
      }
    }
    EXPECT_EQ(kernel.size(), known.dimension) << known.length << " " << known.errors;
    int distance = 100;
    std::uint64_t word = 0;
    for (std::uint64_t i = 1; i < std::uint64_t{1} << kernel.size(); ++i) {
      word ^= kernel[static_cast<std::size_t>(std::countr_zero(i))];
      distance = std::min(distance, std::popcount(word));
    }
    EXPECT_EQ(distance, static_cast<int>(known.distance)) << known.length << " " << known.errors;
  }
}

// Every pattern of up to `errors` errors is found, and patterns of one more are refused or end on others with the same
// syndromes, never on nonsense.
TEST(BchCode, EveryPatternOfFewErrorsIsCorrected) {
  struct Size {
    std::uint64_t length, errors;
  };
  for (Size size : {Size{2, 1}, Size{3, 1}, Size{7, 1}, Size{10, 2}, Size{15, 2}, Size{15, 3}, Size{15, 7}, Size{16, 8},
                    Size{17, 3}, Size{31, 2}}) {
    BchCode code(size.length, size.errors);
    for (std::uint64_t pattern = 0; pattern < std::uint64_t{1} << std::min<std::uint64_t>(size.length, 17); ++pattern) {
      const auto weight = static_cast<std::uint64_t>(std::popcount(pattern));
      if (weight > size.errors + 1) continue;
      bits::BitString errors(size.length);
      errors.words()[0] = pattern << (size.length > 17 ? 14 : 0);
      auto syndromes = code.syndromes(errors);
      auto found = code.find_errors(*syndromes);
      ASSERT_TRUE(found.ok());
      bits::BitString again(size.length);
      if (*found)
        for (std::uint32_t place : **found) again.set(place, true);
      if (weight <= size.errors) {
        ASSERT_TRUE(found->has_value()) << size.length << " " << size.errors << " " << pattern;
        ASSERT_TRUE(again == errors);
      } else if (*found) {
        ASSERT_LE((*found)->size(), size.errors);
        ASSERT_FALSE(again == errors);
        ASSERT_TRUE(*code.syndromes(again) == *syndromes);
      }
    }
  }
}

TEST(BchCode, LongStringsAtEveryNumberOfErrors) {
  const std::uint64_t length = 100'000, most = 200;
  BchCode code(length, most);
  EXPECT_EQ(code.syndrome_bits(), 200u * 17);
  auto alice = random_bits(length, 1);
  auto sent = code.syndromes(alice);
  for (std::uint64_t count : {0u, 1u, 2u, 3u, 64u, 127u, 198u, 199u, 200u, 201u, 202u, 300u}) {
    auto places = random_places(length, count, count);
    if (count == 200u)
      for (std::uint32_t i = 0; i < 200; ++i) places[i] = 7777 + i;  // a burst
    bits::BitString bob(alice.view());
    for (std::uint32_t place : places) bob.set(place, !bob[place]);
    Context context;
    context.thread_count = count % 2 + 1;
    auto found = code.find_errors(sum(*sent, *code.syndromes(bob, context)), context);
    ASSERT_TRUE(found.ok());
    ASSERT_EQ(found->has_value(), count <= most) << count;  // of more errors one in 200! would pass
    if (found->has_value()) {
      EXPECT_EQ(**found, places);
    }
  }
}

TEST(BchCode, CanBeStopped) {
  BchCode code(10'000, 20);
  CancelToken token;
  token.cancel();
  Context context;
  context.cancel = &token;
  auto string = random_bits(10'000, 1);
  EXPECT_EQ(code.syndromes(string, context).error().code, ErrorCode::cancelled);
  EXPECT_EQ(code.find_errors(*code.syndromes(string), context).error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace bellows::ecc
