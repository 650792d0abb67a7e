#include "bellows/plan/plan.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bellows/plan/json_reader.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::plan {
namespace {

Plan example() {
  Plan plan;
  plan.mu = Exact::literal("0.75%");
  plan.trial_count = 1000;
  plan.thresholds = Thresholds::grid(Exact::literal("0.77"), Exact::literal("0.85"), 9);
  plan.epsilons = split_epsilon(Exact::literal("1e-12"), plan.threshold_events(), plan.extractor);
  plan.published = {Publication::log_digest};
  return plan;
}

TEST(Plan, ThresholdsReached) {
  for (const Thresholds& thresholds :
       {Thresholds::grid(Exact::literal("0.7"), Exact::literal("0.8"), 3),
        Thresholds::list({Exact::literal("0.7"), Exact::literal("0.75"), Exact::literal("0.8")})}) {
    EXPECT_EQ(thresholds.at(1), Exact::literal("3/4"));
    EXPECT_FALSE(thresholds.reached(Exact::literal("0.69999999999999999999")).has_value());
    EXPECT_EQ(thresholds.reached(Exact::literal("0.7")), 0u);
    EXPECT_EQ(thresholds.reached(Exact::literal("0.7499999999999999999999")), 0u);
    EXPECT_EQ(thresholds.reached(Exact::literal("0.75")), 1u);
    EXPECT_EQ(thresholds.reached(Exact::literal("1")), 2u);
  }
}

TEST(Plan, EpsilonsAddUp) {
  for (Extractor extractor : {Extractor::automatic, Extractor::shift_matrix})
    for (std::uint64_t events : {1, 2, 8, 1000}) {
      Epsilons split = split_epsilon(Exact::literal("1e-12"), events, extractor);
      Exact security = Exact::integer(smoothing_weight(extractor)) * split.smoothing + split.extraction;
      Exact total = events == 1 ? security : security + Exact::integer(events) * split.accumulation;
      EXPECT_EQ(total, Exact::literal("1e-12")) << events;
    }
}

TEST(Plan, JsonRoundTrip) {
  Plan plan = example();
  ASSERT_TRUE(validate(plan).ok());
  auto back = plan_from_json(to_json(plan));
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_EQ(*back, plan);
  EXPECT_EQ(digest(*back), digest(plan));
  testing::TempFolder folder;
  ASSERT_TRUE(write_plan(plan, folder.path() / "plan.json", false).ok());
  EXPECT_FALSE(write_plan(plan, folder.path() / "plan.json", false).ok());
  EXPECT_EQ(*read_plan(folder.path() / "plan.json"), plan);
  plan.thresholds = Thresholds::list({Exact::literal("0.8")});
  plan.epsilons = split_epsilon(Exact::literal("1e-12"), 1, plan.extractor);
  EXPECT_EQ(*plan_from_json(to_json(plan)), plan);
}

TEST(Plan, EveryKeyCounts) {
  const nlohmann::json good = to_json(example());
  for (const auto& [key, value] : good.items()) {
    nlohmann::json bad = good;
    bad.erase(key);
    EXPECT_FALSE(plan_from_json(bad).ok()) << "without " << key;
    bad = good;
    bad[key] = nlohmann::json(nullptr);
    EXPECT_FALSE(plan_from_json(bad).ok()) << "null " << key;
    bad[key] = -1.5;
    EXPECT_FALSE(plan_from_json(bad).ok()) << "number " << key;
  }
  nlohmann::json bad = good;
  bad["threshold"] = "0.8";
  auto refused = plan_from_json(bad, "plan.json");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().describe().find("unknown key"), std::string::npos);
  for (const char* document : {"null", "[]", "3", "{}"})
    EXPECT_FALSE(plan_from_json(nlohmann::json::parse(document)).ok());
}

