// Entropy from a linear score that is not the win frequency, end to end: witness, proof, plan, certificate.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>

#include "bellows/certify/certify.h"
#include "bellows/certify/design.h"
#include "bellows/certify/search.h"
#include "bellows/certify/two_sided.h"
#include "bellows/certify/witness.h"
#include "bellows/entropy/proof.h"
#include "bellows/entropy/search_proof.h"
#include "bellows/testing/shared_data.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::certify {
namespace {

using estimate::Counts;

/// A folder of proofs of its own.
class WitnessMethod : public ::testing::Test {
 protected:
  WitnessMethod() { ::setenv("BELLOWS_ENTROPY_PROOFS", folder_.path().c_str(), 1); }
  ~WitnessMethod() override { ::unsetenv("BELLOWS_ENTROPY_PROOFS"); }

  entropy::EntropyProof prove(const plan::WitnessCoefficients& score, const char* mu, const char* slope, const char* slack) {
    entropy::Statement s;
    s.mu = Exact::literal(mu).value();
    s.score = trial_score(score);
    s.slope = Exact::literal(slope).value();
    s.intercept = -s.slope * entropy::local_score(s.polytope, s.mu, s.score) - Exact::literal(slack).value();
    entropy::SearchOptions options;
    options.scale_bits = 14;
    auto outcome = entropy::search_proof(s, options, {});
    if (!outcome.ok() || !outcome->proof) {
      ADD_FAILURE() << "no proof";
      return {};
    }
    return *outcome->proof;
  }

  /// Of the MDL value at 0.75 %; found once for all tests that take it.
  const entropy::EntropyProof& mdl_proof() {
    static const entropy::EntropyProof proof = prove(mdl_witness(Exact::literal("0.0075")), "0.0075", "120", "0.02");
    return proof;
  }

  void keep(const entropy::EntropyProof& proof, const char* name) {
    ASSERT_TRUE(write_text_file(folder_.path() / name, entropy::serialise_proof(proof), public_file_mode, true).ok());
  }

