#include "bellows/cli/console.h"

#include <gtest/gtest.h>

namespace bellows::cli {
namespace {

TEST(Console, NumbersForPeople) {
  EXPECT_EQ(with_si_prefix(0), "0 ");
  EXPECT_EQ(with_si_prefix(999), "999 ");
  EXPECT_EQ(with_si_prefix(1342177280), "1.34 G");
  EXPECT_EQ(readable_duration(0.25), "250 ms");
  EXPECT_EQ(readable_duration(61), "1 min 01 s");
  EXPECT_EQ(readable_duration(3671), "1 h 01 min");
}

}  // namespace
}  // namespace bellows::cli
