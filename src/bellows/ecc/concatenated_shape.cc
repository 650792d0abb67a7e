#include "bellows/ecc/concatenated_shape.h"

#include <algorithm>

namespace bellows::ecc {
namespace {

constexpr std::uint64_t most_places = (std::uint64_t{1} << 32) - 1;

// Empty places cost memory and win little beyond this.
std::uint64_t most_places_for(const ConcatenatedShape& shape) {
  return std::min(most_places, 4 * (shape.raw_bits + shape.block_bits()));
}

}  // namespace

std::uint64_t ConcatenatedShape::published_bits() const {
  std::uint64_t symbols = 0;
  for (std::uint32_t row : rows) symbols += row;
  return std::uint64_t{blocks} * check_bits + symbols * symbol_bits();
}

bool is_possible(const ConcatenatedShape& shape) {
  return shape.raw_bits >= 1 && shape.raw_bits <= most_places && shape.blocks >= 1 &&
         shape.element_bits >= fewest_element_bits && shape.element_bits <= most_element_bits &&
         shape.row_syndromes >= 1 && shape.row_syndromes <= most_symbol_bits &&
         shape.symbol_bits() <= most_symbol_bits && shape.blocks < std::uint64_t{1} << shape.symbol_bits() &&
         shape.places() >= shape.raw_bits && shape.places() <= most_places_for(shape) &&
         shape.check_bits <= most_check_bits && !shape.rows.empty() && shape.rows.size() <= most_rows &&
         2 * shape.most_block_errors() <= shape.block_bits() &&
         std::all_of(shape.rows.begin(), shape.rows.end(),
                     [&](std::uint32_t row) { return row >= 1 && row <= shape.blocks; });
}

}  // namespace bellows::ecc
