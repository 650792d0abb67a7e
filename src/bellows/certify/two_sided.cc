#include "bellows/certify/two_sided.h"

#include <fmt/format.h>

#include <algorithm>
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

AffineTradeoff function_of(const entropy::ProvedTangent& tangent) {
  AffineTradeoff function;
  function.slope = Ball(Exact(tangent.slope_bits()));
  function.offset = Ball(Exact(tangent.intercept_bits()));
  function.lowest_score = 0;
  function.highest_score = 1;
  function.entropy_proof = tangent.digest;
  function.statement = fmt::format("H(AB|XYE) >= {:.9g} score - {:.9g}, computer-checked for mu = {:.9g} (proof {})",
                                   tangent.slope_bits().get_d(), -tangent.intercept_bits().get_d(),
                                   tangent.statement.mu.get_d(), tangent.digest.hex().substr(0, 16));
  return function;
}

}  // namespace

TwoSidedTangents::TwoSidedTangents(plan::Polytope polytope, const ProofChoice& choice)
    : one_sided_(plan::ScoreKind::win_frequency, false) {
  if (!choice.any && !choice.only) return;
  for (auto& tangent : entropy::candidate_tangents(entropy::EntropyOf::both_outcomes, polytope_of(polytope), Exact(),
                                                   entropy::TrialScore::win())) {
    if (choice.only && tangent.digest != *choice.only) continue;
    const double slope = tangent.slope_bits().get_d(), intercept = tangent.intercept_bits().get_d();
    lines_.push_back({std::move(tangent), slope, intercept});
  }
  std::sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) {
    return a.slope != b.slope ? a.slope < b.slope : a.intercept > b.intercept;
  });
}

Result<AffineTradeoff> TwoSidedTangents::propose(const Exact& threshold, const Exact& mu, const Worth& worth) const {
  std::vector<bool> spoilt(lines_.size(), false);
  const double at = threshold.approximate();
  auto fallback = one_sided_.propose(threshold, mu, worth);
  for (;;) {
    std::size_t best = lines_.size();
    double best_worth = -std::numeric_limits<double>::infinity(), best_rate = 0;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const Line& line = lines_[i];
      const double rate = line.slope * at + line.intercept;
      // Steeper costs more: only a line that promises more than all flatter ones can be worth more.
      if (spoilt[i] || rate <= best_rate || line.tangent.statement.mu < mu.value()) continue;
      best_rate = rate;
      if (const double value = worth(rate, line.slope); value > best_worth) best_worth = value, best = i;
    }
    if (best == lines_.size()) return fallback;
    if (fallback.ok() && worth(fallback->at(threshold).middle(), fallback->spread().middle()) > best_worth)
      return fallback;
    const entropy::ProvedTangent& tangent = lines_[best].tangent;
    // What ships is checked when its numbers are used. What somebody put into a folder must not even be proposed unless it
    // checks, or a false file would spoil the certificate.
    if (tangent.shipped || entropy::checked_tangent(tangent.digest, all_cores()).ok()) return function_of(tangent);
    spoilt[best] = true;
  }
}

std::string TwoSidedTangents::assumption() const {
  return "The entropy of both outcomes follows from a proof by exhaustion over measurement angles, checked in ball "
         "arithmetic by this program (docs/two-sided-entropy.md); correctness of that checker is trusted.";
}

Status check_entropy_proof(const AffineTradeoff& function) {
  if (!function.entropy_proof) return {};
  BELLOWS_ASSIGN(const entropy::ProvedTangent checked, entropy::checked_tangent(*function.entropy_proof, all_cores()));
  // The numbers in use must be those of the file that was checked.
  if (!function.slope.contains(Exact(checked.slope_bits())) || !function.offset.contains(Exact(checked.intercept_bits())))
    return internal_error("a tangent that is not the one its proof shows");
  return {};
}

}  // namespace bellows::certify
