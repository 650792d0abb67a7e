#include "bellows/extract/seed_ledger.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "bellows/testing/temp_folder.h"

namespace bellows::extract {
namespace {

bits::BitString random_bits(std::uint64_t size_bits, std::mt19937_64& random) {
  bits::BitString string(size_bits);
  for (std::uint64_t i = 0; i < string.size_words(); ++i) string.words()[i] = random();
  string.trim();
  return string;
}

class SeedLedgerTest : public ::testing::Test {
 protected:
  bellows::testing::TempFolder folder_;
  Path path_ = folder_.path() / "state" / "bellows" / "seeds";
  SeedLedger ledger_ = *SeedLedger::open(path_);
  std::mt19937_64 random_{1};
  Digest plan_a_ = sha256("plan a"), plan_b_ = sha256("plan b");
};

TEST_F(SeedLedgerTest, SaysThatTheSameUseHadAnotherSeed) {
  const bits::BitString seed = random_bits(1000, random_), other = random_bits(1000, random_);
  EXPECT_FALSE(*ledger_.has_with_another_seed(seed, plan_a_)) << "no ledger yet";
  ASSERT_TRUE(ledger_.record(seed, plan_a_).ok());
  EXPECT_FALSE(*ledger_.has_with_another_seed(seed, plan_a_)) << "the same seed again";
  EXPECT_FALSE(*ledger_.has_with_another_seed(seed.view().first(900), plan_a_)) << "or less of it";
  EXPECT_TRUE(*ledger_.has_with_another_seed(other, plan_a_));
  EXPECT_FALSE(*ledger_.has_with_another_seed(other, plan_b_)) << "another plan";
}

TEST_F(SeedLedgerTest, OneSeedOnePlan) {
  const bits::BitString seed = random_bits(1000, random_), other = random_bits(1000, random_);
  ASSERT_TRUE(ledger_.record(seed, plan_a_).ok());
  EXPECT_TRUE(ledger_.record(seed, plan_a_).ok()) << "continuing the same plan";
  EXPECT_TRUE(ledger_.check(seed, plan_a_).ok()) << "verifying it";
  EXPECT_EQ(ledger_.record(seed, plan_b_).error().code, ErrorCode::refused);
  EXPECT_EQ(ledger_.check(seed, plan_b_).error().code, ErrorCode::refused);
  EXPECT_TRUE(ledger_.record(other, plan_b_).ok());
  EXPECT_EQ(SeedLedger::open(path_)->record(other, plan_a_).error().code, ErrorCode::refused) << "opened again";
}

TEST_F(SeedLedgerTest, AnotherLengthOfTheSameSeedIsTheSameSeed) {
  const bits::BitString seed = random_bits(5000, random_);
  ASSERT_TRUE(ledger_.record(seed.view().first(1000), plan_a_).ok());
  EXPECT_EQ(ledger_.record(seed.view().first(900), plan_b_).error().code, ErrorCode::refused);
  EXPECT_EQ(ledger_.record(seed, plan_b_).error().code, ErrorCode::refused);
  EXPECT_TRUE(ledger_.record(seed, plan_a_).ok());
}

TEST_F(SeedLedgerTest, BitsBeyondTheEndDoNotCount) {
  bits::BitString seed = random_bits(320, random_);
  ASSERT_TRUE(ledger_.record(seed.view().first(300), plan_a_).ok());
  seed.words()[4] ^= std::uint64_t{1} << 60;
  EXPECT_EQ(ledger_.record(seed.view().first(300), plan_b_).error().code, ErrorCode::refused);
}

TEST_F(SeedLedgerTest, ALineCutByACrashIsOverwritten) {
  const bits::BitString seed = random_bits(1000, random_);
  ASSERT_TRUE(ledger_.record(random_bits(1000, random_), plan_a_).ok());
  const std::string good = *read_text_file(path_);
  for (std::size_t kept : {std::size_t{1}, std::size_t{40}, good.size() - 1}) {
    ASSERT_TRUE(write_text_file(path_, good + good.substr(0, kept), private_file_mode, true).ok());
    ASSERT_TRUE(ledger_.record(seed, plan_b_).ok()) << kept;
    EXPECT_EQ(ledger_.record(seed, plan_a_).error().code, ErrorCode::refused);
    EXPECT_EQ(read_text_file(path_)->size(), 2 * good.size());
  }
}

TEST_F(SeedLedgerTest, ForeignLinesAreAnErrorAndChangeNothing) {
  for (const std::string text : {"hello\n", "bellows-seeds 2 5 00 00 00\n", "bellows-seeds 1 5 00 00 00\n", "\n"}) {
    ASSERT_TRUE(write_text_file(path_, text, private_file_mode, true).ok());
    EXPECT_EQ(ledger_.record(random_bits(1000, random_), plan_a_).error().code, ErrorCode::bad_input) << text;
    EXPECT_EQ(*read_text_file(path_), text);
  }
}

TEST_F(SeedLedgerTest, ManyProcessesAtOnce) {
  const bits::BitString seed = random_bits(1000, random_);
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(ledger_.record(seed, sha256(std::to_string(i))).ok() ? 0 : 1);
    children.push_back(child);
  }
  int accepted = 0;
  for (pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    accepted += WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  EXPECT_EQ(accepted, 1);
}

TEST(SeedLedger, DefaultPlace) {
  ::setenv("XDG_STATE_HOME", "/somewhere/state", 1);
  EXPECT_EQ(*SeedLedger::default_path(), Path("/somewhere/state/bellows/seeds"));
  ::unsetenv("XDG_STATE_HOME");
}

}  // namespace
}  // namespace bellows::extract
