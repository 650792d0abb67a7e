#include "bellows/estimate/count_kernels.h"

namespace bellows::estimate {

// The same loop with the POPCNT instruction.
void count_words_clmul(const std::uint64_t* x, const std::uint64_t* y, const std::uint64_t* a, const std::uint64_t* b,
                       std::size_t size_words, std::uint64_t* products) {
  count_words_one_by_one(x, y, a, b, size_words, products);
}

}  // namespace bellows::estimate
