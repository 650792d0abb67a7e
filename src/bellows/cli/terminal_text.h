#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace bellows::cli {

/// Writes all of the text and no more; what a closed pipe or a full disk does not take is lost (ferror() tells). The
/// program must end with its own exit code also where nobody listens.
void write_text(std::FILE* to, std::string_view text);

/// The reader of the pipe on standard output went away, as `head` does: no error, and nothing to say.
bool nobody_listens();
/// Writes what is held back for standard output. False: something of it was lost though somebody listens (a full disk).
bool finish_stdout();

/// For a terminal: control characters but line ends and tabs become '?', and so do the characters of Unicode that hide
/// or reorder text; of our own colours nothing changes. File
/// names, metadata and files of others must not move the cursor, hide text or set titles. The console's lines are so.
std::string terminal_text(std::string_view text);
/// The same, and line ends and colours too: for one value in a line, which must not forge another line.
std::string terminal_word(std::string_view text);

/// Columns of the terminal on standard output, 80 where it is none.
unsigned stdout_columns();
/// The text, without colours, in lines of at most so many characters, cut between words; all but the first begin with
/// `indent` spaces. A word that is longer than a line stays whole.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns, std::size_t indent = 0);

}  // namespace bellows::cli
