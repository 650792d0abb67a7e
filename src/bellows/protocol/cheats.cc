#include "bellows/protocol/cheats.h"

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