TEST(Plan, Refuses) {
  auto refuses = [](auto change) {
    Plan plan = example();
    change(plan);
    return !validate(plan).ok();
  };
  EXPECT_TRUE(refuses([](Plan& p) { p.trial_count = 0; }));
  EXPECT_TRUE(refuses([](Plan& p) { p.trial_count = ~std::uint64_t{0}; }));
  EXPECT_TRUE(refuses([](Plan& p) { p.mu = Exact::literal("0.5"); }));
  EXPECT_TRUE(refuses([](Plan& p) { p.mu = Exact::literal("-0.001"); }));
  EXPECT_TRUE(refuses([](Plan& p) { p.epsilons.total = Exact::literal("0"); }));
  EXPECT_TRUE(refuses([](Plan& p) { p.epsilons.total = Exact::literal("1"); }));
  EXPECT_TRUE(refuses([](Plan& p) { p.epsilons.smoothing = p.epsilons.total; }));
  EXPECT_TRUE(refuses([](Plan& p) { p.relabelling = "auto"; })) << "eight relabellings need eight times the events";
  EXPECT_TRUE(refuses([](Plan& p) { p.adversary = no_signalling_adversary; }));
  EXPECT_TRUE(refuses([](Plan& p) { p.thresholds = Thresholds::list({}); }));
  EXPECT_TRUE(refuses([](Plan& p) {
    p.thresholds = Thresholds::list({Exact::literal("0.8"), Exact::literal("0.8")});
  }));
  EXPECT_TRUE(refuses([](Plan& p) { p.thresholds = Thresholds::list({Exact::literal("1.01")}); }));
  EXPECT_TRUE(
      refuses([](Plan& p) { p.thresholds = Thresholds::grid(Exact::literal("0.8"), Exact::literal("0.8"), 3); }));
  EXPECT_TRUE(refuses([](Plan& p) { p.published = {Publication::score, Publication::score}; }));
  EXPECT_TRUE(refuses([](Plan& p) { p.protocol = "gallego"; }));
  for (const char* relabelling : {"zzz", "", "x:flip,", ",x:flip", "x:flip, a:flip", "X:flip", "auto,x:flip", "none,none"})
    EXPECT_TRUE(refuses([&](Plan& p) { p.relabelling = relabelling; })) << relabelling;
  for (const char* relabelling : {"none", "swap-parties", "x:flip,a:flip-if-x"})
    EXPECT_FALSE(refuses([&](Plan& p) { p.relabelling = relabelling; })) << relabelling;
  for (std::uint64_t seed_bits : {~std::uint64_t{0}, std::uint64_t{1} << 63, most_seed_bits(1000) + 1})
    EXPECT_TRUE(refuses([&](Plan& p) { p.seed_bits = seed_bits; })) << seed_bits;
  EXPECT_FALSE(refuses([](Plan& p) { p.seed_bits = most_seed_bits(1000); }));
  EXPECT_GT(most_seed_bits(most_trials), most_seed_bits(most_trials / 2 - 1));
}

TEST(Plan, Toml) {
  const std::string good = R"(
    mu = 0.0075
    trial_count = "2^20"
    [thresholds]
    lowest = "0.77"
    highest = 0.85
    count = 5
    [epsilons]
    total = 1e-12
    [publish]
    items = ["score"]
  )";
  auto plan = plan_from_toml(good);
  ASSERT_TRUE(plan.ok()) << plan.error().describe();
  EXPECT_EQ(plan->mu, Exact::fraction(3, 400));
  EXPECT_EQ(plan->trial_count, 1u << 20);
  EXPECT_EQ(plan->epsilons, split_epsilon(Exact::literal("1e-12"), 5, Extractor::automatic));
  EXPECT_EQ(plan->origin, Origin::file);
  for (const char* bad :
       {"mu = nan\n", "mu = inf\n", "mu = true\n", "mu = 0.5\n", "extractor = \"md5\"\n", "thresold = 3\n",
        "mu = 0.01\nmu = 0.02\n", "trial_count = -5\n", "method = 3\n", "[epsilons]\nsmoothing = 1e-13", "= 3", "[publish]\nmode = \"open\""}) {
    std::string head = bad, body = good;
    if (head.rfind("mu", 0) == 0) body = body.substr(body.find("trial_count"));
    if (head.rfind("trial", 0) == 0) body = "mu = 0.0075\n" + body.substr(body.find("[thr"));
    if (head.rfind("[publish]", 0) == 0) head = "", body = body.substr(0, body.find("[publish]")) + bad;
    if (head.rfind("[eps", 0) == 0)
      body.replace(body.find("[epsilons]"), 10, "[epsilons]\nsmoothing = 1e-13"), head = "";
    auto refused = plan_from_toml(head + body, "x.toml");
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::bad_input);
    EXPECT_EQ(refused.error().file, "x.toml");
  }
}

TEST(ParseJson, KeysStandOnceAndFaultsHaveAPlace) {
  EXPECT_TRUE(parse_json(R"({"a": {"b": 1}, "b": [{"a": 1}, {"a": 2}]})", "it", "f").ok());
  for (const char* text :
       {R"({"a": 1, "a": 2})", R"({"a": {"b": 1, "c": 2, "b": 3}})", R"([{"a": [{"x": 1, "x": 1}]}])"})
    EXPECT_EQ(parse_json(text, "it", "f").error().message, "it has a key twice") << text;
  auto broken = parse_json(R"({"a": 1, })", "it", "f");
  EXPECT_EQ(broken.error().offset_bytes, 9u);
  EXPECT_EQ(parse_json("", "it", "f").error().code, ErrorCode::bad_input);
  EXPECT_EQ(parse_json("[1e999]", "it", "f").error().code, ErrorCode::bad_input);
  EXPECT_EQ(parse_json(std::string(100000, '['), "it", "f").error().code, ErrorCode::bad_input);
  EXPECT_EQ(parse_json(std::string(1000, '[') + std::string(1000, ']'), "it", "f").error().message,
            "it is nested too deep");
}

}  // namespace
}  // namespace bellows::plan
