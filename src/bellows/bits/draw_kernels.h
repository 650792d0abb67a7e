#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bellows::bits {

/// Random bits of a trial that are compared with its chance 64 trials and more at a time; the few trials that they
/// leave undecided get 64 bits more, one by one.
inline constexpr unsigned head_bits = 12;

/// A conditional bit, prepared for comparing planes.
struct DrawPlan {
  unsigned parent_count = 0;
  unsigned planes_needed = 0;                   ///< head bits beyond which no chance has a one
  std::uint64_t ones_in_plane[head_bits] = {};  ///< contexts whose chance has a one in its k-th highest bit
  std::uint64_t certain = 0;                    ///< contexts that give 1 always
  std::uint64_t has_tail = 0;                   ///< contexts whose chance goes on beyond the head
  const std::uint64_t* parents[6] = {};
};

/// out: the bits as far as decided; undecided: trials whose head equals the head of their chance, and whose chance goes
/// on.
using DrawWords = void(const DrawPlan& plan, const std::uint64_t* heads, std::size_t head_stride,
                       std::size_t size_words, std::uint64_t* out, std::uint64_t* undecided);

DrawWords draw_words_portable, draw_words_avx2, draw_words_avx512;

// Compiled once for each instruction set, hence a copy of its own in each file that includes it.
namespace {

template <class Vector>
inline Vector load_vector(const std::uint64_t* words) {
  Vector v;
  std::memcpy(&v, words, sizeof v);
  return v;
}

/// The union of the contexts' masks.
template <class Vector>
inline Vector any_of(const Vector* masks, std::uint64_t contexts) {
  Vector any{};
  for (; contexts != 0; contexts &= contexts - 1) any |= masks[__builtin_ctzll(contexts)];
  return any;
}

template <class Vector>
[[maybe_unused]] std::size_t draw_vectors(const DrawPlan& plan, const std::uint64_t* heads, std::size_t head_stride,
                                          std::size_t first_word, std::size_t size_words, std::uint64_t* out,
                                          std::uint64_t* undecided) {
  constexpr std::size_t step = sizeof(Vector) / 8;
  std::size_t w = first_word;
  for (; w + step <= size_words; w += step) {
    Vector masks[64];
    masks[0] = ~Vector{};
    for (unsigned p = 0; p < plan.parent_count; ++p) {
      const Vector parent = load_vector<Vector>(plan.parents[p] + w);
      for (unsigned c = 0; c < 1u << p; ++c) {
        masks[c | 1u << p] = masks[c] & parent;
        masks[c] &= ~parent;
      }
    }
    // Compare random number and chance from the highest bit on.
    Vector less{}, equal = ~Vector{};
    for (unsigned k = 0; k < plan.planes_needed; ++k) {
      const Vector random = load_vector<Vector>(heads + k * head_stride + w);
      const Vector chance = any_of(masks, plan.ones_in_plane[k]);
      less |= equal & ~random & chance;
      equal &= ~(random ^ chance);
    }
    less |= any_of(masks, plan.certain);
    equal &= any_of(masks, plan.has_tail);
    std::memcpy(out + w, &less, sizeof less);
    std::memcpy(undecided + w, &equal, sizeof equal);
  }
  return w;
}

}  // namespace
}  // namespace bellows::bits
