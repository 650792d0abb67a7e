#pragma once

#include "bellows/gf2/transform/pointwise.h"

namespace bellows::gf2::transform {

// Two sequences of chunks multiplied as polynomials, value by value. Four chunks are one coefficient, a quad, and two quads
// are multiplied by Karatsuba's method, twice, as elements are: nine products for sixteen.

inline constexpr std::size_t quad = 4;

constexpr std::size_t quads_for(std::size_t chunks) { return (chunks + quad - 1) / quad; }

/// How many quads and chunks there are, and room for.
template <class L>
struct QuadRooms {
  std::size_t a_quads, b_quads, out_quads, a_room, b_room, out_room;

  QuadRooms(std::size_t a_count, std::size_t b_count)
      : a_quads(quads_for(a_count)),
        b_quads(quads_for(b_count)),
        out_quads(a_quads + b_quads - 1),
        a_room(quad * a_quads),
        b_room(quad * b_quads),
        out_room(quad * (out_quads + 1)) {}

  // Chunks of a, b and the result split in nine; of one of the nine, quads of a and b and their sums, split in nine again.
  std::size_t vectors() const { return 9 * (a_room + b_room + out_room + out_quads); }
  std::size_t factors() const { return 9 * (a_quads + b_quads); }
};

template <class L>
std::size_t product_scratch_bytes(std::size_t a_count, std::size_t b_count) {
  const QuadRooms<L> rooms(a_count, b_count);
  return rooms.factors() * sizeof(typename L::Factor) + rooms.vectors() * sizeof(typename L::V);
}

/// sums[n] = sum over i of a[i] b[n - i].
template <class L>
BELLOWS_INLINE void multiply_quads(const typename L::Factor* a, std::size_t a_count, const typename L::Factor* b,
                                   std::size_t b_count, typename L::V* sums) {
  for (std::size_t n = 0; n < a_count + b_count - 1; ++n) {
    auto sum = L::zero();
    const std::size_t first = n < b_count ? 0 : n - b_count + 1, last = n < a_count ? n : a_count - 1;
    for (std::size_t i = first; i <= last; ++i) sum = L::add(sum, L::product(a[i], b[n - i]));
    sums[n] = sum;
  }
}

/// The coefficients of the product of two quads from the nine products, added to chunks[0 .. 6].
template <class L>
BELLOWS_INLINE void add_quad_product(const typename L::V* k, std::size_t stride, typename L::V* chunks) {
  using V = typename L::V;
  V low[3], high[3], middle[3];
  auto pair = [&](std::size_t first, V* to) {
    to[0] = k[first * stride];
    to[2] = k[(first + 1) * stride];
    to[1] = L::add3(to[0], to[2], k[(first + 2) * stride]);
  };
  pair(0, low);
  pair(3, high);
  pair(6, middle);
  BELLOWS_UNROLL for (int i = 0; i < 3; ++i) {
    chunks[i] = L::add(chunks[i], low[i]);
    chunks[i + 4] = L::add(chunks[i + 4], high[i]);
    chunks[i + 2] = L::add(chunks[i + 2], L::add3(middle[i], low[i], high[i]));
  }
}

template <class L>
void product_of_chunks(const SpectralProduct& product, std::size_t unit, void* scratch) {
  using V = typename L::V;
  using Factor = typename L::Factor;
  constexpr std::size_t group_bytes = 4 * L::width;
  const Joiner<L> join;
  const QuadRooms<L> rooms(product.a_count, product.b_count);
  const std::size_t out_count = product.a_count + product.b_count - 1;
  Factor* const a_parts = static_cast<Factor*>(scratch);
  Factor* const b_parts = a_parts + 9 * rooms.a_quads;
  V* const a = reinterpret_cast<V*>(b_parts + 9 * rooms.b_quads);
  V* const b = a + 9 * rooms.a_room;
  V* const out = b + 9 * rooms.b_room;
  V* const sums = out + 9 * rooms.out_room;
  for (V* v = a; v < out; ++v) *v = L::zero();  // for the chunks that the last quads lack

  const std::size_t begin = unit_begin(unit);
  for (std::size_t at = begin; at < begin + unit_bytes; at += group_bytes) {
    V v[4];
    for (std::size_t i = 0; i < product.a_count; ++i) {
      read_group<L>(product.a[i] + at, v);
      split_nine<L>(v, [&](std::size_t k, V part) { a[k * rooms.a_room + i] = part; });
    }
    for (std::size_t j = 0; j < product.b_count; ++j) {
      read_group<L>(product.b[j] + at, v);
      split_nine<L>(v, [&](std::size_t k, V part) { b[k * rooms.b_room + j] = part; });
    }
    for (std::size_t i = 0; i < 9 * rooms.out_room; ++i) out[i] = L::zero();
    for (std::size_t k = 0; k < 9; ++k) {
      for (std::size_t i = 0; i < rooms.a_quads; ++i)
        split_nine<L>(a + k * rooms.a_room + quad * i,
                      [&](std::size_t part, V sum) { a_parts[part * rooms.a_quads + i] = L::factor(sum); });
      for (std::size_t j = 0; j < rooms.b_quads; ++j)
        split_nine<L>(b + k * rooms.b_room + quad * j,
                      [&](std::size_t part, V sum) { b_parts[part * rooms.b_quads + j] = L::factor(sum); });
      for (std::size_t part = 0; part < 9; ++part)
        multiply_quads<L>(a_parts + part * rooms.a_quads, rooms.a_quads, b_parts + part * rooms.b_quads, rooms.b_quads,
                          sums + part * rooms.out_quads);
      for (std::size_t n = 0; n < rooms.out_quads; ++n)
        add_quad_product<L>(sums + n, rooms.out_quads, out + k * rooms.out_room + quad * n);
    }
    for (std::size_t n = 0; n < out_count; ++n) {
      join(out + n, rooms.out_room, v);
      std::uint8_t* const to = product.out[n] + at;
      BELLOWS_UNROLL for (std::size_t p = 0; p < 4; ++p) {
        L::prefetch(to + p * L::width + 2 * group_bytes);
        L::store(to + p * L::width, v[p]);
      }
    }
  }
}

}  // namespace bellows::gf2::transform
