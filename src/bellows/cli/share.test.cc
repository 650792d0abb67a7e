#include "bellows/cli/share.h"

#include <gtest/gtest.h>

namespace bellows::cli {
namespace {

std::optional<double> read(const std::string& text) {
  CLI::App verb;
  double share = -1;
  add_share(verb, "--noise", share, "");
  try {
    verb.parse("--noise=" + text);
  } catch (const CLI::ParseError&) {
    return std::nullopt;
  }
  return share;
}

TEST(Share, IsWrittenAsBiasesAre) {
  EXPECT_EQ(read("0.02"), 0.02);
  EXPECT_EQ(read("2%"), 0.02);
  EXPECT_EQ(read("99.9%"), 0.999);
  EXPECT_EQ(read("1/50"), 0.02);
  EXPECT_EQ(read("2e-2"), 0.02);
  EXPECT_EQ(read("-1"), -1.0);  // the range is the verb's
  for (const char* wrong : {"", "two", "nan", "inf", "2%%", "0.02x"}) EXPECT_FALSE(read(wrong)) << wrong;
}

TEST(Share, HasARange) {
  EXPECT_TRUE(check_share("noise", 0).ok());
  EXPECT_TRUE(check_share("noise", 1).ok());
  EXPECT_FALSE(check_share("noise", 1, false).ok());
  EXPECT_FALSE(check_share("noise", -0.01).ok());
  const Status two = check_share("noise", 2);
  ASSERT_FALSE(two.ok());
  EXPECT_EQ(two.error().code, ErrorCode::usage);
  EXPECT_NE(two.error().expected.find("2 per cent is written 2%"), std::string::npos);
}

}  // namespace
}  // namespace bellows::cli
