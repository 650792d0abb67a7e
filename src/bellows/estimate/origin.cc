#include "bellows/estimate/origin.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bellows/estimate/settings_reuse.h"
#include "bellows/numeric/ranges.h"

namespace bellows::estimate {

Result<std::vector<std::string>> origin_notes(const trials::LogReader& log, const Context& context) {
  std::vector<std::string> notes;
  BELLOWS_ASSIGN(std::optional<SettingsReuse> reuse, find_settings_reuse(log, context));
  if (reuse) notes.push_back(reuse->in_words());
  const nlohmann::json& metadata = log.header().metadata;
  auto added = metadata.find(plan_added_later_key);
  if (added != metadata.end() && added->is_boolean() && added->get<bool>())
    notes.push_back(
        "The records came without a plan's digest, which was entered afterwards: that the plan was fixed before the "
        "first trial is the operator's word.");
  return notes;
}

Result<std::optional<numeric::Exact>> claimed_bias(const trials::LogReader& log) {
  const nlohmann::json& metadata = log.header().metadata;
  const auto simulated = metadata.find("simulated");
  if (simulated == metadata.end() || !simulated->is_boolean() || !simulated->get<bool>())
    return std::optional<numeric::Exact>();
  const nlohmann::json::json_pointer place("/experiment/source/claimed_mu");
  if (!metadata.contains(place)) return std::optional<numeric::Exact>();
  const nlohmann::json& claim = metadata[place];
  // The decimal that was meant, not the binary number that stands for it.
  if (claim.is_number())
    if (auto mu = numeric::Exact::parse(fmt::format("{}", claim.get<double>())); mu.ok() && numeric::check_bias(*mu).ok())
      return std::optional(*mu);
  return bad_input("the log's metadata claim a bias that no source has", log.path().string(), std::nullopt,
                   "experiment.source.claimed_mu, a number in [0, 1/2)", claim.dump().substr(0, 80));
}

}  // namespace bellows::estimate
