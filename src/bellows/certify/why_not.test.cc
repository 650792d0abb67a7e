#include "bellows/certify/why_not.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "bellows/certify/certify.h"
#include "bellows/certify/one_sided.h"
#include "bellows/certify/search.h"
#include "bellows/numeric/optimise.h"
#include "bellows/testing/win_record.h"

namespace bellows::certify {
namespace {

using bellows::testing::evidence_with;

PlanWishes wishes_of(std::uint64_t trial_count, const char* mu = "0.01") {
  PlanWishes wishes;
  wishes.mu = Exact::literal(mu);
  wishes.epsilon = Exact::literal("1e-9");
  wishes.trial_count = trial_count;
  return wishes;
}

std::string reason_at(const PlanWishes& wishes, const char* score) {
  auto plan = built_in_plan(wishes);
  EXPECT_TRUE(plan.ok()) << plan.error().describe();
  auto certificate = certify_hypothetical(*plan, Exact::literal(score));
  EXPECT_TRUE(certificate.ok()) << certificate.error().describe();
  EXPECT_FALSE(certificate->certified());
  return certificate->score.reason;
}

/// The number that stands right behind these words; empty where they are not said.
std::string number_after(const std::string& text, const std::string& words) {
  const std::size_t at = text.find(words);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + words.size(), end = text.find_first_not_of("0123456789./", begin);
  std::string number = text.substr(begin, end == std::string::npos ? end : end - begin);
  while (number.ends_with('.')) number.pop_back();  // of the sentence
  return number;
}

bool says(const std::string& reason, const char* words) { return reason.find(words) != std::string::npos; }

TEST(WhyNot, TooFewTrialsAreNotBlamedOnTheLocalBound) {
  PlanWishes wishes = wishes_of(1000);
  const std::string reason = reason_at(wishes, "0.84");
  EXPECT_TRUE(says(reason, "too few trials")) << reason;
  EXPECT_FALSE(says(reason, "does not reach beyond")) << reason;
  // What it says would help, helps; a tenth fewer do not.
  const std::string count = number_after(reason, "about ");
  ASSERT_FALSE(count.empty()) << reason;
  wishes.threshold = Exact::literal("0.84");
  wishes.trial_count = std::stoull(count) * 2;  // one threshold at the epsilons of the grid takes about as many
  EXPECT_TRUE(certify_hypothetical(*built_in_plan(wishes), Exact::literal("0.84"))->certified());
  wishes.trial_count = std::stoull(count) / 2;
  EXPECT_FALSE(certify_hypothetical(*built_in_plan(wishes), Exact::literal("0.84"))->certified());
}

TEST(WhyNot, TheLargestBiasIsThatOfThePlansOwnMethod) {
  double of_win = 0;
  for (plan::Method method : {plan::Method::win, plan::Method::two_sided}) {
    PlanWishes wishes = wishes_of(20 * (std::uint64_t{1} << 26), "0.04");  // the published record, at a bias too large
    wishes.epsilon = Exact::literal("1e-12");
    wishes.method = method;
    wishes.extractor = plan::Extractor::short_seed;
    wishes.threshold = Exact::literal("0.783875");
    const std::string reason = reason_at(wishes, "0.783875"), mu = number_after(reason, "trials is mu = ");
    ASSERT_FALSE(mu.empty()) << reason;
    EXPECT_EQ(says(reason, "by the proofs that ship"), method == plan::Method::two_sided) << reason;
    wishes.mu = Exact::parse(mu).value();
    EXPECT_TRUE(certify_hypothetical(*built_in_plan(wishes), *wishes.threshold)->certified()) << mu;
    wishes.mu = wishes.mu + Exact::literal("0.00001");
    EXPECT_FALSE(certify_hypothetical(*built_in_plan(wishes), *wishes.threshold)->certified()) << mu;
    if (method == plan::Method::win)
      of_win = std::stod(mu);
    else
      EXPECT_GE(std::stod(mu), std::max(of_win, 0.0347));  // a million bits at 0.0347 already
  }
  PlanWishes mdl = wishes_of(1000000);
  mdl.method = plan::Method::mdl;
  EXPECT_TRUE(says(reason_at(mdl, "0.0001"), "for a device with symmetric noise")) << reason_at(mdl, "0.0001");
}

TEST(WhyNot, ALocalScoreIsNotBlamedOnTheTrials) {
  const std::string reason = reason_at(wishes_of(1000), "0.755");
  EXPECT_TRUE(says(reason, "does not reach beyond 0.7599")) << reason;
  EXPECT_FALSE(says(reason, "too few trials")) << reason;
  EXPECT_FALSE(says(reason, "would do at this score")) << reason;
  // 0.755 = 1 - (1/2 - mu)^2 at mu = 0.00502525.
  EXPECT_TRUE(says(reason, "the limit is mu = 0.005025")) << reason;
  EXPECT_TRUE(says(reason_at(wishes_of(1000), "0.75"), "no smaller bias either"));
  PlanWishes mdl = wishes_of(1000000);
  mdl.method = plan::Method::mdl;
  EXPECT_TRUE(says(reason_at(mdl, "0"), "does not reach beyond 0,"));
  EXPECT_TRUE(says(reason_at(mdl, "0.0001"), "too few trials"));
}

TEST(WhyNot, TheLargestBiasThatItNamesGivesABit) {
  PlanWishes wishes = wishes_of(1000000, "0.1");
  const std::string reason = reason_at(wishes, "0.83");
  const std::string mu = number_after(reason, "score and number of trials is mu = ");
  ASSERT_FALSE(mu.empty()) << reason;
  wishes.mu = Exact::literal(mu) * Exact::literal("0.99");
  wishes.threshold = Exact::literal("0.83");
  EXPECT_TRUE(certify_hypothetical(*built_in_plan(wishes), Exact::literal("0.83"))->certified()) << reason;
}

TEST(WhyNot, AThresholdOfOnesOwn) {
  PlanWishes wishes = wishes_of(1000000);
  wishes.threshold = Exact::literal("0.82");
  const std::string reason = reason_at(wishes, "0.819");
  EXPECT_TRUE(says(reason, "stays below the lowest threshold of the plan, 0.82;")) << reason;
  wishes.threshold = Exact::literal("0.819");
  auto at = certify_hypothetical(*built_in_plan(wishes), Exact::literal("0.819"));
  EXPECT_TRUE(says(reason, ("would give " + std::to_string(at->output_bits()) + " bits").c_str())) << reason;
}

TEST(WhyNot, MissingTrialsAreNamed) {
  auto plan = built_in_plan(wishes_of(1000000));
  auto stopped = certify(*plan, evidence_with(410000, 90000));
  ASSERT_TRUE(stopped.ok());
  ASSERT_FALSE(stopped->certified());
  const std::string& reason = stopped->score.reason;
  EXPECT_TRUE(says(reason, "500000 of the 1000000 planned trials are missing and count as lost")) << reason;
  EXPECT_TRUE(says(reason, "from 0.82 to 0.41")) << reason;
  auto whole = certify(*plan, evidence_with(820000, 180000));
  EXPECT_TRUE(says(reason, ("would give " + std::to_string(whole->output_bits()) + " bits").c_str())) << reason;
  // Where all of them would not have helped, they are not the first cause.
  auto hopeless = certify(*plan, evidence_with(300000, 200000));
  EXPECT_EQ(hopeless->score.reason.find("the score 0.6 does not reach beyond"), 0u) << hopeless->score.reason;
  EXPECT_TRUE(says(hopeless->score.reason, "are missing")) << hopeless->score.reason;
}

TEST(WhyNot, PublicationsAreNamed) {
  PlanWishes wishes = wishes_of(1);
  wishes.threshold = Exact::literal("0.82");
  auto certified_at = [&](long long trial_count) {
    wishes.trial_count = static_cast<std::uint64_t>(trial_count);
    return certify_hypothetical(*built_in_plan(wishes), Exact::literal("0.82"))->certified();
  };
  // Just enough trials for a bit do not pay for twelve counts of some 16 bits each.
  ASSERT_TRUE(certified_at(numeric::first_true(1000, 100000, certified_at)));
  wishes.published = {plan::Publication::counts};
  const std::string reason = reason_at(wishes, "0.82");
  EXPECT_TRUE(says(reason, "without what the plan publishes there would be")) << reason;
}

// Origin: (2 + sqrt 2)/4 = 0.853553390593..., and (sqrt 2 - 1)/32 = 0.012944173... at mu = 0.
TEST(QuantumMaximum, NumbersAloneDoNotGoBeyondIt) {
  PlanWishes win = wishes_of(1000000, "0"), mdl = win;
  mdl.method = plan::Method::mdl;
  win.threshold = Exact::literal("0.8");
  mdl.threshold = Exact::literal("0.01");
  for (const auto& [wishes, below, beyond] :
       {std::tuple(&win, "0.8535533905", "0.8535533906"), std::tuple(&win, "0.8", "1"),
        std::tuple(&mdl, "0.0129441738", "0.0129441739"), std::tuple(&mdl, "0.01", "0.84")}) {
    auto plan = built_in_plan(*wishes);
    ASSERT_TRUE(plan.ok());
    EXPECT_TRUE(certify_hypothetical(*plan, Exact::literal(below)).ok()) << below;
    auto refused = certify_hypothetical(*plan, Exact::literal(beyond));
    ASSERT_FALSE(refused.ok()) << beyond;
    EXPECT_EQ(refused.error().code, ErrorCode::usage);
    EXPECT_NE(refused.error().describe().find("the score lies beyond the quantum maximum"), std::string::npos);
  }
  // A real run may be lucky: all of its trials won.
  auto plan = built_in_plan(wishes_of(40, "0"));
  EXPECT_TRUE(certify(*plan, evidence_with(40, 0)).ok());
}

// Between uniform settings' 0.8536 and what sources of 2 % allow, steep proofs promise more bits than a trial has.
TEST(WhyNot, AScoreThatNoDeviceHasIsCalledThat) {
  PlanWishes wishes = wishes_of(1 << 24, "0.02");
  wishes.threshold = Exact::literal("0.8645");
  const auto plan = built_in_plan(wishes);
  ASSERT_TRUE(plan.ok());
  const auto certificate = certify_hypothetical(*plan, *wishes.threshold);
  ASSERT_TRUE(certificate.ok());
  EXPECT_FALSE(certificate->certified());
  EXPECT_TRUE(says(certificate->score.reason, "beyond what any device reaches")) << certificate->score.reason;
  EXPECT_FALSE(outlook(*plan).within_reach);
}

TEST(WhyNot, TheOutlookIsThatOfThePlansOwnThreshold) {
  PlanWishes wishes = wishes_of(1000000000, "0.1");
  wishes.method = plan::Method::win;
  wishes.threshold = Exact::literal("0.78");
  auto plan = built_in_plan(wishes);
  ASSERT_TRUE(plan.ok());
  const Outlook far = outlook(*plan);
  EXPECT_TRUE(far.within_reach);
  EXPECT_EQ(far.output_bits, 0u);
  ASSERT_TRUE(far.largest_mu.has_value());
  EXPECT_TRUE(*far.largest_mu < Exact::literal("0.031")) << far.largest_mu->text();
  plan->mu = *far.largest_mu;
  EXPECT_GT(outlook(*plan).output_bits, 0u);
}

TEST(WhyNot, TheOutlookSaysWhatStandsInTheWay) {
  auto of = [](const char* threshold, std::uint64_t trials) {
    PlanWishes wishes = wishes_of(trials, "0.0075");
    if (threshold != nullptr) wishes.threshold = Exact::literal(threshold);
    return outlook(*built_in_plan(wishes));
  };
  const Outlook local = of("0.7", 1000000000);
  EXPECT_TRUE(says(local.why_not, "the score 0.7 does not reach beyond 0.75744375")) << local.why_not;
  EXPECT_EQ(local.why_not_at, local.threshold);
  EXPECT_TRUE(says(of("0.76", 1000).why_not, "too few trials for this score: 0.76"));
  // Of a grid not the local bound at its lower end: the best device has too few trials.
  const Outlook grid = of(nullptr, 10);
  EXPECT_TRUE(says(grid.why_not, "too few trials for this score: 0.85355339")) << grid.why_not;
  EXPECT_TRUE(of("0.78", 1000000000).why_not.empty());
}

// Nothing exceeds it: every source of the box against the best quantum devices for its settings, by a search over
// angles.
TEST(QuantumMaximum, NoDeviceAndSourceExceedIt) {
  const double mu = 0.06, least = (0.5 - mu) * (0.5 - mu), most = (0.5 + mu) * (0.5 + mu);
  const double win_limit = quantum_maximum(plan::ScoreKind::win_frequency, Exact::literal("0.06")).upper();
  const double mdl_limit = quantum_maximum(plan::ScoreKind::mdl_value, Exact::literal("0.06")).upper();
  const double q = 0.25 - mu * mu;
  double best_win = 0, best_mdl = -1;
  for (const auto& settings : {std::array{most, q, q, least},
                               {q, most, least, q},
                               {q, least, most, q},
                               {least, q, q, most},
                               {most, q, least, q},
                               {q, most, q, least},
                               {least, q, most, q},
                               {q, least, q, most}})
    for (double a1 = 0; a1 < 2 * M_PI; a1 += 0.1)
      for (double b0 = 0; b0 < 2 * M_PI; b0 += 0.1)
        for (double b1 = 0; b1 < 2 * M_PI; b1 += 0.1) {
          // Maximally entangled: P(ab|xy) = (1 +- cos(difference))/4.
          const double a[] = {0, a1}, b[] = {b0, b1};
          double win = 0, p[2][2];
          for (int x = 0; x < 2; ++x)
            for (int y = 0; y < 2; ++y) {
              p[x][y] = std::cos(a[x] - b[y]);
              win += settings[static_cast<std::size_t>(2 * x + y)] * (1 + (x == 1 && y == 1 ? -1 : 1) * p[x][y]) / 2;
            }
          const double mdl =
              least * settings[0] * (1 + p[0][0]) / 4 -
              most * (settings[1] * (1 - p[0][1]) + settings[2] * (1 - p[1][0]) + settings[3] * (1 + p[1][1])) / 4;
          best_win = std::max(best_win, win), best_mdl = std::max(best_mdl, mdl);
        }
  EXPECT_LE(best_win, win_limit);
  EXPECT_LE(best_mdl, mdl_limit);
  EXPECT_GT(best_win, 0.85);
  EXPECT_GT(best_mdl, 0.008);
}

}  // namespace
}  // namespace bellows::certify
