#include "bellows/ecc/concatenated_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bellows/testing/codes.h"

namespace bellows::ecc {
namespace {

using namespace testing_codes;
using numeric::Exact;

TEST(ConcatenatedShape, ImpossibleNumbersAreNoCode) {
  const ConcatenatedShape good = *plan_for(20'000, 100, tiny);
  ASSERT_TRUE(is_possible(good));
  for (void (*spoil)(ConcatenatedShape&) :
       {+[](ConcatenatedShape& s) { s.raw_bits = 0; }, +[](ConcatenatedShape& s) { s.raw_bits = s.places() + 1; },
        +[](ConcatenatedShape& s) { s.raw_bits /= 8; }, +[](ConcatenatedShape& s) { s.blocks = 0; },
        +[](ConcatenatedShape& s) { s.blocks = 1u << s.symbol_bits(); },
        +[](ConcatenatedShape& s) { s.element_bits = 2; }, +[](ConcatenatedShape& s) { s.element_bits = 17; },
        +[](ConcatenatedShape& s) { s.element_bits = 0; }, +[](ConcatenatedShape& s) { s.element_bits = ~0u; },
        +[](ConcatenatedShape& s) { s.row_syndromes = 0; }, +[](ConcatenatedShape& s) { s.row_syndromes = ~0u; },
        +[](ConcatenatedShape& s) { s.row_syndromes = 5; }, +[](ConcatenatedShape& s) { s.check_bits = 17; },
        +[](ConcatenatedShape& s) { s.rows.clear(); }, +[](ConcatenatedShape& s) { s.rows[1] = 0; },
        +[](ConcatenatedShape& s) { s.rows[1] = s.blocks + 1; }, +[](ConcatenatedShape& s) { s.rows.resize(1000, 1); },
        +[](ConcatenatedShape& s) { s.rows.resize(s.block_bits() / 2 + 1, 1); }}) {
    ConcatenatedShape bad = good;
    spoil(bad);
    EXPECT_FALSE(is_possible(bad));
  }
  EXPECT_FALSE(plan_for(1000, 250, tiny));
  // Of searches that come to the end of their range.
  for (std::uint64_t raw_bits : {0u, 1u, 2u, 15u, 16u, 40u})
    for (std::uint64_t sample : {0u, 1u, 30u})
      for (std::uint64_t seen = 0; seen <= std::min<std::uint64_t>(sample, 3); ++seen) {
        const auto known = KnownErrors::from_sample(sample, seen, raw_bits);
        const auto shape = propose_concatenated(known, 1e-9);
        EXPECT_EQ(plan_concatenated(known, Exact::literal("1e-9")).has_value(), shape.has_value());
        likely_concatenated_bits(known, 1e-9);
      }
}

TEST(ConcatenatedScheme, OnlyWhatIsProvedPasses) {
  // 10^8 pairs, 0.5 % noise.
  const std::uint64_t size = 1'020'000, sample = 1'300'000, seen = 3250;
  const ErrorsToCorrect errors{0, KnownErrors::from_sample(sample, seen, size), tiny};
  auto scheme = plan_scheme(Code::concatenated, size, errors);
  ASSERT_TRUE(scheme.ok());
  EXPECT_LT(scheme->leaked_bits(), 15.4 * 2550);  // errors to be expected; bch: 24 for each
  EXPECT_TRUE(check_scheme(*scheme, size, errors).ok());
  // Other numbers than planned are good too, if they are proved.
  Scheme generous = *scheme;
  ++generous.shape.rows[4];
  EXPECT_TRUE(check_scheme(generous, size, errors).ok());
  // Those that are neither published nearly whole nor so short that one element more is a lot more.
  for (std::size_t row = 2; row < 9; ++row) {
    Scheme thin = *scheme;
    thin.shape.rows[row] -= thin.shape.rows[row] / 10;
    EXPECT_EQ(check_scheme(thin, size, errors).error().code, ErrorCode::bad_input) << row;
  }
  Scheme shorter = *scheme;  // a block with so many errors is unlikely, and not unlikely enough
  shorter.shape.rows.resize(shorter.shape.rows.size() - 4);
  EXPECT_EQ(check_scheme(shorter, size, errors).error().code, ErrorCode::bad_input);
  Scheme blind = *scheme;
  blind.shape.check_bits = 0;
  EXPECT_FALSE(check_scheme(blind, size, errors).ok());
  for (const ErrorsToCorrect& worse : {ErrorsToCorrect{0, KnownErrors::from_sample(sample, seen + 60, size), tiny},
                                       ErrorsToCorrect{0, KnownErrors::from_sample(sample - 40'000, seen, size), tiny},
                                       ErrorsToCorrect{0, errors.known, Exact::literal("1e-13")}, at_most(3200, size)})
    EXPECT_FALSE(check_scheme(*scheme, size, worse).ok());
  Scheme other_length = *scheme;
  other_length.shape.raw_bits -= 1;
  EXPECT_FALSE(check_scheme(other_length, size, errors).ok());
  // Lengths that plan_scheme refuses.
  for (std::uint64_t odd_size : {std::uint64_t{63}, most_raw_bits + 1}) {
    Scheme odd = *scheme;
    odd.raw_bits = odd.shape.raw_bits = odd_size;
    odd.shape.element_bits = 16;
    odd.shape.row_syndromes = 1;
    odd.shape.blocks = static_cast<std::uint32_t>(odd_size / 65'535 + 1);
    odd.shape.rows = {1};
    EXPECT_EQ(check_scheme(odd, odd_size, ErrorsToCorrect::at_most(1, odd_size, Exact::literal("0.999"))).error().code,
              ErrorCode::bad_input);
  }
  Scheme talkative = *scheme;
  talkative.shape.rows.assign(400, talkative.shape.blocks);
  EXPECT_EQ(check_scheme(talkative, size, errors).error().code, ErrorCode::bad_input);
  // One part in thirty about, in what is only looked at.
  const auto likely = likely_concatenated_bits(errors.known, tiny.approximate());
  ASSERT_TRUE(likely);
  EXPECT_NEAR(static_cast<double>(*likely), static_cast<double>(scheme->leaked_bits()),
              0.03 * static_cast<double>(*likely));
  EXPECT_TRUE(plan_scheme(Code::concatenated, 20'000, at_most(0, 20'000)).ok());
  EXPECT_EQ(plan_scheme(Code::concatenated, 1000, at_most(200, 1000)).error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace bellows::ecc
