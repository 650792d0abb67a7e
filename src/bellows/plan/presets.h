#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bellows/base/result.h"
#include "bellows/numeric/exact.h"

namespace bellows::plan {

/// An experiment by name: what a plan for it starts from. What its devices do is the device module's.
struct Preset {
  std::string name;
  std::string summary;
  std::uint64_t trial_count = 0;            ///< unless another number is asked for
  std::uint64_t published_trial_count = 0;  ///< of the paper; 0: none
  numeric::Exact mu;
  numeric::Exact epsilon;
  std::optional<numeric::Exact> win_frequency;  ///< expected, uniform settings
  std::optional<numeric::Exact> mdl_value;      ///< as published, at `mu`
};

const std::vector<Preset>& presets();
/// Errors: usage: no such preset; the message lists them.
Result<Preset> preset_named(std::string_view name);

}  // namespace bellows::plan
