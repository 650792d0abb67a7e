#include <benchmark/benchmark.h>

#include "bellows/bits/cpu.h"
#include "bellows/gf2/spectra.h"
#include "bellows/gf2/workers.h"

// The parts of which every product is made, row by row of 2^16 points; kernel_costs.cc stands on these.

namespace {

namespace bits = bellows::bits;
using bellows::gf2::Buffer;
using bellows::gf2::Spectra;
using bellows::gf2::Workers;
namespace transform = bellows::gf2::transform;

struct Blocks {
  explicit Blocks(int rows)
      : workers(1, rows),
        string(2 * static_cast<std::size_t>(rows) * transform::row_points),
        spectrum(transform::spectrum_bytes(rows)),
        other(transform::spectrum_bytes(rows)) {
    for (std::size_t i = 0; i < string.size_bytes(); ++i) string.data()[i] = static_cast<std::uint8_t>(i * i >> 7);
  }
  Workers workers;
  Buffer string, spectrum, other;
};

void per_row(benchmark::State& state, int rows) {
  state.counters["us_per_row"] =
      benchmark::Counter(static_cast<double>(rows) * 1e-6, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

template <class Step>
void run(benchmark::State& state, bits::Kernel kernel, const Step& step) {
  if (!bits::kernel_is_available(kernel)) return state.SkipWithError("not on this processor");
  bits::force_kernel(kernel);
  const int rows = static_cast<int>(state.range(0));
  Blocks blocks(rows);
  for (auto _ : state) step(blocks, rows);
  per_row(state, rows);
  bits::unforce_kernel();
}

void forward(benchmark::State& state, bits::Kernel kernel) {
  run(state, kernel, [](Blocks& b, int rows) {
    b.workers.kernel().forward_bits(b.string.data(), static_cast<std::size_t>(rows) * transform::row_points, rows,
                                    b.spectrum.data(), b.workers.scratch(0));
  });
}

void inverse(benchmark::State& state, bits::Kernel kernel) {
  run(state, kernel,
      [](Blocks& b, int rows) { b.workers.kernel().inverse(b.spectrum.data(), rows, b.workers.scratch(0)); });
}

// Eight by eight products; divide by 64 for one.
void products(benchmark::State& state, bits::Kernel kernel) {
  run(state, kernel, [](Blocks& b, int rows) {
    const std::uint8_t* x[15];
    const std::uint8_t* y[8];
    std::uint8_t* out[8];
    for (auto& p : x) p = b.spectrum.data();
    for (auto& p : y) p = b.other.data();
    for (auto& p : out) p = b.other.data();
    b.workers.sum({x, 15, 0, y, 8, out, 8, false}, rows);
  });
}

// Two sequences of so many chunks of one row, as they stand in memory.
void chunks(benchmark::State& state, bits::Kernel kernel) {
  if (!bits::kernel_is_available(kernel)) return state.SkipWithError("not on this processor");
  bits::force_kernel(kernel);
  const auto count = static_cast<std::size_t>(state.range(0));
  Workers workers(1, 1);
  Spectra spectra(2 * count, 1);
  std::vector<const std::uint8_t*> factors;
  std::vector<std::uint8_t*> out;
  for (std::size_t i = 0; i < 2 * count; ++i) factors.push_back(spectra[i]);
  for (std::size_t i = 0; i + 1 < 2 * count; ++i) out.push_back(spectra[i]);
  for (auto _ : state) workers.multiply_chunks({factors.data(), count, factors.data() + count, count, out.data()}, 1);
  per_row(state, static_cast<int>(2 * count));
  bits::unforce_kernel();
}

#define BELLOWS_ON_ALL(what)                                                               \
  BENCHMARK_CAPTURE(what, clmul, bits::Kernel::clmul)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->Arg(32)->Arg(64)->Arg(256);           \
  BENCHMARK_CAPTURE(what, avx2, bits::Kernel::avx2)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->Arg(32)->Arg(64)->Arg(256);             \
  BENCHMARK_CAPTURE(what, avx512, bits::Kernel::avx512)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->Arg(32)->Arg(64)->Arg(256);         \
  BENCHMARK_CAPTURE(what, gfni, bits::Kernel::gfni)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->Arg(32)->Arg(64)->Arg(256)
BELLOWS_ON_ALL(forward);
BELLOWS_ON_ALL(inverse);
BELLOWS_ON_ALL(products);
BENCHMARK_CAPTURE(chunks, clmul, bits::Kernel::clmul)->RangeMultiplier(2)->Range(1, 128);
BENCHMARK_CAPTURE(chunks, avx2, bits::Kernel::avx2)->RangeMultiplier(2)->Range(1, 128);
BENCHMARK_CAPTURE(chunks, avx512, bits::Kernel::avx512)->RangeMultiplier(2)->Range(1, 128);
BENCHMARK_CAPTURE(chunks, gfni, bits::Kernel::gfni)->RangeMultiplier(2)->Range(1, 128);

}  // namespace
