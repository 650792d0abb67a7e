#include "bellows/certify/locality.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bellows::certify {
namespace {

// kulikov-2024, Table II, eq. (6) - (8): stop at one side, start at the other.
const std::string table_two = R"(
granularity_ns = 1.66
[distance]
A_to_B_m = 32.928
B_to_A_m = 32.928
[[segment]]
direction = "both"
name = "clock offset"
duration_ns = 0.55
[[segment]]
direction = "A->B"
name = "detection, B"
duration_ns = 94.0
[[segment]]
direction = "A->B"
name = "offset, B"
duration_ns = 2.0
[[segment]]
direction = "A->B"
name = "latch, A"
duration_ns = 2.0
[[segment]]
direction = "A->B"
name = "generator, A"
duration_ns = 17.1
[[segment]]
direction = "B->A"
name = "detection, A"
duration_ns = 86.0
[[segment]]
direction = "B->A"
name = "offset, A"
duration_ns = 5.0
[[segment]]
direction = "B->A"
name = "latch, B"
duration_ns = 7.2
[[segment]]
direction = "B->A"
name = "generator, B"
duration_ns = 17.1
)";

std::string with(const std::string& from, const std::string& to) {
  std::string text = table_two;
  auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Locality, ThePublishedTableDoesNotAddUp) {
  auto report = check_locality(table_two, "t", "", "");
  ASSERT_TRUE(report.ok()) << report.error().describe();
  EXPECT_NEAR(report->directions[0].sum_ns(), 115.65, 1e-9);
  EXPECT_NEAR(report->directions[1].sum_ns(), 115.85, 1e-9);
  EXPECT_NEAR(report->directions[0].budget_ns(), 109.83, 0.01);
  EXPECT_FALSE(report->closed);
}

TEST(Locality, PassesWhereItFits) {
  auto report = check_locality(with("duration_ns = 94.0", "duration_ns = 80.0\nuncertainty_ns = 0.5"), "t", "", "");
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->directions[0].closed());
  EXPECT_NEAR(report->directions[0].margin_ns(), 32.928 / speed_of_light_m_per_ns - 101.65 - 0.5, 1e-9);
  EXPECT_FALSE(report->closed) << "both directions must";
  std::string text = with("duration_ns = 94.0", "duration_ns = 80.0");
  text.replace(text.find("duration_ns = 86.0"), 18, "start_ns = 10\nend_ns = 80");
  report = check_locality(text, "t", "", "");
  EXPECT_TRUE(report->closed);
}

TEST(Locality, BadInput) {
  auto refuses = [](const std::string& text, const char* words) {
    auto report = check_locality(text, "file.toml", "", "");
    ASSERT_FALSE(report.ok()) << words;
    EXPECT_EQ(report.error().code, ErrorCode::bad_input);
    EXPECT_EQ(report.error().file, "file.toml");
    EXPECT_NE(report.error().message.find(words), std::string::npos) << report.error().describe();
  };
  refuses(with("duration_ns = 94.0", "duration_ns = -94.0"), "negative duration");
  refuses(with("duration_ns = 94.0", "duration_ns = nan"), "duration_ns");
  refuses(with("duration_ns = 94.0", "duraton_ns = 94.0"), "unknown key");
  refuses(with("duration_ns = 94.0", "start_ns = 5"), "no duration");
  refuses(with("\"A->B\"", "\"A->C\""), "unknown direction");
  refuses(with("A_to_B_m = 32.928", ""), "no distance");
  refuses(table_two +
              "[[segment]]\nname=\"p\"\ndirection=\"A->B\"\nstart_ns=0\nend_ns=5\n"
              "[[segment]]\nname=\"q\"\ndirection=\"A->B\"\nstart_ns=4\nend_ns=6\n",
          "overlaps");
  refuses("x = [", "not valid TOML");
  refuses(with("duration_ns = 94.0", "offset = true\nstart_ns = 94.0\nend_ns = 0"), "no duration");
  refuses(table_two + "[position]\nA_start = [0, 0, 0]\n", "given twice");
  auto report = check_locality(table_two, "t", "time_h,station,early_ns,late_ns\n", "empty.csv");
  ASSERT_FALSE(report.ok()) << "a series without a row is no series that passed";
  EXPECT_EQ(report.error().file, "empty.csv");
}

std::string segment(const std::string& direction, const std::string& lines) {
  return "[[segment]]\nname = \"s" + lines.substr(0, lines.find('\n')) + "\"\ndirection = \"" + direction + "\"\n" + lines + "\n";
}

TEST(Locality, TimePassesBetweenIntervalsToo) {
  const std::string rest = "granularity_ns = 1\n[distance]\nA_to_B_m = 32.928\nB_to_A_m = 32.928\n" +
                           segment("B->A", "duration_ns = 20");
  auto report = check_locality(rest + segment("A->B", "start_ns = 500\nend_ns = 510") +
                                   segment("A->B", "start_ns = 10\nend_ns = 20"),
                               "t", "", "");
  ASSERT_TRUE(report.ok()) << report.error().describe();
  EXPECT_NEAR(report->directions[0].sum_ns(), 500, 1e-9);
  EXPECT_FALSE(report->closed);
  // Next to each other, also after the rounding of decimals: nothing is added.
  report = check_locality(rest + segment("A->B", "start_ns = 0.1\nend_ns = 0.3") +
                              segment("A->B", "start_ns = 0.30000000000000004\nend_ns = 20"),
                          "t", "", "");
  EXPECT_EQ(report->directions[0].segments.size(), 2u);
  EXPECT_TRUE(report->closed);
}

