#include "bellows/estimate/origin.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bellows/testing/temp_folder.h"
#include "bellows/trials/writer.h"

namespace bellows::estimate {
namespace {

using nlohmann::json;

Result<std::optional<numeric::Exact>> claim_of(const json& metadata) {
  testing::TempFolder folder;
  trials::LogHeader header;
  header.metadata = metadata;
  auto writer = trials::LogWriter::create(folder.path() / "log.trials", header);
  EXPECT_TRUE(writer.ok());
  EXPECT_TRUE(writer->finish().ok());
  auto log = trials::LogReader::open(folder.path() / "log.trials");
  EXPECT_TRUE(log.ok());
  return claimed_bias(*log);
}

json simulated(const json& claim) {
  return {{"simulated", true}, {"experiment", {{"source", {{"claimed_mu", claim}}}}}};
}

TEST(ClaimedBias, IsTheDecimalThatWasMeant) {
  for (const char* mu : {"0", "0.02", "0.0075", "1e-07", "0.499999"}) {
    auto claim = claim_of(simulated(json::parse(mu)));
    ASSERT_TRUE(claim.ok()) << mu;
    ASSERT_TRUE(claim->has_value()) << mu;
    EXPECT_EQ(**claim, numeric::Exact::literal(mu));
  }
}

TEST(ClaimedBias, OnlySimulatedLogsClaimOne) {
  json real = simulated(0.02);
  real["simulated"] = false;
  json unmarked = simulated(0.02);
  unmarked.erase("simulated");
  for (const json& metadata : {real, unmarked, json::object(), json{{"simulated", true}},
                               json{{"simulated", true}, {"experiment", "mine"}},
                               json{{"simulated", true}, {"experiment", {{"source", {{"name", "honest"}}}}}}}) {
    auto claim = claim_of(metadata);
    ASSERT_TRUE(claim.ok()) << metadata;
    EXPECT_FALSE(claim->has_value()) << metadata;
  }
}

TEST(ClaimedBias, IsRefusedWhereNoSourceHasIt) {
  for (const json& claim : {json(0.5), json(-0.01), json(2), json("0.02"), json(nullptr), json(true), json::array()}) {
    auto found = claim_of(simulated(claim));
    ASSERT_FALSE(found.ok()) << claim;
    EXPECT_EQ(found.error().code, ErrorCode::bad_input);
    EXPECT_EQ(found.error().got, claim.dump());
  }
}

}  // namespace
}  // namespace bellows::estimate
