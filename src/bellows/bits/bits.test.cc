#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>

#include "bellows/bits/bit_file.h"
#include "bellows/bits/bit_string.h"
#include "bellows/bits/cpu.h"
#include "bellows/bits/crc32c.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::bits {
namespace {

const std::uint64_t awkward_sizes[] = {0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 131, 257, 1025};

BitString random_bits(std::uint64_t size_bits, std::mt19937_64& random) {
  BitString bits(size_bits);
  for (std::uint64_t i = 0; i < bits.size_words(); ++i) bits.words()[i] = random();
  bits.trim();
  return bits;
}

TEST(BitString, CopyBitsAgainstBitByBit) {
  std::mt19937_64 random(1);
  for (std::uint64_t size : awkward_sizes)
    for (std::uint64_t position : {0, 1, 31, 63, 64, 65, 100}) {
      BitString from = random_bits(size, random), to = random_bits(size + position + 70, random), naive = to;
      for (std::uint64_t i = 0; i < size; ++i) naive.set(position + i, from[i]);
      copy_bits(from, to.words(), position);
      EXPECT_EQ(to, naive) << size << " at " << position;
    }
}

TEST(BitString, AppendAndWordAtBit) {
  std::mt19937_64 random(2);
  BitString all, naive(0);
  for (std::uint64_t size : awkward_sizes) {
    BitString piece = random_bits(size, random);
    BitString longer(naive.size_bits() + size);
    for (std::uint64_t i = 0; i < longer.size_bits(); ++i)
      longer.set(i, i < naive.size_bits() ? naive[i] : piece[i - naive.size_bits()]);
    naive = longer;
    all.append(piece);
    ASSERT_EQ(all, naive);
  }
  for (std::uint64_t position = 0; position < all.size_bits() + 3; position += 13) {
    std::uint64_t expected = 0;
    for (std::uint64_t i = 0; i < 64 && position + i < all.size_bits(); ++i)
      expected |= std::uint64_t{all[position + i]} << i;
    EXPECT_EQ(all.view().word_at_bit(position), expected);
  }
}

TEST(Crc32c, KnownAnswerOnEveryKernel) {  // RFC 3720, appendix B.4, and the check value of the Castagnoli CRC
  std::mt19937_64 random(3);
  std::vector<std::byte> bytes(50000);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random());
  force_kernel(Kernel::portable);
  std::uint32_t long_answer = crc32c(bytes);
  for (Kernel kernel : all_kernels) {
    if (!kernel_is_available(kernel)) continue;
    force_kernel(kernel);
    EXPECT_EQ(crc32c(std::as_bytes(std::span("123456789", 9))), 0xe3069283u) << kernel_name(kernel);
    std::vector<std::byte> zeros(32);
    EXPECT_EQ(crc32c(zeros), 0x8a9136aau) << kernel_name(kernel);
    EXPECT_EQ(crc32c(bytes), long_answer) << kernel_name(kernel);
    EXPECT_EQ(crc32c(std::span(bytes).subspan(20001), crc32c(std::span(bytes).first(20001))), long_answer)
        << kernel_name(kernel);
  }
  unforce_kernel();
}

TEST(Cpu, ForcedKernelByName) {
  ::setenv("BELLOWS_KERNEL", "portable", 1);
  EXPECT_EQ(*chosen_kernel(), Kernel::portable);
  ::setenv("BELLOWS_KERNEL", "avx1024", 1);
  EXPECT_EQ(chosen_kernel().error().code, ErrorCode::usage);
  ::unsetenv("BELLOWS_KERNEL");
  EXPECT_TRUE(kernel_is_available(*chosen_kernel()));
}

class BitFileTest : public ::testing::Test {
 protected:
  bellows::testing::TempFolder folder_;
  Path path_ = folder_.path() / "x.bits";
  std::string contents() { return *read_text_file(path_); }
  void put(const std::string& bytes) { ASSERT_TRUE(write_text_file(path_, bytes, private_file_mode, true).ok()); }
};

TEST_F(BitFileTest, GoesRound) {
  std::mt19937_64 random(4);
  for (auto kind : {BitFileKind::secret, BitFileKind::with_digest})
    for (std::uint64_t size : awkward_sizes) {
      BitString bits = random_bits(size, random);
      ASSERT_TRUE(write_bit_file(path_, bits, kind, true).ok());
      auto back = read_bit_file(path_);
      ASSERT_TRUE(back.ok()) << back.error().describe();
      EXPECT_EQ(back->bits, bits);
      EXPECT_EQ(back->kind, kind);
    }
}

TEST_F(BitFileTest, EveryChangedByteOfASeedFileIsNoticed) {
  std::mt19937_64 random(5);
  ASSERT_TRUE(write_bit_file(path_, random_bits(100, random), BitFileKind::with_digest).ok());
  std::string good = contents();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x40);
    put(bad);
    auto result = read_bit_file(path_);
    ASSERT_FALSE(result.ok()) << "byte " << i;
    EXPECT_EQ(result.error().code, ErrorCode::bad_input);
    EXPECT_EQ(result.error().file, path_.string());
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    put(good.substr(0, size));
    EXPECT_FALSE(read_bit_file(path_).ok()) << "cut to " << size;
  }
  put(good + "x");
  EXPECT_FALSE(read_bit_file(path_).ok());
}

TEST_F(BitFileTest, ALyingCountAsksForNoMemory) {
  std::mt19937_64 random(6);
  ASSERT_TRUE(write_bit_file(path_, random_bits(100, random), BitFileKind::secret).ok());
  std::string bad = contents();
  std::uint64_t huge = std::uint64_t{1} << 59;
  std::memcpy(bad.data() + 16, &huge, 8);
  put(bad);
  EXPECT_EQ(read_bit_file(path_).error().code, ErrorCode::bad_input);
}

TEST_F(BitFileTest, RawFiles) {
  put(std::string("\x01\x80", 2));
  EXPECT_TRUE(read_bit_file(path_, RawBits{.size_bits = 16})->bits[0]);
  EXPECT_TRUE(read_bit_file(path_, RawBits{.size_bits = 16})->bits[15]);
  EXPECT_TRUE(read_bit_file(path_, RawBits{.size_bits = 16, .msb_first = true})->bits[7]);
  EXPECT_TRUE(read_bit_file(path_, RawBits{.size_bits = 16, .msb_first = true})->bits[8]);
  EXPECT_FALSE(read_bit_file(path_, RawBits{.size_bits = 17}).ok());
  EXPECT_EQ(read_raw_bits("/dev/zero", RawBits{.size_bits = 1000})->size_bits(), 1000u);
}

}  // namespace
}  // namespace bellows::bits
