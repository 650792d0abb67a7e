#include "bellows/estimate/settings_reuse.h"

#include <fmt/format.h>

#include "bellows/bits/bit_string.h"

namespace bellows::estimate {
namespace {

constexpr std::uint64_t shortest_period = 128, longest_period = std::uint64_t{1} << 22;

struct Settings {
  bits::BitString x, y;
};

// Settings of the first trials, at least `wanted` if the log has so many.
Result<Settings> first_settings(const trials::LogReader& log, std::uint64_t wanted) {
  Settings settings;
  for (std::uint64_t i = 0; i < log.block_count() && settings.x.size_bits() < wanted; ++i) {
    BELLOWS_ASSIGN(trials::BlockView block, log.block(i, trials::BlockCheck::none));
    settings.x.append(block.setting(0));
    settings.y.append(block.setting(1));
  }
  return settings;
}

// Whether `size` bits of `string` equal those `shift` places further on.
bool repeats(bits::BitView string, std::uint64_t shift, std::uint64_t size) {
  for (std::uint64_t i = 0; i < size; i += 64) {
    std::uint64_t count = std::min<std::uint64_t>(64, size - i);
    if (((string.word_at_bit(i) ^ string.word_at_bit(i + shift)) & bits::low_mask(count)) != 0) return false;
  }
  return true;
}

// The whole log against its own first period, block by block.
Result<bool> whole_log_repeats(const trials::LogReader& log, const Settings& start, std::uint64_t period,
                               const Context& context) {
  for (std::uint64_t i = 0; i < log.block_count(); ++i) {
    BELLOWS_TRY(context.check_cancelled());
    BELLOWS_ASSIGN(trials::BlockView block, log.block(i, trials::BlockCheck::none));
    for (std::uint64_t done = 0; done < block.trial_count;) {
      std::uint64_t place = (block.first_trial + done) % period;
      std::uint64_t count = std::min({std::uint64_t{64}, block.trial_count - done, period - place});
      std::uint64_t mask = bits::low_mask(count);
      bool same = ((block.setting(0).word_at_bit(done) ^ start.x.view().word_at_bit(place)) & mask) == 0 &&
                  ((block.setting(1).word_at_bit(done) ^ start.y.view().word_at_bit(place)) & mask) == 0;
      if (!same) return false;
      done += count;
    }
    log.release(i);
  }
  return true;
}

}  // namespace

std::string SettingsReuse::in_words() const {
  return fmt::format(
      "NOT MET by these records: fresh settings for every trial. One list of {} settings was used {} times, so all but "
      "the first "
      "pass were known beforehand; the certificate holds only for a device and an Eve that did not use this.",
      period_trials, times);
}

Result<std::optional<SettingsReuse>> find_settings_reuse(const trials::LogReader& log, const Context& context) {
  std::uint64_t trial_count = log.trial_count();
  std::uint64_t longest = std::min(longest_period, trial_count / 2);
  if (longest < shortest_period) return std::optional<SettingsReuse>();
  BELLOWS_ASSIGN(Settings start, first_settings(log, 2 * longest));
  for (std::uint64_t period = shortest_period; period <= longest; ++period) {
    // 64 settings of each party first: a random log goes on to the next period almost always.
    if (start.x.view().word_at_bit(period) != start.x.words()[0] ||
        start.y.view().word_at_bit(period) != start.y.words()[0])
      continue;
    std::uint64_t compare = std::min(longest, start.x.size_bits() - period);
    if (!repeats(start.x, period, compare) || !repeats(start.y, period, compare)) continue;
    BELLOWS_ASSIGN(bool whole, whole_log_repeats(log, start, period, context));
    if (whole) return std::optional(SettingsReuse{period, divide_up(trial_count, period)});
  }
  return std::optional<SettingsReuse>();
}

}  // namespace bellows::estimate
