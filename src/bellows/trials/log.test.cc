#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>

#include "bellows/testing/temp_folder.h"
#include "bellows/trials/log_format.h"
#include "bellows/trials/raw_string.h"
#include "bellows/trials/reader.h"
#include "bellows/trials/writer.h"

namespace bellows::trials {
namespace {

using bits::BitString;

const Scenario chsh = Scenario::two_party_chsh();
const Scenario odd{{Party{3, 2}, Party{1, 5}, Party{4, 3}}};

// Random planes whose values the scenario allows.
std::vector<BitString> random_planes(const Scenario& scenario, std::uint64_t trials, std::mt19937_64& random) {
  std::vector<BitString> planes;
  auto add = [&](std::uint32_t choices, std::uint32_t plane_count) {
    std::size_t first = planes.size();
    for (std::uint32_t i = 0; i < plane_count; ++i) planes.emplace_back(trials);
    for (std::uint64_t t = 0; t < trials; ++t) {
      std::uint64_t value = random() % choices;
      for (std::uint32_t i = 0; i < plane_count; ++i) planes[first + i].set(t, value >> i & 1);
    }
  };
  for (const Party& party : scenario.parties) {
    add(party.setting_count, party.setting_bits());
    add(party.outcome_count, party.outcome_bits());
  }
  return planes;
}

std::vector<bits::BitView> views(const std::vector<BitString>& planes) { return {planes.begin(), planes.end()}; }

std::string read_bytes(const Path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const Path& path, const std::string& bytes) {
  std::filesystem::remove(path);  // cutting an old file to nothing makes some file systems wait for the disk
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

struct Sample {
  std::vector<std::vector<BitString>> blocks;
  Digest digest;
};

Sample write_sample(const Path& path, const Scenario& scenario, const std::vector<std::uint64_t>& sizes,
                    bool finish = true) {
  std::mt19937_64 random(7);
  LogHeader header{.scenario = scenario, .metadata = {{"run", 12}, {"station", "A"}}};
  header.plan_digest.bytes[3] = 9;
  LogWriter writer = LogWriter::create(path, header).value();
  Sample sample;
  for (std::uint64_t size : sizes) {
    sample.blocks.push_back(random_planes(scenario, size, random));
    EXPECT_TRUE(writer.append_block(views(sample.blocks.back()), 1000 + size).ok());
  }
  if (finish) sample.digest = writer.finish().value();
  return sample;
}

TEST(Scenario, PlanesAndNames) {
  EXPECT_EQ(chsh.name(), "(2,2)x(2,2)");
  EXPECT_EQ(chsh.plane_count(), 4u);
  EXPECT_EQ(chsh.setting_plane(1), 2u);
  EXPECT_EQ(chsh.outcome_plane(1), 3u);
  EXPECT_EQ(odd.plane_count(), 2u + 1 + 0 + 3 + 2 + 2);
  EXPECT_EQ(odd.outcome_plane(1, 2), 5u);
  EXPECT_EQ(odd.setting_plane(2), 6u);
  EXPECT_EQ(odd.outcome_bits(), 6u);
  EXPECT_FALSE(Scenario{}.check().ok());
  EXPECT_FALSE((Scenario{{Party{0, 2}}}.check().ok()));
  EXPECT_FALSE((Scenario{{Party{2, 257}}}.check().ok()));
}

TEST(Log, GivesBackWhatWasWritten) {
  testing::TempFolder folder;
  for (const Scenario& scenario : {chsh, odd, Scenario{{Party{2, 2}}}}) {
    Path path = folder.path() / "a.trials";
    std::vector<std::uint64_t> sizes{1, 63, 64, 65, 511, 512, 513, 1000};
    Sample sample = write_sample(path, scenario, sizes);
    LogReader reader = LogReader::open(path).value();
    EXPECT_EQ(reader.scenario(), scenario);
    EXPECT_EQ(reader.header().metadata["station"], "A");
    EXPECT_EQ(reader.header().plan_digest.bytes[3], 9);
    EXPECT_TRUE(reader.is_complete());
    EXPECT_TRUE(reader.require_complete().ok());
    ASSERT_EQ(reader.block_count(), sizes.size());
    EXPECT_EQ(reader.trial_count(), 1u + 63 + 64 + 65 + 511 + 512 + 513 + 1000);
    std::uint64_t first = 0;
    for (std::uint64_t i = 0; i < sizes.size(); ++i) {
      BlockView block = reader.block(i).value();
      EXPECT_EQ(block.first_trial, first);
      EXPECT_EQ(block.trial_count, sizes[i]);
      EXPECT_EQ(block.start_time_ns, 1000 + sizes[i]);
      for (std::uint32_t p = 0; p < scenario.plane_count(); ++p) {
        EXPECT_EQ(BitString(block.plane(p)), sample.blocks[i][p]);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.plane(p).words) % 64, 0u);
      }
      first += sizes[i];
    }
    for (unsigned threads : {1u, 2u, 7u}) EXPECT_EQ(reader.digest({.thread_count = threads}).value(), sample.digest);
    EXPECT_EQ(reader.check({}).value(), sample.digest);
    EXPECT_EQ(reader.recorded_digest(), sample.digest);
    std::filesystem::remove(path);
  }
}

TEST(Log, DigestIsAsDocumented) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  Sample sample = write_sample(path, chsh, {100, 200});
  std::string bytes = read_bytes(path);
  std::uint32_t header_bytes;
  std::memcpy(&header_bytes, bytes.data() + 12, 4);
  std::size_t block_bytes = 64 + 4 * 64;
  ASSERT_EQ(bytes.size(), header_bytes + 2 * block_bytes + 64);
  Digest a = sha256(std::string_view(bytes).substr(header_bytes, block_bytes));
  Digest b = sha256(std::string_view(bytes).substr(header_bytes + block_bytes, block_bytes));
  std::string all = bytes.substr(0, header_bytes);
  for (const Digest& digest : {a, b}) all.append(digest.bytes.begin(), digest.bytes.end());
  EXPECT_EQ(sha256(all), sample.digest);
}

