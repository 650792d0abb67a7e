#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "bellows/base/digest.h"
#include "bellows/base/file.h"
#include "bellows/bits/bit_string.h"

namespace bellows::bits {

enum class BitStreamFormat {
  bit_file,       ///< `.bits`, with header
  raw,            ///< bytes, first bit least significant
  raw_msb_first,  ///< bytes, first bit most significant
  ascii,          ///< digits 0 and 1; white space between them is skipped
};

/// Reads bits in order, in pieces of any length, from a file of any size or from a pipe; memory 1 MiB.
class BitStream {
 public:
  /// In:     path: "-" is standard input. limit_bits: read no more than that; an error if a raw file holds less.
  /// Errors: bad_input: unreadable; not a .bits file; cut, or longer than its header says; a raw file shorter than
  /// asked.
  static Result<BitStream> open(const Path& path, BitStreamFormat format,
                                std::optional<std::uint64_t> limit_bits = std::nullopt);

  /// Bits in all, where that can be known beforehand (not for pipes and ASCII digits).
  std::optional<std::uint64_t> size_bits() const { return size_bits_; }
  std::uint64_t position_bits() const { return position_bits_; }

  /// In:     dirty_words: room for count_bits; count_bits: any.
  /// Out:    bits read, fewer than asked only at the end; bits of the last word beyond them are 0.
  /// Errors: bad_input: a character that is no digit; a pipe that ends before limit_bits; at the end of a `.bits`
  ///         file, a digest that does not match, or bits set beyond the end.
  Result<std::uint64_t> read(std::uint64_t* dirty_words, std::uint64_t count_bits);

 private:
  Status refill();
  Status check_end();

  File file_;
  BitStreamFormat format_ = BitStreamFormat::raw;
  std::optional<std::uint64_t> size_bits_, limit_bits_;
  std::optional<Digest> digest_;
  Sha256 sha_;
  std::uint64_t position_bits_ = 0, file_offset_bytes_ = 0;
  SecretWords buffer_;                             // bits that were read from the file
  std::uint64_t buffer_bits_ = 0, used_bits_ = 0;  // valid, and already handed out
  bool at_end_ = false;
};

}  // namespace bellows::bits
