#include "bellows/report/recompute.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>

#include "bellows/certify/certify.h"
#include "bellows/certify/search.h"
#include "bellows/estimate/gather.h"
#include "bellows/estimate/origin.h"
#include "bellows/testing/shared_data.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/writer.h"

namespace bellows::report {
namespace {

constexpr std::uint64_t trial_count = 200'000;

// Trials of which 85 % win, under a built-in plan of the default method.
struct FinishedRun {
  testing::TempFolder temp;
  plan::Plan plan;
  std::optional<trials::LogReader> log;
  estimate::Evidence evidence;

  void make(const char* mu = "0.0075") {
    certify::PlanWishes wishes;
    wishes.method = plan::Method::two_sided;
    wishes.mu = numeric::Exact::literal(mu);
    wishes.trial_count = trial_count;
    wishes.epsilon = numeric::Exact::literal("1e-9");
    auto built = certify::built_in_plan(wishes);
    ASSERT_TRUE(built.ok()) << built.error().describe();
    plan = *built;
    trials::LogHeader header;
    header.plan_digest = plan::digest(plan);
    auto writer = trials::LogWriter::create(temp.path() / "log.trials", header);
    ASSERT_TRUE(writer.ok()) << writer.error().describe();
    std::mt19937_64 random(11);
    bits::BitString x(trial_count), y = x, a = x, b = x;
    for (std::uint64_t i = 0; i < trial_count; ++i) {
      const bool xi = random() & 1, yi = random() & 1, ai = random() & 1, wins = random() % 100 < 85;
      x.set(i, xi), y.set(i, yi), a.set(i, ai), b.set(i, ai ^ (xi && yi) ^ !wins);
    }
    const std::vector<bits::BitView> planes{x, a, y, b};
    ASSERT_TRUE(writer->append_block(planes, 1700000000000000000ull).ok());
    ASSERT_TRUE(writer->finish().ok());
    auto opened = trials::LogReader::open(temp.path() / "log.trials");
    ASSERT_TRUE(opened.ok());
    log.emplace(std::move(*opened));
    auto gathered = estimate::gather_evidence(*log, Context{});
    ASSERT_TRUE(gathered.ok());
    evidence = *gathered;
  }

  certify::Certificate certificate(const certify::Statements& statements, bool strict = false) {
    certify::Circumstances circumstances;
    circumstances.statements = statements;
    circumstances.strict = strict;
    circumstances.notes = *estimate::origin_notes(*log, Context{});
    auto made = certify::certify(plan, evidence, circumstances);
    EXPECT_TRUE(made.ok()) << made.error().describe();
    return *made;
  }

  // The name of what differs; "" if it follows.
  std::string difference(const certify::Certificate& given) {
    auto again = recompute_certificate(given, plan, evidence, *log, Context{});
    if (!again.ok()) return again.error().describe();
    return first_difference(given, *again).value_or("");
  }
};

TEST(Recompute, CertificatesFollowWhateverIsStated) {
  FinishedRun run;
  ASSERT_NO_FATAL_FAILURE(run.make());
  using certify::SeedOrigin;
  for (const certify::Statements& statements :
       {certify::Statements{},
        {SeedOrigin::simulated_source, {}, {}},
        {SeedOrigin::system_generator, certify::LocalityStatement::stated("passed, margin 3.2 ns"), {"the laboratory was locked", "it rained"}}}) {
    const certify::Certificate certificate = run.certificate(statements);
    ASSERT_TRUE(certificate.certified());
    EXPECT_TRUE(certificate.entropy_proof.has_value());
    EXPECT_EQ(run.difference(certificate), "");
  }
}

TEST(Recompute, AStrictRefusalFollows) {
  FinishedRun run;
  ASSERT_NO_FATAL_FAILURE(run.make("0.0001"));
  for (auto& block : run.evidence.blocks) block.n_xyab[0] += 20000, block.trial_count += 20000;
  run.plan.trial_count += 20000;
  run.plan.origin = plan::Origin::file;  // with a trial count of its own its grid is no longer the built-in one
  run.evidence.plan_digest = plan::digest(run.plan);
  const certify::Certificate certificate = run.certificate({}, true);
  ASSERT_FALSE(certificate.certified());
  EXPECT_EQ(certificate.score.reason, certify::strict_refusal);
  EXPECT_EQ(run.difference(certificate), "");
}

// A changed byte anywhere in certificate.json is a certificate that cannot be read, or one that does not follow.
TEST(Recompute, EveryChangedByteIsFound) {
  FinishedRun run;
  ASSERT_NO_FATAL_FAILURE(run.make());
  const certify::Certificate certificate =
      run.certificate({certify::SeedOrigin::simulated_source, certify::LocalityStatement::stated("passed"), {"the laboratory was locked"}});
  const nlohmann::json document = certify::to_private_json(certificate);
  const std::string text = document.dump(2);
  std::size_t tried = 0;
  // Sanitizers make each a hundred times slower; there some bytes will do.
  const std::size_t step = testing::sanitized() ? 29 : 1;
  for (std::size_t at = 0; at < text.size(); at += step) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    nlohmann::json other = nlohmann::json::parse(changed, nullptr, false);
    if (other.is_discarded() || other == document) continue;
    auto given = certify::certificate_from_json(other);
    if (!given.ok()) continue;
    ++tried;
    EXPECT_NE(run.difference(*given), "") << "byte " << at << ": " << text.substr(at < 30 ? 0 : at - 30, 60);
  }
  EXPECT_GT(tried, 500u / step);
}

}  // namespace
}  // namespace bellows::report
