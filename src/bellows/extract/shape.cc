#include "bellows/extract/shape.h"

#include <fmt/format.h>

#include "bellows/gf2/field_sizes.h"

namespace bellows::extract {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t power_modulo(std::uint64_t base, std::uint64_t exponent, std::uint64_t modulus) {
  auto times = [modulus](std::uint64_t a, std::uint64_t b) {
    return static_cast<std::uint64_t>(static_cast<Wide>(a) * b % modulus);
  };
  std::uint64_t result = 1 % modulus;
  for (base %= modulus; exponent != 0; exponent >>= 1, base = times(base, base))
    if (exponent & 1) result = times(result, base);
  return result;
}

// Miller and Rabin with the bases that decide every number below 3.3 * 10^24 (Sorenson and Webster).
bool is_prime(std::uint64_t n) {
  constexpr std::uint64_t bases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41};
  if (n < 2) return false;
  for (std::uint64_t p : bases)
    if (n % p == 0) return n == p;
  std::uint64_t odd = n - 1;
  int twos = 0;
  for (; odd % 2 == 0; odd /= 2) ++twos;
  for (std::uint64_t base : bases) {
    std::uint64_t x = power_modulo(base, odd, n);
    bool passes = x == 1 || x == n - 1;
    for (int i = 1; i < twos && !passes; ++i) {
      x = power_modulo(x, 2, n);
      passes = x == n - 1;
    }
    if (!passes) return false;
  }
  return true;
}

}  // namespace

const char* family_name(Family family) {
  switch (family) {
    case Family::toeplitz: return "toeplitz";
    case Family::circulant: return "circulant";
    case Family::shift_matrix: return "shift-matrix";
    case Family::short_seed: return "short-seed";
  }
  return "?";
}

Result<Family> family_from_name(std::string_view name) {
  for (Family family : {Family::toeplitz, Family::circulant, Family::shift_matrix, Family::short_seed})
    if (name == family_name(family)) return family;
  return usage_error("there is no extractor of this name", "toeplitz, circulant, shift-matrix or short-seed",
                     std::string(name));
}

Status check_shape(const HashShape& shape) {
  const std::string raw = fmt::format("{} raw bits", shape.raw_bits), out = fmt::format("{} bits", shape.output_bits);
  if (shape.raw_bits == 0) return usage_error("nothing to extract from: the raw string is empty");
  if (shape.raw_bits > largest_size_bits) return usage_error("the raw string is too long", "at most 2^40 bits", raw);
  if (shape.output_bits == 0) return usage_error("an output of no bits was asked for");
  if (shape.output_bits > shape.raw_bits)
    return usage_error("more output than raw bits", fmt::format("at most {} bits", shape.raw_bits), out);
  if (shape.family == Family::circulant) {
    if (shape.circulant_bits > 2 * largest_size_bits || shape.circulant_bits <= shape.raw_bits ||
        !is_prime(shape.circulant_bits))
      return usage_error("the size of the circulant does not fit", fmt::format("a prime above {}", shape.raw_bits),
                         fmt::format("{}", shape.circulant_bits));
  }
  if (shape.family == Family::short_seed) {
    if (shape.field_length > largest_size_bits / 32 || !gf2::is_field_length(shape.field_length))
      return usage_error("no field of this length", "k = 3^i 5^j 17^l, at most 2^35",
                         fmt::format("{}", shape.field_length));
    if (shape.output_bits > 32 * shape.field_length)
      return usage_error("the field is too small for the output", fmt::format("at most {} bits", 32 * shape.field_length),
                         out);
  }
  return {};
}

std::uint64_t seed_bits_needed(const HashShape& shape) {
  switch (shape.family) {
    case Family::toeplitz: return shape.raw_bits + shape.output_bits - 1;
    case Family::circulant: return shape.circulant_bits;
    case Family::shift_matrix: return shape.raw_bits;
    case Family::short_seed: return 64 * shape.field_length;
  }
  return 0;
}

}  // namespace bellows::extract
