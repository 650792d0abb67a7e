#include "bellows/quality/battery.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "bellows/bits/bit_file.h"
#include "bellows/quality/outside.h"
#include "bellows/testing/shared_data.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::quality {
namespace {

bits::BitString random_bits(std::uint64_t size_bits, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  bits::BitString out(size_bits);
  for (std::uint64_t w = 0; w < out.size_words(); ++w) out.words()[w] = random();
  out.trim();
  return out;
}

class Battery : public ::testing::Test {
 protected:
  Result<BatteryReport> run(const bits::BitString& content, const BatteryOptions& options, unsigned threads = 1,
                            const SequenceObserver& observer = {}) {
    Path path = folder_.path() / fmt::format("{}.bits", ++files_);
    BELLOWS_TRY(bits::write_bit_file(path, content, bits::BitFileKind::with_digest));
    BELLOWS_ASSIGN(bits::BitStream stream, bits::BitStream::open(path, bits::BitStreamFormat::bit_file));
    Context context;
    context.thread_count = threads;
    return run_battery(stream, options, context, observer);
  }
  testing::TempFolder folder_;
  int files_ = 0;
};

TEST_F(Battery, GoodBitsPassAndThreadsDoNotMatter) {
  BatteryOptions options;
  options.sequence_bits = 100003;  // no multiple of anything
  bits::BitString content = random_bits(25 * 100003 + 77, 5);
  auto one = run(content, options, 1), three = run(content, options, 3);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ(one->sequences, 25u);
  EXPECT_EQ(one->unused_bits, 77u);
  EXPECT_EQ(one->size_bits, content.size_bits());
  EXPECT_EQ(one->verdict, RowStatus::passed);
  EXPECT_EQ(one->rows.size(), 188u);
  EXPECT_EQ(battery_json(*one).dump(), battery_json(*three).dump());
  EXPECT_EQ(battery_json(*one).dump().find("nan"), std::string::npos);
}

TEST_F(Battery, EachSequenceIsWhatItsBitsSay) {
  BatteryOptions options;
  options.sequence_bits = 4001;
  bits::BitString content = random_bits(3 * 4001, 6);
  std::uint64_t seen = 0;
  auto report = run(content, options, 2, [&](std::uint64_t index, const NistOutcomes& outcomes) -> Status {
    EXPECT_EQ(index, seen++);
    Sequence alone(4001);
    for (std::size_t i = 0; i < 4001; ++i) alone.set_bit(i, content[index * 4001 + i]);
    EXPECT_EQ(outcomes[0].p_values, run_nist_tests(alone, {})[0].p_values);
    return {};
  });
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(seen, 3u);
}

TEST_F(Battery, ShortFilesAreInvalidAndNotFailed) {
  auto of_99 = run(random_bits(99, 1), {});
  ASSERT_TRUE(of_99.ok());
  EXPECT_EQ(of_99->verdict, RowStatus::invalid);
  EXPECT_EQ(of_99->rows_with(RowStatus::invalid), 188u);
  EXPECT_EQ(of_99->rows[0].invalid_reason, "sequence of 99 bits, at least 100 needed");
  auto empty = run(bits::BitString(), {});
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->verdict, RowStatus::invalid);
  BatteryOptions options;
  options.sequence_bits = 1000;
  auto less_than_one = run(random_bits(999, 1), options);
  ASSERT_TRUE(less_than_one.ok());
  EXPECT_EQ(less_than_one->rows[0].invalid_reason, "the file holds 999 bits, fewer than one sequence");
}

TEST_F(Battery, ConstantAlternatingAndBiasedBitsFail) {
  bits::BitString zeros(3000000), ones(3000000), alternating(3000000), biased = random_bits(3000000, 9);
  for (std::uint64_t i = 0; i < zeros.size_bits(); ++i) {
    ones.set(i, true);
    alternating.set(i, i % 2 == 0);
    if (i % 50 == 0) biased.set(i, true);
  }
  for (const bits::BitString* content : {&zeros, &ones, &alternating, &biased}) {
    auto report = run(*content, {}, 2);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->verdict, RowStatus::failed);
    EXPECT_EQ(battery_json(*report).dump().find("nan"), std::string::npos);
  }
}

