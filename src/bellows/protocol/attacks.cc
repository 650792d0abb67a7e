#include "bellows/protocol/attacks.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "bellows/protocol/brandao.h"
#include "bellows/protocol/colbeck_renner.h"
#include "bellows/protocol/gallego.h"

namespace bellows::protocol {
namespace {

constexpr auto fair = SourceScheme::fair, leaning = SourceScheme::leaning, colluding = SourceScheme::colluding;

struct Outcome {
  bool caught = false;
  std::optional<bool> eve_right;  ///< of an accepted run, where Eve has a guess of the output
};

struct Attack {
  AttackRow row;
  std::function<Result<Outcome>(const bits::StreamKey&)> run;
};

double none_hit(double probability, double trials) { return std::pow(1 - probability, trials); }

/// Probability of at most `most` hits in so many independent trials.
double at_most_hits(std::uint64_t trials, double probability, std::uint64_t most) {
  const double n = static_cast<double>(trials);
  double sum = 0;
  for (std::uint64_t i = 0; i <= std::min(most, trials); ++i) {
    const double k = static_cast<double>(i);
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(probability) + (n - k) * std::log1p(-probability));
  }
  return std::min(sum, 1.0);
}

/// How rare a source can make the settings at which the best local strategy fails.
double rarest_failure(const bell::Functional& losses, double mu) {
  const LocalStrategy strategy = best_local_strategy(losses);
  return SettingSource::smallest_probability(strategy.failing_settings, losses.scenario.parties(), mu);
}

// --- four parties

struct FourCase {
  const char* attack;
  const char* mu;
  std::uint64_t trials, failures;
  const char* device;
  SourceScheme scheme;
  double noise = 0, honest_share = 0;
};

FourDeviceOptions options_of(const FourCase& c) {
  FourDeviceOptions options;
  options.plan = {Exact::literal(c.mu), c.trials, c.failures, 1, Exact::literal("1e-9")};
  options.device = c.device;
  options.scheme = c.scheme;
  options.noise = c.noise;
  options.honest_share = c.honest_share;
  return options;
}

/// However the source leans, a dishonest trial fails with at least this probability, given all before it.
double four_pass_bound(const FourCase& c) {
  const std::string device = c.device;
  const double q = rarest_failure(bell::four_party(), Exact::literal(c.mu).approximate());
  if (device == "local") return at_most_hits(c.trials, q, c.failures);
  if (device == "mixed") return at_most_hits(c.trials, q * (1 - c.honest_share), c.failures);
  if (device == "memory") {
    const auto honest = static_cast<std::uint64_t>(c.honest_share * static_cast<double>(c.trials));
    return at_most_hits(c.trials - honest, q, c.failures);
  }
  return 1;
}

Attack four(const FourCase& c, std::string says) {
  const FourDeviceOptions options = options_of(c);
  AttackRow row{.protocol = "brandao-1", .attack = c.attack, .parameters = {}, .certified = {}, .says = std::move(says)};
  row.parameters = fmt::format("mu {}, {} trials, {} failures allowed, source {}", c.mu, c.trials, c.failures, scheme_name(c.scheme));
  row.pass_bound = four_pass_bound(c);
  if (certify_four_device(options.plan).best) row.certified = "1 bit, 1e-9";
  return {std::move(row), [options](const bits::StreamKey& key) -> Result<Outcome> {
            FourDeviceOptions here = options;
            here.key = key;
            BELLOWS_ASSIGN(const std::uint64_t seen, simulate_four_device(here, nullptr));
            return Outcome{seen > here.plan.most_failures, {}};
          }};
}

Attack eight(const FourCase& c, const char* second, double second_share, std::uint64_t blocks, std::string says) {
  EightDeviceOptions options;
  options.first = options_of(c);
  options.second_device = second;
  options.second_honest_share = second_share;
  options.blocks = blocks;
  AttackRow row{.protocol = "brandao-2", .attack = c.attack, .parameters = {}, .certified = {}, .says = std::move(says)};
  row.parameters = fmt::format("mu {}, {} trials, {} blocks, {} failures allowed, source {}", c.mu, c.trials, blocks, c.failures, scheme_name(c.scheme));
  row.pass_bound = four_pass_bound(c);
  return {std::move(row), [options](const bits::StreamKey& key) -> Result<Outcome> {
            EightDeviceOptions here = options;
            here.first.key = key;
            BELLOWS_ASSIGN(const EightDeviceResult result, run_eight_device(here));
            return Outcome{!result.accepted, {}};
          }};
}

// --- the chain

struct ChainCase {
  const char* attack;
  const char* mu;
  unsigned log2_settings, log2_trials;
  const char* device;
  SourceScheme scheme;
  double honest_share = 0;
  bool correlated = false, steered = false;
};

Attack chain(const ChainCase& c, std::string says) {
  ChainedOptions options;
  options.plan = {Exact::literal(c.mu), c.log2_settings, c.log2_trials};
  options.device = c.device;
  options.scheme = c.scheme;
  options.honest_share = c.honest_share;
  options.correlated_sources = c.correlated;
  options.steered_choice = c.steered;
  const double trials = std::exp2(c.log2_trials), mu = options.plan.mu.approximate();
  AttackRow row{.protocol = "colbeck-renner", .attack = c.attack, .parameters = {}, .certified = {}, .says = std::move(says)};
  row.parameters = fmt::format("mu {}, N = {}, {} trials, source {}", c.mu, 1U << c.log2_settings, 1ULL << c.log2_trials,
                               c.correlated ? "correlated pair" : c.steered ? "steering" : scheme_name(c.scheme));
  // One pair of the chain breaks, and no pair is rarer than this.
  const double rarest = std::pow(0.5 - mu, 2.0 * c.log2_settings);
  if (options.device == "local") row.pass_bound = none_hit(rarest, trials);
  if (options.device == "memory") row.pass_bound = none_hit(rarest, trials - std::floor(c.honest_share * trials));
  const double log2_total = chained_bound(options.plan).log2_total;
  if (!c.steered && !chained_bound_is_void(options.plan.mu) && log2_total <= -2) row.certified = fmt::format("1 bit, {:.2g}", std::exp2(log2_total));
  return {std::move(row), [options](const bits::StreamKey& key) -> Result<Outcome> {
            ChainedOptions here = options;
            here.key = key;
            BELLOWS_ASSIGN(const ChainedResult result, run_chained(here));
            if (!result.output) return Outcome{true, {}};
            if (result.eve_knows) return Outcome{false, true};
            return Outcome{false, result.output};  // her guess is 1
          }};
}

Attack three(const char* attack, const char* mu, std::uint64_t trials, const char* device, SourceScheme scheme, std::string says) {
  GhzOptions options;
  options.mu = Exact::literal(mu);
  options.trials = trials;
  options.device = device;
  options.scheme = scheme;
  AttackRow row{.protocol = "colbeck-renner, GHZ", .attack = attack, .parameters = {}, .certified = {}, .says = std::move(says)};
  row.parameters = fmt::format("mu {}, {} trials, source {}", mu, trials, scheme_name(scheme));
  if (options.device == "local") row.pass_bound = none_hit(rarest_failure(bell::mermin(3).value(), options.mu.approximate()), static_cast<double>(trials));
  return {std::move(row), [options](const bits::StreamKey& key) -> Result<Outcome> {
            GhzOptions here = options;
            here.key = key;
            BELLOWS_ASSIGN(const GhzResult result, run_ghz(here));
            if (!result.output) return Outcome{true, {}};
            return Outcome{false, result.eve_knows ? std::optional<bool>(true) : result.output};
          }};
}

// --- blocks of quintuplets

struct FiveCase {
  const char* attack;
  const char* mu;
  std::uint64_t quintuplets;
  unsigned block_size;
  const char* device;
  SourceScheme scheme;
  double honest_share = 0;
};

/// At least B = 2^floor(log2(n / 3 Nd)) blocks are formed or the run aborts, and at most one of the first B is not tested.
double five_pass_bound(const FiveCase& c) {
  const std::string device = c.device;
  const double q = rarest_failure(bell::mermin(5).value(), Exact::literal(c.mu).approximate());
  const std::uint64_t blocks = std::bit_floor((c.quintuplets + 2) / 3 / c.block_size), kept = blocks * c.block_size;
  const double b = static_cast<double>(blocks);
  if (device == "local" || device == "memory") {
    // At worst all kept quintuplets come first.
    const auto honest = device == "local" ? 0 : static_cast<std::uint64_t>(c.honest_share * static_cast<double>(c.quintuplets));
    if (kept <= honest + c.block_size) return 1;
    return std::min(1.0, b * none_hit(q, static_cast<double>(kept - honest - c.block_size)));
  }
  if (device == "blockwise") {
    // The block that is not tested has quintuplets of at most Nd stretches (of 2 Nd each); all other stretches must be right.
    const double wrong = (1 - c.honest_share) * (1 - none_hit(q, 2.0 * c.block_size));
    return at_most_hits(kept / (2 * c.block_size), wrong, c.block_size);
  }
  return 1;
}

Attack five(const FiveCase& c, std::string says) {
  GallegoOptions options;
  options.mu = Exact::literal(c.mu);
  options.quintuplets = c.quintuplets;
  options.block_size = c.block_size;
  options.device = c.device;
  options.scheme = c.scheme;
  options.honest_share = c.honest_share;
  AttackRow row{.protocol = "gallego", .attack = c.attack, .parameters = {}, .certified = {}, .says = std::move(says)};
  row.parameters = fmt::format("mu {}, {} quintuplets in blocks of {}, source {}", c.mu, c.quintuplets, c.block_size, scheme_name(c.scheme));
  row.pass_bound = five_pass_bound(c);
  return {std::move(row), [options](const bits::StreamKey& key) -> Result<Outcome> {
            GallegoOptions here = options;
            here.key = key;
            BELLOWS_ASSIGN(const GallegoResult result, run_gallego(here));
            return Outcome{result.aborted_few || result.aborted_wrong, {}};
          }};
}

std::vector<Attack> gallery() {
  std::vector<Attack> list;
  const auto smallest = [](const char* mu) {
    return smallest_four_device(Exact::literal(mu), Exact::integer(0), 1, Exact::literal("1e-9"), 1000000)->plan.trials;
  };
  const std::uint64_t n1 = smallest("0.1"), n3 = smallest("0.3");
  list.push_back(four({"none (honest)", "0.1", n1, 0, "quantum", leaning}, "never caught: the state reaches 0 exactly"));
  list.push_back(four({"none, outcomes flipped with 0.1 %", "0.1", n1, 0, "quantum", leaning, 0.001}, "honest, but no failure was allowed"));
  list.push_back(four({"none, outcomes flipped with 0.1 %", "0.1", n1, 8, "quantum", leaning, 0.001}, "failures allowed: completeness, at the price of more trials"));
  list.push_back(four({"no-signalling box, outcomes otherwise uniform", "0.1", n1, 0, "svetlichny", leaning}, "may pass: the certificate holds for it"));
  list.push_back(four({"no-signalling box, party A known to Eve", "0.1", n1, 0, "no-signalling", leaning},
                      "may pass: any joint outcome has probability 1/4, the certificate counts on 1/3"));
  list.push_back(four({"local, source does not know", "0.1", n1, 0, "local", leaning}, "fails at 2 of 8 settings, whatever the source does"));
  list.push_back(four({"local, source colludes", "0.1", n1, 0, "local", colluding}, "the same bound"));
  list.push_back(four({"local, source colludes", "0.3", n1, 0, "local", colluding}, "not always caught, and too few trials at this bias"));
  list.push_back(four({"local, source colludes", "0.3", n3, 0, "local", colluding}, "enough trials for one bit"));
  list.push_back(four({"local, source colludes, threshold above 2 q0", "0.3", n3, n3 * 11 / 1000, "local", colluding}, "passes: the threshold is above what a local device needs"));
  list.push_back(four({"memory: honest for 90 %, then local", "0.1", n1, 0, "memory", colluding, 0, 0.9}, "the last tenth fails"));
  list.push_back(four({"memory: honest for 99 %, then local", "0.1", n1, 0, "memory", colluding, 0, 0.99}, "few dishonest trials: most honest entropy is there"));
  list.push_back(four({"each trial local with 1/2", "0.1", n1, 0, "mixed", colluding, 0, 0.5}, "half of the trials are dishonest"));

  list.push_back(eight({"none (honest)", "0.1", n1, 0, "quantum", leaning}, "", 0, 8, "never caught"));
  list.push_back(eight({"local, source colludes", "0.1", n1, 0, "local", colluding}, "", 0, 8, "the first four devices alone are caught"));
  list.push_back(eight({"memory: the second four turn local after 3/4 of their blocks", "0.1", n1, 0, "quantum", colluding}, "memory", 0.75, 8,
                       "caught when the source chooses one of the last blocks, harmless else"));

  list.push_back(chain({"none (honest)", "0.01", 4, 11, "quantum", leaning}, "quantum theory breaks the chain now and then"));
  list.push_back(chain({"none (honest)", "0.01", 6, 15, "quantum", leaning}, "a size at which something is certified"));
  list.push_back(chain({"no-signalling box, I_N = 0", "0.01", 6, 15, "no-signalling", leaning}, "passes: its outcome is free"));
  list.push_back(chain({"none, the two sources copy each other within mu", "0.05", 4, 9, "no-signalling", leaning, 0, true}, "allowed: the pair of sources is no-signalling but not independent"));
  list.push_back(chain({"local, source does not know", "0.1", 4, 11, "local", fair}, "breaks one pair of 2N"));
  const double limit = chained_attack_bias(4);
  for (const auto& [mu, where] : {std::pair{"0.12", "below"}, {"0.16", "above"}}) {
    list.push_back(chain({"none (honest), to compare", mu, 4, 11, "quantum", colluding}, "how often the honest device is caught with this source"));
    list.push_back(chain({"local, source colludes", mu, 4, 11, "local", colluding},
                         fmt::format("{} the limit for this N, {:.4f} (0.1464 for large N): caught {} often than the honest device", where, limit, mu[3] == '2' ? "more" : "less")));
  }
  list.push_back(chain({"local, source colludes", "0.3", 4, 11, "local", colluding}, "the chain holds, but leaning so hard changes the number of tested trials (test 2)"));
  list.push_back(chain({"memory: honest for half of the trials, then local", "0.01", 6, 15, "memory", colluding, 0.5}, "the bound counts on it: what passes is known now and then"));
  list.push_back(chain({"memory: fails on purpose unless most outcomes were 1", "0.01", 6, 15, "selective", leaning}, "half of the runs are given up to lean the output; the bound counts on it"));
  list.push_back(chain({"none, the source follows the outcomes when f is chosen", "0.05", 4, 11, "no-signalling", fair, 0, false, true},
                       "outside the assumptions: the output leans by more than mu at any size"));

  list.push_back(three("none (honest)", "0.4", 1000, "quantum", leaning, "never caught"));
  list.push_back(three("one deterministic party and a PR-like box", "0.4", 1000, "deterministic-party", leaning, "passes: excluded only by quantum theory, which the corollary assumes"));
  list.push_back(three("local, source colludes", "0.3", 1000, "local", colluding, "any mu below 1/2 with enough trials"));
  list.push_back(three("local, source colludes", "0.45", 1000, "local", colluding, "too few trials at this bias"));

  list.push_back(five({"none (honest)", "0.1", 2000, 8, "quantum", leaning}, "never caught"));
  list.push_back(five({"one deterministic party", "0.1", 2000, 8, "deterministic-party", leaning}, "passes: each majority is guessed with 3/4, distilling is to repair that"));
  list.push_back(five({"local, source colludes", "0.1", 2000, 8, "local", colluding}, "fails at 6 of the 16 settings of the expression"));
  list.push_back(five({"memory: honest for 10 %, then local", "0.1", 2000, 8, "memory", colluding, 0.1}, "the blocks after it are wrong"));
  list.push_back(five({"memory: honest for 90 %, then local", "0.1", 2000, 8, "memory", colluding, 0.9}, "passes, and gains nothing: what follows the last whole power of two of blocks is not used"));
  list.push_back(five({"blockwise, honest stretches with 1/2", "0.1", 2000, 8, "blockwise", colluding, 0.5}, "half of the stretches are wrong"));
  list.push_back(five({"blockwise, honest stretches with 0.99", "0.1", 2000, 8, "blockwise", colluding, 0.99},
                      "about one wrong stretch in a run: passes when there is none, or it is the distilled one"));
  return list;
}

}  // namespace

