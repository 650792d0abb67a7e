#include "bellows/protocol/cheats.h"

#include <algorithm>

namespace bellows::protocol {

LocalStrategy best_local_strategy(const bell::Functional& losses) {
  const bell::Scenario& s = losses.scenario;
  const int n = s.parties();
  LocalStrategy best;
  bool any = false;
  // Strategy: two bits a party, the answers to setting 0 and to setting 1.
  for (std::uint64_t strategy = 0; strategy < std::uint64_t{1} << (2 * n); ++strategy) {
    LocalStrategy trial;
    trial.answers.resize(s.joint_settings());
    for (std::size_t x = 0; x < s.joint_settings(); ++x) {
      std::size_t a = 0;
      for (int p = 0; p < n; ++p) a |= ((strategy >> (2 * p + static_cast<int>((x >> p) & 1U))) & 1U) << p;
      trial.answers[x] = a;
      if (losses.coefficients[s.table_index(a, x)] != 0) trial.failing_settings.push_back(x);
    }
    if (!any || trial.failing_settings.size() < best.failing_settings.size()) best = std::move(trial);
    any = true;
  }
  return best;
}

std::vector<double> SettingSource::danger_of_prefixes(const std::vector<std::size_t>& settings, int parties, double mu) {
  const std::size_t leaves = std::size_t{1} << parties;
  std::vector<double> danger(2 * leaves, 0.0);
  for (std::size_t x : settings) danger[leaves + x] = 1;
  for (int i = parties; i-- > 0;) {
    for (std::size_t prefix = 0; prefix < std::size_t{1} << i; ++prefix) {
      const double zero = danger[(std::size_t{2} << i) + prefix];
      const double one = danger[(std::size_t{2} << i) + prefix + (std::size_t{1} << i)];
      danger[(std::size_t{1} << i) + prefix] = (0.5 + mu) * std::min(zero, one) + (0.5 - mu) * std::max(zero, one);
    }
  }
  return danger;
}

double SettingSource::smallest_probability(const std::vector<std::size_t>& settings, int parties, double mu) {
  return danger_of_prefixes(settings, parties, mu)[1];
}

std::size_t SettingSource::draw(const SimulatedDevice& device) {
  if (scheme_ == SourceScheme::fair) return source_->draw_towards(0, parties_, 0);
  const std::vector<std::size_t>* failing = scheme_ == SourceScheme::colluding ? device.failing_settings() : nullptr;
  if (failing == nullptr) return source_->draw_towards(~std::uint64_t{0}, parties_);
  if (failing != known_) {
    danger_ = danger_of_prefixes(*failing, parties_, source_->mu());
    known_ = failing;
  }
  std::size_t x = 0;
  for (int i = 0; i < parties_; ++i) {
    const double zero = danger_[(std::size_t{2} << i) + x];
    const double one = danger_[(std::size_t{2} << i) + x + (std::size_t{1} << i)];
    if (source_->draw(one < zero ? 1 : -1)) x |= std::size_t{1} << i;
  }
  return x;
}

Result<SourceScheme> scheme_from_name(std::string_view name) {
  for (const SourceScheme scheme : {SourceScheme::fair, SourceScheme::leaning, SourceScheme::colluding}) {
    if (name == scheme_name(scheme)) return scheme;
  }
  return usage_error("no such scheme of the source", "fair, leaning, colluding", std::string(name));
}

const char* scheme_name(SourceScheme scheme) {
  switch (scheme) {
    case SourceScheme::fair: return "fair";
    case SourceScheme::leaning: return "leaning";
    case SourceScheme::colluding: return "colluding";
  }
  return "?";
}

}  // namespace bellows::protocol