TEST(Log, FileIsPrivateAndNotOverwritten) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  write_sample(path, chsh, {10});
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
  auto again = LogWriter::create(path, LogHeader{});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::bad_input);
  EXPECT_EQ(LogReader::open(path)->trial_count(), 10u);
}

TEST(Log, IsReadWhileItIsWritten) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  std::mt19937_64 random(1);
  LogWriter writer = LogWriter::create(path, LogHeader{}).value();
  LogReader reader = LogReader::open(path).value();
  EXPECT_EQ(reader.trial_count(), 0u);
  EXPECT_EQ(reader.require_trials().error().code, ErrorCode::refused);
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(writer.append_block(views(random_planes(chsh, 70, random))).ok());
    ASSERT_TRUE(reader.refresh().ok());
    EXPECT_EQ(reader.trial_count(), 70u * static_cast<unsigned>(i));
    EXPECT_FALSE(reader.is_complete());
    EXPECT_TRUE(reader.block(reader.block_count() - 1).ok());
  }
  EXPECT_EQ(reader.require_complete().error().code, ErrorCode::bad_input);
  auto digest = writer.finish();
  ASSERT_TRUE(reader.refresh().ok());
  EXPECT_TRUE(reader.is_complete());
  EXPECT_EQ(reader.check({}).value(), digest.value());
}

