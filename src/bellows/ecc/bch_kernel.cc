#include "bellows/ecc/bch_kernel.h"

#include "bellows/base/check.h"
#include "bellows/bits/cpu.h"

namespace bellows::ecc {
namespace {

struct PortableMultiplier {
  // With only every fourth bit set, at most eight ones meet in a place of an integer product, and their carries stay in
  // the three empty places above it.
  static std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
    constexpr std::uint64_t every_fourth = 0x11111111u, every_fourth_wide = 0x1111111111111111u;
    std::uint64_t x[4], y[4], product = 0;
    for (int i = 0; i < 4; ++i) x[i] = a & every_fourth << i, y[i] = b & every_fourth << i;
    for (int place = 0; place < 4; ++place) {
      std::uint64_t sum = 0;
      for (int i = 0; i < 4; ++i) sum ^= x[i] * y[(place - i) & 3];
      product |= sum & every_fourth_wide << place;
    }
    return product;
  }
  static std::uint64_t by_low(std::uint64_t a, std::uint32_t low) {
    std::uint64_t product = 0;
    for (int i = 0; i < 6; ++i) product ^= (0u - std::uint64_t{low >> i & 1}) & a << i;
    return product;
  }
};
using Portable = BchArithmetic<PortableMultiplier>;

Element inverse(const ElementField& field, Element a) {
  Element power = a, out = 1;  // a^(2 + 4 + ... + 2^(bits-1))
  for (unsigned i = 1; i < field.bits; ++i) {
    power = Portable::multiply(field, power, power);
    out = Portable::multiply(field, out, power);
  }
  return out;
}

}  // namespace

ElementField element_field(unsigned bits) {
  // low(z) for 2 .. 31 bits.
  constexpr std::uint32_t low[] = {0x03, 0x03, 0x03, 0x05, 0x03, 0x03, 0x1b, 0x03, 0x09, 0x05,
                                   0x09, 0x1b, 0x21, 0x03, 0x2b, 0x09, 0x09, 0x27, 0x09, 0x05,
                                   0x03, 0x21, 0x1b, 0x09, 0x1b, 0x27, 0x03, 0x05, 0x03, 0x09};
  BELLOWS_CHECK(bits >= 2 && bits <= 31, "no field of this size");
  return {bits, low[bits - 2]};
}

TransformTables make_transform_tables(ElementField field, unsigned levels) {
  BELLOWS_CHECK(levels <= field.bits, "a transform longer than its field");
  TransformTables t{field, levels, {}, {}, {}};
  std::vector<Element> s = {1};  // coefficient of x^(2^j) in s_i
  for (unsigned i = 0; i < levels; ++i) {
    auto value = [&](Element x) {
      Element sum = 0;
      for (Element c : s) {
        sum ^= Portable::multiply(field, c, x);
        x = Portable::multiply(field, x, x);
      }
      return sum;
    };
    const Element at_next = value(Element{1} << i), normal = inverse(field, at_next);
    t.scale.push_back(at_next);
    t.low_terms.emplace_back(s.begin(), s.end() - 1);
    t.twiddle.emplace_back();
    for (unsigned b = 0; b < field.bits; ++b)
      t.twiddle.back().push_back(Portable::multiply(field, value(Element{1} << b), normal));
    // s_(i+1)(x) = s_i(x) s_i(x + z^i) = s_i(x)^2 + s_i(z^i) s_i(x).
    std::vector<Element> next(s.size() + 1, 0);
    for (std::size_t j = 0; j < s.size(); ++j) {
      next[j + 1] ^= Portable::multiply(field, s[j], s[j]);
      next[j] ^= Portable::multiply(field, at_next, s[j]);
    }
    s = std::move(next);
  }
  return t;
}

const BchKernel& bch_kernel_portable() {
  static constexpr BchKernel kernel = Portable::kernel();
  return kernel;
}

Element inverse(const BchKernel& kernel, const ElementField& field, Element a) {
  Element power = a, out = 1;  // a^(2 + 4 + .. + 2^(bits - 1))
  for (unsigned i = 1; i < field.bits; ++i) {
    power = kernel.multiply(field, power, power);
    out = kernel.multiply(field, out, power);
  }
  return out;
}

const BchKernel& chosen_bch_kernel() {
#if defined(__x86_64__)
  if (bits::active_kernel() >= bits::Kernel::clmul) return bch_kernel_clmul();
#endif
  return bch_kernel_portable();
}

}  // namespace bellows::ecc
