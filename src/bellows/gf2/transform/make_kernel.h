#pragma once

#include "bellows/gf2/transform/codec.h"
#include "bellows/gf2/transform/kernel.h"
#include "bellows/gf2/transform/pointwise_chunks.h"

namespace bellows::gf2::transform {

template <class L>
Kernel make_kernel(const char* name) {
  return {.name = name,
          .row_scratch_bytes = sizeof(RowScratch<L>),
          .forward_planes = forward_planes<L>,
          .forward_bits = forward_bits<L>,
          .inverse = inverse_block<L>,
          .add_decoded = add_decoded<L>,
          .add_coefficients = add_coefficients<L>,
          .sum_scratch_bytes = sum_scratch_bytes<L>,
          .sum_of_products = sum_of_products<L>,
          .product_scratch_bytes = product_scratch_bytes<L>(),
          .product_of_chunks = product_of_chunks<L>,
          .reverse_string = reverse_string<L>};
}

}  // namespace bellows::gf2::transform
