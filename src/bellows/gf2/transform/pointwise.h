#pragma once

#include "bellows/gf2/transform/block_transform.h"
#include "bellows/gf2/transform/kernel.h"

namespace bellows::gf2::transform {

// Products of values. An element is split in nine byte planes by Karatsuba's method, twice; splitting and joining are
// linear, so sums of products are joined once.

/// put(k, v) for the nine.
template <class L, class Put>
BELLOWS_INLINE void split_nine(const typename L::V* x, const Put& put) {
  using V = typename L::V;
  const V a = x[0], b = x[1], c = x[2], d = x[3], ac = L::add(a, c), bd = L::add(b, d);
  put(0, a);
  put(1, b);
  put(2, L::add(a, b));
  put(3, c);
  put(4, d);
  put(5, L::add(c, d));
  put(6, ac);
  put(7, bd);
  put(8, L::add(ac, bd));
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

/// sums[t] = (or, if `more`, +=) sum over i < count of y[i] x[t + i], t < tile.
template <class L, std::size_t tile, bool more>
BELLOWS_INLINE void sum_tile(typename L::V* sums, const typename L::Factor* x, const typename L::Factor* y,
                             std::size_t count) {
  typename L::V a[tile];
  BELLOWS_UNROLL for (std::size_t t = 0; t < tile; ++t) a[t] = more ? sums[t] : L::zero();
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

/// sums[n] = (or +=) sum over i < y_count of y[i] x[n + i], n < out_count. Only the x in [x_begin, x_end) are not zero; zeros stand
/// sum_tile_size places beyond the last one as well, and there is room for as many sums.
template <class L, bool more>
BELLOWS_INLINE void sum_plane(typename L::V* sums, std::size_t out_count, const typename L::Factor* x, std::size_t x_begin,
                              std::size_t x_end, const typename L::Factor* y, std::size_t y_count) {
  for (std::size_t n = 0; n < out_count; n += sum_tile_size) {
    const std::size_t tile = n + sum_tile_size < out_count ? sum_tile_size : out_count - n;
    // Of the y, those that meet an x that is not zero somewhere in the tile.
    const std::size_t first = x_begin > n + tile - 1 ? x_begin - (n + tile - 1) : 0;
    const std::size_t last = x_end > n ? (x_end - n < y_count ? x_end - n : y_count) : 0;
    const std::size_t count = last > first ? last - first : 0;
    const auto *xs = x + n + first, *ys = y + first;
    if (tile > 6)
      sum_tile<L, 8, more>(sums + n, xs, ys, count);
    else if (tile > 4)
      sum_tile<L, 6, more>(sums + n, xs, ys, count);
    else if (tile > 2)
      sum_tile<L, 4, more>(sums + n, xs, ys, count);
    else if (tile == 2)
      sum_tile<L, 2, more>(sums + n, xs, ys, count);
    else
      sum_tile<L, 1, more>(sums + n, xs, ys, count);
  }
}

/// One group of lanes of a spectrum; what comes next is brought near in the meantime.
template <class L>
BELLOWS_INLINE void read_group(const std::uint8_t* group, typename L::V* v) {
  constexpr std::size_t group_bytes = 4 * L::width;
  BELLOWS_UNROLL for (std::size_t p = 0; p < 4; ++p) v[p] = L::load(group + p * L::width);
  for (std::size_t line = 0; line < group_bytes; line += 64) L::prefetch(group + 2 * group_bytes + line);
}

constexpr std::size_t unit_begin(std::size_t unit) {
  return unit / units_per_row * row_stride + unit % units_per_row * unit_bytes;
}

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

  const std::size_t begin = unit_begin(unit);
  for (std::size_t at = begin; at < begin + unit_bytes; at += group_bytes) {
    V v[4];
    for (const SpectralSum* term = &sum; term != nullptr; term = term->also) {
      for (std::size_t j = x_begin; j < x_end; ++j) {
        read_group<L>(term->x[j] + at, v);
        if (j < term->scaled_x_count) {
          BELLOWS_UNROLL for (int p = 0; p < 4; ++p) v[p] = L::apply(L::split(v[p]), three);
        }
        split_nine<L>(v, [&](std::size_t k, V part) { x[k * x_room + j] = L::factor(part); });
      }
      for (std::size_t i = 0; i < sum.y_count; ++i) {
        read_group<L>(term->y[i] + at, v);
        split_nine<L>(v, [&](std::size_t k, V part) { y[k * sum.y_count + i] = L::factor(part); });
      }
      auto sum_planes = [&](auto more) {
        for (std::size_t k = 0; k < 9; ++k)  // one of the nine at a time: it fits the first cache
          sum_plane<L, decltype(more)::value != 0>(sums + k * out_room, sum.out_count, x + k * x_room, x_begin, x_end,
                                                   y + k * sum.y_count, sum.y_count);
      };
      if (term == &sum)
        sum_planes(Count<0>());
      else
        sum_planes(Count<1>());
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
