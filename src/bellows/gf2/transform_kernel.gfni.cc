#include "bellows/gf2/transform/lanes_gfni.h"
#include "bellows/gf2/transform/make_kernel.h"

namespace bellows::gf2::transform {

const Kernel& gfni_kernel() {
  static const Kernel kernel = make_kernel<GfniLanes>("gfni");
  return kernel;
}

}  // namespace bellows::gf2::transform
