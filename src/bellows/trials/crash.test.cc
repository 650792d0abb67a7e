#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>

#include "bellows/bits/crc32c.h"
#include "bellows/testing/shared_data.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/import.h"
#include "bellows/trials/log_format.h"
#include "bellows/trials/raw_string.h"
#include "bellows/trials/reader.h"
#include "bellows/trials/writer.h"

namespace bellows::trials {
namespace {

constexpr std::uint64_t blocks_in_all = 60, trials_in_block = 100'000;

// Block `index` of an experiment that always gives the same trials.
void fill(BlockBuffer& block, std::uint64_t index) {
  std::mt19937_64 random(index);
  block.start(trials_in_block - index);
  for (std::uint32_t plane = 0; plane < 4; ++plane)
    for (std::uint64_t word = 0; word < block.size_words(); ++word) block.plane(plane)[word] = random();
}

Result<Digest> write_rest(LogWriter writer) {
  BlockBuffer block(Scenario::two_party_chsh(), trials_in_block);
  while (writer.block_count() < blocks_in_all) {
    fill(block, writer.block_count());
    BELLOWS_TRY(writer.append(block, 5));
  }
  return writer.finish();
}

// Starts or continues the log, as a program that is run again after a crash does.
Result<Digest> write_or_continue(const Path& path) {
  if (std::filesystem::exists(path)) {
    auto reader = LogReader::open(path);
    if (reader.ok() && reader->is_complete()) return *reader->recorded_digest();
    BELLOWS_ASSIGN(LogWriter writer, LogWriter::continue_after_crash(path));
    return write_rest(std::move(writer));
  }
  BELLOWS_ASSIGN(LogWriter writer, LogWriter::create(path, LogHeader{}));
  return write_rest(std::move(writer));
}

TEST(Crash, KilledAtAnyMomentTheLogGoesOnToTheSameEnd) {
  testing::TempFolder folder;
  Digest expected = write_or_continue(folder.path() / "whole.trials").value();
  std::mt19937_64 random(11);
  const int kills = testing::long_tests() ? 400 : 40;
  int survived = 0, kept_some = 0;
  Path path = folder.path() / "a.trials";
  for (int i = 0; i < kills; ++i) {
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(write_or_continue(path).ok() ? 0 : 1);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30000));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      ++survived;
    }
    if (!std::filesystem::exists(path)) continue;
    auto reader = LogReader::open(path);
    ASSERT_TRUE(reader.ok()) << reader.error().describe();
    for (std::uint64_t k = 0; k < reader->block_count(); ++k) ASSERT_TRUE(reader->block(k).ok());
    kept_some += reader->block_count() > 0 && !reader->is_complete();
    if (reader->is_complete()) {
      EXPECT_EQ(reader->check({}).value(), expected);
      std::filesystem::remove(path);
    }
  }
  EXPECT_EQ(write_or_continue(path).value(), expected);
  RecordProperty("kills", kills);
  RecordProperty("finished_before_the_kill", survived);
  RecordProperty("continued_from_some_blocks", kept_some);
}

TEST(Crash, AReaderBesideAWriterNeverSeesAnError) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  LogWriter writer = LogWriter::create(path, LogHeader{}).value();
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(write_rest(std::move(writer)).ok() ? 0 : 1);
  LogReader reader = LogReader::open(path).value();
  std::uint64_t checked = 0, looks = 0;
  while (!reader.is_complete()) {
    Status status = reader.refresh();
    ASSERT_TRUE(status.ok()) << status.error().describe();
    for (; checked < reader.block_count(); ++checked) ASSERT_TRUE(reader.block(checked).ok());
    ++looks;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  EXPECT_EQ(reader.block_count(), blocks_in_all);
  EXPECT_TRUE(reader.check({}).ok());
  ::waitpid(child, nullptr, 0);
  RecordProperty("looks", std::to_string(looks));
}

