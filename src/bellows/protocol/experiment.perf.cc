#include "bellows/protocol/experiment.h"

#include <benchmark/benchmark.h>

#include <string>

#include "bellows/bits/cpu.h"

namespace bellows::protocol {
namespace {

/// One block of 2^22 trials on one core, without digest and file.
void simulate(benchmark::State& state, bits::Kernel kernel, ExperimentChoice choice) {
  bits::force_kernel(kernel);
  auto experiment = make_experiment(choice);
  const bits::StreamKey key = bits::StreamKey::from_number(1);
  trials::BlockBuffer block((*experiment)->scenario());
  std::uint64_t index = 0;
  for (auto _ : state) {
    block.start(trials::largest_block_trials);
    if (!(*experiment)->simulate_block(key, index++, block).ok()) state.SkipWithError("cannot simulate");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(trials::largest_block_trials));
  bits::unforce_kernel();
}

const int registered = [] {
  for (bits::Kernel kernel : bits::all_kernels) {
    if (!bits::kernel_is_available(kernel)) continue;
    for (const ExperimentPreset& preset : experiment_presets()) {
      if (std::string(preset.name) != "kulikov-2024" && kernel != bits::Kernel::avx512) continue;
      std::string name = std::string("simulate/") + preset.name + "/" + bits::kernel_name(kernel);
      benchmark::RegisterBenchmark(name.c_str(), simulate, kernel, ExperimentChoice{.preset = preset.name})
          ->Unit(benchmark::kMillisecond);
    }
  }
  return 0;
}();

}  // namespace
}  // namespace bellows::protocol
