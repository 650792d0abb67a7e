#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/progress.h"
#include "bellows/certify/search.h"

namespace bellows::certify {

/// An experiment before it is made. All but one of score, trials, output, bias and epsilon are given; solve() finds
/// that one.
struct Design {
  std::optional<double> score;  ///< of the honest device: its win frequency; method witness: the mean of what a trial earns
  std::optional<std::uint64_t> trial_count;
  std::optional<std::uint64_t> output_bits;
  std::optional<Exact> mu;
  std::optional<Exact> epsilon;  ///< total
  /// Probability that the honest device reaches the threshold, which therefore lies below its score.
  double chance = 0.999;
  /// Method, polytope, extractor, what is published and the relabelling; its other numbers are not asked.
  PlanWishes wishes = {};
};

struct SolvedDesign {
  Design design;      ///< nothing is missing any more
  std::string found;  ///< name of the unknown
  plan::Plan plan;    ///< one threshold; complete
  Bound bound;  ///< what that plan proves; at least output_bits, but for an unknown that is a bound on output itself
  /// What one per mille of S (at the honest score; method witness: of the score) is worth in output bits.
  double bits_per_mille = 0;
};

/// Method witness: by the entropy proofs at hand, which are for certain slopes and biases; others may give more.
/// Errors: usage: not exactly one unknown, or a value out of range. refused: no value of the unknown suffices; says the
/// largest bias where that helps.
Result<SolvedDesign> solve(const Design& design);

/// Whether an epsilon that solve() found is the smallest that it looks for (some 2^-5000): smaller ones would do.
bool at_epsilon_limit(const Exact& found);

/// One point of the published Figure 2.
struct CurvePoint {
  plan::Method method = plan::Method::win;
  plan::Extractor extractor = plan::Extractor::short_seed;
  Exact mu;
  double chsh = 0;                    ///< S, depolarising noise, uniform settings
  std::optional<double> trial_count;  ///< the fewest for least_bits; nothing: none
};

/// A published experiment in that figure.
struct PublishedExperiment {
  std::string name, platform, kind;
  double chsh = 0, trial_count = 0;
  std::string source;  ///< where both numbers stand
};
const std::vector<PublishedExperiment>& published_experiments();

struct CurveRequest {
  std::vector<Exact> biases;
  std::vector<std::pair<plan::Method, plan::Extractor>> methods;
  double lowest_chsh = 2.0, highest_chsh = 2.8284;
  std::uint32_t point_count = 200;
  std::uint64_t least_bits = 1000000;
  Exact epsilon;
};
/// The published figure: mu = 0, 1, 2, 3, 4 %, as printed and by our best methods, one outcome and both (short seed).
CurveRequest figure_two();

/// Trials against S for at least so many output bits, threshold at the score.
/// Errors: cancelled; refused: a method that this build lacks. Cost: about 4 ms a point and core.
Result<std::vector<CurvePoint>> trials_against_chsh(const CurveRequest& request, const Context& context);

std::string curve_as_csv(const std::vector<CurvePoint>& points);
/// A chart of its own, no scripts, readable in black and white.
std::string curve_as_svg(const std::vector<CurvePoint>& points, const CurveRequest& request);

}  // namespace bellows::certify
