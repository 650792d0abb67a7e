#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <tuple>

#include "bellows/base/count.h"
#include "bellows/base/new_files.h"
#include "bellows/certify/certify.h"
#include "bellows/certify/compare.h"
#include "bellows/certify/locality.h"
#include "bellows/certify/plan_file.h"
#include "bellows/certify/signature.h"
#include "bellows/cli/certify_options.h"
#include "bellows/cli/prove_for.h"
#include "bellows/estimate/gather.h"
#include "bellows/estimate/origin.h"
#include "bellows/plan/published.h"

namespace bellows::cli {
namespace {

constexpr const char* manual =
    R"(From a trial log and its plan to a certificate: how many bits may be extracted, with which total failure probability,
against whom, under which assumptions, by which theorem. Every number is a lower bound in ball arithmetic, rounded down.

  bellows certify run/log.trials --plan run/plan.json --out certificate.json
  bellows certify run                      a run folder: its log and its plan
  bellows certify log.trials --mu 0.0075 --epsilon 1e-9      built-in plan: a grid of thresholds that sees no data
  bellows certify simulated.trials         the same; a simulated log claims the bias of its source itself
  bellows certify --trials 20*2^26 --score 0.783875 --mu 0.0075 --threshold 0.783875       numbers only: hypothetical
  bellows certify --compare --preset kulikov-2024            every method on the published data, and the largest bias
  bellows certify --make-key KEY; bellows certify run --out c.json --sign KEY; bellows certify --check c.json --key KEY.pub

