#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "bellows/cli/protocol_runs.h"
#include "bellows/protocol/colbeck_renner.h"
#include "bellows/protocol/gallego.h"

namespace bellows::cli {
namespace {

using namespace bellows::protocol;
using nlohmann::json;

constexpr unsigned most_log2_settings = 20000;

const json& chained_assumptions() {
  static const json list = {
      "there is a classical e, all that Eve knows of the source; given e the source is independent of the devices, of their outcomes in particular: it does not follow them",
      "in the order a_1 b_1 a_2 b_2 ... f every bit of the source, given e and all its earlier bits, has probability in [1/2 - mu, 1/2 + mu]",
      "the two devices do not signal to each other within a trial, and later settings do not influence earlier outcomes; earlier trials may influence later ones",
      "outcomes stay private; settings and f may become public after the last trial", "the devices are not used again while the output must stay secret"};
  return list;
}

const json& gallego_assumptions() {
  static const json list = {
      "given a classical e, all that Eve knows of the source, the source is independent of the devices and of their outcomes",
      "every bit of the source, given e and all its earlier bits, has probability in [1/2 - mu, 1/2 + mu]",
      "quintuplets do not signal to each other, nor the five devices of one", "f was drawn uniformly and made public before the devices were made"};
  return list;
}

struct ChainedFacts {
  ChainedSmallest first;
  std::optional<ChainedPlan> plan;
  bool is_void = false;
};

void say_chained_facts(const ChainedFacts& facts, const Exact& mu, const std::string& target, unsigned log2_settings, Console& console, json& result) {
  console.print(facts.first.is_void ? std::string("  theorem 1 (quantum correlations taken for granted): void from mu = (sqrt 2 - 1)^2/2 = 0.0857864 on")
                : facts.first.log2_settings ? fmt::format("  theorem 1 (quantum correlations taken for granted): distance {} from N = 2^{}", target, *facts.first.log2_settings)
                                            : fmt::format("  theorem 1 (quantum correlations taken for granted): distance {} takes more than N = 2^100000", target));
  console.print(facts.plan ? fmt::format("  theorem 2, finite size: distance {} from N = 2^{} settings and M = 2^{} trials", target, facts.plan->log2_settings, facts.plan->log2_trials)
                : facts.is_void ? std::string("  theorem 2, finite size: void from mu = 0.0698403 on (the printed exponent ends at 0.0575531, the best of its kind at 0.0586455)")
                                : fmt::format("  theorem 2, finite size: distance {} takes more than N = 2^{}", target, most_log2_settings));
  console.print(fmt::format("  local devices with a colluding source imitate this N from mu = {:.6f} (0.146447 for large N)", chained_attack_bias(log2_settings)));
  if (facts.first.log2_settings) result["theorem_1_log2_settings"] = *facts.first.log2_settings;
  if (facts.plan) result["theorem_2"] = {{"log2_settings", facts.plan->log2_settings}, {"log2_trials", facts.plan->log2_trials}};
  result["theorem_1_void"] = facts.first.is_void;
  result["theorem_2_void"] = facts.is_void;
  result["exponent_printed"] = chained_exponent(mu, true).middle();
  result["exponent_best"] = chained_exponent(mu, false).middle();
}

void say_chained_claim(Console& console, json& result) {
  console.print(fmt::format("  against {} (e, of the source); assumed: given e the source does not follow the outcomes", plan::in_words(chained_adversary)));
  result["adversary"] = plan::name(chained_adversary);
  result["assumptions"] = chained_assumptions();
}

}  // namespace

Result<Verdict> run_colbeck_renner(const ProtocolOptions& options, Console& console) {
  ChainedOptions parsed;
  BELLOWS_ASSIGN(parsed.plan.mu, bias_of(options));
  parsed.plan.log2_settings = options.log2_settings;
  parsed.plan.log2_trials = options.log2_trials;
  parsed.device = options.device;
  parsed.honest_share = options.honest_share;
  parsed.correlated_sources = options.correlated;
  parsed.steered_choice = options.source == "steering";
  if (!parsed.steered_choice) {
    BELLOWS_ASSIGN(parsed.scheme, scheme_from_name(options.source));
  }
  BELLOWS_ASSIGN(parsed.key, simulation_key(options.key));
  BELLOWS_ASSIGN(const Exact target, Exact::parse(options.target));
  if (!target.is_positive() || target >= Exact::fraction(1, 2)) return usage_error("the target lies above 0 and below 1/2: 1/2 holds for any bit", "", options.target);
  json result = {{"protocol", "colbeck-renner"}, {"mu", options.mu}, {"target", options.target}};
  const ChainedFacts facts{chained_smallest_r(parsed.plan.mu, target), chained_smallest_plan(parsed.plan.mu, target, most_log2_settings),
                           chained_bound_is_void(parsed.plan.mu)};
  if (options.smallest) {
    result["certified"] = facts.plan.has_value();
    if (facts.plan) {
      const ChainedBound bound = chained_bound(*facts.plan);
      console.print(fmt::format("certified from N = 2^{} settings and M = 2^{} trials: one bit, distance x Pr[accept] <= {:.4g}", facts.plan->log2_settings,
                                facts.plan->log2_trials, std::exp2(bound.log2_total)));
      result["log2_total"] = bound.log2_total;
      say_chained_claim(console, result);
    } else {
      console.print(facts.is_void ? std::string("not certified: void at this bias, whatever the size") : std::string("not certified at any size that was tried"));
    }
    say_chained_facts(facts, parsed.plan.mu, target.text(), options.log2_settings, console, result);
    console.result(result);
    return facts.plan ? Verdict::done : Verdict::refused;
  }
  BELLOWS_ASSIGN(const ChainedResult run, run_chained(parsed, console.context()));
  console.finish_progress();
  const bool accepted = run.aborted == ChainedAbort::none;
  const bool proved = run.bound.log2_total <= log2(numeric::Ball(target)).lower();
  const bool certified = accepted && proved && !facts.is_void && !parsed.steered_choice;
  const std::string bound_text = fmt::format("the bound on distance x Pr[accept] at mu = {}, N = 2^{}, M = 2^{} is {}", options.mu, options.log2_settings,
                                             options.log2_trials, power_of_two(run.bound.log2_total));
  const std::string why_not = facts.is_void           ? "theorem 2 is void at this bias, whatever the size"
                              : parsed.steered_choice ? "this source follows the outcomes, which is outside the assumptions"
                              : !proved               ? fmt::format("{}, more than {}", bound_text, target.text())
                                                      : "";
  if (!accepted) {
    const std::string seen = run.aborted == ChainedAbort::test_size ? fmt::format("{} tested trials are not within [M/N, 3M/N]", run.tested)
                                                                    : fmt::format("{} of {} tested trials broke the chain", run.failures, run.tested);
    console.print("aborted: " + seen + (why_not.empty() ? "" : "; nor could it have been certified: " + why_not));
  } else if (!why_not.empty()) {
    console.print("not certified: " + why_not);
  } else {
    console.print(fmt::format("certified: one bit, distance x Pr[accept] <= {:.4g}", std::exp2(run.bound.log2_total)));
  }
  console.print(fmt::format("  tested {} of {} trials, {} failures; I_N observed {:.4f}, quantum {:.6f}{}", run.tested, run.trials, run.failures,
                            run.observed_value, run.quantum_value, run.output && run.eve_knows ? "; Eve knows the output" : ""));
  say_chained_claim(console, result);
  say_chained_facts(facts, parsed.plan.mu, target.text(), options.log2_settings, console, result);
  result.update({{"trials", run.trials}, {"tested", run.tested}, {"failures", run.failures}, {"observed_value", run.observed_value},
                 {"quantum_value", run.quantum_value}, {"aborted", !accepted}, {"certified", certified}, {"output_bits", run.output ? 1 : 0},
                 {"log2_deviation", run.bound.log2_deviation}, {"log2_selection", run.bound.log2_selection}, {"log2_total", run.bound.log2_total},
                 {"log2_honest_abort", run.bound.log2_honest_abort}, {"eve_knows", run.eve_knows}});
  if (certified) {
    bits::BitString bit(1);
    bit.set(0, *run.output);
    BELLOWS_TRY(write_output(options, bit, console, result));
  }
  console.result(result);
  return certified ? Verdict::done : Verdict::refused;
}

Result<Verdict> run_three_party(const ProtocolOptions& options, Console& console) {
  GhzOptions parsed;
  BELLOWS_ASSIGN(parsed.mu, bias_of(options));
  if (options.smallest) {
    console.print("not certified at any size: the corollary is asymptotic, and no finite bound is known");
    console.result({{"protocol", "ghz"}, {"certified", false}});
    return Verdict::refused;
  }
  parsed.trials = options.trials.value_or(1000);
  parsed.device = options.device;
  BELLOWS_ASSIGN(parsed.scheme, scheme_from_name(options.source));
  BELLOWS_ASSIGN(parsed.key, simulation_key(options.key));
  BELLOWS_ASSIGN(const GhzResult run, run_ghz(parsed, console.context()));
  console.finish_progress();
  if (run.failures != 0) console.print(fmt::format("aborted: {} of {} tested trials broke the GHZ relations", run.failures, run.tested));
  else console.print(fmt::format("not certified at finite size: no failure in {} tested trials; the corollary is asymptotic and assumes quantum devices", run.tested));
  if (run.output) console.print(run.eve_knows ? "  one output bit, and Eve knows it: this device is not quantum" : "  one output bit");
  console.result({{"protocol", "ghz"}, {"tested", run.tested}, {"failures", run.failures}, {"aborted", run.failures != 0}, {"eve_knows", run.eve_knows}, {"certified", false}});
  return Verdict::refused;
}

Result<Verdict> run_gallego_blocks(const ProtocolOptions& options, Console& console) {
  GallegoOptions parsed;
  BELLOWS_ASSIGN(parsed.mu, bias_of(options));
  parsed.quintuplets = options.trials.value_or(1000000);
  parsed.block_size = options.block_size;
  parsed.device = options.device;
  parsed.honest_share = options.honest_share;
  parsed.function_seed = options.function_seed;
  BELLOWS_ASSIGN(parsed.scheme, scheme_from_name(options.source));
  BELLOWS_ASSIGN(parsed.key, simulation_key(options.key));
  const auto printed = gallego_smallest({printed_constants()}, parsed.mu, -1, false);
  const auto repaired = gallego_smallest(repaired_constants(), parsed.mu, -1, true);
  json result = {{"protocol", "gallego"}, {"adversary", plan::name(gallego_adversary)}, {"assumptions", gallego_assumptions()}};
  if (repaired) result["log2_blocks_needed"] = repaired->log2_blocks;
  if (printed) result["log2_blocks_needed_printed"] = printed->log2_blocks;
  const std::string needs = fmt::format("log2 N_b = {:.0f} (blocks of {}; {:.0f} as printed), which nobody can run", repaired ? repaired->log2_blocks : 0.0,
                                        repaired ? repaired->block_size : 0, printed ? printed->log2_blocks : 0.0);
  if (options.smallest) {
    console.print("not certified at any size that can be run: (C7) needs " + needs);
    result["certified"] = false;
    console.result(result);
    return Verdict::refused;
  }
  const auto start = std::chrono::steady_clock::now();
  BELLOWS_ASSIGN(const GallegoResult run, run_gallego(parsed, console.context()));
  console.finish_progress();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const bool aborted = run.aborted_few || run.aborted_wrong, proved = !run.aborted_few && run.log2_excess_repaired < -1;
  const bool certified = !aborted && proved;
  const std::string nothing = fmt::format("(C7) says nothing at 2^{:.0f} blocks; it needs {}", std::log2(static_cast<double>(std::max<std::uint64_t>(run.blocks, 1))), needs);
  if (aborted) {
    const std::string seen = run.aborted_few ? fmt::format("{} quintuplets kept, fewer than a third or than a block", run.kept)
                                             : fmt::format("{} of {} test blocks are wrong", run.wrong_blocks, run.blocks - 1);
    console.print("aborted: " + seen + (proved ? "" : "; nor could it have been certified: " + nothing));
  } else {
    console.print(certified ? fmt::format("certified: P(guess) <= 1/2 + {:.3g}", std::exp2(run.log2_excess_repaired)) : "not certified: " + nothing);
    console.print(fmt::format("  passed: {} quintuplets kept, {} blocks of {}, block {} distilled to one bit{}", run.kept, run.blocks, options.block_size,
                              run.distilled_block + 1, run.distilled_block_wrong ? " (it is wrong, unseen)" : ""));
  }
  if (run.majority_known > 0) console.print(fmt::format("  Eve guesses {:.1f} % of the majorities", 100 * run.majority_known));
  console.print(fmt::format("  f: polynomial of degree {} over GF(2^{}), assumed uniform and public before the devices were made", 36 * options.block_size - 1, options.block_size));
  console.print(fmt::format("  {:.2f} s", seconds));
  result.update({{"certified", certified}, {"kept", run.kept}, {"blocks", run.blocks}, {"wrong_blocks", run.wrong_blocks}, {"aborted", aborted},
                 {"majority_known", run.majority_known}, {"log2_excess_repaired", run.log2_excess_repaired}, {"log2_excess_printed", run.log2_excess_printed},
                 {"output_bits", run.output ? 1 : 0}, {"seconds", seconds}});
  console.result(result);
  return certified ? Verdict::done : Verdict::refused;
}

}  // namespace bellows::cli
