#include <fmt/format.h>

#include <memory>

#include "bellows/cli/command.h"
#include "bellows/report/verify.h"

namespace bellows::cli {
namespace {

constexpr const char* manual =
    "Recomputes digests, counts, certificate and output from plan, log and seed, and compares. Names the first thing "
    "that does\n"
    "not match. Where they are there, certificate.public.json must be the public form of certificate.json, output.raw "
    "the bits of\n"
    "output.bits, and both certificates signed with one key or neither. report.html is a picture and not looked at: "
    "`bellows report`\n"
    "makes it anew. Private files that other users may read are warned of and change no verdict. A signature that was "
    "taken away\n"
    "with both its files shows as 'unsigned'; --public-key refuses that.\n\n"
    "It shares no code with what made the trials. A verified run's certificate follows from its log; "
    "whether the\n"
    "assumptions that it lists were met, no program can tell.\n\n"
    "FILE instead of FOLDER is a certificate that was given away, mostly certificate.public.json. Of it alone are checked: "
    "the\n"
    "signature, that the plan keeps its own rules (a built-in grid is built again), that its threshold is one of the "
    "plan's and\n"
    "the one that a published score reaches, and that entropy, losses, length and assumptions follow from plan and "
    "threshold.\n"
    "That the trials reached the threshold only the log shows; log.trials, seed.bits, output.bits and plan.json are "
    "looked at\n"
    "where they lie beside FILE or are named. What could not be checked is listed.\n\n"
    "Exit codes: 0 everything matches (also for a run that was rightly not certified); 1 something does not; 3 a file "
    "is\n"
    "missing, cut or corrupted.\n\n"
    "Examples:\n"
    "  bellows verify run\n"
    "  bellows verify run --public-key lab.pub\n"
    "  bellows verify certificate.public.json --public-key lab.pub\n"
    "  bellows verify --plan p.json --log l.trials --seed s.bits --certificate c.json --output o.bits";

struct Options {
  std::string folder, plan, log, seed, certificate, output, locality, pulses, public_key;
};

/// A certificate by itself, with what lies beside it.
bool is_statement(const Options& options) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(options.folder, ignored);
}

Result<report::VerifyRequest> request_of(const Options& options) {
  if (is_statement(options) && !options.certificate.empty())
    return usage_error("the certificate is given twice", "FILE or --certificate", "both");
  report::VerifyRequest request =
      report::VerifyRequest::of_folder(is_statement(options) ? Path(options.folder).parent_path() : Path(options.folder));
  if (is_statement(options)) request.certificate = options.folder;
  auto replace = [&](Path& path, const std::string& given) -> Status {
    if (!given.empty())
      path = given;
    else if (options.folder.empty())
      return usage_error("name a run folder, or each of --plan --log --seed --certificate --output");
    return {};
  };
  BELLOWS_TRY(replace(request.plan, options.plan));
  BELLOWS_TRY(replace(request.log, options.log));
  BELLOWS_TRY(replace(request.seed, options.seed));
  BELLOWS_TRY(replace(request.certificate, options.certificate));
  BELLOWS_TRY(replace(request.output, options.output));
  if (options.folder.empty()) request.locality.clear(), request.pulses.clear();
  if (!options.locality.empty()) request.locality = options.locality;
  if (!options.pulses.empty()) request.pulses = options.pulses;
  if (options.folder.empty())
    request.public_certificate.clear(), request.raw_output.clear(), request.other_private_files.clear();
  if (!options.public_key.empty()) request.public_key = options.public_key;
  return request;
}

}  // namespace

void add_verify(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("verify", "recompute a run from its files and compare", manual);
  verb.add_option("FOLDER", options->folder, "run folder of `amplify`, or a certificate's FILE");
  verb.add_option("--plan", options->plan, "plan, in place of FOLDER/plan.json");
  verb.add_option("--log", options->log, "trial log, in place of FOLDER/log.trials");
  verb.add_option("--seed", options->seed, "seed, in place of FOLDER/seed.bits");
  verb.add_option("--certificate", options->certificate, "certificate, in place of FOLDER/certificate.json");
  verb.add_option("--output", options->output, "output, in place of FOLDER/output.bits");
  verb.add_option("--locality", options->locality, "space-time file, in place of FOLDER/locality.toml");
  verb.add_option("--pulses", options->pulses, "arrival times, in place of FOLDER/pulses.csv");
  verb.add_option("--public-key", options->public_key, "the certificate must be signed with this key");
  line.on_run(verb, [options](Console& console) -> Result<Verdict> {
    BELLOWS_ASSIGN(report::VerifyRequest request, request_of(*options));
    std::error_code ignored;
    if (!is_statement(*options) && !std::filesystem::exists(request.certificate, ignored) &&
        std::filesystem::exists(request.public_certificate, ignored))
      return bad_input("no such file; what the public form says by itself: bellows verify " +
                           request.public_certificate.string(),
                       request.certificate);
    const bool alone = is_statement(*options);
    BELLOWS_ASSIGN(report::VerifyReport report, alone ? report::verify_statement(request, console.context())
                                                      : report::verify_run(request, console.context()));
    console.finish_progress();
    const report::VerifyStep& last = report.steps.back();
    if (report.verified() && !report.not_checked.empty()) {
      const certify::Certificate& certificate = report.certificate;
      console.print(certificate.certified()
                        ? fmt::format("verified as far as it goes: {} certified bits follow from plan and threshold",
                                      certificate.output_bits())
                        : std::string("verified as far as it goes: not certified"));
    } else if (report.verified()) {
      console.print(report.certificate.certified() ? fmt::format("verified: {} certified bits follow from log and seed",
                                                                 report.certificate.output_bits())
                                                   : std::string("verified: rightly not certified, and no output"));
    } else {
      console.print(fmt::format("NOT verified: {} does not match", last.what));
      if (!last.expected.empty()) console.print("  expected " + last.expected);
      if (!last.got.empty()) console.print("  got      " + last.got);
    }
    if (const certify::Certificate& certificate = report.certificate; report.verified() && certificate.certified())
      console.print(fmt::format("{}epsilon {}, against a {} adversary: {}",
                                certificate.simulated ? "DEMONSTRATION (simulated device); " : "",
                                certificate.plan.epsilons.total.text(), name(certificate.proved_against()),
                                plan::what_eve_may_hold(certificate.proved_against())));
    for (const report::VerifyStep& step : report.steps)
      console.print(fmt::format("  [{}] {}", step.matches ? "ok" : "NO", step.what));
    for (const std::string& what : report.not_checked) console.print("  [--] not checked: " + what);
    // Of a certificate that does not hold, whose it is says nothing.
    if (report.verified())
      console.print(!report.signed_by ? std::string("unsigned: that nobody made it anew, no signature shows")
                    : options->public_key.empty() ? fmt::format("signed by {}", *report.signed_by)
                                                  : fmt::format("signed by {}, the key asked for", *report.signed_by));
    for (const std::string& warning : report.warnings) console.note("warning: " + warning);
    console.result(report::to_json(report));
    return report.verified() ? Verdict::done : Verdict::refused;
  });
}

}  // namespace bellows::cli
