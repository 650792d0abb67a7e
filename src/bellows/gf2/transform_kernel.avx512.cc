#include "bellows/gf2/transform/lanes_avx512.h"
#include "bellows/gf2/transform/make_kernel.h"

namespace bellows::gf2::transform {

const Kernel& avx512_kernel() {
  static const Kernel kernel = make_kernel<Avx512Lanes>("avx512");
  return kernel;
}

}  // namespace bellows::gf2::transform
