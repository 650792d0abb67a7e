#pragma once

#include <cstdint>
#include <vector>

#include "bellows/trials/reader.h"

namespace bellows::trials {

/// One stretch of the raw string: an outcome plane of one party in one block.
struct RawPiece {
  std::uint64_t start_bit = 0;  ///< its place in the raw string; no multiple of anything in general
  bits::BitView bits;
};

/// The raw string that extraction works on, never copied as a whole: block by block, the outcome planes of party A
/// (lowest bit first), then of party B, and so on. Valid as long as its reader is. Thread safe.
class RawString {
 public:
  explicit RawString(const LogReader& reader);

  std::uint64_t size_bits() const { return start_bits_.back(); }
  std::uint64_t piece_count() const { return reader_->block_count() * planes_per_block_; }
  /// In: check: blocks are unchecked by default, because certification has read them all before.
  Result<RawPiece> piece(std::uint64_t number, BlockCheck check = BlockCheck::none) const;
  /// The piece that holds bit `position`. Requires position < size_bits().
  std::uint64_t piece_at(std::uint64_t position) const;
  /// Copies bits [start_bit, start_bit + count_bits) to the words at `to`, which start with the first of them; bits of
  /// the last word beyond count_bits become 0. What lies beyond the end of the string reads as 0.
  void read(std::uint64_t start_bit, std::uint64_t count_bits, std::uint64_t* to) const;
  /// Gives back the memory of the blocks that end before bit `position` (see LogReader::release).
  void release_before(std::uint64_t position) const;

 private:
  const LogReader* reader_;
  std::uint32_t planes_per_block_ = 0;
  std::vector<std::uint32_t> planes_;      // their numbers within a block
  std::vector<std::uint64_t> start_bits_;  // of each block, and the end
};

}  // namespace bellows::trials
