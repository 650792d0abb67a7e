#include "bellows/report/html_report.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>

#include "bellows/bits/bit_file.h"
#include "bellows/certify/bound.h"
#include "bellows/certify/certify.h"
#include "bellows/report/html_data.h"
#include "bellows/report/html_text.h"
#include "bellows/report/png.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/writer.h"

namespace bellows::report {
namespace {

struct Fixture {
  std::uint64_t blocks = 12, trials_a_block = 50000;
  double visibility = 0.92;  // of S = 2.6
  bool certified = true;
  std::uint64_t not_made = 0;  // trials that the plan has and the log lacks
  std::vector<plan::Publication> published = {};
  std::string run_name = "night of the <script>alert(1)</script> & \"quotes\"";
};

bits::BitString random_bits(std::uint64_t size_bits, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  bits::BitString out(size_bits);
  for (std::uint64_t w = 0; w < out.size_words(); ++w) out.words()[w] = random();
  out.trim();
  return out;
}

// A run folder as `amplify` leaves it, with made-up trials and a made-up certificate that fit each other.
void make_run(const Path& folder, const Fixture& fixture) {
  std::filesystem::create_directories(folder);
  certify::Certificate certificate;
  plan::Plan& plan = certificate.plan;
  plan.mu = numeric::Exact::literal("0.0075");
  plan.trial_count = std::max<std::uint64_t>(1, fixture.blocks * fixture.trials_a_block) + fixture.not_made;
  plan.published = fixture.published;
  plan.thresholds = plan::Thresholds::list({numeric::Exact::literal("0.79"), numeric::Exact::literal("0.81")});
  plan.epsilons = plan::split_epsilon(numeric::Exact::literal("1e-9"), 2, plan.extractor);
  plan.simulated = certificate.simulated = true;
  ASSERT_TRUE(plan::write_plan(plan, folder / "plan.json", true).ok());

  trials::LogHeader header;
  header.plan_digest = plan::digest(plan);
  header.metadata = {{"run", fixture.run_name}, {"station", {{"a", "Alice"}, {"b", nullptr}}}};
  auto writer = trials::LogWriter::create(folder / "log.trials", header);
  ASSERT_TRUE(writer.ok()) << writer.error().describe();
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform;
  std::uint64_t wins = 0;
  double win_chance = 0.5 + 0.35 * fixture.visibility;
  for (std::uint64_t b = 0; b < fixture.blocks; ++b) {
    bits::BitString x(fixture.trials_a_block), y = x, a = x, o = x;
    for (std::uint64_t i = 0; i < fixture.trials_a_block; ++i) {
      bool xi = random() & 1, yi = random() & 1, ai = random() & 1;
      bool win = uniform(random) < win_chance - 0.004 * static_cast<double>(b % 5);
      x.set(i, xi);
      y.set(i, yi);
      a.set(i, ai);
      o.set(i, ai ^ (xi && yi) ^ !win);
      wins += win ? 1 : 0;
    }
    std::vector<bits::BitView> planes{x, a, y, o};
    ASSERT_TRUE(writer->append_block(planes, 1700000000000000000ull + b * 90000000000ull).ok());
  }
  auto digest = writer->finish();
  ASSERT_TRUE(digest.ok());

  certificate.trial_count = fixture.blocks * fixture.trials_a_block;
  certificate.plan_digest = plan::digest(plan);
  certificate.log_digest = *digest;
  if (certificate.trial_count > 0) certificate.score.observed = numeric::Exact::fraction(wins, plan.trial_count);
  certificate.score.threshold_events = 2;
  certificate.assumptions = {"Pr[pass] times the distance from uniform is at most 1e-9.",
                             "mu is asserted, not tested."};
  if (fixture.certified) {
    certificate.verdict = certify::Verdict::certified;
    certificate.score.threshold_index = 1;
    certificate.score.threshold = numeric::Exact::literal("0.81");
    certificate.min_entropy_bits = 120000.5;
    certificate.losses = {{"accumulation", 30000, "finite number of trials"}, {"seed <b>", 1200, "weak seed"}};
    std::uint64_t raw = 2 * certificate.trial_count;
    certificate.extraction = {plan::Extractor::toeplitz, raw, 118000, raw + 118000 - 1, 0, 0};
    auto seed = random_bits(certificate.extraction.seed_bits, 2);
    certificate.seed_digest = bits::payload_digest(seed);
    ASSERT_TRUE(bits::write_bit_file(folder / "seed.bits", seed, bits::BitFileKind::with_digest).ok());
    ASSERT_TRUE(bits::write_bit_file(folder / "output.bits", random_bits(118000, 3), bits::BitFileKind::secret).ok());
  }
  ASSERT_TRUE(certify::write_private(certificate, folder / "certificate.json", true).ok());
}

std::string page_of(const Path& folder, const HtmlOptions& options = {}) {
  auto path = write_html_report(folder, options, Context{});
  EXPECT_TRUE(path.ok()) << path.error().describe();
  return path.ok() ? *read_text_file(*path) : "";
}

bool has(const std::string& page, const std::string& text) { return page.find(text) != std::string::npos; }

void expect_sound(const std::string& whole_page) {
  std::string page = whole_page.substr(0, whole_page.find("<script>\n"));  // without the libraries
  EXPECT_FALSE(has(page, "<script>alert"));
  EXPECT_FALSE(has(page, "NaN,") || has(page, ">nan") || has(page, " nan") || has(page, "inf "));
  EXPECT_LT(whole_page.size(), 3000000u);
  for (const char* outside : {"src=\"http", "href=\"http", "@import", "sourceMappingURL", "url(http"})
    EXPECT_FALSE(has(page, outside)) << outside;
}

TEST(HtmlReport, VerdictsOfPassedRefusedAndUnfinishedRuns) {
  testing::TempFolder temp;
  make_run(temp.path() / "good", {});
  std::string good = page_of(temp.path() / "good");
  EXPECT_TRUE(has(good, "data-verdict=\"certified\"") && has(good, "118,000 certified random bits"));
  EXPECT_TRUE(has(good, "DEMONSTRATION") && has(good, "night of the &lt;script&gt;alert"));
  EXPECT_FALSE(has(good, "seed <b>"));
  expect_sound(good);
  struct stat info {};
  ASSERT_EQ(::stat((temp.path() / "good/report.html").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);

  make_run(temp.path() / "aborted", {.visibility = 0.7, .certified = false});
  std::string aborted = page_of(temp.path() / "aborted");
  EXPECT_TRUE(has(aborted, "data-verdict=\"refused\"") && has(aborted, "No bits certified"));
  EXPECT_TRUE(has(aborted, "lowest threshold that the plan fixed before the data is 0.79"));
  expect_sound(aborted);

  std::filesystem::remove(temp.path() / "aborted/certificate.json");
  std::string unfinished = page_of(temp.path() / "aborted");
  EXPECT_TRUE(has(unfinished, "data-verdict=\"unfinished\""));
}

TEST(HtmlReport, ATamperedRunIsNamed) {
  testing::TempFolder temp;
  Path folder = temp.path() / "run";
  make_run(folder, {});
  std::string log = *read_text_file(folder / "log.trials");
  std::string changed = log;
  changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
  ASSERT_TRUE(write_text_file(folder / "log.trials", changed, 0600, true).ok());
  std::string page = page_of(folder);
  EXPECT_TRUE(has(page, "data-verdict=\"mismatch\"") && has(page, "trial log"));
  expect_sound(page);
  ASSERT_TRUE(write_text_file(folder / "log.trials", log, 0600, true).ok());
  ASSERT_TRUE(bits::write_bit_file(folder / "output.bits", random_bits(999, 1), bits::BitFileKind::secret, true).ok());
  EXPECT_TRUE(has(page_of(folder), "bits in output.bits"));
  std::string certificate = *read_text_file(folder / "certificate.json");
  certificate.replace(certificate.find("118000"), 6, "918000");
  ASSERT_TRUE(write_text_file(folder / "certificate.json", certificate, 0600, true).ok());
  EXPECT_TRUE(has(page_of(folder), "data-verdict=\"mismatch\""));
}

TEST(HtmlReport, MissingForeignAndNewerFilesAreSentences) {
  testing::TempFolder temp;
  Path folder = temp.path() / "run";
  make_run(folder, {});
  std::filesystem::remove(folder / "seed.bits");
  std::filesystem::remove(folder / "plan.json");
  std::string page = page_of(folder);
  EXPECT_TRUE(has(page, "seed.bits is missing") && has(page, "plan.json is missing"));
  std::ofstream(folder / "log.trials") << "something else";
  page = page_of(folder);
  EXPECT_TRUE(has(page, "log.trials: ")) << page.substr(0, 200);
  expect_sound(page);
  make_run(temp.path() / "newer", {});
  std::string log = *read_text_file(temp.path() / "newer/log.trials");
  log[8] = 99;
  ASSERT_TRUE(write_text_file(temp.path() / "newer/log.trials", log, 0600, true).ok());
  EXPECT_TRUE(has(page_of(temp.path() / "newer"), "log.trials: "));
  EXPECT_EQ(read_run(temp.path() / "nowhere", {}).error().code, ErrorCode::bad_input);
  std::filesystem::create_directories(temp.path() / "empty");
  EXPECT_EQ(read_run(temp.path() / "empty", {}).error().code, ErrorCode::bad_input);
}

// Whatever the certificate speaks of must be there, be readable and fit: else nothing is shown as certified.
TEST(HtmlReport, OnlyARunThatIsAllThereIsShownAsCertified) {
  testing::TempFolder temp;
  const Path folder = temp.path() / "run";
  make_run(folder, {});
  const std::string log = *read_text_file(folder / "log.trials"), output = *read_text_file(folder / "output.bits");
  auto put = [&](const char* name, const std::string& text) {
    ASSERT_TRUE(write_text_file(folder / name, text, 0600, true).ok());
  };
  auto expect_mismatch = [&](const char* what) {
    for (bool for_public : {false, true}) {
      const std::string page = page_of(folder, {.for_public = for_public});
      EXPECT_TRUE(has(page, "data-verdict=\"mismatch\"")) << what;
      for (const char* claim : {"certified random bits", ">certified<", "min-entropy", "data-chart=\"waterfall\"",
                                "\"waterfall\":", "highest threshold reached", "Guarantee"})
        EXPECT_FALSE(has(page.substr(0, page.find("<script>\n")), claim)) << what << ": " << claim;
      expect_sound(page);
    }
  };
  put("log.trials", std::string(log.size(), 'x'));
  expect_mismatch("foreign log");
  std::string newer = log;
  newer[8] = 99;
  put("log.trials", newer);
  expect_mismatch("newer log");
  put("log.trials", log.substr(0, log.size() - 8));  // the blocks are whole, and so is the digest
  expect_mismatch("log without its end");
  put("log.trials", log);
  for (const char* name : {"output.bits", "seed.bits", "plan.json"}) {
    const std::string whole = *read_text_file(folder / name);
    put(name, "x");
    expect_mismatch(name);
    put(name, whole);
  }
  auto other_seed = random_bits(certify::read_certificate(folder / "certificate.json")->extraction.seed_bits, 99);
  const std::string seed = *read_text_file(folder / "seed.bits");
  ASSERT_TRUE(bits::write_bit_file(folder / "seed.bits", other_seed, bits::BitFileKind::with_digest, true).ok());
  expect_mismatch("another seed");
  put("seed.bits", seed);
  EXPECT_TRUE(has(page_of(folder), "data-verdict=\"certified\""));

  // Not there: a state of its own, and not the green one.
  for (const char* name : {"output.bits", "seed.bits", "log.trials"}) {
    std::filesystem::remove(folder / name);
    const std::string page = page_of(folder);
    EXPECT_TRUE(has(page, "data-verdict=\"incomplete\"") && has(page, "by the certificate")) << name;
    EXPECT_TRUE(has(page, std::string(name) + " is missing")) << name;
    for (const char* claim : {"certified random bits", ">certified<", "min-entropy proved"})
      EXPECT_FALSE(has(page.substr(0, page.find("<script>\n")), claim)) << name << ": " << claim;
    expect_sound(page);
  }
  EXPECT_TRUE(has(page_of(folder), "A certificate alone: nothing was compared"));
}

TEST(HtmlReport, LogsOfOneBlockAndOfNoTrials) {
  testing::TempFolder temp;
  make_run(temp.path() / "one", {.blocks = 1, .trials_a_block = 3, .certified = false});
  std::string one = page_of(temp.path() / "one");
  expect_sound(one);
  EXPECT_TRUE(has(one, "data-verdict=\"refused\""));
  make_run(temp.path() / "none", {.blocks = 0, .certified = false});
  std::string none = page_of(temp.path() / "none");
  EXPECT_TRUE(has(none, "The log holds no trials."));
  expect_sound(none);
}

TEST(HtmlReport, ThePublicPageHoldsNothingOfTheOutcomes) {
  testing::TempFolder temp;
  Path folder = temp.path() / "run";
  make_run(folder, {});
  std::string page = page_of(folder, {.for_public = true});
  auto run = read_run(folder, {});
  ASSERT_TRUE(run.ok());
  EXPECT_TRUE(has(page, "118,000 certified random bits"));
  EXPECT_FALSE(has(page, run->certificate->log_digest->hex()));
  EXPECT_FALSE(has(page, "omega_so_far\"]"));
  EXPECT_FALSE(has(page, "No-signalling"));
  EXPECT_FALSE(has(page, "night of"));
  std::string wins = std::to_string(run->evidence->win_count());
  EXPECT_FALSE(has(page, wins)) << wins;
  EXPECT_EQ(html_report(*run, {.show_output = true, .for_public = true}, {}).error().code, ErrorCode::usage);
}

nlohmann::json data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t from = page.find(open) + open.size();
  return nlohmann::json::parse(page.substr(from, page.find("</script>", from) - from));
}

// What is shown of the wins is what was paid for, one number for each group of the plan's trials, whatever blocks the
// log has: with blocks of 50,000 trials the log itself would tell ninety numbers.
TEST(HtmlReport, ThePublicPageShowsTheBlockScoresThatWerePaid) {
  testing::TempFolder temp;
  Path folder = temp.path() / "run";
  make_run(folder, {.blocks = 90, .published = {plan::Publication::block_scores}});
  const nlohmann::json data = data_of(page_of(folder, {.for_public = true}));
  auto run = read_run(folder, {});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(state_of(*run), RunState::certified);
  const nlohmann::json& rows = data["blocks"]["rows"];
  EXPECT_EQ(data["blocks"]["columns"], nlohmann::json({"block", "trials", "omega", "omega_so_far"}));
  EXPECT_EQ(data["series"].size(), 1u);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0][1], 4194304);
  EXPECT_EQ(rows[1][1], 4500000 - 4194304);
  double values_told_bits = 0, wins = 0;
  for (const nlohmann::json& row : rows) {
    values_told_bits += std::log2(row[1].get<double>() + 1);
    wins += row[1].get<double>() * row[2].get<double>();
  }
  EXPECT_NEAR(wins, static_cast<double>(run->evidence->win_count()), 1e-3);
  EXPECT_LE(values_told_bits,
            certify::price_bits(plan::Publication::block_scores, plan::ScoreKind::win_frequency, run->plan->trial_count)
                    .upper() +
                1e-9);
  EXPECT_EQ(data_of(page_of(folder))["blocks"]["rows"].size(), 90u);
}

