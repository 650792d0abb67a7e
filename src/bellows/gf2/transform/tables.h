#pragma once

#include <array>
#include <cstdint>

#include "bellows/gf2/field.h"

namespace bellows::gf2::transform {

// Every constant that the kernels need, computed once, outside of the kernels' files (an inline function of field.h that
// is called there would be compiled for one processor and might be linked for all). A kernel multiplies all bytes of a vector by one constant, or
// applies any GF(2)-linear map of bytes, in the form that suits its instructions:

/// A GF(2)-linear map of bytes, by the image of each bit.
using ByteMap = std::array<std::uint8_t, 8>;

/// For GFNI's affine instruction: row of output bit o in byte 7 - o.
using MatrixForm = std::uint64_t;
/// For byte shuffles: images of the low and of the high nibble.
struct NibbleForm {
  alignas(16) std::uint8_t low[16], high[16];
};
/// For plain C++.
struct ColumnForm {
  std::uint8_t image[8];
};

/// Constants for one form. Bytes may live in an internal basis of GF(2^8): kernels without a byte product keep them as
/// pairs of elements of GF(2^4), where products of two variables are sums of logarithms.
template <class Form>
struct Tables {
  Form multiplier[256];                 ///< by the constant c (c in the standard basis, data in the internal one)
  Form span_multiplier[128];            ///< by span[q] (below)
  Form to_internal, from_internal;      ///< change of basis
  Form encode[4][2];                    ///< plane p of an element from the two bytes of 16 polynomial coefficients
  Form decode[4][4];                    ///< [i][p]: byte i of the 32 coefficients of a product, from plane p
  Form reverse_bits;                    ///< bit i to bit 7 - i (no field in it)
  std::uint8_t lambda8_times[256];      ///< lambda8 c
  std::uint8_t internal[256];           ///< a constant in the internal basis
  alignas(16) std::uint8_t nibble_lane[4][16]; ///< twiddle part of index bits 4 .. 7 at levels 0 .. 3, in the internal basis
  alignas(64) std::uint8_t lane_low[8][256];   ///< twiddle part of index bits 8 .. 15 at level s, in the internal basis
  alignas(64) std::uint8_t lane_high[8][256];  ///< its GF(2^16) part
};

const Tables<MatrixForm>& matrix_tables();  // standard basis
const Tables<NibbleForm>& nibble_tables();  // GF(2^4) pairs
const Tables<ColumnForm>& column_tables();  // standard basis

/// Twiddles: at level s the block whose higher index bits are i_j (j > s) is shifted by sum_j i_j v_(j - s).
struct Twiddles {
  std::uint8_t span[128];           ///< sum_j q_j v_(1 + j): the part of the bits above, within a group of eight; in GF(2^8)
  std::uint16_t lane[8][256];         ///< part of the index bits 8 .. 15 at levels 0 .. 7; in GF(2^16)
  std::uint16_t lambda16_times[256];  ///< lambda16 e
  std::uint32_t row[256][16];         ///< part of the row number y (index bits 16 .. 23) at levels 0 .. 15
};
const Twiddles& twiddles();

/// Pairs over GF(2^4) = GF(2)[y] / (y^4 + y + 1): the byte h << 4 | l is h X + l with X^2 = X + nu.
inline constexpr std::uint8_t pair_nu = 8;

}  // namespace bellows::gf2::transform
