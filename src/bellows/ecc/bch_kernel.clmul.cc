#include "bellows/ecc/bch_kernel.h"

#include <immintrin.h>

namespace bellows::ecc {
namespace {

struct ClmulMultiplier {
  static std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_clmulepi64_si128(
        _mm_cvtsi64_si128(static_cast<long long>(a)), _mm_cvtsi64_si128(static_cast<long long>(b)), 0)));
  }
  static std::uint64_t by_low(std::uint64_t a, std::uint32_t low) { return multiply(a, low); }
};

}  // namespace

const BchKernel& bch_kernel_clmul() {
  static constexpr BchKernel kernel = BchArithmetic<ClmulMultiplier>::kernel();
  return kernel;
}

}  // namespace bellows::ecc