TEST(HtmlReport, ThePublicPageOfAChangedRunShowsNothingOfItsLog) {
  testing::TempFolder temp;
  Path folder = temp.path() / "run";
  using plan::Publication;
  make_run(folder, {.published = {Publication::counts, Publication::block_scores, Publication::log_digest}});
  std::string page = page_of(folder, {.for_public = true});
  EXPECT_TRUE(has(page, "No-signalling") && data_of(page).contains("blocks") && data_of(page).contains("settings"));
  make_run(temp.path() / "other", {.blocks = 13});
  std::filesystem::rename(temp.path() / "other/log.trials", folder / "log.trials");
  page = page_of(folder, {.for_public = true});
  EXPECT_TRUE(has(page, "data-verdict=\"mismatch\""));
  EXPECT_FALSE(has(page, "No-signalling") || data_of(page).contains("blocks") || data_of(page).contains("settings"));
}

TEST(HtmlReport, ARunThatWasStoppedEarlyMatchesItsCertificate) {
  testing::TempFolder temp;
  Path folder = temp.path() / "run";
  make_run(folder, {.not_made = 40000});
  auto run = read_run(folder, {});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(state_of(*run), RunState::certified);
  EXPECT_TRUE(has(page_of(folder), "trials planned"));
  // A score that the log does not have is found in every kind of plan.
  auto certificate = certify::read_certificate(folder / "certificate.json");
  ASSERT_TRUE(certificate.ok());
  certificate->score.observed = certify::observed_score(run->certificate->plan, *run->evidence) -
                                numeric::Exact::fraction(1, run->certificate->plan.trial_count);
  ASSERT_TRUE(certify::write_private(*certificate, folder / "certificate.json", true).ok());
  run = read_run(folder, {});
  ASSERT_EQ(state_of(*run), RunState::mismatch);
  EXPECT_EQ(run->mismatches[0].what, "score of the log");
}

