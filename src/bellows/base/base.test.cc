#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "bellows/base/checked.h"
#include "bellows/base/count.h"
#include "bellows/base/digest.h"
#include "bellows/base/file.h"
#include "bellows/base/json_number.h"
#include "bellows/base/plain_file.h"
#include "bellows/base/progress.h"
#include "bellows/base/secret.h"
#include "bellows/base/text.h"
#include "bellows/base/threads.h"
#include "bellows/testing/temp_folder.h"

namespace bellows {
namespace {

TEST(Count, ReadsWhatPeopleWrite) {
  EXPECT_EQ(*parse_count("20*2^26"), 1342177280u);
  EXPECT_EQ(*parse_count("1e6"), 1000000u);
  EXPECT_EQ(*parse_count("1_000_000"), 1000000u);
  EXPECT_EQ(*parse_count("0"), 0u);
  EXPECT_EQ(*parse_count("18446744073709551615"), 18446744073709551615u);
}

TEST(Count, RefusesTheRest) {
  for (const char* text : {"", "-1", "+1", "1.5", "2^64", "18446744073709551616", "20*", "*2", "2^", "^2", "1e20",
                           "0x10", "_1", "1__0", "1 000", "nan", "2^-1"})
    EXPECT_EQ(parse_count(text).error().code, ErrorCode::usage) << text;
}

TEST(JsonNumber, IsTakenWholeOrNotAtAll) {
  auto read = [](const char* text) { return nlohmann::json::parse(text); };
  EXPECT_EQ(whole_number<std::int64_t>(read("18446744073709551615")), std::nullopt);  // wrapped it would be -1
  EXPECT_EQ(whole_number<std::uint32_t>(read("4294967297")), std::nullopt);           // wrapped it would be 1
  EXPECT_EQ(whole_number<std::uint64_t>(read("-1")), std::nullopt);
  EXPECT_EQ(whole_number<std::uint64_t>(read("18446744073709551616")), std::nullopt);
  EXPECT_EQ(whole_number<std::uint64_t>(read("18446744073709551615")), ~std::uint64_t{0});
  EXPECT_EQ(whole_number<std::int64_t>(read("-9223372036854775808")), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(whole_number<int>(read("-7"), -7, 7), -7);
  EXPECT_EQ(whole_number<int>(read("8"), -7, 7), std::nullopt);
  for (const char* text : {"1.0", "1.5", "1e3", "\"1\"", "true", "null", "[1]", "{}"})
    EXPECT_EQ(whole_number<int>(read(text)), std::nullopt) << text;
}

TEST(Digest, Sha256OfAbc) {  // FIPS 180-2, appendix B.1
  EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 hash;
  hash.update("a");
  hash.update("bc");
  EXPECT_EQ(hash.finish(), sha256("abc"));
  EXPECT_EQ(hash.finish(), sha256(""));
}

TEST(Digest, HexGoesRound) {
  Digest digest = sha256("x");
  EXPECT_EQ(*Digest::from_hex(digest.hex()), digest);
  EXPECT_FALSE(Digest::from_hex("12").ok());
  EXPECT_FALSE(Digest::from_hex(std::string(64, 'g')).ok());
}

TEST(Checked, NothingInsteadOfAWrappedNumber) {
  EXPECT_FALSE(checked_add(~0ull, 1));
  EXPECT_FALSE(checked_multiply(1ull << 32, 1ull << 32));
  EXPECT_EQ(*checked_multiply(1ull << 32, 1ull << 31), 1ull << 63);
  EXPECT_EQ(round_up(65, 64), 128u);
  EXPECT_EQ(divide_up(~0ull, 2), 1ull << 63);
}

TEST(AtomicFile, AppearsWholeOrNotAtAll) {
  testing::TempFolder folder;
  Path path = folder.path() / "a";
  {
    auto file = AtomicFile::create(path, private_file_mode, false);
    ASSERT_TRUE(file->write("half").ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  ASSERT_TRUE(write_text_file(path, "whole", private_file_mode, false).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(write_text_file(path, "other", private_file_mode, false).error().code, ErrorCode::bad_input);
  EXPECT_EQ(*read_text_file(path), "whole");
  ASSERT_TRUE(write_text_file(path, "other", private_file_mode, true).ok());
  EXPECT_EQ(*read_text_file(path), "other");
}

TEST(File, DiskFullIsAnError) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  auto file = File::open_for_update("/dev/full");
  ASSERT_TRUE(file.ok());
  std::vector<std::byte> bytes(4096);
  Status status = file->write_all(bytes);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::bad_input);
  EXPECT_NE(status.error().describe().find("No space left"), std::string::npos);
}

TEST(File, MissingFileAndDirectory) {
  EXPECT_EQ(File::open_for_reading("/nonexistent/x").error().code, ErrorCode::bad_input);
  EXPECT_EQ(MappedFile::open("/").error().code, ErrorCode::bad_input);
  EXPECT_EQ(read_text_file("/dev/zero", 1000).error().code, ErrorCode::bad_input);
}

TEST(File, NamedPipesAreRefusedInsteadOfWaitedAt) {
  testing::TempFolder folder;
  const Path pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(open_plain_file(pipe).error().got, "a named pipe");
  EXPECT_EQ(read_text_file(pipe).error().got, "a named pipe");
  EXPECT_EQ(MappedFile::open(pipe).error().got, "a named pipe");
  // A pipe that the shell hands over is open already.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "text", 4), 4);
  ::close(ends[1]);
  EXPECT_EQ(*read_text_file("/dev/fd/" + std::to_string(ends[0])), "text");
  ::close(ends[0]);
}

TEST(VisibleText, ReplacesWhatHidesAndReorders) {
  EXPECT_EQ(visible_text("run\n\x1b[2J\x7f", "?"), "run??[2J?");
  EXPECT_EQ(visible_text("a\u202etxt.\u2066b\u200b\ufeff\u00ad\u061c\u2028c\U000e0041", "?"), "a?txt.?b?????c?");
  EXPECT_EQ(visible_text("\u00e4\u4e2d\u0645\u200c\U0001F600", "?"), "\u00e4\u4e2d\u0645\u200c\U0001F600");
  EXPECT_EQ(visible_text("\xe2\x80", "?"), "\xe2\x80");
  EXPECT_EQ(visible_text("\xc2\x9b", "?"), "?");
}

TEST(FolderLock, SecondIsRefused) {
  testing::TempFolder folder;
  {
    auto first = FolderLock::acquire(folder.path());
    ASSERT_TRUE(first.ok());
    EXPECT_FALSE(FolderLock::acquire(folder.path()).ok());
  }
  EXPECT_TRUE(FolderLock::acquire(folder.path()).ok());
}

TEST(Threads, EachTaskOnce) {
  std::vector<std::atomic<int>> hits(1000);
  parallel_for(hits.size(), 4, [&](std::uint64_t i, unsigned worker) {
    EXPECT_LT(worker, 4u);
    ++hits[i];
  });
  for (auto& hit : hits) EXPECT_EQ(hit.load(), 1);
  parallel_for(0, 4, [](std::uint64_t, unsigned) { FAIL(); });
}

std::atomic<int> clean_ups{0};

TEST(Threads, CleanUpRunsOnceAtTheEndOfEachThreadThatAsked) {
  constexpr auto clean_up = +[] { ++clean_ups; };
  for (int times_asked = 0; times_asked < 3; ++times_asked) {
    clean_ups = 0;
    std::thread([&] {
      for (int i = 0; i < times_asked; ++i) at_thread_end(clean_up);
      EXPECT_EQ(clean_ups, 0);
    }).join();
    EXPECT_EQ(clean_ups, times_asked == 0 ? 0 : 1);
  }
}

TEST(Secret, ComparesAndAligns) {
  SecretBytes a(100, 1), b(100, 1);
  EXPECT_TRUE(equal_in_constant_time(a.data(), b.data(), 100));
  b[99] = 2;
  EXPECT_FALSE(equal_in_constant_time(a.data(), b.data(), 100));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data()) % 64, 0u);
}

TEST(Cancel, StopsWork) {
  CancelToken token;
  Context context{.cancel = &token};
  EXPECT_TRUE(context.check_cancelled().ok());
  token.cancel();
  EXPECT_EQ(exit_code(context.check_cancelled().error().code), 130);
}

}  // namespace
}  // namespace bellows
