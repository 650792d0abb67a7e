#include "bellows/certify/from_threshold.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bellows/certify/certify.h"
#include "bellows/certify/search.h"
#include "bellows/testing/win_record.h"

namespace bellows::certify {
namespace {

using bellows::testing::evidence_with;

TEST(FromThreshold, WhatThePublicFormSaysFollows) {
  PlanWishes wishes;
  wishes.mu = Exact::literal("0.01");
  wishes.epsilon = Exact::literal("1e-9");
  wishes.trial_count = 1000000;
  const auto plan = built_in_plan(wishes);
  ASSERT_TRUE(plan.ok());
  for (const std::uint64_t wins : {820000u, 700000u})
    for (const bool strict : {false, true})
      for (const char* locality : {"", "FAILED; A->B: 12 ns late"})
        for (const bool fresh : {true, false}) {
          Circumstances circumstances;
          circumstances.strict = strict;
          if (!fresh) circumstances.notes = {"NOT MET by these records: fresh settings for every trial."};
          if (*locality != '\0') circumstances.statements.locality = {LocalityStatement::By::program, locality};
          const bool refused = strict && (!fresh || circumstances.statements.locality.failed());
          const auto made = certify(*plan, evidence_with(wins, 1000000 - wins), circumstances);
          ASSERT_TRUE(made.ok()) << made.error().describe();
          EXPECT_EQ(made->certified(), wins == 820000 && !refused);
          const auto read = certificate_from_json(to_public_json(*made));
          ASSERT_TRUE(read.ok()) << read.error().describe();
          const auto again = from_threshold(*read);
          ASSERT_TRUE(again.ok()) << again.error().describe();
          EXPECT_EQ(to_public_json(*again), to_public_json(*read));
          if (!made->certified()) continue;
          Certificate greedy = *read;
          greedy.min_entropy_bits += 1;
          EXPECT_NE(to_public_json(*from_threshold(greedy)), to_public_json(greedy));
        }
}

}  // namespace
}  // namespace bellows::certify
