#include "bellows/estimate/settings_reuse.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <vector>

#include "bellows/bits/bit_string.h"

namespace bellows::estimate {
namespace {

constexpr std::uint64_t fewest_trials = 256, longest_sure_period = std::uint64_t{1} << 22;
constexpr std::uint64_t table_size = std::uint64_t{1} << 18;
constexpr double least_share = 0.1, whole_share = 0.7;
constexpr std::uint64_t least_repeats = 16;

/// The settings of 64 trials in a row, and which trial the last of them was.
struct Window {
  std::uint64_t x = 0, y = 0, last_trial = 0;
};

/// Remembers windows and meets them again. Which windows are looked at depends on their own last settings, so that the
/// same ones are looked at wherever they stand: records that are lost or added only shift them.
class Windows {
 public:
  /// One window of 2^rarity, on average.
  explicit Windows(unsigned rarity) : rarity_(rarity), table_(table_size) {}

  /// The next 64 trials.
  void add(std::uint64_t x, std::uint64_t y) {
    if (trials_ != 0) {
      const std::uint64_t x_1 = x << 1 | last_x_ >> 63, y_1 = y << 1 | last_y_ >> 63;
      const std::uint64_t x_2 = x << 2 | last_x_ >> 62, y_2 = y << 2 | last_y_ >> 62;
      const std::uint64_t marks[] = {x, ~y, ~x_1, y_1, x_2, y_2};
      std::uint64_t chosen = ~std::uint64_t{0};
      for (unsigned mark = 0; mark < rarity_; ++mark) chosen &= marks[mark];
      for (; chosen != 0; chosen &= chosen - 1) {
        const auto last = static_cast<unsigned>(std::countr_zero(chosen));
        if (last == 63) {
          meet({x, y, trials_ + last});
        } else {
          meet({x << (63 - last) | last_x_ >> (last + 1), y << (63 - last) | last_y_ >> (last + 1), trials_ + last});
        }
      }
    }
    last_x_ = x, last_y_ = y, trials_ += 64;
  }

  std::uint64_t repeats() const { return repeats_; }
  /// The distance at which most windows came again.
  std::uint64_t period() const {
    std::uint64_t best = 0, most = 0;
    for (auto [distance, count] : distances_)
      if (count > most) best = distance, most = count;
    return best;
  }
  /// Windows that were looked at from this trial on; exact for multiples of a step.
  std::uint64_t seen_from(std::uint64_t trial) const {
    const std::uint64_t step = trial / step_trials;
    return seen_ - (step < seen_before_step_.size() ? seen_before_step_[step] : seen_);
  }

 private:
  static constexpr std::uint64_t step_trials = 1024, most_steps = 2 * longest_sure_period / step_trials;

  void meet(const Window& window) {
    while (seen_before_step_.size() < most_steps && seen_before_step_.size() * step_trials <= window.last_trial)
      seen_before_step_.push_back(seen_);
    ++seen_;
    const std::uint64_t mixed = (window.x ^ std::rotl(window.y * 0x9e3779b97f4a7c15u, 29)) * 0xd6e8feb86659fd93u;
    Window& known = table_[mixed >> 46];
    if (known.x == window.x && known.y == window.y && known.last_trial != 0) {
      ++repeats_;
      ++distances_[window.last_trial - known.last_trial];
      // Rare distances go when there are too many.
      if (distances_.size() > 4096) std::erase_if(distances_, [](const auto& entry) { return entry.second < 3; });
      if (distances_.size() > 4096) distances_.clear();
    }
    known = window;
  }

  unsigned rarity_;
  std::vector<Window> table_;
  std::map<std::uint64_t, std::uint64_t> distances_;
  std::vector<std::uint64_t> seen_before_step_;
  std::uint64_t last_x_ = 0, last_y_ = 0, trials_ = 0, seen_ = 0, repeats_ = 0;
};

/// Settings of blocks of any size, joined to words of 64 trials.
class Joined {
 public:
  explicit Joined(Windows& to) : to_(to) {}
  void add(bits::BitView x, bits::BitView y) {
    for (std::uint64_t done = 0; done < x.size_bits; done += 64) {
      const auto count = static_cast<unsigned>(std::min<std::uint64_t>(64, x.size_bits - done));
      add_word(x.word_at_bit(done) & bits::low_mask(count), y.word_at_bit(done) & bits::low_mask(count), count);
    }
  }

 private:
  void add_word(std::uint64_t x, std::uint64_t y, unsigned count) {
    x_ |= x << filled_, y_ |= y << filled_;
    if (filled_ + count < 64) {
      filled_ += count;
      return;
    }
    to_.add(x_, y_);
    const unsigned used = 64 - filled_;
    x_ = used == 64 ? 0 : x >> used, y_ = used == 64 ? 0 : y >> used;
    filled_ = count - used;
  }

  Windows& to_;
  std::uint64_t x_ = 0, y_ = 0;
  unsigned filled_ = 0;
};

}  // namespace

std::string SettingsReuse::in_words() const {
  if (share_repeated >= whole_share)
    return fmt::format(
        "NOT MET by these records: fresh settings for every trial. One list of {} settings was used {} times, so all but "
        "the first "
        "pass were known beforehand; the certificate holds only for a device and an Eve that did not use this.",
        period_trials, times);
  return fmt::format(
      "NOT MET by these records: fresh settings for every trial. About {:.0f} % of the settings are those of earlier "
      "trials again, mostly of {} trials before, and were known beforehand; the certificate holds only for a device and an "
      "Eve that did not use this.",
      100 * share_repeated, period_trials);
}

Result<std::optional<SettingsReuse>> find_settings_reuse(const trials::LogReader& log, const Context& context) {
  const std::uint64_t trial_count = log.trial_count();
  if (trial_count < fewest_trials) return std::optional<SettingsReuse>();
  // The longest period fills a quarter of the table.
  const std::uint64_t longest = std::min(longest_sure_period, trial_count / 2);
  const auto rarity = static_cast<unsigned>(std::max(0, static_cast<int>(std::bit_width(longest - 1)) - 16));
  Windows windows(rarity);
  Joined joined(windows);
  for (std::uint64_t i = 0; i < log.block_count(); ++i) {
    BELLOWS_TRY(context.check_cancelled());
    BELLOWS_ASSIGN(trials::BlockView block, log.block(i, trials::BlockCheck::none));
    joined.add(block.setting(0), block.setting(1));
    log.release(i);
  }
  if (windows.repeats() < least_repeats) return std::optional<SettingsReuse>();
  const std::uint64_t period = windows.period();
  if (period == 0 || period >= trial_count) return std::optional<SettingsReuse>();
  // Of the windows that could repeat. Counted, and as many as there should be: few may be looked at.
  const double could = std::max(static_cast<double>(windows.seen_from(period)),
                                static_cast<double>(trial_count - period) / std::exp2(rarity) / 2);
  const double share = std::min(1.0, static_cast<double>(windows.repeats()) / could);
  if (share < least_share) return std::optional<SettingsReuse>();
  return std::optional(SettingsReuse{period, divide_up(trial_count, period), share});
}

}  // namespace bellows::estimate