  testing::TempFolder folder_;
};

plan::Plan plan_of(const plan::WitnessCoefficients& witness, const char* mu, const char* threshold, std::uint64_t trials) {
  PlanWishes wishes;
  wishes.method = plan::Method::witness;
  wishes.witness = witness;
  wishes.mu = Exact::literal(mu);
  wishes.epsilon = Exact::literal("1e-9");
  wishes.trial_count = trials;
  wishes.threshold = Exact::literal(threshold);
  auto plan = built_in_plan(wishes);
  EXPECT_TRUE(plan.ok()) << plan.error().describe();
  return plan.ok() ? *plan : plan::Plan();
}

/// Symmetric noise, uniform settings.
estimate::Evidence symmetric_record(double win, std::uint64_t trials) {
  estimate::Evidence evidence;
  estimate::BlockCounts block;
  for (unsigned i = 0; i < 16; ++i) {
    const bool wins = (((i >> 1) ^ i) & 1) == ((i >> 3) & (i >> 2) & 1);
    block.n_xyab[i] = static_cast<std::uint64_t>((wins ? win : 1 - win) * static_cast<double>(trials) / 8);
  }
  block.trial_count = estimate::sum(block.n_xyab);
  evidence.blocks = {block};
  return evidence;
}

TEST_F(WitnessMethod, BothOutcomesFromTheMdlValue) {
  const auto witness = mdl_witness(Exact::literal("0.0075"));
  const plan::Plan plan = plan_of(witness, "0.0075", "0.00296", 1342177280);
  const estimate::Evidence record = symmetric_record(0.785, plan.trial_count);
  const auto without = certify(plan, record);
  ASSERT_TRUE(without.ok());
  EXPECT_FALSE(without->certified());
  EXPECT_NE(without->score.reason.find("bellows prove entropy --witness"), std::string::npos) << without->score.reason;

  keep(mdl_proof(), "mdl.proof");
  const auto both = certify(plan, record);
  ASSERT_TRUE(both.ok());
  ASSERT_TRUE(both->certified()) << both->score.reason;
  EXPECT_TRUE(both->entropy_proof.has_value());
  // The same score, one party's entropy: 188 Mbit from the published data.
  EXPECT_GT(both->output_bits(), 400'000'000u);
  EXPECT_LT(both->output_bits(), 480'000'000u);

  const auto back = certificate_from_json(to_private_json(*both));
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_EQ(*back, *both);
  Circumstances named;
  named.entropy_proofs = ProofChoice::just(both->entropy_proof);
  EXPECT_EQ(*certify(plan, record, named), *both);
  named.entropy_proofs = ProofChoice::just(std::nullopt);
  EXPECT_FALSE(certify(plan, record, named)->certified());

  // Monotone in every argument, as the other methods are (certify.test.cc).
  const auto entropy = [](const Claim& claim) {
    const auto proved = bound(claim);
    EXPECT_TRUE(proved.ok());
    return proved.ok() && proved->why_not.empty() ? std::max(0.0, proved->min_entropy_bits.lower()) : 0.0;
  };
  std::mt19937_64 random(11);
  double most = 0;
  for (int i = 0; i < (testing::sanitized() ? 3 : 12); ++i) {
    Claim claim = claim_of(plan, 0);
    claim.recorded_trial_count = 0;
    claim.trial_count = std::uint64_t{1} << (24 + random() % 8);
    claim.threshold = Exact::fraction(1000 + random() % 4000, 1000000);
    const double here = entropy(claim);
    most = std::max(most, here);
    Claim more = claim;
    more.trial_count += claim.trial_count / 10;
    EXPECT_GE(entropy(more), here);
    more = claim;
    more.threshold = claim.threshold + Exact::literal("0.0001");
    EXPECT_GE(entropy(more), here);
    for (const char* mu : {"0.005", "0.008"}) {  // the proof is for 0.0075; the score stays the plan's
      more = claim;
      more.mu = Exact::literal(mu);
      if (more.mu < claim.mu) {
        EXPECT_GE(entropy(more), here);
      } else {
        EXPECT_LE(entropy(more), here);
      }
    }
    more = claim;
    more.epsilons = plan::split_epsilon(Exact::literal("1e-6"), 1, claim.extractor);
    EXPECT_GE(entropy(more), here);
    more = claim;
    more.published = {plan::Publication::log_digest};
    if (here > 300) {
      EXPECT_NEAR(entropy(more), here - 256, 1e-3);
    }
  }
  EXPECT_GT(most, 0);
}

// The Santha-Vazirani polytope of "x before y" is not that of "y before x".
TEST_F(WitnessMethod, SwappedPartiesNeedTheBox) {
  plan::Plan plan = plan_of(mdl_witness(Exact::literal("0.0075")), "0.0075", "0.00296", 1342177280);
  EXPECT_TRUE(plan::validate(plan).ok());
  plan.relabelling = "x:flip,a:flip-if-x";
  EXPECT_TRUE(plan::validate(plan).ok());
  plan.relabelling = "x:flip,swap-parties";
  EXPECT_FALSE(plan::validate(plan).ok());
  plan.polytope = plan::Polytope::box;
  EXPECT_TRUE(plan::validate(plan).ok());
}

TEST_F(WitnessMethod, ACertificateNamesTheOrderThatItsProofCovers) {
  const auto witness = mdl_witness(Exact::literal("0.0075"));
  const auto says = [&](plan::Polytope polytope) {
    return TwoSidedTangents(polytope, {}, witness).assumption().find("x before its y") != std::string::npos;
  };
  EXPECT_TRUE(says(plan::Polytope::santha_vazirani));
  EXPECT_FALSE(says(plan::Polytope::box));
  EXPECT_EQ(TwoSidedTangents(plan::Polytope::santha_vazirani, {}).assumption().find("x before"), std::string::npos);
}

// A proof that somebody keeps makes bits, and leaves built-in plans, made before or after, what they are everywhere.
TEST_F(WitnessMethod, KeptProofsDoNotMoveBuiltInPlans) {
  PlanWishes wishes;
  wishes.mu = Exact::literal("0.006");
  wishes.epsilon = Exact::literal("1e-12");
  wishes.trial_count = 1 << 22;
  const auto before = built_in_plan(wishes);
  ASSERT_TRUE(before.ok());
  const auto bits = [](const plan::Plan& plan) {
    return certify(plan, symmetric_record(0.785, plan.trial_count))->output_bits();
  };
  const std::uint64_t from_shipped = bits(*before);
  plan::WitnessCoefficients win_witness;
  for (std::size_t xyab = 0; xyab < 16; ++xyab)
    win_witness[xyab] = Exact(entropy::TrialScore::win().weight[xyab / 4][xyab % 4]);
  keep(prove(win_witness, "0.006", "16", "0.01"), "win.proof");
  const auto after = built_in_plan(wishes);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(before->thresholds, after->thresholds);
  EXPECT_TRUE(complete_plan(*before).ok()) << "its seed was long enough when it was made";
  EXPECT_TRUE(check_origin(*after).ok());
  EXPECT_GT(bits(*after), from_shipped);
}

TEST_F(WitnessMethod, TheProofMustBeForThisScoreAndThisBias) {
  const auto witness = mdl_witness(Exact::literal("0.0075"));
  const entropy::EntropyProof& proof = mdl_proof();
  keep(proof, "mdl.proof");
  EXPECT_TRUE(certify_hypothetical(plan_of(witness, "0.0075", "0.00296", 1342177280), Exact::literal("0.00296"))->certified());
  // The same numbers at a larger bias: the polytope is not covered.
  EXPECT_FALSE(certify_hypothetical(plan_of(witness, "0.0076", "0.00296", 1342177280), Exact::literal("0.00296"))->certified());
  auto other = witness;
  other[0] = other[0] + Exact::literal("1e-9");
  EXPECT_FALSE(certify_hypothetical(plan_of(other, "0.0075", "0.00296", 1342177280), Exact::literal("0.00296"))->certified());
  // A file that claims more than its cells show is passed over.
  auto lie = proof;
  lie.statement.intercept += 1;
  keep(lie, "lie.proof");
  const auto certificate = certify(plan_of(witness, "0.0075", "0.00296", 1342177280), symmetric_record(0.785, 1342177280));
  ASSERT_TRUE(certificate->certified());
  EXPECT_EQ(*certificate->entropy_proof, *entropy::proof_digest(entropy::serialise_proof(proof)));
}

// A device tilted to 25 degrees at a bias where the win frequency and the MDL value show nothing any more.
TEST_F(WitnessMethod, TiltedDeviceBeyondTheBiasOfTheWinFrequency) {
  const auto behaviour = joint_behaviour(QubitDevice{.tilt_degrees = 25});
  const Exact mu = Exact::literal("0.12");
  EXPECT_LT(*largest_win_bias(*behaviour), mu);
  EXPECT_LT(*largest_mdl_bias(*behaviour), mu);
  const auto witness = best_witness(*behaviour, mu, plan::Polytope::santha_vazirani);
  ASSERT_TRUE(witness.ok());
  const auto score = score_of(*witness);
  Exact value;
  for (std::size_t i = 0; i < 16; ++i) value = value + score[i] * (*behaviour)[i];
  entropy::Statement s;
  s.mu = mu.value();
  s.score = trial_score(score);
  std::string slope = "50";  // what comes out below, after a long search
  if (!testing::sanitized()) {
    const auto best = entropy::best_slope(s, value.approximate());
    ASSERT_GT(best.slope * value.approximate() + best.intercept_bits, 0.3) << "bits a trial";
    slope = std::to_string(static_cast<int>(0.8 * best.slope));
  }
  // A proof that gives away more is found sooner: it has fewer cells.
  keep(prove(score, "0.12", slope.c_str(), testing::sanitized() ? "0.15" : "0.05"), "tilted.proof");
  const auto certificate = certify_hypothetical(plan_of(score, "0.12", std::to_string(value.approximate() * 0.99).c_str(), 100'000'000), value);
  ASSERT_TRUE(certificate.ok());
  EXPECT_TRUE(certificate->certified()) << certificate->score.reason;
  EXPECT_GT(certificate->output_bits(), 10'000'000u);

  // Every local strategy with every source of that bias: the best of them reaches the local value of the witness, and at
  // its score nothing is certified. All counts are whole: the probabilities are multiples of 0.01.
  constexpr long trials = 100'000'000;
  std::optional<Exact> most;
  Counts counts{};
  for (unsigned strategy = 0; strategy < 16; ++strategy)
    for (unsigned corner = 0; corner < 8; ++corner) {
      const auto percent = [&](unsigned bit) { return (corner >> bit & 1) != 0 ? 62L : 38L; };
      const long x = percent(0), pairs[4] = {(100 - x) * (100 - percent(1)), (100 - x) * percent(1), x * (100 - percent(2)), x * percent(2)};
      Exact reached;
      Counts here{};
      for (unsigned xy = 0; xy < 4; ++xy) {
        const unsigned a = strategy >> (xy >> 1) & 1, b = strategy >> (2 + (xy & 1)) & 1;
        reached = reached + Exact::fraction(pairs[xy], 10000) * score[4 * xy + 2 * a + b];
        here[4 * xy + 2 * a + b] = static_cast<std::uint64_t>(pairs[xy]) * (trials / 10000);
      }
      if (!most || *most < reached) most = reached, counts = here;
    }
  EXPECT_EQ(*most, local_witness_value(score, plan::Polytope::santha_vazirani, mu));
  estimate::Evidence cheat;
  cheat.blocks.resize(1);
  cheat.blocks[0].n_xyab = counts;
  cheat.blocks[0].trial_count = trials;
  const plan::Plan at_local = plan_of(score, "0.12", std::to_string(most->approximate() - 2e-6).c_str(), trials);
  EXPECT_EQ(observed_score(at_local, cheat), *most);
  const auto cheated = certify(at_local, cheat);
  ASSERT_TRUE(cheated.ok());
  EXPECT_TRUE(cheated->score.threshold_index.has_value()) << "the cheat reaches the threshold";
  EXPECT_FALSE(cheated->certified());
}

// Of score, trials, output, bias and epsilon all but one: whatever is found proves what was asked, and by the proofs at hand.
TEST_F(WitnessMethod, DesignsAreSolved) {
  const auto witness = mdl_witness(Exact::literal("0.0075"));
  Design asked;
  asked.score = 0.00296;
  asked.trial_count = 1342177280;
  asked.output_bits = 1'000'000;
  asked.epsilon = Exact::literal("1e-9");
  asked.mu = Exact::literal("0.0075");
  asked.wishes.method = plan::Method::witness;
  asked.wishes.witness = witness;
  Design without = asked;
  without.trial_count.reset();
  const auto none = solve(without);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::refused);
  EXPECT_NE(none.error().message.find("bellows prove entropy --witness"), std::string::npos) << none.error().message;

