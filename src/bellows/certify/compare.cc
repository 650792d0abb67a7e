#include "bellows/certify/compare.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bellows/certify/hash_length.h"
#include "bellows/certify/search.h"
#include "bellows/numeric/ranges.h"

namespace bellows::certify {

using plan::Extractor;
using plan::Method;

std::string method_name(const ComparisonRow& row) {
  return row.as_printed ? "as printed" : std::string(name(row.method));
}

Result<std::vector<ComparisonRow>> compare_methods(const plan::Preset& preset, std::uint64_t trial_count,
                                                   std::uint64_t least_bits, const Context& context) {
  if (!preset.win_frequency) return usage_error("this preset has no published score", "a preset with one", preset.name);
  BELLOWS_TRY(numeric::check_bias(preset.mu));
  BELLOWS_TRY(numeric::check_epsilon(preset.epsilon));
  if (trial_count > plan::most_trials)
    return usage_error("the number of trials is out of range", "1 to 2^61", std::to_string(trial_count));
  if (trial_count == 0) trial_count = preset.published_trial_count ? preset.published_trial_count : preset.trial_count;
  struct Way {
    Method method;
    Extractor extractor;
    bool as_printed;
  };
  constexpr Way ways[] = {{Method::mdl_as_printed, Extractor::shift_matrix, true},
                          {Method::mdl_as_printed, Extractor::shift_matrix, false},
                          {Method::mdl_as_printed, Extractor::toeplitz, false},
                          {Method::mdl, Extractor::toeplitz, false},
                          {Method::win_older, Extractor::toeplitz, false},
                          {Method::win, Extractor::toeplitz, false},
                          {Method::win, Extractor::circulant, false},
                          {Method::win, Extractor::short_seed, false},
                          {Method::two_sided, Extractor::toeplitz, false},
                          {Method::two_sided, Extractor::short_seed, false}};
  std::vector<ComparisonRow> rows;
  for (const Way& way : ways) {
    BELLOWS_TRY(context.check_cancelled());
    context.report("comparing", static_cast<std::uint64_t>(&way - std::begin(ways)), std::size(ways), "methods");
    if (!tradeoff_source(way.method, plan::Polytope::santha_vazirani).ok()) continue;
    Claim claim;
    claim.method = way.method;
    claim.trial_count = trial_count;
    claim.extractor = way.extractor;
    claim.epsilons = plan::split_epsilon(preset.epsilon, 1, way.extractor);
    claim = claim_at(claim, *preset.win_frequency, preset.mu);
    // The published MDL value differs from that of symmetric noise at the published S.
    if (plan::score_kind(way.method) == plan::ScoreKind::mdl_value && preset.mdl_value)
      claim.threshold = *preset.mdl_value;
    BELLOWS_ASSIGN(Bound proved, bound(claim));
    ComparisonRow row{
        way.method,   way.extractor, way.as_printed, proved.extraction.output_bits, 0, proved.extraction.seed_bits,
        std::nullopt, proved.why_not};
    if (proved.why_not.empty()) row.min_entropy_bits = proved.min_entropy_bits.lower();
    if (way.as_printed && proved.why_not.empty()) {
      auto printed = shift_matrix_length_as_printed(proved.min_entropy_bits, 2 * trial_count, preset.mu,
                                                    claim.epsilons.extraction);
      if (printed && *printed > 0) row.output_bits = static_cast<std::uint64_t>(*printed);
    }
    row.mu_max = largest_bias(claim, *preset.win_frequency, least_bits);
    rows.push_back(std::move(row));
  }
  return rows;
}

plan::Adversary proved_against(const ComparisonRow& row) {
  return plan::common_to(plan::proved_against(row.method), plan::proved_against(row.extractor));
}

nlohmann::json to_json(const ComparisonRow& row) {
  nlohmann::json document = {{"method", method_name(row)},
                             {"extractor", name(row.extractor)},
                             {"adversary", name(proved_against(row))},
                             {"output_bits", row.output_bits},
                             {"min_entropy_bits", row.min_entropy_bits},
                             {"seed_bits", row.seed_bits},
                             {"proved", !row.as_printed},
                             {"mu_max", nullptr}};
  if (row.mu_max) document["mu_max"] = row.mu_max->approximate();
  if (!row.why_not.empty()) document["why_not"] = row.why_not;
  return document;
}

}  // namespace bellows::certify
