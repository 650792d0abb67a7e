#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <memory>

#include "bellows/base/file.h"
#include "bellows/bell/behaviour.h"
#include "bellows/bell/catalogue.h"
#include "bellows/bell/guess_radius.h"
#include "bellows/bell/local_bound.h"
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

/// Nine digits, also of numbers that no double holds.
std::string decimals(const Rational& value) {
  const double nearest = value.get_d();
  if (std::isfinite(nearest) && (nearest != 0 || value == 0)) return fmt::format("{:.9g}", nearest);
  char text[64];
  gmp_snprintf(text, sizeof text, "%.8Fe", mpf_class(value, 128).get_mpf_t());
  return text;
}

/// The fraction where it can be read, else its decimals; --json has it in full.
std::string brief(const Rational& value) {
  const std::string text = format_rational(value);
  return text.size() <= 24 ? text : "about " + decimals(value);
}

/// What a table is: a known expression, a probability, or a sum.
std::string describe(const Scenario& s, const RationalTable& table) {
  std::vector<std::size_t> terms;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i] != 0) terms.push_back(i);
  }
  if (terms.empty()) return "0";
  for (const char* name : {"chsh", "chsh-losses", "mermin:3", "mermin:5", "mermin:7", "four-party"}) {
    const auto known = functional_by_name(name);
    if (known && known->scenario == s && known->coefficients == table) return name;
  }
  if (s.parties() == 2 && s.settings_of(0) == s.settings_of(1) && s.settings_of(0) <= 64) {
    const std::string name = "chained:" + std::to_string(s.settings_of(0));
    if (const auto known = functional_by_name(name); known && known->scenario == s && known->coefficients == table) return name;
  }
  const std::size_t setting = terms.front() >> s.parties();
  bool event = true;
  for (const std::size_t i : terms) event = event && table[i] == 1 && i >> s.parties() == setting;
  if (terms.size() > 8 && !event) return fmt::format("a sum of {} probabilities with coefficients of their own", terms.size());
  std::string text;
  for (std::size_t k = 0; k < terms.size() && k < 16; ++k) {
    const std::string outcome = s.format_outcome(terms[k] & (s.outcomes() - 1));
    if (event) text += (text.empty() ? "" : " or ") + outcome;
    else text += fmt::format("{}{} P({}|{})", text.empty() ? "" : " + ", brief(table[terms[k]]), outcome, s.format_setting(terms[k] >> s.parties()));
  }
  if (terms.size() > 16) text += fmt::format(" or {} more", terms.size() - 16);
  return event ? "P(" + text + "|" + s.format_setting(setting) + ")" : text;
}

/// What a saved program bounds, from its tables and not from its title.
std::string describe(const NoSignallingProgram& program) {
  const Scenario& s = program.objective.scenario;
  std::string text = describe(s, program.objective.coefficients);
  for (std::size_t k = 0; k < program.constraints.size() && k < 4; ++k) {
    const BellConstraint& c = program.constraints[k];
    text += fmt::format("{}{} {} {}", k == 0 ? " given " : " and ", describe(s, c.functional.coefficients), c.relation == Relation::equal ? "=" : "<=", brief(c.right_hand_side));
  }
  if (program.constraints.size() > 4) text += fmt::format(" and {} more constraints", program.constraints.size() - 4);
  return text;
}

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

json as_json(const NoSignallingBound& bound) {
  json result = {{"value", format_rational(bound.bound.value)},
                 {"constant", format_rational(bound.bound.constant)},
                 {"value_decimal", bound.bound.value.get_d()},
                 {"exact_identity", bound.bound.exact_identity},
                 {"tight", bound.tight()}};
  result["multipliers"] = json::array();
  for (const Rational& m : bound.bound.multipliers) result["multipliers"].push_back(format_rational(m));
  if (bound.variables != 0) {
    result["variables"] = bound.variables;
    result["rows"] = bound.rows;
  }
  return result;
}

std::string sentence(const NoSignallingBound& bound) {
  std::string text = brief(bound.bound.value);
  if (!bound.bound.multipliers.empty() && bound.bound.multipliers[0] != 0 && bound.bound.exact_identity) {
    text += " = " + brief(bound.bound.constant) + " + " + brief(bound.bound.multipliers[0]) + " x (right-hand side)";
  }
  return text + (bound.tight() ? ", tight" : bound.bound.exact_identity ? ", proved from above" : ", proved from above with rounding paid");
}

Result<Verdict> check_radii(const std::string& text, const Options& options, Console& console);

