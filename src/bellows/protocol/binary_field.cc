#include "bellows/protocol/binary_field.h"

#include "bellows/gf2/product.h"

namespace bellows::protocol {
namespace {

/// Folds 2^(degree + i) to 2^(middle + i) + 2^i until nothing is left above; `words` has room for the whole product.
void reduce(const Trinomial& field, std::uint64_t* words, std::uint64_t size_bits) {
  const std::uint64_t q = field.degree, m = field.middle;
  const auto xor_at = [&](std::uint64_t bit, std::uint64_t value) {
    const std::uint64_t w = bit / 64, s = bit % 64;
    words[w] ^= value << s;
    if (s != 0 && (value >> (64 - s)) != 0) words[w + 1] ^= value >> (64 - s);
  };
  // From the top in pieces of 64 bits that lie on word boundaries; a piece folds below itself because q - m >= 64 in all fields
  // with more than one word, else bit by bit.
  if (q - m >= 64) {
    for (std::uint64_t w = size_bits == 0 ? 0 : (size_bits - 1) / 64; 64 * w + 63 >= q; --w) {
      const std::uint64_t base = 64 * w;
      std::uint64_t value = words[w];
      if (base < q) value &= ~bits::low_mask(q - base);
      if (value != 0) {
        words[w] ^= value;
        if (base >= q) {
          xor_at(base - q, value);
          xor_at(base - q + m, value);
        } else {
          xor_at(0, value >> (q - base));
          xor_at(m, value >> (q - base));
        }
      }
      if (w == 0) break;
    }
    return;
  }
  for (std::uint64_t bit = size_bits; bit-- > q;) {
    if ((words[bit / 64] >> (bit % 64) & 1) == 0) continue;
    words[bit / 64] ^= std::uint64_t{1} << (bit % 64);
    words[(bit - q) / 64] ^= std::uint64_t{1} << ((bit - q) % 64);
    words[(bit - q + m) / 64] ^= std::uint64_t{1} << ((bit - q + m) % 64);
  }
}

FieldElement reduced(const Trinomial& field, bits::BitString product) {
  bits::BitString padded(std::max(product.size_bits(), field.degree) + 128);
  std::copy(product.words(), product.words() + product.size_words(), padded.words());
  reduce(field, padded.words(), product.size_bits());
  return FieldElement(padded.view().first(field.degree));
}

constexpr std::uint64_t spread(std::uint64_t half) {
  half = (half | half << 16) & 0x0000ffff0000ffffU;
  half = (half | half << 8) & 0x00ff00ff00ff00ffU;
  half = (half | half << 4) & 0x0f0f0f0f0f0f0f0fU;
  half = (half | half << 2) & 0x3333333333333333U;
  return (half | half << 1) & 0x5555555555555555U;
}

}  // namespace

const std::vector<Trinomial>& field_trinomials() {
  static const std::vector<Trinomial> fields = {
      {6, 3},         {18, 9},        {54, 27},       {89, 38},       {127, 63},       {162, 81},       {313, 79},
      {486, 243},     {521, 168},     {607, 273},     {1279, 418},    {1458, 729},     {2281, 1029},    {3217, 576},
      {4374, 2187},   {4423, 2098},   {9689, 4187},   {13122, 6561},  {19937, 9842},   {23209, 9739},   {39366, 19683},
      {44497, 21034}, {110503, 53719}, {118098, 59049}, {132049, 54454}, {354294, 177147}, {756839, 279695}, {859433, 288477},
      {1062882, 531441}};
  return fields;
}

Trinomial field_for(std::uint64_t bits) {
  for (const Trinomial& field : field_trinomials()) {
    if (field.degree >= bits) return field;
  }
  return {};
}

FieldElement field_multiply(const Trinomial& field, const FieldElement& a, const FieldElement& b) {
  auto product = gf2::multiply(a, b);
  BELLOWS_CHECK(product.ok(), "a product of field elements");
  return reduced(field, std::move(*product));
}

FieldElement field_square(const Trinomial& field, const FieldElement& a) {
  bits::BitString wide(2 * field.degree);
  for (std::uint64_t i = 0; i < a.size_words(); ++i) {
    const std::uint64_t word = a.words()[i];
    wide.words()[2 * i] = spread(word & 0xffffffffU);
    if (2 * i + 1 < wide.size_words()) wide.words()[2 * i + 1] = spread(word >> 32);
  }
  return reduced(field, std::move(wide));
}

bool is_irreducible_of_prime_degree(const Trinomial& field) {
  FieldElement x(field.degree);
  x.set(1, true);
  FieldElement power = x;
  for (std::uint64_t i = 0; i < field.degree; ++i) power = field_square(field, power);
  return power == x;
}

}  // namespace bellows::protocol
