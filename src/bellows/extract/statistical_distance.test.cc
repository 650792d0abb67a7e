#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "bellows/extract/naive_hash.h"

// The theorem of docs/short-seed-extractor.md, section 3, by brute force over all seeds of small families: a flat raw
// string on a set of 2^k1 values, and a Santha-Vazirani seed that is chosen bit by bit to do the worst it can.

namespace bellows::extract {
namespace {

// A family f_z of functions from raw_bits to output_bits, as a table.
struct SmallFamily {
  const char* name;
  int raw_bits, seed_bits, output_bits;
  double delta;  ///< almost two-universal
  std::vector<std::vector<unsigned>> value;  ///< [seed][raw]
};

SmallFamily toeplitz(int raw_bits, int output_bits) {
  SmallFamily family{"toeplitz", raw_bits, raw_bits + output_bits - 1, output_bits, std::exp2(-output_bits), {}};
  const HashShape shape{.family = Family::toeplitz,
                        .raw_bits = static_cast<std::uint64_t>(raw_bits),
                        .output_bits = static_cast<std::uint64_t>(output_bits)};
  for (std::uint64_t z = 0; z < std::uint64_t{1} << family.seed_bits; ++z) {
    auto& row = family.value.emplace_back();
    for (std::uint64_t x = 0; x < std::uint64_t{1} << raw_bits; ++x) {
      const bits::BitView raw{&x, shape.raw_bits}, seed{&z, static_cast<std::uint64_t>(family.seed_bits)};
      row.push_back(static_cast<unsigned>(naive_hash(shape, raw, seed).words()[0]));
    }
  }
  return family;
}

// GF(2^w) by one irreducible polynomial, w = 3 or 4; the construction of the short seed over it.
unsigned multiply(unsigned a, unsigned b, int w) {
  const unsigned modulus = w == 3 ? 0b1011 : 0b10011;
  unsigned product = 0;
  for (int i = 0; i < w; ++i)
    if (b >> i & 1) product ^= a << i;
  for (int i = 2 * w - 2; i >= w; --i)
    if (product >> i & 1) product ^= modulus << (i - w);
  return product;
}

SmallFamily short_seed(int w, int pieces, int output_bits) {
  SmallFamily family{"short seed", w * pieces, 2 * w, output_bits, pieces * std::exp2(-w) + std::exp2(-output_bits), {}};
  const unsigned mask = (1u << w) - 1;
  for (unsigned z = 0; z < 1u << (2 * w); ++z) {
    auto& row = family.value.emplace_back();
    for (unsigned x = 0; x < 1u << (w * pieces); ++x) {
      unsigned sum = 0;
      for (int i = 0; i < pieces; ++i) sum = multiply(sum ^ (x >> (w * i) & mask), z & mask, w);
      row.push_back(multiply(sum, z >> w, w) & ((1u << output_bits) - 1));
    }
  }
  return family;
}

// Distance from uniform of f_z(X), X flat on `support`, for every seed.
std::vector<double> distances(const SmallFamily& family, const std::vector<unsigned>& support) {
  std::vector<double> result;
  const double uniform = std::exp2(-family.output_bits), each = 1.0 / static_cast<double>(support.size());
  for (const auto& f : family.value) {
    std::vector<double> chance(std::size_t{1} << family.output_bits, 0.0);
    for (unsigned x : support) chance[f[x]] += each;
    double sum = 0;
    for (double p : chance) sum += std::abs(p - uniform);
    result.push_back(sum / 2);
  }
  return result;
}

// The largest mean over a seed whose bits, in the order `order`, have each probability in [1/2 - mu, 1/2 + mu] given the
// earlier ones: leaves to root.
double worst_mean(const std::vector<double>& leaf, const std::vector<int>& order, double mu, std::size_t depth = 0,
                  unsigned seed = 0) {
  if (depth == order.size()) return leaf[seed];
  const double zero = worst_mean(leaf, order, mu, depth + 1, seed);
  const double one = worst_mean(leaf, order, mu, depth + 1, seed | 1u << order[depth]);
  return (0.5 + mu) * std::max(zero, one) + (0.5 - mu) * std::min(zero, one);
}

double bound(const SmallFamily& family, double k1, double deficit) {
  const double m = family.output_bits;
  const double inside = std::exp2(deficit) * (std::exp2(m - k1) + std::exp2(m) * family.delta - 1);
  return 0.5 * std::sqrt(std::max(0.0, inside));
}

struct Found {
  double largest_ratio = 0;                  ///< measured over bound, must stay below 1
  double largest_ratio_without_deficit = 0;  ///< the same with Delta left out, must not
};

// Random supports, affine ones (on which linear hashes do worst) and seeds in several orders.
Found search(const SmallFamily& family, int k1, double mu, std::mt19937& random) {
  Found found;
  const double deficit = family.seed_bits * std::log2(1 + 4 * mu * mu);
  std::vector<int> order(static_cast<std::size_t>(family.seed_bits));
  std::iota(order.begin(), order.end(), 0);
  for (int repeat = 0; repeat < 40; ++repeat) {
    std::vector<unsigned> support;
    if (repeat % 2 == 0) {
      std::vector<unsigned> all(std::size_t{1} << family.raw_bits);
      std::iota(all.begin(), all.end(), 0u);
      std::shuffle(all.begin(), all.end(), random);
      support.assign(all.begin(), all.begin() + (1 << k1));
    } else {
      std::vector<unsigned> basis;
      support = {static_cast<unsigned>(random()) & ((1u << family.raw_bits) - 1)};
      while (support.size() < std::size_t{1} << k1) {
        const unsigned direction = static_cast<unsigned>(random()) & ((1u << family.raw_bits) - 1);
        if (std::find(support.begin(), support.end(), support[0] ^ direction) != support.end()) continue;
        for (std::size_t i = 0, size = support.size(); i < size; ++i) support.push_back(support[i] ^ direction);
      }
    }
    if (repeat % 3 == 0) std::shuffle(order.begin(), order.end(), random);
    const double measured = worst_mean(distances(family, support), order, mu);
    found.largest_ratio = std::max(found.largest_ratio, measured / bound(family, k1, deficit));
    found.largest_ratio_without_deficit =
        std::max(found.largest_ratio_without_deficit, measured / bound(family, k1, 0));
  }
  return found;
}

TEST(StatisticalDistance, StaysBelowTheBoundAndDeltaIsNeeded) {
  std::mt19937 random(1);
  double without = 0;
  for (const SmallFamily& family : {toeplitz(6, 1), toeplitz(7, 2), short_seed(4, 2, 1), short_seed(4, 2, 2),
                                    short_seed(3, 3, 1), short_seed(4, 3, 1)})
    for (int k1 : {2, 4, 5})
      for (double mu : {0.0, 0.05, 0.15, 0.3, 0.45}) {
        const Found found = search(family, k1, mu, random);
        EXPECT_LE(found.largest_ratio, 1.0) << family.name << " k1 = " << k1 << " mu = " << mu;
        without = std::max(without, found.largest_ratio_without_deficit);
      }
  EXPECT_GT(without, 1.0) << "the bound would hold without the price of the weak seed: this test could not fail";
}

TEST(StatisticalDistance, TheFamiliesAreAlmostTwoUniversal) {
  for (const SmallFamily& family : {toeplitz(6, 2), short_seed(4, 2, 2), short_seed(3, 3, 2), short_seed(4, 3, 3)}) {
    const auto seeds = static_cast<double>(family.value.size());
    for (unsigned x = 0; x < family.value[0].size(); x += 5)
      for (unsigned y = x + 1; y < family.value[0].size(); ++y) {
        double collisions = 0;
        for (const auto& f : family.value) collisions += f[x] == f[y];
        ASSERT_LE(collisions / seeds, family.delta + 1e-12) << family.name;
      }
  }
}

}  // namespace
}  // namespace bellows::extract
