#include "bellows/gf2/kernel_costs.h"

#include <cmath>

#include "bellows/bits/cpu.h"

namespace bellows::gf2 {

double transform_cost(int rows) {
  const double levels = std::log2(rows);
  if (rows <= 16) return 1 + 0.05 * levels;
  // A block no longer fits the second cache, and at last not the third, which the fastest kernels feel most.
  switch (bits::active_kernel()) {
    case bits::Kernel::gfni: return 0.7 + 0.2 * levels;
    case bits::Kernel::avx512: return 1 + 0.15 * levels;
    case bits::Kernel::avx2: return 0.7 + 0.15 * levels;
    default: return 0.85 + 0.1 * levels;
  }
}

double product_cost() {
  switch (bits::active_kernel()) {
    case bits::Kernel::gfni: return 0.039;
    case bits::Kernel::avx512: return 0.10;
    case bits::Kernel::avx2: return 0.13;
    case bits::Kernel::clmul: return 0.15;
    case bits::Kernel::portable: break;
  }
  return 0.11;
}

double chunk_cost(std::uint64_t points) {
  const double levels = std::log2(static_cast<double>(points));
  return bits::active_kernel() == bits::Kernel::gfni ? 0.1 + 0.09 * levels : 0.2 + 0.14 * levels;
}

std::uint64_t transform_from_bits() {
  switch (bits::active_kernel()) {
    case bits::Kernel::portable: return std::uint64_t{1} << 15;
    case bits::Kernel::clmul: return std::uint64_t{1} << 18;
    default: return std::uint64_t{1} << 17;
  }
}

}  // namespace bellows::gf2
