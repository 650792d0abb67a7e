#include <benchmark/benchmark.h>

#include "bellows/protocol/brandao.h"
#include "bellows/protocol/gallego.h"

namespace bellows::protocol {
namespace {

void four_devices(benchmark::State& state) {
  FourDeviceOptions options;
  options.plan = {Exact::literal("0.01"), 1U << 22, 0, 1, Exact::literal("1e-9")};
  options.key = bits::StreamKey::from_number(1);
  FourPartyRecord record;
  for (auto _ : state) benchmark::DoNotOptimize(simulate_four_device(options, &record).ok());
  state.SetItemsProcessed(state.iterations() * (1 << 22));
}
BENCHMARK(four_devices)->Unit(benchmark::kMillisecond);

void quintuplets(benchmark::State& state) {
  GallegoOptions options;
  options.mu = Exact::literal("0.05");
  options.key = bits::StreamKey::from_number(1);
  for (auto _ : state) benchmark::DoNotOptimize(run_gallego(options).ok());
  state.SetItemsProcessed(state.iterations() * 1000000);
}
BENCHMARK(quintuplets)->Unit(benchmark::kMillisecond);

void certify_and_extract(benchmark::State& state) {
  FourDeviceOptions options;
  options.plan = {Exact::literal("0.01"), 1400, 0, 128, Exact::literal("1e-9")};
  for (auto _ : state) benchmark::DoNotOptimize(run_four_device(options).ok());
}
BENCHMARK(certify_and_extract)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bellows::protocol
