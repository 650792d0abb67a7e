#include "bellows/certify/from_threshold.h"

#include "bellows/certify/certify.h"
#include "bellows/certify/search.h"
#include "bellows/entropy/two_sided.h"

namespace bellows::certify {
namespace {

/// The sentences between those that follow from everything else: what the record shows against the assumptions.
std::vector<std::string> record_notes(const std::vector<std::string>& given, const std::vector<std::string>& recomputed,
                                      std::size_t closing_count) {
  const std::size_t before = recomputed.size() - closing_count;
  if (given.size() <= recomputed.size()) return {};
  return {given.begin() + static_cast<std::ptrdiff_t>(before), given.end() - static_cast<std::ptrdiff_t>(closing_count)};
}

}  // namespace

Result<Certificate> from_threshold(const Certificate& given) {
  const plan::Plan& plan = given.plan;
  BELLOWS_TRY(check_plan(plan));
  BELLOWS_TRY(check_origin(plan));
  if (given.entropy_proof) BELLOWS_TRY(entropy::checked_tangent(*given.entropy_proof, Context{}));
  Certificate again = given;
  again.verdict = Verdict::not_certified;
  again.min_entropy_bits = 0;
  again.extraction = {};
  again.losses.clear();
  again.score.threshold.reset();
  Circumstances circumstances;
  circumstances.statements = statements_from_words(given.assumptions);
  BELLOWS_ASSIGN(const auto source,
                 tradeoff_source(plan.method, plan.polytope, ProofChoice::just(given.entropy_proof), plan.witness));
  if (given.score.threshold_index) {
    const std::uint64_t index = *given.score.threshold_index;
    again.score.threshold = plan.thresholds.at(index);
    Claim claim = claim_of(plan, index);
    claim.recorded_trial_count = given.trial_count;
    BELLOWS_ASSIGN(Bound proved, bound(claim, source.get()));
    again.losses = std::move(proved.losses);
    if (!given.hypothetical) again.entropy_proof = proved.entropy_proof;
    // --strict may have refused the settings or the space-time check: less than was proved, never more.
    const bool refused =
        !given.certified() && (!given.score.settings_consistent || circumstances.statements.locality.failed() ||
                               names_stale_settings(given.assumptions));
    if (proved.extraction.output_bits > 0 && !refused) {
      again.verdict = Verdict::certified;
      again.min_entropy_bits = proved.min_entropy_bits.lower();
      again.extraction = proved.extraction;
    }
  }
  again.assumptions = assumptions_in_words(again, circumstances, source->assumption());
  circumstances.notes = record_notes(given.assumptions, again.assumptions, closing_words(circumstances.statements).size());
  again.assumptions = assumptions_in_words(again, circumstances, source->assumption());
  return again;
}

}  // namespace bellows::certify
