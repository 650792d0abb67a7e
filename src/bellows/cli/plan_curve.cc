#include "bellows/cli/plan_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "bellows/base/threads.h"
#include "bellows/numeric/ranges.h"
#include "bellows/report/figure.h"

namespace bellows::cli {
namespace {

using certify::Design;
using certify::SolvedDesign;
using numeric::Exact;

/// One of the numbers of a design. Those that spread over decades go by factors, the others by steps.
struct Quantity {
  const char* name;
  const char* label;
  bool by_factors;
  void (*set)(Design&, double);
  double (*get)(const SolvedDesign&);
};

/// Few digits, so that what the table shows is what was used.
Exact short_number(double value) { return Exact::literal(fmt::format("{:.6g}", value)); }
double short_double(double value) { return short_number(value).approximate(); }

/// An epsilon is never shown smaller than it was proved, nor as zero.
double double_above(const Exact& value) {
  const double near = std::max(value.nearest(), std::numeric_limits<double>::denorm_min());
  return mpq_class(near) < value.value() ? std::nextafter(near, 1) : near;
}

constexpr std::array quantities{
    Quantity{"score", "win frequency, or value of the witness", false,
             [](Design& d, double v) { d.score = short_double(v); }, [](const SolvedDesign& s) { return *s.design.score; }},
    Quantity{"S", "CHSH value S", false, [](Design& d, double v) { d.score = (short_double(v) + 4) / 8; },
             [](const SolvedDesign& s) { return 8 * *s.design.score - 4; }},
    Quantity{"trials", "trials", true,
             [](Design& d, double v) { d.trial_count = static_cast<std::uint64_t>(std::llround(short_double(v))); },
             [](const SolvedDesign& s) { return static_cast<double>(*s.design.trial_count); }},
    Quantity{"bits", "output bits", true,
             [](Design& d, double v) { d.output_bits = static_cast<std::uint64_t>(std::llround(short_double(v))); },
             [](const SolvedDesign& s) { return static_cast<double>(*s.design.output_bits); }},
    Quantity{"mu", "bias mu", false, [](Design& d, double v) { d.mu = short_number(v); },
             [](const SolvedDesign& s) { return s.design.mu->approximate(); }},
    Quantity{"epsilon", "total epsilon", true, [](Design& d, double v) { d.epsilon = short_number(v); },
             [](const SolvedDesign& s) { return double_above(*s.design.epsilon); }},
};

struct Range {
  const Quantity* quantity = nullptr;
  double from = 0, to = 0;

  double at(double share) const {
    return quantity->by_factors ? from * std::pow(to / from, share) : from + share * (to - from);
  }
};

Result<Range> range_from(const std::string& text) {
  const std::string form = "one of score, S, trials, bits, mu, epsilon, as trials=1e6:1e12";
  const std::size_t equals = text.find('='), colon = text.find(':', equals == std::string::npos ? 0 : equals);
  if (equals == std::string::npos || colon == std::string::npos)
    return usage_error("--vary takes a name and a range", form, "\"" + text.substr(0, 60) + "\"");
  Range range;
  for (const Quantity& one : quantities)
    if (text.substr(0, equals) == one.name) range.quantity = &one;
  if (range.quantity == nullptr) return usage_error("there is nothing of that name to vary", form, text.substr(0, 60));
  BELLOWS_ASSIGN(const Exact from, Exact::parse(text.substr(equals + 1, colon - equals - 1)));
  BELLOWS_ASSIGN(const Exact to, Exact::parse(text.substr(colon + 1)));
  if (std::string_view(range.quantity->name) == "mu")
    for (const Exact& end : {from, to}) BELLOWS_TRY(numeric::check_bias(end));
  range.from = from.approximate(), range.to = to.approximate();
  const bool in_order = range.from < range.to && std::isfinite(range.to) && range.to <= 0x1p61;
  if (!in_order || (range.quantity->by_factors && !(range.from > 1e-300)) || range.from < -0x1p61)
    return usage_error("the range is empty or out of reach", "FROM:TO with FROM < TO, above 0 where steps are factors",
                       text.substr(0, 60));
  return range;
}

const Quantity& found_by(const SolvedDesign& solved, bool of_witness) {
  const std::string name = solved.found == "output" ? "bits" : solved.found == "score" && !of_witness ? "S" : solved.found;
  for (const Quantity& one : quantities)
    if (name == one.name) return one;
  return quantities.front();
}

std::string number(double value) { return fmt::format("{:.10g}", value); }

}  // namespace

Result<Verdict> show_curve(Console& console, const CurveOptions& options, const Design& design) {
  BELLOWS_ASSIGN(const Range range, range_from(options.vary));
  const bool of_witness = design.wishes.witness.has_value();
  if (of_witness && std::string(range.quantity->name) == "S")
    return usage_error("a CHSH value says nothing of a witness", "--vary score=FROM:TO", options.vary);
  std::vector<double> places(options.points);
  std::vector<std::optional<SolvedDesign>> solved(options.points);
  std::vector<std::optional<Error>> problems(options.points);
  for (std::size_t i = 0; i < places.size(); ++i)
    places[i] = range.at(static_cast<double>(i) / (options.points - 1));
  const Context context = console.context();
  std::atomic<std::uint64_t> done{0};
  parallel_for(places.size(), context.thread_count, [&](std::uint64_t i, unsigned worker) {
    if (context.cancel && context.cancel->is_cancelled()) return;
    Design one = design;
    range.quantity->set(one, places[i]);
    auto result = certify::solve(one);
    if (result.ok())
      solved[i] = std::move(*result);
    else
      problems[i] = std::move(result).error();
    const std::uint64_t count = ++done;
    if (worker == 0) context.report("curve", count, places.size(), "points");
  });
  console.finish_progress();
  BELLOWS_TRY(context.check_cancelled());
  const SolvedDesign* any = nullptr;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (problems[i] && problems[i]->code != ErrorCode::refused) return *problems[i];
    if (solved[i]) any = &*solved[i];
  }
  if (any == nullptr) return *problems.back();
  const Quantity &x = *range.quantity, &y = found_by(*any, of_witness);

