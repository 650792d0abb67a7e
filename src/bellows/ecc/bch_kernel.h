#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bellows/base/secret.h"

namespace bellows::ecc {

/// An element of GF(2^bits), bit i the coefficient of z^i.
using Element = std::uint32_t;
using SecretElements = std::vector<Element, SecretAllocator<Element>>;

/// GF(2^bits) = GF(2)[z] / (z^bits + low(z)), 2 <= bits <= 31.
struct ElementField {
  unsigned bits = 0;
  std::uint32_t low = 0;
};
/// The polynomials are part of the message format: trinomials with the smallest middle, else pentanomials.
ElementField element_field(unsigned bits);

/// What the additive Fourier transform of 2^levels coefficients needs. s_i is the polynomial whose roots are the 2^i
/// elements below 2^i; divided by s_i(z^i) it is 0 and 1 on the two halves of the elements below 2^(i+1), and products
/// of these for different i are the basis ("novel", Lin, Chung and Han 2014) in which the transform starts.
struct TransformTables {
  ElementField field;
  unsigned levels = 0;                          ///< at most field.bits
  std::vector<Element> scale;                   ///< [i] s_i(z^i)
  std::vector<std::vector<Element>> low_terms;  ///< [i][j] coefficient of x^(2^j) in s_i, j < i
  std::vector<std::vector<Element>> twiddle;    ///< [i][b] s_i(z^b) / s_i(z^i)
  std::size_t size() const { return std::size_t{1} << levels; }
};
TransformTables make_transform_tables(ElementField field, unsigned levels);

/// The arithmetic, compiled for one instruction set. Every set gives the same elements.
struct BchKernel {
  Element (*multiply)(const ElementField& field, Element a, Element b);
  /// Sum of a[i] b[i].
  Element (*dot)(const ElementField& field, const Element* a, const Element* b, std::size_t count);
  /// to[i] += factor from[i].
  void (*multiply_add)(const ElementField& field, Element* to, const Element* from, Element factor, std::size_t count);
  /// Coefficients of x^k to the novel basis, in place; and the transposed map.
  void (*to_novel)(const TransformTables& tables, Element* f);
  void (*to_novel_transposed)(const TransformTables& tables, Element* f);
  /// Novel coefficients to the values at the elements coset * size + i, in place; and the transposed map.
  void (*evaluate)(const TransformTables& tables, Element* f, std::uint64_t coset);
  void (*evaluate_transposed)(const TransformTables& tables, Element* f, std::uint64_t coset);
};
const BchKernel& bch_kernel_portable();
const BchKernel& bch_kernel_clmul();
const BchKernel& chosen_bch_kernel();
/// 1 / a, for a that is not 0.
Element inverse(const BchKernel& kernel, const ElementField& field, Element a);

/// All of a kernel from one carry-less product: Multiplier::multiply(a, b) for a, b below 2^32, and
/// Multiplier::by_low(a, low) for low below 2^6.
template <class Multiplier>
struct BchArithmetic {
  static Element reduce(const ElementField& field, std::uint64_t product) {
    // deg low <= 5, and twice its degree is below bits + 2: two rounds are enough.
    const std::uint64_t mask = (std::uint64_t{1} << field.bits) - 1;
    product = (product & mask) ^ Multiplier::by_low(product >> field.bits, field.low);
    return static_cast<Element>((product & mask) ^ Multiplier::by_low(product >> field.bits, field.low));
  }
  static Element multiply(const ElementField& field, Element a, Element b) {
    return reduce(field, Multiplier::multiply(a, b));
  }
  static Element dot(const ElementField& field, const Element* a, const Element* b, std::size_t count) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum ^= Multiplier::multiply(a[i], b[i]);
    return reduce(field, sum);
  }
  static void multiply_add(const ElementField& field, Element* to, const Element* from, Element factor,
                           std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) to[i] ^= multiply(field, from[i], factor);
  }

  // Division by s_i of the 2^(i+1) coefficients at f: the remainder stays below, the quotient above.
  static void divide(const TransformTables& t, Element* f, unsigned i) {
    const std::size_t half = std::size_t{1} << i;
    for (std::size_t k = 2 * half; k-- > half;)
      for (unsigned j = 0; j < i; ++j)
        f[k - half + (std::size_t{1} << j)] ^= multiply(t.field, t.low_terms[i][j], f[k]);
    for (std::size_t k = half; k < 2 * half; ++k) f[k] = multiply(t.field, f[k], t.scale[i]);
  }
  static void divide_transposed(const TransformTables& t, Element* f, unsigned i) {
    const std::size_t half = std::size_t{1} << i;
    for (std::size_t k = half; k < 2 * half; ++k) f[k] = multiply(t.field, f[k], t.scale[i]);
    for (std::size_t k = half; k < 2 * half; ++k)
      for (unsigned j = 0; j < i; ++j)
        f[k] ^= multiply(t.field, t.low_terms[i][j], f[k - half + (std::size_t{1} << j)]);
  }
  static void to_novel(const TransformTables& t, Element* f) {
    for (unsigned i = t.levels; i-- > 0;)
      for (std::size_t start = 0; start < t.size(); start += std::size_t{2} << i) divide(t, f + start, i);
  }
  static void to_novel_transposed(const TransformTables& t, Element* f) {
    for (unsigned i = 0; i < t.levels; ++i)
      for (std::size_t start = 0; start < t.size(); start += std::size_t{2} << i) divide_transposed(t, f + start, i);
  }

  // s_i / s_i(z^i) at the first element of a block of 2^(i+1).
  static Element twiddle(const TransformTables& t, unsigned i, std::uint64_t first) {
    Element sum = 0;
    for (unsigned b = i + 1; b < t.field.bits; ++b)
      sum ^= (0u - static_cast<Element>(first >> b & 1)) & t.twiddle[i][b];
    return sum;
  }
  static void evaluate(const TransformTables& t, Element* f, std::uint64_t coset) {
    for (unsigned i = t.levels; i-- > 0;) {
      const std::size_t half = std::size_t{1} << i;
      for (std::size_t start = 0; start < t.size(); start += 2 * half) {
        const Element factor = twiddle(t, i, (coset << t.levels) + start);
        for (Element *a = f + start, *b = a + half; a < f + start + half; ++a, ++b) {
          *a ^= multiply(t.field, *b, factor);
          *b ^= *a;
        }
      }
    }
  }
  static void evaluate_transposed(const TransformTables& t, Element* f, std::uint64_t coset) {
    for (unsigned i = 0; i < t.levels; ++i) {
      const std::size_t half = std::size_t{1} << i;
      for (std::size_t start = 0; start < t.size(); start += 2 * half) {
        const Element factor = twiddle(t, i, (coset << t.levels) + start);
        for (Element *a = f + start, *b = a + half; a < f + start + half; ++a, ++b) {
          *a ^= *b;
          *b ^= multiply(t.field, *a, factor);
        }
      }
    }
  }
  static constexpr BchKernel kernel() {
    return {multiply, dot, multiply_add, to_novel, to_novel_transposed, evaluate, evaluate_transposed};
  }
};

}  // namespace bellows::ecc
