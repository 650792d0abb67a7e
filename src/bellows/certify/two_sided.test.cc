#include "bellows/certify/two_sided.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "bellows/certify/certify.h"
#include "bellows/certify/search.h"
#include "bellows/entropy/proof.h"
#include "bellows/entropy/shipped_proofs.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::certify {
namespace {

Claim published_claim(plan::Extractor extractor, const char* mu = "0.0075") {
  const auto preset = plan::preset_named("kulikov-2024");
  Claim claim;
  claim.method = plan::Method::two_sided;
  claim.trial_count = preset->published_trial_count;
  claim.extractor = extractor;
  claim.epsilons = plan::split_epsilon(preset->epsilon, 1, extractor);
  return claim_at(claim, *preset->win_frequency, Exact::literal(mu));
}

// theory 1.9: 571.4 Mbit with (16.33, 1e-4) and the short seed, 570.7 with a Toeplitz seed; threshold at the published
// score.
TEST(TwoSided, PublishedExperimentGives571Megabits) {
  const auto short_seed = bound(published_claim(plan::Extractor::short_seed));
  ASSERT_TRUE(short_seed.ok()) << short_seed.error().describe();
  EXPECT_GE(short_seed->extraction.output_bits, 571'000'000u);
  EXPECT_LE(short_seed->extraction.output_bits, 572'000'000u);
  EXPECT_TRUE(short_seed->entropy_proof.has_value());
  const auto toeplitz = bound(published_claim(plan::Extractor::toeplitz));
  ASSERT_TRUE(toeplitz.ok());
  EXPECT_GE(toeplitz->extraction.output_bits, 570'500'000u);
}

TEST(TwoSided, BoxGivesLessAndLargerBiasLess) {
  Claim box = published_claim(plan::Extractor::short_seed);
  const auto sv = bound(box);
  box.polytope = plan::Polytope::box;
  const auto in_box = bound(box);
  const auto worse = bound(published_claim(plan::Extractor::short_seed, "0.009"));
  ASSERT_TRUE(sv.ok() && in_box.ok() && worse.ok());
  EXPECT_LT(in_box->extraction.output_bits, sv->extraction.output_bits);
  EXPECT_GT(in_box->extraction.output_bits, 569'000'000u);
  EXPECT_LT(worse->extraction.output_bits, sv->extraction.output_bits);
  EXPECT_GT(worse->extraction.output_bits, 300'000'000u);
}

// Beyond the biases that have proofs the one-sided tangent bounds both outcomes as well.
TEST(TwoSided, NeverWorseThanOneSided) {
  for (const char* mu : {"0", "0.0074", "0.033", "0.034"}) {
    Claim claim = published_claim(plan::Extractor::short_seed, mu);
    const auto two = bound(claim);
    claim.method = plan::Method::win;
    const auto one = bound(claim);
    ASSERT_TRUE(two.ok() && one.ok());
    EXPECT_GE(two->extraction.output_bits, one->extraction.output_bits) << mu;
  }
}

TEST(TwoSided, CertificateNamesTheProofAndIsRecomputedWithIt) {
  PlanWishes wishes;
  wishes.method = plan::Method::two_sided;
  wishes.mu = Exact::literal("0.0075");
  wishes.trial_count = 1'000'000;
  wishes.epsilon = Exact::literal("1e-9");
  wishes.threshold = Exact::literal("0.82");
  const auto plan = built_in_plan(wishes);
  ASSERT_TRUE(plan.ok()) << plan.error().describe();
  estimate::BlockCounts block;
  block.n_xyab[estimate::count_index(0, 0, 0, 0)] = 820'000;
  block.n_xyab[estimate::count_index(0, 0, 0, 1)] = 180'000;
  block.trial_count = 1'000'000;
  estimate::Evidence evidence;
  evidence.blocks = {block};
  const auto certificate = certify(*plan, evidence);
  ASSERT_TRUE(certificate.ok() && certificate->certified());
  ASSERT_TRUE(certificate->entropy_proof.has_value());
  const auto back = certificate_from_json(to_public_json(*certificate));
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_EQ(back->entropy_proof, certificate->entropy_proof);
  Circumstances same;
  same.entropy_proofs = ProofChoice::just(certificate->entropy_proof);
  const auto again = certify(*plan, evidence, same);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *certificate);
  same.entropy_proofs = ProofChoice::just(std::nullopt);
  const auto without = certify(*plan, evidence, same);
  ASSERT_TRUE(without.ok());
  EXPECT_FALSE(without->entropy_proof.has_value());
  EXPECT_LT(without->output_bits(), certificate->output_bits());
}

// A false proof in the local folder must not raise the certified length, nor keep the honest proofs from being used.
TEST(TwoSided, FalseProofInTheLocalFolderIsPassedOver) {
  const auto honest = bound(published_claim(plan::Extractor::short_seed));
  const testing::TempFolder folder;
  for (const entropy::ShippedProof& file : entropy::shipped_proofs()) {
    auto proof = entropy::parse_proof(file.bytes, file.name);
    ASSERT_TRUE(proof.ok());
    if (proof->statement.mu != mpq_class(3, 400) || proof->cell_count() > 200) continue;
    proof->statement.intercept += 1;
    ASSERT_TRUE(write_text_file(folder.path() / (std::string(file.name) + ".proof"), entropy::serialise_proof(*proof),
                                public_file_mode, false)
                    .ok());
  }
  ::setenv("BELLOWS_ENTROPY_PROOFS", folder.path().c_str(), 1);
  const auto with_false = bound(published_claim(plan::Extractor::short_seed));
  ::unsetenv("BELLOWS_ENTROPY_PROOFS");
  ASSERT_TRUE(honest.ok() && with_false.ok());
  EXPECT_EQ(honest->extraction, with_false->extraction);
  EXPECT_EQ(honest->entropy_proof, with_false->entropy_proof);
}

}  // namespace
}  // namespace bellows::certify
