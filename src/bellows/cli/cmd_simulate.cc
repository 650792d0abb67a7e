#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "bellows/base/count.h"
#include "bellows/bits/bit_file.h"
#include "bellows/cli/command.h"
#include "bellows/cli/pair_simulation.h"
#include "bellows/device/device.h"
#include "bellows/numeric/exact.h"
#include "bellows/protocol/experiment.h"
#include "bellows/source/source.h"
#include "bellows/trials/reader.h"

namespace bellows::cli {
namespace {

struct Options {
  protocol::ExperimentChoice choice;
  std::string trial_count = "2^22", seed_bits = "0", mu, out, seed_out, plan_digest;
  std::optional<std::uint64_t> sim_seed;
  bool go_on = false;
  PairOptions pairs;  // of the preset masanes
};

std::string manual() {
  std::string text =
      "Makes a trial log of a modelled weak source and modelled devices, and a seed from the same source, drawn after "
      "the\n"
      "last outcome (preset masanes: the two halves of a key distribution instead, from uniform bits; no weak source, "
      "no "
      "seed).\nWhat comes of it says nothing about real devices: the log is marked as simulated.\n\nPresets:\n";
  for (const protocol::ExperimentPreset& preset : protocol::experiment_presets())
    text += fmt::format("  {:<16} {}\n", preset.name, preset.summary);
  text +=
      fmt::format("  {:<16} {}\n", "masanes",
                  "both parties' halves for bellows qkd: OUT.alice.trials and OUT.bob.trials, of --trial-count pairs");
  text += fmt::format("\nSources (--source):\n{}\n\nDevices (--device):\n{}\n", source::source_help(),
                      device::device_help());
  text +=
      "\nWith --sim-seed the same command gives the same bits on every machine, and a log that was cut can be "
      "continued\n"
      "(--continue). Whoever knows that number knows all outcomes. Without it a key is drawn and thrown away.\n\n"
      "Example: bellows simulate --preset kulikov-2024 --trial-count 2^26 --sim-seed 1 --out log.trials";
  return text;
}

Result<bits::StreamKey> choose_key(const Options& options) {
  if (options.sim_seed) return bits::StreamKey::from_number(*options.sim_seed);
  return bits::StreamKey::from_system();
}

Result<trials::LogWriter> open_log(const Options& options, const protocol::Experiment& experiment,
                                   const Context& context) {
  Digest plan_digest;
  if (!options.plan_digest.empty()) {
    BELLOWS_ASSIGN(plan_digest, Digest::from_hex(options.plan_digest));
  }
  const trials::LogHeader header = protocol::log_header(experiment, plan_digest);
  if (!options.go_on) return trials::LogWriter::create(options.out, header);
  BELLOWS_ASSIGN(trials::LogWriter log, trials::LogWriter::continue_after_crash(options.out, context));
  if (log.header().metadata != header.metadata || log.header().plan_digest != header.plan_digest) {
    return refused(
        fmt::format("the log {} is of another experiment or plan: {}", options.out, log.header().metadata.dump()));
  }
  return log;
}

Result<Verdict> simulate(const Options& options, Console& console) {
  if (options.choice.preset == "masanes") {
    PairOptions pairs = options.pairs;
    pairs.pairs = options.trial_count;
    pairs.alice = options.out + ".alice.trials";
    pairs.bob = options.out + ".bob.trials";
    if (options.sim_seed) pairs.device_seed = *options.sim_seed;
    return simulate_pairs_and_report(pairs, console);
  }
  BELLOWS_ASSIGN(const std::uint64_t trial_count, parse_count(options.trial_count));
  BELLOWS_ASSIGN(const std::uint64_t seed_bits, parse_count(options.seed_bits));
  if (trial_count == 0) return usage_error("--trial-count is 0", "at least 1 trial", options.trial_count);
  if (options.seed_out.empty() != (seed_bits == 0))
    return usage_error("--seed-out and --seed-bits go together", "both or none", "one");
  // Found out now, and not after hours of trials.
  if (std::error_code ignored; !options.seed_out.empty() && std::filesystem::exists(options.seed_out, ignored))
    return bad_input("the seed's file exists", options.seed_out);
  if (!options.seed_out.empty() && options.seed_out == options.out)
    return usage_error("--out and --seed-out are one file", "two files", options.out);
  protocol::ExperimentChoice choice = options.choice;
  if (!options.mu.empty()) {
    BELLOWS_ASSIGN(const numeric::Exact mu, numeric::Exact::parse(options.mu));
    choice.mu = mu.nearest();
  }
  BELLOWS_ASSIGN(std::unique_ptr<protocol::Experiment> experiment, protocol::make_experiment(choice));
  if (options.go_on && experiment->is_reproducible() && !options.sim_seed)
    return usage_error("--continue needs the number of the run", "--sim-seed", "nothing");
  BELLOWS_ASSIGN(const bits::StreamKey key, choose_key(options));

  const Context context = console.context();
  BELLOWS_ASSIGN(trials::LogWriter log, open_log(options, *experiment, context));
  const std::uint64_t trials_before = log.trial_count();
  const auto start = std::chrono::steady_clock::now();
  BELLOWS_TRY(protocol::simulate_log(*experiment, key, trial_count, log, context));
  BELLOWS_ASSIGN(const Digest digest, log.finish());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (seed_bits != 0) {
    BELLOWS_ASSIGN(bits::BitString seed, experiment->draw_seed_bits(key, seed_bits));
    BELLOWS_TRY(bits::write_bit_file(options.seed_out, seed, bits::BitFileKind::with_digest));
  }
  console.finish_progress();
  const double rate = static_cast<double>(trial_count - trials_before) / std::max(seconds, 1e-9);
  console.print(fmt::format("simulated     {} trials in {} blocks, {}trials/s", log.trial_count(), log.block_count(),
                            with_si_prefix(rate)));
  console.print(fmt::format("claimed mu    {:g} %", 100 * experiment->claimed_mu()));
  console.print(fmt::format("log           {}", options.out));
  if (seed_bits != 0) console.print(fmt::format("seed          {} ({} bits)", options.seed_out, seed_bits));
  console.result({{"log", options.out},
                  {"log_digest", digest.hex()},
                  {"trials", log.trial_count()},
                  {"blocks", log.block_count()},
                  {"trials_per_second", rate},
                  {"claimed_mu", experiment->claimed_mu()},
                  {"experiment", experiment->describe()},
                  {"seed", options.seed_out.empty() ? nlohmann::json() : nlohmann::json(options.seed_out)},
                  {"seed_bits", seed_bits}});
  return Verdict::done;
}

}  // namespace

void add_simulate(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("simulate", "trial log and seed bits from a modelled source and device", manual());
  verb.add_option("--preset", options->choice.preset, "what to simulate")->capture_default_str();
  verb.add_option("--trial-count", options->trial_count, "trials, for example 20*2^26")->capture_default_str();
  verb.add_option("--mu", options->mu, "bias of the source, 0.0075 or 0.75%, in [0, 0.5); otherwise the preset's");
  verb.add_option("--source", options->choice.source, "another source than the preset's");
  verb.add_option("--device", options->choice.device, "other devices than the preset's");
  verb.add_option("--sim-seed", options->sim_seed, "a number that fixes everything that is drawn");
  verb.add_option("--plan-digest", options->plan_digest, "digest of the plan, for the log's header");
  verb.add_option("--out", options->out, "trial log to write")->required();
  verb.add_option("--seed-out", options->seed_out, "bit file to write the seed to");
  verb.add_option("--seed-bits", options->seed_bits, "length of the seed");
  verb.add_flag("--continue", options->go_on, "go on with a log that was cut");
  auto* pairs = verb.add_option_group("Preset masanes");
  add_pair_options(*pairs, options->pairs);
  line.on_run(verb, [options](Console& console) { return simulate(*options, console); });
}

}  // namespace bellows::cli
