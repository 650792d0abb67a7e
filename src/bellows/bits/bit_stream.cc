#include "bellows/bits/bit_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "bellows/base/plain_file.h"
#include "bellows/bits/bit_file_header.h"

namespace bellows::bits {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

constexpr std::array<std::uint8_t, 256> reversed_bytes = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte)
    for (unsigned i = 0; i < 8; ++i) table[byte] = static_cast<std::uint8_t>(table[byte] | (byte >> i & 1) << (7 - i));
  return table;
}();

}  // namespace

Result<BitStream> BitStream::open(const Path& path, BitStreamFormat format, std::optional<std::uint64_t> limit_bits) {
  BitStream stream;
  stream.format_ = format;
  stream.limit_bits_ = limit_bits;
  BELLOWS_ASSIGN(stream.file_, open_plain_file(path == "-" ? Path("/dev/stdin") : path));
  BELLOWS_ASSIGN(std::uint64_t file_bytes, stream.file_.size_bytes());
  if (format == BitStreamFormat::bit_file) {
    BELLOWS_ASSIGN(BitFileHeader header, read_bit_file_header(stream.file_));
    stream.file_offset_bytes_ = sizeof header;
    std::uint64_t expected_bytes = sizeof header + divide_up(header.size_bits, 8);
    if (file_bytes != 0 && file_bytes != expected_bytes)
      return bad_input(file_bytes < expected_bytes ? "bit file ends early" : "bit file is longer than its header says",
                       path, std::min(file_bytes, expected_bytes), fmt::format("{} bytes in all", expected_bytes),
                       fmt::format("{}", file_bytes));
    if ((header.flags & bit_file_has_digest) != 0) {
      stream.digest_.emplace();
      std::memcpy(stream.digest_->bytes.data(), header.digest, sizeof header.digest);
    }
    stream.size_bits_ = header.size_bits;
  } else if (format != BitStreamFormat::ascii && file_bytes != 0) {
    stream.size_bits_ = file_bytes * 8;
  }
  if (limit_bits && stream.size_bits_) {
    if (*stream.size_bits_ < *limit_bits)
      return bad_input("bit file ends early", path, file_bytes, fmt::format("{} bits", *limit_bits),
                       fmt::format("{} bits", *stream.size_bits_));
    if (*limit_bits < *stream.size_bits_) stream.digest_.reset();  // not all of it will be seen
    stream.size_bits_ = limit_bits;
  }
  stream.buffer_.resize(buffer_bytes / 8 + 1);
  return stream;
}

Status BitStream::refill() {
  auto* bytes = reinterpret_cast<std::uint8_t*>(buffer_.data());
  used_bits_ = buffer_bits_ = 0;
  if (format_ == BitStreamFormat::ascii) {
    std::array<char, 1 << 16> text;
    while (buffer_bits_ == 0 && !at_end_) {
      BELLOWS_ASSIGN(std::size_t got, file_.read_some(std::as_writable_bytes(std::span(text))));
      at_end_ = got < text.size();
      std::fill(buffer_.begin(), buffer_.begin() + (1 << 10), 0);
      for (std::size_t i = 0; i < got; ++i) {
        char c = text[i];
        if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
        if (c != '0' && c != '1')
          return bad_input("not a digit of a bit", file_.path(), file_offset_bytes_ + i, "0, 1 or white space",
                           fmt::format("byte {}", static_cast<unsigned char>(c)));
        buffer_[buffer_bits_ / 64] |= std::uint64_t{c == '1'} << (buffer_bits_ % 64);
        ++buffer_bits_;
      }
      file_offset_bytes_ += got;
    }
    wipe(text.data(), text.size());
    return {};
  }
  BELLOWS_ASSIGN(std::size_t got, file_.read_some({reinterpret_cast<std::byte*>(bytes), buffer_bytes}));
  at_end_ = got < buffer_bytes;
  if (digest_) sha_.update({reinterpret_cast<const std::byte*>(bytes), got});
  file_offset_bytes_ += got;
  if (format_ == BitStreamFormat::raw_msb_first)
    for (std::size_t i = 0; i < got; ++i) bytes[i] = reversed_bytes[bytes[i]];
  buffer_bits_ = got * 8;
  return {};
}

Status BitStream::check_end() {
  if (size_bits_ && position_bits_ < *size_bits_)
    return bad_input("bit file ends early", file_.path(), file_offset_bytes_, fmt::format("{} bits", *size_bits_),
                     fmt::format("{} bits", position_bits_));
  if (limit_bits_ && position_bits_ < *limit_bits_)
    return bad_input("fewer bits than asked for", file_.path(), file_offset_bytes_, fmt::format("{}", *limit_bits_),
                     fmt::format("{}", position_bits_));
  if (format_ != BitStreamFormat::bit_file || (limit_bits_ && !digest_)) return {};
  for (; used_bits_ < buffer_bits_; ++used_bits_)
    if ((buffer_[used_bits_ / 64] >> (used_bits_ % 64) & 1) != 0)
      return bad_input("bits are set beyond the end", file_.path(), file_offset_bytes_ - 1, "zeros after the last bit",
                       "ones");
  if (digest_) {
    Digest found = sha_.finish();
    Digest expected = *digest_;
    digest_.reset();
    if (found != expected)
      return bad_input("bit file does not match its digest", file_.path(), offsetof(BitFileHeader, digest),
                       expected.hex(), found.hex());
  }
  return {};
}

Result<std::uint64_t> BitStream::read(std::uint64_t* dirty_words, std::uint64_t count_bits) {
  if (auto end = size_bits_ ? size_bits_ : limit_bits_) count_bits = std::min(count_bits, *end - position_bits_);
  std::fill_n(dirty_words, words_for(count_bits), 0);
  std::uint64_t done = 0;
  while (done < count_bits) {
    if (used_bits_ == buffer_bits_) {
      if (at_end_) break;
      BELLOWS_TRY(refill());
      continue;
    }
    BitView valid{buffer_.data(), buffer_bits_};
    // Up to 64 bits at a time, never across a word of the target.
    std::uint64_t room = std::min(count_bits - done, bits_per_word - done % bits_per_word);
    std::uint64_t here = std::min(room, buffer_bits_ - used_bits_);
    dirty_words[done / 64] |= (valid.word_at_bit(used_bits_) & low_mask(here)) << (done % 64);
    done += here;
    used_bits_ += here;
  }
  position_bits_ += done;
  bool all_read = size_bits_ && position_bits_ == *size_bits_;
  if (done < count_bits || all_read) BELLOWS_TRY(check_end());
  return done;
}

}  // namespace bellows::bits
