#include "bellows/gf2/transform/lanes_portable.h"
#include "bellows/gf2/transform/make_kernel.h"

namespace bellows::gf2::transform {

const Kernel& portable_kernel() {
  static const Kernel kernel = make_kernel<PortableLanes>("portable");
  return kernel;
}

}  // namespace bellows::gf2::transform
