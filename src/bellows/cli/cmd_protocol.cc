#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <memory>

#include "bellows/bits/bit_file.h"
#include "bellows/cli/command.h"
#include "bellows/protocol/attacks.h"
#include "bellows/protocol/brandao.h"
#include "bellows/protocol/colbeck_renner.h"
#include "bellows/protocol/four_device_files.h"
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
  bellows protocol colbeck-renner --mu 0.001 --log2-settings 5 --log2-trials 15
  bellows protocol ghz --mu 0.4 --trials 1000                            the three-party corollary
  bellows protocol gallego --mu 0.05 --trials 1000000 --block-size 16    quintuplets
  bellows protocol attacks --runs 1000                                   the attack gallery (docs/attacks.md)
  bellows protocol brandao-1 --trials 1400 --bits 128 --save RUN         keep plan, trial log, seed and output
  bellows protocol brandao-1 --verify RUN                                compute all of it again from these files
  bellows protocol brandao-1 --list-devices

Every run follows from --key. mu: every bit of the source, given all before it, has probability in [1/2 - mu, 1/2 + mu].
--threshold is the share of trials that may fail; --epsilon bounds (distance from ideal) x (probability to accept).)";

struct Options {
  std::string name, mu = "0.01", threshold = "0", epsilon = "1e-9", device = "quantum", source = "leaning", extractor, key = "1", out, save, verify;
  std::uint64_t trials = 0, bits = 1, blocks = 16, runs = 1000, function_seed = 1;
  unsigned log2_settings = 5, log2_trials = 15, block_size = 16;
  double noise = 0, honest_share = 0.5;
  std::string target;
  bool smallest = false, list_devices = false, correlated = false;
};

Result<Exact> exact(const std::string& text) { return Exact::parse(text); }

