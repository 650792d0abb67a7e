#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "bellows/base/count.h"
#include "bellows/base/file.h"
#include "bellows/cli/certify_options.h"
#include "bellows/cli/command.h"
#include "bellows/cli/prove_for.h"
#include "bellows/entropy/check_proof.h"
#include "bellows/entropy/proof.h"
#include "bellows/entropy/search_curve.h"
#include "bellows/entropy/search_proof.h"
#include "bellows/entropy/two_sided.h"
#include "bellows/numeric/exact.h"
#include "bellows/numeric/ranges.h"

namespace bellows::cli {
namespace {

using entropy::EntropyOf;
using entropy::EntropyProof;
using entropy::SettingPolytope;
using entropy::Statement;
using numeric::Exact;

constexpr const char* manual = R"(
'bellows prove entropy' looks for a proof that every trial holds at least  slope * score + intercept  bits of entropy against a quantum
adversary, for every device and every source of bias at most MU, and writes it to a file. The search works in floating point and
proves nothing; the file is then checked, cell by cell, in ball arithmetic, by code that shares no numerics with the search.

  bellows prove entropy --mu 0.0075 --lambda 16.32 --slack 1e-4 --out linear.proof
  bellows prove entropy --mu 0.006 --score 0.7839 --trials 20*2^26 --keep
  bellows prove entropy --witness w.json --mu 0.02 --score 0.0271 --trials 1e8 --keep      a witness of 'plan --witness --save'
  bellows prove --check linear.proof

The statement is  entropy >= LAMBDA * (score - local) - SLACK,  local being the best score of local strategies (1 - (1/2 - MU)^2 for the win
score). With --score the slope is chosen that gives most at that score (and number of trials) and the slack is what that slope needs, plus --slack.
If a device does better than the statement allows, it is printed: the statement is false. Exit code 1 for a refuted statement and for a file
that does not prove what it says. Proofs in the local folder (--keep) are used by 'certify' beside those that ship; $BELLOWS_ENTROPY_PROOFS
names the folder. The mathematics is in docs/two-sided-entropy.md, the file format in docs/format-entropy-proof.md.)";

struct Options {
  std::string what, mu, lambda, slack = "1e-4", score, trials, score_kind = "win", entropy = "both", weights, witness, out, check, envelope;
  double tolerance_bits = 0.0007, first_slack_bits = 2e-5;
  bool box = false, keep = false, overwrite = false;
  int scale_bits = 0;
  long precision_bits = entropy::default_check_precision_bits;
};

const char* symbol(EntropyOf entropy) {
  switch (entropy) {
    case EntropyOf::both_outcomes: return "H(AB|XYE)";
    case EntropyOf::first_outcome: return "H(A|XYE)";
    case EntropyOf::first_outcome_at_x0: return "H(A|X=0,YE)";
  }
  return "";
}

nlohmann::json as_json(const Statement& s) {
  nlohmann::json document = {{"entropy", symbol(s.entropy)},
                             {"settings", s.polytope == SettingPolytope::box ? "box" : "santha-vazirani"},
                             {"mu", s.mu.get_str()},
                             {"score", s.score.is_win() ? "win" : "weights"},
                             {"lambda", s.slope.get_str()},
                             {"intercept_bits", s.intercept.get_str()}};
  const mpq_class local = entropy::local_score(s.polytope, s.mu, s.score);
  document["local_score"] = local.get_str();
  document["slack_bits"] = mpq_class(-s.intercept - s.slope * local).get_str();
  return document;
}

std::string in_words(const Statement& s) {
  const mpq_class local = entropy::local_score(s.polytope, s.mu, s.score);
  return fmt::format("{} >= {:.9g} * ({} - {:.9g}) - {:.6g} bits a trial, mu = {:.9g}, {} settings", symbol(s.entropy),
                     s.slope.get_d(), s.score.is_win() ? "win score" : "score", local.get_d(), mpq_class(-s.intercept - s.slope * local).get_d(), s.mu.get_d(),
                     s.polytope == SettingPolytope::box ? "box" : "Santha-Vazirani");
}

void print_refutation(Console& console, const Statement& statement, const entropy::Refutation& r) {
  const double degrees = 180 / std::numbers::pi;
  console.print(fmt::format("REFUTED: {}", in_words(statement)));
  console.print(fmt::format("  a device with score {:.9f} has {:.9f} bits where {:.9f} are claimed", r.score, r.entropy_bits, r.claimed_bits));
  console.print(fmt::format("  angles between each party's directions: {:.6f} and {:.6f} degrees", r.alpha_radians * degrees, r.beta_radians * degrees));
  console.print(fmt::format("  settings 00 01 10 11: {:.6f} {:.6f} {:.6f} {:.6f}", r.probability[0].get_d(), r.probability[1].get_d(), r.probability[2].get_d(),
                            r.probability[3].get_d()));
  console.print("  state (settings 0 and 1 look along minus and plus half the angle), Eve holding the purification:");
  nlohmann::json state = nlohmann::json::array();
  for (int i = 0; i < 4; ++i) {
    console.print(fmt::format("    {:12.8f} {:12.8f} {:12.8f} {:12.8f}", r.state(i, 0), r.state(i, 1), r.state(i, 2), r.state(i, 3)));
    state.push_back({r.state(i, 0), r.state(i, 1), r.state(i, 2), r.state(i, 3)});
  }
  nlohmann::json settings = nlohmann::json::array();
  for (const auto& p : r.probability) settings.push_back(p.get_str());
  console.result({{"refuted", true},
                  {"statement", as_json(statement)},
                  {"strategy",
                   {{"alpha_radians", r.alpha_radians},
                    {"beta_radians", r.beta_radians},
                    {"settings", settings},
                    {"state", state},
                    {"score", r.score},
                    {"entropy_bits", r.entropy_bits},
                    {"claimed_bits", r.claimed_bits}}}});
}

Result<Verdict> run_check(const Options& options, Console& console) {
  BELLOWS_ASSIGN(const std::string bytes, read_text_file(options.check, std::uint64_t{1} << 30));
  BELLOWS_ASSIGN(const EntropyProof proof, entropy::parse_proof(bytes, options.check));
  BELLOWS_ASSIGN(const Digest digest, entropy::proof_digest(bytes));
  BELLOWS_ASSIGN(const entropy::CheckVerdict verdict, entropy::check_proof(proof, console.context(), options.precision_bits));
  console.finish_progress();
  console.print(fmt::format("{}: {}", verdict.proved() ? "PROVED" : "NOT PROVED", in_words(proof.statement)));
  console.print(fmt::format("  {} cells, {} refused, {} bits of precision, digest {}", verdict.cells, verdict.cells_refused, options.precision_bits, digest.hex()));
  nlohmann::json document = {{"proved", verdict.proved()},     {"statement", as_json(proof.statement)}, {"cells", verdict.cells},
                             {"cells_refused", verdict.cells_refused}, {"precision_bits", options.precision_bits}, {"digest", digest.hex()}};
  if (verdict.first_refused) {
    const auto& c = *verdict.first_refused;
    console.print(fmt::format("  first refused: class {}, alpha in pi [{}, {}] / 2^{}, beta in pi [{}, {}] / 2^{}", verdict.first_refused_class, c.alpha_index,
                              c.alpha_index + 1, c.alpha_depth, c.beta_index, c.beta_index + 1, c.beta_depth));
    document["first_refused"] = {{"class", verdict.first_refused_class}, {"alpha_index", c.alpha_index}, {"alpha_depth", c.alpha_depth},
                                 {"beta_index", c.beta_index},           {"beta_depth", c.beta_depth}};
  }
  console.result(document);
  return verdict.proved() ? Verdict::done : Verdict::refused;
}

Result<Statement> base_statement(const Options& options) {
  Statement s;
  BELLOWS_ASSIGN(const Exact mu, Exact::parse(options.mu));
  BELLOWS_TRY(numeric::check_bias(mu));
  s.mu = mu.value();
  s.polytope = options.box ? SettingPolytope::box : SettingPolytope::santha_vazirani;
  s.entropy = options.entropy == "both" ? EntropyOf::both_outcomes : options.entropy == "first" ? EntropyOf::first_outcome : EntropyOf::first_outcome_at_x0;
  s.score = options.score_kind == "mdl" ? entropy::TrialScore::mdl(s.mu) : entropy::TrialScore::win();
  if (!options.witness.empty()) {
    BELLOWS_ASSIGN(const LinearScore score, read_linear_score(options.witness, mu));
    for (std::size_t i = 0; i < 16; ++i) s.score.weight[i / 4][i % 4] = score.coefficients[i].value();
  }
  if (!options.weights.empty()) {
    std::string_view rest = options.weights;
    for (int i = 0; i < 16; ++i) {
      const auto comma = rest.find(',');
      if ((comma == std::string_view::npos) != (i == 15)) return usage_error("--weights takes 16 numbers", "16 numbers with commas between them");
      BELLOWS_ASSIGN(const Exact weight, Exact::parse(rest.substr(0, comma)));
      s.score.weight[i / 4][i % 4] = weight.value();
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  if (const std::string why = entropy::objection(s); !why.empty()) return usage_error(why);
  return s;
}

// A tangent that the search proposed, as short exact numbers on the safe side.
void take_tangent(Statement& s, const entropy::Tangent& t) {
  const mpq_class local = entropy::local_score(s.polytope, s.mu, s.score);
  s.slope = mpq_class(std::lround(t.slope * 1000), 1000);
  s.slope.canonicalize();
  mpq_class slack(std::lround(std::ceil(-(t.intercept_bits + t.slope * local.get_d()) * 1e6 - 1e-3)), 1000000);
  slack.canonicalize();
  s.intercept = -s.slope * local - slack;
}

Result<Statement> chosen_statement(const Options& options) {
  BELLOWS_ASSIGN(Statement s, base_statement(options));
  BELLOWS_ASSIGN(const Exact slack, Exact::parse(options.slack));
  if (options.score.empty()) {
    if (options.lambda.empty()) return usage_error("what to prove: give --lambda and --slack, or --score");
    BELLOWS_ASSIGN(const Exact lambda, Exact::parse(options.lambda));
    s.slope = lambda.value();
    s.intercept = -s.slope * entropy::local_score(s.polytope, s.mu, s.score) - slack.value();
    return s;
  }
  BELLOWS_ASSIGN(const Exact score, Exact::parse(options.score));
  double penalty = 0;
  if (!options.trials.empty()) {
    BELLOWS_ASSIGN(const std::uint64_t trials, parse_count(options.trials));
    if (trials == 0) return usage_error("--trials must be positive");
    // What entropy accumulation takes, to leading order, for each unit of slope: half the square root of 2 ln2 (1 - 2 log eps^2) / n, eps = 1e-12.
    penalty = 0.5 * std::sqrt(2 * std::numbers::ln2 * 160 / static_cast<double>(trials));
  }
  const entropy::SlopeLimit best = entropy::best_slope(s, score.approximate(), penalty);
  // Beyond the end of the curve the steepest line promises more than the best device has.
  const double promised = best.slope * score.approximate() + best.intercept_bits;
  const double largest = best.attack.score + std::max(0.0, 2 - best.attack.entropy_bits) / best.slope;
  if (score.approximate() > largest || promised > 2)
    return usage_error("no quantum device reaches this score with a source of this bias", fmt::format("at most about {:.6g}", largest), score.text());
  take_tangent(s, entropy::short_tangent(s, best, slack.approximate()));
  return s;
}

struct Made {
  EntropyProof proof;
  std::string bytes;
};

// Searches, then checks what was found before anything is written.
Result<std::optional<Made>> make(const Statement& statement, const Options& options, Console& console) {
  // Coarse matrices make small files; where the slack is too small for them, finer ones.
  std::vector<int> scales{options.scale_bits};
  if (options.scale_bits == 0) scales = {12, 18, 26};
  entropy::SearchOutcome outcome;
  for (const int scale_bits : scales) {
    entropy::SearchOptions search;
    search.scale_bits = scale_bits;
    if (scale_bits != scales.back()) search.most_cells = 20'000;
    auto attempt = entropy::search_proof(statement, search, console.context());
    if (!attempt.ok() && (attempt.error().code != ErrorCode::refused || scale_bits == scales.back())) return std::move(attempt).error();
    if (!attempt.ok()) continue;
    outcome = *std::move(attempt);
    break;
  }
  if (outcome.refutation) {
    console.finish_progress();
    print_refutation(console, statement, *outcome.refutation);
    return std::optional<Made>();
  }
  Made made{*outcome.proof, entropy::serialise_proof(*outcome.proof)};
  BELLOWS_ASSIGN(const EntropyProof read_back, entropy::parse_proof(made.bytes, "the proof just made"));
  BELLOWS_ASSIGN(const entropy::CheckVerdict verdict, entropy::check_proof(read_back, console.context(), options.precision_bits));
  console.finish_progress();
  if (!verdict.proved()) return refused(fmt::format("the search proposed a proof that the checker refuses ({} of {} cells): give more slack", verdict.cells_refused, verdict.cells));
  return std::optional<Made>(std::move(made));
}

std::string file_name(const Statement& s) {
  const mpq_class slack = -s.intercept - s.slope * entropy::local_score(s.polytope, s.mu, s.score);
  return fmt::format("{}{}{}-mu-{:g}-lambda-{:.7g}-slack-{:.6g}.proof", entropy::counts_both(s.entropy) ? "" : "first-", s.score.is_win() ? "" : "weights-",
                     s.polytope == SettingPolytope::box ? "box" : "sv", s.mu.get_d(), s.slope.get_d(), slack.get_d());
}

Result<Verdict> run_envelope(const Options& options, Console& console) {
  BELLOWS_ASSIGN(const Statement base, base_statement(options));
  BELLOWS_ASSIGN(const Exact slack, Exact::parse(options.slack));
  std::error_code error;
  std::filesystem::create_directories(options.envelope, error);
  nlohmann::json files = nlohmann::json::array();
  for (const entropy::Tangent& t : entropy::envelope(base, slack.approximate(), options.first_slack_bits, options.tolerance_bits)) {
    Statement s = base;
    take_tangent(s, t);
    BELLOWS_ASSIGN(const auto made, make(s, options, console));
    if (!made) return Verdict::refused;
    const Path path = Path(options.envelope) / file_name(s);
    BELLOWS_TRY(write_text_file(path, made->bytes, public_file_mode, true));
    console.print(fmt::format("{}: {} cells, {} bytes", path.filename().string(), made->proof.cell_count(), made->bytes.size()));
    files.push_back({{"file", path.filename().string()}, {"cells", made->proof.cell_count()}, {"bytes", made->bytes.size()}, {"statement", as_json(s)}});
  }
  console.result({{"proofs", files}});
  return Verdict::done;
}

// Writes a proof to the local folder. Out: where.
Result<Path> keep(const Statement& statement, const std::string& bytes) {
  const Path folder = entropy::local_proof_folder();
  if (folder.empty()) return usage_error("no folder to keep proofs in", "HOME or BELLOWS_ENTROPY_PROOFS set");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const Path path = folder / file_name(statement);
  BELLOWS_TRY(write_text_file(path, bytes, public_file_mode, true));
  return path;
}

Result<Verdict> run_entropy(const Options& options, Console& console) {
  if (options.mu.empty()) return usage_error("--mu is needed: the bias of the source");
  if (!options.envelope.empty()) return run_envelope(options, console);
  // Said before the search, which may take long, and not after it.
  if (std::error_code ignored; !options.out.empty() && !options.overwrite && std::filesystem::exists(options.out, ignored))
    return bad_input("file exists already and is left as it is; --overwrite replaces it", options.out);
  BELLOWS_ASSIGN(const Statement statement, chosen_statement(options));
  BELLOWS_ASSIGN(const auto made, make(statement, options, console));
  if (!made) return Verdict::refused;
  BELLOWS_ASSIGN(const Digest digest, entropy::proof_digest(made->bytes));
  nlohmann::json written = nlohmann::json::array();
  std::vector<Path> targets;
  if (!options.out.empty()) {
    targets.emplace_back(options.out);
    BELLOWS_TRY(write_text_file(targets.back(), made->bytes, public_file_mode, options.overwrite));
  }
  if (options.keep) {
    BELLOWS_ASSIGN(Path kept, keep(statement, made->bytes));
    targets.push_back(std::move(kept));
  }
  for (const Path& path : targets) written.push_back(path.string());
  console.print(fmt::format("PROVED: {}", in_words(statement)));
  console.print(fmt::format("  {} cells, {} bytes, digest {}", made->proof.cell_count(), made->bytes.size(), digest.hex()));
  if (!options.score.empty()) {
    BELLOWS_ASSIGN(const Exact score, Exact::parse(options.score));
    console.print(fmt::format("  at score {}: {} bits a trial", score.text(), entropy::decimal_rounded_down(statement.slope * score.value() + statement.intercept, 6)));
  }
  for (const Path& path : targets) console.print(fmt::format("  written to {}", path.string()));
  console.result({{"proved", true}, {"statement", as_json(statement)}, {"cells", made->proof.cell_count()}, {"bytes", made->bytes.size()}, {"digest", digest.hex()}, {"written", written}});
  return Verdict::done;
}

}  // namespace

Status prove_for(Console& console, const plan::Plan& plan, const Exact& threshold) {
  Options options;
  options.mu = plan.mu.text();
  options.box = plan.polytope == plan::Polytope::box;
  options.score = threshold.text();
  options.trials = std::to_string(plan.trial_count);
  if (plan.witness)
    for (const Exact& weight : *plan.witness) options.weights += (options.weights.empty() ? "" : ",") + weight.text();
  BELLOWS_ASSIGN(const Statement statement, chosen_statement(options));
  BELLOWS_ASSIGN(const auto made, make(statement, options, console));
  if (!made) return internal_error("the tangent that was to be proved is refuted");
  BELLOWS_ASSIGN(const Path kept, keep(statement, made->bytes));
  console.note(fmt::format("proved: {}; kept as {}", in_words(statement), kept.string()));
  return {};
}

void add_prove(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("prove", "computer-checked entropy bounds: find a proof, or check one", manual);
  verb.add_option("WHAT", options->what, "what to prove: entropy")->check(CLI::IsMember({"entropy"}));
  verb.add_option("--check", options->check, "check this proof file");
  verb.add_option("--mu", options->mu, "bias of the source, such as 0.0075 or 0.75%");
  verb.add_option("--lambda", options->lambda, "slope, in bits per unit of score");
  verb.add_option("--slack", options->slack, "what the line gives away against the best possible, in bits")->capture_default_str();
  verb.add_option("--score", options->score, "choose the slope that gives most at this score");
  verb.add_option("--trials", options->trials, "with --score: number of trials, since steep slopes cost small experiments more");
  verb.add_flag("--box", options->box, "settings from the box [(1/2-mu)^2, (1/2+mu)^2] in place of the Santha-Vazirani polytope");
  verb.add_option("--entropy", options->entropy, "both: H(AB|XYE); first: H(A|XYE); first-x0: H(A|X=0,YE)")
      ->check(CLI::IsMember({"both", "first", "first-x0"}))
      ->capture_default_str();
  verb.add_option("--score-kind", options->score_kind, "win (CHSH) or mdl")->check(CLI::IsMember({"win", "mdl"}))->capture_default_str();
  verb.add_option("--witness", options->witness, "the linear score of a witness file ('plan --witness --save'), scaled so that its largest weight is 1 in size");
  verb.add_option("--weights", options->weights, "any linear score: 16 numbers for xy = 00 01 10 11, in each ab = 00 01 10 11");
  auto* out = verb.add_option("--out", options->out, "where to write the proof; a file that is there stays");
  verb.add_flag("--overwrite", options->overwrite, "with --out: replace the file if it is there")->needs(out);
  verb.add_flag("--keep", options->keep, "keep the proof in the local folder, where certify finds it");
  verb.add_option("--envelope", options->envelope, "prove tangents for all scores and write them to this folder");
  verb.add_option("--tolerance", options->tolerance_bits, "with --envelope: how far below the curve the tangents may lie, bits")->capture_default_str();
  verb.add_option("--first-slack", options->first_slack_bits, "with --envelope: slack of the first line, bits")->capture_default_str();
  verb.add_option("--scale-bits", options->scale_bits, "matrices are stored to this many binary places; 0: as few as will do")
      ->check(CLI::Range(0, 40))
      ->capture_default_str();
  verb.add_option("--precision", options->precision_bits, "bits of the checker's ball arithmetic")->check(CLI::Range(32L, 4096L))->capture_default_str();
  line.on_run(verb, [options](Console& console) -> Result<Verdict> {
    if (!options->check.empty() && !options->what.empty())
      return usage_error("a proof is either searched for or checked", "entropy, or --check FILE", "both");
    if (options->check.empty() && options->what.empty()) return usage_error("say what to prove (entropy), or give --check FILE");
    return options->check.empty() ? run_entropy(*options, console) : run_check(*options, console);
  });
}

}  // namespace bellows::cli