  const auto proof = prove(witness, "0.0075", "120", "0.01");
  keep(proof, "mdl.proof");
  for (const char* unknown : {"score", "trials", "output", "mu", "epsilon"}) {
    Design design = asked;
    const std::string name = unknown;
    if (name == "score") design.score.reset();
    if (name == "trials") design.trial_count.reset();
    if (name == "output") design.output_bits.reset();
    if (name == "mu") design.mu.reset();
    if (name == "epsilon") design.epsilon.reset();
    const auto solved = solve(design);
    ASSERT_TRUE(solved.ok()) << name << ": " << solved.error().describe();
    EXPECT_EQ(solved->found, name);
    EXPECT_GE(solved->bound.extraction.output_bits, 1'000'000u) << name;
    EXPECT_EQ(solved->bound.entropy_proof, *entropy::proof_digest(entropy::serialise_proof(proof)));
    // The plan says so by itself, at its own threshold, which an honest device passes.
    const auto certificate = certify_hypothetical(solved->plan, solved->plan.thresholds.lowest());
    ASSERT_TRUE(certificate.ok()) << certificate.error().describe();
    EXPECT_EQ(certificate->output_bits(), solved->bound.extraction.output_bits) << name;
    EXPECT_GE(power(honest_trial(plan::Method::witness, witness, *solved->design.mu, *solved->design.score),
                    solved->plan.thresholds.lowest().approximate(), static_cast<double>(*solved->design.trial_count)),
              0.9989)
        << name;
    EXPECT_GT(solved->bits_per_mille, 0) << name;
    // What was found is not far beyond what is needed.
    Design less = solved->design;
    less.output_bits.reset();
    if (name == "score") less.score = *less.score * 0.998;
    if (name == "trials") less.trial_count = *less.trial_count * 99 / 100;
    if (name == "epsilon") less.epsilon = *less.epsilon * Exact::literal("2^-20");
    if (name == "score" || name == "trials" || (name == "epsilon" && !at_epsilon_limit(*solved->design.epsilon))) {
      const auto fewer = solve(less);
      EXPECT_TRUE(!fewer.ok() || *fewer->design.output_bits < 1'000'000u) << name;
    }
    if (name == "mu") {
      EXPECT_EQ(*solved->design.mu, Exact::literal("0.0075")) << "where the proof ends";
    }
  }
  Design odd = asked;
  odd.trial_count.reset();
  for (double score : {-0.3, 0.26, 0.9, std::nan("")}) {
    odd.score = score;
    EXPECT_EQ(solve(odd).error().code, ErrorCode::usage) << score;
  }
}

