#pragma once

#include "bellows/gf2/transform/pointwise.h"

namespace bellows::gf2::transform {

// Two sequences of chunks multiplied, value by value. A sequence is a polynomial whose coefficients are chunks; it goes to
// its values at as many elements of GF(2^8) as the product has chunks, by the levels that rows of a block go through
// (row_levels.h), and there products are products of values. All of it happens in the second cache, on a piece of every
// chunk at a time, so a long product can have many chunks that are small enough for the cache to be transformed in.

/// Vectors of a plane of every chunk that go through together.
template <class L>
inline constexpr int chunk_vectors = unrolled_rows<L> ? 2 : RowColumn<L>::vectors;

/// One sequence, plane by plane: of chunk i, later of point i, so many vectors.
template <class L>
struct ChunkSequence {
  typename L::V plane[4][largest_row_count * chunk_vectors<L>];
};

template <class L>
std::size_t product_scratch_bytes() {
  return 2 * sizeof(ChunkSequence<L>);
}

/// Up to `points` coefficients, zeros above, become values.
template <class L>
void sequence_forward(typename L::V* f, int count, int points) {
  constexpr int vectors = chunk_vectors<L>;
  const int bits = row_index_bits(points);
  if constexpr (unrolled_rows<L>) {
    const bool half = bits > 0 && count <= 1 << (bits - 1);
    auto transform = [&](auto half_or_all) {
      constexpr bool is_half = decltype(half_or_all)::value != 0;
      if (bits == 0) return;
      if (bits <= 4)
        with_count<4>(bits, [&](auto n) { few_in_tile_forward<L, vectors, decltype(n)::value, is_half>(f); });
      else
        with_count<4>(bits - 4, [&](auto n) { many_in_tile_forward<L, vectors, decltype(n)::value, is_half>(f, points); });
    };
    if (half)
      transform(Count<1>());
    else
      transform(Count<0>());
  } else {
    auto* const r = reinterpret_cast<ColumnRow<L>*>(f);
    const int low = row_index_bits(count);
    convert_row_index<L, false>(r, low);
    for (int i = 1 << low; i < 1 << bits; ++i)  // a level whose upper half is zero copies
      for (int v = 0; v < vectors; ++v) r[i][v] = r[i - (1 << low)][v];
    row_levels_forward<L>(L::constants(), r, low, points);
  }
}

/// Values at `points` points, zeros above, become coefficients.
template <class L>
void sequence_inverse(typename L::V* f, int points) {
  if constexpr (unrolled_rows<L>) {
    constexpr int vectors = chunk_vectors<L>;
    if (points <= 16)
      with_count<16>(points, [&](auto n) { few_in_tile_inverse<L, vectors, decltype(n)::value>(f); });
    else
      with_count<16>(points / 16, [&](auto n) { many_in_tile_inverse<L, vectors, decltype(n)::value>(f); });
  } else {
    auto* const r = reinterpret_cast<ColumnRow<L>*>(f);
    const int bits = row_index_bits(points);
    row_levels_truncated<L>(L::constants(), r, bits - 1, points, 0);
    convert_row_index<L, true>(r, bits);
  }
}

template <class L>
BELLOWS_INLINE void read_sequence(const std::uint8_t* const* chunks, int count, int room, std::size_t at,
                                  ChunkSequence<L>& sequence) {
  constexpr int vectors = chunk_vectors<L>;
  constexpr std::size_t group_bytes = 4 * L::width;
  for (int i = 0; i < count; ++i) {
    const std::uint8_t* const from = chunks[i] + at;
    BELLOWS_UNROLL for (int v = 0; v < vectors; ++v) {
      BELLOWS_UNROLL for (int p = 0; p < 4; ++p)
        sequence.plane[p][i * vectors + v] = L::load(from + std::size_t(v) * group_bytes + std::size_t(p) * L::width);
    }
    for (std::size_t line = 0; line < vectors * group_bytes; line += 64) L::prefetch_far(from + vectors * group_bytes + line);
  }
  for (auto& plane : sequence.plane)
    for (int i = count * vectors; i < room * vectors; ++i) plane[i] = L::zero();
}

template <class L>
void product_of_chunks(const SpectralProduct& product, std::size_t unit, void* scratch) {
  using V = typename L::V;
  constexpr int vectors = chunk_vectors<L>;
  constexpr std::size_t group_bytes = 4 * L::width;
  const Joiner<L> join;
  const int a_count = static_cast<int>(product.a_count), b_count = static_cast<int>(product.b_count);
  const int out_count = a_count + b_count - 1, points = static_cast<int>(good_row_count(static_cast<std::uint64_t>(out_count)));
  const int room = 1 << row_index_bits(points);
  auto* const sequences = static_cast<ChunkSequence<L>*>(scratch);
  ChunkSequence<L>&a = sequences[0], &b = sequences[1];

  const std::size_t begin = unit_begin(unit);
  for (std::size_t at = begin; at < begin + unit_bytes; at += vectors * group_bytes) {
    read_sequence<L>(product.a, a_count, room, at, a);
    read_sequence<L>(product.b, b_count, room, at, b);
    for (V* plane : a.plane) sequence_forward<L>(plane, a_count, points);
    for (V* plane : b.plane) sequence_forward<L>(plane, b_count, points);
    for (int i = 0; i < points * vectors; ++i) {
      V x[4], y[4];
      typename L::Factor factor[9];
      V k[9];
      BELLOWS_UNROLL for (int p = 0; p < 4; ++p) {
        x[p] = a.plane[p][i];
        y[p] = b.plane[p][i];
      }
      split_nine<L>(x, [&](std::size_t part, V v) { factor[part] = L::factor(v); });
      split_nine<L>(y, [&](std::size_t part, V v) { k[part] = L::product(factor[part], L::factor(v)); });
      join(k, 1, x);
      BELLOWS_UNROLL for (int p = 0; p < 4; ++p) a.plane[p][i] = x[p];
    }
    for (V* plane : a.plane) {
      for (int i = points * vectors; i < room * vectors; ++i) plane[i] = L::zero();
      sequence_inverse<L>(plane, points);
    }
    for (int n = 0; n < out_count; ++n) {
      std::uint8_t* const to = product.out[n] + at;
      BELLOWS_UNROLL for (int v = 0; v < vectors; ++v) {
        BELLOWS_UNROLL for (int p = 0; p < 4; ++p)
          L::store(to + std::size_t(v) * group_bytes + std::size_t(p) * L::width, a.plane[p][n * vectors + v]);
      }
    }
  }
}

}  // namespace bellows::gf2::transform
