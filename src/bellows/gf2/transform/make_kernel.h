#pragma once

#include "bellows/gf2/transform/codec.h"
#include "bellows/gf2/transform/kernel.h"
#include "bellows/gf2/transform/pointwise.h"

namespace bellows::gf2::transform {

template <class L>
Kernel make_kernel(const char* name) {
  return {name,
          sizeof(RowScratch<L>),
          forward_planes<L>,
          forward_bits<L>,
          inverse_block<L>,
          add_decoded<L>,
          add_coefficients<L>,
          sum_scratch_bytes<L>,
          sum_of_products<L>,
          reverse_string<L>};
}

}  // namespace bellows::gf2::transform
