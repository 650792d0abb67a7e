#include <cstdio>

#include "bellows/cli/command.h"
#include "bellows/cli/terminal_text.h"
#include "bellows/cli/manual_text.h"

namespace bellows::cli {
namespace {

constexpr const char* manual = R"(Prints a completion script for a shell: verbs, their options, the words that an
option takes. `make install` puts them where the shells look; by hand:

  bash: bellows completion bash > ~/.local/share/bash-completion/completions/bellows
  zsh:  bellows completion zsh > DIR/_bellows, with DIR in $fpath
  fish: bellows completion fish > ~/.config/fish/completions/bellows.fish)";

}  // namespace

void add_completion(CommandLine& line) {
  auto shell = std::make_shared<std::string>();
  CLI::App& verb = line.add_verb("completion", "completion script for bash, zsh or fish", manual);
  verb.add_option("SHELL", *shell, "which shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  line.on_run(verb, [shell, &line](Console& console) -> Result<Verdict> {
    Shell which = *shell == "bash" ? Shell::bash : *shell == "zsh" ? Shell::zsh : Shell::fish;
    std::string script = completion_script(line.app(), which);
    if (console.json())
      console.result({{"shell", *shell}, {"script", script}});
    else
      write_text(stdout, script);
    return Verdict::done;
  });
}

}  // namespace bellows::cli
