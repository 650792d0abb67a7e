#include "bellows/gf2/streamed_window.h"

#include <gtest/gtest.h>

#include <random>

#include "bellows/bits/cpu.h"
#include "bellows/gf2/memory.h"
#include "bellows/testing/shared_data.h"

namespace bellows::gf2 {
namespace {

using Direction = WindowShape::Direction;

bits::BitString random_bits(std::uint64_t size_bits, std::mt19937_64& random) {
  bits::BitString string(size_bits);
  for (std::uint64_t i = 0; i < string.size_words(); ++i) string.words()[i] = random();
  string.trim();
  return string;
}

// 64 bits of a string from any place, with zeros around it.
std::uint64_t word_at(bits::BitView line, std::int64_t bit) {
  if (bit >= 0) return line.word_at_bit(static_cast<std::uint64_t>(bit));
  return bit <= -64 ? 0 : line.word_at_bit(0) << -bit;
}

StreamedWindow::Line line_of(bits::BitView line) {
  return [line](std::int64_t first_bit, std::uint64_t* words, std::size_t word_count) {
    for (std::size_t i = 0; i < word_count; ++i) words[i] = word_at(line, first_bit + static_cast<std::int64_t>(64 * i));
  };
}

bool bit_by_definition(const WindowShape& shape, bits::BitView line, const bits::BitString& x, std::uint64_t i) {
  std::uint64_t sum = 0;
  for (std::uint64_t j = 0; j < shape.x_bits; j += 64) {
    if (shape.direction == Direction::correlation) {
      sum ^= x.view().word(j / 64) & word_at(line, static_cast<std::int64_t>(i + j));
    } else {
      for (std::uint64_t b = 0; b < 64 && j + b < shape.x_bits; ++b)
        sum ^= std::uint64_t{x[j + b] && line[i + shape.x_bits - 1 - j - b]};
    }
  }
  return __builtin_parityll(sum);
}

class StreamedWindowOnKernel : public ::testing::TestWithParam<bits::Kernel> {
 protected:
  void SetUp() override {
    if (!bits::kernel_is_available(GetParam())) GTEST_SKIP() << "this processor lacks " << bits::kernel_name(GetParam());
    bits::force_kernel(GetParam());
  }
  void TearDown() override { bits::unforce_kernel(); }
};

TEST_P(StreamedWindowOnKernel, EqualsTheDefinition) {
  std::mt19937_64 random(1);
  struct Case { std::uint64_t x, out; };
  for (const Case& c : {Case{1, 1}, {70, 3}, {5000, 5000}, {524288, 1}, {524289, 2}, {1048576, 524289}, {3000001, 1700003}})
    for (Direction direction : {Direction::correlation, Direction::convolution})
      for (unsigned threads : {1u, 3u}) {
        if (threads > 1 ? c.x < 2000000 : c.x > 2000000 && testing::sanitized()) continue;
        const WindowShape shape{direction, c.x, c.out};
        const bits::BitString x = random_bits(c.x, random), line = random_bits(c.x + c.out - 1, random);
        StreamedWindow window(shape, line_of(line), Context{.thread_count = threads});
        for (std::uint64_t at = 0; at < c.x;) {  // segments of any length
          const std::uint64_t count = std::min<std::uint64_t>(random() % 400000, c.x - at);
          bits::BitString segment(count);
          for (std::uint64_t i = 0; i < segment.size_words(); ++i) segment.words()[i] = x.view().word_at_bit(at + 64 * i);
          ASSERT_TRUE(window.absorb(segment).ok());
          at += count;
        }
        const bits::BitString output = *window.finish();
        ASSERT_EQ(output.size_bits(), c.out);
        for (int check = 0; check < 8; ++check) {
          const std::uint64_t i = check == 0 ? 0 : check == 1 ? c.out - 1 : random() % c.out;
          ASSERT_EQ(output[i], bit_by_definition(shape, line, x, i)) << c.x << " to " << c.out << " at " << i;
        }
      }
}

TEST_P(StreamedWindowOnKernel, PartsAddUp) {
  std::mt19937_64 random(2);
  for (Direction direction : {Direction::correlation, Direction::convolution}) {
    const WindowShape shape{direction, 4000003, 900001};
    const bits::BitString x = random_bits(shape.x_bits, random);
    const bits::BitString line = random_bits(shape.x_bits + shape.output_bits - 1, random);
    StreamedWindow whole(shape, line_of(line), {});
    ASSERT_TRUE(whole.absorb(x).ok());
    const bits::BitString expected = *whole.finish();
    for (std::uint64_t split : {std::uint64_t{64}, std::uint64_t{640000}, std::uint64_t{2500032}}) {
      if (split < 2500032 && testing::sanitized()) continue;
      StreamedWindow first(shape, line_of(line), {}), second(shape, line_of(line), {});
      ASSERT_TRUE(first.absorb(x.view().first(split)).ok());
      ASSERT_TRUE(first.absorb_zeros(shape.x_bits - split).ok());
      ASSERT_TRUE(second.absorb_zeros(split).ok());
      ASSERT_TRUE(second.absorb({x.words() + split / 64, shape.x_bits - split}).ok());
      bits::BitString sum = *first.finish();
      const bits::BitString other = *second.finish();
      for (std::uint64_t i = 0; i < sum.size_words(); ++i) sum.words()[i] ^= other.words()[i];
      EXPECT_TRUE(sum == expected) << split;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, StreamedWindowOnKernel, ::testing::ValuesIn(bits::all_kernels),
                         [](const auto& set) { return std::string(bits::kernel_name(set.param)); });

TEST(StreamedWindow, MemoryStaysWithTheOutput) {
  const WindowShape shape{Direction::correlation, std::uint64_t{2684354560}, 20431465};
  for (unsigned threads : {1u, 2u}) EXPECT_LE(StreamedWindow::memory_bytes_needed(shape, threads), std::uint64_t{200} << 20);
}

TEST(Memory, SaysHowMuchIsNeeded) {
  EXPECT_TRUE(check_memory("a test", 4096).ok());
  const Status status = check_memory("a test", std::uint64_t{1} << 60);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::bad_input);
  EXPECT_EQ(status.error().expected, "1099511627776 MiB");
}

}  // namespace
}  // namespace bellows::gf2