// A limit on the size of files stands for a disk that fills up: the write fails half way.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uint64_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST(DiskFull, LeavesWholeBlocksAndTheWriterGoesOnOnceThereIsRoom) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  Digest expected = write_or_continue(folder.path() / "whole.trials").value();
  LogWriter writer = LogWriter::create(path, LogHeader{}).value();
  BlockBuffer block(Scenario::two_party_chsh(), trials_in_block);
  Status status;
  {
    FileSizeLimit limit(333'333);
    while (status.ok()) {
      fill(block, writer.block_count());
      status = writer.append(block, 5);
    }
  }
  EXPECT_EQ(status.error().code, ErrorCode::bad_input);
  EXPECT_EQ(status.error().file, path.string());
  LogReader reader = LogReader::open(path).value();
  EXPECT_GT(reader.block_count(), 3u);
  EXPECT_EQ(reader.block_count(), writer.block_count());
  EXPECT_EQ(reader.cut_bytes(), 0u);
  ASSERT_TRUE(writer.append(block, 5).ok());
  EXPECT_EQ(write_rest(std::move(writer)).value(), expected);
}

TEST(DiskFull, FinishCanBeTriedAgain) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  LogWriter writer = LogWriter::create(path, LogHeader{}).value();
  BlockBuffer block(Scenario::two_party_chsh(), trials_in_block);
  fill(block, 0);
  ASSERT_TRUE(writer.append(block, 5).ok());
  {
    FileSizeLimit limit(std::filesystem::file_size(path) + 10);
    EXPECT_FALSE(writer.finish().ok());
    EXPECT_FALSE(LogReader::open(path)->is_complete());
  }
  Digest digest = writer.finish().value();
  EXPECT_EQ(LogReader::open(path)->check({}).value(), digest);
}

TEST(DiskFull, ImportAndExportLeaveNothing) {
  testing::TempFolder folder;
  Path in = folder.path() / "in.u8", log = folder.path() / "a.trials", out = folder.path() / "out.csv";
  std::ofstream(in, std::ios::binary) << std::string(1'000'000, '\5');
  {
    FileSizeLimit limit(100'000);
    auto report = import_trials(in, log, {.block_trials = 10'000});
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, ErrorCode::bad_input);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  ASSERT_TRUE(import_trials(in, log, {}).ok());
  {
    FileSizeLimit limit(100'000);
    EXPECT_FALSE(export_trials(log, out, {.format = ForeignFormat::csv}).ok());
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
}

// More trials than 32 bits can count, in a file of holes.
TEST(HugeLog, CountsBeyond32Bits) {
  testing::TempFolder folder;
  Path path = folder.path() / "huge.trials";
  const std::uint64_t blocks = 1030, payload = 4 * plane_size_bytes(largest_block_trials), step = 64 + payload;
  std::vector<std::byte> head = encode_header(LogHeader{}).value(), zeros(payload);
  const std::uint32_t crc = bits::crc32c(zeros);
  {
    File file = File::create(path, 0600).value();
    ASSERT_TRUE(file.write_all(head).ok());
    for (std::uint64_t i = 0; i < blocks; ++i) {
      BlockHeader header =
          make_block_header(Scenario::two_party_chsh(), i, i * largest_block_trials, largest_block_trials, 0, crc);
      ASSERT_TRUE(file.write_all_at(std::as_bytes(std::span(&header, 1)), head.size() + i * step).ok());
    }
    if (!file.truncate(head.size() + blocks * step).ok()) GTEST_SKIP() << "no sparse files here";
  }
  LogReader reader = LogReader::open(path).value();
  EXPECT_EQ(reader.trial_count(), blocks << 22);
  EXPECT_GT(reader.trial_count(), std::uint64_t{1} << 32);
  BlockView last = reader.block(blocks - 1).value();
  EXPECT_EQ(last.first_trial, (blocks - 1) << 22);
  RawString raw(reader);
  EXPECT_EQ(raw.size_bits(), blocks << 23);
  EXPECT_EQ(raw.piece_at(raw.size_bits() - 1), 2 * blocks - 1);
  std::uint64_t words[2]{~0ull, ~0ull};
  raw.read(raw.size_bits() - 100, 128, words);
  EXPECT_EQ(words[0] | words[1], 0u);
  EXPECT_EQ(reader.require_complete().error().code, ErrorCode::bad_input);
  if (!testing::long_tests()) return;
  LogWriter writer = LogWriter::continue_after_crash(path, {.thread_count = 2}).value();
  EXPECT_EQ(writer.kept_trials(), blocks << 22);
  Digest digest = writer.finish().value();
  EXPECT_EQ(LogReader::open(path)->check({.thread_count = 2}).value(), digest);
}

}  // namespace
}  // namespace bellows::trials
