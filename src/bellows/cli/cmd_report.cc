#include <fmt/format.h>

#include "bellows/cli/command.h"
#include "bellows/cli/terminal_text.h"
#include "bellows/report/html_report.h"

namespace bellows::cli {
namespace {

constexpr const char* manual = R"(One HTML page about a run folder, opened from disk, without network: the verdict
first, then S and S_mu by block against the classical limit, the way from raw
bits to output bits, the score against the threshold, setting frequencies,
no-signalling checks, the locality budget, assumptions and digests. `amplify`
writes it at its end; every chart has its data as CSV.

The page is green only where all files are there and fit. Plan, log and seed are
compared with the certificate by counts, sizes and digests; where one of them was
changed, or a file cannot be read, it does not match: the page says so and shows
no number as proved. Of the output, which has no digest, only kind and length are
compared: bits of it that were changed leave the page green, and only `bellows
verify`, which makes the output again, finds them. Where the log, the seed or the
output is missing the page is `incomplete`: its numbers are what the certificate
says, and nothing more. Exit codes: 0 the page is written, also of a run without
certified bits; 1 it is, and a file does not match.

report.html is private (mode 0600): what it shows depends on the outcomes.
--public writes report.public.html instead, which leaves out everything that
depends on outcomes, but what the plan said would be published and paid for in
output bits (`bellows plan --publish`). --locality takes the parts of the
space-time check (see `bellows locality --help`). --show-output adds a picture
and statistical tests of the output bits: whoever sees that page knows them.

Examples:
  bellows report run
  bellows report run --public --out for-the-web.html)";

struct Options {
  std::string folder, out, locality, pulses;
  report::HtmlOptions html;
};

const char* state_name(report::RunState state) {
  switch (state) {
    case report::RunState::certified:
      return "certified";
    case report::RunState::refused:
      return "not_certified";
    case report::RunState::unfinished:
      return "unfinished";
    case report::RunState::mismatch:
      return "mismatch";
    case report::RunState::incomplete:
      return "incomplete";
  }
  return "mismatch";
}

Result<Verdict> run(const Options& options, Console& console) {
  Context context = console.context();
  report::HtmlOptions html = options.html;
  if (!options.locality.empty()) {
    BELLOWS_ASSIGN(certify::LocalityCheck check, certify::check_locality_files(options.locality, options.pulses));
    html.locality = std::move(check.report);
  }
  BELLOWS_ASSIGN(report::RunView view, report::read_run(options.folder, context));
  BELLOWS_ASSIGN(Path path, report::write_html_report(view, html, context, options.out));
  report::RunState state = report::state_of(view);
  for (const auto& mismatch : view.mismatches) console.note(fmt::format("does not match: {}", mismatch.what));
  for (const auto& problem : view.problems) console.note(problem);
  nlohmann::json mismatches = nlohmann::json::array();
  for (const auto& mismatch : view.mismatches)
    mismatches.push_back({{"what", mismatch.what}, {"expected", mismatch.expected}, {"got", mismatch.got}});
  console.print(terminal_word(path.string()));
  console.result({{"report", path.string()},
                  {"locality", html.locality ? certify::to_json(*html.locality) : nlohmann::json()},
                  {"state", state_name(state)},
                  {"problems", view.problems},
                  {"mismatches", mismatches},
                  {"missing", view.missing},
                  {"public", options.html.for_public},
                  {"shows_output", options.html.show_output}});
  return state == report::RunState::mismatch ? Verdict::refused : Verdict::done;
}

}  // namespace

void add_report(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("report", "a page about a run, to be opened in a browser", manual);
  verb.add_option("RUN", options->folder, "folder that `bellows amplify` wrote")->required();
  verb.add_option("--out", options->out, "the page (default: report.html in RUN); only an old page is replaced")
      ->type_name("HTML");
  verb.add_flag("--public", options->html.for_public, "a page that may be shown: leave out what depends on outcomes");
  verb.add_flag("--show-output", options->html.show_output, "show and test the output bits");
  auto* locality =
      verb.add_option("--locality", options->locality, "show the space-time check of this file")->type_name("TOML");
  verb.add_option("--pulses", options->pulses, "with the arrivals of reference pulses")
      ->needs(locality)
      ->type_name("CSV");
  line.on_run(verb, [options](Console& console) { return run(*options, console); });
}

}  // namespace bellows::cli