Result<Verdict> check_file(const Options& options, Console& console) {
  BELLOWS_ASSIGN(const std::string text, read_text_file(options.check, std::uint64_t{1} << 28));
  if (is_guess_radii(text)) return check_radii(text, options, console);
  BELLOWS_ASSIGN(const SavedBound saved, parse_bound(text, options.check));
  auto bound = check_saved(saved);
  if (!bound) {
    if (bound.error().code != ErrorCode::refused) return bound.error();
    console.print("REFUSED: " + bound.error().message);
    console.result({{"file", options.check}, {"accepted", false}, {"why", bound.error().message}});
    return Verdict::refused;
  }
  console.print("accepted: " + describe(saved.program) + " is at most " + sentence(*bound));
  console.print("  the file's own title, which proves nothing: \"" + terminal_word(saved.title) + "\"");
  json result = as_json(*bound);
  result["bounds"] = describe(saved.program);
  result["accepted"] = true;
  result["title"] = saved.title;
  result["file"] = options.check;
  console.result(result);
  return Verdict::done;
}

Result<Verdict> guess_radius_table(const Options& options, Console& console) {
  const Context context = console.context();
  json rows = json::array();
  std::vector<SavedRadius> list;
  const Rational gamma(2433, 2500);  // 0.9732, as printed
  // With (D21) the signs have to be guessed; a guess that works at one setting serves at all.
  std::optional<std::pair<std::size_t, GuessRadius>> printed;
  for (const std::size_t x : {1U, 8U, 7U, 11U, 25U, 31U}) {
    BELLOWS_TRY(context.check_cancelled());
    context.report("linear programs", rows.size(), 7, "classes");
    BELLOWS_ASSIGN(const GuessRadiusProblem problem, five_party_majority(x));
    if (auto found = solve_with_single_terms(problem, gamma, 0.8842)) {
      printed = {x, std::move(*found)};
      break;
    }
  }
  std::vector<std::string> lines = {
      "both probabilities of the majority of three at once, as a point within alpha + beta x (Mermin value); each line is checked exactly:"};
  const auto pair = [](const GuessRadius& r) { return json{{"alpha", format_rational(r.alpha)}, {"beta", format_rational(r.beta)}}; };
  for (const std::size_t x : {1U, 8U, 7U, 11U, 25U, 31U}) {
    BELLOWS_TRY(context.check_cancelled());
    context.report("linear programs", rows.size() + 1, 7, "classes");
    BELLOWS_ASSIGN(const GuessRadiusProblem problem, five_party_majority(x));
    BELLOWS_ASSIGN(GuessRadius octagon, solve_guess_radius(problem, {.polygon_sides = 8}));
    BELLOWS_ASSIGN(GuessRadius fine, solve_guess_radius(problem, {.polygon_sides = 128}));
    BELLOWS_ASSIGN(GuessRadius traded, solve_guess_radius(problem, {.polygon_sides = 128, .alpha_at_most = 0.86}));
    const std::string name = problem.expression.scenario.format_setting(x);
    json row = {{"settings", name}, {"octagon", pair(octagon)}, {"finer", pair(fine)}, {"traded", pair(traded)}};
    lines.push_back(fmt::format("  settings {}: octagon {} + {} B; finer {} + {} B; traded {} + {} B", name, decimals(octagon.alpha),
                              decimals(octagon.beta), decimals(fine.alpha), decimals(fine.beta), decimals(traded.alpha), decimals(traded.beta)));
    const std::string title = "majority of three at settings " + name + ", ";
    list.push_back({title + "octagon", problem, std::move(octagon), {}});
    list.push_back({title + "polygon of 128 sides", problem, std::move(fine), {}});
    list.push_back({title + "smallest beta with alpha at most 0.86", problem, std::move(traded), {}});
    if (printed) {
      BELLOWS_ASSIGN(GuessRadius here, carry_to_setting(printed->second, printed->first, x));
      SavedRadius saved{title + "with gamma = 0.9732 as printed", problem, std::move(here), gamma};
      BELLOWS_TRY(check_saved_radius(saved));
      lines.push_back(fmt::format("    Lemma 3 as printed, with gamma = 0.9732: {} + {} B", decimals(saved.radius.alpha), decimals(saved.radius.beta)));
      row["printed_gamma"] = pair(saved.radius);
      list.push_back(std::move(saved));
    } else {
      lines.push_back("    with gamma = 0.9732 as printed: no guess of the signs was feasible, which refutes nothing");
    }
    rows.push_back(row);
  }
  console.finish_progress();
  for (const std::string& line : lines) console.print(line);
  json result = {{"paper", "guess-radius"}, {"classes", rows}};
  if (!options.save.empty()) {
    BELLOWS_TRY(write_text_file(options.save, format_guess_radii(list), public_file_mode, false));
    console.print("saved: " + options.save);
    result["saved"] = options.save;
  }
  console.result(result);
  return Verdict::done;
}