TEST(Log, CutAnywhereLosesAtMostTheLastBlock) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials", cut = folder.path() / "cut.trials";
  write_sample(path, chsh, {100, 600, 50});
  std::string bytes = read_bytes(path);
  std::uint32_t header_bytes;
  std::memcpy(&header_bytes, bytes.data() + 12, 4);
  const std::vector<std::uint64_t> ends{header_bytes, header_bytes + 64 + 4 * 64ull, header_bytes + 128 + 12 * 64ull,
                                        header_bytes + 192 + 16 * 64ull};
  ASSERT_EQ(bytes.size(), ends.back() + 64);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    write_bytes(cut, bytes.substr(0, size));
    auto reader = LogReader::open(cut);
    if (size < header_bytes) {
      ASSERT_FALSE(reader.ok()) << size;
      EXPECT_FALSE(LogWriter::continue_after_crash(cut).ok());
      continue;
    }
    ASSERT_TRUE(reader.ok()) << size << reader.error().describe();
    std::uint64_t whole = 0;
    while (whole + 1 < ends.size() && ends[whole + 1] <= size) ++whole;
    EXPECT_EQ(reader->block_count(), whole);
    EXPECT_EQ(reader->cut_bytes(), size - ends[whole]);
    EXPECT_FALSE(reader->is_complete());
    auto writer = LogWriter::continue_after_crash(cut);
    ASSERT_TRUE(writer.ok());
    EXPECT_EQ(writer->block_count(), whole);
    EXPECT_EQ(writer->dropped_bytes(), size - ends[whole]);
    EXPECT_EQ(writer->kept_trials(), reader->trial_count());
  }
}

TEST(Log, ContinuedLogIsTheUninterruptedOne) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials", cut = folder.path() / "cut.trials";
  std::vector<std::uint64_t> sizes{100, 600, 50, 64};
  Sample sample = write_sample(path, odd, sizes);
  std::string bytes = read_bytes(path);
  for (std::size_t size : {bytes.size() - 65, bytes.size() - 1000, bytes.size() - 2000, bytes.size() - 1}) {
    write_bytes(cut, bytes.substr(0, size));
    LogWriter writer = LogWriter::continue_after_crash(cut, {.thread_count = 2}).value();
    for (std::uint64_t i = writer.block_count(); i < sizes.size(); ++i)
      ASSERT_TRUE(writer.append_block(views(sample.blocks[i]), 1000 + sizes[i]).ok());
    EXPECT_EQ(writer.finish().value(), sample.digest);
    EXPECT_EQ(read_bytes(cut), bytes);
  }
}

TEST(Log, ZerosOfAPowerFailureAreDroppedAndDamageIsNot) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials", hurt = folder.path() / "hurt.trials";
  write_sample(path, chsh, {100, 100}, /*finish=*/false);
  std::string bytes = read_bytes(path);
  std::size_t block_bytes = 320, second = bytes.size() - block_bytes;
  write_bytes(hurt, bytes + std::string(777, '\0'));
  EXPECT_EQ(LogWriter::continue_after_crash(hurt)->dropped_bytes(), 777u);
  std::string zeroed = bytes;
  std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(second) + 64, zeroed.end(), '\0');
  write_bytes(hurt, zeroed);
  EXPECT_FALSE(LogReader::open(hurt)->block(1).ok());
  EXPECT_EQ(LogWriter::continue_after_crash(hurt)->kept_trials(), 100u);
  std::string middle = bytes;
  middle[second - 250] ^= 1;
  write_bytes(hurt, middle);
  auto failed = LogWriter::continue_after_crash(hurt);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::bad_input);
  EXPECT_EQ(read_bytes(hurt), middle);
  write_bytes(hurt, bytes + "something else");
  EXPECT_FALSE(LogWriter::continue_after_crash(hurt).ok());
}

TEST(Log, EveryCorruptedByteIsFound) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials", hurt = folder.path() / "hurt.trials";
  write_sample(path, odd, {70, 30});
  std::string bytes = read_bytes(path);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (int change : {1, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ change);
      write_bytes(hurt, changed);
      auto reader = LogReader::open(hurt);
      Error error;
      if (!reader.ok()) {
        error = reader.error();
      } else {
        auto checked = reader->check({});
        ASSERT_FALSE(checked.ok()) << "byte " << i;
        error = checked.error();
      }
      EXPECT_EQ(error.code, ErrorCode::bad_input);
      EXPECT_EQ(error.file, hurt.string());
      EXPECT_TRUE(error.offset_bytes.has_value());
    }
}

TEST(Log, OneWriterAtATime) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  LogWriter writer = LogWriter::create(path, LogHeader{}).value();
  EXPECT_EQ(LogWriter::continue_after_crash(path).error().code, ErrorCode::bad_input);
}