TEST_F(WitnessMethod, ScoreOfARecord) {
  plan::Plan mdl_plan = plan_of(mdl_witness(Exact::literal("0.02")), "0.02", "0.001", 1000);
  estimate::Evidence evidence;
  estimate::BlockCounts block;
  for (unsigned i = 0; i < 16; ++i) block.n_xyab[i] = i * i % 23 + 1;
  block.trial_count = estimate::sum(block.n_xyab);
  evidence.blocks = {block};
  ASSERT_LT(evidence.trial_count(), 1000u);
  // Missing trials earn what a trial earns at least: here, as if each were one of the losing events.
  plan::Plan same = mdl_plan;
  same.method = plan::Method::mdl;
  same.witness.reset();
  const Exact half = Exact::fraction(1, 2), most = (half + mdl_plan.mu) * (half + mdl_plan.mu);
  const Exact missing = Exact::fraction(1000 - evidence.trial_count(), 1000) * most;
  EXPECT_EQ(observed_score(mdl_plan, evidence), observed_score(same, evidence) - missing);
  mdl_plan.trial_count = same.trial_count = evidence.trial_count();
  EXPECT_EQ(observed_score(mdl_plan, evidence), observed_score(same, evidence));
}

TEST_F(WitnessMethod, PlansThatDoNotHold) {
  const plan::Plan good = plan_of(mdl_witness(Exact::literal("0.02")), "0.02", "0.001", 1000);
  EXPECT_TRUE(plan::validate(good).ok());
  const auto back = plan::plan_from_json(plan::to_json(good));
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_EQ(*back, good);
  EXPECT_EQ(plan::digest(*back), plan::digest(good));
  plan::Plan wrong = good;
  wrong.witness.reset();
  EXPECT_EQ(plan::validate(wrong).error().code, ErrorCode::usage);
  wrong = good;
  wrong.method = plan::Method::two_sided;
  EXPECT_EQ(plan::validate(wrong).error().code, ErrorCode::usage);
  wrong = good;
  wrong.witness->fill(Exact::integer(1));
  EXPECT_EQ(plan::validate(wrong).error().code, ErrorCode::usage);
  wrong = good;
  wrong.thresholds = plan::Thresholds::list({Exact::literal("0.9")});
  EXPECT_EQ(plan::validate(wrong).error().code, ErrorCode::usage);
  // Within a trial's range, but beyond what any behaviour is expected to reach.
  wrong.thresholds = plan::Thresholds::list({Exact::literal("0.1")});
  EXPECT_TRUE(plan::validate(wrong).ok());
  EXPECT_EQ(check_plan(wrong).error().code, ErrorCode::usage);
  auto document = plan::to_json(good);
  document["witness"].push_back("0");
  EXPECT_FALSE(plan::plan_from_json(document).ok());
  // Plans of other methods do not know the key: their digests stay what they were.
  plan::Plan other = good;
  other.method = plan::Method::mdl;
  other.witness.reset();
  EXPECT_FALSE(plan::to_json(other).contains("witness"));
}

}  // namespace
}  // namespace bellows::certify
