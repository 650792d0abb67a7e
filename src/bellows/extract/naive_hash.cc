#include "bellows/extract/naive_hash.h"

#include <vector>

#include "bellows/gf2/field.h"

namespace bellows::extract {
namespace {

// An element of F: coefficient e of t^e, e < k.
using Element = std::vector<std::uint32_t>;

// Element number `index` of a string: byte p of coefficient e is byte (4 index + p) k + e of the string; beyond the
// string's end there are zeros.
Element element_at(bits::BitView string, std::uint64_t index, std::uint64_t k) {
  Element element(k);
  for (std::uint64_t p = 0; p < 4; ++p)
    for (std::uint64_t e = 0; e < k; ++e) {
      const std::uint64_t byte = (4 * index + p) * k + e;
      element[e] |= static_cast<std::uint32_t>(string.word_at_bit(8 * byte) & 255) << (8 * p);
    }
  return element;
}

Element multiply(const Element& a, const Element& b) {
  const std::size_t k = a.size();
  Element product(2 * k, 0);
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < k; ++j) product[i + j] ^= gf2::multiply_32(a[i], b[j]);
  for (std::size_t e = 0; e < k; ++e) product[e] ^= gf2::multiply_32(3, product[e + k]);  // t^k = 3
  product.resize(k);
  return product;
}

bits::BitString short_seed(const HashShape& shape, bits::BitView raw, bits::BitView seed) {
  const std::uint64_t k = shape.field_length, element_bits = 32 * k;
  const Element alpha = element_at(seed, 0, k), beta = element_at(seed, 1, k);
  Element sum(k, 0);
  for (std::uint64_t i = 0; i * element_bits < raw.size_bits; ++i) {
    const Element piece = element_at(raw, i, k);
    for (std::uint64_t e = 0; e < k; ++e) sum[e] ^= piece[e];
    sum = multiply(sum, alpha);
  }
  sum = multiply(sum, beta);
  bits::BitString output(shape.output_bits);
  for (std::uint64_t i = 0; i < shape.output_bits; ++i) {
    const std::uint64_t byte = i / 8;
    output.set(i, sum[byte % k] >> (8 * (byte / k) + i % 8) & 1);
  }
  return output;
}

}  // namespace

bits::BitString naive_hash(const HashShape& shape, bits::BitView raw, bits::BitView seed) {
  if (shape.family == Family::short_seed) return short_seed(shape, raw, seed);
  const std::uint64_t n = raw.size_bits;
  auto seed_bit = [&](std::uint64_t i, std::uint64_t j) -> bool {
    switch (shape.family) {
      case Family::toeplitz: return seed[i + n - 1 - j];
      case Family::circulant: return seed[(i + shape.circulant_bits - j) % shape.circulant_bits];
      default: return i + j < n && seed[i + j];
    }
  };
  bits::BitString output(shape.output_bits);
  for (std::uint64_t i = 0; i < shape.output_bits; ++i) {
    bool sum = false;
    for (std::uint64_t j = 0; j < n; ++j) sum ^= raw[j] && seed_bit(i, j);
    output.set(i, sum);
  }
  return output;
}

}  // namespace bellows::extract
