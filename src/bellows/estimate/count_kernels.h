#pragma once

#include <cstddef>
#include <cstdint>

namespace bellows::estimate {

/// Adds to products[m], m = 1 .. 15, the trials in which all planes of the set m are 1 (x: 8, y: 4, a: 2, b: 1).
using CountWords = void(const std::uint64_t* x, const std::uint64_t* y, const std::uint64_t* a, const std::uint64_t* b,
                        std::size_t size_words, std::uint64_t* products);

CountWords count_words_portable, count_words_clmul, count_words_avx2, count_words_avx512;

// Compiled once for each instruction set, hence a copy of its own in each file that includes it.
namespace {

/// One word of each plane at a time; what popcount compiles to depends on the file's flags.
[[maybe_unused]] inline void count_words_one_by_one(const std::uint64_t* x, const std::uint64_t* y,
                                                    const std::uint64_t* a, const std::uint64_t* b,
                                                    std::size_t size_words, std::uint64_t* products) {
  std::uint64_t sums[16] = {};
  for (std::size_t i = 0; i < size_words; ++i) {
    const std::uint64_t xy = x[i] & y[i], ab = a[i] & b[i];
    const std::uint64_t word[16] = {0,           b[i],      a[i],      ab,          y[i],        y[i] & b[i],
                                    y[i] & a[i], y[i] & ab, x[i],      x[i] & b[i], x[i] & a[i], x[i] & ab,
                                    xy,          xy & b[i], xy & a[i], xy & ab};
    for (unsigned m = 1; m < 16; ++m) sums[m] += static_cast<std::uint64_t>(__builtin_popcountll(word[m]));
  }
  for (unsigned m = 1; m < 16; ++m) products[m] += sums[m];
}

}  // namespace
}  // namespace bellows::estimate
