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

struct Settings {
  std::vector<bool> x, y;

  void add(bool next_x, bool next_y) { x.push_back(next_x), y.push_back(next_y); }
  std::uint64_t size() const { return x.size(); }
};

// Settings that repeat after `period` trials; period 0: never.
Settings periodic(std::uint64_t trial_count, std::uint64_t period, double chance = 0.5, std::uint64_t number = 7) {
  std::mt19937_64 random(number);
  std::bernoulli_distribution one(chance);
  Settings s;
  for (std::uint64_t i = 0; i < trial_count; ++i) {
    const bool fresh = period == 0 || i < period;
    s.add(fresh ? one(random) : s.x[i - period], fresh ? one(random) : s.y[i - period]);
  }
  return s;
}

Path write_log(const Path& path, const Settings& s, std::uint64_t block_trials) {
  std::mt19937_64 random(8);
  auto writer = trials::LogWriter::create(path, {});
  EXPECT_TRUE(writer.ok());
  for (std::uint64_t first = 0; first < s.size(); first += block_trials) {
    std::uint64_t count = std::min(block_trials, s.size() - first);
    bits::BitString planes[4] = {bits::BitString(count), bits::BitString(count), bits::BitString(count),
                                 bits::BitString(count)};
    for (std::uint64_t i = 0; i < count; ++i) {
      planes[0].set(i, s.x[first + i]);
      planes[1].set(i, random() & 1);
      planes[2].set(i, s.y[first + i]);
      planes[3].set(i, random() & 1);
    }
    bits::BitView views[4] = {planes[0], planes[1], planes[2], planes[3]};
    EXPECT_TRUE(writer->append_block(views).ok());
  }
  EXPECT_TRUE(writer->finish().ok());
  return path;
}

Path write_log(const Path& path, std::uint64_t trial_count, std::uint64_t period, std::uint64_t block_trials) {
  return write_log(path, periodic(trial_count, period), block_trials);
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

TEST(SettingsReuse, FindsLongPeriodsAndListsUsedTwice) {
  bellows::testing::TempFolder folder;
  for (auto [trials, period] : {std::pair<std::uint64_t, std::uint64_t>{3'000'000, 1'000'003}, {400'000, 200'000},
                                {100'000, 4}, {9'000'000, 1u << 22}}) {
    auto found = look(write_log(folder.path() / fmt::format("{}", trials), trials, period, 1u << 20));
    ASSERT_TRUE(found) << period;
    EXPECT_EQ(found->period_trials, period);
    EXPECT_GE(found->share_repeated, 0.7);
    EXPECT_NE(found->in_words().find("fresh settings"), std::string::npos);
  }
}

TEST(SettingsReuse, LostAndAddedRecordsHideNothing) {
  bellows::testing::TempFolder folder;
  const Settings whole = periodic(180'000, 1800);
  for (std::uint64_t every : {180'001, 50'000, 2000, 500}) {  // one place for each so many trials, at random
    std::mt19937_64 random(every);
    Settings hurt;
    for (std::uint64_t i = 0; i < whole.size(); ++i) {
      const std::uint64_t dice = random() % every;
      if (dice == 0 || (every > 180'000 && i == 100'000)) continue;  // lost
      hurt.add(whole.x[i], whole.y[i]);
      if (dice == 1) hurt.add(random() & 1, random() & 1);  // added
      if (dice == 2) hurt.x.back() = !hurt.x.back();        // wrong
    }
    auto found = look(write_log(folder.path() / fmt::format("{}", every), hurt, 4096));
    ASSERT_TRUE(found) << every;
    EXPECT_NEAR(static_cast<double>(found->period_trials), 1800, 4) << every;
  }
}

TEST(SettingsReuse, PartsOfALogAreFound) {
  bellows::testing::TempFolder folder;
  Settings s = periodic(300'000, 0);
  const Settings again = periodic(200'000, 5000, 0.5, 9);
  for (std::uint64_t i = 0; i < again.size(); ++i) s.add(again.x[i], again.y[i]);
  auto found = look(write_log(folder.path() / "log", s, 1u << 16));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->period_trials, 5000u);
  EXPECT_NEAR(found->share_repeated, 0.39, 0.05);
  EXPECT_NE(found->in_words().find("mostly of 5000 trials before"), std::string::npos) << found->in_words();
}

TEST(SettingsReuse, BiasIsNoReuse) {
  bellows::testing::TempFolder folder;
  for (double chance : {0.6, 0.7, 0.8, 0.9})
    EXPECT_FALSE(look(write_log(folder.path() / fmt::format("{}", chance), periodic(1'000'000, 0, chance), 1u << 20)))
        << chance;
}

TEST(SettingsReuse, FreshSettingsAreLeftAlone) {
  bellows::testing::TempFolder folder;
  EXPECT_FALSE(look(write_log(folder.path() / "fresh", 20000, 0, 4096)));
  EXPECT_FALSE(look(write_log(folder.path() / "short", 200, 0, 4096)));
  EXPECT_FALSE(look(write_log(folder.path() / "long", 3'000'000, 0, 1u << 20)));
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

  // One record is missing.
  auto bytes = read_text_file(*records, 1 << 20);
  ASSERT_TRUE(bytes.ok());
  bytes->erase(100'000, 1);
  ASSERT_TRUE(write_text_file(folder.path() / "less", *bytes, private_file_mode, false).ok());
  ASSERT_TRUE(trials::import_trials(folder.path() / "less", folder.path() / "log-of-less",
                                    {.format = trials::ForeignFormat::xyab_u8}).ok());
  found = look(folder.path() / "log-of-less");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->period_trials, 1800u);
  EXPECT_EQ(found->times, 100u);
}

}  // namespace
}  // namespace bellows::estimate
