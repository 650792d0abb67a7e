#include <fmt/format.h>

#include <algorithm>

#include "bellows/base/count.h"
#include "bellows/certify/plan_file.h"
#include "bellows/certify/search.h"
#include "bellows/cli/command.h"
#include "bellows/estimate/origin.h"
#include "bellows/plan/plan.h"
#include "bellows/trials/import.h"

namespace bellows::cli {
namespace {

constexpr const char* manual = R"(Turns the trial records of a laboratory into a trial log (docs/format-trials.md).

Formats (--format; without it the file's ending .u8, .csv or .npy decides):
  xyab-u8  one byte a trial, bits 3..0 = x y a b
  csv      a line a trial; columns x,y,a,b, or in the order that a header names
  npy      NumPy array of shape (n, 4), columns x y a b, booleans or integers,
           C or Fortran order
Event lists with time stamps and records with a third outcome are not supported
yet. FILE may be '-' or a pipe (not for --relabel auto, which reads twice).

Relabelling (--relabel): bellows plays the game a xor b = x y. A laboratory whose
game is another form of it renames settings or outcomes. Words, joined by commas
and applied from left to right to every record:
  swap-parties   exchange x with y and a with b
  x:flip  y:flip  a:flip  b:flip      exchange 0 and 1
  a:flip-if-x    a becomes a xor x    b:flip-if-y   b becomes b xor y
  none           (default)
  auto           the one of the eight forms with the most wins. It looks at the
                 outcomes, so certification pays for eight thresholds.
The choice stands in the log's metadata, and `bellows export` undoes it.

The log is private (mode 0600), appears whole or not at all, and an existing file
is left as it is. Records from a pipe may exist nowhere else: when something goes
wrong (a byte that is no record, a full disk, Ctrl-C), those that came before are
kept as a log that is not complete, and --continue appends what comes next to it:
  producer | bellows import --continue - run12.trials
Without further records (< /dev/null) it completes the log as it is.

Examples:
  bellows import --format xyab-u8 --relabel auto run12.u8 run12.trials
  bellows import run12.csv --out run12.trials
  bellows import --relabel x:flip,y:flip --plan plan.json run12.csv run12.trials)";

struct Options {
  std::string from, to, out, format, relabel, plan, plan_digest, block_trials;
  std::vector<std::string> metadata;
  bool go_on = false;
};

Result<trials::ImportOptions> import_options(const Options& given) {
  trials::ImportOptions options;
  std::string relabel = given.relabel.empty() ? "none" : given.relabel;
  if (!given.format.empty()) {
    BELLOWS_ASSIGN(options.format, trials::foreign_format_from_name(given.format));
  }
  if (!given.plan.empty()) {
    BELLOWS_ASSIGN(plan::Plan plan, plan::read_plan(given.plan));
    BELLOWS_ASSIGN(plan, certify::complete_plan_of(given.plan, std::move(plan)));
    if (given.relabel.empty()) relabel = plan.relabelling;
    if (relabel != plan.relabelling) return usage_error("--relabel is not the plan's", plan.relabelling, relabel);
    options.plan_digest = plan::digest(plan);
    // Whoever reads the log later cannot know which was there first.
    options.metadata[estimate::plan_added_later_key] = true;
  }
  for (const std::string& pair : given.metadata) {
    std::size_t equals = pair.find('=');
    if (equals == pair.npos || equals == 0) return usage_error("metadata must be KEY=VALUE", "KEY=VALUE", pair);
    std::string key = pair.substr(0, equals);
    if (key == "import" || key == estimate::plan_added_later_key)
      return usage_error(fmt::format("the key '{}' is taken by the import itself", key));
    options.metadata[key] = pair.substr(equals + 1);
  }
  options.auto_relabel = relabel == "auto";
  if (!options.auto_relabel) {
    BELLOWS_ASSIGN(options.relabelling, trials::Relabelling::parse(relabel));
  }
  if (!given.block_trials.empty()) {
    BELLOWS_ASSIGN(options.block_trials, parse_count(given.block_trials));
    if (options.block_trials < 1 || options.block_trials > trials::largest_block_trials)
      return usage_error("impossible number of trials in a block", "1 to 2^22", given.block_trials);
  }
  return options;
}

Result<Verdict> run(Options given, Console& console) {
  if (given.to.empty() == given.out.empty())
    return usage_error("name the trial log to write once", "FILE LOG, or FILE --out LOG",
                       given.to.empty() ? "neither" : "both");
  if (given.to.empty()) given.to = given.out;
  BELLOWS_ASSIGN(trials::ImportOptions options, import_options(given));
  Path from = given.from == "-" ? "/dev/stdin" : given.from;
  if (given.go_on && !given.metadata.empty()) return usage_error("a log that is continued keeps its metadata");
  const auto import = given.go_on ? trials::continue_import : trials::import_trials;
  BELLOWS_ASSIGN(trials::ImportReport report, import(from, given.to, options, console.context()));
  console.finish_progress();
  auto total = static_cast<double>(std::max<std::uint64_t>(report.trial_count, 1));
  console.print(fmt::format("imported    {} trials from {} ({})", report.trial_count, given.from,
                            trials::foreign_format_name(report.format)));
  if (given.go_on) console.print(fmt::format("after       {} trials that the log held", report.kept_trials));
  console.print(fmt::format("relabelling {}{}", report.relabelling.spec(),
                            report.relabellings_tried > 1 ? " (found by search: counts as 8 thresholds)" : ""));
  std::uint64_t wins = trials::chsh_wins(report.counts);
  console.print(
      fmt::format("won         {} of {} ({:.5f})", wins, report.trial_count, static_cast<double>(wins) / total));
  if (!report.is_exact)
    console.note("note: the file's own layout is not kept; export gives the same trials in plain form");
  console.print(fmt::format("log         {}", given.to));
  nlohmann::json counts;
  for (unsigned r = 0; r < 16; ++r)
    counts[fmt::format("{}{}_{}{}", r >> 3 & 1, r >> 2 & 1, r >> 1 & 1, r & 1)] = report.counts[r];
  console.result(
      {{"log", given.to},
       {"format", trials::foreign_format_name(report.format)},
       {"trials", report.trial_count},
       {"kept_trials", report.kept_trials},
       {"relabel", report.relabelling.spec()},
       {"relabellings_tried", report.relabellings_tried},
       {"wins", wins},
       {"counts_xy_ab", counts},
       {"export_is_exact", report.is_exact},
       {"plan_digest", options.plan_digest.is_zero() ? nlohmann::json() : nlohmann::json(options.plan_digest.hex())},
       {"log_digest", report.log_digest.hex()}});
  return Verdict::done;
}

}  // namespace

void add_import(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("import", "trial log from a laboratory's records", manual);
  verb.add_option("FILE", options->from, "records to import, '-' for standard input")->required();
  verb.add_option("LOG", options->to, "trial log to write, must not exist (but with --continue)");
  verb.add_option("--out", options->out, "the same as LOG")->type_name("LOG");
  verb.add_option("--format", options->format, "xyab-u8, csv or npy");
  verb.add_option("--relabel", options->relabel, "words, see below, or auto; without it the plan's, or none");
  verb.add_option("--plan", options->plan, "plan under which the trials were taken; its digest goes into the log");
  verb.add_option("--set", options->metadata, "KEY=VALUE for the log's metadata; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--block-trials", options->block_trials, "trials in a block, at most 2^22 (default)");
  verb.add_flag("--continue", options->go_on, "go on with a log that an import left incomplete");
  line.on_run(verb, [options](Console& console) { return run(*options, console); });
}

}  // namespace bellows::cli
