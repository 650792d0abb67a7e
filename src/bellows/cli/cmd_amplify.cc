#include <fmt/format.h>

#include <memory>

#include "bellows/base/count.h"
#include "bellows/certify/certificate.h"
#include "bellows/cli/command.h"
#include "bellows/cli/terminal_text.h"
#include "bellows/extract/seed_check.h"
#include "bellows/protocol/kulikov.h"
#include "bellows/report/html_report.h"
#include "bellows/trials/relabel.h"

namespace bellows::cli {
namespace {

constexpr const char* manual =
    "The main job, start to end: plan, trials, seed, certificate, output. Without --trials the experiment is simulated "
    "(a\n"
    "demonstration); with --trials the records of a real one are used.\n\n"
    "Everything goes to one folder: log.trials, seed.bits, seed.origin (where the seed came from), output.bits, "
    "certificate.json,\n"
    "report.html, with --raw-out output.raw, of a simulation simulation.key (private, mode 0600), plan.json and\n"
    "certificate.public.json (mode 0644). A run that was stopped goes on when the same command is given again; a finished "
    "one shows its\n"
    "result, once its output was made again and compared; another --seed or --note is refused then. What may be published, and at what price, is in docs/security.md.\n\n"
    "The seed is drawn after the last outcome: from --seed (a .bits file, or with --seed-raw bytes without header), else from the preset's simulated source, else (real "
    "records) from\n"
    "the system's generator. Without --plan the plan is built in: a grid of thresholds that does not depend on the "
    "data.\n\n"
    "Exit codes: 0 certified, output written; 1 not certified, or refused; 2 usage; 3 bad input; 130 Ctrl-C (give the "
    "command\n"
    "again to go on).\n\n"
    "Examples:\n"
    "  bellows amplify --out run\n"
    "  bellows amplify --preset kulikov-2024 --trial-count 20*2^26 --out run\n"
    "  bellows amplify --trials records.u8 --format xyab-u8 --relabel auto --mu 1.5% --epsilon 1e-9 --out run";

struct Options {
  std::string preset = "kulikov-2024", trial_count, trials, format, relabel, seed, mu, epsilon, plan, out, method,
              extractor, mode, signing_key, source, device, locality, pulses, seed_bits;
  std::optional<std::uint64_t> sim_seed;
  std::vector<std::string> notes;
  bool raw_output = false, strict = false, seed_raw = false, seed_msb_first = false;
};

template <class T, class Parse>
Status parse_into(std::optional<T>& target, const std::string& text, Parse parse) {
  if (text.empty()) return {};
  BELLOWS_ASSIGN(target, parse(text));
  return {};
}

/// Without --seed-bits all of the file; of a pipe or device nobody knows how long it is.
Result<bits::RawBits> raw_seed_of(const Options& options) {
  bits::RawBits raw{.size_bits = 0, .msb_first = options.seed_msb_first};
  if (!options.seed_bits.empty()) {
    BELLOWS_ASSIGN(raw.size_bits, parse_count(options.seed_bits));
    return raw;
  }
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(options.seed, error);
  if (error && std::filesystem::exists(options.seed, error))
    return usage_error("the length of this seed is not known", "--seed-bits N", "nothing");
  if (!error) raw.size_bits = std::uint64_t{bytes} * 8;
  return raw;
}

Result<protocol::AmplifyRequest> request_of(const Options& options) {
  protocol::AmplifyRequest request;
  request.folder = options.out;
  request.preset = options.preset;
  BELLOWS_TRY(parse_into(request.trial_count, options.trial_count, parse_count));
  BELLOWS_TRY(parse_into(request.mu, options.mu, numeric::Exact::parse));
  BELLOWS_TRY(parse_into(request.epsilon, options.epsilon, numeric::Exact::parse));
  BELLOWS_TRY(parse_into(request.method, options.method, plan::method_named));
  BELLOWS_TRY(parse_into(request.extractor, options.extractor, plan::extractor_named));
  BELLOWS_TRY(parse_into(request.publish_mode, options.mode, plan::publish_mode_named));
  request.simulation_seed = options.sim_seed;
  request.source = options.source;
  request.device = options.device;
  request.notes = options.notes;
  if (!options.trials.empty()) request.trials_file = options.trials;
  if (!options.plan.empty()) request.plan_file = options.plan;
  if (!options.seed.empty()) request.seed_file = options.seed;
  if (!options.locality.empty()) request.locality_file = options.locality;
  if (!options.pulses.empty()) request.pulses_file = options.pulses;
  if (options.seed_raw) {
    BELLOWS_ASSIGN(request.seed_raw, raw_seed_of(options));
  } else if (!options.seed_bits.empty() || options.seed_msb_first) {
    return usage_error("--seed-bits and --seed-msb-first tell how to read a seed without header", "--seed-raw", "none");
  }
  if (!options.signing_key.empty()) request.signing_key = options.signing_key;
  request.format = options.format;
  request.relabelling = options.relabel;
  request.raw_output = options.raw_output;
  request.strict = options.strict;
  return request;
}

nlohmann::json to_json(const protocol::AmplifyOutcome& outcome, const Path& folder) {
  nlohmann::json document = certify::to_private_json(outcome.certificate);
  document["folder"] = folder.string();
  document["was_finished"] = outcome.was_finished;
  document["was_continued"] = outcome.was_continued;
  document["extracted_before"] = outcome.extracted_before;
  document["seconds"] = {{"trials", outcome.trials_s},
                         {"estimate", outcome.estimate_s},
                         {"certify", outcome.certify_s},
                         {"extract", outcome.extract_s}};
  return document;
}

/// What a refused run may still be told: records whose labels are mixed up win under other ones.
std::string relabelling_hint(const protocol::AmplifyOutcome& outcome) {
  const certify::Certificate& certificate = outcome.certificate;
  if (certificate.certified() || certificate.simulated || certificate.plan.relabelling != "none" || !outcome.counts) return {};
  const auto found = trials::relabelling_that_wins(*outcome.counts);
  if (!found) return {};
  const auto share = [&](std::uint64_t wins) {
    return 100 * static_cast<double>(wins) / static_cast<double>(certificate.trial_count);
  };
  return fmt::format(
      "hint: with other names for settings or outcomes ({}) {:.2f} % of these trials are won, as they stand {:.2f} %. "
      "Give --relabel auto, which counts as eight thresholds, and another --out.",
      found->best.spec(), share(found->wins), share(trials::chsh_wins(*outcome.counts)));
}

/// The page of a run; a finished run that has one keeps it.
Result<Path> write_report(const Path& folder, bool was_finished, Console& console) {
  std::error_code ignored;
  Path path = folder / "report.html";
  if (was_finished && std::filesystem::exists(path, ignored)) return path;
  Context context = console.context();
  BELLOWS_ASSIGN(report::RunView run, report::read_run(folder, context, was_finished));
  auto written = report::write_html_report(run, {}, context);
  console.finish_progress();
  return written;
}

}  // namespace

void add_amplify(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("amplify", "from trials, or a simulated experiment, to certified bits", manual);
  verb.add_option("--out", options->out, "run folder; made if it does not exist")->required();
  auto* preset = verb.add_option("--preset", options->preset, "simulated experiment")->capture_default_str();
  auto* count =
      verb.add_option("--trial-count", options->trial_count, "trials to simulate, as 1000000, 1e6 or 20*2^26 [2^26]");
  auto* sim_seed = verb.add_option("--sim-seed", options->sim_seed,
                                   "a number that fixes the simulation; without it a fresh key is drawn");
  auto* source =
      verb.add_option("--source", options->source, "another source than the preset's, see `bellows simulate --help`");
  auto* device = verb.add_option("--device", options->device, "other devices than the preset's, honest or cheating");
  auto* trials = verb.add_option("--trials", options->trials, "records of a real experiment");
  trials->excludes(preset)->excludes(count)->excludes(sim_seed)->excludes(source)->excludes(device);
  verb.add_option("--format", options->format,
                  "of --trials: trials, xyab-u8, csv or npy; without it from the file's name")
      ->needs(trials);
  verb.add_option(
          "--relabel", options->relabel,
          "auto (searches; counts as eight thresholds) or e.g. x:flip,a:flip-if-x; without it the plan's, or none")
      ->needs(trials);
  auto* seed = verb.add_option("--seed", options->seed, "bit file with the seed, drawn after the last outcome");
  verb.add_flag("--seed-raw", options->seed_raw, "the seed has no header: bytes, least significant bit first")->needs(seed);
  verb.add_option("--seed-bits", options->seed_bits, "with --seed-raw: bits to read [all of the file]")->needs(seed);
  verb.add_flag("--seed-msb-first", options->seed_msb_first, "with --seed-raw: most significant bit first")->needs(seed);
  verb.add_option("--mu", options->mu, "claimed bias of the source, as 0.0075 or 0.75%; simulated records say it themselves");
  verb.add_option("--epsilon", options->epsilon, "total failure probability, as 1e-12");
  verb.add_option("--plan", options->plan, "plan file (JSON or TOML) that was fixed before the first trial");
  verb.add_option("--method", options->method,
                  "how evidence becomes entropy: two-sided (default), win, ..., see `bellows certify --help`");
  verb.add_option("--extractor", options->extractor, "auto, toeplitz, circulant, short-seed or shift-matrix");
  verb.add_option("--mode", options->mode, "private, or public (a beacon: log and output are published together, and the log's digest is paid for)");
  verb.add_option("--sign", options->signing_key, "sign the certificates with this key, see `bellows certify --help`");
  auto* locality = verb.add_option(
      "--locality", options->locality, "make the space-time check of this file; the certificate has its verdict and digest");
  locality->type_name("TOML");
  verb.add_option("--pulses", options->pulses, "with --locality: arrival times of reference pulses")
      ->needs(locality)
      ->type_name("CSV");
  verb.add_option("--note", options->notes, "a sentence of yours for the certificate's assumptions; may be repeated");
  verb.add_flag("--raw-out", options->raw_output, "also write the output without header, output.raw");
  verb.add_flag("--strict", options->strict, "refuse settings that speak against the claimed bias or come again, and a failed space-time check");
  line.on_run(verb, [options](Console& console) -> Result<Verdict> {
    BELLOWS_ASSIGN(protocol::AmplifyRequest request, request_of(*options));
    BELLOWS_ASSIGN(protocol::AmplifyOutcome outcome, protocol::amplify(request, console.context()));
    console.finish_progress();
    const certify::Certificate& certificate = outcome.certificate;
    if (outcome.was_finished)
      console.note(fmt::format("{} holds a finished run; this is its result", terminal_word(options->out)));
    console.print(certify::to_text(certificate, false));
    if (certificate.certified()) {
      const protocol::RunFolder folder{request.folder};
      console.print(fmt::format("seed: {}, {} bits used", terminal_word(folder.seed().string()),
                                certificate.extraction.seed_bits));
      console.print(fmt::format("output: {}", terminal_word(folder.output().string())));
    }
    console.print(fmt::format("assumptions: {}, in the report and in {}; bellows certify {} --full prints all but the seed's origin and notes",
                              certificate.assumptions.size(),
                              terminal_word(protocol::RunFolder{request.folder}.certificate().string()), terminal_word(options->out)));
    const std::string hint = relabelling_hint(outcome);
    if (!hint.empty()) console.print(hint);
    if (outcome.extracted_before) console.note(extract::extracted_again_warning);
    if (!outcome.was_finished)
      console.note(fmt::format("trials {}, estimate {}, certify {}, extract {}", readable_duration(outcome.trials_s),
                               readable_duration(outcome.estimate_s), readable_duration(outcome.certify_s),
                               readable_duration(outcome.extract_s)));
    nlohmann::json document = to_json(outcome, request.folder);
    if (!hint.empty()) document["hint"] = hint;
    if (auto page = write_report(request.folder, outcome.was_finished, console); page.ok()) {
      document["report"] = page->string();
      console.print(fmt::format("report: {}", terminal_word(page->string())));
    } else {
      // The certificate stands without its picture.
      console.note(fmt::format("no report: {}", page.error().describe()));
    }
    console.result(document);
    return certificate.certified() ? Verdict::done : Verdict::refused;
  });
}

}  // namespace bellows::cli
