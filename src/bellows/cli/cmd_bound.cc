#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "bellows/base/file.h"
#include "bellows/bell/behaviour.h"
#include "bellows/bell/catalogue.h"
#include "bellows/bell/guess_radius.h"
#include "bellows/bell/local_bound.h"
#include "bellows/cli/bound_papers.h"
#include "bellows/cli/bound_words.h"
#include "bellows/cli/command.h"
#include "bellows/cli/terminal_text.h"

namespace bellows::cli {
namespace {

using namespace bellows::bell;
using nlohmann::json;

constexpr const char* manual = R"(What Bell expressions allow: local bounds by enumeration, quantum values of the known states, and no-signalling values
and guessing probabilities by linear programming. The solver only proposes; each no-signalling bound is checked in exact
rational arithmetic, and a box that reaches it is given where one was found ("tight").

  bellows bound four-party                          local, quantum and no-signalling values of an expression
  bellows bound four-party --event '00**@1000' --at-most 1/100 --save b.json
                                                    largest P(first two outcomes 0 | settings 1000) at expression <= 1/100
  bellows bound --paper majority-five               a paper's programs: majority-five, weight-seven, three-party,
                                                    four-outcomes, three-outcomes, four-weighted, three-weighted, chained,
                                                    guess-radius
  bellows bound --check b.json                      check a saved bound again, from the file alone
  bellows bound chsh --box box.txt                  its value at a box from a file; boxes that signal are refused

Expressions: chsh, chsh-losses, mdl:MU, chained:N, mermin:3, mermin:5, mermin:7, four-party, or --file FILE (plain text,
docs/format-functional.md). Events: outcomes@settings, party 1 first, * for any outcome.)";

struct Options {
  std::string expression, file, event, at_most, equal, save, check, paper, box;
  int size = 0;
  bool show = false;
};

Result<NoSignallingProgram> guessing_program(const Options& options, const Functional& f) {
  const Scenario& s = f.scenario;
  const std::size_t at = options.event.find('@');
  if (at == std::string::npos) return usage_error("--event takes outcomes@settings, for example 00**@1000");
  const std::string pattern = options.event.substr(0, at);
  auto setting = s.parse_setting(std::string_view(options.event).substr(at + 1));
  if (!setting) return usage_error("--event: " + setting.error().message);
  if (static_cast<int>(pattern.size()) != s.parties() || pattern.find_first_not_of("01*") != std::string::npos) {
    return usage_error("--event needs one of 0, 1, * for each of the " + std::to_string(s.parties()) + " parties");
  }
  std::vector<bool> accept(s.outcomes());
  for (std::size_t a = 0; a < accept.size(); ++a) {
    const std::string outcome = s.format_outcome(a);
    bool fits = true;
    for (std::size_t p = 0; p < pattern.size(); ++p) fits = fits && (pattern[p] == '*' || pattern[p] == outcome[p]);
    accept[a] = fits;
  }
  NoSignallingProgram program{outcome_event(s, *setting, accept), {}};
  for (const auto& [text, relation] : {std::pair{options.at_most, Relation::at_most}, std::pair{options.equal, Relation::equal}}) {
    if (text.empty()) continue;
    auto value = parse_rational(text);
    if (!value) return usage_error(value.error().message);
    program.constraints.push_back({f, relation, std::move(*value)});
  }
  return program;
}

Result<Verdict> check_file(const Options& options, Console& console) {
  BELLOWS_ASSIGN(const std::string text, read_text_file(options.check, std::uint64_t{1} << 28));
  if (is_guess_radii(text)) return check_radii(text, options.check, console);
  BELLOWS_ASSIGN(const SavedBound saved, parse_bound(text, options.check));
  auto bound = check_saved(saved);
  if (!bound) {
    if (bound.error().code != ErrorCode::refused) return bound.error();
    print_wrapped(console, "REFUSED: " + bound.error().message, 2);
    console.result({{"file", options.check}, {"accepted", false}, {"why", bound.error().message}});
    return Verdict::refused;
  }
  print_wrapped(console, "accepted: " + describe(saved.program) + " is at most " + sentence(*bound), 2);
  print_wrapped(console, "  the file's own title, which proves nothing: \"" + terminal_word(saved.title) + "\"", 6);
  json result = as_json(*bound);
  result["bounds"] = describe(saved.program);
  result["accepted"] = true;
  result["title"] = saved.title;
  result["file"] = options.check;
  console.result(result);
  return Verdict::done;
}

/// Values at the known state and measurements, in floating point.
std::optional<double> quantum_value(const Functional& f) {
  const std::size_t colon = f.name.find(':');
  const std::string kind = f.name.substr(0, colon);
  const int n = colon == std::string::npos ? 0 : std::atoi(f.name.c_str() + colon + 1);
  if (kind == "four-party") return f.value(four_party_experiment().behaviour().table);
  if (kind == "mermin") return f.value(ghz_experiment(n).value().behaviour().table);
  if (kind == "chained") return f.value(chained_experiment(n).value().behaviour().table);
  if (kind == "chsh") return 2.8284271247461903;
  if (kind == "chsh-losses") return 2 - 1.4142135623730951;
  return std::nullopt;
}

Result<Verdict> values_of(const Functional& f, bool named, Console& console) {
  json result = {{"expression", f.name}};
  console.print(f.name + ":");
  const SolveOptions solving{.context = console.context()};
  const auto local = local_bounds(f);
  if (local) {
    console.print(fmt::format("  local boxes:          {} to {}", brief(local->minimum), brief(local->maximum)));
    result["local"] = {{"minimum", format_rational(local->minimum)}, {"maximum", format_rational(local->maximum)}};
  } else {
    print_wrapped(console, "  local boxes:          not computed: " + local.error().message, 24);
  }
  if (const auto quantum = named ? quantum_value(f) : std::nullopt) {
    console.print(fmt::format("  quantum, known state: {:.12g} (floating point)", std::abs(*quantum) < 1e-12 ? 0.0 : *quantum));
    result["quantum"] = *quantum;
  }
  Functional negated = f;
  for (Rational& c : negated.coefficients) c = -c;
  BELLOWS_ASSIGN(const NoSignallingBound high, solve({f, {}}, solving));
  BELLOWS_ASSIGN(const NoSignallingBound low, solve({negated, {}}, solving));
  console.finish_progress();
  console.print(fmt::format("  no-signalling boxes:  {} to {}{}", brief(-low.bound.value), brief(high.bound.value),
                            low.tight() && high.tight() ? ", tight" : ""));
  result["no_signalling"] = {{"minimum", format_rational(-low.bound.value)}, {"maximum", format_rational(high.bound.value)},
                             {"tight", low.tight() && high.tight()}};
  console.result(result);
  return Verdict::done;
}

/// The value of an expression at a box that a file gives: the same text format, probabilities in the place of coefficients.
Result<Verdict> value_at_box(const Options& options, const Functional& f, Console& console) {
  BELLOWS_ASSIGN(const std::string text, read_text_file(options.box, std::uint64_t{1} << 28));
  BELLOWS_ASSIGN(const Functional box, parse_functional(text, options.box));
  if (box.scenario.settings() != f.scenario.settings()) return bad_input("the box has other parties or settings than the expression", options.box);
  if (const Status status = check_no_signalling(box.scenario, box.coefficients); !status.ok()) {
    Error error = status.error();
    error.file = options.box;
    return error;
  }
  const Rational value = f.value(box.coefficients);
  console.print(fmt::format("{} = {} ({}); the box does not signal", f.name, brief(value), decimals(value)));
  console.result({{"expression", f.name}, {"box", options.box}, {"value", format_rational(value)}, {"value_decimal", value.get_d()}});
  return Verdict::done;
}

Result<Verdict> run(const Options& options, Console& console) {
  const int subjects = !options.expression.empty() + !options.file.empty() + !options.check.empty() + !options.paper.empty();
  if (subjects != 1) return usage_error("give one of: an expression, --file, --paper, --check");
  if (!options.check.empty()) return check_file(options, console);
  if (!options.box.empty() && !options.event.empty()) return usage_error("--box and --event do not go together");
  if (!options.paper.empty()) return run_paper(options.paper, options.size, options.save, console);
  Functional f;
  if (!options.file.empty()) {
    BELLOWS_ASSIGN(const std::string text, read_text_file(options.file, std::uint64_t{1} << 28));
    BELLOWS_ASSIGN(f, parse_functional(text, options.file));
  } else {
    auto named = functional_by_name(options.expression);
    if (!named) return usage_error(named.error().message);
    f = std::move(*named);
  }
  if (options.show) {
    console.print(format_functional(f));
    console.result({{"expression", f.name}, {"text", format_functional(f)}});
    return Verdict::done;
  }
  if (!options.box.empty()) return value_at_box(options, f, console);
  if (options.event.empty()) {
    if (!options.save.empty() || !options.at_most.empty() || !options.equal.empty()) {
      return usage_error("--save, --at-most and --equal go with --event");
    }
    return values_of(f, options.file.empty(), console);
  }
  BELLOWS_ASSIGN(const NoSignallingProgram program, guessing_program(options, f));
  BELLOWS_ASSIGN(const NoSignallingBound bound, solve(program, {.context = console.context()}));
  console.finish_progress();
  std::string title = "P(" + options.event + ")";
  if (!options.at_most.empty()) title += " at " + f.name + " <= " + options.at_most;
  if (!options.equal.empty()) title += " at " + f.name + " = " + options.equal;
  print_wrapped(console, title + " is at most " + sentence(bound), 2);
  json result = as_json(bound);
  result["title"] = title;
  if (!options.save.empty()) {
    BELLOWS_TRY(write_text_file(options.save, format_bound(program, bound, title), public_file_mode, false));
    console.print("saved: " + options.save);
    result["saved"] = options.save;
  }
  console.result(result);
  return Verdict::done;
}

}  // namespace

void add_bound(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("bound", "values of Bell expressions and guessing bounds, with exact proofs", manual);
  verb.add_option("EXPRESSION", options->expression, "a Bell expression by name");
  verb.add_option("--file", options->file, "a Bell expression from a text file");
  verb.add_option("--event", options->event, "bound the probability of outcomes@settings");
  verb.add_option("--at-most", options->at_most, "given that the expression is at most this");
  verb.add_option("--equal", options->equal, "given that the expression is exactly this");
  verb.add_option("--save", options->save, "write the bound (or the certificates of --paper guess-radius) to a new file");
  verb.add_option("--box", options->box, "value of the expression at a box from a text file, which may not signal");
  verb.add_option("--check", options->check, "check a saved bound");
  verb.add_option("--paper", options->paper, "run a paper's programs");
  verb.add_option("--size", options->size, "settings per party for --paper chained")->check(CLI::Range(0, 64));
  verb.add_flag("--show", options->show, "print the expression in the text format");
  line.on_run(verb, [options](Console& console) { return run(*options, console); });
}

}  // namespace bellows::cli
