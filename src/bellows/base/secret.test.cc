#include "bellows/base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bellows {
namespace {

TEST(Secret, MemoryIsAlignedAtEverySize) {
  for (std::size_t size : {std::size_t{1}, std::size_t{4097}, (std::size_t{8} << 20) - 1, std::size_t{8} << 20,
                           (std::size_t{9} << 20) + 3}) {
    SecretBytes bytes(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % 64, 0u);
    EXPECT_TRUE(std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; }));
    bytes.front() = bytes.back() = 1;
    bytes.resize(2 * size);  // across the size from which pages are large
    EXPECT_EQ(bytes.front(), 1);
    EXPECT_EQ(bytes[size], 0);
  }
}

TEST(Secret, Wiped) {
  std::uint8_t bytes[100];
  std::fill(std::begin(bytes), std::end(bytes), std::uint8_t{7});
  wipe(bytes + 1, 98);
  EXPECT_EQ(bytes[0], 7);
  EXPECT_EQ(bytes[99], 7);
  EXPECT_TRUE(std::all_of(bytes + 1, bytes + 99, [](std::uint8_t byte) { return byte == 0; }));
}

}  // namespace
}  // namespace bellows
