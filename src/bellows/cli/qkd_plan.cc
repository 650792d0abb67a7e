#include "bellows/cli/qkd_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bellows/base/count.h"
#include "bellows/cli/share.h"
#include "bellows/protocol/masanes_certificate.h"
#include "bellows/protocol/masanes_plan.h"
#include "bellows/protocol/masanes_records.h"
#include "bellows/protocol/masanes_source.h"

namespace bellows::cli {
namespace {

using nlohmann::json;
using numeric::Exact;
using protocol::KeyMethod;

struct PlanOptions {
  std::string adversary = "no-signalling", epsilon = "1e-9", correction, key_bits, pairs;
  double noise = 0.005, chance = 0.99;
  unsigned settings = 0;
  bool table = false, curves = false;
};

json point_json(const protocol::PlanPoint& point) {
  return {{"settings", point.counts.settings},
          {"gamma_65536", point.gamma_65536},
          {"gamma", point.gamma()},
          {"pairs", point.pairs},
          {"key_bits", point.key_bits},
          {"tested", point.counts.tested},
          {"raw_bits", point.counts.raw_bits},
          {"leaked_bits", point.counts.leaked_bits},
          {"bound_bits", point.length.bound_bits}};
}

json table(KeyMethod method) {
  json rows = json::array();
  for (unsigned m : {3u, 4u, 5u, 6u, 7u, 8u, 11u, 15u}) {
    auto best = protocol::best_asymptotic_rate(method, m, 0);
    rows.push_back({{"settings", m},
                    {"rate", best.bits_per_pair},
                    {"gamma", best.gamma},
                    {"largest_noise", protocol::largest_noise(method, m)}});
  }
  return rows;
}

// Figure 2 of the paper and what it does not have: the same for finite numbers of pairs.
json curves(const protocol::PlanRequest& base) {
  json out = json::array();
  for (unsigned m : {5u, 7u, 11u, 15u}) {
    double end = protocol::largest_noise(base.method, m);
    for (int i = 0; i <= 20; ++i) {
      double noise = end * i / 20;
      out.push_back({{"settings", m},
                     {"noise", noise},
                     {"pairs", nullptr},
                     {"rate", std::max(0.0, protocol::best_asymptotic_rate(base.method, m, noise).bits_per_pair)}});
    }
  }
  for (double log10_pairs : {6.0, 7.0, 8.0, 9.0, 10.0, 12.0}) {
    auto request = base;
    request.settings = 7;
    double end = protocol::largest_noise(base.method, 7);
    for (int i = 0; i <= 10; ++i) {
      request.noise = end * i / 10;
      auto pairs = static_cast<std::uint64_t>(std::llround(std::pow(10, log10_pairs)));
      // A drawing needs no more than the rough count, which is some per cent too careful.
      auto point = protocol::plan_for_pairs(request, pairs, true);
      double rate = point.ok() ? static_cast<double>(point->key_bits) / static_cast<double>(pairs) : 0;
      out.push_back({{"settings", 7}, {"noise", request.noise}, {"pairs", pairs}, {"rate", rate}});
    }
  }
  return out;
}

struct Wish {
  unsigned least_settings = 3, most_settings = 15;
  std::uint64_t pairs = 0;  ///< 0: as few as key_bits take
  std::uint64_t key_bits = 256;
};

// The best number of settings for it; nothing: no key can be had.
Result<std::optional<protocol::PlanPoint>> best_plan(protocol::PlanRequest request, const Wish& wish) {
  auto plan = [&](unsigned settings, bool roughly) -> Result<std::optional<protocol::PlanPoint>> {
    request.settings = settings;
    auto point = wish.pairs != 0 ? protocol::plan_for_pairs(request, wish.pairs, roughly)
                                 : protocol::plan_for_key(request, wish.key_bits, roughly);
    if (!point.ok() && point.error().code != ErrorCode::refused) return point.error();
    if (!point.ok() || point->key_bits == 0) return std::optional<protocol::PlanPoint>();
    return std::optional(*point);
  };
  std::optional<protocol::PlanPoint> best;
  for (unsigned m = wish.least_settings; m <= wish.most_settings; ++m) {
    if (protocol::largest_noise(request.method, m) <= request.noise) continue;
    BELLOWS_ASSIGN(auto point, plan(m, true));
    if (!point) continue;
    bool better = !best || (wish.pairs != 0 ? point->key_bits > best->key_bits : point->pairs < best->pairs);
    if (better) best = *point;
  }
  if (!best) return best;
  return plan(static_cast<unsigned>(best->counts.settings), false);
}

Result<Wish> wish_from(const PlanOptions& options) {
  Wish wish;
  auto count = [](const char* what, const std::string& text, std::uint64_t& value) -> Status {
    if (text.empty()) return {};
    BELLOWS_ASSIGN(value, parse_count(text));
    if (value >= 1 && value <= std::uint64_t{1} << 50) return {};
    return usage_error(fmt::format("the number of {} is out of range", what), "1 to 2^50", text);
  };
  BELLOWS_TRY(count("key bits", options.key_bits, wish.key_bits));
  BELLOWS_TRY(count("pairs", options.pairs, wish.pairs));
  if (!options.key_bits.empty() && !options.pairs.empty())
    return usage_error("given pairs have one longest key", "--pairs or --key-bits", "both");
  if (options.settings == 1 || options.settings > protocol::most_settings)
    return usage_error("the number of settings is out of range", fmt::format("2 to {}, or 0 for the best", protocol::most_settings),
                       fmt::format("{}", options.settings));
  if (options.settings != 0) wish.least_settings = wish.most_settings = options.settings;
  return wish;
}

Result<Verdict> run_plan(Console& console, const PlanOptions& options) {
  protocol::PlanRequest request;
  BELLOWS_ASSIGN(request.method, qkd_adversary(options.adversary));
  BELLOWS_ASSIGN(request.epsilon, Exact::parse(options.epsilon));
  BELLOWS_ASSIGN(request.correction, qkd_correction(options.correction));
  const bool proved = request.method == KeyMethod::quantum || request.correction != ecc::Code::ldpc;
  BELLOWS_TRY(check_share("the noise", options.noise, false));
  BELLOWS_TRY(check_share("the chance", options.chance, false));
  BELLOWS_ASSIGN(const Wish wish, wish_from(options));
  request.noise = options.noise;
  request.chance = options.chance;
  if (options.table) {
    json rows = table(request.method);
    console.result({{"adversary", options.adversary}, {"asymptotic", rows}});
    console.print(" M  rate at zero noise   best gamma   largest noise");
    for (const auto& row : rows)
      console.print(fmt::format("{:2}  {:18.6f}   {:10.4f}   {:13.5f}", row["settings"].get<unsigned>(),
                                row["rate"].get<double>(), row["gamma"].get<double>(),
                                row["largest_noise"].get<double>()));
    return Verdict::done;
  }
  if (options.curves) {
    json points = curves(request);
    console.result({{"adversary", options.adversary}, {"curves", points}});
    console.print("settings,noise,pairs,rate");
    for (const auto& p : points)
      console.print(fmt::format("{},{:.6f},{},{:.8f}", p["settings"].get<unsigned>(), p["noise"].get<double>(),
                                p["pairs"].is_null() ? "inf" : p["pairs"].dump(), p["rate"].get<double>()));
    return Verdict::done;
  }
  BELLOWS_ASSIGN(auto best, best_plan(request, wish));
  if (!best) {
    console.result({{"verdict", "no key"}});
    console.print("no key: at this noise (and number of pairs) none can be had");
    if (!proved || request.method == KeyMethod::quantum) return Verdict::refused;
    request.correction = ecc::Code::ldpc;
    BELLOWS_ASSIGN(auto unproved, best_plan(request, wish));
    if (unproved) console.print("with --correction ldpc there is one, which is not certified (bellows qkd --help)");
    return Verdict::refused;
  }
  if (!proved) console.print(qkd_not_certified);
  json document = point_json(*best);
  double random = 2 * static_cast<double>(best->pairs) *
                  protocol::random_bits_per_pair(static_cast<unsigned>(best->counts.settings), best->gamma_65536);
  // Of these a session draws: hash seed, comparison point, error correction.
  const std::uint64_t session_random =
      best->counts.raw_bits + best->key_bits + protocol::verification_bits + best->published.random_bits;
  document["session_random_bits"] = session_random;
  document["random_bits"] = random + static_cast<double>(session_random);
  document["verdict"] = "key";
  document["correction"] = ecc::code_name(best->published.code);
  document["certified"] = proved;
  console.result(document);
  console.print(fmt::format("M = {}, gamma = {}/65536 = {:.4f}, N = {} pairs: {} bits of key", best->counts.settings,
                            best->gamma_65536, best->gamma(), best->pairs, best->key_bits));
  console.print(fmt::format("raw key {} bits, tested pairs {}, published {} bits ({}); random bits needed: {}",
                            best->counts.raw_bits, best->counts.tested, best->counts.leaked_bits,
                            ecc::code_name(best->published.code),
                            with_si_prefix(document["random_bits"].get<double>())));
  if (options.chance > 0)
    console.print(fmt::format("devices of this noise give this key or a longer one with a chance of {:g} % at least",
                              100 * options.chance));
  else
    console.print("this is what the expected counts give: about half of all runs give less");
  return Verdict::done;
}

}  // namespace

Result<std::optional<ecc::Code>> qkd_correction(const std::string& name) {
  if (name.empty()) return std::optional<ecc::Code>();
  BELLOWS_ASSIGN(auto code, ecc::code_from_name(name));
  return std::optional<ecc::Code>(code);
}

Result<KeyMethod> qkd_adversary(const std::string& name) {
  for (KeyMethod method : {KeyMethod::no_signalling, KeyMethod::quantum})
    if (name == protocol::key_method_name(method)) return method;
  return usage_error("no such adversary", "no-signalling or quantum", name);
}

void add_qkd_plan(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<PlanOptions>();
  CLI::App& verb = *parent.add_subcommand("plan", "settings, gamma and pairs for a wanted key; rates and curves");
  verb.add_option("--key-bits", options->key_bits, "wanted key length (256 if --pairs is not given either)");
  verb.add_option("--pairs", options->pairs, "given number of pairs: the longest key");
  add_share(verb, "--noise", options->noise, "xi of equation (22), as 0.005 or 0.5%")->capture_default_str();
  verb.add_option("--settings", options->settings, "M, 2 to 100; 0: the best of 3 to 15")->capture_default_str();
  verb.add_option("--epsilon", options->epsilon, "total, in the paper's measure")->capture_default_str();
  verb.add_option("--adversary", options->adversary, "no-signalling or quantum")->capture_default_str();
  verb.add_option("--correction", options->correction, qkd_correction_help);
  add_share(verb, "--chance", options->chance, "that devices of this noise reach the length; 0: at the expected counts")
      ->capture_default_str();
  verb.add_flag("--table", options->table, "asymptotic rates without noise, best gamma and largest noise by M");
  verb.add_flag("--curves", options->curves, "rate against noise (figure 2), asymptotic and for 10^6 to 10^12 pairs");
  line.on_run(verb, [options](Console& console) { return run_plan(console, *options); });
}

}  // namespace bellows::cli
