#include "bellows/estimate/gather.h"

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "bellows/trials/writer.h"

namespace bellows::estimate {
namespace {

/// A log of 2^28 trials (134 MB of planes) in the page cache, one core; with and without the blocks' checksums.
void gather(benchmark::State& state, trials::BlockCheck check, LogDigest digest) {
  const Path path = std::filesystem::temp_directory_path() / ("bellows-perf-" + std::to_string(::getpid()) + ".trials");
  {
    auto log = trials::LogWriter::create(path, {});
    bits::BitString plane(trials::largest_block_trials);
    std::mt19937_64 generator(1);
    for (std::uint64_t i = 0; i < plane.size_words(); ++i) plane.words()[i] = generator();
    const bits::BitView planes[] = {plane, plane, plane, plane};
    for (int block = 0; block < 64; ++block)
      if (!log->append_block(planes).ok()) state.SkipWithError("cannot write the log");
    if (!log->finish().ok()) state.SkipWithError("cannot write the log");
  }
  for (auto _ : state) {
    auto log = trials::LogReader::open(path);
    auto evidence = gather_evidence(*log, {}, digest, check);
    if (!evidence.ok()) state.SkipWithError("cannot count");
  }
  state.SetBytesProcessed(state.iterations() * (std::int64_t{1} << 27));
  std::filesystem::remove(path);
}
BENCHMARK_CAPTURE(gather, counting_only, trials::BlockCheck::none, LogDigest::recorded)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gather, with_checksums, trials::BlockCheck::full, LogDigest::recorded)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gather, with_digest, trials::BlockCheck::full, LogDigest::compute)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bellows::estimate
