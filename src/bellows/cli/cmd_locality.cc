#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bellows/certify/locality.h"
#include "bellows/cli/command.h"

namespace bellows::cli {
namespace {

constexpr const char* manual =
    R"(Whether an influence at the speed of light could have carried one party's setting to the other party's outcome.

  bellows locality space-time.toml
  bellows locality space-time.toml --pulses arrivals.csv

The file gives the distances from the start of a setting at one party to the fixed outcome at the other, in both directions,
and every part of the time in between with its uncertainty:

  granularity_ns = 1.66                  # smallest step of the devices: what jitter is held against
  [distance]
  A_to_B_m = 33.1
  B_to_A_m = 32.928
  uncertainty_m = 0.01
  [[segment]]
  direction = "A->B"                     # or "B->A", or "both"
  name = "random number generator, A"
  duration_ns = 17.1                     # or start_ns and end_ns
  uncertainty_ns = 0.1

Sums are computed from the parts, with all uncertainties added in full; a total is never read. The table of arrivals has the
columns time_h, station, early_ns, late_ns (and device, block, granularity_ns where needed): each device's drift by a linear fit,
jitter where late minus early reaches the granularity, and a verdict for each block of trials
(the shifts of all its pulses add, and no pulse may be missing in it). Exit code 1: the check failed.
`bellows certify` and `bellows amplify` take both files and put the verdict into the certificate. Format: docs/locality.md.)";

struct Options {
  std::string file, pulses;
};

Result<Verdict> run(Console& console, const Options& options) {
  BELLOWS_ASSIGN(const certify::LocalityCheck check, certify::check_locality_files(options.file, options.pulses));
  const certify::LocalityReport& report = check.report;
  console.print(report.closed ? "locality: passed" : "locality: FAILED");
  for (const certify::Direction& one : report.directions) {
    console.print(fmt::format("\n{}  distance {:.3f} m, light needs at least {:.2f} ns", one.name, one.distance_m,
                              one.budget_ns()));
    for (const certify::Segment& segment : one.segments)
      console.print(
          fmt::format("  {:<36}{:>10.2f} ns  +- {:.2f}", segment.name, segment.duration_ns, segment.uncertainty_ns));
    console.print(
        fmt::format("  {:<36}{:>10.2f} ns  +- {:.2f}", "sum of these parts", one.sum_ns(), one.uncertainty_ns()));
    console.print(
        fmt::format("  {:<36}{:>10.2f} ns  {}", "margin", one.margin_ns(), one.closed() ? "" : "NOT space-like"));
  }
  for (const certify::PulseVerdict& one : report.pulses)
    console.print(fmt::format("pulse {} {}: drift {:+.1f} ps/h, spread at most {:.3f} ns{}, shift at most {:.3f} ns",
                              one.station, one.device, one.drift_ps_per_h, one.largest_spread_ns,
                              one.jitter ? " = JITTER" : "", one.largest_shift_ns));
  for (const certify::BlockVerdict& one : report.blocks)
    if (!one.closed)
      console.print(
          fmt::format("block {}: FAILED, margin {:.2f} ns{}{}", one.block, one.margin_ns, one.jitter ? ", jitter" : "",
                      one.missing.empty() ? "" : fmt::format(", no record of pulse {}", fmt::join(one.missing, ", "))));
  console.result(certify::to_json(report));
  return report.closed ? Verdict::done : Verdict::refused;
}

}  // namespace

void add_locality(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb =
      line.add_verb("locality", "the space-time check: durations against light, drift and jitter of pulses", manual);
  verb.add_option("FILE", options->file, "positions and durations, TOML")->required();
  verb.add_option("--pulses", options->pulses, "arrival times of reference pulses, CSV");
  line.on_run(verb, [options](Console& console) { return run(console, *options); });
}

}  // namespace bellows::cli
