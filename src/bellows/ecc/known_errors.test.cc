#include "bellows/ecc/known_errors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bellows/testing/codes.h"

namespace bellows::ecc {
namespace {

using namespace testing_codes;
using numeric::Exact;

// Whatever the number of errors in all: the chance of what is seen, times how often a code may then fail, sums up to
// epsilon at most.
TEST(KnownErrors, TheirWeightsShareEpsilonOut) {
  struct Case {
    std::uint64_t sample, raw;
  };
  for (Case c : {Case{40, 25}, Case{300, 700}, Case{2000, 100}, Case{5, 60}})
    for (std::uint64_t total = 0; total <= c.sample + c.raw; total += 1 + total / 7) {
      double sum = 0, chance = 0;
      for (std::uint64_t seen = total > c.raw ? total - c.raw : 0; seen <= std::min(total, c.sample); ++seen) {
        const auto known = KnownErrors::from_sample(c.sample, seen, c.raw);
        const std::uint64_t errors = total - seen;
        const double p =
            (ln_choose(c.sample, seen) + ln_choose(c.raw, errors) - ln_choose(c.sample + c.raw, total)).middle();
        chance += std::exp(p);
        sum += std::exp(p - known.ln_most_weight(errors, errors).upper());
        EXPECT_NEAR(known.likely_ln_weight(static_cast<double>(errors)), known.ln_most_weight(errors, errors).middle(),
                    1e-6);
      }
      EXPECT_NEAR(chance, 1, 1e-9);
      EXPECT_LE(sum, 1) << c.sample << " " << c.raw << " " << total;
      if (total <= std::min(c.sample, c.raw)) {
        EXPECT_GE(sum, 0.4);  // and little is given away
      }
    }
}

TEST(KnownErrors, NoNumberWeighsMoreThanIsSaid) {
  for (std::uint64_t seen : {0u, 1u, 7u, 30u}) {
    const auto known = KnownErrors::from_sample(600, seen, 400);
    for (const char* chance : {"0.1", "1e-3", "1e-9", "1e-30"}) {
      const numeric::Ball epsilon{Exact::literal(chance)};
      const std::uint64_t last = known.last_to_correct(epsilon);
      EXPECT_LE(last, 400u);
      EXPECT_NEAR(static_cast<double>(last), static_cast<double>(known.likely_last_to_correct(epsilon.middle())), 1);
      for (std::uint64_t e = last + 1; e <= 400; ++e)
        EXPECT_LE(known.ln_most_weight(e, e).upper(), numeric::ln(epsilon).upper() + 1e-12) << seen << " " << e;
    }
    for (std::uint64_t first = 0; first <= 400; first += 13)
      for (std::uint64_t last = first; last <= 400; last += 29)
        for (std::uint64_t e = first; e <= last; e += 3)
          EXPECT_GE(known.ln_most_weight(first, last).lower(), known.ln_most_weight(e, e).lower() - 1e-9);
  }
  EXPECT_EQ(KnownErrors::from_sample(0, 0, 50).last_to_correct(numeric::Ball(Exact::literal("1e-9"))), 50u);
  EXPECT_EQ(KnownErrors::at_most(7, 50).last_to_correct(numeric::Ball(Exact::literal("1e-9"))), 7u);
}

}  // namespace
}  // namespace bellows::ecc
