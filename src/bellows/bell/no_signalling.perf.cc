#include <benchmark/benchmark.h>

#include "bellows/bell/catalogue.h"
#include "bellows/bell/guess_radius.h"

namespace bellows::bell {
namespace {

void program(benchmark::State& state, const char* name) {
  const auto cases = catalogue_cases(name).value();
  for (auto _ : state) benchmark::DoNotOptimize(solve(cases.back().program).ok());
}
BENCHMARK_CAPTURE(program, five_parties, "majority-five")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(program, seven_parties, "weight-seven")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(program, four_parties, "three-outcomes")->Unit(benchmark::kMillisecond);

void radius(benchmark::State& state) {
  const auto problem = five_party_majority(31).value();
  for (auto _ : state) benchmark::DoNotOptimize(solve_guess_radius(problem, {.polygon_sides = 8}).ok());
}
BENCHMARK(radius)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bellows::bell
