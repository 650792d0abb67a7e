#pragma once

#include <cstdint>
#include <vector>

#include "bellows/bits/bit_string.h"

/// GF(2^q) as polynomials modulo an irreducible trinomial, for the extractor that works in a field of its own.
namespace bellows::protocol {

struct Trinomial {
  std::uint64_t degree = 0;
  std::uint64_t middle = 0;  ///< x^degree + x^middle + 1
};

/// The fields that are used, by ascending degree. All are irreducible: for degree 2 * 3^i with middle 3^i by a theorem
/// (Lidl and Niederreiter, 3.75 applied to x^2 + x + 1), for prime degrees by the test x^(2^q) = x, which is_irreducible_of_prime_degree runs.
const std::vector<Trinomial>& field_trinomials();
/// The smallest with degree >= `bits`; degree 0 if there is none.
Trinomial field_for(std::uint64_t bits);

/// For a prime degree q: x^(2^q) = x modulo the trinomial, and no root in GF(2) (a trinomial has none). Then every irreducible factor
/// has a degree that divides q and is not 1.
/// Cost: q squarings.
bool is_irreducible_of_prime_degree(const Trinomial& field);

using FieldElement = bits::BitString;

/// Product modulo the trinomial; operands have `degree` bits.
FieldElement field_multiply(const Trinomial& field, const FieldElement& a, const FieldElement& b);
FieldElement field_square(const Trinomial& field, const FieldElement& a);

}  // namespace bellows::protocol
