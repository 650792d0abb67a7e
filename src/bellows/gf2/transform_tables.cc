#include <cstring>
#include <utility>

#include "bellows/base/check.h"
#include "bellows/gf2/field.h"
#include "bellows/gf2/transform/tables.h"

namespace bellows::gf2::transform {
namespace {

ByteMap identity() {
  ByteMap map;
  for (int i = 0; i < 8; ++i) map[i] = static_cast<std::uint8_t>(1 << i);
  return map;
}

std::uint8_t apply(const ByteMap& map, std::uint8_t byte) {
  std::uint8_t image = 0;
  for (int i = 0; i < 8; ++i)
    if (byte >> i & 1) image = static_cast<std::uint8_t>(image ^ map[i]);
  return image;
}

ByteMap after(const ByteMap& second, const ByteMap& first) {
  ByteMap map;
  for (int i = 0; i < 8; ++i) map[i] = apply(second, first[i]);
  return map;
}

ByteMap multiplication(std::uint8_t constant) {
  ByteMap map;
  for (int i = 0; i < 8; ++i) map[i] = multiply_8(constant, static_cast<std::uint8_t>(1 << i));
  return map;
}

// Columns of a square matrix over GF(2), inverted by elimination; false if there is no inverse.
template <class Column, std::size_t Size>
bool invert(std::array<Column, Size> columns, std::array<Column, Size>& inverse) {
  for (std::size_t i = 0; i < Size; ++i) inverse[i] = static_cast<Column>(Column{1} << i);
  for (std::size_t bit = 0; bit < Size; ++bit) {
    std::size_t pivot = bit;
    while (pivot < Size && !(columns[pivot] >> bit & 1)) ++pivot;
    if (pivot == Size) return false;
    std::swap(columns[bit], columns[pivot]);
    std::swap(inverse[bit], inverse[pivot]);
    for (std::size_t i = 0; i < Size; ++i)
      if (i != bit && (columns[i] >> bit & 1)) {
        columns[i] = static_cast<Column>(columns[i] ^ columns[bit]);
        inverse[i] = static_cast<Column>(inverse[i] ^ inverse[bit]);
      }
  }
  return true;
}

// From a pair over GF(2^4) to the standard basis: y goes to a root g of y^4 + y + 1, X to a root of X^2 + X + nu(g).
ByteMap pairs_to_standard() {
  for (int g = 2; g < 256; ++g) {
    const auto g1 = static_cast<std::uint8_t>(g), g2 = multiply_8(g1, g1), g3 = multiply_8(g2, g1);
    if (multiply_8(g2, g2) != (g1 ^ 1)) continue;
    static_assert(pair_nu == 8);  // nu = y^3
    for (int x = 2; x < 256; ++x) {
      const auto x1 = static_cast<std::uint8_t>(x);
      if ((multiply_8(x1, x1) ^ x1) != g3) continue;
      return {1, g1, g2, g3, x1, multiply_8(x1, g1), multiply_8(x1, g2), multiply_8(x1, g3)};
    }
  }
  BELLOWS_CHECK(false, "GF(2^8) has a subfield GF(2^4)");
  return {};
}

// Sixteen coefficients a_0 .. a_15 of a polynomial over GF(2) become sum a_i theta^i in GF(2^32). The 32 powers of theta
// are independent, so a product of two such elements still tells all its 31 coefficients.
struct Codec {
  std::array<std::uint32_t, 32> power, inverse;
};

Codec make_codec() {
  for (std::uint32_t theta = 0x12345;; theta += 0x10001) {
    Codec codec;
    std::uint32_t power = 1;
    for (auto& p : codec.power) {
      p = power;
      power = multiply_32(power, theta);
    }
    if (invert(codec.power, codec.inverse)) return codec;
  }
}

void put(MatrixForm& form, const ByteMap& map) {
  form = 0;
  for (int o = 0; o < 8; ++o)
    for (int i = 0; i < 8; ++i) form |= static_cast<std::uint64_t>(map[i] >> o & 1) << (8 * (7 - o) + i);
}

void put(NibbleForm& form, const ByteMap& map) {
  for (int nibble = 0; nibble < 16; ++nibble) {
    form.low[nibble] = apply(map, static_cast<std::uint8_t>(nibble));
    form.high[nibble] = apply(map, static_cast<std::uint8_t>(nibble << 4));
  }
}

void put(ColumnForm& form, const ByteMap& map) { std::memcpy(form.image, map.data(), 8); }

template <class Form>
Tables<Form> make_tables(const ByteMap& from_internal) {
  Tables<Form> tables;
  ByteMap to_internal;
  BELLOWS_CHECK(invert(from_internal, to_internal), "a change of basis");
  put(tables.to_internal, to_internal);
  put(tables.from_internal, from_internal);
  for (int c = 0; c < 256; ++c) {
    const auto constant = static_cast<std::uint8_t>(c);
    put(tables.multiplier[c], after(to_internal, after(multiplication(constant), from_internal)));
    tables.internal[c] = apply(to_internal, constant);
    tables.lambda8_times[c] = multiply_8(lambda8, constant);
  }
  for (int q = 0; q < 128; ++q) tables.span_multiplier[q] = tables.multiplier[twiddles().span[q]];
  ByteMap reversal;
  for (int i = 0; i < 8; ++i) reversal[i] = static_cast<std::uint8_t>(128 >> i);
  put(tables.reverse_bits, reversal);

  const Codec codec = make_codec();
  for (int p = 0; p < 4; ++p) {
    ByteMap map;
    for (int byte = 0; byte < 2; ++byte) {
      for (int i = 0; i < 8; ++i) map[i] = static_cast<std::uint8_t>(codec.power[8 * byte + i] >> (8 * p));
      put(tables.encode[p][byte], after(to_internal, map));
    }
    for (int byte = 0; byte < 4; ++byte) {
      for (int i = 0; i < 8; ++i) map[i] = static_cast<std::uint8_t>(codec.inverse[8 * p + i] >> (8 * byte));
      put(tables.decode[byte][p], after(map, from_internal));
    }
  }
  for (int level = 0; level < 8; ++level)
    for (int a = 0; a < 256; ++a) {
      const std::uint16_t part = twiddles().lane[level][a];
      tables.lane_low[level][a] = tables.internal[part & 255];
      tables.lane_high[level][a] = tables.internal[part >> 8];
    }
  for (int level = 0; level < 4; ++level)
    for (int nibble = 0; nibble < 16; ++nibble) {
      std::uint32_t part = 0;
      for (int j = 0; j < 4; ++j)
        if (nibble >> j & 1) part ^= cantor_basis[4 + j - level];
      tables.nibble_lane[level][nibble] = tables.internal[part];
    }
  return tables;
}

Twiddles make_twiddles() {
  Twiddles t{};
  for (int level = 0; level < 8; ++level)
    for (int a = 0; a < 256; ++a)
      for (int j = 0; j < 8; ++j)
        if (a >> j & 1) t.lane[level][a] = static_cast<std::uint16_t>(t.lane[level][a] ^ cantor_basis[8 + j - level]);
  for (int e = 0; e < 256; ++e) t.lambda16_times[e] = multiply_16(lambda16, static_cast<std::uint16_t>(e));
  for (int q = 0; q < 128; ++q)
    for (int j = 0; j < 7; ++j)
      if (q >> j & 1) t.span[q] = static_cast<std::uint8_t>(t.span[q] ^ cantor_basis[1 + j]);
  for (int y = 0; y < 256; ++y)
    for (int level = 0; level < 16; ++level)
      for (int j = 0; j < 8; ++j)
        if (y >> j & 1) t.row[y][level] ^= cantor_basis[16 + j - level];
  return t;
}

}  // namespace

const Tables<MatrixForm>& matrix_tables() {
  static const auto tables = make_tables<MatrixForm>(identity());
  return tables;
}

const Tables<NibbleForm>& nibble_tables() {
  static const auto tables = make_tables<NibbleForm>(pairs_to_standard());
  return tables;
}

const Tables<ColumnForm>& column_tables() {
  static const auto tables = make_tables<ColumnForm>(identity());
  return tables;
}

const Twiddles& twiddles() {
  static const Twiddles t = make_twiddles();
  return t;
}

}  // namespace bellows::gf2::transform
