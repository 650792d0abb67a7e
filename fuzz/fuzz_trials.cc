// Trial logs: as they come, and with their checksums put right so that what lies behind them is reached too.
#include <cstring>
#include <vector>

#include "bellows/bits/crc32c.h"
#include "bellows/trials/log_format.h"
#include "bellows/trials/raw_string.h"
#include "bellows/trials/reader.h"
#include "memory_file.h"

namespace {

using namespace bellows;

void read_log(const std::vector<std::uint8_t>& bytes) {
  MemoryFile file(bytes.data(), bytes.size());
  auto reader = trials::LogReader::open(file.path());
  if (!reader.ok()) {
    BELLOWS_CHECK(reader.error().code == ErrorCode::bad_input, "bad bytes are bad input");
    return;
  }
  auto checked = reader->check({});
  trials::RawString raw(*reader);
  std::uint64_t ones = 0;
  for (std::uint64_t i = 0; i < raw.piece_count(); ++i) {
    auto piece = raw.piece(i, trials::BlockCheck::full);
    BELLOWS_CHECK(piece.ok() || !checked.ok(), "check() finds what block() finds");
    if (piece.ok()) ones += bits::count_ones(piece->bits);
  }
  if (raw.size_bits() > 0) {
    std::uint64_t words[3];
    raw.read(ones % raw.size_bits(), 150, words);
  }
  BELLOWS_CHECK(reader->is_complete() == reader->require_complete().ok(), "complete or not");
}

void put_right(std::vector<std::uint8_t>& bytes) {
  auto crc_at = [&](std::size_t from, std::size_t size, std::size_t to) {
    if (to + 4 > bytes.size() || from + size > bytes.size()) return;
    std::uint32_t crc = bits::crc32c(std::as_bytes(std::span(bytes).subspan(from, size)));
    std::memcpy(bytes.data() + to, &crc, 4);
  };
  if (bytes.size() < 64) return;
  std::uint32_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data() + 12, 4);
  if (header_bytes >= 68 && header_bytes <= bytes.size()) crc_at(0, header_bytes - 4, header_bytes - 4);
  for (std::size_t at = 64; at + 64 <= bytes.size(); at += 64) {
    if (std::memcmp(bytes.data() + at, trials::end_magic, 8) == 0) crc_at(at, 60, at + 60);
    if (std::memcmp(bytes.data() + at, trials::block_magic, 8) != 0) continue;
    trials::BlockHeader header;
    std::memcpy(&header, bytes.data() + at, sizeof header);
    if (header.plane_bytes < bytes.size() && header.plane_count < 1000)
      crc_at(at + 64, header.plane_bytes * header.plane_count, at + 56);
    crc_at(at, 60, at + 60);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> bytes(data, data + size);
  read_log(bytes);
  put_right(bytes);
  read_log(bytes);
  return 0;
}
