#include "bellows/report/recompute.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "bellows/certify/certify.h"
#include "bellows/estimate/origin.h"

namespace bellows::report {

Result<certify::Certificate> recompute_certificate(const certify::Certificate& given, const plan::Plan& plan,
                                                   const estimate::Evidence& evidence, const trials::LogReader& log,
                                                   const Context& context) {
  certify::Circumstances circumstances;
  circumstances.entropy_proofs = certify::ProofChoice::just(given.entropy_proof);
  BELLOWS_ASSIGN(circumstances.notes, estimate::origin_notes(log, context));
  constexpr std::string_view space_time = "Space-time check: ";  // as certify's words begin it
  for (const std::string& sentence : given.assumptions)
    if (sentence.starts_with(space_time)) circumstances.locality = sentence.substr(space_time.size());
  BELLOWS_ASSIGN(certify::Certificate bare, certify::certify(plan, evidence, circumstances));
  const std::vector<std::string>&said = given.assumptions, &own = bare.assumptions;
  if (said.size() > own.size() && std::equal(own.begin(), own.end(), said.begin()))
    circumstances.notes.insert(circumstances.notes.end(), said.begin() + static_cast<std::ptrdiff_t>(own.size()),
                               said.end());
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
