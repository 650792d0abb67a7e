#include "bellows/bits/cpu.h"
#include "bellows/gf2/transform/kernel.h"

namespace bellows::gf2::transform {

const Kernel& active_kernel() {
#if defined(__x86_64__)
  switch (bits::active_kernel()) {
    case bits::Kernel::clmul: return clmul_kernel();
    case bits::Kernel::avx2: return avx2_kernel();
    case bits::Kernel::avx512: return avx512_kernel();
    case bits::Kernel::gfni: return gfni_kernel();
    case bits::Kernel::portable: break;
  }
#endif
  return portable_kernel();
}

}  // namespace bellows::gf2::transform
