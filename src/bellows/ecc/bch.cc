#include "bellows/ecc/bch.h"

#include <algorithm>
#include <bit>

#include "bellows/base/check.h"
#include "bellows/base/checked.h"
#include "bellows/base/threads.h"

namespace bellows::ecc {
namespace {

// Levels of a transform with room for so many coefficients; short ones cost more by their overhead than they save.
unsigned levels_for(std::uint64_t coefficients, const ElementField& field) {
  return std::min(field.bits, std::max(6u, static_cast<unsigned>(std::bit_width(coefficients - 1))));
}

// Runs task(coset, worker) on every coset of 2^levels elements that has elements from 1 to `last`.
template <class Task>
Status over_cosets(const TransformTables& tables, std::uint64_t last, const Context& context, const Task& task) {
  constexpr std::uint64_t cosets_at_once = 16;
  const std::uint64_t cosets = (last >> tables.levels) + 1;
  parallel_for(divide_up(cosets, cosets_at_once), context.thread_count, [&](std::uint64_t part, unsigned worker) {
    if (!context.check_cancelled().ok()) return;
    const std::uint64_t end = std::min(cosets, (part + 1) * cosets_at_once);
    for (std::uint64_t coset = part * cosets_at_once; coset < end; ++coset) task(coset, worker);
  });
  return context.check_cancelled();
}

}  // namespace

BchCode::BchCode(std::uint64_t length_bits, std::uint64_t most_errors)
    : length_bits_(length_bits),
      most_errors_(most_errors),
      field_(element_field(element_bits(length_bits))),
      tables_(make_transform_tables(field_, levels_for(std::max<std::uint64_t>(2 * most_errors, 1), field_))) {
  BELLOWS_CHECK(length_bits >= 1 && length_bits <= most_length_bits && 2 * most_errors <= length_bits,
                "no BCH code of these numbers");
}

unsigned BchCode::element_bits(std::uint64_t length_bits) {
  return std::max(2u, static_cast<unsigned>(std::bit_width(length_bits)));
}

Result<bits::BitString> BchCode::syndromes(bits::BitView string, const Context& context) const {
  BELLOWS_CHECK(string.size_bits == length_bits_, "the code is for another length");
  bits::BitString out(syndrome_bits());
  if (most_errors_ == 0) return out;
  // The power sums are the transpose of "evaluate a polynomial at all elements", applied to the bits.
  const BchKernel& kernel = chosen_bch_kernel();
  const TransformTables& tables = tables_;
  const unsigned workers = std::max(1u, context.thread_count);
  std::vector<SecretElements> sums(workers), parts(workers);
  BELLOWS_TRY(over_cosets(tables, length_bits_, context, [&](std::uint64_t coset, unsigned worker) {
    SecretElements &sum = sums[worker], &part = parts[worker];
    sum.resize(tables.size());
    part.resize(tables.size());
    const std::uint64_t first = coset << tables.levels;
    for (std::uint64_t i = 0; i < tables.size(); ++i)
      part[i] = first + i >= 1 && first + i <= length_bits_ ? Element{string[first + i - 1]} : 0;
    kernel.evaluate_transposed(tables, part.data(), coset);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= part[i];
  }));
  SecretElements total(tables.size());
  for (const auto& sum : sums)
    for (std::size_t i = 0; i < sum.size(); ++i) total[i] ^= sum[i];
  kernel.to_novel_transposed(tables, total.data());
  for (std::uint64_t i = 0; i < most_errors_; ++i) {
    const std::uint64_t word = total[2 * i + 1];
    bits::copy_bits({&word, field_.bits}, out.words(), i * field_.bits);
  }
  return out;
}

// Berlekamp and Massey: the shortest recursion of S_1 .. S_2t, the polynomial whose roots are the inverses of the
// elements in error. Every second discrepancy is zero, because S_2k = S_k^2. Empty: it is longer than t.
Result<SecretElements> BchCode::locator(const SecretElements& power_sums, const Context& context) const {
  const BchKernel& kernel = chosen_bch_kernel();
  const std::size_t last = 2 * most_errors_;
  SecretElements backwards(power_sums.rbegin(), power_sums.rend() - 1);  // [last - k] = S_k
  SecretElements current(last + 2), previous(last + 2), kept;
  current[0] = previous[0] = 1;
  Element previous_discrepancy = 1;
  std::size_t length = 0, previous_length = 0, shift = 1;
  for (std::size_t k = 1; k < last; k += 2, shift += 2) {
    if (k % 512 == 1) BELLOWS_TRY(context.check_cancelled());
    const Element discrepancy = kernel.dot(field_, current.data(), backwards.data() + (last - k), length + 1);
    if (discrepancy == 0) continue;
    const Element factor = kernel.multiply(field_, discrepancy, inverse(kernel, field_, previous_discrepancy));
    const bool longer = 2 * length < k;
    if (longer) {
      if (k - length > most_errors_) return SecretElements();
      kept.assign(current.begin(), current.begin() + static_cast<std::ptrdiff_t>(length + 1));
    }
    kernel.multiply_add(field_, current.data() + shift, previous.data(), factor, previous_length + 1);
    if (longer) {
      std::copy(kept.begin(), kept.end(), previous.begin());
      previous_length = length;
      previous_discrepancy = discrepancy;
      length = k - length;
      shift = 0;
    }
  }
  if (current[length] == 0) return SecretElements();
  current.resize(length + 1);
  return current;
}

// Whether a polynomial divides z^(2^w) - z, the product of all z - x: w squarings modulo it. Requires degree >= 1 and a
// leading coefficient that is not 0.
bool BchCode::has_all_roots(const SecretElements& polynomial) const {
  const BchKernel& kernel = chosen_bch_kernel();
  const std::size_t degree = polynomial.size() - 1;
  if (degree == 1) return true;
  // z^degree = sum of tail[k] z^k; from it z^k for k up to 2 degree - 2, row after row.
  const Element scale = inverse(kernel, field_, polynomial[degree]);
  SecretElements tail(degree), powers((degree - 1) * degree);
  for (std::size_t k = 0; k < degree; ++k) tail[k] = kernel.multiply(field_, polynomial[k], scale);
  for (std::size_t row = 0; row + 1 < degree; ++row) {
    Element* power = powers.data() + row * degree;
    if (row == 0) {
      std::copy(tail.begin(), tail.end(), power);
      continue;
    }
    const Element* last = power - degree;
    std::copy(last, last + degree - 1, power + 1);
    kernel.multiply_add(field_, power, tail.data(), last[degree - 1], degree);
  }
  SecretElements current(degree), squared(degree);
  current[1] = 1;
  for (unsigned i = 0; i < field_.bits; ++i) {
    std::fill(squared.begin(), squared.end(), 0);
    for (std::size_t k = 0; k < degree; ++k) {
      if (current[k] == 0) continue;
      const Element square = kernel.multiply(field_, current[k], current[k]);
      if (2 * k < degree)
        squared[2 * k] ^= square;
      else
        kernel.multiply_add(field_, squared.data(), powers.data() + (2 * k - degree) * degree, square, degree);
    }
    std::swap(current, squared);
  }
  current[1] ^= 1;
  return std::all_of(current.begin(), current.end(), [](Element e) { return e == 0; });
}

Result<std::optional<std::vector<std::uint32_t>>> BchCode::find_errors(bits::BitView difference,
                                                                       const Context& context) const {
  using Places = std::optional<std::vector<std::uint32_t>>;
  BELLOWS_CHECK(difference.size_bits == syndrome_bits(), "syndromes of another code");
  const BchKernel& kernel = chosen_bch_kernel();
  SecretElements power_sums(2 * most_errors_ + 1);
  bool differ = false;
  for (std::uint64_t i = 0; i < most_errors_; ++i) {
    power_sums[2 * i + 1] = static_cast<Element>(difference.word_at_bit(i * field_.bits) & bits::low_mask(field_.bits));
    differ = differ || power_sums[2 * i + 1] != 0;
  }
  if (!differ) return Places(std::in_place);
  for (std::uint64_t k = 2; k <= 2 * most_errors_; k += 2)
    power_sums[k] = kernel.multiply(field_, power_sums[k / 2], power_sums[k / 2]);
  BELLOWS_ASSIGN(auto locator_polynomial, locator(power_sums, context));
  if (locator_polynomial.empty()) return Places();
  const std::size_t errors = locator_polynomial.size() - 1;

  // Backwards, its roots are the elements themselves: all elements are tried, coset by coset. With few errors it is
  // cheaper to see first whether it has as many.
  std::reverse(locator_polynomial.begin(), locator_polynomial.end());
  if (errors * errors <= std::size_t{1} << field_.bits >> 2 && !has_all_roots(locator_polynomial)) return Places();
  const unsigned levels = levels_for(errors + 1, field_);
  TransformTables own;
  if (levels != tables_.levels) own = make_transform_tables(field_, levels);
  const TransformTables& tables = levels == tables_.levels ? tables_ : own;
  SecretElements polynomial(tables.size());
  std::copy(locator_polynomial.begin(), locator_polynomial.end(), polynomial.begin());
  kernel.to_novel(tables, polynomial.data());
  const unsigned workers = std::max(1u, context.thread_count);
  std::vector<SecretElements> values(workers);
  std::vector<std::vector<std::uint32_t>> found(workers);
  BELLOWS_TRY(over_cosets(tables, length_bits_, context, [&](std::uint64_t coset, unsigned worker) {
    SecretElements& value = values[worker];
    value.assign(polynomial.begin(), polynomial.end());
    kernel.evaluate(tables, value.data(), coset);
    const std::uint64_t first = coset << tables.levels;
    for (std::uint64_t i = 0; i < tables.size(); ++i)
      if (value[i] == 0 && first + i >= 1 && first + i <= length_bits_)
        found[worker].push_back(static_cast<std::uint32_t>(first + i - 1));
  }));
  std::vector<std::uint32_t> places;
  for (const auto& some : found) places.insert(places.end(), some.begin(), some.end());
  if (places.size() != errors) return Places();
  std::sort(places.begin(), places.end());
  return Places(std::move(places));
}

}  // namespace bellows::ecc
