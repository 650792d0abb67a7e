#include "bellows/gf2/kernel_costs.h"

#include <cmath>

#include "bellows/bits/cpu.h"

namespace bellows::gf2 {

double transform_cost(int rows) {
  // Above sixteen rows a block no longer fits the second cache, which the fastest kernels feel most.
  const double beyond = bits::active_kernel() == bits::Kernel::gfni ? 0.4 : bits::active_kernel() == bits::Kernel::avx512 ? 0.2 : 0.1;
  return 1 + 0.05 * std::log2(rows) + (rows > 16 ? beyond : 0);
}

double product_cost() {
  switch (bits::active_kernel()) {
    case bits::Kernel::gfni: return 0.045;
    case bits::Kernel::avx512: return 0.10;
    case bits::Kernel::avx2: return 0.13;
    case bits::Kernel::clmul: return 0.15;
    case bits::Kernel::portable: break;
  }
  return 0.11;
}

std::uint64_t transform_from_bits() {
  switch (bits::active_kernel()) {
    case bits::Kernel::portable: return std::uint64_t{1} << 15;
    case bits::Kernel::clmul: return std::uint64_t{1} << 18;
    default: return std::uint64_t{1} << 17;
  }
}

}  // namespace bellows::gf2
