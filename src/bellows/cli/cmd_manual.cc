#include <cstdio>

#include "bellows/cli/command.h"
#include "bellows/cli/terminal_text.h"
#include "bellows/cli/manual_text.h"

#ifndef BELLOWS_VERSION
#define BELLOWS_VERSION "unknown"
#endif

namespace bellows::cli {
namespace {

constexpr const char* manual = R"(Prints the man page bellows(1), made from the same help as --help. To read it:

  bellows manual | man -l -)";

}  // namespace

void add_manual(CommandLine& line) {
  CLI::App& verb = line.add_verb("manual", "the man page, made from the same help", manual);
  line.on_run(verb, [&line](Console& console) -> Result<Verdict> {
    std::string page = man_page(line.app(), BELLOWS_VERSION);
    if (console.json())
      console.result({{"roff", page}});
    else
      write_text(stdout, page);
    return Verdict::done;
  });
}

}  // namespace bellows::cli
