#pragma once

#include <cstdint>

#include "bellows/base/file.h"

namespace bellows::bits {

inline constexpr char bit_file_magic[8] = {'B', 'E', 'L', 'L', 'B', 'I', 'T', 'S'};
inline constexpr std::uint32_t bit_file_version = 1;
inline constexpr std::uint32_t bit_file_has_digest = 1;

/// The first 64 bytes of a `.bits` file, little-endian.
struct BitFileHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t flags;
  std::uint64_t size_bits;
  std::uint8_t digest[32];
  std::uint8_t reserved[8];
};
static_assert(sizeof(BitFileHeader) == 64);

/// Reads and checks the header; the file then stands at the first byte of bits.
/// Errors: bad_input: not a .bits file, cut inside the header, another version, unknown flags, reserved bytes set, an
///         impossible count, digest bytes in a file without digest.
Result<BitFileHeader> read_bit_file_header(const File& file);

}  // namespace bellows::bits
