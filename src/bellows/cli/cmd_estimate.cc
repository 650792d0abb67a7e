#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bellows/certify/statements.h"
#include "bellows/cli/command.h"
#include "bellows/estimate/gather.h"
#include "bellows/estimate/origin.h"
#include "bellows/estimate/scores.h"
#include "bellows/numeric/exact.h"
#include "bellows/trials/relabel.h"

namespace bellows::cli {
namespace {

constexpr const char* manual =
    R"(Counts the trials of a two-party log by settings and outcomes, block by block, in one pass, and says what follows:

  omega     share of trials won, a xor b = x y
  S         CHSH value by setting pair, and 8 omega - 4, which is the same for uniform settings only
  S_mu      MDL value at the claimed bias (with --mu)
  settings  how often each setting came, against the range that the claimed bias leaves (with --mu)
  signalling, drift   whether one side's outcomes know the other's setting; whether blocks differ

Records whose settings come again are named in the first lines ("NOT MET by these records: fresh settings"), as later in
the certificate; --unchecked and --recorded-digest leave that pass out.

Intervals cover 95 % if trials are independent. They inform; what is certified never stands on them.
The bias of a source is asserted by its owner and not tested: settings that are unlikely under the claim do not change a
verdict. They are reported in the first lines, and with --strict they are refused (exit code 1), as are settings that come
again.

Example: bellows estimate run/log.trials --mu 0.75%)";

struct Options {
  std::string file;
  std::string mu;
  bool strict = false, recorded_digest = false, unchecked = false;
};

std::string show(const estimate::Measured& m) {
  return fmt::format("{:.6f}  [{:.6f}, {:.6f}]", m.value, m.low, m.high);
}

void print_settings(const Console& console, const estimate::SettingCheck& check) {
  const estimate::SettingFrequency& worst = check.frequencies[check.worst];
  if (check.consistent) {
    console.print(fmt::format("settings      consistent with mu = {:g} %", 100 * check.mu));
  } else {
    console.print(
        fmt::format("settings      NOT CONSISTENT with mu = {:g} %: {} in {:.3f} % of {} trials, allowed {:.3f} to "
                    "{:.3f} %, {:.1f} sigmas",
                    100 * check.mu, worst.name, 100 * worst.share, worst.of_trials, 100 * worst.allowed_low,
                    100 * worst.allowed_high, worst.sigmas));
  }
}

void print_summary(const Console& console, const Options& options, const trials::LogReader& log,
                   const estimate::Evidence& evidence, const estimate::Summary& summary,
                   const std::vector<std::string>& notes) {
  const estimate::Scores& scores = summary.scores;
  if (evidence.simulated) console.print("SIMULATED device");
  for (const std::string& note : notes) console.print(note);
  if (summary.settings) print_settings(console, *summary.settings);
  if (!log.is_complete())
    console.print(fmt::format("log           NOT COMPLETE: being written or cut, {} whole blocks", log.block_count()));
  console.print(fmt::format("trials        {} in {} blocks", scores.trial_count, evidence.blocks.size()));
  if (evidence.relabelling != "none") {
    console.print(fmt::format("relabelling   {} ({} tried)", evidence.relabelling, evidence.relabellings_tried));
  }
  console.print(fmt::format("omega         {}", show(scores.omega)));
  if (evidence.relabelling == "none") {
    // Records whose settings or outcomes bear other names look local, and nothing else says why.
    if (const auto found = trials::relabelling_that_wins(evidence.totals()))
      console.print(fmt::format("              {:.8f} with --relabel {} (import or amplify; 'auto' finds it and counts as eight thresholds)",
                                static_cast<double>(found->wins) / static_cast<double>(scores.trial_count), found->best.spec()));
  }
  console.print(scores.s ? fmt::format("S             {}", show(*scores.s))
                         : "S             a pair of settings never came");
  console.print(fmt::format("8 omega - 4   {}", show(scores.s_from_omega)));
  if (scores.s_mu) {
    console.print(
        fmt::format("S_mu          {:.8f}  [{:.8f}, {:.8f}]", scores.s_mu->value, scores.s_mu->low, scores.s_mu->high));
  }
  if (!summary.signalling.differences.empty()) {
    const estimate::SignallingDifference& worst = summary.signalling.differences[summary.signalling.worst];
    console.print(fmt::format("signalling    {}: {} = {:+.6f}, {:+.1f} sigmas",
                              summary.signalling.consistent ? "none seen, largest" : "SEEN", worst.name,
                              worst.difference, worst.sigmas));
  }
  if (summary.drift.block_count > 1) {
    console.print(fmt::format("drift         {:+.1f} sigmas over {} blocks; lowest: block {}, {:+.1f} sigmas",
                              summary.drift.sigmas, summary.drift.block_count, summary.drift.lowest_block_index,
                              summary.drift.lowest_block_sigmas));
  }
  console.print("");
  console.print("x y        a b = 0 0           0 1           1 0           1 1");
  const estimate::Counts totals = evidence.totals();
  for (std::size_t pair = 0; pair < 4; ++pair) {
    console.print(fmt::format("{} {}   {:>14}{:>14}{:>14}{:>14}", pair >> 1, pair & 1, totals[4 * pair],
                              totals[4 * pair + 1], totals[4 * pair + 2], totals[4 * pair + 3]));
  }
  if (options.strict && summary.settings && !summary.settings->consistent)
    console.note("refused: the settings are not consistent with the claimed bias (--strict)");
  if (options.strict && certify::names_stale_settings(notes))
    console.note("refused: the settings are not fresh for every trial (--strict)");
}

}  // namespace

