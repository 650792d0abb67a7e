#include "bellows/gf2/kernel_costs.h"

#include <cmath>

namespace bellows::gf2 {

double transform_cost(int rows) { return 1 + 0.06 * std::log2(rows); }

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

}  // namespace bellows::gf2
