#include "bellows/estimate/count.h"

#include "bellows/base/check.h"
#include "bellows/estimate/count_kernels.h"

namespace bellows::estimate {
namespace {

CountWords* words_counter(bits::Kernel kernel) {
#if defined(__x86_64__)
  switch (kernel) {
    case bits::Kernel::portable:
      return count_words_portable;
    case bits::Kernel::clmul:
      return count_words_clmul;
    case bits::Kernel::avx2:
      return count_words_avx2;
    case bits::Kernel::avx512:
    case bits::Kernel::gfni:
      return count_words_avx512;
  }
#endif
  static_cast<void>(kernel);
  return count_words_portable;
}

}  // namespace

void count_words_portable(const std::uint64_t* x, const std::uint64_t* y, const std::uint64_t* a,
                          const std::uint64_t* b, std::size_t size_words, std::uint64_t* products) {
  count_words_one_by_one(x, y, a, b, size_words, products);
}

Counts count_trials(bits::BitView x, bits::BitView y, bits::BitView a, bits::BitView b) {
  return count_trials(x, y, a, b, bits::active_kernel());
}

Counts count_trials(bits::BitView x, bits::BitView y, bits::BitView a, bits::BitView b, bits::Kernel kernel) {
  const std::uint64_t trials = x.size_bits;
  BELLOWS_CHECK(y.size_bits == trials && a.size_bits == trials && b.size_bits == trials, "planes of one block");
  BELLOWS_CHECK(bits::kernel_is_available(kernel), "a kernel that this processor can run");
  Counts counts{};  // first by products of planes, then by cells
  const std::uint64_t whole_words = trials / 64;
  words_counter(kernel)(x.words, y.words, a.words, b.words, whole_words, counts.data());
  if (trials % 64 != 0) {
    const std::uint64_t last[4] = {x.word(whole_words), y.word(whole_words), a.word(whole_words), b.word(whole_words)};
    count_words_one_by_one(&last[0], &last[1], &last[2], &last[3], 1, counts.data());
  }
  counts[0] = trials;
  for (unsigned plane = 1; plane < 16; plane *= 2)
    for (unsigned cell = 0; cell < 16; ++cell)
      if ((cell & plane) == 0) counts[cell] -= counts[cell | plane];
  return counts;
}

}  // namespace bellows::estimate