TEST(Log, CompleteLogIsNotContinued) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  write_sample(path, chsh, {5});
  EXPECT_EQ(LogWriter::continue_after_crash(path).error().code, ErrorCode::refused);
}

TEST(Log, PlanIsHeld) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  write_sample(path, chsh, {5});
  LogReader reader = LogReader::open(path).value();
  EXPECT_TRUE(reader.require_plan(reader.header().plan_digest).ok());
  EXPECT_EQ(reader.require_plan(sha256("other")).error().code, ErrorCode::refused);
}

TEST(Log, MetadataHasLimits) {
  testing::TempFolder folder;
  LogHeader header;
  header.metadata = nlohmann::json::array();
  EXPECT_FALSE(LogWriter::create(folder.path() / "a", header).ok());
  header.metadata = {{"long", std::string(1 << 20, 'x')}};
  EXPECT_FALSE(LogWriter::create(folder.path() / "a", header).ok());
  nlohmann::json deep = 1;
  for (int i = 0; i < 100; ++i) deep = nlohmann::json::array({deep});
  header.metadata = {{"deep", deep}};
  EXPECT_FALSE(LogWriter::create(folder.path() / "a", header).ok());
  header.metadata = {{"bad utf8", "\xff\xfe"}};
  EXPECT_TRUE(LogWriter::create(folder.path() / "a", header).ok());
  EXPECT_TRUE(LogReader::open(folder.path() / "a").ok());
}

TEST(Log, VisitorErrorsAndCancellation) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  write_sample(path, chsh, std::vector<std::uint64_t>(40, 100));
  LogReader reader = LogReader::open(path).value();
  Status status = reader.for_each_block({.thread_count = 1}, BlockCheck::full, "x", [](const BlockView& b, unsigned) {
    return b.index >= 3 ? Status(refused(std::to_string(b.index))) : Status();
  });
  EXPECT_EQ(status.error().message, "3");
  CancelToken token;
  token.cancel();
  EXPECT_EQ(reader.digest({.cancel = &token, .thread_count = 2}).error().code, ErrorCode::cancelled);
}

TEST(RawString, IsTheOutcomePlanesBlockByBlock) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.trials";
  for (const Scenario& scenario : {chsh, odd}) {
    Sample sample = write_sample(path, scenario, {1, 100, 64, 513, 7});
    std::vector<bool> expected;
    for (const auto& block : sample.blocks)
      for (std::uint32_t party = 0; party < scenario.parties.size(); ++party)
        for (std::uint32_t bit = 0; bit < scenario.parties[party].outcome_bits(); ++bit)
          for (std::uint64_t t = 0; t < block[0].size_bits(); ++t)
            expected.push_back(block[scenario.outcome_plane(party, bit)][t]);
    LogReader reader = LogReader::open(path).value();
    RawString raw(reader);
    ASSERT_EQ(raw.size_bits(), expected.size());
    std::uint64_t at = 0;
    for (std::uint64_t i = 0; i < raw.piece_count(); ++i) {
      RawPiece piece = raw.piece(i).value();
      EXPECT_EQ(piece.start_bit, at);
      for (std::uint64_t t = 0; t < piece.bits.size_bits; ++t, ++at) {
        EXPECT_EQ(piece.bits[t], expected[at]);
        EXPECT_EQ(raw.piece_at(at), i);
      }
    }
    for (std::uint64_t start = 0; start < expected.size(); start += 37)
      for (std::uint64_t count : {1u, 63u, 64u, 65u, 300u, 1500u}) {
        BitString got(count);
        std::fill_n(got.words(), got.size_words(), ~std::uint64_t{0});
        raw.read(start, count, got.words());
        for (std::uint64_t i = 0; i < got.size_words() * 64; ++i)
          ASSERT_EQ(got[i], i < count && start + i < expected.size() && expected[start + i]) << start << " " << i;
      }
    raw.release_before(expected.size() / 2);
    EXPECT_TRUE(reader.check({}).ok());
    std::filesystem::remove(path);
  }
}

}  // namespace
}  // namespace bellows::trials
