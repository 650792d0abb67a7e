#include <benchmark/benchmark.h>

#include <random>

#include "bellows/quality/nist.h"
#include "bellows/quality/nist_tests.h"

namespace bellows::quality {
namespace {

Sequence random_sequence(std::size_t bits) {
  std::mt19937_64 random(1);
  Sequence sequence(bits);
  for (std::size_t w = 0; w <= bits / 64; ++w) sequence.words()[w] = random();
  sequence.clear_tail();
  return sequence;
}

// The published output is 20 sequences of a million bits: twenty times this, on one core, in under ten seconds.
void all_fifteen_tests(benchmark::State& state) {
  Sequence sequence = random_sequence(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(run_nist_tests(sequence, {}));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(all_fifteen_tests)->Arg(1000000)->Arg(1021463)->Unit(benchmark::kMillisecond);

void spectral_test(benchmark::State& state) {
  Sequence sequence = random_sequence(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(nist_tests::fft(sequence));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(spectral_test)->Arg(1000000)->Arg(1021463)->Unit(benchmark::kMillisecond);

void linear_complexity_test(benchmark::State& state) {
  Sequence sequence = random_sequence(1000000);
  for (auto _ : state) benchmark::DoNotOptimize(nist_tests::linear_complexity(sequence, 500));
  state.SetItemsProcessed(state.iterations() * 1000000);
}
BENCHMARK(linear_complexity_test)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bellows::quality