Result<std::vector<AttackRow>> run_attacks(std::uint64_t runs, const Context& context) {
  std::vector<AttackRow> rows;
  const std::vector<Attack> attacks = gallery();
  for (std::size_t i = 0; i < attacks.size(); ++i) {
    AttackRow row = attacks[i].row;
    std::uint64_t guesses = 0, right = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
      BELLOWS_TRY(context.check_cancelled());
      BELLOWS_ASSIGN(const Outcome outcome, attacks[i].run(bits::StreamKey::from_number(1000000 * (i + 1) + run)));
      row.caught += outcome.caught;
      if (!outcome.eve_right) continue;
      ++guesses;
      right += *outcome.eve_right;
    }
    row.runs = runs;
    if (guesses != 0) row.eve_right = static_cast<double>(right) / static_cast<double>(guesses);
    rows.push_back(std::move(row));
    if (context.progress) context.progress("attacks", i + 1, attacks.size(), "");
  }
  return rows;
}

std::string format_attacks(const std::vector<AttackRow>& rows) {
  std::string text =
      "| protocol | attack | parameters | caught | passes with at most | Eve is right | certified | why |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const AttackRow& row : rows) {
    text += fmt::format("| {} | {} | {} | {} of {} | {} | {} | {} | {} |\n", row.protocol, row.attack, row.parameters, row.caught, row.runs,
                        row.pass_bound > 0.999 ? "" : fmt::format("{:.2g}", row.pass_bound),
                        row.eve_right < 0 ? "" : fmt::format("{:.0f} %", 100 * row.eve_right), row.certified.empty() ? "no" : row.certified, row.says);
  }
  return text;
}

}  // namespace bellows::protocol
