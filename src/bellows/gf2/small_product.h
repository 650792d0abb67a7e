#pragma once

#include <cstddef>
#include <cstdint>

namespace bellows::gf2 {

/// Carry-less products of a few words, by schoolbook: what Karatsuba and the transforms stand on.
/// result[0 .. 2 count - 1] = a[0 .. count-1] * b[0 .. count-1]; result must not overlap a or b.
using MultiplyWords = void (*)(std::uint64_t* result, const std::uint64_t* a, const std::uint64_t* b,
                               std::size_t count);

void multiply_words_portable(std::uint64_t* result, const std::uint64_t* a, const std::uint64_t* b, std::size_t count);
void multiply_words_clmul(std::uint64_t* result, const std::uint64_t* a, const std::uint64_t* b, std::size_t count);

/// The one that the active kernel set uses.
MultiplyWords multiply_words();

/// result[0 .. a_count + b_count - 1] = a * b by Karatsuba's method, any lengths (also 0). result must not overlap.
/// Cost: count^1.585; no memory is left holding parts of the operands.
void multiply_karatsuba(std::uint64_t* result, const std::uint64_t* a, std::size_t a_count, const std::uint64_t* b,
                        std::size_t b_count);

}  // namespace bellows::gf2
