#include "bellows/plan/presets.h"

#include <fmt/format.h>

namespace bellows::plan {

using numeric::Exact;

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = {
      // S = 2.271, hence w = (S + 4)/8; S_mu is carried as published, since symmetric noise at this S would give
      // 0.002893.
      {"kulikov-2024", "superconducting circuits, 30 m, S = 2.271", std::uint64_t{1} << 26,
       20 * (std::uint64_t{1} << 26), Exact::literal("0.0075"), Exact::literal("1e-12"), Exact::literal("0.783875"),
       Exact::literal("0.00296")},
      {"tsirelson", "the best that quantum theory allows, no noise", std::uint64_t{1} << 22, 0,
       Exact::literal("0.0075"), Exact::literal("1e-12"), Exact::literal("0.8535533905"), std::nullopt},
      {"hardy", "a tilted state, Hardy-like: few coincidences, small violation", std::uint64_t{1} << 26, 0,
       Exact::literal("0.0075"), Exact::literal("1e-12"), std::nullopt, std::nullopt},
  };
  return all;
}

Result<Preset> preset_named(std::string_view name) {
  std::string names;
  for (const Preset& preset : presets()) {
    if (preset.name == name) return preset;
    names += (names.empty() ? "" : ", ") + preset.name;
  }
  return usage_error("no such preset", "one of: " + names, fmt::format("\"{}\"", name.substr(0, 60)));
}

}  // namespace bellows::plan
