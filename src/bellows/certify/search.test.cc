#include "bellows/certify/search.h"

#include <gtest/gtest.h>

#include "bellows/certify/certify.h"
#include "bellows/certify/tradeoff.h"

namespace bellows::certify {
namespace {

PlanWishes wishes_of_a_million() {
  PlanWishes wishes;
  wishes.method = plan::Method::win;
  wishes.mu = Exact::literal("0.01");
  wishes.epsilon = Exact::literal("1e-9");
  wishes.trial_count = 1000000;
  return wishes;
}

// What was found once is remembered; a plan that differs in anything is another plan.
TEST(Search, OnlyTheBuiltInGridMayCallItselfBuiltIn) {
  auto built = built_in_plan(wishes_of_a_million());
  ASSERT_TRUE(built.ok());
  plan::Plan denser = *built, shifted = *built, later = *built;
  const auto& grid = built->thresholds;
  auto fitting = [](plan::Plan& plan) {
    plan.epsilons = plan::split_epsilon(plan.epsilons.total, plan.threshold_events(), plan.extractor);
  };
  denser.thresholds = plan::Thresholds::grid(grid.lowest(), grid.highest(), grid.count() * 2);
  shifted.thresholds = plan::Thresholds::grid(grid.lowest() + Exact::literal("1e-6"), grid.highest(), grid.count());
  later.trial_count *= 2;
  fitting(denser);
  for (int time = 0; time < 2; ++time) {
    EXPECT_TRUE(check_origin(*built).ok());
    for (const plan::Plan& other : {denser, shifted, later}) {
      EXPECT_TRUE(check_plan(other).ok());
      ASSERT_FALSE(check_origin(other).ok());
      EXPECT_EQ(check_origin(other).error().code, ErrorCode::refused);
      plan::Plan of_a_file = other;
      of_a_file.origin = plan::Origin::file;
      EXPECT_TRUE(check_origin(of_a_file).ok());
    }
  }
  // More plans than are remembered.
  PlanWishes wishes = wishes_of_a_million();
  for (wishes.trial_count = 1000000; wishes.trial_count < 1000020; ++wishes.trial_count) {
    auto plan = built_in_plan(wishes);
    ASSERT_TRUE(plan.ok());
    EXPECT_TRUE(check_origin(*plan).ok());
  }
  EXPECT_TRUE(check_origin(*built).ok());
  EXPECT_FALSE(check_origin(denser).ok());
}

// From mu = 0.0085 on the upper end of the grid lies beyond what a biased source lets any device reach, and steep proofs
// promise more than two bits a trial there: the seed must suffice for all thresholds below.
TEST(Search, TheSeedSufficesForEveryThreshold) {
  PlanWishes wishes;
  wishes.epsilon = Exact::literal("1e-12");
  wishes.trial_count = 1000000000;
  for (const char* mu : {"0", "0.01", "0.03"}) {
    wishes.mu = Exact::literal(mu);
    const auto plan = built_in_plan(wishes);
    ASSERT_TRUE(plan.ok()) << plan.error().describe();
    const auto source = tradeoff_source(plan->method, plan->polytope, ProofChoice::shipped());
    std::uint64_t most = 0;
    for (std::uint64_t i = 0; i < plan->thresholds.count(); i += 97)
      most = std::max(most, bound(claim_of(*plan, i), source->get())->extraction.seed_bits);
    EXPECT_GT(most, 0u);
    EXPECT_GE(plan->seed_bits, most) << mu;
    plan::Plan cut = *plan;
    cut.seed_bits = 5;
    EXPECT_FALSE(complete_plan(cut).ok()) << mu;
    EXPECT_TRUE(complete_plan(*plan).ok());
  }
}

// At 9 % a long seed costs all that a low score gives, while at the middle of the grid it is the better one.
TEST(Search, BothOutcomesGiveNoLessThanOne) {
  PlanWishes wishes;
  wishes.epsilon = Exact::literal("1e-12");
  wishes.trial_count = std::uint64_t{1} << 28;
  for (const char* mu : {"0.02", "0.07", "0.085", "0.09", "0.095"}) {
    wishes.mu = Exact::literal(mu);
    wishes.method = plan::Method::win;
    auto one = built_in_plan(wishes);
    wishes.method = plan::Method::two_sided;
    auto both = built_in_plan(wishes);
    ASSERT_TRUE(one.ok() && both.ok());
    for (const char* score : {"0.834", "0.837", "0.84", "0.845", "0.8535"}) {
      const double with_one = static_cast<double>(certify_hypothetical(*one, Exact::literal(score))->output_bits());
      const double with_both = static_cast<double>(certify_hypothetical(*both, Exact::literal(score))->output_bits());
      EXPECT_GE(with_both, 0.97 * with_one - 1000) << mu << " " << score;
    }
  }
}

}  // namespace
}  // namespace bellows::certify
