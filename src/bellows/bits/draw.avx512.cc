#include "bellows/bits/draw_kernels.h"

namespace bellows::bits {

void draw_words_avx512(const DrawPlan& plan, const std::uint64_t* heads, std::size_t head_stride,
                       std::size_t size_words, std::uint64_t* out, std::uint64_t* undecided) {
  typedef std::uint64_t Vector __attribute__((vector_size(64)));
  std::size_t done = draw_vectors<Vector>(plan, heads, head_stride, 0, size_words, out, undecided);
  draw_vectors<std::uint64_t>(plan, heads, head_stride, done, size_words, out, undecided);
}

}  // namespace bellows::bits
