#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "bellows/base/progress.h"
#include "bellows/certify/bound.h"
#include "bellows/plan/presets.h"

namespace bellows::certify {

/// One way to certify the same data.
struct ComparisonRow {
  plan::Method method = plan::Method::win;
  plan::Extractor extractor = plan::Extractor::toeplitz;
  bool as_printed = false;  ///< the published formula with its constant as printed, which its own theorems do not give
  std::uint64_t output_bits = 0;
  double min_entropy_bits = 0;
  std::uint64_t seed_bits = 0;
  std::optional<Exact> mu_max;  ///< the largest bias with at least a million bits at the same win frequency
  std::string why_not;
};

/// All methods and extractor families on the published data of a preset: one threshold at the published score, total
/// epsilon of the preset, best split of it. Methods that this build lacks are left out.
/// In:     trial_count: 0 for the published one; least_bits: what mu_max asks for.
/// Errors: usage: the preset has no published score; cancelled.
Result<std::vector<ComparisonRow>> compare_methods(const plan::Preset& preset, std::uint64_t trial_count,
                                                   std::uint64_t least_bits, const Context& context = {});

/// Against whom the row's bits hold.
plan::Adversary proved_against(const ComparisonRow& row);
nlohmann::json to_json(const ComparisonRow& row);
std::string method_name(const ComparisonRow& row);

}  // namespace bellows::certify
