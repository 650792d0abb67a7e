#include <fmt/format.h>

#include "bellows/cli/command.h"
#include "bellows/cli/terminal_text.h"
#include "bellows/trials/import.h"

namespace bellows::cli {
namespace {

constexpr const char* manual = R"(Turns a two-party trial log into a file of records. Without options it gives back
the file that was imported, bit for bit: its format and layout stand in the log's
metadata, and its relabelling is undone.

Formats (--format): xyab-u8, csv, npy; see `bellows import --help`. A log that was
not imported becomes xyab-u8. A log that is still being written, or was cut, is
refused unless --whole-blocks asks for what is there. FILE '-' is standard output.

That trials are simulated is lost in every such format: export warns of it.

Records are private (mode 0600); an existing file is left as it is.

Examples:
  bellows export run12.trials run12-again.u8
  bellows export --format csv --keep-relabelling run12.trials - | head)";

struct Options {
  std::string log, to, format;
  bool keep_relabelling = false, whole_blocks = false;
};

Result<Verdict> run(const Options& given, Console& console) {
  trials::ExportOptions options{.undo_relabelling = !given.keep_relabelling, .allow_incomplete = given.whole_blocks};
  if (!given.format.empty()) {
    BELLOWS_ASSIGN(options.format, trials::foreign_format_from_name(given.format));
  }
  if (given.to == "-" && console.json()) return usage_error("--json and FILE '-' both need standard output");
  auto outcome = trials::export_trials(given.log, given.to, options, console.context());
  if (!outcome.ok() && given.to == "-" && nobody_listens()) return Verdict::done;
  BELLOWS_ASSIGN(trials::ExportReport report, std::move(outcome));
  console.finish_progress();
  if (report.simulated)
    console.note(
        fmt::format("warning: DEMONSTRATION: these trials are simulated, and {} has no place to say so: whoever "
                    "imports them gets a "
                    "log that looks real",
                    trials::foreign_format_name(report.format)));
  if (given.to == "-") return Verdict::done;
  console.print(fmt::format("exported    {} trials to {} ({})", report.trial_count, given.to,
                            trials::foreign_format_name(report.format)));
  if (!report.undone.is_identity()) console.print("relabelling undone");
  console.result({{"file", given.to},
                  {"format", trials::foreign_format_name(report.format)},
                  {"trials", report.trial_count},
                  {"size_bytes", report.size_bytes},
                  {"simulated", report.simulated},
                  {"relabelling_undone_by", report.undone.spec()}});
  return Verdict::done;
}

}  // namespace

void add_export(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("export", "a laboratory's records from a trial log", manual);
  verb.add_option("LOG", options->log, "trial log")->required();
  verb.add_option("FILE", options->to, "file to write, must not exist; '-' for standard output")->required();
  verb.add_option("--format", options->format, "xyab-u8, csv or npy");
  verb.add_flag("--keep-relabelling", options->keep_relabelling, "records as they stand in the log");
  verb.add_flag("--whole-blocks", options->whole_blocks, "also from a log that is not complete");
  line.on_run(verb, [options](Console& console) { return run(*options, console); });
}

}  // namespace bellows::cli
