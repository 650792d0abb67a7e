#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "bellows/base/result.h"
#include "bellows/cli/console.h"

namespace bellows::cli {

/// What ran, for the exit code: done (0) or a verdict of refusal (1) that is a normal result and was printed as such.
enum class Verdict { done = 0, refused = 1 };

/// The program's command line. A verb's file defines `void add_<verb>(CommandLine&)`, which calls add_verb() once:
///
///     void add_inspect(CommandLine& line) {
///       auto options = std::make_shared<Options>();
///       CLI::App& verb = line.add_verb("inspect", "show what a file holds", manual);
///       verb.add_option("FILE", options->file, "trial log or bit file")->required();
///       line.on_run(verb, [options](Console& console) -> Result<Verdict> { ... });
///     }
class CommandLine {
 public:
  CommandLine();

  /// In: summary: one line for the list of verbs; manual: the text under the options in `bellows <verb> --help`.
  /// Adds --json, --quiet and --threads, which every verb has.
  CLI::App& add_verb(const std::string& name, const std::string& summary, const std::string& manual);
  void on_run(CLI::App& verb, std::function<Result<Verdict>(Console&)> run);

  /// Parses, runs, prints errors; returns the exit code.
  int run(int argc, const char* const* argv);
  CLI::App& app() { return app_; }

 private:
  /// Errors: usage: a first word that is no verb; names the nearest one.
  Status require_known_verb(int argc, const char* const* argv) const;
  struct Common {
    bool json = false, quiet = false;
    unsigned thread_count = 0;
  };
  CLI::App app_;
  Common common_;
  std::function<Result<Verdict>(Console&)> chosen_;
};

}  // namespace bellows::cli