TEST(HtmlReport, OnlyPagesOfBellowsAreReplaced) {
  testing::TempFolder temp;
  const Path folder = temp.path() / "run";
  make_run(folder, {});
  auto run = read_run(folder, {});
  ASSERT_TRUE(run.ok());
  std::ofstream(temp.path() / "other.html") << "<!DOCTYPE html>\n<title>somebody's</title>";
  std::filesystem::create_symlink(folder / "log.trials", temp.path() / "link.html");
  for (const Path& to : {folder / "log.trials", folder / "output.bits", folder / "certificate.json", folder,
                         temp.path() / "other.html", temp.path() / "link.html", Path("/dev/null")}) {
    const auto before = std::filesystem::is_regular_file(to) ? *read_text_file(to) : "";
    auto written = write_html_report(*run, {}, {}, to);
    ASSERT_FALSE(written.ok()) << to;
    EXPECT_EQ(written.error().code, ErrorCode::usage) << to;
    EXPECT_EQ(std::filesystem::is_regular_file(to) ? *read_text_file(to) : "", before) << to;
  }
  EXPECT_TRUE(write_html_report(*run, {}, {}, temp.path() / "page.html").ok());
  EXPECT_TRUE(write_html_report(*run, {.for_public = true}, {}, temp.path() / "page.html").ok());
  EXPECT_TRUE(write_html_report(*run, {}, {}, folder / "report.html").ok());
}