  std::string csv = "score,trials,bits,mu,epsilon,threshold,proved_bits\n";
  nlohmann::json rows = nlohmann::json::array();
  report::FigureSeries series;
  bool clipped = false;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!solved[i]) {
      // What was asked stands in its column, so that a gap can be seen.
      const bool as_chsh = std::string_view(x.name) == "S";
      for (const std::string_view column : {"score", "trials", "bits", "mu", "epsilon"}) {
        if (column == (as_chsh ? "score" : x.name)) csv += number(as_chsh ? (places[i] + 4) / 8 : places[i]);
        csv += ",";
      }
      csv += ",\n";
      rows.push_back({{x.name, places[i]}, {y.name, nullptr}});
      series.x.push_back(places[i]), series.y.push_back(std::nan(""));
      continue;
    }
    const SolvedDesign& one = *solved[i];
    csv += fmt::format("{},{},{},{},{},{},{}\n", number(*one.design.score), *one.design.trial_count,
                       *one.design.output_bits, number(one.design.mu->approximate()),
                       one.design.epsilon->text(), number(one.plan.thresholds.lowest().approximate()),
                       one.bound.extraction.output_bits);
    rows.push_back({{x.name, x.get(one)}, {y.name, y.get(one)}});
    if (std::string_view(y.name) == "epsilon") {
      rows.back()["epsilon_exact"] = one.design.epsilon->text();
      rows.back()["epsilon_at_limit"] = certify::at_epsilon_limit(*one.design.epsilon);
    }
    // The chart's axis goes by factors, and what no double holds is drawn at the smallest usual one.
    constexpr double drawn_least = std::numeric_limits<double>::min();
    clipped = clipped || (y.by_factors && y.get(one) < drawn_least);
    series.x.push_back(x.get(one)), series.y.push_back(y.by_factors ? std::max(y.get(one), drawn_least) : y.get(one));
  }
  if (!options.csv.empty()) BELLOWS_TRY(write_text_file(options.csv, csv, public_file_mode, options.overwrite));
  if (!options.svg.empty()) {
    report::Figure figure;
    figure.title = fmt::format("{} against {}", y.label, x.label);
    figure.note = fmt::format("method {}; an honest device passes with probability {}{:g}; every point is proved{}",
                              name(any->plan.method), of_witness && design.chance >= 0.5 ? "at least " : "", design.chance,
                              clipped ? "; what lies below 2^-1022 is drawn there" : "");
    figure.panels.push_back({"", {x.label, x.by_factors, {}, {}}, {y.label, y.by_factors, {}, {}}, {series}});
    BELLOWS_TRY(write_text_file(options.svg, report::figure_svg(figure), public_file_mode, options.overwrite));
  }
  if (options.csv.empty() && options.svg.empty()) console.print(csv.substr(0, csv.size() - 1));
  console.result({{"varied", x.name}, {"found", y.name}, {"points", std::move(rows)}});
  return Verdict::done;
}

}  // namespace bellows::cli
