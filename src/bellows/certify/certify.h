#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bellows/certify/bound.h"
#include "bellows/certify/certificate.h"
#include "bellows/certify/statements.h"
#include "bellows/estimate/evidence.h"
#include "bellows/plan/plan.h"

namespace bellows::certify {

/// What is known of a run beside its trials.
struct Circumstances {
  /// What people say of the run.
  Statements statements;
  /// What the record shows against the assumptions, a sentence each (estimate/origin.h).
  std::vector<std::string> notes;
  /// Refuse where the settings are unlikely under the claimed bias or come again, or the space-time check failed.
  bool strict = false;
  /// Method two-sided: which entropy proofs may be used.
  ProofChoice entropy_proofs = {};
};

/// The reasons in the score of a run that `strict` refused.
inline constexpr const char* strict_refusal = "strict: the settings are unlikely under the claimed bias";
inline constexpr const char* strict_locality_refusal = "strict: the space-time check failed";
inline constexpr const char* strict_reuse_refusal = "strict: the records do not have fresh settings for every trial";
inline bool is_strict_refusal(std::string_view reason) {
  return reason == strict_refusal || reason == strict_locality_refusal || reason == strict_reuse_refusal;
}

/// Evidence and plan to certificate.
/// In:     plan: valid. evidence: counts of all trials of one run. circumstances: see above.
/// Out:    verdict and lengths, lower bounds rounded down. `not_certified` is a normal result, with its reason. Digests
/// of
///         plan and log are set; the seed's is added by whoever draws the seed.
/// Errors: refused: no trials; more trials than the plan has; the log carries another plan's digest; more relabellings
///         were tried than the plan counts, or another one than it names; a method that this build lacks.
///         usage: a threshold beyond the quantum maximum, or another mistake of validate().
/// Claim:  certificate.assumptions, in words; the guarantee is its first entry.
/// Source: docs/security.md. The settings check changes nothing in the verdict: the bias is asserted, not tested.
/// Cost:   about a millisecond and linear in the number of blocks; thread safe.
Result<Certificate> certify(const plan::Plan& plan, const estimate::Evidence& evidence,
                            const Circumstances& circumstances = {});

/// The same from numbers alone, for planning: marked hypothetical, no digests.
/// In:     score: on the scale of the plan's method.
/// Errors: as certify(); usage: a score that no run can have, or that lies beyond the quantum maximum at this bias.
Result<Certificate> certify_hypothetical(const plan::Plan& plan, const Exact& score,
                                         const Circumstances& circumstances = {});

/// The score of the plan's method, exactly. Trials that the plan has and the evidence lacks count as lost (MDL: as 0).
Exact observed_score(const plan::Plan& plan, const estimate::Evidence& evidence);

/// Frequencies of settings (each bit, each pair) against the claimed bias, as estimate finds them.
struct SettingsCheck {
  bool consistent = true;  ///< no frequency lies four standard deviations outside
  double sigmas = 0;       ///< the worst one; 0: all inside
  std::string worst;       ///< "P(xy=01) = 26.0 %, at most 25.5 %"
};
SettingsCheck check_settings(const estimate::Counts& counts, const Exact& mu);

/// The guarantee in its exact form, then all assumptions.
std::vector<std::string> assumptions_in_words(const Certificate& certificate, const Circumstances& circumstances,
                                              const std::string& method_assumption);

/// Errors: usage: what validate() refuses, or a threshold beyond the quantum maximum.
Status check_plan(const plan::Plan& plan);

}  // namespace bellows::certify
