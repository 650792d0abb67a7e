#include "bellows/gf2/transform/lanes_avx2.h"
#include "bellows/gf2/transform/make_kernel.h"

namespace bellows::gf2::transform {

const Kernel& avx2_kernel() {
  static const Kernel kernel = make_kernel<Avx2Lanes>("avx2");
  return kernel;
}

}  // namespace bellows::gf2::transform
