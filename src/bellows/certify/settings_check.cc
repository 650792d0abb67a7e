#include <fmt/format.h>

#include <algorithm>

#include "bellows/certify/certify.h"

namespace bellows::certify {

SettingsCheck check_settings(const estimate::Counts& counts, const Exact& mu) {
  const estimate::SettingCheck found = estimate::check_settings(counts, mu.approximate());
  const estimate::SettingFrequency& worst = found.frequencies[found.worst];
  SettingsCheck check;
  check.consistent = found.consistent;
  check.sigmas = std::max(0.0, worst.sigmas);
  if (worst.sigmas > 0) {
    const bool high = worst.share > worst.allowed_high;
    check.worst = fmt::format("P({}) = {:.3f} %, {} {:.3f} %", worst.name, 100 * worst.share,
                              high ? "at most" : "at least", 100 * (high ? worst.allowed_high : worst.allowed_low));
  }
  return check;
}

}  // namespace bellows::certify
