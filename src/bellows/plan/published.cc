#include "bellows/plan/published.h"

#include <algorithm>

namespace bellows::plan {

bool publishes(const Plan& plan, Publication item) {
  return std::find(plan.published.begin(), plan.published.end(), item) != plan.published.end();
}

bool pays_for_score(const Plan& plan) {
  return publishes(plan, Publication::score) || publishes(plan, Publication::counts) ||
         (publishes(plan, Publication::block_scores) && score_kind(plan.method) == ScoreKind::win_frequency);
}

ScoreGroups score_groups(std::uint64_t plan_trial_count) {
  return {block_trial_count, plan_trial_count / block_trial_count, plan_trial_count % block_trial_count};
}

}  // namespace bellows::plan
