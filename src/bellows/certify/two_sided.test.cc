#include "bellows/certify/two_sided.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>

#include "bellows/certify/accumulation.h"
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

/// A shipped proof with another statement in its header, under the shipped one's digest.
std::string foreign_header(const entropy::ShippedProof& file, const std::function<void(entropy::Statement&)>& change) {
  auto proof = entropy::parse_proof(file.bytes, file.name);
  change(proof->statement);
  std::string bytes = entropy::serialise_proof(*proof);
  return bytes.replace(bytes.size() - 32, 32, file.bytes.substr(file.bytes.size() - 32));
}

// The name of a proof that checks, on a statement that it does not show: the digest of a shipped file at the end of one
// that claims more. Each claim is one for which the honest file is no candidate, so that nothing else has that digest.
TEST(TwoSided, NameOfAnHonestProofOnAForeignStatementIsNoProof) {
  const plan::WitnessCoefficients four_wins = [] {
    plan::WitnessCoefficients witness;
    for (int xyab = 0; xyab < 16; ++xyab)
      witness[xyab] = Exact::integer((((xyab >> 1) ^ xyab) & 1) == ((xyab >> 3) & (xyab >> 2) & 1) ? 4 : 0);
    return witness;
  }();
  struct Forgery {
    const char* what;
    std::function<void(entropy::Statement&)> change;
    Claim claim;
  };
  Claim box = published_claim(plan::Extractor::short_seed);
  box.polytope = plan::Polytope::box;
  box.mu = Exact::literal("0.1");
  box.threshold = Exact::literal("0.80");
  Claim biased = published_claim(plan::Extractor::short_seed);
  biased.mu = Exact::literal("0.3");
  biased.threshold = Exact::literal("0.80");
  Claim witnessed = biased;
  witnessed.method = plan::Method::witness;
  witnessed.witness = four_wins;
  witnessed.threshold = Exact::literal("3.2");
  const std::vector<Forgery> forgeries{
      {"polytope and bias",
       [](entropy::Statement& s) { s.polytope = entropy::SettingPolytope::box, s.mu = mpq_class(1, 10); }, box},
      {"bias", [](entropy::Statement& s) { s.mu = mpq_class(2, 5); }, biased},
      {"score and bias", [&](entropy::Statement& s) { s.score = trial_score(four_wins), s.mu = mpq_class(2, 5); },
       witnessed},
  };
  const auto shipped = entropy::shipped_proofs();
  const auto small = std::find_if(shipped.begin(), shipped.end(), [](const entropy::ShippedProof& file) {
    const auto statement = entropy::parse_proof_statement(file.bytes, file.name);
    return statement.ok() && statement->mu == mpq_class(1, 100) &&
           statement->polytope == entropy::SettingPolytope::santha_vazirani && statement->slope > 8;
  });
  ASSERT_NE(small, shipped.end());
  for (const Forgery& forgery : forgeries) {
    const testing::TempFolder folder;
    ASSERT_TRUE(
        write_text_file(folder.path() / "forged.proof", foreign_header(*small, forgery.change), public_file_mode, false)
            .ok());
    ::setenv("BELLOWS_ENTROPY_PROOFS", folder.path().c_str(), 1);
    const auto proved = bound(forgery.claim);
    ::unsetenv("BELLOWS_ENTROPY_PROOFS");
    ASSERT_TRUE(proved.ok()) << forgery.what << ": " << proved.error().message;
    EXPECT_EQ(proved->extraction.output_bits, 0u) << forgery.what;
  }
}

// The same without files: a family that takes an honest proof for another statement, as an unchecked header would say
// it.
TEST(TwoSided, StatementThatTheNamedProofDoesNotShowIsRefused) {
  class Mistaken : public TradeoffSource {
   public:
    explicit Mistaken(entropy::ProvedTangent tangent) : tangent_(std::move(tangent)) {}
    Result<AffineTradeoff> propose(const Exact&, const Exact&, const Worth&) const override {
      AffineTradeoff f{Ball(Exact(tangent_.slope_bits())), Ball(Exact(tangent_.intercept_bits())), Ball(0), Ball(1),
                       "mistaken"};
      f.entropy_proof = tangent_;
      return f;
    }

   private:
    entropy::ProvedTangent tangent_;
  };
  const Claim claim = published_claim(plan::Extractor::short_seed);
  const auto honest = bound(claim);
  ASSERT_TRUE(honest.ok() && honest->entropy_proof);
  const auto tangent = entropy::checked_tangent(*honest->entropy_proof, {});
  ASSERT_TRUE(tangent.ok());
  const auto accepted = [&](const std::function<void(entropy::ProvedTangent&)>& change) {
    entropy::ProvedTangent other = *tangent;
    change(other);
    return accumulate(Accumulation::improved, Mistaken(other), claim.trial_count, claim.threshold, claim.mu,
                      claim.epsilons)
        .ok();
  };
  EXPECT_TRUE(accepted([](entropy::ProvedTangent&) {}));
  EXPECT_FALSE(accepted([](entropy::ProvedTangent& t) { t.statement.mu += mpq_class(1, 1000); }));
  EXPECT_FALSE(accepted([](entropy::ProvedTangent& t) { t.statement.polytope = entropy::SettingPolytope::box; }));
  EXPECT_FALSE(accepted([](entropy::ProvedTangent& t) { t.statement.entropy = entropy::EntropyOf::first_outcome; }));
  EXPECT_FALSE(accepted([](entropy::ProvedTangent& t) { t.statement.score.weight[0][1] += 1; }));
  EXPECT_FALSE(accepted([](entropy::ProvedTangent& t) { t.statement.slope += mpq_class(1, 100); }));
  EXPECT_FALSE(accepted([](entropy::ProvedTangent& t) { t.statement.intercept += mpq_class(1, 10000); }));
}

}  // namespace
}  // namespace bellows::certify
