#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "bellows/bits/bit_file.h"
#include "bellows/cli/protocol_runs.h"
#include "bellows/cli/share.h"
#include "bellows/numeric/ranges.h"
#include "bellows/protocol/attacks.h"
#include "bellows/protocol/brandao.h"
#include "bellows/protocol/colbeck_renner.h"
#include "bellows/protocol/gallego.h"

namespace bellows::cli {
namespace {

using namespace bellows::protocol;
using nlohmann::json;

constexpr const char* manual = R"(Runs a protocol of the papers on simulated devices, honest or cheating, and says what is proved at that size. The first line
is the verdict: certified, not certified, or aborted.

  bellows protocol brandao-1 --mu 0.01 --trials 1400 --bits 128          four devices: 128 bits at 1e-9 from 1,400 trials
  bellows protocol brandao-1 --mu 0.3 --bits 128 --smallest              how many trials that takes
  bellows protocol brandao-2 --mu 0.01 --trials 250 --blocks 64          two times four devices
  bellows protocol colbeck-renner --mu 0.01 --log2-settings 6 --log2-trials 15
  bellows protocol ghz --mu 0.4 --trials 1000                            the three-party corollary
  bellows protocol gallego --mu 0.05 --trials 1000000 --block-size 16    quintuplets
  bellows protocol attacks --runs 1000                                   the attack gallery (docs/attacks.md)
  bellows protocol brandao-1 --trials 1400 --bits 128 --save RUN         keep plan, trial log, seed and output
  bellows protocol brandao-1 --verify RUN                                compute all of it again from these files
  bellows protocol brandao-1 --list-devices

Every run follows from --key. mu: every bit of the source, given all its earlier bits and what Eve knows of it, has probability
in [1/2 - mu, 1/2 + mu], and the source does not follow the outcomes: given that knowledge it is independent of the devices.
--source steering (colbeck-renner) breaks the second half, and shows what then happens.
--threshold is the share of trials that may fail; --epsilon bounds (distance from ideal) x (probability to accept), and
--target does so for colbeck-renner. An option that a protocol would ignore is refused.)";

/// Markdown, as the documents hold it; on a terminal, where a row would not fit, a paragraph for each.
void print_table(const std::string& markdown, Console& console) {
  if (::isatty(STDOUT_FILENO) != 1) return console.print(markdown);
  std::vector<std::string> names;
  for (std::size_t at = 0, row = 0; at < markdown.size(); ++row) {
    const std::size_t end = markdown.find('\n', at);
    std::vector<std::string> cells;
    for (at += 2; at < end;) {  // behind "| "
      const std::size_t bar = markdown.find(" |", at);
      cells.push_back(markdown.substr(at, bar - at));
      at = bar + 3;
    }
    at = end + 1;
    if (row == 0) names = cells;
    if (row < 2) continue;
    print_wrapped(console, cells[0] + ": " + cells[1], 2);
    std::string rest;
    for (std::size_t i = 2; i < cells.size(); ++i)
      if (!cells[i].empty()) rest += fmt::format("{}{}: {}", rest.empty() ? "    " : "; ", names[i], cells[i]);
    print_wrapped(console, rest, 4);
  }
}

Result<Verdict> attacks(const ProtocolOptions& options, Console& console) {
  BELLOWS_ASSIGN(const auto rows, run_attacks(options.runs, console.context()));
  console.finish_progress();
  print_table(format_attacks(rows), console);
  json list = json::array();
  for (const AttackRow& row : rows) {
    list.push_back({{"protocol", row.protocol}, {"attack", row.attack}, {"parameters", row.parameters}, {"runs", row.runs}, {"caught", row.caught},
                    {"pass_bound", row.pass_bound}, {"certified", row.certified.empty() ? json(false) : json(row.certified)}, {"why", row.says}});
    if (row.eve_right >= 0) list.back()["eve_right"] = row.eve_right;
  }
  console.result({{"attacks", list}});
  return Verdict::done;
}

Result<Verdict> list_devices(const ProtocolOptions& options, Console& console) {
  const std::vector<DeviceKind>* kinds = options.name == "gallego" ? &gallego_devices()
                                         : options.name == "colbeck-renner" ? &chained_devices()
                                         : options.name == "ghz" ? &ghz_devices() : &four_party_devices();
  json list = json::array();
  for (const DeviceKind& kind : *kinds) {
    console.print(fmt::format("{:20} {}", kind.name, kind.about));
    list.push_back({{"name", kind.name}, {"about", kind.about}});
  }
  console.result({{"protocol", options.name}, {"devices", list}});
  return Verdict::done;
}

/// The options that a protocol uses, by what it is asked for.
std::vector<std::string> options_of(const ProtocolOptions& o) {
  const std::string& name = o.name;
  if (o.list_devices && name != "attacks") return {"--list-devices"};
  if (name == "attacks") return {"--runs"};
  if (name == "brandao-1") {
    if (!o.verify.empty()) return {"--verify"};
    if (o.smallest) return {"--smallest", "--mu", "--threshold", "--bits", "--epsilon", "--extractor"};
    return {"--mu", "--trials", "--threshold", "--bits", "--epsilon", "--extractor", "--device", "--noise", "--honest-share", "--source", "--key", "--out", "--save"};
  }
  if (name == "brandao-2") {
    if (o.smallest) return {"--smallest", "--mu", "--threshold", "--bits", "--epsilon"};
    return {"--mu", "--trials", "--threshold", "--bits", "--epsilon", "--blocks", "--device", "--noise", "--honest-share", "--source", "--key"};
  }
  if (name == "colbeck-renner") {
    if (o.smallest) return {"--smallest", "--mu", "--target"};
    return {"--mu", "--log2-settings", "--log2-trials", "--target", "--device", "--honest-share", "--source", "--correlated-sources", "--key", "--out"};
  }
  if (o.smallest) return {"--smallest", "--mu"};
  if (name == "ghz") return {"--mu", "--trials", "--device", "--source", "--key"};
  return {"--mu", "--trials", "--block-size", "--function-seed", "--device", "--honest-share", "--source", "--key"};
}

Status refuse_ignored(const CLI::App& verb, const ProtocolOptions& o) {
  const std::vector<std::string> used = options_of(o);
  for (const CLI::Option* option : verb.get_options()) {
    const std::string name = option->get_name();
    if (option->count() == 0 || name == "NAME" || name == "--json" || name == "--quiet" || name == "--threads") continue;
    if (std::find(used.begin(), used.end(), name) != used.end()) continue;
    std::string known;
    for (const std::string& each : used) known += (known.empty() ? "" : ", ") + each;
    const std::string with = o.list_devices ? " --list-devices" : o.smallest ? " --smallest" : !o.verify.empty() && o.name == "brandao-1" ? " --verify" : "";
    return usage_error(fmt::format("{}{} does not use {}", o.name, o.name == "attacks" ? "" : with, name), known, name);
  }
  if (o.trials && *o.trials == 0) return usage_error("there must be at least one trial");
  return {};
}

Result<Verdict> run(const CLI::App& verb, const ProtocolOptions& options, Console& console) {
  BELLOWS_TRY(refuse_ignored(verb, options));
  if (options.list_devices) return list_devices(options, console);
  if (options.name == "brandao-1") return run_brandao_one(options, console);
  if (options.name == "brandao-2") return run_brandao_two(options, console);
  if (options.name == "colbeck-renner") return run_colbeck_renner(options, console);
  if (options.name == "ghz") return run_three_party(options, console);
  if (options.name == "gallego") return run_gallego_blocks(options, console);
  return attacks(options, console);
}

}  // namespace

