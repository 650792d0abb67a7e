#include "bellows/report/recompute.h"

#include <nlohmann/json.hpp>

#include "bellows/certify/certify.h"
#include "bellows/estimate/origin.h"

namespace bellows::report {

Result<certify::Certificate> recompute_certificate(const certify::Certificate& given, const plan::Plan& plan,
                                                   const estimate::Evidence& evidence, const trials::LogReader& log,
                                                   const Context& context) {
  certify::Circumstances circumstances;
  circumstances.entropy_proofs = certify::ProofChoice::just(given.entropy_proof);
  BELLOWS_ASSIGN(circumstances.notes, estimate::origin_notes(log, context));
  circumstances.statements = certify::statements_from_words(given.assumptions);
  // Whoever asked for strictness got less, never more.
  circumstances.strict = certify::is_strict_refusal(given.score.reason);
  BELLOWS_ASSIGN(certify::Certificate recomputed, certify::certify(plan, evidence, circumstances));
  recomputed.seed_digest = given.seed_digest;
  return recomputed;
}

std::optional<std::string> first_difference(const certify::Certificate& given, const certify::Certificate& recomputed) {
  nlohmann::json expected = certify::to_private_json(recomputed), got = certify::to_private_json(given);
  for (const auto& [key, value] : expected.items())
    if (!got.contains(key) || got[key] != value) return key;
  if (given != recomputed) return "extraction";
  return std::nullopt;
}

}  // namespace bellows::report
