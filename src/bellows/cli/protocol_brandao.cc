#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "bellows/cli/protocol_runs.h"
#include "bellows/protocol/brandao.h"
#include "bellows/protocol/four_device_files.h"

namespace bellows::cli {
namespace {

using namespace bellows::protocol;
using nlohmann::json;

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
  result["adversary"] = plan::name(four_device_adversary);
  result["assumptions"] = {"every bit of the source, given all its earlier bits and Eve's classical information on it, has bias at most mu",
                           "given that information the source is independent of the devices, of their outcomes and of Eve's system: it does not follow the outcomes",
                           "the four parties' devices and Eve do not signal to each other; earlier trials may influence later ones",
                           "settings, outcomes and seed stay private", "the devices are not used again while the output must stay secret"};
  return result;
}

Result<FourDeviceOptions> four_device_options(const ProtocolOptions& options, std::uint64_t default_trials) {
  FourDeviceOptions result;
  BELLOWS_ASSIGN(result.plan.mu, bias_of(options));
  BELLOWS_ASSIGN(const Exact threshold, Exact::parse(options.threshold));
  BELLOWS_ASSIGN(result.plan.epsilon, Exact::parse(options.epsilon));
  if (threshold < Exact::integer(0) || threshold > Exact::integer(1)) return usage_error("the threshold is a share of the trials, from 0 to 1");
  result.plan.trials = options.trials.value_or(default_trials);
  const mpq_class allowed = threshold.value() * mpq_class(mpz_class(static_cast<unsigned long>(result.plan.trials)));
  result.plan.most_failures = mpz_class(allowed.get_num() / allowed.get_den()).get_ui();
  result.plan.output_bits = options.bits;
  result.device = options.device;
  result.noise = options.noise;
  result.honest_share = options.honest_share;
  BELLOWS_ASSIGN(result.scheme, scheme_from_name(options.source));
  BELLOWS_ASSIGN(result.key, simulation_key(options.key));
  if (!options.extractor.empty()) {
    BELLOWS_ASSIGN(result.extractor, extractor_from_name(options.extractor));
  }
  BELLOWS_TRY(check_four_device_plan(result.plan));
  return result;
}

Result<Verdict> smallest_four(const ProtocolOptions& options, Console& console) {
  BELLOWS_ASSIGN(const FourDeviceOptions parsed, four_device_options(options, 1400));
  BELLOWS_ASSIGN(const Exact threshold, Exact::parse(options.threshold));
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

Result<Verdict> smallest_eight(const ProtocolOptions& options, const FourDeviceOptions& parsed, Console& console) {
  BELLOWS_ASSIGN(const Exact threshold, Exact::parse(options.threshold));
  // Half of epsilon for what Protocol I needs of it, half for the blocks.
  const Exact half = parsed.plan.epsilon * Exact::fraction(1, 2);
  const auto found = smallest_four_device(parsed.plan.mu, threshold, options.bits, half, 2000000000);
  json result = {{"protocol", "brandao-2"}, {"certified", false}};
  if (found) {
    const double log10_blocks = eight_device_log10_blocks(found->plan.trials, parsed.plan.mu, options.bits, parsed.plan.epsilon);
    console.print(fmt::format("not certified at any size that can be run: it needs N = 10^{:.1f} blocks of {} trials", log10_blocks, found->plan.trials));
    console.print("  with explicit extractors this protocol certifies nothing that brandao-1 does not");
    result["trials"] = found->plan.trials;
    result["log10_blocks_needed"] = log10_blocks;
  } else {
    console.print("not certified: no explicit extractor reaches this below 2e9 trials a block");
  }
  console.result(result);
  return Verdict::refused;
}

Result<Verdict> verify_four(const ProtocolOptions& options, Console& console) {
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

}  // namespace

Result<Verdict> run_brandao_one(const ProtocolOptions& options, Console& console) {
  if (!options.verify.empty()) return verify_four(options, console);
  if (options.smallest) return smallest_four(options, console);
  BELLOWS_ASSIGN(const FourDeviceOptions parsed, four_device_options(options, 1400));
  const auto start = std::chrono::steady_clock::now();
  BELLOWS_ASSIGN(const FourDeviceResult run, run_four_device(parsed, console.context()));
  console.finish_progress();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const bool certified = run.certificate && run.accepted && run.verified;
  const std::string share = fmt::format("{} failures of {} trials ({} allowed)", run.failures, parsed.plan.trials, parsed.plan.most_failures);
  if (!run.certificate) {
    console.print(run.accepted ? "not certified: " + run.not_certified_because
                               : "aborted: " + share + "; nor could it have been certified: " + run.not_certified_because);
    if (run.accepted) console.print("  accepted: " + share);
    BELLOWS_ASSIGN(const Exact threshold, Exact::parse(options.threshold));
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
  if (certified) BELLOWS_TRY(write_output(options, run.output, console, result));
  if (certified && !options.save.empty()) {
    BELLOWS_TRY(save_four_device(options.save, run));
    console.print("  saved: " + options.save);
    result["saved"] = options.save;
  }
  console.result(result);
  return certified ? Verdict::done : Verdict::refused;
}

Result<Verdict> run_brandao_two(const ProtocolOptions& options, Console& console) {
  EightDeviceOptions parsed;
  BELLOWS_ASSIGN(parsed.first, four_device_options(options, 250));
  if (options.smallest) return smallest_eight(options, parsed.first, console);
  parsed.blocks = options.blocks;
  BELLOWS_ASSIGN(const EightDeviceResult run, run_eight_device(parsed, console.context()));
  console.finish_progress();
  const std::string why = fmt::format("the de Finetti bound at {} blocks is {}; N = 10^{:.1f} blocks would be needed", options.blocks,
                                      power_of_two(run.log2_de_finetti), run.log10_blocks_needed);
  const std::string seen = fmt::format("{} and {} failures of {} trials each ({} allowed), block {} of the second devices", run.failures_first,
                                       run.failures_second, parsed.first.plan.trials, parsed.first.plan.most_failures, run.chosen_block + 1);
  console.print(run.accepted ? "not certified: " + why : "aborted: " + seen + "; nor could it have been certified: " + why);
  if (run.accepted) console.print("  accepted: " + seen);
  console.print("  with explicit extractors this protocol certifies nothing that brandao-1 does not");
  console.result({{"protocol", "brandao-2"}, {"certified", false}, {"accepted", run.accepted}, {"failures_first", run.failures_first},
                  {"failures_second", run.failures_second}, {"chosen_block", run.chosen_block}, {"log2_de_finetti", run.log2_de_finetti},
                  {"log10_blocks_needed", run.log10_blocks_needed}});
  return Verdict::refused;
}

}  // namespace bellows::cli