  bellows certify --witness-file w.json --trials 1e8 --score 0.0271 --threshold 0.0271 --prove      a linear witness

Methods: two-sided (win frequency, both parties' entropy, computer-checked), win (one party's), witness (a linear score of the plan,
both parties', computer-checked), mdl (MDL value), and two for comparison: win-older and mdl-as-printed with the entropy accumulation of 2016. --epsilon is always the total.
With --out FILE.json the private certificate goes to FILE.json (mode 0600) and what may leave to FILE.public.json.
Exit code 1: not certified, or refused (another plan's log, no trials). docs/security.md states and proves every bound.)";

struct Options {
  PlanOptions plan;
  std::string log, plan_file, score, out, sign, make_key, check, key, locality, pulses, locality_stated;
  bool compare = false, prove = false, strict = false, full = false, overwrite = false;
};

Result<Verdict> show_comparison(Console& console, const Options& options) {
  BELLOWS_ASSIGN(plan::Preset preset,
                 plan::preset_named(options.plan.preset.empty() ? "kulikov-2024" : options.plan.preset));
  BELLOWS_ASSIGN(certify::PlanWishes wishes, wishes_from(options.plan));
  if (!options.plan.mu.empty() && wishes.mu != preset.mu) {
    preset.mu = wishes.mu;
    preset.mdl_value.reset();  // it was measured at the preset's own bias
  }
  if (!options.plan.epsilon.empty()) preset.epsilon = wishes.epsilon;
  const std::uint64_t trials = options.plan.trial_count.empty() ? 0 : wishes.trial_count;
  if (!options.plan.trial_count.empty() && trials == 0)
    return usage_error("the number of trials is out of range", "1 to 2^61", "0");
  BELLOWS_ASSIGN(auto rows, certify::compare_methods(preset, trials, 1000000, console.context()));
  console.finish_progress();
  nlohmann::json list = nlohmann::json::array();
  std::string adversaries;
  console.print(fmt::format("{}: mu = {}, epsilon = {}, threshold at win frequency {}", preset.name, preset.mu.text(),
                            preset.epsilon.text(), preset.win_frequency->text()));
  console.print(fmt::format("{:<16}{:<14}{:>14}{:>16}{:>15}   largest mu for 1 Mbit", "method", "extractor",
                            "output bits", "min-entropy", "seed bits"));
  for (const certify::ComparisonRow& row : rows) {
    list.push_back(certify::to_json(row));
    if (const std::string whom = name(certify::proved_against(row)); adversaries.find(whom) == std::string::npos)
      adversaries += (adversaries.empty() ? "" : ", ") + whom;
    console.print(fmt::format("{:<16}{:<14}{:>14}{:>16.0f}{:>15}   {}", certify::method_name(row), name(row.extractor),
                              row.output_bits, row.min_entropy_bits, row.seed_bits,
                              row.mu_max ? fmt::format("{:.4f} %", 100 * row.mu_max->approximate()) : "none"));
  }
  console.print("against the adversary: " + adversaries);
  console.print("'as printed': the published constant, which the published theorems do not give; for comparison only");
  console.result({{"preset", preset.name},
                  {"mu", preset.mu.text()},
                  {"epsilon", preset.epsilon.text()},
                  {"trials", trials                         ? trials
                             : preset.published_trial_count ? preset.published_trial_count
                                                            : preset.trial_count},
                  {"rows", std::move(list)}});
  return Verdict::done;
}

Result<Verdict> check_signature(Console& console, const Options& options) {
  BELLOWS_ASSIGN(certify::Certificate certificate, certify::read_certificate(options.check));
  BELLOWS_ASSIGN(std::string key, certify::verify_file_signature(options.check));
  if (!options.key.empty()) BELLOWS_TRY(certify::verify_file_signature(options.check, options.key));
  console.print(fmt::format("signed by {}{}", key, options.key.empty() ? "" : ", the key asked for"));
  console.print(certify::to_text(certificate, options.full));
  console.result({{"signed_by", key}, {"certificate", certify::to_private_json(certificate)}});
  return Verdict::done;
}

/// What the command line says beside a plan file must be what the plan says: nothing is chosen after the data.
Status agree(const plan::Plan& plan, const Options& options) {
  const PlanOptions& asked = options.plan;
  auto differs = [](const char* what, std::string expected, const std::string& got) {
    Error error = refused(fmt::format("{} is not the plan's", what));
    error.expected = std::move(expected);
    error.got = got;
    return error;
  };
  auto number = [&](const char* what, const numeric::Exact& planned, const std::string& text) -> Status {
    if (text.empty()) return {};
    BELLOWS_ASSIGN(numeric::Exact value, numeric::Exact::parse(text));
    return value == planned ? Status() : Status(differs(what, planned.text(), text));
  };
  BELLOWS_TRY(number("the bias", plan.mu, asked.mu));
  BELLOWS_TRY(number("the total epsilon", plan.epsilons.total, asked.epsilon));
  if (!asked.threshold.empty()) {
    BELLOWS_ASSIGN(numeric::Exact threshold, numeric::Exact::parse(asked.threshold));
    auto index = plan.thresholds.reached(threshold);
    if (!index || plan.thresholds.at(*index) != threshold)
      return differs("the threshold", fmt::format("one of the plan's {} thresholds", plan.thresholds.count()),
                     asked.threshold);
  }
  for (const auto& [what, planned, text] :
       {std::tuple("the method", name(plan.method), &asked.method),
        std::tuple("the adversary", name(plan.adversary), &asked.adversary),
        std::tuple("the polytope", name(plan.polytope), &asked.polytope),
        std::tuple("the extractor", name(plan.extractor), &asked.extractor),
        std::tuple("the publish mode", name(plan.publish_mode), &asked.publish_mode)})
    if (!text->empty() && *text != planned) return differs(what, planned, *text);
  if (!asked.trial_count.empty()) {
    BELLOWS_ASSIGN(const std::uint64_t trials, parse_count(asked.trial_count));
    if (trials != plan.trial_count)
      return differs("the number of trials", std::to_string(plan.trial_count), asked.trial_count);
  }
  for (const std::string& item : asked.published) {
    BELLOWS_ASSIGN(const plan::Publication publication, plan::publication_named(item));
    if (!plan::publishes(plan, publication)) return differs("what is published", "items of the plan's", item);
  }
  return {};
}

/// log: nullptr where there are only numbers.
Result<plan::Plan> plan_for(const Options& options, const estimate::Evidence& evidence, const Path& plan_file,
                            const trials::LogReader* log) {
  if (!plan_file.empty()) {
    BELLOWS_ASSIGN(plan::Plan plan, plan::read_plan(plan_file));
    BELLOWS_TRY(agree(plan, options));
    return certify::complete_plan_of(plan_file, std::move(plan));
  }
  PlanOptions asked = options.plan;
  if (!gives_bias(asked)) {
    std::optional<numeric::Exact> claimed;
    if (log != nullptr) {
      BELLOWS_ASSIGN(claimed, estimate::claimed_bias(*log));
    }
    if (!claimed) return certify::bias_is_needed();
    asked.mu = claimed->text();
  }
  BELLOWS_ASSIGN(certify::PlanWishes wishes, wishes_from(asked));
  if (options.plan.trial_count.empty()) wishes.trial_count = evidence.trial_count();
  wishes.relabelling = evidence.relabellings_tried > 1 ? "auto" : evidence.relabelling;
  wishes.simulated = evidence.simulated;
  return certify::built_in_plan(wishes);
}

Path public_path(const Path& path) {
  return path.parent_path() / (path.stem().string() + ".public" + path.extension().string());
}

std::vector<Path> results_of(const Options& options) {
  std::vector<Path> files;
  if (options.out.empty()) return files;
  files = {options.out, public_path(options.out)};
  if (!options.sign.empty())
    for (std::size_t i = 0; i < 2; ++i) files.push_back(certify::signature_path(files[i]));
  return files;
}

/// What would keep a result from being written, found before the work.
Status require_room_for_results(const Options& options) {
  if (!options.sign.empty()) {
    if (options.out.empty()) return usage_error("--sign signs files", "--out FILE", "nothing");
    BELLOWS_TRY(certify::check_signing_key(options.sign));
  }
  const std::vector<Path> results = results_of(options);
  std::vector<Path> inputs = {options.log,      options.plan_file, options.sign,
                              options.locality, options.pulses,    options.plan.witness_file};
  if (!options.log.empty())  // it may be a run folder
    for (const char* name : {"log.trials", "plan.json"}) inputs.push_back(Path(options.log) / name);
  for (const Path& input : inputs)
    for (const Path& result : results)
      if (!input.empty() && is_one_file(input, result))
        return usage_error("a result would take the place of what it is made from", "another --out", input.string());
  return require_new_files(results, options.overwrite);
}

Status write_results(const Options& options, const certify::Certificate& certificate) {
  const std::vector<Path> files = results_of(options);
  WrittenTogether written;
  for (std::size_t i = 0; i < files.size(); ++i) {
    BELLOWS_TRY(i == 0   ? certify::write_private(certificate, files[i], options.overwrite)
                : i == 1 ? certify::write_public(certificate, files[i], options.overwrite)
                         : certify::sign_file(files[i - 2], options.sign, options.overwrite));
    if (!options.overwrite) written.add(files[i]);  // what may have been there before stays
  }
  written.keep();
  return {};
}

Result<Verdict> show(Console& console, const Options& options, const certify::Certificate& certificate) {
  BELLOWS_TRY(write_results(options, certificate));
  std::string text = certify::to_text(certificate, options.full);
  if (!text.empty()) text.pop_back();
  console.print(text);
  console.result(certify::to_private_json(certificate));
  return certificate.certified() ? Verdict::done : Verdict::refused;
}

/// A proof for exactly the plan's bias and the threshold that counts. Any proof holds whenever it was found: the threshold
/// was fixed before the data, the line below the curve need not be.
Status prove_what_is_reached(Console& console, const plan::Plan& plan, const numeric::Exact& score) {
  if (plan.method != plan::Method::two_sided && plan.method != plan::Method::witness)
    return usage_error("only the methods two-sided and witness rest on entropy proofs", "two-sided or witness",
                       name(plan.method));
  const auto reached = plan.thresholds.reached(score);
  return reached ? prove_for(console, plan, plan.thresholds.at(*reached)) : Status();
}

/// What a certificate of a log or of numbers looks at.
const std::vector<std::string> of_a_certificate{"--preset",    "--mu",        "--epsilon", "--trials",   "--method",
                                                "--adversary", "--witness-file", "--polytope", "--extractor",
                                                "--threshold", "--publish",   "--mode",    "--plan",     "--out",
                                                "--sign",      "--locality",  "--pulses",  "--locality-stated",
                                                "--prove",     "--strict",    "--full"};

Status look_at_way(const CLI::App& verb, const Options& options) {
  if (!options.make_key.empty()) return look_at(verb, "making a key", {"--make-key"});
  if (options.compare)
    return look_at(verb, "the comparison", {"--compare", "--preset", "--mu", "--epsilon", "--trials"});
  if (!options.check.empty()) return look_at(verb, "the check of a signature", {"--check", "--key", "--full"});
  if (!options.plan_file.empty() && (!options.plan.preset.empty() || !options.plan.witness_file.empty()))
    return usage_error("a plan file says itself what the plan is", "--plan, or what a plan is made from", "both");
  if (!options.log.empty()) return look_at(verb, "the certificate of a log", of_a_certificate, {"LOG"});
  return look_at(verb, "a certificate of numbers alone", of_a_certificate, {"--score"});
}

Result<Verdict> run(Console& console, const Options& options, const CLI::App& verb) {
  BELLOWS_TRY(look_at_way(verb, options));
  if (!options.make_key.empty()) {
    BELLOWS_TRY(certify::make_signing_key(options.make_key));
    console.print(fmt::format("{} (secret) and {}.pub", options.make_key, options.make_key));
    console.result({{"secret", options.make_key}, {"public", options.make_key + ".pub"}});
    return Verdict::done;
  }
  if (options.compare) return show_comparison(console, options);
  if (!options.check.empty()) return check_signature(console, options);
  BELLOWS_TRY(require_room_for_results(options));
  certify::Circumstances circumstances;
  circumstances.strict = options.strict;
  circumstances.statements.locality = certify::LocalityStatement::stated(options.locality_stated);
  if (!options.locality.empty()) {
    BELLOWS_ASSIGN(certify::LocalityCheck check, certify::check_locality_files(options.locality, options.pulses));
    circumstances.statements.locality = check.statement;
  }
  if (options.log.empty()) {
    if (options.score.empty())
      return usage_error("nothing to certify", "a trial log, a run folder, or --trials N --score W", "neither");
    BELLOWS_ASSIGN(numeric::Exact score, numeric::Exact::parse(options.score));
    BELLOWS_ASSIGN(plan::Plan plan, plan_for(options, {}, options.plan_file, nullptr));
    if (options.prove) {
      BELLOWS_TRY(prove_what_is_reached(console, plan, score));
      BELLOWS_ASSIGN(plan, plan_for(options, {}, options.plan_file, nullptr));  // family and seed as they are with the proof
    }
    BELLOWS_ASSIGN(certify::Certificate certificate, certify::certify_hypothetical(plan, score, circumstances));
    return show(console, options, certificate);
  }
  Path log_file = options.log, plan_file = options.plan_file;
  std::error_code ignored;
  if (std::filesystem::is_directory(log_file, ignored)) {
    if (plan_file.empty()) plan_file = log_file / "plan.json";
    log_file /= "log.trials";
  }
  BELLOWS_ASSIGN(trials::LogReader log, trials::LogReader::open(log_file));
  // Where a log was cut may depend on its outcomes: nothing is certified before its writer said that it is whole.
  BELLOWS_TRY(log.require_complete());
  BELLOWS_TRY(log.require_trials());
  BELLOWS_ASSIGN(estimate::Evidence evidence, estimate::gather_evidence(log, console.context()));
  BELLOWS_ASSIGN(circumstances.notes, estimate::origin_notes(log, console.context()));
  console.finish_progress();
  BELLOWS_ASSIGN(plan::Plan plan, plan_for(options, evidence, plan_file, &log));
  BELLOWS_ASSIGN(const std::optional<numeric::Exact> claimed, estimate::claimed_bias(log));
  if (claimed && *claimed > plan.mu)
    console.note(fmt::format("the log claims the bias {} for its source; {} is what was asked for", claimed->text(),
                             plan.mu.text()));
  if (options.prove) {
    BELLOWS_TRY(prove_what_is_reached(console, plan, certify::observed_score(plan, evidence)));
    BELLOWS_ASSIGN(plan, plan_for(options, evidence, plan_file, &log));
  }
  BELLOWS_ASSIGN(certify::Certificate certificate, certify::certify(plan, evidence, circumstances));
  return show(console, options, certificate);
}

}  // namespace

void add_certify(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("certify", "evidence and plan to a certificate; methods compared; signatures", manual);
  verb.add_option("LOG", options->log, "trial log, or a run folder");
  verb.add_option("--plan", options->plan_file, "plan, JSON or TOML");
  add_plan_options(verb, options->plan);
  verb.add_option("--score", options->score, "without a log: the score, on the method's scale");
  verb.add_option("--out", options->out, "write the certificate here, and its public form beside it");
  verb.add_flag("--overwrite", options->overwrite, "replace files that exist");
  verb.add_option("--sign", options->sign, "sign what is written with this secret key");
  verb.add_option("--make-key", options->make_key, "make a signing key: KEY and KEY.pub");
  verb.add_option("--check", options->check, "check the signature of this certificate");
  verb.add_option("--key", options->key, "with --check: the public key that it must be");
  auto* locality = verb.add_option("--locality", options->locality,
                                   "make the space-time check of this file; the certificate has its verdict and digest");
  locality->type_name("TOML");
  verb.add_option("--pulses", options->pulses, "with --locality: arrival times of reference pulses")
      ->needs(locality)
      ->type_name("CSV");
  verb.add_option("--locality-stated", options->locality_stated,
                  "what you say of space-like separation; the certificate has it as stated, not checked")
      ->excludes(locality)
      ->type_name("WORDS");
  verb.add_flag("--compare", options->compare, "every method and extractor on a preset's published data");
  verb.add_flag("--prove", options->prove, "first find and keep an entropy proof for exactly this bias and threshold");
  verb.add_flag("--strict", options->strict, "refuse settings that are unlikely under the claimed bias or come again, and a failed space-time check");
  verb.add_flag("--full", options->full, "print every assumption");
  line.on_run(verb, [options, &verb](Console& console) { return run(console, *options, verb); });
}

}  // namespace bellows::cli
