// Ten thousand small runs of which everything is known: Eve knows which trials a quantum box answered and what the
// local strategy of the others was, so the probability that she gave to the very string that came out is a product.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <random>

#include "bellows/certify/certify.h"
#include "bellows/certify/search.h"
#include "bellows/testing/shared_data.h"

namespace bellows::certify {
namespace {

using estimate::Counts;
using plan::Method;

struct KnownRun {
  Counts counts{};
  double surprise_bits = 0;  ///< -log2 of the probability that Eve gave to the string
};

/// Tsirelson's box in a share of the trials, a = b = 0 in the rest; the source makes the settings rare at which that
/// loses.
KnownRun draw(std::uint64_t trials, double quantum_share, double mu, std::mt19937_64& random) {
  const auto part_of = [&](std::uint64_t count, double p) {
    return std::binomial_distribution<std::uint64_t>(count, std::clamp(p, 0.0, 1.0))(random);
  };
  KnownRun run;
  const std::uint64_t quantum = part_of(trials, quantum_share);
  for (const bool is_quantum : {true, false}) {
    const std::uint64_t here = is_quantum ? quantum : trials - quantum, x1 = part_of(here, 0.5 - mu);
    for (unsigned x : {0u, 1u}) {
      const std::uint64_t of_x = x == 1 ? x1 : here - x1, y1 = part_of(of_x, 0.5 - mu);
      for (unsigned y : {0u, 1u}) {
        const std::uint64_t of_xy = y == 1 ? y1 : of_x - y1;
        const unsigned pair = 8 * x + 4 * y;
        if (!is_quantum) {
          run.counts[pair] += of_xy;
          continue;
        }
        const double p_win = 0.5 + std::sqrt(0.125);
        const std::uint64_t won = part_of(of_xy, p_win), lost = of_xy - won;
        run.surprise_bits +=
            static_cast<double>(won) * (1 - std::log2(p_win)) + static_cast<double>(lost) * (1 - std::log2(1 - p_win));
        const unsigned win_xor = x & y;  // a xor b of a win
        for (const auto& [count, a_xor_b] : {std::pair(won, win_xor), std::pair(lost, 1 - win_xor)}) {
          const std::uint64_t a1 = part_of(count, 0.5);
          run.counts[pair + a_xor_b] += count - a1;
          run.counts[pair + 2 + (1 - a_xor_b)] += a1;
        }
      }
    }
  }
  return run;
}

// Of m bits that are close to uniform for Eve, those that came out had about the probability 2^-m for her, and the
// string that they were made of at most that. That it had 2^20 times more happens with probability 1e-6, so in no run
// here.
TEST(SmallRuns, NoCertificateExceedsWhatEveDidNotKnow) {
  struct Case {
    Method method;
    const char* mu;
    std::uint64_t trials;
  };
  const Case cases[] = {{Method::win, "0", 1u << 17},
                        {Method::win, "0.02", 1u << 17},
                        {Method::two_sided, "0", 1u << 17},
                        {Method::two_sided, "0.0075", 1u << 17},
                        {Method::two_sided, "0.03", 1u << 17},
                        {Method::mdl, "0.0075", 1u << 22},
                        {Method::win_older, "0.0075", 1u << 20},
                        {Method::mdl_as_printed, "0.0075", 1u << 24}};
  std::mt19937_64 random(20);
  std::uniform_real_distribution<double> uniform(0, 1);
  const int runs = testing::sanitized() ? 150 : 1250;
  for (const Case& one : cases) {
    SCOPED_TRACE(::testing::Message() << plan::name(one.method) << ", mu = " << one.mu);
    PlanWishes wishes;
    wishes.method = one.method;
    wishes.mu = Exact::literal(one.mu);
    wishes.epsilon = Exact::literal("1e-6");
    wishes.trial_count = one.trials;
    const auto plan = built_in_plan(wishes);
    ASSERT_TRUE(plan.ok()) << plan.error().describe();
    std::map<std::uint64_t, std::uint64_t> bits_at;  // by threshold
    int certified = 0;
    double closest = 1e18;
    for (int number = 0; number < runs; ++number) {
      const double share = number % 2 == 0 ? 1 - 0.1 * uniform(random) : uniform(random);
      const KnownRun run = draw(one.trials, share, wishes.mu.approximate(), random);
      estimate::Evidence evidence;
      evidence.simulated = true;
      evidence.blocks.push_back(
          {.block_index = 0, .trial_count = one.trials, .start_time_ns = 0, .n_xyab = run.counts});
      const auto reached = plan->thresholds.reached(observed_score(*plan, evidence));
      if (!reached) continue;
      if (!bits_at.contains(*reached)) {
        const auto certificate = certify(*plan, evidence);
        ASSERT_TRUE(certificate.ok()) << certificate.error().describe();
        bits_at[*reached] = certificate->output_bits();
      }
      const std::uint64_t bits = bits_at[*reached];
      certified += bits > 0;
      if (bits > 0) closest = std::min(closest, run.surprise_bits - static_cast<double>(bits));
      ASSERT_LE(static_cast<double>(bits), run.surprise_bits + 20) << "share " << share;
    }
    EXPECT_GT(certified, 2 * runs / 25) << "nothing is tried where nothing is certified";
    RecordProperty(std::string(plan::name(one.method)) + "_" + one.mu, std::to_string(closest));
  }
}

}  // namespace
}  // namespace bellows::certify