void add_estimate(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("estimate", "counts, scores with confidence, drift and checks of a trial log", manual);
  verb.add_option("FILE", options->file, "trial log")->required();
  verb.add_option("--mu", options->mu, "bias that the source's owner claims, 0.0075 or 0.75%, in [0, 0.5)");
  verb.add_flag("--strict", options->strict, "refuse (exit code 1) settings that are not consistent with --mu, or that come again");
  verb.add_flag("--unchecked", options->unchecked,
                "count without checking the blocks' checksums; implies --recorded-digest");
  verb.add_flag("--recorded-digest", options->recorded_digest,
                "show the digest that the log carries, without computing it");
  line.on_run(verb, [options](Console& console) -> Result<Verdict> {
    if (options->strict && options->mu.empty())
      return usage_error("--strict needs the claimed bias", "--mu", "nothing");
    std::optional<double> mu;
    if (!options->mu.empty()) {
      BELLOWS_ASSIGN(const numeric::Exact exact, numeric::Exact::parse(options->mu));
      mu = exact.approximate();
    }
    BELLOWS_ASSIGN(trials::LogReader log, trials::LogReader::open(options->file));
    BELLOWS_TRY(log.require_trials());
    BELLOWS_ASSIGN(
        estimate::Evidence evidence,
        estimate::gather_evidence(log, console.context(),
                                  options->recorded_digest || options->unchecked ? estimate::LogDigest::recorded
                                                                                 : estimate::LogDigest::compute,
                                  options->unchecked ? trials::BlockCheck::none : trials::BlockCheck::full));
    BELLOWS_ASSIGN(estimate::Summary summary, estimate::summarize(evidence, mu));
    // What the certificate will say against its own assumptions; a pass over the settings, unless speed was asked for.
    std::vector<std::string> notes;
    if (!options->unchecked && !options->recorded_digest) {
      BELLOWS_ASSIGN(notes, estimate::origin_notes(log, console.context()));
    }
    console.finish_progress();
    print_summary(console, *options, log, evidence, summary, notes);
    nlohmann::json document = estimate::to_json(summary);
    document["notes"] = notes;
    document["evidence"] = estimate::to_json(evidence);
    document["complete"] = log.is_complete();
    console.result(document);
    const bool refused = options->strict && (!summary.settings->consistent || certify::names_stale_settings(notes));
    return refused ? Verdict::refused : Verdict::done;
  });
}

}  // namespace bellows::cli
