#include "bellows/estimate/count.h"

#include <benchmark/benchmark.h>

#include <cstring>
#include <random>
#include <string>

namespace bellows::estimate {
namespace {

/// Four planes of the published experiment's size (671 MB), or of one block (2 MiB).
bits::BitString plane(std::uint64_t trials, std::uint64_t seed) {
  bits::BitString bits(trials);
  std::mt19937_64 generator(seed);
  for (std::uint64_t i = 0; i < bits.size_words(); ++i) bits.words()[i] = generator();
  return bits;
}

void count(benchmark::State& state, bits::Kernel kernel, std::uint64_t trials) {
  bits::BitString planes[4] = {plane(trials, 1), plane(trials, 2), plane(trials, 3), plane(trials, 4)};
  for (auto _ : state) benchmark::DoNotOptimize(count_trials(planes[0], planes[1], planes[2], planes[3], kernel));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(trials / 2));
}

/// What memory gives: one core adding up the words of one array.
void read_memory(benchmark::State& state) {
  bits::BitString array = plane(std::uint64_t{1} << 32, 5);
  for (auto _ : state) {
    std::uint64_t sums[8] = {};
    for (std::uint64_t i = 0; i < array.size_words(); i += 8)
      for (unsigned j = 0; j < 8; ++j) sums[j] += array.words()[i + j];
    benchmark::DoNotOptimize(sums);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * (std::int64_t{1} << 29));
}
BENCHMARK(read_memory)->Unit(benchmark::kMillisecond);

const int registered = [] {
  for (bits::Kernel kernel : bits::all_kernels) {
    if (!bits::kernel_is_available(kernel)) continue;
    std::string name = std::string("count/") + bits::kernel_name(kernel);
    benchmark::RegisterBenchmark((name + "/one_block").c_str(), count, kernel, std::uint64_t{1} << 22);
    benchmark::RegisterBenchmark((name + "/published_size").c_str(), count, kernel, std::uint64_t{20} << 26)
        ->Unit(benchmark::kMillisecond);
  }
  return 0;
}();

}  // namespace
}  // namespace bellows::estimate
