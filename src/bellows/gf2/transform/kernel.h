#pragma once

#include <cstddef>
#include <cstdint>

#include "bellows/gf2/transform/layout.h"

namespace bellows::gf2::transform {

/// What one thread needs beside the spectra: four planes of coefficients (coefficient_plane_bytes(), with 64 bytes before the
/// first one), and the scratch of one row.
struct BlockScratch {
  std::uint8_t* coefficients;
  std::size_t plane_bytes;  ///< from one plane to the next
  void* row;
  /// Null, or room for one spectrum: where the levels between rows write, if spectra go to memory that is far away. Values
  /// then pass the caches by.
  std::uint8_t* near_rows;
};

/// out[n] = sum over i < y_count of y[i] x[n + i] (added to what is there if `accumulate`), value by value; n < out_count,
/// and x_count = out_count + y_count - 1. A null x is zero; zeros may stand at both ends. out[n] may be one of the y.
struct SpectralSum {
  const std::uint8_t* const* x;
  std::size_t x_count;
  std::size_t scaled_x_count;  ///< the first so many x are multiplied by 3
  const std::uint8_t* const* y;
  std::size_t y_count;
  std::uint8_t* const* out;
  std::size_t out_count;
  bool accumulate;
  /// Null, or another sum to be added to this one before anything is written: as many of everything, without nulls, and its
  /// own `out` and `accumulate` are not looked at. out[n] may be one of its y as well.
  const SpectralSum* also = nullptr;
};

/// out[n] = sum over i of a[i] b[n - i], value by value; n < a_count + b_count - 1 <= largest_row_count. out[n] may be one
/// of the factors.
struct SpectralProduct {
  const std::uint8_t* const* a;
  std::size_t a_count;
  const std::uint8_t* const* b;
  std::size_t b_count;
  std::uint8_t* const* out;
};

/// Both are done piece by piece of a spectrum, so that threads can share them.
inline constexpr std::size_t units_per_row = 4;
inline constexpr std::size_t unit_bytes = row_bytes / units_per_row;

/// One instruction set's transforms. Spectra are opaque and differ between kernels; everything else is the same bits.
struct Kernel {
  const char* name;
  std::size_t row_scratch_bytes;

  /// Four planes of `size` <= rows * 2^16 coefficients, with the four of `addends` added if it is not null, become a spectrum
  /// of `rows` rows (spectrum_bytes(rows), 64-byte aligned).
  void (*forward_planes)(const std::uint8_t* const planes[4], const std::uint8_t* const* addends, std::size_t size,
                         int rows, std::uint8_t* spectrum, const BlockScratch& scratch);
  /// A polynomial over GF(2) of `size` <= 2 * rows * 2^16 bytes, sixteen bits a coefficient.
  void (*forward_bits)(const std::uint8_t* string, std::size_t size, int rows, std::uint8_t* spectrum,
                       const BlockScratch& scratch);
  /// Back to coefficients, in scratch.coefficients; the spectrum is destroyed.
  void (*inverse)(std::uint8_t* spectrum, int rows, const BlockScratch& scratch);
  /// XORs the first `count` coefficients of a product of two polynomials over GF(2) into a string of 2 (count + 1) bytes.
  void (*add_decoded)(const BlockScratch& scratch, std::size_t count, std::uint8_t* string);
  /// to ^= coefficients first .. first + size - 1, or 3 times them, of a plane that inverse() left.
  void (*add_coefficients)(std::uint8_t* to, const std::uint8_t* plane, std::size_t first, std::size_t size,
                           bool times_three);

  std::size_t (*sum_scratch_bytes)(std::size_t x_count, std::size_t y_count);
  void (*sum_of_products)(const SpectralSum& sum, std::size_t unit, void* scratch);
  std::size_t product_scratch_bytes;
  void (*product_of_chunks)(const SpectralProduct& product, std::size_t unit, void* scratch);

  /// The bits of a string in the other order; size a multiple of 64 bytes.
  void (*reverse_string)(std::uint8_t* to, const std::uint8_t* from, std::size_t size);
};

/// Of the active kernel set (bits/cpu.h).
const Kernel& active_kernel();

const Kernel& portable_kernel();
const Kernel& clmul_kernel();
const Kernel& avx2_kernel();
const Kernel& avx512_kernel();
const Kernel& gfni_kernel();

}  // namespace bellows::gf2::transform
