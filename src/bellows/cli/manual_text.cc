#include "bellows/cli/manual_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace bellows::cli {
namespace {

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* verb) { return !verb->get_name().empty(); });
}

std::vector<std::string> flags_of(const CLI::Option& option) {
  std::vector<std::string> flags;
  for (const std::string& name : option.get_snames()) flags.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flags.push_back("--" + name);
  return flags;
}

/// The options of a verb and of its option groups, which CLI11 holds as parts without a name.
std::vector<const CLI::Option*> options_of(const CLI::App& verb) {
  std::vector<const CLI::Option*> options = verb.get_options();
  for (const CLI::App* group : verb.get_subcommands([](const CLI::App* part) { return part->get_name().empty(); }))
    for (const CLI::Option* option : options_of(*group)) options.push_back(option);
  return options;
}

/// For completion: these, and those of all parts of the verb (`qkd alice` ...), each name once.
std::vector<const CLI::Option*> options_to_complete(const CLI::App& verb) {
  std::vector<const CLI::Option*> options = options_of(verb);
  for (const CLI::App* part : verbs_of(verb))
    for (const CLI::Option* option : options_of(*part))
      if (std::none_of(options.begin(), options.end(),
                       [&](const CLI::Option* one) { return one->get_name() == option->get_name(); }))
        options.push_back(option);
  return options;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// "TEXT:{a,b}" -> "TEXT": the choices stand in the description already.
std::string value_name(const CLI::Option& option) {
  std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  return fmt::format("{}", fmt::join(words, between));
}

// ---- roff

std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

void roff_options(const CLI::App& app, std::string& out) {
  for (const CLI::Option* option : options_of(app)) {
    std::vector<std::string> flags = flags_of(*option);
    std::string head = flags.empty() ? fmt::format("\\fI{}\\fR", roff(option->get_name(true)))
                                     : fmt::format("\\fB{}\\fR", roff(joined(flags, ", ")));
    if (!flags.empty() && takes_value(*option)) head += fmt::format(" \\fI{}\\fR", roff(value_name(*option)));
    out += fmt::format(".TP\n{}\n{}", head, roff(option->get_description()));
    if (auto choices = choices_of(*option); !choices.empty()) out += fmt::format(" ({})", roff(joined(choices, ", ")));
    if (!option->get_default_str().empty() && takes_value(*option))
      out += fmt::format(" (default: {})", roff(option->get_default_str()));
    out += "\n";
  }
}

void roff_verb(const CLI::App& verb, const std::string& name, std::string& out) {
  std::string places;
  for (const CLI::Option* option : verb.get_options())
    if (flags_of(*option).empty())
      places += option->get_required() ? " " + option->get_name(true) : " [" + option->get_name(true) + "]";
  out += fmt::format(".SS bellows {}{}\n{}\n", roff(name), roff(places), roff(verb.get_description()));
  roff_options(verb, out);
  if (!verb.get_footer().empty()) out += fmt::format(".PP\n.nf\n{}\n.fi\n", roff(verb.get_footer()));
  for (const CLI::App* part : verbs_of(verb)) roff_verb(*part, name + " " + part->get_name(), out);
}

// ---- completion

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

// One line, and nothing that a description between brackets or colons would trip over.
std::string plain(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '[' || c == ']' || c == ':' || c == '`') c = ' ';
  return text;
}

std::string bash_script(const CLI::App& app) {
  std::vector<std::string> names;
  std::string flag_cases, value_cases;
  for (const CLI::App* verb : verbs_of(app)) {
    names.push_back(verb->get_name());
    std::vector<std::string> flags, words;
    for (const CLI::App* part : verbs_of(*verb)) words.push_back(part->get_name());
    for (const CLI::Option* option : options_to_complete(*verb)) {
      std::vector<std::string> own = flags_of(*option), choices = choices_of(*option);
      flags.insert(flags.end(), own.begin(), own.end());
      if (own.empty())
        words.insert(words.end(), choices.begin(), choices.end());
      else if (takes_value(*option))
        value_cases += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen {} -- \"$word\"); return ;;\n",
                                   joined(
                                       [&] {
                                         std::vector<std::string> places;
                                         for (const std::string& flag : own)
                                           places.push_back(verb->get_name() + "," + flag);
                                         return places;
                                       }(),
                                       "|"),
                                   choices.empty() ? std::string("-f") : "-W " + quoted(joined(choices, " ")));
    }
    flag_cases += fmt::format("    {}) flags={} words={} ;;\n", verb->get_name(), quoted(joined(flags, " ")),
                              quoted(joined(words, " ")));
  }
  return fmt::format(R"(# bash completion for bellows; made by `bellows completion bash`
_bellows() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" verb="${{COMP_WORDS[1]}}" flags words
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W {0} -- "$word")
    return
  fi
  case "$verb,$before" in
{2}  esac
  case "$verb" in
{1}    *) return ;;
  esac
  case "$word" in
    -*) mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"; compgen -f -- "$word") ;;
  esac
}}
complete -o filenames -F _bellows bellows
)",
                     quoted(joined(names, " ") + " --help --version"), flag_cases, value_cases);
}

