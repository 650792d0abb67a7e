#pragma once

#include <cstdint>

#include "bellows/plan/plan.h"

namespace bellows::plan {

bool publishes(const Plan& plan, Publication item);

/// Whether what the plan publishes tells its score, which may then stand in public files. The numbers of wins by group
/// add up to a win frequency; they do not tell the numbers of an MDL value or of a witness.
bool pays_for_score(const Plan& plan);

/// What `block-scores` publishes: the number of trials won in each of these groups of consecutive trials of the plan,
/// whatever blocks the log has. The price (certify::price_bits) and the page (report) both start here.
struct ScoreGroups {
  std::uint64_t group_trials = block_trial_count;
  std::uint64_t whole_count = 0;  ///< groups of group_trials trials
  std::uint64_t rest_trials = 0;  ///< trials of a last, shorter group; 0: there is none
};
ScoreGroups score_groups(std::uint64_t plan_trial_count);

}  // namespace bellows::plan
