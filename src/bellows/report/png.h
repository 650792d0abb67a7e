#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bellows/base/file.h"
#include "bellows/bits/bit_string.h"

namespace bellows::report {

/// Bits as a black and white PNG of the given width, row by row, 1 is white; a last row that is not full ends black.
/// Errors: usage: width 0, no bits, or more than 2^31 rows; internal: the library's word.
Result<std::string> encode_png_bits(bits::BitView bits, std::uint64_t width);

/// Eight-bit pixels, three (RGB) or four (RGBA) bytes each.
struct Picture {
  std::uint32_t width = 0, height = 0;
  unsigned channels = 3;
  std::vector<std::uint8_t> bytes;
};
Result<std::string> encode_png(const Picture& picture);

/// Any PNG, as RGB. Errors: bad_input: unreadable, not a PNG, damaged, or over 2^28 pixels.
Result<Picture> read_png(const Path& path);

}  // namespace bellows::report
