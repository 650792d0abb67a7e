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

TEST(TerminalText, NothingReordersOrHidesWhatIsRead) {
  EXPECT_EQ(terminal_text("a\u202egnp.exe\u2069\u200b\n"), "a?gnp.exe??\n");
  EXPECT_EQ(terminal_word("run\u2028verdict: passed\u00e4"), "run?verdict: passed\u00e4");
}

TEST(TerminalText, LinesAreCutBetweenWords) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrapped("short  line", 20), Lines{"short  line"});
  EXPECT_EQ(wrapped("S    2.5 and more words", 15, 5), (Lines{"S    2.5 and", "     more words"}));
  EXPECT_EQ(wrapped("\u00e4\u00e4\u00e4\u00e4\u00e4 \u00e4\u00e4\u00e4\u00e4", 10),
            (Lines{"\u00e4\u00e4\u00e4\u00e4\u00e4 \u00e4\u00e4\u00e4\u00e4"}));
  EXPECT_EQ(wrapped("a-word-that-is-longer than it", 10), (Lines{"a-word-that-is-longer", "than it"}));
  EXPECT_EQ(wrapped("", 10), Lines{""});
}

}  // namespace
}  // namespace bellows::cli
