#include "bellows/bits/bit_file_header.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <span>

namespace bellows::bits {

Result<BitFileHeader> read_bit_file_header(const File& file) {
  const Path& path = file.path();
  BitFileHeader header{};
  BELLOWS_ASSIGN(std::size_t got, file.read_some(std::as_writable_bytes(std::span(&header, 1))));
  constexpr std::size_t magic_bytes = sizeof header.magic;
  if (got < magic_bytes || std::memcmp(header.magic, bit_file_magic, magic_bytes) != 0)
    return bad_input("not a .bits file (one without header is read where an option says so: see --help)", path, 0,
                     "magic BELLBITS", got < magic_bytes ? fmt::format("{} bytes", got) : "other bytes");
  if (got < sizeof header)
    return bad_input("bit file ends inside its header", path, got, "64 bytes of header", fmt::format("{}", got));
  if (header.version != bit_file_version)
    return bad_input("bit file of another version", path, offsetof(BitFileHeader, version),
                     fmt::format("{}", bit_file_version), fmt::format("{}", header.version));
  if ((header.flags & ~bit_file_has_digest) != 0)
    return bad_input("bit file with unknown flags", path, offsetof(BitFileHeader, flags), "0 or 1",
                     fmt::format("{}", header.flags));
  for (std::size_t i = 0; i < sizeof header.reserved; ++i)
    if (header.reserved[i] != 0)
      return bad_input("bit file with a reserved byte set", path, offsetof(BitFileHeader, reserved) + i, "0",
                       fmt::format("{}", header.reserved[i]));
  if (header.size_bits > std::uint64_t{1} << 60)
    return bad_input("bit file with an impossible count", path, offsetof(BitFileHeader, size_bits), "at most 2^60 bits",
                     fmt::format("{}", header.size_bits));
  if ((header.flags & bit_file_has_digest) == 0)
    for (std::size_t i = 0; i < sizeof header.digest; ++i)
      if (header.digest[i] != 0)
        return bad_input("bit file without digest has digest bytes", path, offsetof(BitFileHeader, digest) + i, "0",
                         fmt::format("{}", header.digest[i]));
  return header;
}

}  // namespace bellows::bits
