#include <fmt/format.h>

#include <cmath>

#include "bellows/certify/certify.h"

namespace bellows::certify {

SettingsCheck check_settings(const estimate::Counts& counts, const Exact& mu) {
  constexpr double alarm_sigmas = 4;  // as estimate::SettingCheck::sigmas_allowed
  SettingsCheck check;
  const auto total = static_cast<double>(estimate::sum(counts));
  if (total == 0) return check;
  double pair[2][2] = {};
  for (unsigned x = 0; x < 2; ++x)
    for (unsigned y = 0; y < 2; ++y)
      for (unsigned ab = 0; ab < 4; ++ab)
        pair[x][y] += static_cast<double>(counts[estimate::count_index(x, y, ab >> 1, ab & 1)]) / total;
  auto look = [&](const std::string& what, double frequency, double low, double high) {
    const double bound = frequency > high ? high : low, outside = frequency > high ? frequency - high : low - frequency;
    if (!(outside > 0)) return;
    const double sigmas = outside / std::sqrt(std::max(bound * (1 - bound), 1 / total) / total);
    if (sigmas <= check.sigmas) return;
    check.sigmas = sigmas;
    check.worst = fmt::format("{} = {:.3f} %, {} {:.3f} %", what, 100 * frequency,
                              frequency > high ? "at most" : "at least", 100 * bound);
  };
  const double m = mu.approximate(), low = 0.5 - m, high = 0.5 + m;
  look("P(x=1)", pair[1][0] + pair[1][1], low, high);
  look("P(y=1)", pair[0][1] + pair[1][1], low, high);
  for (unsigned x = 0; x < 2; ++x)
    for (unsigned y = 0; y < 2; ++y) look(fmt::format("P(x={},y={})", x, y), pair[x][y], low * low, high * high);
  check.consistent = check.sigmas < alarm_sigmas;
  return check;
}

}  // namespace bellows::certify
