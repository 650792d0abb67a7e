#include "bellows/cli/terminal_text.h"

#include <gtest/gtest.h>

namespace bellows::cli {
namespace {

TEST(TerminalText, ControlCharactersAreReplacedAndOurColoursAreNot) {
  EXPECT_EQ(terminal_text("two lines\n\tof text: \u00e4, \u2588"), "two lines\n\tof text: \u00e4, \u2588");
  EXPECT_EQ(terminal_text("\033[32mpassed\033[0m \033[1;31mfailed\033[0m"),
            "\033[32mpassed\033[0m \033[1;31mfailed\033[0m");
  EXPECT_EQ(terminal_text("\033[2J\033]0;title\007\033[8m\r\b\x7f"), "?[2J?]0;title??[8m???");
  EXPECT_EQ(terminal_text("\u009b2J\u00a0\xc2"), "?2J\u00a0\xc2");
  EXPECT_EQ(terminal_text(std::string_view("a\0b\033", 4)), "a?b?");
  EXPECT_EQ(terminal_word("run\nverdict: passed\033[32m"), "run?verdict: passed?[32m");
}

}  // namespace
}  // namespace bellows::cli