Result<numeric::Exact> bias_of(const ProtocolOptions& options) {
  using numeric::Exact;
  BELLOWS_ASSIGN(const Exact mu, Exact::parse(options.mu));
  BELLOWS_TRY(numeric::check_bias(mu));
  return mu;
}

Result<bits::StreamKey> simulation_key(const std::string& text) {
  if (text.size() == 64) return bits::StreamKey::from_hex(text);
  std::uint64_t number = 0;
  for (char c : text) {
    if (c < '0' || c > '9' || number > 1000000000000000000U) return usage_error("--key takes a number or 64 hexadecimal digits");
    number = 10 * number + static_cast<std::uint64_t>(c - '0');
  }
  return bits::StreamKey::from_number(number);
}

std::string power_of_two(double log2_value) {
  return log2_value > -1000 ? fmt::format("2^{:.2f} = {:.3g}", log2_value, std::exp2(log2_value)) : fmt::format("2^{:.1f}", log2_value);
}

Status write_output(const ProtocolOptions& options, const bits::BitString& output, Console& console, json& result) {
  if (options.out.empty()) return {};
  BELLOWS_TRY(bits::write_bit_file(options.out, output, bits::BitFileKind::secret));
  console.print("  output written: " + options.out);
  result["output"] = options.out;
  return {};
}

