#include "bellows/estimate/settings_reuse.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "bellows/testing/shared_data.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/import.h"
#include "bellows/trials/writer.h"

namespace bellows::estimate {
namespace {

// A log whose settings repeat after `period` trials; period 0: never.
Path write_log(const Path& path, std::uint64_t trial_count, std::uint64_t period, std::uint64_t block_trials) {
  std::mt19937_64 random(7);
  std::vector<bool> x(trial_count), y(trial_count);
  for (std::uint64_t i = 0; i < trial_count; ++i) {
    bool fresh = period == 0 || i < period;
    x[i] = fresh ? random() & 1 : x[i - period];
    y[i] = fresh ? random() & 1 : y[i - period];
  }
  auto writer = trials::LogWriter::create(path, {});
  EXPECT_TRUE(writer.ok());
  for (std::uint64_t first = 0; first < trial_count; first += block_trials) {
    std::uint64_t count = std::min(block_trials, trial_count - first);
    bits::BitString planes[4] = {bits::BitString(count), bits::BitString(count), bits::BitString(count),
                                 bits::BitString(count)};
    for (std::uint64_t i = 0; i < count; ++i) {
      planes[0].set(i, x[first + i]);
      planes[1].set(i, random() & 1);
      planes[2].set(i, y[first + i]);
      planes[3].set(i, random() & 1);
    }
    bits::BitView views[4] = {planes[0], planes[1], planes[2], planes[3]};
    EXPECT_TRUE(writer->append_block(views).ok());
  }
  EXPECT_TRUE(writer->finish().ok());
  return path;
}

std::optional<SettingsReuse> look(const Path& path) {
  auto log = trials::LogReader::open(path);
  EXPECT_TRUE(log.ok());
  auto found = find_settings_reuse(*log);
  EXPECT_TRUE(found.ok());
  return *found;
}

TEST(SettingsReuse, FindsThePeriodAcrossBlocks) {
  bellows::testing::TempFolder folder;
  for (std::uint64_t period : {128, 129, 1000, 1800}) {
    auto found = look(write_log(folder.path() / fmt::format("{}", period), 9999, period, 701));
    ASSERT_TRUE(found) << period;
    EXPECT_EQ(found->period_trials, period);
    EXPECT_EQ(found->times, divide_up(9999, period));
  }
}

TEST(SettingsReuse, FreshSettingsAreLeftAlone) {
  bellows::testing::TempFolder folder;
  EXPECT_FALSE(look(write_log(folder.path() / "fresh", 20000, 0, 4096)));
  EXPECT_FALSE(look(write_log(folder.path() / "short", 200, 0, 4096)));
  EXPECT_FALSE(look(write_log(folder.path() / "half", 20000, 10001, 4096)));  // does not repeat twice
}

TEST(SettingsReuse, TheRecordsFromQuantumHardware) {
  auto records = bellows::testing::shared_data("bell-ibmq/Hanoi11_14Circuit13.xyab.u8");
  if (!records) GTEST_SKIP() << "shared data is absent";
  bellows::testing::TempFolder folder;
  ASSERT_TRUE(trials::import_trials(*records, folder.path() / "log", {.format = trials::ForeignFormat::xyab_u8}).ok());
  auto found = look(folder.path() / "log");
  ASSERT_TRUE(found);  // its origin: a hundred runs of one list of 1,800 settings
  EXPECT_EQ(found->period_trials, 1800u);
  EXPECT_EQ(found->times, 100u);
}

}  // namespace
}  // namespace bellows::estimate
