#include "bellows/estimate/gather.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "bellows/testing/shared_data.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/import.h"
#include "bellows/trials/writer.h"

namespace bellows::estimate {
namespace {

/// A log of random trials in blocks of the given sizes, and its counts.
Counts write_log(const Path& path, const std::vector<std::uint64_t>& block_trials, const nlohmann::json& metadata) {
  trials::LogHeader header;
  header.metadata = metadata;
  header.plan_digest = sha256("plan");
  auto writer = trials::LogWriter::create(path, header);
  EXPECT_TRUE(writer.ok());
  std::mt19937_64 generator(1);
  Counts counts{};
  for (std::uint64_t trials : block_trials) {
    bits::BitString x(trials), a(trials), y(trials), b(trials);
    for (std::uint64_t i = 0; i < trials; ++i) {
      std::uint64_t r = generator();
      x.set(i, r & 1), a.set(i, r & 2), y.set(i, r & 4), b.set(i, r & 24);
      ++counts[count_index(x[i], y[i], a[i], b[i])];
    }
    const bits::BitView planes[] = {x, a, y, b};
    EXPECT_TRUE(writer->append_block(planes, 5).ok());
  }
  EXPECT_TRUE(writer->finish().ok());
  return counts;
}

TEST(GatherEvidence, CountsOfALogInAnyPartition) {
  testing::TempFolder folder;
  const Path path = folder.path() / "log.trials";
  Counts counts = write_log(path, {1000, 1, 4096, 77777},
                            {{"simulated", true}, {"import", {{"relabel", "x:flip"}, {"relabellings_tried", 8}}}});
  auto log = trials::LogReader::open(path);
  ASSERT_TRUE(log.ok());
  Context context;
  context.thread_count = 3;
  auto evidence = gather_evidence(*log, context);
  ASSERT_TRUE(evidence.ok()) << evidence.error().describe();
  EXPECT_EQ(evidence->totals(), counts);
  EXPECT_EQ(evidence->blocks.size(), 4u);
  EXPECT_EQ(evidence->blocks[2].trial_count, 4096u);
  EXPECT_EQ(evidence->blocks[2].start_time_ns, 5u);
  EXPECT_TRUE(evidence->simulated);
  EXPECT_EQ(evidence->relabelling, "x:flip");
  EXPECT_EQ(evidence->relabellings_tried, 8u);
  EXPECT_EQ(evidence->plan_digest, sha256("plan"));
  EXPECT_EQ(evidence->log_digest, *log->recorded_digest());
  EXPECT_EQ(*gather_evidence(*log, {}, LogDigest::recorded), *evidence);

  auto first = gather_evidence_of_blocks(*log, 0, 2, {}), second = gather_evidence_of_blocks(*log, 2, 4, {});
  auto merged = merge(*first, *second);
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(merged->blocks, evidence->blocks);
}

TEST(GatherEvidence, ASearchForTheRelabellingIsCounted) {
  testing::TempFolder folder;
  const Path records = folder.path() / "records.u8", log = folder.path() / "log";
  std::string bytes;  // a xor b = xy xor x: won after a:flip-if-x
  for (unsigned i = 0; i < 400; ++i) {
    unsigned x = i & 1, y = i >> 1 & 1, a = i >> 2 & 1;
    bytes += static_cast<char>(x << 3 | y << 2 | a << 1 | (a ^ (x & y) ^ x));
  }
  ASSERT_TRUE(write_text_file(records, bytes, private_file_mode, false).ok());
  ASSERT_TRUE(
      trials::import_trials(records, log, {.format = trials::ForeignFormat::xyab_u8, .auto_relabel = true}).ok());
  auto evidence = gather_evidence(*trials::LogReader::open(log), {});
  ASSERT_TRUE(evidence.ok());
  EXPECT_EQ(evidence->relabellings_tried, 8u);
  EXPECT_NE(evidence->relabelling, "none");
  EXPECT_EQ(evidence->win_count(), 400u);
}

TEST(GatherEvidence, MetadataOfTheWrongTypeIsBadInput) {
  testing::TempFolder folder;
  int number = 0;
  for (const nlohmann::json& metadata :
       std::vector<nlohmann::json>{{{"simulated", "yes"}},
                                   {{"import", 3}},
                                   {{"import", {{"relabel", 3}, {"relabellings_tried", 1}}}},
                                   {{"import", {{"relabel", "none"}}}},
                                   {{"import", {{"relabel", "x:flop"}, {"relabellings_tried", 1}}}},
                                   {{"import", {{"relabel", "x:flip\x1b[2J"}, {"relabellings_tried", 1}}}},
                                   {{"import", {{"relabel", "nothing was tried.\n"}, {"relabellings_tried", 1}}}},
                                   {{"import", {{"relabel", "none"}, {"relabellings_tried", 0}}}},
                                   {{"import", {{"relabel", "none"}, {"relabellings_tried", -1}}}}}) {
    const Path path = folder.path() / std::to_string(++number);
    write_log(path, {10}, metadata);
    auto evidence = gather_evidence(*trials::LogReader::open(path), {});
    ASSERT_FALSE(evidence.ok());
    EXPECT_EQ(evidence.error().code, ErrorCode::bad_input);
  }
}

TEST(GatherEvidence, OtherScenariosAreBadInput) {
  testing::TempFolder folder;
  trials::LogHeader header;
  header.scenario = trials::Scenario{{trials::Party{}}};
  ASSERT_TRUE(trials::LogWriter::create(folder.path() / "one", header)->finish().ok());
  auto evidence = gather_evidence(*trials::LogReader::open(folder.path() / "one"), {});
  ASSERT_FALSE(evidence.ok());
  EXPECT_EQ(evidence.error().code, ErrorCode::bad_input);
}

TEST(GatherEvidence, MoreTrialsThan32BitsCount) {
  if (!testing::long_tests()) GTEST_SKIP() << "2 GiB on disk: in `make test-long`";
  testing::TempFolder folder;
  const Path path = folder.path() / "log.trials";
  constexpr std::uint64_t rest = 12345;
  {
    auto writer = trials::LogWriter::create(path, {});
    ASSERT_TRUE(writer.ok());
    const bits::BitString zeros(trials::largest_block_trials);
    const bits::BitView planes[] = {zeros, zeros, zeros, zeros};
    for (int block = 0; block < 1024; ++block) ASSERT_TRUE(writer->append_block(planes).ok());
    bits::BitString ones(rest);
    for (std::uint64_t i = 0; i < rest; ++i) ones.set(i, true);
    const bits::BitView last[] = {ones, ones, ones, ones};
    ASSERT_TRUE(writer->append_block(last).ok());
    ASSERT_TRUE(writer->finish().ok());
  }
  auto log = trials::LogReader::open(path);
  ASSERT_TRUE(log.ok()) << log.error().describe();
  EXPECT_EQ(log->trial_count(), (std::uint64_t{1} << 32) + rest);
  EXPECT_EQ(log->block(1024)->first_trial, std::uint64_t{1} << 32);
  auto evidence = gather_evidence(*log, {});
  ASSERT_TRUE(evidence.ok()) << evidence.error().describe();
  EXPECT_EQ(evidence->totals()[count_index(0, 0, 0, 0)], std::uint64_t{1} << 32);
  EXPECT_EQ(evidence->totals()[count_index(1, 1, 1, 1)], rest);
  EXPECT_EQ(evidence->win_count(), std::uint64_t{1} << 32);
}

}  // namespace
}  // namespace bellows::estimate
