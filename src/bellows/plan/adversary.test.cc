#include "bellows/plan/adversary.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "bellows/plan/plan.h"

namespace bellows::plan {
namespace {

constexpr std::array adversaries{quantum_adversary, no_signalling_adversary, classical_adversary,
                                 no_signalling_classical_adversary};

Plan plan_with(Method method, const Adversary& adversary) {
  Plan plan;
  plan.method = method;
  plan.adversary = adversary;
  plan.mu = Exact::literal("0.0075");
  plan.trial_count = 1000;
  plan.thresholds = Thresholds::list({Exact::literal("0.001")});
  plan.epsilons = split_epsilon(Exact::literal("1e-12"), 1, plan.extractor);
  if (method == Method::witness) {
    plan.witness.emplace();
    plan.witness->front() = Exact::integer(1);
  }
  return plan;
}

// Who covers whom, written out: rows are what is proved, columns what is asked, in the order of the list above.
TEST(Adversary, Order) {
  constexpr bool expected[4][4] = {{true, false, true, false},   // quantum
                                   {true, true, true, true},     // no-signalling
                                   {false, false, true, false},  // classical
                                   {false, false, true, true}};  // no-signalling-classical
  for (std::size_t proved = 0; proved < 4; ++proved)
    for (std::size_t asked = 0; asked < 4; ++asked)
      EXPECT_EQ(covers(adversaries[proved], adversaries[asked]), expected[proved][asked])
          << name(adversaries[proved]) << " for " << name(adversaries[asked]);
}

TEST(Adversary, OrderIsPartialAndWhatTwoHaveInCommonIsTheMostThatBothCover) {
  for (const Adversary& a : adversaries)
    for (const Adversary& b : adversaries) {
      EXPECT_EQ(covers(a, b) && covers(b, a), a == b);
      const Adversary both = common_to(a, b);
      EXPECT_TRUE(covers(a, both) && covers(b, both));
      EXPECT_EQ(both, common_to(b, a));
      for (const Adversary& c : adversaries) {
        EXPECT_EQ(covers(a, c) && covers(b, c), covers(both, c));
        if (covers(a, b) && covers(b, c)) {
          EXPECT_TRUE(covers(a, c));
        }
      }
    }
}

TEST(Adversary, NamesComeBack) {
  for (const Adversary& one : adversaries) EXPECT_EQ(*adversary_named(name(one)), one);
  const auto refused = adversary_named("nobody");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
  for (const Adversary& one : adversaries) EXPECT_NE(refused.error().expected.find(name(one)), std::string::npos);
}

// Certificates are recomputed letter by letter, so these sentences may never change.
TEST(Adversary, SentencesOfOlderCertificates) {
  EXPECT_STREQ(theory_in_words(quantum_adversary.theory), "Quantum theory is correct and complete; Eve is bound by it.");
  EXPECT_EQ(side_information_in_words(quantum_adversary),
            "What Eve holds of the source is classical; what she holds of the device may be quantum.");
}

// Every method, written out: all are proved against quantum side information and nothing stronger.
TEST(Adversary, EveryMethodAgainstEveryAdversary) {
  for (const char* method : {"win", "two-sided", "mdl", "win-older", "mdl-as-printed", "witness"}) {
    const Method one = *method_named(method);
    EXPECT_EQ(proved_against(one), quantum_adversary) << method;
    for (const Adversary& asked : adversaries) {
      const Plan plan = plan_with(one, asked);
      const Status valid = validate(plan);
      const bool covered = asked == quantum_adversary || asked == classical_adversary;
      EXPECT_EQ(valid.ok(), covered) << method << " against " << name(asked);
      if (covered) {
        EXPECT_EQ(proved_against(plan), quantum_adversary);
        continue;
      }
      EXPECT_EQ(valid.error().code, ErrorCode::usage);
      // It names what was asked, what there is, and that no method would do.
      for (const char* word : {method, "quantum", "no method"})
        EXPECT_NE(valid.error().describe().find(word), std::string::npos) << word;
      EXPECT_NE(valid.error().got.find(name(asked)), std::string::npos);
    }
  }
  for (const char* family : {"auto", "toeplitz", "circulant", "short-seed", "shift-matrix"})
    EXPECT_EQ(proved_against(*extractor_named(family)), quantum_adversary) << family;
}

TEST(Adversary, PlanFiles) {
  Plan plan = plan_with(Method::win, classical_adversary);
  nlohmann::json document = to_json(plan);
  EXPECT_EQ(document["adversary"], "classical");
  EXPECT_EQ(plan_from_json(document)->adversary, classical_adversary);
  document["adversary"] = "no-signalling";
  auto refused = plan_from_json(document, "plan.json");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::bad_input);
  EXPECT_NE(refused.error().message.find("does not cover no-signalling"), std::string::npos);
  // What was written before adversaries had a type reads and digests as it did.
  document["adversary"] = "quantum";
  EXPECT_EQ(plan_from_json(document)->adversary, quantum_adversary);
  EXPECT_EQ(to_json(*plan_from_json(document)), document);
}

}  // namespace
}  // namespace bellows::plan
