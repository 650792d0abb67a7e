#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bellows/base/file.h"
#include "bellows/trials/log.h"

namespace bellows::trials {

// The bytes of a trial log; docs/format-trials.md is the text of this file. Everything is little-endian, and the
// header, every plane and every record start at a multiple of 64 bytes.

inline constexpr char log_magic[8] = {'B', 'E', 'L', 'L', 'T', 'R', 'L', 'S'};
inline constexpr char block_magic[8] = {'T', 'R', 'I', 'A', 'L', 'B', 'L', 'K'};
inline constexpr char end_magic[8] = {'T', 'R', 'I', 'A', 'L', 'E', 'N', 'D'};
inline constexpr std::uint32_t log_version = 1;
inline constexpr std::uint64_t log_alignment_bytes = 64;
inline constexpr std::uint64_t largest_metadata_bytes = std::uint64_t{1} << 20;

struct FileHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t header_bytes;  ///< the whole header: this, the parties, the metadata, zeros, CRC-32C of all before it
  std::uint32_t party_count;
  std::uint32_t metadata_bytes;
  std::uint8_t reserved[8];
  std::uint8_t plan_digest[32];
};

struct BlockHeader {
  char magic[8];
  std::uint64_t index;
  std::uint64_t first_trial;
  std::uint64_t start_time_ns;
  std::uint64_t plane_bytes;  ///< bytes of one plane: the count in bytes, rounded up to 64
  std::uint32_t plane_count;
  std::uint32_t trial_count;
  std::uint8_t reserved[8];
  std::uint32_t planes_crc;
  std::uint32_t header_crc;  ///< of the 60 bytes before it
};

struct EndRecord {
  char magic[8];
  std::uint64_t block_count;
  std::uint64_t trial_count;
  std::uint8_t log_digest[32];
  std::uint8_t reserved[4];
  std::uint32_t record_crc;  ///< of the 60 bytes before it
};

static_assert(sizeof(FileHeader) == 64 && sizeof(BlockHeader) == 64 && sizeof(EndRecord) == 64);

/// Bytes of one plane of a block.
constexpr std::uint64_t plane_size_bytes(std::uint64_t trial_count) {
  return round_up(divide_up(trial_count, 8), log_alignment_bytes);
}

/// Errors: bad_input: a scenario that Scenario::check() refuses; metadata that is no object, longer than 1 MiB, or
/// nested deeper than 64.
Result<std::vector<std::byte>> encode_header(const LogHeader& header);

struct DecodedHeader {
  LogHeader header;
  std::uint64_t size_bytes = 0;
};

/// In:     bytes: the file from its start, whole or cut; file: for the messages.
/// Errors: bad_input: not a trial log; a newer version; cut; a checksum or a field that is wrong.
Result<DecodedHeader> decode_header(std::span<const std::byte> bytes, const Path& file);

BlockHeader make_block_header(const Scenario& scenario, std::uint64_t index, std::uint64_t first_trial,
                              std::uint64_t trial_count, std::uint64_t start_time_ns, std::uint32_t planes_crc);
EndRecord make_end_record(std::uint64_t block_count, std::uint64_t trial_count, const Digest& log_digest);

/// Whether the record's own checksum is right.
bool checksum_is_right(const BlockHeader& header);
bool checksum_is_right(const EndRecord& record);

}  // namespace bellows::trials