Result<bits::StreamKey> key_of(const std::string& text) {
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

std::string how(const FourDeviceCertificate& c) {
  switch (c.extractor) {
    case FourDeviceExtractor::short_seed:
      return fmt::format("short seed over GF(2^{}), {} source bits: the shortest proof at this bias", 32 * c.field_length, c.seed_bits);
    case FourDeviceExtractor::raz:
      return fmt::format("Raz over GF(2^{}), l = {}, p = {}, {} source bits: less entropy needed than by the short seed", c.raz.field.degree,
                         c.raz.log2_terms, c.raz.moment, c.seed_bits);
    case FourDeviceExtractor::device_as_seed:
      return fmt::format("device as seed over GF(2^{}), {} source bits hashed: the only one that works at any bias", 32 * c.field_length, c.seed_bits);
  }
  return {};
}

json as_json(const FourDeviceCertificate& c) {
  json result = {{"mu", c.plan.mu.text()}, {"trials", c.plan.trials}, {"most_failures", c.plan.most_failures}, {"output_bits", c.plan.output_bits},
                 {"epsilon", c.plan.epsilon.text()}, {"extractor", extractor_name(c.extractor)}, {"parties_read", c.parties_read},
                 {"trials_read", c.trials_read}, {"seed_bits", c.seed_bits}, {"min_entropy_bits", c.min_entropy}, {"log2_e_a", c.log2_e_a},
                 {"log2_extractor_error", c.log2_extractor_error}, {"log2_total", c.log2_total}};
  if (c.extractor == FourDeviceExtractor::raz) {
    result["field_degree"] = c.raz.field.degree;
    result["field_middle"] = c.raz.field.middle;
    result["log2_terms"] = c.raz.log2_terms;
    result["moment"] = c.raz.moment;
  } else {
    result["field_length"] = c.field_length;
    result["pieces"] = c.pieces;
  }
  result["adversary"] = "no-signalling";
  result["assumptions"] = {"every bit of the source, given all before it and Eve's classical information on it, has bias at most mu",
                           "the devices and Eve's system do not depend on the source beyond that information, and do not signal to it",
                           "the four parties' devices and Eve do not signal to each other; earlier trials may influence later ones",
                           "settings, outcomes and seed stay private", "the devices are not used again while the output must stay secret"};
  return result;
}

Result<FourDeviceOptions> four_device_options(const Options& options) {
  FourDeviceOptions result;
  BELLOWS_ASSIGN(result.plan.mu, exact(options.mu));
  BELLOWS_ASSIGN(const Exact threshold, exact(options.threshold));
  BELLOWS_ASSIGN(result.plan.epsilon, exact(options.epsilon));
  if (threshold < Exact::integer(0) || threshold > Exact::integer(1)) return usage_error("the threshold is a share of the trials, from 0 to 1");
  result.plan.trials = options.trials == 0 ? 1400 : options.trials;
  const mpq_class allowed = threshold.value() * mpq_class(mpz_class(static_cast<unsigned long>(result.plan.trials)));
  result.plan.most_failures = mpz_class(allowed.get_num() / allowed.get_den()).get_ui();
  result.plan.output_bits = options.bits;
  result.device = options.device;
  result.noise = options.noise;
  result.honest_share = options.honest_share;
  BELLOWS_ASSIGN(result.scheme, scheme_from_name(options.source));
  BELLOWS_ASSIGN(result.key, key_of(options.key));
  if (!options.extractor.empty()) {
    BELLOWS_ASSIGN(result.extractor, extractor_from_name(options.extractor));
  }
  return result;
}

Result<Verdict> smallest_four(const Options& options, Console& console) {
  BELLOWS_ASSIGN(const FourDeviceOptions parsed, four_device_options(options));
  BELLOWS_ASSIGN(const Exact threshold, exact(options.threshold));
  if (parsed.plan.mu < Exact::integer(0) || parsed.plan.mu >= Exact::fraction(1, 2)) return usage_error("the bias mu must be at least 0 and below 1/2");
  const auto found = smallest_four_device(parsed.plan.mu, threshold, options.bits, parsed.plan.epsilon, 2000000000, parsed.extractor);
  const auto printed = printed_smallest_trials(parsed.plan.mu, threshold, parsed.plan.epsilon);
  json result = {{"protocol", "brandao-1"}, {"certified", found.has_value()}};
  if (found) {
    console.print(fmt::format("certified from {} trials: {} bits at {} x {}", found->plan.trials, options.bits, options.epsilon, "1/Pr[accept]"));
    console.print("  " + how(*found));
    console.print(fmt::format("  min-entropy {:.1f} bits, total error {}", found->min_entropy, power_of_two(found->log2_total)));
    result["certificate"] = as_json(*found);
  } else {
    console.print("not certified: no explicit extractor reaches this below 2e9 trials");
  }
  console.print(printed ? fmt::format("  as printed (Azuma, slope 2, ideal extractor), one bit: {:.3g} trials; largest threshold {:.4g}", static_cast<double>(*printed),
                                      printed_largest_threshold(parsed.plan.mu))
                        : fmt::format("  as printed: nothing below 1e15 trials; largest threshold {:.4g}", printed_largest_threshold(parsed.plan.mu)));
  if (printed) result["printed_trials_one_bit"] = *printed;
  if (const auto hashed = printed ? printed_smallest_trials_explicit(parsed.plan.mu, threshold, parsed.plan.epsilon) : std::nullopt) {
    console.print(fmt::format("  as printed, with this program's short-seed extractor instead, one bit: {:.3g} trials", static_cast<double>(*hashed)));
    result["printed_trials_one_bit_explicit"] = *hashed;
  }
  console.result(result);
  return found ? Verdict::done : Verdict::refused;
}

Result<Verdict> verify_four(const Options& options, Console& console) {
  BELLOWS_ASSIGN(const FourDeviceVerification found, verify_four_device(options.verify));
  const bool good = found.refused_because.empty();
  if (good) {
    console.print(fmt::format("verified: {} bits, distance x Pr[accept] <= {}", found.certificate.plan.output_bits, power_of_two(found.certificate.log2_total)));
    console.print(fmt::format("  {} failures of {} trials ({} allowed); {}", found.failures, found.trials, found.certificate.plan.most_failures, how(found.certificate)));
  } else {
    console.print("REFUSED: " + found.refused_because);
  }
  json result = {{"protocol", "brandao-1"}, {"verified", good}, {"trials", found.trials}, {"failures", found.failures}, {"certificate", as_json(found.certificate)}};
  if (!good) result["why_not"] = found.refused_because;
  console.result(result);
  return good ? Verdict::done : Verdict::refused;
}

Result<Verdict> brandao_one(const Options& options, Console& console) {
  if (!options.verify.empty()) return verify_four(options, console);
  if (options.smallest) return smallest_four(options, console);
  BELLOWS_ASSIGN(const FourDeviceOptions parsed, four_device_options(options));
  const auto start = std::chrono::steady_clock::now();
  BELLOWS_ASSIGN(const FourDeviceResult run, run_four_device(parsed, console.context()));
  console.finish_progress();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const bool certified = run.certificate && run.accepted && run.verified;
  const std::string share = fmt::format("{} failures of {} trials ({} allowed)", run.failures, parsed.plan.trials, parsed.plan.most_failures);
  if (!run.certificate) {
    console.print("not certified: " + run.not_certified_because);
    console.print((run.accepted ? "  accepted: " : "  aborted: ") + share);
    BELLOWS_ASSIGN(const Exact threshold, exact(options.threshold));
    if (const auto least = smallest_four_device(parsed.plan.mu, threshold, options.bits, parsed.plan.epsilon, 100000000, parsed.extractor)) {
      console.print(fmt::format("  it would take {} trials", least->plan.trials));
    }
  } else if (!run.accepted) {
    console.print("aborted: " + share);
  } else {
    console.print(fmt::format("{}: {} bits, distance x Pr[accept] <= {}", certified ? "certified" : "NOT VERIFIED", run.output.size_bits(),
                              power_of_two(run.certificate->log2_total)));
    console.print("  " + share + fmt::format("; min-entropy {:.1f} bits given Eve", run.certificate->min_entropy));
    console.print("  " + how(*run.certificate));
    console.print(fmt::format("  simulated, certified, extracted and verified in {:.3f} s", seconds));
  }
  json result = {{"protocol", "brandao-1"}, {"device", options.device}, {"source", options.source}, {"failures", run.failures}, {"accepted", run.accepted},
                 {"certified", certified}, {"verified", run.verified}, {"seconds", seconds}};
  if (run.certificate) result["certificate"] = as_json(*run.certificate);
  else result["why_not"] = run.not_certified_because;
  if (certified && !options.out.empty()) {
    BELLOWS_TRY(bits::write_bit_file(options.out, run.output, bits::BitFileKind::secret));
    console.print("  output written: " + options.out);
    result["output"] = options.out;
  }
  if (certified && !options.save.empty()) {
    BELLOWS_TRY(save_four_device(options.save, run));
    console.print("  saved: " + options.save);
    result["saved"] = options.save;
  }
  console.result(result);
  return certified ? Verdict::done : Verdict::refused;
}

Result<Verdict> brandao_two(const Options& options, Console& console) {
  EightDeviceOptions parsed;
  BELLOWS_ASSIGN(parsed.first, four_device_options(options));
  if (options.trials == 0) parsed.first.plan.trials = 250;
  parsed.blocks = options.blocks;
  BELLOWS_ASSIGN(const EightDeviceResult run, run_eight_device(parsed, console.context()));
  console.finish_progress();
  console.print(fmt::format("not certified: the de Finetti bound at {} blocks is {}; N = 10^{:.1f} blocks would be needed", options.blocks,
                            power_of_two(run.log2_de_finetti), run.log10_blocks_needed));
  console.print(fmt::format("  {}: {} and {} failures of {} trials each, block {} of the second devices", run.accepted ? "accepted" : "aborted",
                            run.failures_first, run.failures_second, parsed.first.plan.trials, run.chosen_block + 1));
  console.print("  with explicit extractors this protocol certifies nothing that brandao-1 does not");
  console.result({{"protocol", "brandao-2"}, {"certified", false}, {"accepted", run.accepted}, {"failures_first", run.failures_first},
                  {"failures_second", run.failures_second}, {"chosen_block", run.chosen_block}, {"log2_de_finetti", run.log2_de_finetti},
                  {"log10_blocks_needed", run.log10_blocks_needed}});
  return Verdict::refused;
}

Result<Verdict> colbeck_renner(const Options& options, Console& console) {
  ChainedOptions parsed;
  BELLOWS_ASSIGN(parsed.plan.mu, exact(options.mu));
  if (parsed.plan.mu < Exact::integer(0) || parsed.plan.mu >= Exact::fraction(1, 2)) return usage_error("the bias mu must be at least 0 and below 1/2");
  parsed.plan.log2_settings = options.log2_settings;
  parsed.plan.log2_trials = options.log2_trials;
  parsed.device = options.device;
  parsed.correlated_sources = options.correlated;
  BELLOWS_ASSIGN(parsed.scheme, scheme_from_name(options.source));
  BELLOWS_ASSIGN(parsed.key, key_of(options.key));
  const double mu = parsed.plan.mu.approximate();
  json result = {{"protocol", "colbeck-renner"}, {"mu", options.mu}};
  BELLOWS_ASSIGN(const Exact target, exact(options.target.empty() ? "0.25" : options.target));
  if (!target.is_positive()) return usage_error("the target must be positive");
  const auto theorem_one = chained_smallest_r(parsed.plan.mu, target);
  const auto plan = chained_smallest_plan(parsed.plan.mu, target, 20000);
  const auto facts = [&] {
    console.print(theorem_one ? fmt::format("  theorem 1 (quantum correlations taken for granted): distance {} from N = 2^{}", target.text(), *theorem_one)
                              : std::string("  theorem 1: void from mu = (sqrt 2 - 1)^2/2 = 0.0857864 on"));
    console.print(plan ? fmt::format("  theorem 2, finite size: distance {} from N = 2^{} settings and M = 2^{} trials", target.text(), plan->log2_settings, plan->log2_trials)
                       : std::string("  theorem 2, finite size: nothing up to N = 2^20000 (its exponents end at 0.0575531 as printed, 0.0586455 at best)"));
    console.print(fmt::format("  local devices with a colluding source imitate this N from mu = {:.6f} (0.146447 for large N)", chained_attack_bias(options.log2_settings)));
    if (theorem_one) result["theorem_1_log2_settings"] = *theorem_one;
    if (plan) result["theorem_2"] = {{"log2_settings", plan->log2_settings}, {"log2_trials", plan->log2_trials}};
    result["exponent_printed"] = chained_exponent(parsed.plan.mu, true).middle();
    result["exponent_best"] = chained_exponent(parsed.plan.mu, false).middle();
  };
  if (options.smallest) {
    console.print(plan ? "certified at the size below" : "not certified at any size that was tried");
    facts();
    console.result(result);
    return plan ? Verdict::done : Verdict::refused;
  }
  BELLOWS_ASSIGN(const ChainedResult run, run_chained(parsed, console.context()));
  console.finish_progress();
  const bool useful = run.bound.log2_total < -1;
  if (run.aborted != ChainedAbort::none) {
    console.print(run.aborted == ChainedAbort::test_size ? fmt::format("aborted: {} tested trials are not within [M/N, 3M/N]", run.tested)
                                                          : fmt::format("aborted: {} of {} tested trials broke the chain", run.failures, run.tested));
  } else if (useful) {
    console.print(fmt::format("certified: one bit, {:.4f}-free except with probability {:.3g} (together {:.4f}; 1/2 says nothing)",
                              std::exp2(run.bound.log2_i_star - 1), std::exp2(run.bound.log2_bad), std::exp2(run.bound.log2_total)));
  } else {
    console.print(fmt::format("not certified: the finite-size bound at mu = {:.4g}, N = 2^{}, M = 2^{} is {} (1/2 and more say nothing)", mu,
                              options.log2_settings, options.log2_trials, power_of_two(run.bound.log2_total)));
  }
  console.print(fmt::format("  tested {} of {} trials, {} failures; I_N observed {:.4f}, quantum {:.6f}{}", run.tested, run.trials, run.failures,
                            run.observed_value, run.quantum_value, run.output && run.eve_knows ? "; Eve knows the output" : ""));
  facts();
  result.update({{"trials", run.trials}, {"tested", run.tested}, {"failures", run.failures}, {"observed_value", run.observed_value},
                 {"quantum_value", run.quantum_value}, {"aborted", run.aborted != ChainedAbort::none}, {"certified", run.aborted == ChainedAbort::none && useful},
                 {"log2_bad", run.bound.log2_bad}, {"log2_i_star", run.bound.log2_i_star}, {"log2_total", run.bound.log2_total}, {"eve_knows", run.eve_knows}});
  console.result(result);
  return run.aborted == ChainedAbort::none && useful ? Verdict::done : Verdict::refused;
}

Result<Verdict> ghz(const Options& options, Console& console) {
  GhzOptions parsed;
  BELLOWS_ASSIGN(parsed.mu, exact(options.mu));
  parsed.trials = options.trials == 0 ? 1000 : options.trials;
  parsed.device = options.device;
  BELLOWS_ASSIGN(parsed.scheme, scheme_from_name(options.source));
  BELLOWS_ASSIGN(parsed.key, key_of(options.key));
  BELLOWS_ASSIGN(const GhzResult run, run_ghz(parsed, console.context()));
  console.finish_progress();
  if (run.failures != 0) console.print(fmt::format("aborted: {} of {} tested trials broke the GHZ relations", run.failures, run.tested));
  else console.print(fmt::format("not certified at finite size: no failure in {} tested trials; the corollary is asymptotic and assumes quantum devices", run.tested));
  if (run.output) console.print(run.eve_knows ? "  one output bit, and Eve knows it: this device is not quantum" : "  one output bit");
  console.result({{"protocol", "ghz"}, {"tested", run.tested}, {"failures", run.failures}, {"aborted", run.failures != 0}, {"eve_knows", run.eve_knows}, {"certified", false}});
  return Verdict::refused;
}

Result<Verdict> gallego(const Options& options, Console& console) {
  GallegoOptions parsed;
  BELLOWS_ASSIGN(parsed.mu, exact(options.mu));
  parsed.quintuplets = options.trials == 0 ? 1000000 : options.trials;
  parsed.block_size = options.block_size;
  parsed.device = options.device;
  parsed.honest_share = options.honest_share;
  parsed.function_seed = options.function_seed;
  BELLOWS_ASSIGN(parsed.scheme, scheme_from_name(options.source));
  BELLOWS_ASSIGN(parsed.key, key_of(options.key));
  const auto start = std::chrono::steady_clock::now();
  BELLOWS_ASSIGN(const GallegoResult run, run_gallego(parsed, console.context()));
  console.finish_progress();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto printed = gallego_smallest({printed_constants()}, parsed.mu, -1, false);
  const auto repaired = gallego_smallest(repaired_constants(), parsed.mu, -1, true);
  const bool certified = !run.aborted_few && !run.aborted_wrong && run.log2_excess_repaired < -1;
  if (certified) {
    console.print(fmt::format("certified: P(guess) <= 1/2 + {:.3g}", std::exp2(run.log2_excess_repaired)));
  } else {
    console.print(fmt::format("not certified: (C7) says nothing at 2^{:.0f} blocks; it needs log2 N_b = {:.0f} (blocks of {}; {:.0f} as printed), which nobody can run",
                              std::log2(static_cast<double>(std::max<std::uint64_t>(run.blocks, 1))), repaired ? repaired->log2_blocks : 0.0,
                              repaired ? repaired->block_size : 0, printed ? printed->log2_blocks : 0.0));
  }
  if (run.aborted_few) console.print(fmt::format("  aborted: {} quintuplets kept, fewer than a third", run.kept));
  else if (run.aborted_wrong) console.print(fmt::format("  aborted: {} of {} test blocks are wrong", run.wrong_blocks, run.blocks - 1));
  else console.print(fmt::format("  passed: {} quintuplets kept, {} blocks of {}, block {} distilled to one bit{}", run.kept, run.blocks, options.block_size,
                                 run.distilled_block + 1, run.distilled_block_wrong ? " (it is wrong, unseen)" : ""));
  if (run.majority_known > 0) console.print(fmt::format("  Eve guesses {:.1f} % of the majorities", 100 * run.majority_known));
  console.print(fmt::format("  f: polynomial of degree {} over GF(2^{}), assumed uniform and public before the devices were made", 36 * options.block_size - 1, options.block_size));
  console.print(fmt::format("  {:.2f} s", seconds));
  json result = {{"protocol", "gallego"}, {"certified", certified}, {"kept", run.kept}, {"blocks", run.blocks}, {"wrong_blocks", run.wrong_blocks},
                 {"aborted", run.aborted_few || run.aborted_wrong}, {"majority_known", run.majority_known}, {"log2_excess_repaired", run.log2_excess_repaired},
                 {"log2_excess_printed", run.log2_excess_printed}, {"seconds", seconds}};
  if (repaired) result["log2_blocks_needed"] = repaired->log2_blocks;
  if (printed) result["log2_blocks_needed_printed"] = printed->log2_blocks;
  console.result(result);
  return certified ? Verdict::done : Verdict::refused;
}

Result<Verdict> attacks(const Options& options, Console& console) {
  BELLOWS_ASSIGN(const auto rows, run_attacks(options.runs, console.context()));
  console.finish_progress();
  console.print(format_attacks(rows));
  json list = json::array();
  for (const AttackRow& row : rows) {
    list.push_back({{"protocol", row.protocol}, {"attack", row.attack}, {"parameters", row.parameters}, {"runs", row.runs}, {"caught", row.caught},
                    {"pass_bound", row.pass_bound}, {"why", row.says}});
  }
  console.result({{"attacks", list}});
  return Verdict::done;
}

Result<Verdict> list_devices(const Options& options, Console& console) {
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

Result<Verdict> run(const Options& options, Console& console) {
  if (options.list_devices) return list_devices(options, console);
  if (options.name == "brandao-1") return brandao_one(options, console);
  if (options.name == "brandao-2") return brandao_two(options, console);
  if (options.name == "colbeck-renner") return colbeck_renner(options, console);
  if (options.name == "ghz") return ghz(options, console);
  if (options.name == "gallego") return gallego(options, console);
  return attacks(options, console);
}

}  // namespace

void add_protocol(CommandLine& line) {
  auto o = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("protocol", "run a paper's protocol on simulated devices, honest or cheating", manual);
  verb.add_option("NAME", o->name, "brandao-1, brandao-2, colbeck-renner, ghz, gallego, attacks")
      ->required()->check(CLI::IsMember({"brandao-1", "brandao-2", "colbeck-renner", "ghz", "gallego", "attacks"}));
  verb.add_option("--mu", o->mu, "bias of the source");
  verb.add_option("--trials", o->trials, "trials (quintuplets for gallego)");
  verb.add_option("--threshold", o->threshold, "brandao: share of the trials that may fail");
  verb.add_option("--bits", o->bits, "brandao: output bits");
  verb.add_option("--epsilon", o->epsilon, "brandao: bound on distance x probability to accept");
  verb.add_option("--extractor", o->extractor, "brandao-1: short-seed, raz or device-as-seed (the best one if not given)");
  verb.add_option("--blocks", o->blocks, "brandao-2: blocks of the second devices, a power of two");
  verb.add_option("--log2-settings", o->log2_settings, "colbeck-renner: r, for N = 2^r settings");
  verb.add_option("--log2-trials", o->log2_trials, "colbeck-renner: t, for M = 2^t trials");
  verb.add_option("--target", o->target, "colbeck-renner: the distance for which sizes are given");
  verb.add_option("--block-size", o->block_size, "gallego: quintuplets in a block");
  verb.add_option("--function-seed", o->function_seed, "gallego: the public choice of f");
  verb.add_option("--device", o->device, "the simulated device (--list-devices)");
  verb.add_option("--noise", o->noise, "brandao: an honest device's outcomes are flipped with this probability");
  verb.add_option("--honest-share", o->honest_share, "devices that are honest in part: how large a part");
  verb.add_option("--source", o->source, "how the simulated source uses its bias: fair, leaning, colluding");
  verb.add_flag("--correlated-sources", o->correlated, "colbeck-renner: the second source copies the first within its bias");
  verb.add_option("--key", o->key, "simulation key: a number or 64 hexadecimal digits");
  verb.add_option("--out", o->out, "brandao-1: write the output bits to a new file (private)");
  verb.add_option("--save", o->save, "brandao-1: keep plan, trial log, seed and output in a new folder (private)");
  verb.add_option("--verify", o->verify, "brandao-1: check such a folder");
  verb.add_option("--runs", o->runs, "attacks: runs of each")->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1000000}));
  verb.add_flag("--smallest", o->smallest, "find the smallest size with a guarantee instead of running");
  verb.add_flag("--list-devices", o->list_devices, "the devices of this protocol");
  line.on_run(verb, [o](Console& console) { return run(*o, console); });
}

}  // namespace bellows::cli