Result<Verdict> check_radii(const std::string& text, const Options& options, Console& console) {
  BELLOWS_ASSIGN(const std::vector<SavedRadius> list, parse_guess_radii(text, options.check));
  json rows = json::array();
  bool all = true;
  for (const SavedRadius& saved : list) {
    const Status status = check_saved_radius(saved);
    const bool good = status.ok();
    all = all && good;
    const Scenario& s = saved.problem.expression.scenario;
    const std::string what = describe(s, saved.problem.event0.coefficients) + " and " + describe(s, saved.problem.event1.coefficients);
    console.print(good ? fmt::format("accepted: {}: within {} + {} x {}{}", what, decimals(saved.radius.alpha), decimals(saved.radius.beta),
                                     describe(s, saved.problem.expression.coefficients), saved.gamma ? fmt::format(", gamma = {}", decimals(*saved.gamma)) : "")
                       : fmt::format("REFUSED: {}: {}", what, status.error().message));
    console.print("  the file's own title, which proves nothing: \"" + terminal_word(saved.title) + "\"");
    json row = {{"title", saved.title}, {"bounds", what}, {"accepted", good}, {"alpha", format_rational(saved.radius.alpha)}, {"beta", format_rational(saved.radius.beta)}};
    if (saved.gamma) row["gamma"] = format_rational(*saved.gamma);
    if (!good) row["why"] = status.error().message;
    rows.push_back(std::move(row));
  }
  console.result({{"file", options.check}, {"accepted", all}, {"certificates", rows}});
  return all ? Verdict::done : Verdict::refused;
}

Result<Verdict> paper_table(const Options& options, Console& console) {
  if (!options.save.empty() && options.paper != "guess-radius") return usage_error("--save goes with --event or --paper guess-radius");
  if (options.paper == "guess-radius") return guess_radius_table(options, console);
  auto cases = catalogue_cases(options.paper, options.size);
  if (!cases) return usage_error(cases.error().message);
  const auto start = std::chrono::steady_clock::now();
  std::size_t as_expected = 0, tight = 0;
  json rows = json::array();
  const bool many = cases->size() > 40;
  std::vector<std::pair<std::string, std::size_t>> kinds;
  const Context context = console.context();
  for (const CatalogueCase& c : *cases) {
    BELLOWS_TRY(context.check_cancelled());
    context.report("linear programs", rows.size(), cases->size(), "programs");
    BELLOWS_ASSIGN(const NoSignallingBound bound, solve(c.program));
    as_expected += c.upper_only ? bound.bound.value <= c.expected : bound.bound.value == c.expected;
    tight += bound.tight();
    json row = as_json(bound);
    row["title"] = c.title;
    row["expected"] = format_rational(c.expected);
    rows.push_back(std::move(row));
    if (!many) {
      console.print("  " + c.title + " <= " + sentence(bound));
    } else {
      const std::string kind = sentence(bound);
      bool seen = false;
      for (auto& [known, count] : kinds) {
        if (known == kind) ++count, seen = true;
      }
      if (!seen) kinds.emplace_back(kind, 1);
    }
  }
  console.finish_progress();
  for (const auto& [kind, count] : kinds) console.print(fmt::format("  {} programs: at most {}", count, kind));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  console.print(fmt::format("{} programs, {} with the expected value, {} tight, all duals checked exactly; {:.2f} s", cases->size(), as_expected, tight, seconds));
  if (options.paper == "four-outcomes") console.print("(the printed (1 + 2 delta)/3 holds, and is twice too steep)");
  console.result({{"paper", options.paper}, {"programs", rows}, {"as_expected", as_expected}, {"tight", tight}, {"seconds", seconds}});
  return as_expected == cases->size() ? Verdict::done : Verdict::refused;
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
  const auto local = local_bounds(f);
  if (local) {
    console.print(fmt::format("  local boxes:          {} to {}", brief(local->minimum), brief(local->maximum)));
    result["local"] = {{"minimum", format_rational(local->minimum)}, {"maximum", format_rational(local->maximum)}};
  } else {
    console.print("  local boxes:          not computed: " + local.error().message);
  }
  if (const auto quantum = named ? quantum_value(f) : std::nullopt) {
    console.print(fmt::format("  quantum, known state: {:.12g} (floating point)", std::abs(*quantum) < 1e-12 ? 0.0 : *quantum));
    result["quantum"] = *quantum;
  }
  Functional negated = f;
  for (Rational& c : negated.coefficients) c = -c;
  BELLOWS_ASSIGN(const NoSignallingBound high, solve({f, {}}));
  BELLOWS_ASSIGN(const NoSignallingBound low, solve({negated, {}}));
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
  if (!options.paper.empty()) return paper_table(options, console);
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
  BELLOWS_ASSIGN(const NoSignallingBound bound, solve(program));
  std::string title = "P(" + options.event + ")";
  if (!options.at_most.empty()) title += " at " + f.name + " <= " + options.at_most;
  if (!options.equal.empty()) title += " at " + f.name + " = " + options.equal;
  console.print(title + " is at most " + sentence(bound));
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
