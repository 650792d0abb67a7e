#include "bellows/extract/hasher.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <tuple>

#include "bellows/base/file.h"
#include "bellows/bits/cpu.h"
#include "bellows/extract/naive_hash.h"
#include "bellows/testing/shared_data.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::extract {
namespace {

bits::BitString random_bits(std::uint64_t size_bits, std::mt19937_64& random) {
  bits::BitString string(size_bits);
  for (std::uint64_t i = 0; i < string.size_words(); ++i) string.words()[i] = random();
  string.trim();
  return string;
}

std::uint64_t prime_above(std::uint64_t n) {
  for (++n;; ++n) {
    bool prime = n > 1;
    for (std::uint64_t d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
    if (prime) return n;
  }
}

HashShape shape_of(Family family, std::uint64_t raw_bits, std::uint64_t output_bits, std::uint64_t field_length) {
  HashShape shape{.family = family, .raw_bits = raw_bits, .output_bits = output_bits};
  if (family == Family::circulant) shape.circulant_bits = prime_above(raw_bits);
  if (family == Family::short_seed) shape.field_length = field_length;
  return shape;
}

const Family all_families[] = {Family::toeplitz, Family::circulant, Family::shift_matrix, Family::short_seed};

class HasherOnKernel : public ::testing::TestWithParam<bits::Kernel> {
 protected:
  void SetUp() override {
    if (!bits::kernel_is_available(GetParam())) GTEST_SKIP() << "this processor lacks " << bits::kernel_name(GetParam());
    bits::force_kernel(GetParam());
  }
  void TearDown() override { bits::unforce_kernel(); }
  std::mt19937_64 random_{7};

  // Through segments of odd lengths, against the definition, which is asked once: strings are the same for every kernel.
  void compare(const HashShape& shape) {
    const bits::BitString raw = random_bits(shape.raw_bits, random_);
    const bits::BitString seed = random_bits(seed_bits_needed(shape) + 5, random_);
    Hasher hasher = *Hasher::create(shape, seed);
    for (std::uint64_t start = 0; start < shape.raw_bits;) {
      const std::uint64_t count = std::min<std::uint64_t>(random_() % 700, shape.raw_bits - start);
      bits::BitString segment(count);
      for (std::uint64_t i = 0; i < count; ++i) segment.set(i, raw[start + i]);
      ASSERT_TRUE(hasher.absorb(segment).ok());
      start += count;
    }
    static std::map<std::tuple<Family, std::uint64_t, std::uint64_t>, std::array<bits::BitString, 3>> known;
    auto& [known_raw, known_seed, by_definition] = known[{shape.family, shape.raw_bits, shape.output_bits}];
    if (!(known_raw == raw && known_seed == seed)) known_raw = raw, known_seed = seed, by_definition = naive_hash(shape, raw, seed);
    EXPECT_EQ(*hasher.finish(), by_definition)
        << family_name(shape.family) << " " << shape.raw_bits << " to " << shape.output_bits;
  }
};

TEST_P(HasherOnKernel, EqualsTheDefinition) {
  for (Family family : all_families)
    for (std::uint64_t raw : {1, 63, 65, 257, testing::sanitized() ? 1100 : 2600})
      for (std::uint64_t out : {1, 2, 64, 65, 96, 480})
        if (out <= raw) compare(shape_of(family, raw, out, out <= 32 ? 1 : out <= 96 ? 3 : 15));
}

// Larger than one block of a transform, with several pieces, threads and a cut among processes.
TEST_P(HasherOnKernel, ThreadsAndPartsGiveTheSameBits) {
  for (Family family : all_families) {
    const HashShape shape = testing::sanitized() ? shape_of(family, 1'300'001, family == Family::short_seed ? 60'000 : 300'001, 4131)
                                                 : shape_of(family, 2'300'001, family == Family::short_seed ? 130'000 : 700'001, 4131);
    const bits::BitString raw = random_bits(shape.raw_bits, random_), seed = random_bits(seed_bits_needed(shape), random_);
    const bits::BitString expected = *hash(shape, raw, seed);
    EXPECT_TRUE(*hash(shape, raw, seed, Context{.thread_count = 3}) == expected) << family_name(family);
    for (std::uint64_t split : {std::uint64_t{64}, std::uint64_t{64 * 20000}}) {
      Hasher first = *Hasher::create(shape, seed), second = *Hasher::create(shape, seed);
      ASSERT_TRUE(first.absorb(raw.view().first(split)).ok());
      ASSERT_TRUE(first.absorb_zeros(shape.raw_bits - split).ok());
      ASSERT_TRUE(second.absorb_zeros(split).ok());
      ASSERT_TRUE(second.absorb({raw.words() + split / 64, shape.raw_bits - split}).ok());
      bits::BitString sum = *first.finish();
      const bits::BitString other = *second.finish();
      for (std::uint64_t i = 0; i < sum.size_words(); ++i) sum.words()[i] ^= other.words()[i];
      EXPECT_TRUE(sum == expected) << family_name(family) << " cut at " << split;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, HasherOnKernel, ::testing::ValuesIn(bits::all_kernels),
                         [](const auto& set) { return std::string(bits::kernel_name(set.param)); });

TEST(Hasher, RefusesShapesThatMakeNoSense) {
  std::mt19937_64 random(1);
  const bits::BitString seed = random_bits(10000, random);
  auto code = [&](const HashShape& shape) { return Hasher::create(shape, seed).error().code; };
  for (Family family : all_families) {
    EXPECT_EQ(code(shape_of(family, 0, 0, 1)), ErrorCode::usage);
    EXPECT_EQ(code(shape_of(family, 10, 0, 1)), ErrorCode::usage);
    EXPECT_EQ(code(shape_of(family, 10, 11, 1)), ErrorCode::usage);
    EXPECT_EQ(code(shape_of(family, 1000000, 10, 1215)), ErrorCode::bad_input);  // short seed
  }
  HashShape huge{.family = Family::toeplitz, .raw_bits = largest_size_bits + 1, .output_bits = 5};
  EXPECT_EQ(code(huge), ErrorCode::usage);
  // A size that is allowed and that no machine has the memory for: said before any of the seed is read.
  const HashShape large{.family = Family::toeplitz, .raw_bits = largest_size_bits, .output_bits = largest_size_bits / 2};
  const auto refused = Hasher::create(large, bits::BitView{nullptr, 2 * largest_size_bits});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::bad_input);
  EXPECT_EQ(refused.error().message, "not enough memory for the extraction");
  EXPECT_EQ(code(shape_of(Family::short_seed, 100, 33, 1)), ErrorCode::usage);
  EXPECT_EQ(code(shape_of(Family::short_seed, 100, 3, 2)), ErrorCode::usage);
  HashShape composite{.family = Family::circulant, .raw_bits = 100, .output_bits = 5, .circulant_bits = 105};
  EXPECT_EQ(code(composite), ErrorCode::usage);
  EXPECT_FALSE(hash(shape_of(Family::toeplitz, 100, 10, 0), random_bits(99, random), seed).ok());
}

std::string hex(bits::BitView string) {
  std::string text;
  for (std::uint64_t i = 0; i < string.size_bits; i += 8) {
    const auto byte = static_cast<unsigned>(string.word_at_bit(i) & 255);
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// The Python program in docs/short-seed-extractor.md is an implementation by another hand; it must agree.
TEST(Hasher, TheDocumentedReferenceAgrees) {
  const std::string page = *read_text_file(Path(BELLOWS_SOURCE_DIR) / "docs" / "short-seed-extractor.md");
  const std::string fence = "```python\n";
  const std::size_t begin = page.find(fence) + fence.size(), end = page.find("```", begin);
  ASSERT_NE(end, std::string::npos);
  std::mt19937_64 random(3);
  const HashShape shape = shape_of(Family::short_seed, 2222, 400, 15);
  const bits::BitString raw = random_bits(shape.raw_bits, random), seed = random_bits(seed_bits_needed(shape), random);
  bellows::testing::TempFolder folder;
  const std::string program = page.substr(begin, end - begin) + "raw, seed = bytes.fromhex('" + hex(raw) +
                              "'), bytes.fromhex('" + hex(seed) + "')\n" +
                              "print(''.join(map(str, short_seed(raw, seed, 15, 400))))\n";
  ASSERT_TRUE(write_text_file(folder.path() / "reference.py", program, private_file_mode, false).ok());
  const std::string command =
      "python3 " + (folder.path() / "reference.py").string() + " > " + (folder.path() / "out").string();
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no python3 here";
  std::string expected;
  const bits::BitString output = *hash(shape, raw, seed);
  for (std::uint64_t i = 0; i < 400; ++i) expected += output[i] ? '1' : '0';
  EXPECT_EQ(*read_text_file(folder.path() / "out"), expected + "\n");
}

TEST(Hasher, CanBeCancelled) {
  std::mt19937_64 random(2);
  CancelToken cancel;
  const bits::BitString seed = random_bits(200, random);
  Hasher hasher = *Hasher::create(shape_of(Family::toeplitz, 100, 10, 0), seed, Context{.cancel = &cancel});
  cancel.cancel();
  ASSERT_TRUE(hasher.absorb(random_bits(100, random)).ok());  // too little to start anything
  EXPECT_EQ(hasher.finish().error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace bellows::extract
