#include "bellows/estimate/scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bellows/numeric/ranges.h"

namespace bellows::estimate {
namespace {

constexpr double deviate_95 = 1.959963984540054;  // two-sided 95 % of the normal distribution

double as_double(std::uint64_t count) { return static_cast<double>(count); }

/// Share of successes with Wilson's interval, which stays within [0, 1] and is right near its ends.
Measured measure_share(std::uint64_t successes, std::uint64_t trials) {
  const double n = as_double(trials), p = as_double(successes) / n, z2 = deviate_95 * deviate_95;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = deviate_95 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {p, std::sqrt(p * (1 - p) / n), std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Measured measure_normal(double value, double variance) {
  const double error = std::sqrt(std::max(0.0, variance));
  return {value, error, value - deviate_95 * error, value + deviate_95 * error};
}

std::uint64_t pair_trials(const Counts& counts, unsigned x, unsigned y) {
  const std::size_t first = count_index(x, y, 0, 0);
  return counts[first] + counts[first + 1] + counts[first + 2] + counts[first + 3];
}

/// Difference of two shares in standard errors (pooled).
std::optional<SignallingDifference> difference(std::string name, std::uint64_t ones_1, std::uint64_t trials_1,
                                               std::uint64_t ones_0, std::uint64_t trials_0) {
  if (trials_0 == 0 || trials_1 == 0) return std::nullopt;
  const double n1 = as_double(trials_1), n0 = as_double(trials_0);
  const double d = as_double(ones_1) / n1 - as_double(ones_0) / n0;
  const double pooled = as_double(ones_0 + ones_1) / (n0 + n1);
  const double error = std::sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1));
  return SignallingDifference{std::move(name), d, error > 0 ? d / error : 0};
}

nlohmann::json to_json(const Measured& m) {
  return {{"value", m.value}, {"standard_error", m.standard_error}, {"low_95", m.low}, {"high_95", m.high}};
}

template <class T>
nlohmann::json or_null(const std::optional<T>& value) {
  if (!value) return nullptr;
  if constexpr (std::is_same_v<T, Measured>)
    return to_json(*value);
  else
    return *value;
}

}  // namespace

Scores score_counts(const Counts& counts, std::optional<double> mu) {
  Scores scores;
  scores.trial_count = sum(counts);
  scores.win_count = count_wins(counts);
  scores.mdl_plus_trials = counts[0b0000];
  scores.mdl_minus_trials = counts[0b0101] + counts[0b1010] + counts[0b1100];
  const double n = as_double(scores.trial_count);
  scores.omega = measure_share(scores.win_count, scores.trial_count);
  scores.s_from_omega = {8 * scores.omega.value - 4, 8 * scores.omega.standard_error, 8 * scores.omega.low - 4,
                         8 * scores.omega.high - 4};
  double s = 0, s_variance = 0;
  bool all_pairs = true;
  for (unsigned x = 0; x < 2; ++x) {
    for (unsigned y = 0; y < 2; ++y) {
      const std::uint64_t trials = pair_trials(counts, x, y);
      all_pairs = all_pairs && trials != 0;
      if (trials == 0) continue;
      const std::uint64_t equal = counts[count_index(x, y, 0, 0)] + counts[count_index(x, y, 1, 1)];
      const double correlator = 2 * as_double(equal) / as_double(trials) - 1;
      scores.correlators[2 * x + y] = correlator;
      s += (x & y) != 0 ? -correlator : correlator;
      s_variance += (1 - correlator * correlator) / as_double(trials);
    }
  }
  if (all_pairs) scores.s = measure_normal(s, s_variance);
  if (mu) {
    const double plus = least_pair_probability(*mu), minus = largest_pair_probability(*mu);
    const double p_plus = as_double(scores.mdl_plus_trials) / n, p_minus = as_double(scores.mdl_minus_trials) / n;
    const double value = plus * p_plus - minus * p_minus;
    scores.s_mu = measure_normal(value, (plus * plus * p_plus + minus * minus * p_minus - value * value) / n);
  }
  return scores;
}

SignallingCheck check_signalling(const Counts& counts) {
  SignallingCheck check;
  auto add = [&](std::optional<SignallingDifference> found) {
    if (found) check.differences.push_back(std::move(*found));
  };
  auto ones_of_a = [&](unsigned x, unsigned y) {
    return counts[count_index(x, y, 1, 0)] + counts[count_index(x, y, 1, 1)];
  };
  auto ones_of_b = [&](unsigned x, unsigned y) {
    return counts[count_index(x, y, 0, 1)] + counts[count_index(x, y, 1, 1)];
  };
  for (unsigned x = 0; x < 2; ++x)
    add(difference(fmt::format("P(a=1|x={}): y=1 minus y=0", x), ones_of_a(x, 1), pair_trials(counts, x, 1),
                   ones_of_a(x, 0), pair_trials(counts, x, 0)));
  for (unsigned y = 0; y < 2; ++y)
    add(difference(fmt::format("P(b=1|y={}): x=1 minus x=0", y), ones_of_b(1, y), pair_trials(counts, 1, y),
                   ones_of_b(0, y), pair_trials(counts, 0, y)));
  for (std::size_t i = 0; i < check.differences.size(); ++i)
    if (std::abs(check.differences[i].sigmas) > std::abs(check.differences[check.worst].sigmas)) check.worst = i;
  check.consistent =
      check.differences.empty() || std::abs(check.differences[check.worst].sigmas) <= SignallingCheck::sigmas_allowed;
  return check;
}

Drift measure_drift(const std::vector<BlockCounts>& blocks) {
  Drift drift;
  std::uint64_t wins = 0, trials = 0;
  for (const BlockCounts& block : blocks) {
    wins += count_wins(block.n_xyab);
    trials += sum(block.n_xyab);
  }
  if (trials == 0) return drift;
  const double mean = as_double(wins) / as_double(trials);
  for (const BlockCounts& block : blocks) {
    const std::uint64_t in_block = sum(block.n_xyab);
    if (in_block == 0) continue;
    ++drift.block_count;
    if (mean == 0 || mean == 1) continue;
    const double n = as_double(in_block);
    const double sigmas = (as_double(count_wins(block.n_xyab)) - n * mean) / std::sqrt(n * mean * (1 - mean));
    drift.chi_squared += sigmas * sigmas;
    if (sigmas < drift.lowest_block_sigmas) {
      drift.lowest_block_sigmas = sigmas;
      drift.lowest_block_index = block.block_index;
    }
  }
  if (drift.block_count > 1) {
    const double freedom = as_double(drift.block_count - 1);
    drift.sigmas = (std::cbrt(drift.chi_squared / freedom) - (1 - 2 / (9 * freedom))) / std::sqrt(2 / (9 * freedom));
  }
  return drift;
}

Result<Summary> summarize(const Evidence& evidence, std::optional<double> mu) {
  if (mu) BELLOWS_TRY(numeric::check_bias(*mu));
  const Counts totals = evidence.totals();
  if (sum(totals) == 0) return refused("there are no trials");
  Summary summary;
  summary.scores = score_counts(totals, mu);
  if (mu) summary.settings = check_settings(totals, *mu);
  summary.signalling = check_signalling(totals);
  summary.drift = measure_drift(evidence.blocks);
  return summary;
}

nlohmann::json to_json(const Summary& summary) {
  const Scores& scores = summary.scores;
  nlohmann::json correlators = nlohmann::json::array();
  for (const auto& correlator : scores.correlators) correlators.push_back(or_null(correlator));
  nlohmann::json document = {{"trials", scores.trial_count},
                             {"wins", scores.win_count},
                             {"mdl_plus_trials", scores.mdl_plus_trials},
                             {"mdl_minus_trials", scores.mdl_minus_trials},
                             {"omega", to_json(scores.omega)},
                             {"s_from_omega", to_json(scores.s_from_omega)},
                             {"s", or_null(scores.s)},
                             {"s_mu", or_null(scores.s_mu)},
                             {"correlators", std::move(correlators)}};
  document["settings_consistent"] = nullptr;
  document["settings"] = nullptr;
  if (summary.settings) {
    nlohmann::json frequencies = nlohmann::json::array();
    for (const SettingFrequency& f : summary.settings->frequencies) {
      frequencies.push_back({{"name", f.name},
                             {"count", f.count},
                             {"of_trials", f.of_trials},
                             {"share", f.share},
                             {"allowed_low", f.allowed_low},
                             {"allowed_high", f.allowed_high},
                             {"sigmas_outside", f.sigmas}});
    }
    document["settings_consistent"] = summary.settings->consistent;
    document["settings"] = {{"mu", summary.settings->mu},
                            {"sigmas_allowed", SettingCheck::sigmas_allowed},
                            {"worst", summary.settings->frequencies[summary.settings->worst].name},
                            {"worst_sigmas", summary.settings->frequencies[summary.settings->worst].sigmas},
                            {"frequencies", std::move(frequencies)}};
  }
  nlohmann::json differences = nlohmann::json::array();
  for (const SignallingDifference& d : summary.signalling.differences)
    differences.push_back({{"name", d.name}, {"difference", d.difference}, {"sigmas", d.sigmas}});
  document["no_signalling"] = {{"consistent", summary.signalling.consistent}, {"differences", std::move(differences)}};
  document["drift"] = {{"blocks", summary.drift.block_count},
                       {"chi_squared", summary.drift.chi_squared},
                       {"sigmas", summary.drift.sigmas},
                       {"lowest_block_index", summary.drift.lowest_block_index},
                       {"lowest_block_sigmas", summary.drift.lowest_block_sigmas}};
  return document;
}

}  // namespace bellows::estimate
