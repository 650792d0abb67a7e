#pragma once

#include "bellows/gf2/transform/block_transform.h"
#include "bellows/gf2/transform/kernel.h"

namespace bellows::gf2::transform {

// Products of values. An element is split in nine byte planes by Karatsuba's method, twice; splitting and joining are
// linear, so sums of products are joined once.

template <class L>
BELLOWS_INLINE void split_nine(const typename L::V* x, typename L::Factor* k, std::size_t stride) {
  using V = typename L::V;
  const V a = x[0], b = x[1], c = x[2], d = x[3], ac = L::add(a, c), bd = L::add(b, d);
  k[0] = L::factor(a);
  k[stride] = L::factor(b);
  k[2 * stride] = L::factor(L::add(a, b));
  k[3 * stride] = L::factor(c);
  k[4 * stride] = L::factor(d);
  k[5 * stride] = L::factor(L::add(c, d));
  k[6 * stride] = L::factor(ac);
  k[7 * stride] = L::factor(bd);
  k[8 * stride] = L::factor(L::add(ac, bd));
}

template <class L>
struct Joiner {
  using V = typename L::V;
  typename L::Map times_lambda8 = L::map(L::constants().multiplier[lambda8]);
  Constant16<L> times_lambda16 = Constant16<L>::of(L::constants(), lambda16);

  BELLOWS_INLINE void operator()(const V* k, std::size_t stride, V* x) const {
    auto pair = [&](int first, V& low, V& high) {
      const V* q = k + std::size_t(first) * stride;
      low = L::add(q[0], L::apply(L::split(q[stride]), times_lambda8));
      high = L::add(q[0], q[2 * stride]);
    };
    V low[2], high[2], both[2];
    pair(0, low[0], low[1]);
    pair(3, high[0], high[1]);
    pair(6, both[0], both[1]);
    x[2] = L::add(both[0], low[0]);
    x[3] = L::add(both[1], low[1]);
    multiply_add<L>(low, high, times_lambda16);
    x[0] = low[0];
    x[1] = low[1];
  }
};

/// sums[t] = sum over i < count of y[i] x[t + i], t < tile.
template <class L, std::size_t tile>
BELLOWS_INLINE void sum_tile(typename L::V* sums, const typename L::Factor* x, const typename L::Factor* y,
                             std::size_t count) {
  typename L::V a[tile];
  BELLOWS_UNROLL for (std::size_t t = 0; t < tile; ++t) a[t] = L::zero();
  std::size_t i = 0;
  for (; i + 2 <= count; i += 2) {
    const typename L::Factor even = y[i], odd = y[i + 1];
    BELLOWS_UNROLL for (std::size_t t = 0; t < tile; ++t)
        a[t] = L::add3(a[t], L::product(even, x[i + t]), L::product(odd, x[i + t + 1]));
  }
  if (i < count) {
    BELLOWS_UNROLL for (std::size_t t = 0; t < tile; ++t) a[t] = L::add(a[t], L::product(y[i], x[i + t]));
  }
  BELLOWS_UNROLL for (std::size_t t = 0; t < tile; ++t) sums[t] = a[t];
}

inline constexpr std::size_t sum_tile_size = 8;

/// Room for the split factors of one group of lanes, and their sums.
template <class L>
std::size_t sum_scratch_bytes(std::size_t x_count, std::size_t y_count) {
  const std::size_t out_room = x_count - y_count + 1 + sum_tile_size;
  return 9 * ((x_count + y_count + sum_tile_size) * sizeof(typename L::Factor) + out_room * sizeof(typename L::V));
}

template <class L>
void sum_of_products(const SpectralSum& sum, std::size_t unit, void* scratch) {
  using V = typename L::V;
  using Factor = typename L::Factor;
  constexpr std::size_t group_bytes = 4 * L::width;
  const Joiner<L> join;
  const auto three = L::map(L::constants().multiplier[3]);
  const std::size_t x_room = sum.x_count + sum_tile_size;
  Factor* x = static_cast<Factor*>(scratch);
  Factor* y = x + 9 * x_room;
  V* const sums = reinterpret_cast<V*>(y + 9 * sum.y_count);
  const std::size_t out_room = sum.out_count + sum_tile_size;
  std::size_t x_begin = 0, x_end = sum.x_count;  // without the zeros at both ends
  while (x_begin < x_end && sum.x[x_begin] == nullptr) ++x_begin;
  while (x_begin < x_end && sum.x[x_end - 1] == nullptr) --x_end;
  const Factor nothing = L::factor(L::zero());
  for (std::size_t k = 0; k < 9; ++k)
    for (std::size_t j = 0; j < x_room; ++j) x[k * x_room + j] = nothing;

  const std::size_t begin = unit / units_per_row * row_stride + unit % units_per_row * unit_bytes;
  for (std::size_t at = begin; at < begin + unit_bytes; at += group_bytes) {
    auto read = [&](const std::uint8_t* spectrum, V* v) {
      BELLOWS_UNROLL for (std::size_t p = 0; p < 4; ++p) v[p] = L::load(spectrum + at + p * L::width);
      for (std::size_t line = 0; line < group_bytes; line += 64) L::prefetch(spectrum + at + 2 * group_bytes + line);
    };
    V v[4];
    for (std::size_t j = x_begin; j < x_end; ++j) {
      read(sum.x[j], v);
      if (j < sum.scaled_x_count) {
        BELLOWS_UNROLL for (int p = 0; p < 4; ++p) v[p] = L::apply(L::split(v[p]), three);
      }
      split_nine<L>(v, x + j, x_room);
    }
    for (std::size_t i = 0; i < sum.y_count; ++i) {
      read(sum.y[i], v);
      split_nine<L>(v, y + i, sum.y_count);
    }
    for (std::size_t k = 0; k < 9; ++k)  // one of the nine at a time: it fits the first cache
      for (std::size_t n = 0; n < sum.out_count; n += sum_tile_size) {
        const std::size_t tile = n + sum_tile_size < sum.out_count ? sum_tile_size : sum.out_count - n;
        // Of the y, those that meet an x in [x_begin, x_end) somewhere in the tile.
        const std::size_t first = x_begin > n + tile - 1 ? x_begin - (n + tile - 1) : 0;
        const std::size_t last = x_end > n ? (x_end - n < sum.y_count ? x_end - n : sum.y_count) : 0;
        const std::size_t count = last > first ? last - first : 0;
        const Factor *xs = x + k * x_room + n + first, *ys = y + k * sum.y_count + first;
        V* const to = sums + k * out_room + n;
        if (tile > 6)
          sum_tile<L, 8>(to, xs, ys, count);
        else if (tile > 4)
          sum_tile<L, 6>(to, xs, ys, count);
        else if (tile > 2)
          sum_tile<L, 4>(to, xs, ys, count);
        else if (tile == 2)
          sum_tile<L, 2>(to, xs, ys, count);
        else
          sum_tile<L, 1>(to, xs, ys, count);
      }
    for (std::size_t n = 0; n < sum.out_count; ++n) {
      join(sums + n, out_room, v);
      std::uint8_t* out = sum.out[n] + at;
      BELLOWS_UNROLL for (std::size_t p = 0; p < 4; ++p) {
        std::uint8_t* to = out + p * L::width;
        L::prefetch(to + 2 * group_bytes);
        L::store(to, sum.accumulate ? L::add(L::load(to), v[p]) : v[p]);
      }
    }
  }
}

}  // namespace bellows::gf2::transform
