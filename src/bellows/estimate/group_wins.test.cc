#include "bellows/estimate/group_wins.h"

#include <gtest/gtest.h>

#include <random>

#include "bellows/estimate/gather.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/writer.h"

namespace bellows::estimate {
namespace {

struct Log {
  testing::TempFolder folder;
  std::vector<bool> won;
  std::optional<trials::LogReader> reader;
  Evidence evidence;

  explicit Log(const std::vector<std::uint64_t>& block_trials) {
    auto writer = trials::LogWriter::create(folder.path() / "log.trials", {});
    std::mt19937_64 random(5);
    for (std::uint64_t count : block_trials) {
      bits::BitString x(count), y = x, a = x, b = x;
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t r = random();
        x.set(i, r & 1), y.set(i, r & 2), a.set(i, r & 4), b.set(i, r & 24);
        won.push_back((a[i] ^ b[i]) == (x[i] & y[i]));
      }
      const std::vector<bits::BitView> planes{x, a, y, b};
      EXPECT_TRUE(writer->append_block(planes, 1).ok());
    }
    EXPECT_TRUE(writer->finish().ok());
    reader.emplace(std::move(*trials::LogReader::open(folder.path() / "log.trials")));
    evidence = *gather_evidence(*reader, {});
  }
};

TEST(GroupWins, AreThoseOfTheTrialsOneByOneWhereverBlocksEnd) {
  const std::vector<std::vector<std::uint64_t>> logs = {
      {}, {1}, {64, 64, 64, 64}, {1000}, {63, 65, 1, 1, 127, 300, 2}, {257, 1025, 131}, {5, 4096, 5}};
  for (const auto& blocks : logs) {
    Log log(blocks);
    for (std::uint64_t group : {1, 2, 63, 64, 65, 100, 256, 257, 1000, 1413, 5000}) {
      std::vector<GroupWins> expected;
      for (std::uint64_t i = 0; i < log.won.size(); ++i) {
        if (i % group == 0) expected.push_back({i, 0, 0});
        ++expected.back().trial_count;
        expected.back().win_count += log.won[i] ? 1 : 0;
      }
      auto got = wins_of_groups(*log.reader, log.evidence, group, {});
      ASSERT_TRUE(got.ok()) << got.error().describe();
      EXPECT_EQ(*got, expected) << blocks.size() << " blocks, groups of " << group;
    }
  }
}

TEST(GroupWins, RefusesEvidenceOfAnotherLog) {
  Log one({100, 100}), other({100, 101});
  EXPECT_EQ(wins_of_groups(*one.reader, other.evidence, 64, {}).error().code, ErrorCode::bad_input);
  EXPECT_EQ(wins_of_groups(*one.reader, {}, 64, {}).error().code, ErrorCode::bad_input);
}

}  // namespace
}  // namespace bellows::estimate
