#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "bellows/base/count.h"
#include "bellows/certify/certify.h"
#include "bellows/certify/design.h"
#include "bellows/certify/one_sided.h"
#include "bellows/certify/plan_file.h"
#include "bellows/certify/two_sided.h"
#include "bellows/certify/why_not.h"
#include "bellows/cli/certify_options.h"
#include "bellows/cli/plan_curve.h"
#include "bellows/cli/plan_witness.h"
#include "bellows/cli/share.h"
#include "bellows/trials/relabel.h"

namespace bellows::cli {
namespace {

using numeric::Exact;

constexpr const char* manual =
    R"(Before the experiment: how many trials, at which score and bias, for how many output bits.

  bellows plan --score 0.7839 --bits 1000000 --mu 0.0075 --epsilon 1e-12        how many trials?
  bellows plan --S 2.271 --trials 20*2^26 --bits 1e6 --epsilon 1e-12            which bias can be tolerated?
  bellows plan --S 2.271 --trials 20*2^26 --mu 0.0075 --epsilon 1e-12 --out plan.json
  bellows plan --grid --preset kulikov-2024 --out plan.json                     the built-in grid of thresholds
  bellows plan --threshold 0.78 --trials 1e9 --mu 0.0075 --out plan.json        one threshold of your own
  bellows plan --read plan.toml --out plan.json                                 complete a plan file and write it as JSON
  bellows plan --read plan.json --score 0.784                                   what an honest device may expect of it: bits, power
  bellows plan --figure2 --csv curve.csv --svg curve.svg                        trials against S, five biases, as published
  bellows plan --vary trials=1e6:1e12 --S 2.271 --mu 0.0075 --epsilon 1e-12 --svg bits.svg          output bits against trials
  bellows plan --vary bits=1e3:1e8 --S 2.271 --trials 20*2^26 --epsilon 1e-12 --csv bias.csv        bias against output bits
  bellows plan --witness --tilt 35 --efficiency-a 0.9 --save w.json             the linear witness that tolerates most bias

Of --score (or --S), --trials, --bits, --mu and --epsilon all but one are given; the missing one is found. The plan has one
threshold, so far below the score that an honest device passes with probability --chance. Honest means: independent trials, uniform
settings, symmetric noise. The search runs in floating point; the plan that it ends with is proved, and that is what is printed.
--vary NAME=FROM:TO gives one of them a range and finds the missing one at each of --points places (trials, bits and epsilon by
factors, the others by steps), as a table or a chart, every place proved; where nothing suffices the place stays empty.
With --witness-file FILE the score is the value of the witness, and the entropy proofs at hand decide what it gives; of the device
nothing but that value is used, so the chance is one that every device of that value has; values beyond the quantum maximum (found by a
search over angles) are refused. Make the proofs first ('bellows prove').
--witness looks beyond the win frequency: for a device (two qubits: tilt of the state, visibility along and across its axis, detection
efficiencies) or counts of an earlier run it finds, by a linear program over measurement-dependent local strategies, the linear
function of P(abxy) that separates it best at --mu, with an exact local bound, and the largest bias at which any does, beside those of
win frequency and MDL value. Its entropy: 'bellows prove entropy --witness w.json --mu MU --score W --keep', W being the value over the
largest weight, as it is printed; then method witness.
An option that the way at hand does not look at is refused. A plan's digest goes into the trial log, so a plan is written before the first trial.

Exit codes: 0 done; 1 nothing is certified: no value of what was left out suffices, the plan gives no bit at any threshold within a
device's reach (it is not written then), or no witness separates (none is saved); 2 usage; 3 bad input.)";

struct Options {
  PlanOptions plan;
  std::string score, chsh, bits, out, read, csv, svg, relabel, vary;
  double chance = 0.999;
  unsigned points = 200;
  bool grid = false, figure_two = false, overwrite = false;
  WitnessOptions witness;
};

Status write_plan_out(const Options& options, const plan::Plan& plan) {
  // A plan's digest goes into the trial log and holds the length of the seed, so the proof comes before the plan.
  if (!options.out.empty() && plan.witness && plan.seed_bits == 0)
    return refused("no entropy proof at hand gives a bit for this witness, bias and threshold: make one first, with " +
                   certify::how_to_prove(plan.polytope, plan.mu, plan.thresholds.lowest().approximate()));
  return options.out.empty() ? Status() : plan::write_plan(plan, options.out, options.overwrite);
}

std::string against_whom(const plan::Plan& plan) {
  const plan::Adversary proved = plan::proved_against(plan);
  return fmt::format("against a {} adversary{}", name(proved),
                     proved == plan.adversary ? "" : fmt::format(", which covers the {} one that was asked for", name(plan.adversary)));
}

nlohmann::json bound_json(const certify::Bound& bound) {
  nlohmann::json losses = nlohmann::json::array();
  for (const certify::Loss& loss : bound.losses)
    losses.push_back({{"step", loss.step}, {"bits", loss.bits}, {"why", loss.why}});
  return {{"output_bits", bound.extraction.output_bits},
          {"min_entropy_bits", bound.why_not.empty() ? bound.min_entropy_bits.lower() : 0},
          {"extractor", name(bound.extraction.family)},
          {"seed_bits", bound.extraction.seed_bits},
          {"losses", std::move(losses)}};
}

/// What an honest device of the score asked for may expect of a plan.
Result<nlohmann::json> expectation(Console& console, const Options& options, const plan::Plan& plan) {
  if (options.score.empty() && options.chsh.empty()) return nlohmann::json(nullptr);
  if (!options.score.empty() && !options.chsh.empty())
    return usage_error("the score is given twice", "--score or --S", "both");
  if (plan.witness && options.score.empty())
    return usage_error("a CHSH value says nothing of a witness", "--score, the value of the witness", "--S");
  BELLOWS_ASSIGN(Exact score, Exact::parse(options.score.empty() ? options.chsh : options.score));
  if (options.score.empty()) score = (score + Exact::integer(4)) * Exact::fraction(1, 8);
  const plan::ScoreKind kind = plan::score_kind(plan.method);
  BELLOWS_ASSIGN(certify::Certificate certificate,
                 certify::certify_hypothetical(
                     plan, plan.witness ? score : certify::symmetric_score(kind, score, plan.mu)));
  nlohmann::json document = {
      {"score", score.approximate()}, {"output_bits", certificate.output_bits()}, {"power", nullptr}};
  console.print(
      fmt::format("expected    {} bits at {} {:.8g}", certificate.output_bits(),
                  plan.witness ? "witness value" : "win frequency", score.approximate()));
  const double power =
      certify::power(certify::honest_trial(plan.method, plan.witness, plan.mu, score.approximate()),
                     plan.thresholds.lowest().approximate(), static_cast<double>(plan.trial_count));
  document["power"] = power;
  console.print(fmt::format("power       the honest device reaches the lowest threshold with probability {}{:.9g}",
                            plan.witness && power > 0.5 ? "at least " : "", power));
  return document;
}

/// A complete plan under which nothing will be certified, because the highest of its thresholds within an honest device's
/// reach gives no bit, or none is within reach. Out: whether; then the largest bias at which that one would, or null.
bool say_that_nothing_is_certified(Console& console, const plan::Plan& plan, nlohmann::json& document) {
  const certify::Outlook outlook = certify::outlook(plan);
  if (outlook.output_bits > 0) return false;
  document["largest_mu"] = outlook.largest_mu ? nlohmann::json(outlook.largest_mu->nearest()) : nlohmann::json();
  if (!outlook.within_reach) {
    console.print(fmt::format(
        "output      none: no honest device reaches the lowest threshold{}",
        outlook.largest_mu ? fmt::format("; the largest bias for which another grid could do, with these trials and epsilon, is mu = {}",
                                         outlook.largest_mu->text())
                           : std::string()));
    return true;
  }
  document["why_not"] = outlook.why_not;
  console.print(fmt::format("output      none, not even at the score {:.9g}, {}: {}", outlook.why_not_at.approximate(),
                            outlook.why_not_at == outlook.threshold ? "the highest threshold within a device's reach"
                                                                    : "the best that an honest device reaches",
                            outlook.why_not));
  return true;
}

Result<Verdict> show_plan(Console& console, const Options& options, const plan::Plan& plan) {
  console.print(fmt::format("plan        {}", plan::digest(plan).hex()));
  console.print(fmt::format("method      {}, {}, mu = {}, epsilon = {}", name(plan.method), against_whom(plan), plan.mu.text(),
                            plan.epsilons.total.text()));
  console.print(fmt::format("trials      {}", plan.trial_count));
  console.print(fmt::format("thresholds  {} on the {}, from {:.9g} to {:.9g}", plan.thresholds.count(),
                            name(plan::score_kind(plan.method)), plan.thresholds.lowest().approximate(),
                            plan.thresholds.highest().approximate()));
  console.print(fmt::format("extractor   {}, at most {} seed bits", name(plan.extractor), plan.seed_bits));
  nlohmann::json document = {{"plan", plan::to_json(plan)}, {"digest", plan::digest(plan).hex()}};
  const bool nothing = say_that_nothing_is_certified(console, plan, document);
  document["certifies_nothing"] = nothing;
  BELLOWS_ASSIGN(document["expected"], expectation(console, options, plan));
  if (nothing && !options.out.empty()) console.print("not written " + options.out);
  if (!nothing) BELLOWS_TRY(write_plan_out(options, plan));
  console.result(document);
  return nothing ? Verdict::refused : Verdict::done;
}

Result<Verdict> show_figure(Console& console, const Options& options) {
  certify::CurveRequest request = certify::figure_two();
  request.point_count = options.points;
  if (!options.plan.epsilon.empty()) {
    BELLOWS_ASSIGN(request.epsilon, Exact::parse(options.plan.epsilon));
  }
  if (!options.bits.empty()) {
    BELLOWS_ASSIGN(request.least_bits, parse_count(options.bits));
  }
  if (!options.plan.mu.empty()) {
    BELLOWS_ASSIGN(Exact mu, Exact::parse(options.plan.mu));
    request.biases = {mu};
  }
  BELLOWS_ASSIGN(auto points, certify::trials_against_chsh(request, console.context()));
  console.finish_progress();
  const std::string csv = certify::curve_as_csv(points);
  if (!options.csv.empty()) BELLOWS_TRY(write_text_file(options.csv, csv, public_file_mode, options.overwrite));
  if (!options.svg.empty())
    BELLOWS_TRY(
        write_text_file(options.svg, certify::curve_as_svg(points, request), public_file_mode, options.overwrite));
  if (options.csv.empty() && options.svg.empty()) console.print(csv.substr(0, csv.size() - 1));
  nlohmann::json rows = nlohmann::json::array(), experiments = nlohmann::json::array();
  for (const certify::CurvePoint& point : points) {
    nlohmann::json row = {{"method", name(point.method)},
                          {"extractor", name(point.extractor)},
                          {"mu", point.mu.nearest()},
                          {"S", point.chsh},
                          {"trials", nullptr}};
    if (point.trial_count) row["trials"] = *point.trial_count;
    rows.push_back(std::move(row));
  }
  for (const certify::PublishedExperiment& one : certify::published_experiments())
    experiments.push_back({{"name", one.name},
                           {"platform", one.platform},
                           {"kind", one.kind},
                           {"S", one.chsh},
                           {"trials", one.trial_count},
                           {"source", one.source}});
  console.result({{"points", std::move(rows)}, {"experiments", std::move(experiments)}});
  return Verdict::done;
}

/// The preset's or default wishes with what only a plan is asked: how settings and outcomes will be renamed.
Result<certify::PlanWishes> plan_wishes(const Options& options) {
  BELLOWS_ASSIGN(certify::PlanWishes wishes, wishes_from(options.plan));
  if (options.relabel == "auto") {
    wishes.relabelling = "auto";
  } else if (!options.relabel.empty()) {
    BELLOWS_ASSIGN(const trials::Relabelling relabelling, trials::Relabelling::parse(options.relabel));
    wishes.relabelling = relabelling.spec();
  }
  return wishes;
}

Result<certify::Design> design_from(const Options& options) {
  BELLOWS_ASSIGN(certify::PlanWishes wishes, plan_wishes(options));
  const bool preset = !options.plan.preset.empty();
  certify::Design design;
  design.chance = options.chance;
  design.wishes = wishes;
  const bool witness = wishes.method == plan::Method::witness;
  if (witness && !wishes.witness)
    return usage_error("method witness needs a witness", "--witness-file FILE, or mdl", "none");
  if (options.plan.witness_file == "mdl" && options.plan.mu.empty() && !preset)
    return usage_error("the MDL value is a witness for one bias, which cannot be searched", "--mu X", "none");
  if (witness && !options.chsh.empty())
    return usage_error("a CHSH value says nothing of a witness", "--score, the value of the witness", "--S");
  if (!options.plan.mu.empty() || preset) design.mu = wishes.mu;
  if (!options.plan.epsilon.empty() || preset) design.epsilon = wishes.epsilon;
  if (!options.plan.trial_count.empty() || (preset && !options.bits.empty() == false))
    design.trial_count = wishes.trial_count;
  if (!options.bits.empty()) {
    BELLOWS_ASSIGN(design.output_bits, parse_count(options.bits));
  }
  if (!options.score.empty() && !options.chsh.empty())
    return usage_error("the score is given twice", "--score or --S", "both");
  if (!options.score.empty()) {
    BELLOWS_ASSIGN(Exact score, Exact::parse(options.score));
    design.score = score.approximate();
  } else if (!options.chsh.empty()) {
    BELLOWS_ASSIGN(Exact chsh, Exact::parse(options.chsh));
    design.score = ((chsh + Exact::integer(4)) / Exact::integer(8)).approximate();
  } else if (preset && wishes.expected_win_frequency && !witness) {
    design.score = wishes.expected_win_frequency->approximate();
  }
  // A witness file names the bias that it is for, unless that is what is looked for.
  const int given = design.score.has_value() + design.trial_count.has_value() + design.output_bits.has_value() +
                    design.epsilon.has_value() + !options.vary.empty();
  if (witness && !design.mu && given < 4) design.mu = wishes.mu;
  return design;
}

/// What every way that makes a plan looks at.
const std::vector<std::string> of_a_plan{"--preset",   "--mu",        "--epsilon", "--trials", "--method", "--adversary", "--witness-file",
                                         "--polytope", "--extractor", "--publish", "--mode",   "--relabel"};

Status look_at_witness(const CLI::App& verb, const Options& options) {
  if (!options.witness.check.empty())
    return look_at(verb, "the check of a saved witness", {"--check-witness", "--witness"});
  std::vector<std::string> looked_at{"--witness", "--counts", "--save", "--mu", "--polytope", "--preset"};
  if (options.witness.counts.empty())
    for (const char* of_device : {"--tilt", "--visibility-z", "--visibility-x", "--efficiency-a", "--efficiency-b"})
      looked_at.emplace_back(of_device);
  return look_at(verb, options.witness.counts.empty() ? "the search for a witness" : "the search for the witness of counts",
                 looked_at);
}

Result<Verdict> run(Console& console, const Options& options, const CLI::App& verb) {
  // A saved witness says of itself what it is.
  if (options.witness.asked || !options.witness.check.empty()) {
    BELLOWS_TRY(look_at_witness(verb, options));
    return show_witness(console, options.witness, options.plan, options.overwrite);
  }
  if (options.figure_two) {
    BELLOWS_TRY(look_at(verb, "the figure", {"--figure2", "--points", "--bits", "--mu", "--epsilon", "--csv", "--svg"}));
    return show_figure(console, options);
  }
  if (!options.read.empty()) {
    if (!options.relabel.empty())
      return usage_error("a plan file says itself how to relabel", "relabelling = ... in the file", "--relabel");
    BELLOWS_TRY(look_at(verb, "a plan that is read", {"--read", "--out", "--score", "--S"}));
    BELLOWS_ASSIGN(plan::Plan plan, plan::read_plan(options.read));
    BELLOWS_ASSIGN(plan, certify::complete_plan_of(options.read, std::move(plan)));
    return show_plan(console, options, plan);
  }
  if (options.grid || !options.plan.threshold.empty()) {
    BELLOWS_TRY(look_at(verb, options.plan.threshold.empty() ? "the built-in grid" : "a plan with --threshold", of_a_plan,
                        {"--grid", "--threshold", "--out", "--score", "--S"}));
    if (!gives_bias(options.plan)) return certify::bias_is_needed();
    BELLOWS_ASSIGN(certify::PlanWishes wishes, plan_wishes(options));
    BELLOWS_ASSIGN(plan::Plan plan, certify::built_in_plan(wishes));
    return show_plan(console, options, plan);
  }
  if (!options.vary.empty()) {
    BELLOWS_TRY(look_at(verb, "a curve", of_a_plan,
                        {"--score", "--S", "--bits", "--chance", "--vary", "--points", "--csv", "--svg"}));
    for (const char* name : {"score", "S", "trials", "bits", "mu", "epsilon"})
      if (options.vary.starts_with(std::string(name) + "=") && verb.get_option("--" + std::string(name))->count() > 0)
        return usage_error("what is varied has no value of its own", "--vary, or the value", "--" + std::string(name));
    // S and score are one quantity.
    const bool of_score = options.vary.starts_with("S=") || options.vary.starts_with("score=");
    if (of_score && (!options.score.empty() || !options.chsh.empty()))
      return usage_error("what is varied has no value of its own", "--vary, or the value",
                         options.score.empty() ? "--S" : "--score");
    BELLOWS_ASSIGN(const certify::Design design, design_from(options));
    return show_curve(console, {options.vary, options.csv, options.svg, options.points, options.overwrite}, design);
  }
  BELLOWS_TRY(look_at(verb, "the search for what is left out", of_a_plan, {"--score", "--S", "--bits", "--chance", "--out"}));
  BELLOWS_ASSIGN(certify::Design design, design_from(options));
  BELLOWS_ASSIGN(certify::SolvedDesign solved, certify::solve(design));
  BELLOWS_TRY(write_plan_out(options, solved.plan));
  const certify::Design& d = solved.design;
  const bool witness = solved.plan.witness.has_value();
  const double chsh = 8 * *d.score - 4;
  auto mark = [&](const char* what) { return solved.found == what ? "  <- found" : ""; };
  console.print(fmt::format("score       {:.8g} ({}){}", *d.score,
                            witness ? "value of the witness" : fmt::format("S = {:.6g}", chsh), mark("score")));
  console.print(fmt::format("trials      {}{}", *d.trial_count, mark("trials")));
  console.print(fmt::format("bias        {}{}", d.mu->text(), mark("mu")));
  const bool at_limit = solved.found == "epsilon" && certify::at_epsilon_limit(*d.epsilon);
  console.print(fmt::format("epsilon     {}{}{}", d.epsilon->text(), mark("epsilon"),
                            at_limit ? ": the smallest that is looked for; smaller ones would do" : ""));
  console.print(fmt::format("output      {} bits, proved{}", solved.bound.extraction.output_bits, mark("output")));
  console.print(fmt::format("threshold   {:.9g}: an honest device passes with probability {}{:g}",
                            solved.plan.thresholds.lowest().approximate(), witness && d.chance >= 0.5 ? "at least " : "", d.chance));
  console.print(fmt::format("method      {}, {}", name(solved.plan.method), against_whom(solved.plan)));
  console.print(fmt::format("extractor   {}, {} seed bits", name(solved.bound.extraction.family),
                            solved.bound.extraction.seed_bits));
  console.print(fmt::format("sensitivity {:+.0f} bits for one per mille of {}", solved.bits_per_mille,
                            witness ? "the witness's value" : "S"));
  if (witness)
    console.print("proofs      those at hand; one for this threshold may give more: " +
                  certify::how_to_prove(solved.plan.polytope, solved.plan.mu, solved.plan.thresholds.lowest().approximate()));
  console.result({{"found", solved.found},
                  {"score", *d.score},
                  {"S", witness ? nlohmann::json() : nlohmann::json(chsh)},
                  {"trials", *d.trial_count},
                  {"mu", d.mu->nearest()},
                  {"mu_exact", d.mu->text()},
                  {"epsilon", std::max(d.epsilon->nearest(), std::numeric_limits<double>::denorm_min())},
                  {"epsilon_exact", d.epsilon->text()},
                  {"epsilon_at_limit", at_limit},
                  {"output_bits", solved.bound.extraction.output_bits},
                  {"threshold", solved.plan.thresholds.lowest().approximate()},
                  {"chance", d.chance},
                  {witness ? "bits_per_mille_of_score" : "bits_per_mille_of_S", solved.bits_per_mille},
                  {"bound", bound_json(solved.bound)},
                  {"plan", plan::to_json(solved.plan)}});
  return Verdict::done;
}

}  // namespace

void add_plan(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb(
      "plan", "trials, score, bias, epsilon, output: all but one given, the rest found; writes plans", manual);
  add_plan_options(verb, options->plan);
  verb.get_option("--epsilon")
      ->description("total failure probability, everything included; left out: the preset's, else 1e-12 with --grid or "
                    "--threshold, else what is looked for");
  verb.add_option("--score", options->score, "win frequency that an honest device has (of a plan with a witness: the witness's value)");
  verb.add_option("--S", options->chsh, "the same as a CHSH value, uniform settings");
  verb.add_option("--bits", options->bits, "output bits that are wanted: 1000000, 1e6");
  add_share(verb, "--chance", options->chance, "probability that the honest device passes, as 0.999 or 99.9%")
      ->capture_default_str();
  verb.add_option("--relabel", options->relabel,
                  "how settings and outcomes will be renamed: auto (searched after the data, counts as eight thresholds) or "
                  "e.g. x:flip,a:flip-if-x");
  verb.add_flag("--grid", options->grid, "the built-in grid of thresholds instead of one");
  verb.add_option("--read", options->read, "a plan file, TOML or JSON, to complete and check");
  verb.add_option("--out", options->out, "write the plan here, as JSON");
  verb.add_flag("--overwrite", options->overwrite, "replace files that exist");
  verb.add_flag("--figure2", options->figure_two, "trials against S for --bits (a million) at mu = 0 to 4 %");
  verb.add_option("--vary", options->vary, "a curve of what is left out along another: score, S, trials, bits, mu or epsilon=FROM:TO");
  verb.add_option("--points", options->points, "points of a curve")->check(CLI::Range(2u, 100000u))->capture_default_str();
  verb.add_option("--csv", options->csv, "write the curve as a table");
  verb.add_option("--svg", options->svg, "write the curve as a chart");
  add_witness_options(verb, options->witness);
  line.on_run(verb, [options, &verb](Console& console) { return run(console, *options, verb); });
}

}  // namespace bellows::cli
