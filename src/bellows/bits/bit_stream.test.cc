#include "bellows/bits/bit_stream.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "bellows/bits/bit_file.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::bits {
namespace {

BitString random_bits(std::uint64_t size_bits, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  BitString out(size_bits);
  for (std::uint64_t w = 0; w < out.size_words(); ++w) out.words()[w] = random();
  out.trim();
  return out;
}

void write(const Path& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// All bits, read in pieces of changing length.
Result<BitString> drain(BitStream& stream, std::uint64_t piece_bits) {
  BitString all;
  for (;; piece_bits += 17) {
    BitString piece(piece_bits);
    BELLOWS_ASSIGN(std::uint64_t got, stream.read(piece.words(), piece_bits));
    all.append(piece.view().first(got));
    if (got < piece_bits) return all;
  }
}

TEST(BitStream, GivesTheBitsOfAFileInPiecesOfAnyLength) {
  testing::TempFolder folder;
  for (std::uint64_t size : {0, 1, 7, 63, 64, 65, 131, 1025, 99999, 9000001}) {
    BitString bits = random_bits(size, size);
    for (BitFileKind kind : {BitFileKind::secret, BitFileKind::with_digest}) {
      Path path = folder.path() / "a.bits";
      ASSERT_TRUE(write_bit_file(path, bits, kind, true).ok());
      for (std::uint64_t piece : {1, 64, 1000, 10000000}) {
        if (piece < 1000 && size > 100000) continue;
        auto stream = BitStream::open(path, BitStreamFormat::bit_file);
        ASSERT_TRUE(stream.ok());
        EXPECT_EQ(stream->size_bits(), size);
        auto all = drain(*stream, piece);
        ASSERT_TRUE(all.ok()) << all.error().describe();
        EXPECT_TRUE(*all == bits) << size << " " << piece;
      }
    }
  }
}

TEST(BitStream, ReadsRawAndAsciiFiles) {
  testing::TempFolder folder;
  BitString bits = random_bits(16, 3);
  write(folder.path() / "raw", bits.bytes());
  auto stream = BitStream::open(folder.path() / "raw", BitStreamFormat::raw);
  EXPECT_TRUE(*drain(*stream, 5) == bits);
  stream = BitStream::open(folder.path() / "raw", BitStreamFormat::raw_msb_first);
  auto swapped = drain(*stream, 5);
  for (std::uint64_t i = 0; i < 16; ++i) EXPECT_EQ((*swapped)[i], bits[i / 8 * 8 + 7 - i % 8]);
  stream = BitStream::open(folder.path() / "raw", BitStreamFormat::raw, 11);
  EXPECT_EQ(drain(*stream, 64)->size_bits(), 11u);
  EXPECT_EQ(BitStream::open(folder.path() / "raw", BitStreamFormat::raw, 17).error().code, ErrorCode::bad_input);
  std::ofstream(folder.path() / "ascii") << "01\n 1 1\t0";
  stream = BitStream::open(folder.path() / "ascii", BitStreamFormat::ascii);
  auto digits = drain(*stream, 3);
  ASSERT_EQ(digits->size_bits(), 5u);
  EXPECT_EQ(digits->words()[0], 0b01110u);
  std::ofstream(folder.path() / "ascii") << "0101x";
  stream = BitStream::open(folder.path() / "ascii", BitStreamFormat::ascii);
  EXPECT_EQ(drain(*stream, 3).error().offset_bytes, 4u);
}

TEST(BitStream, NamesWhatIsWrongWithABitFile) {
  testing::TempFolder folder;
  Path path = folder.path() / "a.bits";
  ASSERT_TRUE(write_bit_file(path, random_bits(1001, 1), BitFileKind::with_digest).ok());
  std::string good = *read_text_file(path);
  auto attempt = [&](std::string content) -> Result<BitString> {
    write(path, std::as_bytes(std::span(content)));
    BELLOWS_ASSIGN(BitStream stream, BitStream::open(path, BitStreamFormat::bit_file));
    return drain(stream, 100);
  };
  EXPECT_TRUE(attempt(good).ok());
  EXPECT_NE(attempt(good.substr(0, 100)).error().message.find("ends early"), std::string::npos);
  EXPECT_NE(attempt(good + "x").error().message.find("longer"), std::string::npos);
  EXPECT_NE(attempt("x" + good).error().message.find("not a .bits file"), std::string::npos);
  std::string changed = good;
  changed[70] = static_cast<char>(changed[70] ^ 1);
  EXPECT_NE(attempt(changed).error().message.find("digest"), std::string::npos);
  changed = good;
  changed.back() = static_cast<char>(changed.back() | 0x80);
  EXPECT_NE(attempt(changed).error().message.find("beyond the end"), std::string::npos);
}

}  // namespace
}  // namespace bellows::bits
