#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "bellows/trials/import.h"
#include "bellows/trials/raw_string.h"
#include "bellows/trials/reader.h"
#include "bellows/trials/records.h"
#include "bellows/trials/writer.h"

namespace bellows::trials {
namespace {

Path scratch(const char* name) {
  return std::filesystem::temp_directory_path() / ("bellows-perf-" + std::to_string(::getpid()) + name);
}

BlockBuffer full_block() {
  BlockBuffer block(Scenario::two_party_chsh());
  block.start(largest_block_trials);
  std::mt19937_64 random(1);
  for (std::uint32_t plane = 0; plane < 4; ++plane)
    for (std::uint64_t i = 0; i < block.size_words(); ++i) block.plane(plane)[i] = random();
  return block;
}

// Checksum and digest of a block of 2^22 trials (2 MiB), one core: what a writer does besides writing.
void seal_block(benchmark::State& state) {
  BlockBuffer block = full_block();
  for (auto _ : state) block.seal(0, 0, 1);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(largest_block_trials));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(block.file_bytes().size()));
}
BENCHMARK(seal_block)->Unit(benchmark::kMicrosecond);

// 2^26 trials (34 MB) in the page cache, one core.
void read_log(benchmark::State& state, BlockCheck check, bool digest) {
  Path path = scratch(".trials");
  {
    LogWriter writer = LogWriter::create(path, {}).value();
    BlockBuffer block = full_block();
    for (int i = 0; i < 16; ++i) BELLOWS_CHECK(writer.append(block, 0).ok(), "write");
    BELLOWS_CHECK(writer.finish().ok(), "write");
  }
  LogReader reader = LogReader::open(path).value();
  for (auto _ : state) {
    std::uint64_t sum = 0;
    if (digest) {
      sum = reader.digest({}).value().bytes[0];
    } else {
      for (std::uint64_t i = 0; i < reader.block_count(); ++i) sum += reader.block(i, check).value().planes[0];
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(reader.trial_count()));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(reader.whole_bytes()));
  std::filesystem::remove(path);
}
BENCHMARK_CAPTURE(read_log, with_checksums, BlockCheck::full, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_log, with_digest, BlockCheck::none, true)->Unit(benchmark::kMillisecond);

void records_and_planes(benchmark::State& state, bool back) {
  std::vector<std::uint8_t> records(std::size_t{1} << 20);
  std::mt19937_64 random(1);
  for (auto& record : records) record = static_cast<std::uint8_t>(random() % 16);
  std::vector<std::uint64_t> plane[4];
  for (auto& words : plane) words.resize(records.size() / 64);
  for (auto _ : state) {
    if (back) {
      planes_to_records(plane[0].data(), plane[1].data(), plane[2].data(), plane[3].data(), records);
    } else {
      records_to_planes(records, plane[0].data(), plane[1].data(), plane[2].data(), plane[3].data());
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(records.size()));
}
BENCHMARK_CAPTURE(records_and_planes, records_to_planes, false);
BENCHMARK_CAPTURE(records_and_planes, planes_to_records, true);

// 2^23 trials from a file in the page cache to records, one core; writing the log comes on top.
void read_foreign(benchmark::State& state, ForeignFormat format) {
  Path path = scratch(".foreign");
  std::vector<std::uint8_t> records(std::size_t{1} << 23);
  std::mt19937_64 random(1);
  for (auto& record : records) record = static_cast<std::uint8_t>(random() % 16);
  {
    auto formatter = make_record_formatter(format, nlohmann::json::object(), records.size()).value();
    std::string bytes = formatter->head();
    formatter->add(records, bytes);
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  std::vector<std::uint8_t> buffer(std::size_t{1} << 16);
  for (auto _ : state) {
    auto source = open_record_source(path, format).value();
    while (source->read(buffer).value() == buffer.size()) {
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(records.size()));
  std::filesystem::remove(path);
}
BENCHMARK_CAPTURE(read_foreign, xyab_u8, ForeignFormat::xyab_u8)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_foreign, csv, ForeignFormat::csv)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_foreign, npy, ForeignFormat::npy)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bellows::trials