// A verdict that cried wolf would be worth nothing: many ideal files, hardly any failed.
TEST_F(Battery, IdealFilesAreRarelyRefused) {
  BatteryOptions options;
  options.sequence_bits = 30000;
  int failed = 0;
  std::uint64_t failed_rows = 0;
  double expected_rows = 0;
  const std::uint64_t files = testing::sanitized() ? 6 : 40;
  for (std::uint64_t seed = 0; seed < files; ++seed) {
    auto report = run(random_bits(20 * 30000, seed), options, 2);
    ASSERT_TRUE(report.ok());
    failed += report->verdict == RowStatus::failed ? 1 : 0;
    failed_rows += report->rows_with(RowStatus::failed);
    expected_rows += report->expected_failed_rows;
  }
  EXPECT_EQ(failed, 0);
  EXPECT_LT(static_cast<double>(failed_rows), 2 * expected_rows + 10);
}

TEST_F(Battery, RefusesWhatMakesNoSense) {
  BatteryOptions options;
  options.sequence_bits = 0;
  EXPECT_EQ(run(random_bits(100, 1), options).error().code, ErrorCode::usage);
  options.sequence_bits = max_sequence_bits + 1;
  EXPECT_EQ(run(random_bits(100, 1), options).error().code, ErrorCode::usage);
  options = {};
  options.significance = 0;
  EXPECT_EQ(run(random_bits(100, 1), options).error().code, ErrorCode::usage);
}

TEST_F(Battery, StopsWhenCancelled) {
  Path path = folder_.path() / "c.bits";
  ASSERT_TRUE(bits::write_bit_file(path, random_bits(2000000, 1), bits::BitFileKind::secret).ok());
  auto stream = bits::BitStream::open(path, bits::BitStreamFormat::bit_file);
  CancelToken token;
  token.cancel();
  Context context{.cancel = &token};
  EXPECT_EQ(run_battery(*stream, {}, context).error().code, ErrorCode::cancelled);
}

TEST_F(Battery, OutsideProgrammesAreFoldedIn) {
  bool have_ent = std::system("command -v ent >/dev/null 2>&1") == 0;
  bool have_dieharder = std::system("command -v dieharder >/dev/null 2>&1") == 0;
  if (!have_ent && !have_dieharder) GTEST_SKIP() << "neither ent nor dieharder is installed";
  auto file = MemoryFile::create();
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->append(random_bits(8000000, 4).bytes()).ok());
  if (have_ent) {
    auto report = run_ent(file->path(), {});
    ASSERT_TRUE(report.ok()) << report.error().describe();
    EXPECT_NEAR(report->entropy_bits_per_byte, 8, 0.01);
    EXPECT_NEAR(report->mean_byte, 127.5, 1);
    EXPECT_GT(report->chi_square_p_value, 1e-6);
  }
  if (have_dieharder) {
    auto known = dieharder_tests();
    ASSERT_TRUE(known.ok());
    EXPECT_GT(known->size(), 20u);
    auto rows = run_dieharder(file->path(), {0, 100}, {});
    ASSERT_TRUE(rows.ok()) << rows.error().describe();
    ASSERT_EQ(rows->size(), 2u);
    // One megabyte is far too short for it: no fresh bits, no verdict.
    EXPECT_EQ((*rows)[0].status, RowStatus::invalid);
    EXPECT_GT((*rows)[0].times_rewound, 0u);
    EXPECT_EQ(run_dieharder(file->path(), {99}, {}).error().code, ErrorCode::usage);
  }
}

}  // namespace
}  // namespace bellows::quality
