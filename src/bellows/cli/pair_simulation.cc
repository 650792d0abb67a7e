#include "bellows/cli/pair_simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bellows/base/count.h"
#include "bellows/base/new_files.h"
#include "bellows/cli/share.h"
#include "bellows/numeric/exact.h"
#include "bellows/protocol/masanes_plan.h"
#include "bellows/protocol/masanes_source.h"

namespace bellows::cli {

void add_pair_options(CLI::App& verb, PairOptions& options) {
  verb.add_option("--settings", options.settings, "M of the chained Bell inequality")->capture_default_str();
  verb.add_option("--gamma", options.gamma, "chance of a test, as 0.74 or 48563/65536; 0: the best one for this noise")
      ->capture_default_str();
  add_share(verb, "--noise", options.noise, "xi of equation (22), as 0.005 or 0.5%; the error rate is half of it")->capture_default_str();
  verb.add_option("--model", options.model, "quantum, local, cheating-sometimes, honest-on-tests")
      ->capture_default_str();
  add_share(verb, "--cheat", options.cheat, "share of pairs that such boxes cheat on")->capture_default_str();
  verb.add_option("--alice-bits", options.alice_bits, "uniform bits for alice's choices and settings (.bits)");
  verb.add_option("--bob-bits", options.bob_bits, "uniform bits for bob's (.bits)");
  verb.add_flag("--raw", options.raw, "these bit files have no header");
}

Result<Verdict> simulate_pairs_and_report(const PairOptions& options, Console& console) {
  protocol::SourceRequest request;
  BELLOWS_ASSIGN(request.pairs, parse_count(options.pairs));
  BELLOWS_ASSIGN(request.model, protocol::pair_model_from_name(options.model));
  BELLOWS_TRY(check_share("the noise", options.noise));
  BELLOWS_TRY(check_share("the share of cheated pairs", options.cheat));
  request.settings = options.settings;
  request.noise = options.noise;
  request.cheat = options.cheat;
  request.device_seed = options.device_seed;
  if (options.alice_bits.empty() || options.bob_bits.empty())
    return usage_error("random bits for choices and settings are needed", "--alice-bits and --bob-bits", "");
  const Path logs[] = {options.alice, options.bob};
  BELLOWS_TRY(require_new_files(logs));
  // A device (/dev/urandom) may serve both; a file has the same bits for both.
  if (std::error_code ignored; std::filesystem::is_regular_file(options.alice_bits, ignored) &&
                               is_one_file(options.alice_bits, options.bob_bits))
    return usage_error("alice and bob would choose by the same random bits", "two files", options.alice_bits);
  BELLOWS_ASSIGN(const auto asked, numeric::Exact::parse(options.gamma));
  double gamma = asked.approximate();
  if (gamma == 0) {
    protocol::PlanRequest plan;
    plan.settings = options.settings;
    plan.noise = options.noise;
    BELLOWS_ASSIGN(auto point, protocol::plan_for_pairs(plan, request.pairs));
    if (point.key_bits == 0) {  // no proved key at this noise
      plan.correction = ecc::Code::ldpc;
      BELLOWS_ASSIGN(point, protocol::plan_for_pairs(plan, request.pairs));
    }
    gamma = point.gamma();
  }
  if (!(gamma > 0 && gamma < 1)) return usage_error("gamma out of range", "0 < gamma < 1", fmt::format("{}", gamma));
  request.gamma_65536 = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::lround(gamma * 65536)), 1, 65535);
  auto format = options.raw ? bits::BitStreamFormat::raw : bits::BitStreamFormat::bit_file;
  BELLOWS_ASSIGN(auto alice_bits, bits::BitStream::open(options.alice_bits, format));
  BELLOWS_ASSIGN(auto bob_bits, bits::BitStream::open(options.bob_bits, format));
  BELLOWS_ASSIGN(auto report, protocol::simulate_pairs(request, alice_bits, bob_bits, options.alice, options.bob,
                                                       console.context()));
  console.finish_progress();
  console.result({{"pairs", request.pairs},
                  {"settings", request.settings},
                  {"gamma_65536", request.gamma_65536},
                  {"noise", request.noise},
                  {"random_bits_used", {{"alice", report.alice_random_bits}, {"bob", report.bob_random_bits}}},
                  {"pairs_known_to_eve", report.known_to_eve},
                  {"files", {{"alice", options.alice}, {"bob", options.bob}}},
                  {"logs", {{"alice", report.alice_log.hex()}, {"bob", report.bob_log.hex()}}}});
  console.print(fmt::format("{} pairs with gamma = {}/65536 in {} and {}", request.pairs, request.gamma_65536,
                            options.alice, options.bob));
  console.print(fmt::format("random bits used for choices and settings: alice {}, bob {}", report.alice_random_bits,
                            report.bob_random_bits));
  return Verdict::done;
}

}  // namespace bellows::cli
