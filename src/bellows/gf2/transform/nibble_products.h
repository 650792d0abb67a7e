#pragma once

#include "bellows/gf2/transform/inline.h"
#include "bellows/gf2/transform/tables.h"

namespace bellows::gf2::transform {
namespace {

/// GF(2^8) for instruction sets whose one tool is the byte shuffle, a table of sixteen entries. Constants are two tables,
/// one a nibble. For products of two variables, bytes are pairs over GF(2^4) (Karatsuba), and products there are sums of
/// logarithms modulo 15. `Ops` has the vector type and its instructions; tables are in registers, not in memory, so no
/// address depends on data.
template <class Ops>
struct NibbleProducts : Ops {
  using V = typename Ops::V;
  using Constants = Tables<NibbleForm>;
  static const Constants& constants() { return nibble_tables(); }

  struct Split {
    V low, high;
  };
  using Map = const NibbleForm*;
  static BELLOWS_INLINE Split split(V v) { return {Ops::low_nibble(v), Ops::high_nibble(v)}; }
  static BELLOWS_INLINE Map map(const NibbleForm& form) { return &form; }
  static BELLOWS_INLINE V apply(const Split& s, Map map) {
    return Ops::add(Ops::shuffle(Ops::load_table(map->low), s.low), Ops::shuffle(Ops::load_table(map->high), s.high));
  }

  /// Vectors as pieces of sixteen bytes, with a map for each (row_transform_narrow.h).
  static constexpr bool narrow = true;
  static constexpr int pieces = Ops::width / 16;
  struct PieceMap {
    V low, high;
  };
  static BELLOWS_INLINE PieceMap piece_map(const NibbleForm* const (&form)[pieces]) {
    const std::uint8_t *low[pieces], *high[pieces];
    BELLOWS_UNROLL for (int g = 0; g < pieces; ++g) {
      low[g] = form[g]->low;
      high[g] = form[g]->high;
    }
    return {Ops::join_pieces(low), Ops::join_pieces(high)};
  }
  static BELLOWS_INLINE V apply(const Split& s, const PieceMap& map) {
    return Ops::add(Ops::shuffle(map.low, s.low), Ops::shuffle(map.high, s.high));
  }
  static BELLOWS_INLINE V load_pieces(const std::uint8_t* first, std::size_t stride) {
    const std::uint8_t* piece[pieces];
    BELLOWS_UNROLL for (std::size_t g = 0; g < pieces; ++g) piece[g] = first + g * stride;
    return Ops::join_pieces(piece);
  }

  // Logarithms of the low part, the high part and their sum. The logarithm of 0 is 0xc0: saturating sums with it keep the
  // top bit after 15 is taken off, and a shuffle gives 0 there.
  struct Factor {
    V low, high, both;
  };
  static BELLOWS_INLINE Factor factor(V v) {
    const V low = Ops::low_nibble(v), high = Ops::high_nibble(v), table = Ops::load_table(logarithm);
    return {Ops::shuffle(table, low), Ops::shuffle(table, high), Ops::shuffle(table, Ops::add(low, high))};
  }
  // (h X + l)(h' X + l') = (m + l l') X + (l l' + nu h h') with m = (h + l)(h' + l')
  static BELLOWS_INLINE V product(const Factor& a, const Factor& b) {
    const V low = look_up(power_twice, a.low, b.low), high = look_up(power_times_nu, a.high, b.high);
    return Ops::add3(low, high, look_up(power_high, a.both, b.both));
  }

 private:
  static BELLOWS_INLINE V look_up(const std::uint8_t* table, V a, V b) {
    const V sum = Ops::add_saturated(a, b);
    return Ops::shuffle(Ops::load_table(table), Ops::minimum(sum, Ops::subtract(sum, Ops::broadcast(15))));
  }

  alignas(16) static constexpr std::uint8_t logarithm[16] = {0xc0, 0, 1, 4, 2, 8, 5, 10, 3, 14, 9, 7, 6, 13, 11, 12};
  alignas(16) static constexpr std::uint8_t power_twice[16] = {0x11, 0x22, 0x44, 0x88, 0x33, 0x66, 0xcc, 0xbb,
                                                               0x55, 0xaa, 0x77, 0xee, 0xff, 0xdd, 0x99, 0};
  alignas(16) static constexpr std::uint8_t power_high[16] = {0x10, 0x20, 0x40, 0x80, 0x30, 0x60, 0xc0, 0xb0,
                                                              0x50, 0xa0, 0x70, 0xe0, 0xf0, 0xd0, 0x90, 0};
  // nu = y^3
  alignas(16) static constexpr std::uint8_t power_times_nu[16] = {0x8, 0x3, 0x6, 0xc, 0xb, 0x5, 0xa, 0x7,
                                                                  0xe, 0xf, 0xd, 0x9, 0x1, 0x2, 0x4, 0};
};

}  // namespace
}  // namespace bellows::gf2::transform
