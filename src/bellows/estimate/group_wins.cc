#include "bellows/estimate/group_wins.h"

#include "bellows/estimate/count.h"

namespace bellows::estimate {
namespace {

std::uint64_t wins_of_first(const trials::BlockView& block, std::uint64_t trial_count) {
  return count_wins(count_trials(block.setting(0).first(trial_count), block.setting(1).first(trial_count),
                                 block.outcome(0).first(trial_count), block.outcome(1).first(trial_count)));
}

}  // namespace

Result<std::vector<GroupWins>> wins_of_groups(const trials::LogReader& log, const Evidence& evidence,
                                              std::uint64_t group_trials, const Context& context) {
  BELLOWS_CHECK(group_trials > 0, "groups of no trials");
  BELLOWS_TRY(log.require_two_party_chsh());
  if (evidence.blocks.size() != log.block_count() || evidence.trial_count() != log.trial_count())
    return bad_input("the evidence is of other blocks than the log", log.path().string(), std::nullopt,
                     std::to_string(log.trial_count()), std::to_string(evidence.trial_count()));
  std::vector<GroupWins> groups;
  for (std::uint64_t index = 0; index < log.block_count(); ++index) {
    const std::uint64_t first = log.block_first_trial(index), block_trials = log.block_trials(index);
    if (block_trials == 0) continue;
    const std::uint64_t block_wins = count_wins(evidence.blocks[index].n_xyab);
    const bool across = first / group_trials != (first + block_trials - 1) / group_trials;
    std::optional<trials::BlockView> view;
    if (across) {
      BELLOWS_TRY(context.check_cancelled());
      BELLOWS_ASSIGN(view, log.block(index));
    }
    std::uint64_t done = 0, wins_done = 0;
    while (done < block_trials) {
      const std::uint64_t at = first + done;
      if (at % group_trials == 0) groups.push_back({.first_trial = at});
      const std::uint64_t until = std::min(block_trials, done + group_trials - at % group_trials);
      const std::uint64_t wins = until == block_trials ? block_wins : wins_of_first(*view, until);
      groups.back().trial_count += until - done;
      groups.back().win_count += wins - wins_done;
      done = until, wins_done = wins;
    }
    if (across) log.release(index);
  }
  return groups;
}

}  // namespace bellows::estimate
