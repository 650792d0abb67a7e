#pragma once

#include "bellows/base/progress.h"
#include "bellows/bits/bit_string.h"

namespace bellows::gf2 {

/// The product of two polynomials over GF(2), coefficient i in bit i.
/// In:     a, b: any sizes, also 0 or very different ones.
/// Out:    a.size_bits + b.size_bits - 1 bits; none if a factor is empty. The same bits on every kernel.
/// Errors: cancelled; bad_input: not enough memory (says how much is needed).
/// Cost:   Karatsuba up to some thousand bits, then an additive Fourier transform: n log n. Uses context.thread_count.
Result<bits::BitString> multiply(bits::BitView a, bits::BitView b, const Context& context = {});

/// Memory that a product of long factors takes beside them, its result included.
std::uint64_t product_memory_bytes(std::uint64_t a_bits, std::uint64_t b_bits, unsigned thread_count);

}  // namespace bellows::gf2