TEST(Locality, OffsetsAreBounded) {
  const std::string rest = "granularity_ns = 1\n[distance]\nA_to_B_m = 32.928\nB_to_A_m = 32.928\n" +
                           segment("both", "duration_ns = 60") + segment("both", "duration_ns = 40");
  auto of = [&](const std::string& direction, const std::string& size) {
    return check_locality(rest + segment(direction, "duration_ns = " + size + "\noffset = true"), "t", "", "");
  };
  auto small = of("A->B", "-2.0");
  ASSERT_TRUE(small.ok()) << small.error().describe();
  EXPECT_NEAR(small->directions[0].sum_ns(), 98, 1e-9);
  EXPECT_NEAR(small->directions[1].sum_ns(), 100, 1e-9);
  EXPECT_TRUE(of("A->B", "-60.0").ok());
  EXPECT_TRUE(of("both", "2.0").ok());
  for (const auto& [direction, size] : {std::pair("A->B", "-1000"), {"B->A", "-60.5"}, {"both", "-0.2"}}) {
    auto report = of(direction, size);
    ASSERT_FALSE(report.ok()) << direction << size;
    EXPECT_EQ(report.error().code, ErrorCode::bad_input);
  }
  std::string two = rest;
  for (const char* name : {"p", "q"})
    two += fmt::format("[[segment]]\nname = \"{}\"\ndirection = \"A->B\"\nduration_ns = -55\noffset = true\n", name);
  EXPECT_FALSE(check_locality(two, "t", "", "").ok()) << "less than no time";
}

TEST(Locality, ABlockWithoutAPulseFailsWhateverStandsAboveTheHeader) {
  std::string text = with("duration_ns = 94.0", "duration_ns = 80.0");
  text.replace(text.find("duration_ns = 86.0"), 18, "duration_ns = 70.0");
  for (const char* before : {"", "# arrivals of the night\n", "\n"}) {
    auto report = check_locality(
        text, "t", before + std::string("time_h,station,early_ns,late_ns,block\n0,A,1,1.1,1\n0,B,1,1.1,1\n1,A,1,1.1,2\n"),
        "c");
    ASSERT_TRUE(report.ok()) << report.error().describe();
    EXPECT_FALSE(report->closed) << before;
    EXPECT_EQ(report->blocks.back().missing.size(), 1u) << before;
  }
}

TEST(Locality, PulsesDriftAndJitter) {
  std::string text = with("duration_ns = 94.0", "duration_ns = 80.0");
  text.replace(text.find("duration_ns = 86.0"), 18, "duration_ns = 70.0");
  const std::string good =
      "time_h,station,early_ns,late_ns,block\n0,A,10.0,10.1,1\n1,A,10.01,10.11,2\n2,A,10.02,10.12,3\n0,B,5,5.2,1\n1,B,"
      "5,5.2,2\n2,B,5,5.2,3\n";
  auto report = check_locality(text, "t", good, "c");
  ASSERT_TRUE(report.ok()) << report.error().describe();
  EXPECT_TRUE(report->closed);
  EXPECT_NEAR(report->pulses[0].drift_ps_per_h, 10, 1e-6);
  EXPECT_NEAR(report->pulses[1].drift_ps_per_h, 0, 1e-9);
  EXPECT_EQ(report->blocks.size(), 3u);
  report = check_locality(text, "t", good + "3,B,5,6.7,4\n", "c");
  EXPECT_FALSE(report->closed);
  EXPECT_TRUE(report->pulses[1].jitter);
  EXPECT_FALSE(report->blocks.back().closed);
  report = check_locality(text, "t", good + "3,B,25,25.1,4\n", "c");
  EXPECT_FALSE(report->closed) << "a shift beyond the margin";
  // Each of the two shifts alone would fit; together they do not. A block without a station's pulse is not known to be good.
  const double margin = check_locality(text, "t", good, "c")->blocks[0].margin_ns;
  ASSERT_GT(margin, 0);
  const auto shifted = [&](double a, double b) {
    return good + fmt::format("3,A,{},{},4\n", 10.0 + a, 10.1 + a) + fmt::format("3,B,{},{},4\n", 5 + b, 5.2 + b);
  };
  EXPECT_TRUE(check_locality(text, "t", shifted(0.4 * margin, -0.4 * margin), "c")->closed);
  EXPECT_FALSE(check_locality(text, "t", shifted(0.6 * margin, -0.6 * margin), "c")->closed);
  report = check_locality(text, "t", good + "3,A,10,10.1,4\n", "c");
  EXPECT_FALSE(report->closed);
  EXPECT_EQ(report->blocks.back().missing, std::vector<std::string>{"B "});
  for (const char* bad : {"3,B,5\n", "3,B,nan,5,4\n", "3,B,6,5,4\n", "x,B,5,5,4\n"}) {
    auto refused = check_locality(text, "t", good + bad, "c.csv");
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_NE(refused.error().message.find("line 8"), std::string::npos) << refused.error().message;
  }
}

}  // namespace
}  // namespace bellows::certify
