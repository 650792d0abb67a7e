#include "bellows/protocol/raz.h"

namespace bellows::protocol {
namespace {

using numeric::Ball;

FieldElement element(bits::BitView view, std::uint64_t position, std::uint64_t size, std::uint64_t degree) {
  FieldElement result(degree);
  for (std::uint64_t i = 0; i < size; i += 64) {
    const std::uint64_t take = std::min<std::uint64_t>(64, size - i);
    result.words()[i / 64] = view.word_at_bit(position + i) & bits::low_mask(take);
  }
  return result;
}

void add(FieldElement& to, const FieldElement& other) {
  for (std::uint64_t i = 0; i < to.size_words(); ++i) to.words()[i] ^= other.words()[i];
}

FieldElement one(std::uint64_t degree) {
  FieldElement result(degree);
  result.set(0, true);
  return result;
}

}  // namespace

bits::BitString raz_extract(const RazShape& shape, bits::BitView weak, bits::BitView device) {
  const std::uint64_t q = shape.field.degree;
  BELLOWS_CHECK(weak.size_bits == 2 * q && device.size_bits <= q && shape.output_bits <= q, "sizes of the two sources");
  const FieldElement beta = element(weak, 0, q, q);
  FieldElement product = element(weak, q, q, q);
  FieldElement power = field_multiply(shape.field, element(device, 0, device.size_bits, q), beta);
  for (int j = 0; j < shape.log2_terms; ++j) {
    FieldElement factor = power;
    add(factor, one(q));
    product = field_multiply(shape.field, product, factor);
    power = field_square(shape.field, power);
  }
  return bits::BitString(product.view().first(shape.output_bits));
}

bits::BitString raz_extract_by_sum(const RazShape& shape, bits::BitView weak, bits::BitView device) {
  const std::uint64_t q = shape.field.degree;
  const FieldElement base = field_multiply(shape.field, element(device, 0, device.size_bits, q), element(weak, 0, q, q));
  // Horner: 1 + base (1 + base (...)).
  FieldElement sum = one(q);
  for (std::uint64_t i = 1; i < std::uint64_t{1} << shape.log2_terms; ++i) {
    sum = field_multiply(shape.field, sum, base);
    add(sum, one(q));
  }
  const FieldElement product = field_multiply(shape.field, element(weak, q, q, q), sum);
  return bits::BitString(product.view().first(shape.output_bits));
}

Ball raz_log2_error(const RazShape& shape, const Ball& mu, const Ball& device_collision_bits) {
  const Ball p(shape.moment);
  const Ball n1(2 * shape.field.degree);
  const Ball half = Ball(1) / Ball(2);
  const Ball exponent = p / (p - Ball(1));
  // sum of P^a over one bit is largest at the ends of the interval (convex in the bias); n1 - H_a = n1 + (p - 1) n1 log2 of it.
  const Ball step = exp(exponent * ln(half + mu)) + exp(exponent * ln(half - mu));
  const Ball lack = (n1 + (p - Ball(1)) * n1 * log2(step)) / p;
  // (p-1)!! <= sqrt 2 (p/e)^{p/2}, by Stirling with its remainder.
  const Ball double_factorial = half + p * half * (log2(p) - Ball(1) / numeric::ln2());
  const Ball roots = Ball(shape.log2_terms) - n1 * half;
  const Ball pairs = double_factorial - p * half * device_collision_bits;
  const Ball larger = max(roots, pairs);
  const Ball sum = larger + log2(exp2(roots - larger) + exp2(pairs - larger));
  const Ball family = shape.output_bits >= 64 ? Ball(shape.output_bits) : log2(exp2(Ball(shape.output_bits)) - Ball(1));
  return Ball(-1) + half * family + lack + sum / p;
}

}  // namespace bellows::protocol
