#pragma once

#include <string>

#include "bellows/cli/command.h"

/// The programs of the papers, for the verb `bound`.
namespace bellows::cli {

/// `--paper`: all programs of one paper, solved, checked and compared with what is printed there.
/// In: size: settings for each party where the paper leaves them open, or 0; save: a new file, or empty.
Result<Verdict> run_paper(const std::string& paper, int size, const std::string& save, Console& console);

/// `--check` of a file that `--paper guess-radius --save` wrote; text is what the file holds.
Result<Verdict> check_radii(const std::string& text, const std::string& file, Console& console);

}  // namespace bellows::cli
