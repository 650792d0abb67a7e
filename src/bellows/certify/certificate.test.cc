#include "bellows/certify/certificate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "bellows/certify/signature.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::certify {
namespace {

Certificate example() {
  Certificate certificate;
  plan::Plan& plan = certificate.plan;
  plan.mu = Exact::literal("0.0075");
  plan.trial_count = 1000;
  plan.thresholds = plan::Thresholds::list({Exact::literal("0.8"), Exact::literal("0.82")});
  plan.epsilons = plan::split_epsilon(Exact::literal("1e-9"), 2, plan.extractor);
  certificate.verdict = Verdict::certified;
  certificate.trial_count = 1000;
  certificate.min_entropy_bits = 120.5;
  certificate.score.observed = Exact::literal("0.81");
  certificate.score.threshold_index = 0;
  certificate.score.threshold = Exact::literal("0.8");
  certificate.score.threshold_events = 2;
  certificate.losses = {{"accumulation", 33.25, "a theorem"}};
  certificate.extraction = {plan::Extractor::toeplitz, 2000, 100, 2099, 0, 0};
  certificate.assumptions = {"the guarantee", "an assumption"};
  certificate.plan_digest = plan::digest(plan);
  certificate.log_digest = sha256("log");
  return certificate;
}

TEST(Certificate, JsonRoundTrip) {
  Certificate certificate = example();
  auto back = certificate_from_json(to_private_json(certificate));
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_EQ(*back, certificate);
  EXPECT_EQ(digest(*back), digest(certificate));
  std::string keys;
  const nlohmann::json document = to_private_json(certificate);
  for (const auto& [key, value] : document.items()) keys += key + " ";
  EXPECT_EQ(
      keys,
      "adversary assumptions digests epsilon hypothetical losses method min_entropy_bits output_bits plan protocol "
      "score simulated trials verdict ");
}

// A plan that asks for less gets what was proved, by name and in words, in every form.
TEST(Certificate, SaysAgainstWhomItWasProved) {
  Certificate certificate = example();
  EXPECT_NE(to_text(certificate, false).find("adversary       quantum theory; Eve may hold classical knowledge of the "
                                             "source, a quantum system of the device\n"),
            std::string::npos);
  certificate.plan.adversary = plan::classical_adversary;
  certificate.plan_digest = plan::digest(certificate.plan);
  for (const auto& document : {to_private_json(certificate), to_public_json(certificate)}) {
    EXPECT_EQ(document["adversary"], "quantum");
    EXPECT_EQ(document["plan"]["adversary"], "classical");
    auto back = certificate_from_json(document);
    ASSERT_TRUE(back.ok()) << back.error().describe();
    EXPECT_EQ(back->proved_against(), plan::quantum_adversary);
    auto changed = document;
    changed["adversary"] = "classical";
    EXPECT_FALSE(certificate_from_json(changed).ok()) << "less than was proved";
    changed["adversary"] = "no-signalling";
    EXPECT_FALSE(certificate_from_json(changed).ok()) << "more than was proved";
  }
  const std::string text = to_text(certificate, false);
  EXPECT_NE(text.find("against a quantum adversary\n"), std::string::npos);
  EXPECT_NE(text.find("this covers classical, which the plan asks for"), std::string::npos);
}

TEST(Certificate, PublicHoldsOnlyWhatWasPaid) {
  Certificate certificate = example();
  std::string text = to_public_json(certificate).dump();
  EXPECT_EQ(text.find("0.81"), std::string::npos);
  EXPECT_EQ(text.find(certificate.log_digest->hex()), std::string::npos);
  auto back = certificate_from_json(to_public_json(certificate));
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_FALSE(back->score.observed.has_value());
  certificate.plan.published = {plan::Publication::score, plan::Publication::log_digest};
  text = to_public_json(certificate).dump();
  EXPECT_NE(text.find("0.81"), std::string::npos);
  EXPECT_NE(text.find(certificate.log_digest->hex()), std::string::npos);
}

// The MDL value tells four numbers, of which the wins of groups of trials are none.
TEST(Certificate, TheScoreIsPublicOnlyWhereItWasPaid) {
  using plan::Publication;
  Certificate certificate = example();
  for (plan::Method method :
       {plan::Method::win, plan::Method::two_sided, plan::Method::mdl, plan::Method::mdl_as_printed}) {
    certificate.plan.method = method;
    certificate.score.kind = plan::score_kind(method);
    const bool by_wins = certificate.score.kind == plan::ScoreKind::win_frequency;
    for (const auto& [item, pays] :
         {std::pair(Publication::score, true), std::pair(Publication::counts, true),
          std::pair(Publication::block_scores, by_wins), std::pair(Publication::log_digest, false)}) {
      certificate.plan.published = {item};
      const nlohmann::json score = to_public_json(certificate)["score"];
      EXPECT_EQ(!score["observed_exact"].is_null(), pays) << plan::name(method) << " " << plan::name(item);
      EXPECT_EQ(!score["observed"].is_null(), pays) << plan::name(method) << " " << plan::name(item);
    }
  }
}

TEST(Certificate, RefusesDamage) {
  const nlohmann::json good = to_private_json(example());
  for (const auto& [key, value] : good.items()) {
    nlohmann::json bad = good;
    bad.erase(key);
    EXPECT_FALSE(certificate_from_json(bad).ok()) << "without " << key;
    bad[key] = nlohmann::json(nullptr);
    EXPECT_FALSE(certificate_from_json(bad).ok()) << "null " << key;
  }
  auto refuses = [&](const char* pointer, nlohmann::json value) {
    nlohmann::json bad = good;
    bad[nlohmann::json::json_pointer(pointer)] = std::move(value);
    return !certificate_from_json(bad).ok();
  };
  EXPECT_TRUE(refuses("/output_bits", 101));
  EXPECT_TRUE(refuses("/verdict", "not_certified"));
  EXPECT_TRUE(refuses("/extra", 1));
  EXPECT_TRUE(refuses("/epsilon", 1e-8));
  EXPECT_TRUE(refuses("/trials", 1001));
  EXPECT_TRUE(refuses("/min_entropy_bits", 50));
  EXPECT_TRUE(refuses("/score/threshold", "0.81"));
  EXPECT_TRUE(refuses("/score/threshold_index", 2));
  EXPECT_TRUE(refuses("/score/threshold_events", 1));
  EXPECT_TRUE(refuses("/plan/mu", "0.001")) << "the plan's digest";
  EXPECT_TRUE(refuses("/losses/1/parameters/raw_bits", 3000));
  EXPECT_TRUE(refuses("/losses/1/parameters/extractor", "auto"));
  EXPECT_TRUE(refuses("/hypothetical", true));
  EXPECT_TRUE(refuses("/digests/log", "00"));
}

TEST(Certificate, FilesAndText) {
  testing::TempFolder folder;
  Certificate certificate = example();
  auto path = folder.path() / "certificate.json";
  ASSERT_TRUE(write_private(certificate, path, false).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(*read_certificate(path), certificate);
  certificate.simulated = true;
  std::string text = to_text(certificate, true);
  EXPECT_NE(text.substr(0, text.find('\n')).find("DEMONSTRATION"), std::string::npos);
  certificate.simulated = false, certificate.hypothetical = true;
  EXPECT_EQ(to_text(certificate, false).find("HYPOTHETICAL"), 0u);
}

TEST(Certificate, Signatures) {
  testing::TempFolder folder;
  auto path = folder.path() / "certificate.json", key = folder.path() / "key";
  ASSERT_TRUE(write_private(example(), path, false).ok());
  ASSERT_TRUE(make_signing_key(key).ok());
  EXPECT_FALSE(make_signing_key(key).ok()) << "never overwrites a key";
  ASSERT_TRUE(make_signing_key(folder.path() / "other").ok());
  EXPECT_EQ(verify_file_signature(path).error().code, ErrorCode::bad_input) << "not signed yet";
  ASSERT_TRUE(sign_file(path, key, false).ok());
  EXPECT_TRUE(verify_file_signature(path).ok());
  EXPECT_TRUE(verify_file_signature(path, folder.path() / "key.pub").ok());
  EXPECT_EQ(verify_file_signature(path, folder.path() / "other.pub").error().code, ErrorCode::refused);
  EXPECT_FALSE(sign_file(path, folder.path() / "key.pub", true).ok());
  Certificate changed = example();
  changed.min_entropy_bits += 1;
  ASSERT_TRUE(write_private(changed, path, true).ok());
  EXPECT_EQ(verify_file_signature(path).error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace bellows::certify
