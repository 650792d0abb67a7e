#include "bellows/protocol/attacks.h"

#include <fmt/format.h>

#include <cmath>

#include "bellows/protocol/brandao.h"
#include "bellows/protocol/colbeck_renner.h"
#include "bellows/protocol/gallego.h"

namespace bellows::protocol {
namespace {

struct Attack {
  AttackRow row;
  std::function<Result<bool>(const bits::StreamKey&)> caught;
};

Attack four(const char* attack, const char* mu, std::uint64_t trials, std::uint64_t failures, const char* device, SourceScheme scheme,
            double noise, double honest_share, double pass_bound, std::string says) {
  FourDeviceOptions options;
  options.plan = {Exact::literal(mu), trials, failures, 1, Exact::literal("1e-9")};
  options.device = device;
  options.scheme = scheme;
  options.noise = noise;
  options.honest_share = honest_share;
  return {{"brandao-1", attack, fmt::format("mu {}, {} trials, {} failures allowed, source {}", mu, trials, failures, scheme_name(scheme)), 0, 0,
           std::move(says), pass_bound},
          [options](const bits::StreamKey& key) mutable -> Result<bool> {
            options.key = key;
            BELLOWS_ASSIGN(const std::uint64_t seen, simulate_four_device(options, nullptr));
            return seen > options.plan.most_failures;
          }};
}

Attack chain(const char* attack, const char* mu, unsigned r, unsigned t, const char* device, SourceScheme scheme, bool correlated,
             double pass_bound, std::string says) {
  ChainedOptions options;
  options.plan = {Exact::literal(mu), r, t};
  options.device = device;
  options.scheme = scheme;
  options.correlated_sources = correlated;
  return {{"colbeck-renner", attack, fmt::format("mu {}, N = {}, {} trials, source {}", mu, 1U << r, 1ULL << t, correlated ? "correlated pair" : scheme_name(scheme)),
           0, 0, std::move(says), pass_bound},
          [options](const bits::StreamKey& key) mutable -> Result<bool> {
            options.key = key;
            BELLOWS_ASSIGN(const ChainedResult result, run_chained(options));
            return result.aborted != ChainedAbort::none;
          }};
}

Attack three(const char* attack, const char* mu, std::uint64_t trials, const char* device, SourceScheme scheme, double pass_bound, std::string says) {
  GhzOptions options;
  options.mu = Exact::literal(mu);
  options.trials = trials;
  options.device = device;
  options.scheme = scheme;
  return {{"colbeck-renner, GHZ", attack, fmt::format("mu {}, {} trials, source {}", mu, trials, scheme_name(scheme)), 0, 0, std::move(says), pass_bound},
          [options](const bits::StreamKey& key) mutable -> Result<bool> {
            options.key = key;
            BELLOWS_ASSIGN(const GhzResult result, run_ghz(options));
            return result.failures != 0;
          }};
}

Attack five(const char* attack, const char* mu, std::uint64_t quintuplets, unsigned block, const char* device, SourceScheme scheme,
            double honest_share, double pass_bound, std::string says) {
  GallegoOptions options;
  options.mu = Exact::literal(mu);
  options.quintuplets = quintuplets;
  options.block_size = block;
  options.device = device;
  options.scheme = scheme;
  options.honest_share = honest_share;
  return {{"gallego", attack, fmt::format("mu {}, {} quintuplets in blocks of {}, source {}", mu, quintuplets, block, scheme_name(scheme)), 0, 0,
           std::move(says), pass_bound},
          [options](const bits::StreamKey& key) mutable -> Result<bool> {
            options.key = key;
            BELLOWS_ASSIGN(const GallegoResult result, run_gallego(options));
            return result.aborted_few || result.aborted_wrong;
          }};
}

double none_hit(double probability, double trials) { return std::pow(1 - probability, trials); }

std::vector<Attack> gallery() {
  std::vector<Attack> list;
  const auto fair = SourceScheme::fair, leaning = SourceScheme::leaning, colluding = SourceScheme::colluding;
  // Two settings fail; a source of bias mu cannot make both together rarer than (1/2 - mu)^3.
  const double q1 = std::pow(0.4, 3), q3 = std::pow(0.2, 3);
  list.push_back(four("none (honest)", "0.1", 424, 0, "quantum", leaning, 0, 0, 1, "never caught: the state reaches 0 exactly"));
  list.push_back(four("none, outcomes flipped with 0.1 %", "0.1", 424, 0, "quantum", leaning, 0.001, 0, 1, "honest, but no failure was allowed"));
  list.push_back(four("none, outcomes flipped with 0.1 %", "0.1", 424, 8, "quantum", leaning, 0.001, 0, 1, "8 failures allowed: completeness"));
  list.push_back(four("no-signalling box, outcomes otherwise uniform", "0.1", 424, 0, "svetlichny", leaning, 0, 0, 1, "may pass: the certificate holds for it"));
  list.push_back(four("no-signalling box, party A known to Eve", "0.1", 424, 0, "no-signalling", leaning, 0, 0, 1, "may pass: any joint outcome has probability 1/4, the certificate counts on 1/3"));
  list.push_back(four("local, source does not know", "0.1", 424, 0, "local", leaning, 0, 0, none_hit(q1, 424), "fails at 2 of 8 settings, together at least (1/2 - mu)^3"));
  list.push_back(four("local, source colludes", "0.1", 424, 0, "local", colluding, 0, 0, none_hit(q1, 424), "the same bound, whatever the source does"));
  list.push_back(four("local, source colludes", "0.3", 424, 0, "local", colluding, 0, 0, none_hit(q3, 424), "caught, but nothing could be certified from so few trials at this bias"));
  list.push_back(four("local, source colludes", "0.3", 2952, 0, "local", colluding, 0, 0, none_hit(q3, 2952), "enough trials for one certified bit"));
  list.push_back(four("local, source colludes, threshold above 2 q0", "0.3", 2952, 32, "local", colluding, 0, 0, 1, "passes: 0.8 % failures suffice, 1.1 % are allowed; nothing is certified"));
  list.push_back(four("memory: honest for 90 %, then local", "0.1", 424, 0, "memory", colluding, 0, 0.9, none_hit(q1, 43), "43 dishonest trials"));
  list.push_back(four("memory: honest for 99 %, then local", "0.1", 424, 0, "memory", colluding, 0, 0.99, 1, "5 dishonest trials: most honest entropy is there"));
  list.push_back(four("each trial local with 1/2", "0.1", 424, 0, "mixed", colluding, 0, 0.5, none_hit(q1 / 2, 424), "half of the trials are dishonest"));

  list.push_back(chain("none (honest)", "0.01", 4, 11, "quantum", leaning, false, 1, "about M (pi/4N)^2 2/N failures are expected: 0.6"));
  list.push_back(chain("no-signalling box, I_N = 0", "0.01", 4, 11, "no-signalling", leaning, false, 1, "passes: its outcome is free"));
  list.push_back(chain("none, the two sources copy each other within mu", "0.05", 4, 9, "no-signalling", leaning, true, 1, "allowed: the pair of sources is no-signalling but not independent"));
  list.push_back(chain("local, source does not know", "0.1", 4, 11, "local", fair, false, none_hit(std::pow(0.5, 8), 2048), "breaks one pair of 2N"));
  list.push_back(chain("local, source colludes", "0.1", 4, 11, "local", colluding, false, none_hit(std::pow(0.4, 8), 2048), "mu < 0.1464: caught for N^3/2 trials and more"));
  list.push_back(chain("local, source colludes", "0.14", 4, 11, "local", colluding, false, none_hit(std::pow(0.36, 8), 2048), "just below the limit of large N"));
  list.push_back(chain("local, source colludes", "0.2", 4, 11, "local", colluding, false, 1, "mu > 0.1464: it passes more often than the honest device"));
  list.push_back(chain("local, source colludes", "0.3", 4, 11, "local", colluding, false, 1, "the chain holds, but leaning so hard changes the number of tested trials (test 2)"));

  list.push_back(three("none (honest)", "0.4", 1000, "quantum", leaning, 1, "never caught"));
  list.push_back(three("one deterministic party and a PR-like box", "0.4", 1000, "deterministic-party", leaning, 1, "passes: excluded only by quantum theory, which the corollary assumes"));
  list.push_back(three("local, source colludes", "0.3", 1000, "local", colluding, none_hit(std::pow(0.2, 3), 1000), "any mu below 1/2 with enough trials"));
  list.push_back(three("local, source colludes", "0.45", 1000, "local", colluding, none_hit(std::pow(0.05, 3), 1000), "1000 trials are too few at this bias"));

  list.push_back(five("none (honest)", "0.1", 2000, 8, "quantum", leaning, 0, 1, "never caught"));
  list.push_back(five("one deterministic party", "0.1", 2000, 8, "deterministic-party", leaning, 0, 1, "passes: each majority is guessed with 3/4, distilling is to repair that"));
  list.push_back(five("local, source colludes", "0.1", 2000, 8, "local", colluding, 0, 1e-4, "fails at 6 of 32 settings, in a share of the trials that no bias of 0.1 makes small"));
  list.push_back(five("blockwise, honest stretches with 1/2", "0.1", 2000, 8, "blockwise", colluding, 0.5, 1, "half of 125 stretches are wrong"));
  list.push_back(five("blockwise, honest stretches with 0.99", "0.1", 2000, 8, "blockwise", colluding, 0.99, 1, "about one wrong stretch in a run: passes when there is none, or it is the distilled one"));
  return list;
}

}  // namespace

Result<std::vector<AttackRow>> run_attacks(std::uint64_t runs, const Context& context) {
  std::vector<AttackRow> rows;
  const std::vector<Attack> attacks = gallery();
  for (std::size_t i = 0; i < attacks.size(); ++i) {
    AttackRow row = attacks[i].row;
    for (std::uint64_t run = 0; run < runs; ++run) {
      BELLOWS_TRY(context.check_cancelled());
      BELLOWS_ASSIGN(const bool caught, attacks[i].caught(bits::StreamKey::from_number(1000000 * (i + 1) + run)));
      row.caught += caught;
    }
    row.runs = runs;
    rows.push_back(std::move(row));
    if (context.progress) context.progress("attacks", i + 1, attacks.size(), "");
  }
  return rows;
}

std::string format_attacks(const std::vector<AttackRow>& rows) {
  std::string text = "| protocol | attack | parameters | caught | passes with at most | why |\n| --- | --- | --- | --- | --- | --- |\n";
  for (const AttackRow& row : rows) {
    text += fmt::format("| {} | {} | {} | {} of {} | {} | {} |\n", row.protocol, row.attack, row.parameters, row.caught, row.runs,
                        row.pass_bound >= 1 ? "" : fmt::format("{:.2g}", row.pass_bound), row.says);
  }
  return text;
}

}  // namespace bellows::protocol
