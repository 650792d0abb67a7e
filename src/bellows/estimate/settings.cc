#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bellows/estimate/evidence.h"

namespace bellows::estimate {
namespace {

double as_double(std::uint64_t count) { return static_cast<double>(count); }

std::uint64_t pair_trials(const Counts& counts, unsigned x, unsigned y) {
  const std::size_t first = count_index(x, y, 0, 0);
  return counts[first] + counts[first + 1] + counts[first + 2] + counts[first + 3];
}

SettingFrequency compare(std::string name, std::uint64_t count, std::uint64_t of_trials, double low, double high) {
  SettingFrequency frequency{std::move(name), count, of_trials, 0, low, high, 0};
  if (of_trials == 0) return frequency;
  const double n = as_double(of_trials), k = as_double(count);
  frequency.share = k / n;
  // Each draw has a probability in the range given all before it, so the count is dominated by binomials at its ends.
  frequency.sigmas =
      std::max((k - n * high) / std::sqrt(n * high * (1 - high)), (n * low - k) / std::sqrt(n * low * (1 - low)));
  return frequency;
}

}  // namespace

SettingCheck check_settings(const Counts& counts, double mu) {
  SettingCheck check;
  check.mu = mu;
  const double bit_low = 0.5 - mu, bit_high = 0.5 + mu;
  std::uint64_t pairs[4], n = sum(counts);
  for (unsigned pair = 0; pair < 4; ++pair) pairs[pair] = pair_trials(counts, pair >> 1, pair & 1);
  check.frequencies.push_back(compare("x=0", pairs[0] + pairs[1], n, bit_low, bit_high));
  check.frequencies.push_back(compare("y=0", pairs[0] + pairs[2], n, bit_low, bit_high));
  check.frequencies.push_back(compare("y=0|x=0", pairs[0], pairs[0] + pairs[1], bit_low, bit_high));
  check.frequencies.push_back(compare("y=0|x=1", pairs[2], pairs[2] + pairs[3], bit_low, bit_high));
  for (unsigned pair = 0; pair < 4; ++pair) {
    check.frequencies.push_back(compare(fmt::format("xy={}{}", pair >> 1, pair & 1), pairs[pair], n,
                                        least_pair_probability(mu), largest_pair_probability(mu)));
  }
  auto worst = std::max_element(check.frequencies.begin(), check.frequencies.end(),
                                [](const auto& one, const auto& other) { return one.sigmas < other.sigmas; });
  check.worst = static_cast<std::size_t>(worst - check.frequencies.begin());
  check.consistent = worst->sigmas <= SettingCheck::sigmas_allowed;
  return check;
}

}  // namespace bellows::estimate
