#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include "bellows/ecc/reconcile.h"

namespace bellows::ecc {
namespace {

// Raw bits a second on one core, encoding or decoding; arguments: raw bits, errors in 10,000. Every decoding meets
// exactly so many errors as the code is made for, in other places each time. The table of docs/error-correction.md.
void run(benchmark::State& state, Code code, bool decoding) {
  auto size = static_cast<std::uint64_t>(state.range(0)),
       errors = size * static_cast<std::uint64_t>(state.range(1)) / 10'000;
  std::mt19937_64 engine(1);
  bits::BitString alice(size);
  for (std::uint64_t i = 0; i < alice.size_words(); ++i) alice.words()[i] = engine();
  alice.trim();
  auto scheme = plan_scheme(code, size, ErrorsToCorrect::at_most(errors, size, numeric::Exact::literal("1e-11")));
  bits::BitString seed(random_bits(*scheme));
  for (std::uint64_t i = 0; i < seed.size_words(); ++i) seed.words()[i] = engine();
  seed.trim();
  auto syndromes = encode(*scheme, seed, alice);
  std::uint64_t frames = 0, failed = 0;
  for (auto _ : state) {
    if (!decoding) {
      benchmark::DoNotOptimize(encode(*scheme, seed, alice));
      continue;
    }
    state.PauseTiming();
    bits::BitString bob(alice.view());
    for (std::uint64_t i = 0; i < errors;) {
      std::uint64_t place = engine() % size;
      if (bob[place] != alice[place]) continue;
      bob.set(place, !bob[place]);
      ++i;
    }
    state.ResumeTiming();
    auto decoded = decode(*scheme, seed, bob, *syndromes);
    frames += scheme->frames;
    failed += decoded->failed.size();
  }
  double rate = static_cast<double>(errors) / static_cast<double>(size);
  double entropy = -rate * std::log2(rate) - (1 - rate) * std::log2(1 - rate);
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["efficiency"] = static_cast<double>(scheme->leaked_bits()) / (static_cast<double>(size) * entropy);
  state.counters["frames"] = static_cast<double>(frames);
  state.counters["failed"] = static_cast<double>(failed);
}

void ldpc_decode(benchmark::State& state) { run(state, Code::ldpc, true); }
void ldpc_encode(benchmark::State& state) { run(state, Code::ldpc, false); }
void bch_decode(benchmark::State& state) { run(state, Code::bch, true); }
void bch_encode(benchmark::State& state) { run(state, Code::bch, false); }
void concatenated_decode(benchmark::State& state) { run(state, Code::concatenated, true); }
void concatenated_encode(benchmark::State& state) { run(state, Code::concatenated, false); }
BENCHMARK(ldpc_decode)
    ->ArgsProduct({{100'000, 1'000'000, 10'000'000}, {20, 50, 100, 200, 500}})
    ->Args({10'000, 100})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(ldpc_encode)->Args({1'000'000, 100})->Args({10'000'000, 100})->Unit(benchmark::kMillisecond);
BENCHMARK(bch_decode)
    ->ArgsProduct({{100'000, 1'000'000, 10'000'000}, {10, 25, 50, 100}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(concatenated_decode)
    ->ArgsProduct({{100'000, 1'000'000, 10'000'000}, {20, 50, 100, 200, 500}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(concatenated_encode)
    ->ArgsProduct({{100'000, 1'000'000, 10'000'000}, {20, 100}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(bch_encode)->ArgsProduct({{100'000, 1'000'000, 10'000'000}, {25, 100}})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bellows::ecc
