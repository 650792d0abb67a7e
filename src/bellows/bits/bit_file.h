#pragma once

#include <cstdint>
#include <optional>

#include "bellows/base/digest.h"
#include "bellows/base/file.h"
#include "bellows/bits/bit_string.h"

namespace bellows::bits {

/// The `.bits` format (docs/format-bits.md): a header of 64 bytes (magic "BELLBITS", version, flags, bit count,
/// digest), then ceil(count / 8) bytes, bit i in bit i mod 8 of byte i div 8, unused bits of the last byte zero. Seed
/// files carry the SHA-256 of their payload in the header; output and key files must not, because a digest of the
/// output destroys its uniformity.
enum class BitFileKind {
  secret,       ///< output, key: no digest
  with_digest,  ///< seed, settings: the payload's SHA-256 stands in the header and is checked on reading
};

/// How to read a file without a header.
struct RawBits {
  std::uint64_t size_bits = 0;
  bool msb_first = false;
};

struct BitFile {
  BitString bits;
  BitFileKind kind = BitFileKind::secret;
};

/// The digest that a seed file carries: SHA-256 of the payload bytes.
Digest payload_digest(const BitString& bits);

/// Whole bit file. Written whole or not at all, mode 0600.
Status write_bit_file(const Path& path, const BitString& bits, BitFileKind kind, bool overwrite = false);

/// In:     raw: set for a headerless file.
/// Errors: bad_input: unreadable; not a .bits file (magic); a newer version; cut or longer than its header says; digest
/// mismatch;
///         bits set beyond the end; a raw file shorter than asked.
Result<BitFile> read_bit_file(const Path& path, std::optional<RawBits> raw = std::nullopt);

/// The first size_bits bits of a pipe, device or file without header. Errors: bad_input: it ends before.
Result<BitString> read_raw_bits(const Path& path, RawBits raw);

}  // namespace bellows::bits
