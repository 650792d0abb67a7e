#include "bellows/bits/bit_file.h"

#include <fmt/format.h>

#include <cstring>

#include "bellows/base/plain_file.h"
#include "bellows/bits/bit_file_header.h"

namespace bellows::bits {
namespace {

std::uint8_t reversed(std::uint8_t byte) {
  std::uint8_t out = 0;
  for (int i = 0; i < 8; ++i) out = static_cast<std::uint8_t>(out << 1 | (byte >> i & 1));
  return out;
}

// Reads size_bits bits; grows in pieces so that a lying header cannot ask for more memory than the file has bytes.
Result<BitString> read_payload(const File& file, std::uint64_t size_bits, std::uint64_t payload_start_bytes) {
  constexpr std::uint64_t piece_bits = std::uint64_t{1} << 28;
  BELLOWS_ASSIGN(std::uint64_t file_bytes, file.size_bytes());
  std::uint64_t wanted_bytes = divide_up(size_bits, 8);
  auto too_short = [&](std::uint64_t got) {
    return bad_input("bit file ends early", file.path(), payload_start_bytes + got,
                     fmt::format("{} bytes of bits", wanted_bytes), fmt::format("{}", got));
  };
  bool regular = file_bytes > 0;
  if (regular && file_bytes - std::min(file_bytes, payload_start_bytes) < wanted_bytes)
    return too_short(file_bytes - std::min(file_bytes, payload_start_bytes));
  BitString bits(regular ? size_bits : std::min(size_bits, piece_bits));
  for (std::uint64_t done_bits = 0;;) {
    auto target = bits.writable_bytes().subspan(done_bits / 8);
    BELLOWS_ASSIGN(std::size_t got, file.read_some(target));
    if (got < target.size()) return too_short(done_bits / 8 + got);
    done_bits = bits.size_bits();
    if (done_bits == size_bits) break;
    BitString larger(std::min(size_bits, done_bits * 2));
    std::memcpy(larger.words(), bits.words(), done_bits / 8);
    bits = std::move(larger);
  }
  return bits;
}

}  // namespace

Digest payload_digest(const BitString& bits) { return sha256(bits.bytes()); }

Status write_bit_file(const Path& path, const BitString& bits, BitFileKind kind, bool overwrite) {
  BitFileHeader header{};
  std::memcpy(header.magic, bit_file_magic, sizeof header.magic);
  header.version = bit_file_version;
  header.size_bits = bits.size_bits();
  if (kind == BitFileKind::with_digest) {
    header.flags = bit_file_has_digest;
    Digest digest = payload_digest(bits);
    std::memcpy(header.digest, digest.bytes.data(), 32);
  }
  BELLOWS_ASSIGN(AtomicFile file, AtomicFile::create(path, private_file_mode, overwrite));
  BELLOWS_TRY(file.write(std::as_bytes(std::span(&header, 1))));
  BELLOWS_TRY(file.write(bits.bytes()));
  return file.commit();
}

Result<BitString> read_raw_bits(const Path& path, RawBits raw) {
  BELLOWS_ASSIGN(File file, open_plain_file(path));
  BELLOWS_ASSIGN(BitString bits, read_payload(file, raw.size_bits, 0));
  if (raw.msb_first)
    for (std::byte& byte : bits.writable_bytes()) byte = std::byte{reversed(static_cast<std::uint8_t>(byte))};
  bits.trim();
  return bits;
}

Result<BitFile> read_bit_file(const Path& path, std::optional<RawBits> raw) {
  if (raw) {
    BELLOWS_ASSIGN(BitString bits, read_raw_bits(path, *raw));
    return BitFile{std::move(bits), BitFileKind::secret};
  }
  BELLOWS_ASSIGN(File file, open_plain_file(path));
  BELLOWS_ASSIGN(BitFileHeader header, read_bit_file_header(file));
  BELLOWS_ASSIGN(BitString bits, read_payload(file, header.size_bits, sizeof header));
  std::byte extra{};
  BELLOWS_ASSIGN(std::size_t more, file.read_some(std::span(&extra, 1)));
  std::uint64_t end_bytes = sizeof header + bits.bytes().size();
  if (more != 0) return bad_input("bit file is longer than its header says", path, end_bytes, "the end", "more bytes");
  if (header.size_bits % 64 != 0) {
    std::uint64_t last = bits.words()[bits.size_words() - 1];
    if ((last & ~low_mask(header.size_bits % 64)) != 0)
      return bad_input("bits are set beyond the end", path, end_bytes - 1, "zeros after the last bit", "ones");
  }
  BitFile result{std::move(bits), header.flags & bit_file_has_digest ? BitFileKind::with_digest : BitFileKind::secret};
  if (result.kind == BitFileKind::with_digest) {
    Digest expected;
    std::memcpy(expected.bytes.data(), header.digest, 32);
    Digest found = payload_digest(result.bits);
    if (found != expected)
      return bad_input("bit file does not match its digest", path, offsetof(BitFileHeader, digest), expected.hex(),
                       found.hex());
  }
  return result;
}

}  // namespace bellows::bits