TEST(HtmlReport, OutputIsShownOnlyWhenAsked) {
  testing::TempFolder temp;
  make_run(temp.path() / "run", {});
  EXPECT_FALSE(has(page_of(temp.path() / "run"), "<img"));
  std::string page = page_of(temp.path() / "run", {.show_output = true});
  EXPECT_TRUE(has(page, "<img") && has(page, "proves nothing about the origin"));
  expect_sound(page);
}

TEST(HtmlData, LongLogsAreThinnedOutWithoutLosingTrials) {
  std::vector<estimate::BlockCounts> blocks(12345);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    blocks[i].block_index = i;
    blocks[i].n_xyab[i % 16] = blocks[i].trial_count = i + 1;
  }
  auto thin = thin_out(blocks);
  EXPECT_LE(thin.size(), most_points);
  std::uint64_t before = 0, after = 0, counts = 0;
  for (const auto& block : blocks) before += block.trial_count;
  for (const auto& block : thin) {
    after += block.trial_count;
    counts += estimate::sum(block.n_xyab);
  }
  EXPECT_EQ(before, after);
  EXPECT_EQ(before, counts);
}

TEST(HtmlText, EscapesGroupsAndEncodes) {
  EXPECT_EQ(escape_html("<a href='x'>\"&\x01"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\xEF\xBF\xBD");
  EXPECT_EQ(escape_html("ääää", 3), "ä…");
  EXPECT_EQ(escape_html("a\u202etxt\u200b\u0085 \u05d0"), "a\uFFFDtxt\uFFFD\uFFFD \u05d0");
  EXPECT_EQ(json_for_page({{"a", "</script><!--"}}), R"({"a":"\u003c/script\u003e\u003c!--"})");
  EXPECT_EQ(json_for_page(nlohmann::json(std::nan(""))), "null");
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Png, BitsAndPixelsComeBack) {
  testing::TempFolder temp;
  bits::BitString bits = random_bits(100 * 37 - 5, 1);
  auto png = encode_png_bits(bits, 100);
  ASSERT_TRUE(png.ok());
  ASSERT_TRUE(write_text_file(temp.path() / "a.png", *png, 0600, true).ok());
  auto back = read_png(temp.path() / "a.png");
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_EQ(back->width, 100u);
  EXPECT_EQ(back->height, 37u);
  for (std::uint64_t i = 0; i < bits.size_bits(); ++i) ASSERT_EQ(back->bytes[i * 3] == 255, bits[i]) << i;
  EXPECT_EQ(encode_png_bits(bits, 0).error().code, ErrorCode::usage);
  ASSERT_TRUE(write_text_file(temp.path() / "b.png", png->substr(0, png->size() / 2), 0600, true).ok());
  EXPECT_EQ(read_png(temp.path() / "b.png").error().code, ErrorCode::bad_input);
  ASSERT_TRUE(write_text_file(temp.path() / "c.png", "no picture", 0600, true).ok());
  EXPECT_EQ(read_png(temp.path() / "c.png").error().code, ErrorCode::bad_input);
}

// Pages for the browser test (tests/browser), which sets the folder.
TEST(HtmlReport, WritesPagesForTheBrowser) {
  const char* folder = std::getenv("BELLOWS_BROWSER_PAGES");
  if (folder == nullptr) GTEST_SKIP() << "only for tests/browser";
  Path root = folder;
  make_run(root / "passed", {.blocks = 320, .trials_a_block = 20000});
  make_run(root / "aborted", {.visibility = 0.7, .certified = false});
  make_run(root / "tampered", {});
  ASSERT_TRUE(
      bits::write_bit_file(root / "tampered/output.bits", random_bits(5, 1), bits::BitFileKind::secret, true).ok());
  make_run(root / "alone", {});
  for (const char* name : {"log.trials", "output.bits", "seed.bits"}) std::filesystem::remove(root / "alone" / name);
  make_run(root / "one", {.blocks = 1, .trials_a_block = 3, .certified = false});
  make_run(root / "none", {.blocks = 0, .certified = false});
  for (const char* name : {"passed", "aborted", "tampered", "alone", "one", "none"})
    page_of(root / name, {.show_output = std::string(name) == "passed"});
  page_of(root / "passed", {.for_public = true});
}

}  // namespace
}  // namespace bellows::report
