#include "bellows/estimate/evidence.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bellows::estimate {
namespace {

BlockCounts block(std::uint64_t index, std::uint64_t scale) {
  BlockCounts b{.block_index = index, .start_time_ns = 17 * index};
  for (std::size_t i = 0; i < 16; ++i) b.trial_count += b.n_xyab[i] = scale * (i + 1);
  return b;
}

Evidence sample(std::initializer_list<std::uint64_t> indices) {
  Evidence evidence;
  evidence.plan_digest = sha256("a plan");
  for (std::uint64_t index : indices) evidence.blocks.push_back(block(index, index + 1));
  return evidence;
}

TEST(Evidence, TotalsAndWins) {
  Evidence evidence = sample({0, 1});
  EXPECT_EQ(evidence.trial_count(), 3u * 136);
  // Winning entries 8x+4y+2a+b: 0 3, 4 7, 8 11, 13 14; each holds 3 (i + 1).
  EXPECT_EQ(evidence.win_count(), 3u * (1 + 4 + 5 + 8 + 9 + 12 + 14 + 15));
}

TEST(Evidence, CountsBeyond32Bits) {
  Evidence evidence;
  evidence.blocks.push_back(block(0, std::uint64_t{1} << 40));
  EXPECT_EQ(evidence.trial_count(), std::uint64_t{136} << 40);
  EXPECT_EQ(*evidence_from_json(to_json(evidence)), evidence);
}

TEST(Evidence, MergeIsTheSumInAnyOrder) {
  Evidence all = sample({0, 1, 2, 5}), even = sample({0, 2}), odd = sample({1, 5});
  EXPECT_EQ(*merge(even, odd), all);
  EXPECT_EQ(*merge(odd, even), all);
  EXPECT_EQ(*merge(all, sample({})), all);
}

TEST(Evidence, MergeRefusesWhatDoesNotBelongTogether) {
  Evidence one = sample({0, 1});
  EXPECT_FALSE(merge(one, sample({1})).ok());
  Evidence other = sample({2});
  other.plan_digest = sha256("another plan");
  EXPECT_FALSE(merge(one, other).ok());
  other = sample({2});
  other.relabelling = "x flipped";
  EXPECT_FALSE(merge(one, other).ok());
  other = sample({2});
  other.simulated = true;
  EXPECT_FALSE(merge(one, other).ok());
}

TEST(Evidence, JsonRoundTrip) {
  Evidence evidence = sample({0, 3, 4});
  evidence.simulated = true;
  evidence.relabelling = "minus-row-0";
  evidence.relabellings_tried = 8;
  evidence.log_digest = sha256("a log");
  EXPECT_EQ(*evidence_from_json(to_json(evidence)), evidence);
}

TEST(Evidence, HostileJson) {
  const nlohmann::json good = to_json(sample({0, 1}));
  auto rejected = [](const nlohmann::json& document) {
    auto read = evidence_from_json(document, "file");
    return !read.ok() && read.error().code == ErrorCode::bad_input && read.error().file == "file";
  };
  for (const auto& [key, value] : good.items()) {
    nlohmann::json bad = good;
    bad.erase(key);
    EXPECT_TRUE(rejected(bad)) << key;
    bad = good;
    bad[key] = nullptr;
    EXPECT_TRUE(rejected(bad)) << key;
  }
  nlohmann::json bad = good;
  bad["more"] = 1;
  EXPECT_TRUE(rejected(bad));
  bad = good;
  bad["blocks"][0]["n_xyab"][3] = -1;
  EXPECT_TRUE(rejected(bad));
  bad = good;
  bad["blocks"][0]["n_xyab"][3] = 4.5;
  EXPECT_TRUE(rejected(bad));
  bad = good;
  bad["blocks"][0]["n_xyab"].push_back(0);
  EXPECT_TRUE(rejected(bad));
  bad = good;
  bad["blocks"][1]["block_index"] = 0;
  EXPECT_TRUE(rejected(bad));
  bad = good;
  bad["blocks"][0]["n_xyab"][3] = 99999;  // no longer the sum
  EXPECT_TRUE(rejected(bad));
  bad = good;
  bad["n_xyab"][2] = 0;
  EXPECT_TRUE(rejected(bad));
  EXPECT_TRUE(rejected(nlohmann::json::array()));
  EXPECT_TRUE(rejected(nlohmann::json("text")));
  for (const char* overflow : {"n_xyab"}) {
    bad = good;
    for (auto& entry : bad["blocks"][0][overflow]) entry = ~std::uint64_t{0};
    EXPECT_TRUE(rejected(bad));
  }
}

}  // namespace
}  // namespace bellows::estimate
