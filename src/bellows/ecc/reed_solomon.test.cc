#include "bellows/ecc/reed_solomon.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "bellows/testing/codes.h"

namespace bellows::ecc {
namespace {

using namespace testing_codes;

TEST(ReedSolomon, FindsErasedAndWrongPlaces) {
  std::mt19937_64 engine(1);
  for (unsigned w : {3u, 5u, 8u, 10u}) {
    const ElementField field = element_field(w);
    for (std::uint32_t length : {1u, 2u, 5u, (1u << w) / 3, (1u << w) - 1}) {
      const ReedSolomonCode code(field, length);
      for (int round = 0; round < 30; ++round) {
        const auto erased_count = static_cast<std::uint32_t>(engine() % (length + 1));
        const auto wrong_count = static_cast<std::uint32_t>(engine() % (length - erased_count + 1));
        const std::uint32_t count = erased_count + 2 * wrong_count;
        std::vector<std::uint32_t> places(length);
        for (std::uint32_t i = 0; i < length; ++i) places[i] = i;
        std::shuffle(places.begin(), places.end(), engine);
        std::vector<std::uint32_t> erased(places.begin(), places.begin() + erased_count);
        std::sort(erased.begin(), erased.end());
        SecretElements row(length);
        for (std::uint32_t i = 0; i < erased_count + wrong_count; ++i)
          row[places[i]] =
              static_cast<Element>(i < erased_count ? engine() % (1u << w) : 1 + engine() % ((1u << w) - 1));
        if (count > length) continue;  // a row has no more syndromes than places
        const SecretElements syndromes = code.syndromes(row, count);
        for (std::uint32_t k = 0; k < std::min(count, 4u); ++k) {  // the definition
          Element sum = 0;
          for (std::uint32_t i = 0; i < length; ++i)
            sum ^= bch_kernel_portable().multiply(field, row[i], power(field, i + 1, k));
          EXPECT_EQ(syndromes[k], sum);
        }
        const auto found = code.find_row(syndromes, erased);
        ASSERT_TRUE(found) << w << " " << length << " " << erased_count << " " << wrong_count;
        EXPECT_EQ(*found, row);
      }
    }
  }
}

TEST(ReedSolomon, SaysWhenThereIsNoSuchRow) {
  const ElementField field = element_field(8);
  const ReedSolomonCode code(field, 200);
  std::mt19937_64 engine(2);
  int none = 0;
  for (int round = 0; round < 100; ++round) {
    SecretElements row(200);
    for (auto& element : row) element = static_cast<Element>(engine() % 256);
    const auto syndromes = code.syndromes(row, 20);
    const auto found = code.find_row(syndromes, {3, 7});
    if (!found) {
      ++none;
      continue;
    }
    EXPECT_EQ(code.syndromes(*found, 20), syndromes);  // what is found at least fits
  }
  EXPECT_GT(none, 95);  // one in 9! random recursions has all its roots among 200 places
  EXPECT_FALSE(code.find_row(SecretElements(2), {1, 2, 3}));
}

}  // namespace
}  // namespace bellows::ecc
