#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace bellows::cli {

/// The man page bellows(1) in roff, from the same help that --help prints.
std::string man_page(const CLI::App& app, const std::string& version);

enum class Shell { bash, zsh, fish };

/// A completion script: verbs, their options, the words that an option takes, files elsewhere.
std::string completion_script(const CLI::App& app, Shell shell);

/// The words in "TEXT:{a,b,c}", as CLI11 describes an option that takes one of a set; empty for others.
std::vector<std::string> choices_of(const CLI::Option& option);

}  // namespace bellows::cli