std::string zsh_script(const CLI::App& app) {
  std::string verbs, cases;
  for (const CLI::App* verb : verbs_of(app)) {
    verbs += fmt::format("    {}\n", quoted(verb->get_name() + ":" + plain(verb->get_description())));
    std::string arguments;
    int place = 0;
    if (const auto parts = verbs_of(*verb); !parts.empty()) {
      std::vector<std::string> names;
      for (const CLI::App* part : parts) names.push_back(part->get_name());
      arguments += fmt::format(" \\\n        {}", quoted(fmt::format("{}:part:({})", ++place, joined(names, " "))));
    }
    for (const CLI::Option* option : options_to_complete(*verb)) {
      std::vector<std::string> flags = flags_of(*option), choices = choices_of(*option);
      std::string action = choices.empty() ? "_files" : "(" + joined(choices, " ") + ")";
      if (flags.empty()) {
        arguments += fmt::format(" \\\n        {}",
                                 quoted(fmt::format("{}:{}:{}", ++place, plain(option->get_name(true)), action)));
        continue;
      }
      for (const std::string& flag : flags)
        arguments += fmt::format(
            " \\\n        {}",
            quoted(fmt::format("{}[{}]{}", flag, plain(option->get_description()),
                               takes_value(*option) ? fmt::format(":{}:{}", plain(value_name(*option)), action) : "")));
    }
    cases += fmt::format("      {})\n        _arguments{}\n        ;;\n", verb->get_name(), arguments);
  }
  return fmt::format(R"(#compdef bellows
# zsh completion for bellows; made by `bellows completion zsh`
_bellows() {{
  local -a verbs
  verbs=(
{0}  )
  local context state line
  _arguments -C '1: :->verb' '*:: :->rest'
  case $state in
  verb) _describe 'verb' verbs ;;
  rest)
    case $words[1] in
{1}    esac
    ;;
  esac
}}
if [ "$funcstack[1]" = "_bellows" ]; then
  _bellows "$@"
else
  compdef _bellows bellows
fi
)",
                     verbs, cases);
}

std::string fish_script(const CLI::App& app) {
  std::string out = "# fish completion for bellows; made by `bellows completion fish`\n";
  for (const CLI::App* verb : verbs_of(app)) {
    out += fmt::format("complete -c bellows -n __fish_use_subcommand -f -a {} -d {}\n", verb->get_name(),
                       quoted(verb->get_description()));
    std::string seen = quoted("__fish_seen_subcommand_from " + verb->get_name());
    for (const CLI::App* part : verbs_of(*verb))
      out += fmt::format("complete -c bellows -n {} -f -a {} -d {}\n", seen, part->get_name(), quoted(part->get_description()));
    for (const CLI::Option* option : options_to_complete(*verb)) {
      std::vector<std::string> choices = choices_of(*option);
      std::string names;
      for (const std::string& name : option->get_snames()) names += " -s " + name;
      for (const std::string& name : option->get_lnames()) names += " -l " + name;
      if (names.empty()) {
        if (!choices.empty())
          out += fmt::format("complete -c bellows -n {} -a {}\n", seen, quoted(joined(choices, " ")));
        continue;
      }
      std::string value;
      if (takes_value(*option)) value = choices.empty() ? " -r" : " -x -a " + quoted(joined(choices, " "));
      out +=
          fmt::format("complete -c bellows -n {}{}{} -d {}\n", seen, names, value, quoted(option->get_description()));
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> choices_of(const CLI::Option& option) {
  std::string type = option.get_type_name();
  std::size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

std::string man_page(const CLI::App& app, const std::string& version) {
  std::string out = fmt::format(
      ".TH BELLOWS 1 \"\" \"bellows {}\" \"User Commands\"\n.SH NAME\nbellows \\- device-independent randomness "
      "amplification\n.SH SYNOPSIS\n.B bellows\n.I VERB\n.RI [ OPTIONS ]\n.br\n.B bellows\n.I VERB\n.B \\-\\-help\n.SH "
      "DESCRIPTION\n{}\n",
      roff(version), roff(app.get_description()));
  out += ".SH VERBS\n";
  for (const CLI::App* verb : verbs_of(app)) roff_verb(*verb, verb->get_name(), out);
  out +=
      ".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nran and refused: not certified, verification failed, a test "
      "failed\n.TP\n2\n"
      "usage: an option or a value on the command line\n.TP\n3\nbad input: a file that cannot be used, a full "
      "disk\n.TP\n4\n"
      "internal\n.TP\n130\nCtrl\\-C\n.SH ENVIRONMENT\n.TP\n.B NO_COLOR\nif set and not empty: no colour\n.TP\n.B "
      "BELLOWS_KERNEL\nportable, clmul, avx2, avx512 or gfni: the kernels to use instead of the best that the "
      "processor "
      "has\n";
  return out;
}

std::string completion_script(const CLI::App& app, Shell shell) {
  switch (shell) {
    case Shell::bash:
      return bash_script(app);
    case Shell::zsh:
      return zsh_script(app);
    case Shell::fish:
      return fish_script(app);
  }
  return {};
}

}  // namespace bellows::cli