void add_protocol(CommandLine& line) {
  auto o = std::make_shared<ProtocolOptions>();
  CLI::App& verb = line.add_verb("protocol", "run a paper's protocol on simulated devices, honest or cheating", manual);
  verb.add_option("NAME", o->name, "brandao-1, brandao-2, colbeck-renner, ghz, gallego, attacks")
      ->required()->check(CLI::IsMember({"brandao-1", "brandao-2", "colbeck-renner", "ghz", "gallego", "attacks"}));
  verb.add_option("--mu", o->mu, "bias of the source");
  verb.add_option("--trials", o->trials, "brandao, ghz: trials; gallego: quintuplets");
  verb.add_option("--threshold", o->threshold, "brandao: share of the trials that may fail");
  verb.add_option("--bits", o->bits, "brandao: output bits");
  verb.add_option("--epsilon", o->epsilon, "brandao: bound on distance x probability to accept");
  verb.add_option("--extractor", o->extractor, "brandao-1: short-seed, raz or device-as-seed (the best one if not given)");
  verb.add_option("--blocks", o->blocks, "brandao-2: blocks of the second devices, a power of two");
  verb.add_option("--log2-settings", o->log2_settings, "colbeck-renner: r, for N = 2^r settings");
  verb.add_option("--log2-trials", o->log2_trials, "colbeck-renner: t, for M = 2^t trials");
  verb.add_option("--target", o->target, "colbeck-renner: the bound on distance x probability to accept that counts as certified, below 1/2");
  verb.add_option("--block-size", o->block_size, "gallego: quintuplets in a block");
  verb.add_option("--function-seed", o->function_seed, "gallego: the public choice of f");
  verb.add_option("--device", o->device, "the simulated device (--list-devices)");
  add_share(verb, "--noise", o->noise, "brandao: an honest device's outcomes are flipped with this probability");
  add_share(verb, "--honest-share", o->honest_share, "devices that are honest in part: how large a part");
  verb.add_option("--source", o->source, "how the simulated source uses its bias: fair, leaning, colluding; colbeck-renner also: steering");
  verb.add_flag("--correlated-sources", o->correlated, "colbeck-renner: the second source copies the first within its bias");
  verb.add_option("--key", o->key, "simulation key: a number or 64 hexadecimal digits");
  verb.add_option("--out", o->out, "brandao-1, colbeck-renner: write the output bits to a new file (private)");
  verb.add_option("--save", o->save, "brandao-1: keep plan, trial log, seed and output in a new folder (private)");
  verb.add_option("--verify", o->verify, "brandao-1: check such a folder");
  verb.add_option("--runs", o->runs, "attacks: runs of each")->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1000000}));
  verb.add_flag("--smallest", o->smallest, "find the smallest size with a guarantee instead of running");
  verb.add_flag("--list-devices", o->list_devices, "the devices of this protocol");
  line.on_run(verb, [o, &verb](Console& console) { return run(verb, *o, console); });
}

}  // namespace bellows::cli
