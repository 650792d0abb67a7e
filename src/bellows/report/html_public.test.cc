// The public page depends on the outcomes only through the verdict, the threshold reached and what the plan priced. Two
// runs that agree in these and differ in everything else must give the same page, byte for byte.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <regex>

#include "bellows/certify/certify.h"
#include "bellows/estimate/gather.h"
#include "bellows/report/html_report.h"
#include "bellows/report/html_sections.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/writer.h"

namespace bellows::report {
namespace {

using plan::Publication;

constexpr std::uint64_t blocks = 6, block_trials = 40000, trials = blocks * block_trials;

struct Trial {
  bool x, y, a, b;
  bool won() const { return (a != b) == (x && y); }
};
using Trials = std::vector<Trial>;

Trials base_trials() {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform;
  Trials out(trials);
  for (std::uint64_t i = 0; i < trials; ++i) {
    bool x = random() & 1, y = random() & 1, a = random() & 1;
    bool win = uniform(random) < 0.842 - 0.002 * static_cast<double>(i / block_trials % 3);
    out[i] = {x, y, a, a != ((x && y) == win)};
  }
  return out;
}

// Other outcomes for the same settings, with as many trials won in each group of neighbouring trials.
Trials wins_moved(Trials from, std::uint64_t group) {
  std::mt19937_64 random(6);
  for (std::uint64_t begin = 0; begin < trials; begin += group) {
    std::uint64_t end = std::min(trials, begin + group);
    std::vector<char> won;
    for (std::uint64_t i = begin; i < end; ++i) won.push_back(from[i].won() ? 1 : 0);
    std::shuffle(won.begin(), won.end(), random);
    for (std::uint64_t i = begin; i < end; ++i) {
      from[i].a = random() & 1;
      from[i].b = from[i].a != ((from[i].x && from[i].y) == (won[i - begin] == 1));
    }
  }
  return from;
}

// The same sixteen counts, in another order.
Trials outcomes_moved(Trials from) {
  std::map<int, std::vector<std::uint64_t>> places;
  for (std::uint64_t i = 0; i < trials; ++i) places[from[i].x * 2 + from[i].y].push_back(i);
  std::mt19937_64 random(7);
  Trials out = from;
  for (auto& [pair, list] : places) {
    auto shuffled = list;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    for (std::size_t k = 0; k < list.size(); ++k) out[list[k]] = from[shuffled[k]];
  }
  return out;
}

struct RunFiles {
  Path folder;
  certify::Certificate certificate;
  estimate::Evidence evidence;
};

RunFiles write_run(const Path& folder, const Trials& list, const std::vector<Publication>& published, bool reachable) {
  std::filesystem::create_directories(folder);
  plan::Plan plan;
  plan.method = plan::Method::win;
  plan.mu = numeric::Exact::literal("0.0075");
  plan.trial_count = trials;
  plan.thresholds = plan::Thresholds::list({numeric::Exact::literal(reachable ? "0.83" : "0.853")});
  plan.epsilons = plan::split_epsilon(numeric::Exact::literal("1e-9"), 1, plan::Extractor::toeplitz);
  plan.extractor = plan::Extractor::toeplitz;
  plan.published = published;
  EXPECT_TRUE(plan::write_plan(plan, folder / "plan.json", true).ok());
  trials::LogHeader header;
  header.plan_digest = plan::digest(plan);
  header.metadata = {{"operator's guess of the score", 0.8417}};
  auto writer = trials::LogWriter::create(folder / "log.trials", header);
  EXPECT_TRUE(writer.ok());
  for (std::uint64_t b = 0; b < blocks; ++b) {
    bits::BitString x(block_trials), y = x, a = x, o = x;
    for (std::uint64_t i = 0; i < block_trials; ++i) {
      const Trial& trial = list[b * block_trials + i];
      x.set(i, trial.x);
      y.set(i, trial.y);
      a.set(i, trial.a);
      o.set(i, trial.b);
    }
    std::vector<bits::BitView> planes{x, a, y, o};
    EXPECT_TRUE(writer->append_block(planes, 1700000000000000000ull + b * 90000000000ull).ok());
  }
  EXPECT_TRUE(writer->finish().ok());
  auto log = trials::LogReader::open(folder / "log.trials");
  EXPECT_TRUE(log.ok());
  auto evidence = estimate::gather_evidence(*log, Context{});
  EXPECT_TRUE(evidence.ok());
  auto certificate = certify::certify(plan, *evidence);
  EXPECT_TRUE(certificate.ok()) << certificate.error().describe();
  EXPECT_TRUE(certify::write_private(*certificate, folder / "certificate.json", true).ok());
  return {folder, std::move(*certificate), std::move(*evidence)};
}

std::string page_of(const RunFiles& run, bool for_public) {
  auto path = write_html_report(run.folder, {.for_public = for_public}, Context{});
  EXPECT_TRUE(path.ok());
  return *read_text_file(*path);
}

TEST(PublicPage, AgreesForRunsThatDifferOnlyInWhatWasNotPriced) {
  const Trials base = base_trials();
  struct Case {
    std::vector<Publication> published;
    Trials other;
  };
  std::mt19937_64 random(8);
  Trials anything = base;  // a better run, which reaches the same thresholds
  for (Trial& trial : anything) {
    if (!trial.won() && random() % 50 == 0) trial.b = !trial.b;
    if (random() & 1) trial.a = !trial.a, trial.b = !trial.b;
  }
  const Case cases[] = {{{}, anything},
                        {{Publication::score}, wins_moved(base, trials)},
                        {{Publication::counts}, outcomes_moved(base)},
                        {{Publication::block_scores}, wins_moved(base, trials)}};
  for (bool reachable : {true, false})
    for (const Case& one : cases) {
      testing::TempFolder temp, temp_other;
      RunFiles run = write_run(temp.path() / "run", base, one.published, reachable);
      RunFiles other = write_run(temp_other.path() / "run", one.other, one.published, reachable);
      ASSERT_NE(run.evidence.blocks[0].n_xyab, other.evidence.blocks[0].n_xyab);
      EXPECT_EQ(run.certificate.certified(), reachable);
      std::string what = one.published.empty() ? "nothing" : plan::name(one.published[0]);
      EXPECT_NE(page_of(run, false), page_of(other, false)) << what;
      EXPECT_TRUE(page_of(run, true) == page_of(other, true)) << what << (reachable ? "" : ", refused");
      EXPECT_EQ(certify::to_public_json(run.certificate), certify::to_public_json(other.certificate)) << what;
    }
}

// Every number that the private side knows, in the forms in which a page could show it.
TEST(PublicPage, HoldsNoNumberOfTheOutcomes) {
  testing::TempFolder temp;
  RunFiles run = write_run(temp.path() / "run", base_trials(), {}, true);
  auto summary = estimate::summarize(run.evidence, 0.0075);
  ASSERT_TRUE(summary.ok());
  std::vector<double> numbers;
  auto add_counts = [&](const estimate::Counts& counts) {
    auto n = static_cast<double>(estimate::sum(counts));
    for (std::uint64_t count : counts)
      for (double v : {static_cast<double>(count), static_cast<double>(count) / n}) numbers.push_back(v);
    auto wins = static_cast<double>(estimate::count_wins(counts));
    for (double v : {wins, n - wins, wins / n}) numbers.push_back(v);
    auto scores = estimate::score_counts(counts, 0.0075);
    for (const auto& s : {scores.s, scores.s_mu})
      if (s)
        for (double v : {s->value, s->low, s->high, s->standard_error}) numbers.push_back(v);
  };
  estimate::Counts so_far{};
  for (const auto& block : run.evidence.blocks) {
    add_counts(block.n_xyab);
    so_far = estimate::add(so_far, block.n_xyab);
    add_counts(so_far);
  }
  for (const auto& d : summary->signalling.differences)
    for (double v : {d.difference, d.sigmas}) numbers.push_back(v);
  for (double v : {summary->drift.sigmas, summary->drift.lowest_block_sigmas}) numbers.push_back(v);

  std::string page = page_of(run, true);
  const std::string whole_private = page_of(run, false);
  page = page.substr(0, page.find("<script>\n"));
  const std::string hidden = whole_private.substr(0, whole_private.find("<script>\n"));
  EXPECT_EQ(page.find(run.evidence.log_digest.hex()), std::string::npos);
  EXPECT_EQ(page.find("guess"), std::string::npos);
  // All numbers on the page, as numbers: grouped digits and exponents are read too.
  auto numbers_on = [](std::string text) {
    text = std::regex_replace(text, std::regex("([0-9]),(?=[0-9]{3})"), "$1");
    std::vector<std::string> found;
    std::regex number("[0-9]+(\\.[0-9]+)?(e[-+]?[0-9]+)?");
    for (std::sregex_iterator i(text.begin(), text.end(), number), end; i != end; ++i) found.push_back(i->str());
    return found;
  };
  auto leaks = [&](const std::string& text) {
    std::size_t count = 0;
    for (const std::string& word : numbers_on(text)) {
      std::size_t digits = 0;
      for (char c : word.substr(0, word.find('e'))) digits += c >= '0' && c <= '9' && (digits > 0 || c != '0') ? 1 : 0;
      if (digits < 4) continue;
      double shown = std::strtod(word.c_str(), nullptr);  // digests hold things like 1e999
      for (double secret : numbers) {
        double size = std::fabs(secret);
        // Equal to the digits that are shown.
        if (size > 0 && std::fabs(shown - size) <= 0.5 * size * std::pow(10.0, 1.0 - static_cast<double>(digits)) &&
            fmt::format("{:.{}g}", size, digits) == fmt::format("{:.{}g}", shown, digits)) {
          ++count;
          break;
        }
      }
    }
    return count;
  };
  EXPECT_GT(leaks(hidden), 40u);  // the search does find them where they are
  EXPECT_EQ(leaks(page), 0u);
}

TEST(LocalityOnThePage, PartsSumsAndVerdictAreShownAndEscaped) {
  testing::TempFolder temp;
  RunFiles run = write_run(temp.path() / "run", base_trials(), {}, true);
  const std::string toml =
      "[distance]\nA_to_B_m = 33.1\nB_to_A_m = 32.928\n[[segment]]\nname = \"<b>generator</b>\"\nduration_ns = {}\n";
  for (bool closed : {true, false}) {
    auto checked = certify::check_locality(fmt::format(fmt::runtime(toml), closed ? 100.25 : 120.25), "x", "", "");
    ASSERT_TRUE(checked.ok()) << checked.error().describe();
    for (bool for_public : {false, true}) {
      auto view = read_run(run.folder, Context{});
      ASSERT_TRUE(view.ok());
      auto page = html_report(*view, {.for_public = for_public, .locality = *checked}, Context{});
      ASSERT_TRUE(page.ok());
      EXPECT_NE(page->find("&lt;b&gt;generator"), std::string::npos);
      EXPECT_EQ(page->find("<b>generator"), std::string::npos);
      EXPECT_NE(page->find(closed ? "Passed: no influence" : "FAILED: an influence"), std::string::npos);
      EXPECT_NE(page->find(closed ? "100.25" : "120.25"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace bellows::report
