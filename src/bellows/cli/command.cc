#include "bellows/cli/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <new>
#include <sstream>
#include <vector>

#include "bellows/bits/cpu.h"
#include "bellows/cli/terminal_text.h"

#ifndef BELLOWS_VERSION
#define BELLOWS_VERSION "unknown"
#endif

namespace bellows::cli {
namespace {

/// Letters to change, leave out, put in or swap with their neighbour to make one word of the other.
std::size_t letters_apart(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

void print_error(const Error& error, const std::string& verb, bool json) {
  Error shown = error;
  for (std::string* part : {&shown.file, &shown.expected, &shown.got}) *part = terminal_word(*part);
  write_text(stderr, fmt::format("bellows{}{}: {}\n", verb.empty() ? "" : " ", verb, terminal_text(shown.describe())));
  if (!json) return;
  nlohmann::json document = {{"error", error_code_name(error.code)}, {"message", error.message}};
  if (!error.file.empty()) document["file"] = error.file;
  if (error.offset_bytes) document["offset_bytes"] = *error.offset_bytes;
  if (!error.expected.empty()) document["expected"] = error.expected;
  if (!error.got.empty()) document["got"] = error.got;
  write_text(stdout, document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

int cannot_write_stdout(const std::string& verb) {
  print_error(bad_input("cannot write to standard output"), verb, false);
  return exit_code(ErrorCode::bad_input);
}

}  // namespace

CommandLine::CommandLine()
    : app_("bellows: weak, biased, even public random bits and a Bell test in; private, certified random bits out",
           "bellows") {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", "bellows " BELLOWS_VERSION);
  app_.footer(
      "bellows VERB --help is the manual of a verb. Exit codes: 0 done; 1 ran and refused; 2 usage; 3 bad input; 4 "
      "internal; 130 Ctrl-C.");
}

CLI::App& CommandLine::add_verb(const std::string& name, const std::string& summary, const std::string& manual) {
  CLI::App* verb = app_.add_subcommand(name, summary);
  verb->footer(manual);
  verb->add_flag("--json", common_.json, "print the result as JSON, everything that the text shows and more");
  verb->add_flag("--quiet", common_.quiet, "no progress on standard error");
  verb->add_option("--threads", common_.thread_count, "threads to use; 0: all cores")->check(CLI::Range(0u, 1024u));
  return *verb;
}

void CommandLine::on_run(CLI::App& verb, std::function<Result<Verdict>(Console&)> run) {
  verb.callback([this, run = std::move(run)] { chosen_ = run; });
}

Status CommandLine::require_known_verb(int argc, const char* const* argv) const {
  if (argc < 2 || argv[1][0] == '-' || argv[1][0] == '\0') return {};
  const std::string wanted = argv[1];
  std::string nearest;
  std::size_t best = 3;  // more letters apart is another word
  for (const CLI::App* verb : app_.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string& name = verb->get_name();
    if (name == wanted) return {};
    const std::size_t apart = name.starts_with(wanted) ? 1 : letters_apart(name, wanted);
    if (apart < best && apart < name.size()) best = apart, nearest = name;
  }
  return usage_error("no such verb",
                     nearest.empty() ? "one of those in bellows --help" : fmt::format("{}, or another in bellows --help", nearest),
                     wanted);
}

int CommandLine::run(int argc, const char* const* argv) {
  install_signal_handlers();  // first: help and usage errors go into closed pipes too
  if (Status known = require_known_verb(argc, argv); !known.ok()) {
    print_error(known.error(), "", false);
    return exit_code(known.error().code);
  }
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;  // help or version, or what is wrong
    const int code = app_.exit(error, out, err);
    write_text(stdout, out.str());
    write_text(stderr, err.str());
    if (code != 0) return exit_code(ErrorCode::usage);
    return finish_stdout() ? 0 : cannot_write_stdout("");
  }
  std::string verb = app_.get_subcommands().empty() ? "" : app_.get_subcommands().front()->get_name();
  if (auto kernel = bits::chosen_kernel(); !kernel.ok()) {
    print_error(kernel.error(), verb, common_.json);
    return exit_code(kernel.error().code);
  }
  Console console(common_.json, common_.quiet, common_.thread_count);
  Result<Verdict> outcome = internal_error("the verb did not run");
  try {
    outcome = chosen_(console);
  } catch (const std::bad_alloc&) {
    outcome = bad_input("not enough memory for this input");
  } catch (const std::exception& error) {
    outcome = internal_error(fmt::format("unexpected exception: {}", error.what()));
  }
  console.finish_progress();
  if (!outcome.ok()) {
    print_error(outcome.error(), verb, common_.json);
    return exit_code(outcome.error().code);
  }
  if (!finish_stdout()) return cannot_write_stdout(verb);
  return static_cast<int>(*outcome);
}

}  // namespace bellows::cli
