#include "bellows/gf2/product.h"

#include <NTL/GF2X.h>
#include <benchmark/benchmark.h>
#include <gf2x.h>

#include <random>

#include "bellows/bits/cpu.h"

// Products in GF(2)[x], beside gf2x and NTL in one run. The distribution's gf2x and NTL are built without PCLMUL; built
// with it they are about forty times faster at large sizes, and the ratio shrinks by as much.

namespace {

using bellows::Context;
namespace bits = bellows::bits;

bits::BitString random_bits(std::uint64_t size_bits) {
  std::mt19937_64 random(size_bits);
  bits::BitString string(size_bits);
  for (std::uint64_t i = 0; i < string.size_words(); ++i) string.words()[i] = random();
  return string;
}

void bellows_on(benchmark::State& state, bits::Kernel kernel) {
  if (!bits::kernel_is_available(kernel)) return state.SkipWithError("not on this processor");
  bits::force_kernel(kernel);
  const bits::BitString a = random_bits(std::uint64_t{1} << state.range(0)), b = random_bits(a.size_bits());
  for (auto _ : state) benchmark::DoNotOptimize(*bellows::gf2::multiply(a, b));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(a.size_bits() / 4));
  bits::unforce_kernel();
}

void gf2x(benchmark::State& state) {
  const bits::BitString a = random_bits(std::uint64_t{1} << state.range(0));
  bits::BitString product(2 * a.size_bits());
  const auto size = static_cast<long>(a.size_words());
  for (auto _ : state) gf2x_mul(product.words(), a.words(), size, a.words(), size);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(a.size_bits() / 4));
}

void ntl(benchmark::State& state) {
  const bits::BitString bits = random_bits(std::uint64_t{1} << state.range(0));
  NTL::GF2X a, product;
  NTL::GF2XFromBytes(a, reinterpret_cast<const unsigned char*>(bits.words()), static_cast<long>(bits.size_bits() / 8));
  const NTL::GF2X b = a << 0;
  for (auto _ : state) NTL::mul(product, a, b);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bits.size_bits() / 4));
}

BENCHMARK_CAPTURE(bellows_on, portable, bits::Kernel::portable)->DenseRange(12, 20, 4)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bellows_on, clmul, bits::Kernel::clmul)->DenseRange(12, 24, 4)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bellows_on, avx2, bits::Kernel::avx2)->DenseRange(12, 24, 4)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bellows_on, avx512, bits::Kernel::avx512)->DenseRange(12, 24, 4)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bellows_on, gfni, bits::Kernel::gfni)->DenseRange(12, 28, 4)->Unit(benchmark::kMillisecond);
BENCHMARK(gf2x)->DenseRange(12, 24, 4)->Unit(benchmark::kMillisecond);
BENCHMARK(ntl)->DenseRange(12, 24, 4)->Unit(benchmark::kMillisecond);

}  // namespace
