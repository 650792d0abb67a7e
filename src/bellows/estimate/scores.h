#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bellows/estimate/evidence.h"

namespace bellows::estimate {

/// A measured number with the interval that covers the true one in 95 of 100 experiments whose trials are independent.
/// For people to look at: nothing certified may stand on it.
struct Measured {
  double value = 0, standard_error = 0, low = 0, high = 0;
};

struct Scores {
  std::uint64_t trial_count = 0;
  std::uint64_t win_count = 0;         ///< trials with a xor b = x y
  std::uint64_t mdl_plus_trials = 0;   ///< trials with xyab = 0000
  std::uint64_t mdl_minus_trials = 0;  ///< trials with xyab = 0101, 1010 or 1100
  Measured omega;                      ///< win_count / trial_count
  Measured s_from_omega;               ///< 8 omega - 4; the S that uniform settings would give
  std::optional<Measured> s;           ///< E00 + E01 + E10 - E11, by setting pair; nothing if a pair never occurs
  std::optional<Measured> s_mu;        ///< the MDL value at the claimed bias; nothing if none is claimed
  /// Correlator E(xy) = P(a = b) - P(a != b), entry 2x + y; nothing where the pair never occurs.
  std::array<std::optional<double>, 4> correlators;
};

/// One marginal of a party, compared between the two settings of the other party.
struct SignallingDifference {
  std::string name;  ///< "P(a=1|x=0): y=1 minus y=0"
  double difference = 0, sigmas = 0;
};

struct SignallingCheck {
  std::vector<SignallingDifference> differences;  ///< those whose four counts exist
  std::size_t worst = 0;
  bool consistent = true;  ///< none beyond `sigmas_allowed`
  static constexpr double sigmas_allowed = 4;
};

/// How much the share of trials won differs between blocks.
struct Drift {
  std::uint64_t block_count = 0;  ///< blocks with trials
  double chi_squared = 0;
  double sigmas = 0;                     ///< chi_squared as a normal deviate (Wilson and Hilferty); 0 for one block
  std::uint64_t lowest_block_index = 0;  ///< where the share deviates most downwards, in its standard errors
  double lowest_block_sigmas = 0;
};

struct Summary {
  Scores scores;
  std::optional<SettingCheck> settings;  ///< nothing if no bias is claimed
  SignallingCheck signalling;
  Drift drift;
};

/// What people want to know of a Bell test, from its counts.
/// In:     evidence: at least one trial; mu: claimed bias in [0, 1/2), or nothing.
/// Out:    exact counts and floating-point statistics; intervals cover 95 % (Wilson for shares, normal for sums).
/// Errors: refused: no trials; usage: mu out of range or not a number.
/// Claim:  intervals and sigmas assume independent trials; they inform, and decide no verdict.
/// Source: theory 1.1 for omega, S and S_mu (their eq. 4, S_mu with counts over n in the place of probabilities).
/// Cost:   a pass over the blocks' counts.
Result<Summary> summarize(const Evidence& evidence, std::optional<double> mu);

Scores score_counts(const Counts& counts, std::optional<double> mu);
SignallingCheck check_signalling(const Counts& counts);
Drift measure_drift(const std::vector<BlockCounts>& blocks);

nlohmann::json to_json(const Summary& summary);

}  // namespace bellows::estimate
