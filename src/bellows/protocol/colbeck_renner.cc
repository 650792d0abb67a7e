#include "bellows/protocol/colbeck_renner.h"

#include <bit>
#include <cmath>
#include <numbers>

#include "bellows/numeric/optimise.h"
#include "bellows/protocol/log_sum.h"

namespace bellows::protocol {
namespace {

constexpr std::uint8_t lane_a = 10, lane_b = 11, lane_device = 12, lane_choice = 13, lane_hidden = 14;

Ball half() { return Ball(1) / Ball(2); }

/// log2 sin^2(pi / 2^e)
Ball log2_sine_squared(unsigned e) { return Ball(2) * log2(sin(numeric::pi() * exp2(-Ball(e)))); }

Status check_bias(const Exact& mu) {
  if (mu < Exact::integer(0) || mu >= Exact::fraction(1, 2)) return usage_error("the bias mu must be at least 0 and below 1/2");
  return {};
}

}  // namespace

Ball chained_log2_distance(unsigned r, const Exact& mu) {
  const Ball m(mu);
  return Ball(r) + Ball(2 * r) * log2((Ball(1) + Ball(2) * m) / (Ball(1) - Ball(2) * m)) + log2_sine_squared(r + 2);
}

Ball chained_log2_delta(unsigned r, const Exact& mu) {
  const Ball m(mu);
  return log2(square(numeric::pi()) / Ball(16)) +
         Ball(2 * r) * (log2((Ball(1) + Ball(2) * m) / (Ball(1) - Ball(2) * m)) - half());
}

ChainedSmallest chained_smallest_r(const Exact& mu, const Exact& target) {
  // delta falls with r or never; void is where its base reaches 1.
  const Ball m(mu);
  if (!certainly_at_most((Ball(1) + Ball(2) * m) / (Ball(1) - Ball(2) * m), sqrt(Ball(2)))) return {.is_void = true, .log2_settings = {}};
  const Ball wanted = log2(Ball(target));
  const long long limit = 100000;
  // The distance may rise before it falls, but once delta falls it falls for good: bisect on delta, then walk back.
  const auto enough = [&](long long r) { return certainly_at_most(chained_log2_delta(static_cast<unsigned>(r), mu), wanted); };
  if (!enough(limit)) return {};
  long long r = numeric::first_true(1, limit, enough);
  while (r > 1 && certainly_at_most(chained_log2_distance(static_cast<unsigned>(r - 1), mu), wanted)) --r;
  return {.is_void = false, .log2_settings = static_cast<unsigned>(r)};
}

ChainedBound chained_bound(const ChainedPlan& plan) {
  ChainedBound bound;
  const Ball m(plan.mu);
  const unsigned r = plan.log2_settings, t = plan.log2_trials;
  const Ball up = log2(half() + m), down = log2(half() - m);
  // Test 3: at most 3M/N members, each failing with sin^2(pi/4N).
  bound.log2_honest_abort = (log2(Ball(3)) + Ball(t) - Ball(r) + log2_sine_squared(r + 2)).upper();
  if (t < r) return bound;
  const Ball choice_bits(t - r);
  const Ball deviation = choice_bits * up + Ball(r - 1) * up - Ball(2 * r) * down - Ball(1);
  const Ball selection = choice_bits * log2(half() + Ball(2) * square(m)) / Ball(2) - Ball(2);
  bound.log2_deviation = deviation.upper();
  bound.log2_selection = selection.upper();
  bound.log2_total = log2_sum(deviation, selection).upper();
  return bound;
}

bool chained_bound_is_void(const Exact& mu) {
  const Ball up = half() + Ball(mu), down = half() - Ball(mu);
  return !certainly_positive(square(down) - up * up * up);
}

std::optional<ChainedPlan> chained_smallest_plan(const Exact& mu, const Exact& target, unsigned limit) {
  if (limit == 0 || chained_bound_is_void(mu)) return std::nullopt;
  const double wanted = log2(Ball(target)).lower();
  // More trials only help the bound; the honest device allows so many (3r - 2 for every r).
  const auto most_trials = [&](unsigned r) {
    unsigned t = 3 * r + 3;
    while (t > r && chained_bound({mu, r, t}).log2_honest_abort > -1) --t;
    return t;
  };
  // With t = 3r - 2 both terms of the bound are powers of r whose bases are below 1, so the first r is found by halving.
  const auto enough = [&](long long r) {
    const auto settings = static_cast<unsigned>(r);
    const ChainedBound bound = chained_bound({mu, settings, most_trials(settings)});
    return bound.log2_honest_abort <= -1 && bound.log2_total <= wanted;
  };
  if (!enough(limit)) return std::nullopt;
  const auto r = static_cast<unsigned>(numeric::first_true(1, limit, enough));
  const auto t = numeric::first_true(r, most_trials(r), [&](long long trials) { return chained_bound({mu, r, static_cast<unsigned>(trials)}).log2_total <= wanted; });
  return ChainedPlan{mu, r, static_cast<unsigned>(t)};
}

Ball chained_exponent(const Exact& mu, bool printed) {
  const Ball m(mu);
  const Ball up = log2(half() + m), down = log2(half() - m);
  if (printed) return -Ball(399) / Ball(100) * up + Ball(2) * down - Ball(101) / Ball(100);
  return -Ball(4) * up + Ball(2) * down - Ball(1);
}

double chained_attack_bias(unsigned r) {
  const double sine = std::sin(std::numbers::pi / std::exp2(static_cast<double>(r) + 2));
  const double log2_value = static_cast<double>(r) + 1 + 2 * std::log2(sine);
  return (1 - std::exp2(log2_value / (2.0 * r))) / 2;
}

std::uint64_t steered_choice(const std::vector<bool>& outcomes, int choice_bits, double mu, Random& random) {
  // Probability of a 1 below every prefix of the choice, if all later bits lean to where it is larger; the first bit drawn is the lowest.
  std::vector<std::vector<double>> chance(static_cast<std::size_t>(choice_bits) + 1);
  chance.back().assign(outcomes.begin(), outcomes.begin() + (std::ptrdiff_t{1} << choice_bits));
  for (int i = choice_bits; i-- > 0;) {
    const std::vector<double>& below = chance[static_cast<std::size_t>(i) + 1];
    std::vector<double>& here = chance[static_cast<std::size_t>(i)];
    here.resize(std::size_t{1} << i);
    for (std::size_t prefix = 0; prefix < here.size(); ++prefix) {
      const double zero = below[prefix], one = below[prefix + here.size()];
      here[prefix] = (zero + one) / 2 + mu * std::abs(zero - one);
    }
  }
  WeakSource source(mu, random);
  std::size_t f = 0;
  for (int i = 0; i < choice_bits; ++i) {
    const std::vector<double>& below = chance[static_cast<std::size_t>(i) + 1];
    const std::size_t with_one = f + (std::size_t{1} << i);
    if (source.draw(below[with_one] > below[f] ? 1 : -1)) f = with_one;
  }
  return f;
}

const std::vector<DeviceKind>& chained_devices() {
  static const std::vector<DeviceKind> kinds = {
      {"quantum", "honest: a maximally entangled pair measured at the 2N angles; I_N = 2N sin^2(pi/4N)"},
      {"local", "deterministic, known to Eve; breaks the chain at one pair, which a colluding source avoids"},
      {"no-signalling", "I_N = 0: passes, and Eve knows nothing"},
      {"memory", "quantum for the first --honest-share of the trials, then local"},
      {"selective", "I_N = 0, but the last eighth of the trials fails on purpose unless most outcomes so far were 1"},
  };
  return kinds;
}

Result<ChainedResult> run_chained(const ChainedOptions& options, const Context& context) {
  BELLOWS_TRY(check_bias(options.plan.mu));
  const unsigned r = options.plan.log2_settings, t = options.plan.log2_trials;
  if (r < 1 || r > 20) return usage_error("the settings are N = 2^r with r from 1 to 20 in a run");
  if (t < r) return usage_error("the protocol needs at least as many trials as settings (M >= N)");
  if (t > 32) return usage_error("a run has at most 2^32 trials; the bound can be asked for without a run");
  std::string names;
  bool known = false;
  for (const DeviceKind& kind : chained_devices()) {
    names += (names.empty() ? "" : ", ") + kind.name;
    known = known || kind.name == options.device;
  }
  if (!known) return usage_error("no such device", names, options.device);
  if (!(options.honest_share >= 0 && options.honest_share <= 1)) return usage_error("the honest share lies between 0 and 1");
  const bool memory = options.device == "memory", selective = options.device == "selective";

  const std::uint64_t n = std::uint64_t{1} << r, trials = std::uint64_t{1} << t;
  const double mu = options.plan.mu.approximate();
  Random random_a(options.key, lane_a), random_b(options.key, lane_b), random_device(options.key, lane_device),
      random_hidden(options.key, lane_hidden), random_choice(options.key, lane_choice);
  WeakSource source_a(mu, random_a), source_b(mu, random_b), chooser(mu, random_choice);
  ChainedResult result;
  result.trials = trials;
  result.quantum_value = 2 * static_cast<double>(n) * std::pow(std::sin(std::numbers::pi / (4 * static_cast<double>(n))), 2);
  result.bound = chained_bound(options.plan);
  const double quantum_failure = result.quantum_value / (2 * static_cast<double>(n));

  const auto turns = static_cast<std::uint64_t>(options.honest_share * static_cast<double>(trials));
  std::uint64_t ones = 0;
  struct Member {
    bool x;
    bool known;
  };
  std::vector<Member> members;
  std::vector<std::uint64_t> seen(2 * n, 0), failed(2 * n, 0);
  const std::uint64_t all = n - 1;
  for (std::uint64_t q = 0; q < trials; ++q) {
    if ((q & 0xfffff) == 0) {
      BELLOWS_TRY(context.check_cancelled());
      context.report("trials", q, trials, "trials");
    }
    const bool local = options.device == "local" || (memory && q >= turns);
    const bool quantum = options.device == "quantum" || (memory && !local);
    // Position in the chain where the local device breaks: between `cut` and `cut + 1` modulo 2N; unlikely under the colluding source.
    const std::uint64_t cut = random_hidden.below(2 * n);
    std::uint64_t a_index = 0, b_index = 0;
    if (options.scheme == SourceScheme::colluding) {
      const std::uint64_t even = cut % 2 == 0 ? cut : (cut + 1) % (2 * n), odd = cut % 2 == 0 ? cut + 1 : cut;
      a_index = source_a.draw_towards(~(even / 2) & all, static_cast<int>(r));
      b_index = source_b.draw_towards(~(odd / 2) & all, static_cast<int>(r));
    } else {
      const double strength = options.scheme == SourceScheme::fair ? 0 : 1;
      a_index = source_a.draw_towards(all, static_cast<int>(r), strength);
      b_index = source_b.draw_towards(options.correlated_sources ? a_index : all, static_cast<int>(r), options.correlated_sources ? 1 : strength);
    }
    const std::uint64_t a = 2 * a_index, b = 2 * b_index + 1;
    const bool closing = a == 0 && b == 2 * n - 1;
    const bool neighbours = a + 1 == b || b + 1 == a;
    if (!closing && !neighbours) continue;
    const std::uint64_t pair = closing ? 2 * n - 1 : std::min(a, b);
    bool x = false, y = false;
    if (local) {
      const bool last = cut == 2 * n - 1;
      x = !last && a > cut;
      y = !last && b > cut;
    } else {
      x = (random_device.next() & 1) != 0;
      const bool broken = (quantum && random_device.chance(quantum_failure)) || (selective && q >= trials - trials / 8 && 2 * ones <= members.size());
      y = x ^ closing ^ broken;
    }
    ones += x;
    ++seen[pair];
    if ((x == y) == closing) ++failed[pair], ++result.failures;
    members.push_back({x, local});
  }
  result.tested = members.size();
  for (std::uint64_t pair = 0; pair < 2 * n; ++pair) {
    if (seen[pair] != 0) result.observed_value += static_cast<double>(failed[pair]) / static_cast<double>(seen[pair]);
  }
  const double mean = static_cast<double>(trials) / static_cast<double>(n);
  if (static_cast<double>(result.tested) < mean || static_cast<double>(result.tested) > 3 * mean) {
    result.aborted = ChainedAbort::test_size;
  } else if (result.failures != 0) {
    result.aborted = ChainedAbort::failures;
  } else {
    // A power of two of members, so that whole bits choose: at least M/N of them.
    const int choice_bits = std::bit_width(result.tested) - 1;
    std::uint64_t f = 0;
    if (options.steered_choice) {
      std::vector<bool> outcomes;
      for (const Member& member : members) outcomes.push_back(member.x);
      f = steered_choice(outcomes, choice_bits, mu, random_choice);
    } else {
      f = chooser.draw_towards(~std::uint64_t{0}, choice_bits, options.scheme == SourceScheme::fair ? 0 : 1);
    }
    result.output = members[f].x;
    result.eve_knows = members[f].known;
  }
  return result;
}

const std::vector<DeviceKind>& ghz_devices() {
  static const std::vector<DeviceKind> kinds = {
      {"quantum", "honest: GHZ state, X and Y"},
      {"deterministic-party", "no-signalling but not quantum: the first party deterministic, the others share a PR-like box; passes, and Eve knows the output"},
      {"local", "deterministic; fails at one setting of four, which a colluding source avoids"},
  };
  return kinds;
}

Result<GhzResult> run_ghz(const GhzOptions& options, const Context& context) {
  BELLOWS_TRY(check_bias(options.mu));
  if (options.trials == 0 || options.trials > std::uint64_t{1} << 32) return usage_error("a run has from 1 to 2^32 trials");
  std::unique_ptr<SimulatedDevice> device;
  const bool deterministic = options.device == "deterministic-party";
  if (options.device == "quantum") {
    device = std::make_unique<BoxDevice>(bell::ghz_experiment(3).value().behaviour());
  } else if (deterministic) {
    device = std::make_unique<BoxDevice>(bell::mermin_box_with_deterministic_party(3, 0, 0).value());
  } else if (options.device == "local") {
    device = std::make_unique<LocalDevice>(best_local_strategy(bell::mermin(3).value()));
  } else {
    return usage_error("no such device", "quantum, deterministic-party, local", options.device);
  }
  Random random_source(options.key, lane_a), random_device(options.key, lane_device), random_choice(options.key, lane_choice);
  WeakSource source(options.mu.approximate(), random_source), chooser(options.mu.approximate(), random_choice);
  SettingSource settings(source, options.scheme, 3);
  GhzResult result;
  std::vector<bool> outcomes;
  for (std::uint64_t i = 0; i < options.trials; ++i) {
    if ((i & 0xfffff) == 0) {
      BELLOWS_TRY(context.check_cancelled());
      context.report("trials", i, options.trials, "trials");
    }
    const std::size_t x = settings.draw(*device);
    const std::size_t a = device->answer(x, random_device);
    if (!bell::in_mermin(x)) continue;
    ++result.tested;
    result.failures += (std::popcount(a) & 1) != bell::mermin_parity(3, x);
    outcomes.push_back((a & 1U) != 0);
  }
  if (result.failures == 0 && !outcomes.empty()) {
    const int choice_bits = static_cast<int>(std::bit_width(outcomes.size())) - 1;
    const std::uint64_t f = chooser.draw_towards(~std::uint64_t{0}, choice_bits, options.scheme == SourceScheme::fair ? 0 : 1);
    result.output = outcomes[f];
    result.eve_knows = deterministic || options.device == "local";
  }
  return result;
}

}  // namespace bellows::protocol
