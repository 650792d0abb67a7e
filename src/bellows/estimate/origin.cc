#include "bellows/estimate/origin.h"

#include "bellows/estimate/settings_reuse.h"

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

}  // namespace bellows::estimate
