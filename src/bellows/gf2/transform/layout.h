#pragma once

#include <cstddef>
#include <cstdint>

namespace bellows::gf2::transform {

inline constexpr std::size_t row_points = 65536;
inline constexpr std::size_t row_bytes = 4 * row_points;
/// Rows of a spectrum stand a little further apart than their size, so that columns through them do not all meet in one
/// set of the cache.
inline constexpr std::size_t row_stride = row_bytes + 320;
/// The same for the rows of a plane of coefficients: coefficient e is byte (e mod 2^16) of row e / 2^16.
inline constexpr std::size_t coefficient_stride = row_points + 320;
/// 2^24 points: 2^28 bits of product. Longer strings go in chunks.
inline constexpr int largest_row_count = 256;

/// Rows enough for so many: levels between rows go by sixteens, if there are more than sixteen.
constexpr std::uint64_t good_row_count(std::uint64_t rows) { return rows > 16 ? (rows + 15) / 16 * 16 : rows; }

constexpr std::size_t coefficient_plane_bytes(int rows) {
  return static_cast<std::size_t>(rows) * coefficient_stride + 320;
}
constexpr std::size_t spectrum_bytes(int rows) { return static_cast<std::size_t>(rows) * row_stride; }

template <int value_>
struct Count {
  static constexpr int value = value_;
};
}  // namespace bellows::gf2::transform
