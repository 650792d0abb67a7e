#include "bellows/gf2/transform/lanes_sse.h"
#include "bellows/gf2/transform/make_kernel.h"

namespace bellows::gf2::transform {

const Kernel& clmul_kernel() {
  static const Kernel kernel = make_kernel<SseLanes>("clmul");
  return kernel;
}

}  // namespace bellows::gf2::transform
