#include "bellows/ecc/reed_solomon.h"

#include <algorithm>
#include <bit>

#include "bellows/base/check.h"

namespace bellows::ecc {

ReedSolomonCode::ReedSolomonCode(ElementField field, std::uint32_t length)
    : field_(field),
      length_(length),
      kernel_(chosen_bch_kernel()),
      tables_(make_transform_tables(field, static_cast<unsigned>(std::bit_width(length)))) {
  BELLOWS_CHECK(length < std::uint64_t{1} << field.bits, "rows longer than the field");
}

SecretElements ReedSolomonCode::syndromes(std::span<const Element> row, std::uint32_t count) const {
  BELLOWS_CHECK(row.size() == length_, "a row of another length");
  // The transpose of "evaluate a polynomial at all elements".
  SecretElements sums(tables_.size());
  std::copy(row.begin(), row.end(), sums.begin() + 1);
  kernel_.evaluate_transposed(tables_, sums.data(), 0);
  kernel_.to_novel_transposed(tables_, sums.data());
  sums.resize(count);
  return sums;
}

// The first `terms` coefficients.
SecretElements ReedSolomonCode::product(const SecretElements& a, const SecretElements& b, std::size_t terms) const {
  SecretElements out(terms);
  for (std::size_t i = 0; i < std::min(a.size(), terms); ++i)
    if (a[i] != 0) kernel_.multiply_add(field_, out.data() + i, b.data(), a[i], std::min(b.size(), terms - i));
  return out;
}

SecretElements ReedSolomonCode::values_at_places(const SecretElements& polynomial) const {
  SecretElements values(tables_.size());
  std::copy(polynomial.begin(), polynomial.end(), values.begin());
  kernel_.to_novel(tables_, values.data());
  kernel_.evaluate(tables_, values.data(), 0);
  values.erase(values.begin());
  return values;
}

// Berlekamp and Massey: coefficients c_0 = 1, c_1 .. c_L of the shortest recursion sum c_i s_(n - i) = 0. Nothing if it
// is longer than half the sequence, for then it is not the only one.
std::optional<SecretElements> ReedSolomonCode::shortest_recursion(std::span<const Element> sequence) const {
  const std::size_t size = sequence.size();
  SecretElements backwards(sequence.rbegin(), sequence.rend());  // [size - 1 - n] = s_n
  SecretElements current(size + 2), previous(size + 2), kept;
  current[0] = previous[0] = 1;
  Element previous_discrepancy = 1;
  std::size_t length = 0, previous_length = 0, shift = 1;
  for (std::size_t n = 0; n < size; ++n, ++shift) {
    const Element discrepancy = kernel_.dot(field_, current.data(), backwards.data() + (size - 1 - n), length + 1);
    if (discrepancy == 0) continue;
    const Element factor = kernel_.multiply(field_, discrepancy, inverse(kernel_, field_, previous_discrepancy));
    const bool longer = 2 * length <= n;
    if (longer) {
      if (2 * (n + 1 - length) > size) return std::nullopt;
      kept.assign(current.begin(), current.begin() + static_cast<std::ptrdiff_t>(length + 1));
    }
    kernel_.multiply_add(field_, current.data() + shift, previous.data(), factor, previous_length + 1);
    if (longer) {
      std::copy(kept.begin(), kept.end(), previous.begin());
      previous_length = length;
      previous_discrepancy = discrepancy;
      length = n + 1 - length;
      shift = 0;
    }
  }
  current.resize(length + 1);
  return current;
}

std::optional<SecretElements> ReedSolomonCode::find_row(const SecretElements& syndromes,
                                                        const std::vector<std::uint32_t>& erased) const {
  SecretElements row(length_);
  const std::size_t count = syndromes.size();
  if (erased.size() > count) return std::nullopt;

  // The product of 1 - x_i z over the erased places; what it leaves of the syndromes, the other errors alone decide.
  SecretElements erasures(1, 1);
  for (std::uint32_t place : erased) {
    BELLOWS_CHECK(place < length_, "no such place in the row");
    const SecretElements before = erasures;
    erasures.push_back(0);
    kernel_.multiply_add(field_, erasures.data() + 1, before.data(), place + 1, before.size());
  }
  const SecretElements left = product(erasures, syndromes, count);
  auto errors = shortest_recursion(std::span(left).subspan(erased.size()));
  if (!errors) return std::nullopt;

  // Backwards, the roots are the elements of the places themselves.
  std::vector<bool> is_erased(length_);
  for (std::uint32_t place : erased) is_erased[place] = true;
  std::vector<std::uint32_t> places = erased;
  if (errors->size() > 1) {
    const SecretElements values = values_at_places(SecretElements(errors->rbegin(), errors->rend()));
    for (std::uint32_t i = 0; i < length_; ++i)
      if (!is_erased[i] && values[i] == 0) places.push_back(i);
  }
  if (places.size() != erased.size() + errors->size() - 1) return std::nullopt;

  // Forney: with M the product of z - x_i and N = sum of row[i] M / (z - x_i), row[i] = N(x_i) / M'(x_i).
  SecretElements all = product(erasures, *errors, places.size() + 1);
  SecretElements numerator = product(syndromes, all, places.size());
  std::reverse(all.begin(), all.end());
  std::reverse(numerator.begin(), numerator.end());
  SecretElements derivative(all.begin() + 1, all.end());
  for (std::size_t k = 1; k < derivative.size(); k += 2) derivative[k] = 0;
  const SecretElements above = values_at_places(numerator), below = values_at_places(derivative);
  for (std::uint32_t place : places)
    row[place] = kernel_.multiply(field_, above[place], inverse(kernel_, field_, below[place]));
  return row;
}

}  // namespace bellows::ecc
