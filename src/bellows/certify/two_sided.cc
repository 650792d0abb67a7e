#include "bellows/certify/two_sided.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bellows/base/threads.h"

namespace bellows::certify {
namespace {

entropy::SettingPolytope polytope_of(plan::Polytope polytope) {
  return polytope == plan::Polytope::box ? entropy::SettingPolytope::box : entropy::SettingPolytope::santha_vazirani;
}

Context all_cores() {
  Context context;
  context.thread_count = available_core_count();
  return context;
}

}  // namespace

TwoSidedTangents::TwoSidedTangents(plan::Polytope polytope, const ProofChoice& choice)
    : polytope_(polytope),
      score_(entropy::TrialScore::win()),
      highest_score_(Exact::integer(1)),
      one_sided_(std::in_place, plan::ScoreKind::win_frequency, false) {
  gather(choice);
}

TwoSidedTangents::TwoSidedTangents(plan::Polytope polytope, const ProofChoice& choice,
                                   const plan::WitnessCoefficients& witness)
    : polytope_(polytope),
      score_(trial_score(witness)),
      lowest_score_(plan::least_of(witness)),
      highest_score_(plan::most_of(witness)) {
  gather(choice);
}

void TwoSidedTangents::gather(const ProofChoice& choice) {
  if (choice.from == ProofChoice::From::one && !choice.only) return;
  for (auto& tangent :
       entropy::candidate_tangents(entropy::EntropyOf::both_outcomes, polytope_of(polytope_), Exact(), score_)) {
    if (!choice.allows(tangent)) continue;
    const double slope = tangent.slope_bits().get_d(), intercept = tangent.intercept_bits().get_d();
    lines_.push_back({std::move(tangent), slope, intercept});
  }
  std::sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) {
    return a.slope != b.slope ? a.slope < b.slope : a.intercept > b.intercept;
  });
}

AffineTradeoff TwoSidedTangents::function_of(const entropy::ProvedTangent& tangent) const {
  AffineTradeoff function;
  function.slope = Ball(Exact(tangent.slope_bits()));
  function.offset = Ball(Exact(tangent.intercept_bits()));
  function.lowest_score = Ball(lowest_score_);
  function.highest_score = Ball(highest_score_);
  function.entropy_proof = tangent;
  function.statement = fmt::format("H(AB|XYE) >= {:.9g} {} {} {:.9g}, computer-checked for mu = {:.9g} (proof {})",
                                   tangent.slope_bits().get_d(), score_.is_win() ? "score" : "witness",
                                   tangent.intercept_bits() < 0 ? "-" : "+", std::abs(tangent.intercept_bits().get_d()),
                                   tangent.statement.mu.get_d(), tangent.digest.hex().substr(0, 16));
  return function;
}

Result<AffineTradeoff> TwoSidedTangents::propose(const Exact& threshold, const Exact& mu, const Worth& worth) const {
  std::vector<bool> spoilt(lines_.size(), false);
  const double at = threshold.approximate();
  const double spread = (highest_score_ - lowest_score_).approximate();
  Result<AffineTradeoff> fallback =
      one_sided_
          ? one_sided_->propose(threshold, mu, worth)
          : Result<AffineTradeoff>(refused(
                "no entropy proof at hand gives anything at this score of the witness and this bias: make one with " +
                how_to_prove(polytope_, mu, threshold.approximate())));
  for (;;) {
    std::size_t best = lines_.size();
    double best_worth = -std::numeric_limits<double>::infinity(), best_rate = 0;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const Line& line = lines_[i];
      const double rate = line.slope * at + line.intercept;
      // Steeper costs more: only a line that promises more than all flatter ones can be worth more.
      if (spoilt[i] || rate <= best_rate || line.tangent.statement.mu < mu.value()) continue;
      best_rate = rate;
      if (const double value = worth(rate, line.slope * spread); value > best_worth) best_worth = value, best = i;
    }
    if (best == lines_.size()) return fallback;
    if (fallback.ok() && worth(fallback->at(threshold).middle(), fallback->spread().middle()) > best_worth)
      return fallback;
    const entropy::ProvedTangent& tangent = lines_[best].tangent;
    // What ships is checked when its numbers are used. What somebody put into a folder must not even be proposed unless
    // it checks, or a false file would spoil the certificate.
    if (tangent.shipped || entropy::checked_statement(tangent, all_cores()).ok()) return function_of(tangent);
    spoilt[best] = true;
  }
}

std::string TwoSidedTangents::assumption() const {
  const std::string order =
      score_.is_win() || polytope_ == plan::Polytope::box
          ? ""
          : " For this witness the proof covers a source that draws each trial's x before its y, or "
            "both independently.";
  return "The entropy of both outcomes follows from a proof by exhaustion over measurement angles, checked in ball "
         "arithmetic by this program (docs/two-sided-entropy.md); correctness of that checker is trusted." +
         order;
}

entropy::TrialScore trial_score(const plan::WitnessCoefficients& witness) {
  entropy::TrialScore score;
  for (std::size_t i = 0; i < 16; ++i) score.weight[i / 4][i % 4] = witness[i].value();
  return score;
}

Exact largest_witness_value(const plan::WitnessCoefficients& witness, plan::Polytope polytope, const Exact& mu) {
  std::optional<mpq_class> best;
  for (const auto& settings : entropy::vertices(polytope_of(polytope), mu.value())) {
    mpq_class sum;
    for (std::size_t xy = 0; xy < 4; ++xy)
      sum += settings[xy] *
             std::max({witness[4 * xy], witness[4 * xy + 1], witness[4 * xy + 2], witness[4 * xy + 3]}).value();
    if (!best || *best < sum) best = sum;
  }
  return Exact(*best);
}

Exact local_witness_value(const plan::WitnessCoefficients& witness, plan::Polytope polytope, const Exact& mu) {
  return Exact(entropy::local_score(polytope_of(polytope), mu.value(), trial_score(witness)));
}

Status check_entropy_proof(const AffineTradeoff& function) {
  if (!function.entropy_proof) return {};
  const entropy::ProvedTangent& tangent = *function.entropy_proof;
  BELLOWS_TRY(entropy::checked_statement(tangent, all_cores()));
  // The numbers in use must be those of the statement that was checked.
  if (!function.slope.contains(Exact(tangent.slope_bits())) ||
      !function.offset.contains(Exact(tangent.intercept_bits())))
    return internal_error("a tangent that is not the one its proof shows");
  return {};
}

std::string how_to_prove(plan::Polytope polytope, const std::optional<Exact>& mu, std::optional<double> score,
                         const std::string& witness_file) {
  return fmt::format("'bellows prove entropy --witness {} --mu {} --score {}{} --keep'{}", witness_file,
                     mu ? mu->text() : "MU", score ? fmt::format("{:.6g}", *score) : "W",
                     polytope == plan::Polytope::box ? " --box" : "",
                     score ? "" : " (W: the expected value, over the file's largest weight)");
}

}  // namespace bellows::certify
