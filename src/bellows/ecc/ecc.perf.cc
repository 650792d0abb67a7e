#include <benchmark/benchmark.h>

#include <random>

#include "bellows/ecc/reconcile.h"

namespace bellows::ecc {
namespace {

// Raw bits a second on one core, encoding or decoding; arguments: raw bits, errors in 10,000.
void run(benchmark::State& state, bool decoding) {
  auto size = static_cast<std::uint64_t>(state.range(0)),
       errors = size * static_cast<std::uint64_t>(state.range(1)) / 10'000;
  std::mt19937_64 engine(1);
  bits::BitString alice(size);
  for (std::uint64_t i = 0; i < alice.size_words(); ++i) alice.words()[i] = engine();
  alice.trim();
  bits::BitString bob(alice.view());
  for (std::uint64_t i = 0; i < errors; ++i) {
    std::uint64_t place = engine() % size;
    bob.set(place, !bob[place]);
  }
  auto scheme = plan_scheme(size, errors);
  PermutationSeed seed{};
  auto syndromes = encode(*scheme, seed, alice);
  for (auto _ : state) {
    if (decoding)
      benchmark::DoNotOptimize(decode(*scheme, seed, bob, *syndromes));
    else
      benchmark::DoNotOptimize(encode(*scheme, seed, alice));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void decode_bits(benchmark::State& state) { run(state, true); }
void encode_bits(benchmark::State& state) { run(state, false); }
BENCHMARK(decode_bits)->ArgsProduct({{100'000, 1'000'000}, {20, 100, 200, 500}})->Unit(benchmark::kMillisecond);
BENCHMARK(encode_bits)->Args({1'000'000, 100})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bellows::ecc
