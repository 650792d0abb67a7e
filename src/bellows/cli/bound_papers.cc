#include "bellows/cli/bound_papers.h"

#include <fmt/format.h>

#include <chrono>

#include "bellows/base/file.h"
#include "bellows/bell/catalogue.h"
#include "bellows/bell/guess_radius.h"
#include "bellows/cli/bound_words.h"
#include "bellows/cli/terminal_text.h"

namespace bellows::cli {

using namespace bellows::bell;
using nlohmann::json;

namespace {

Result<Verdict> guess_radius_table(const std::string& save, Console& console) {
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
  for (const std::string& line : lines) print_wrapped(console, line, 6);
  json result = {{"paper", "guess-radius"}, {"classes", rows}};
  if (!save.empty()) {
    BELLOWS_TRY(write_text_file(save, format_guess_radii(list), public_file_mode, false));
    console.print("saved: " + save);
    result["saved"] = save;
  }
  console.result(result);
  return Verdict::done;
}

}  // namespace

Result<Verdict> run_paper(const std::string& paper, int size, const std::string& save, Console& console) {
  if (!save.empty() && paper != "guess-radius") return usage_error("--save goes with --event or --paper guess-radius");
  if (paper == "guess-radius") return guess_radius_table(save, console);
  auto cases = catalogue_cases(paper, size);
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
    BELLOWS_ASSIGN(const NoSignallingBound bound, solve(c.program, {.context = {.cancel = context.cancel}}));
    as_expected += c.upper_only ? bound.bound.value <= c.expected : bound.bound.value == c.expected;
    tight += bound.tight();
    json row = as_json(bound);
    row["title"] = c.title;
    row["expected"] = format_rational(c.expected);
    rows.push_back(std::move(row));
    if (!many) {
      print_wrapped(console, "  " + c.title + " <= " + sentence(bound), 6);
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
  for (const auto& [kind, count] : kinds) print_wrapped(console, fmt::format("  {} programs: at most {}", count, kind), 6);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  print_wrapped(console, fmt::format("{} programs, {} with the expected value, {} tight, all duals checked exactly; {:.2f} s", cases->size(), as_expected, tight, seconds), 2);
  if (paper == "four-outcomes") console.print("(the printed (1 + 2 delta)/3 holds, and is twice too steep)");
  console.result({{"paper", paper}, {"programs", rows}, {"as_expected", as_expected}, {"tight", tight}, {"seconds", seconds}});
  return as_expected == cases->size() ? Verdict::done : Verdict::refused;
}

Result<Verdict> check_radii(const std::string& text, const std::string& file, Console& console) {
  BELLOWS_ASSIGN(const std::vector<SavedRadius> list, parse_guess_radii(text, file));
  json rows = json::array();
  bool all = true;
  for (const SavedRadius& saved : list) {
    const Status status = check_saved_radius(saved);
    const bool good = status.ok();
    all = all && good;
    const Scenario& s = saved.problem.expression.scenario;
    const std::string what = describe(s, saved.problem.event0.coefficients) + " and " + describe(s, saved.problem.event1.coefficients);
    print_wrapped(console, good ? fmt::format("accepted: {}: within {} + {} x {}{}", what, decimals(saved.radius.alpha), decimals(saved.radius.beta),
                                     describe(s, saved.problem.expression.coefficients), saved.gamma ? fmt::format(", gamma = {}", decimals(*saved.gamma)) : "")
                       : fmt::format("REFUSED: {}: {}", what, status.error().message), 2);
    print_wrapped(console, "  the file's own title, which proves nothing: \"" + terminal_word(saved.title) + "\"", 6);
    json row = {{"title", saved.title}, {"bounds", what}, {"accepted", good}, {"alpha", format_rational(saved.radius.alpha)}, {"beta", format_rational(saved.radius.beta)}};
    if (saved.gamma) row["gamma"] = format_rational(*saved.gamma);
    if (!good) row["why"] = status.error().message;
    rows.push_back(std::move(row));
  }
  console.result({{"file", file}, {"accepted", all}, {"certificates", rows}});
  return all ? Verdict::done : Verdict::refused;
}

}  // namespace bellows::cli
