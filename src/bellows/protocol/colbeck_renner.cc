#include "bellows/protocol/colbeck_renner.h"

#include <bit>
#include <cmath>
#include <numbers>

#include "bellows/numeric/optimise.h"

namespace bellows::protocol {
namespace {

constexpr std::uint8_t lane_a = 10, lane_b = 11, lane_device = 12, lane_choice = 13, lane_hidden = 14;

Ball half() { return Ball(1) / Ball(2); }

/// log2 sin^2(pi / 2^e)
Ball log2_sine_squared(unsigned e) { return Ball(2) * log2(sin(numeric::pi() * exp2(-Ball(e)))); }

Ball log2_sum(const Ball& a, const Ball& b) {
  const Ball top = max(a, b);
  return top + log2(exp2(a - top) + exp2(b - top));
}

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

std::optional<unsigned> chained_smallest_r(const Exact& mu, const Exact& target) {
  const Ball wanted = log2(Ball(target));
  const long long limit = 100000;
  // The distance may rise before it falls, but once delta falls it falls for good: bisect on delta, then walk back.
  const auto enough = [&](long long r) { return certainly_at_most(chained_log2_delta(static_cast<unsigned>(r), mu), wanted); };
  if (!enough(limit)) return std::nullopt;
  long long r = numeric::first_true(1, limit, enough);
  while (r > 1 && certainly_at_most(chained_log2_distance(static_cast<unsigned>(r - 1), mu), wanted)) --r;
  return static_cast<unsigned>(r);
}

ChainedBound chained_bound(const ChainedPlan& plan) {
  ChainedBound bound;
  const Ball m(plan.mu);
  const unsigned r = plan.log2_settings, t = plan.log2_trials;
  if (t < r) {
    bound.log2_bad = bound.log2_total = 0;
    return bound;
  }
  const Ball log2_tau = Ball(t - r) * log2(half() + m);
  const Ball log2_p_over_i = Ball(2 * r) * (log2(half() - m) - log2(half() + m)) - Ball(r + 1);
  // bad = tau / p with p = I* 2^log2_p_over_i: I*/2 + bad is smallest where both are equal, I*^2 = 2 tau / (p / I*).
  const double proposed = (1 + log2_tau.middle() - log2_p_over_i.middle()) / 2;
  bound.log2_i_star = proposed;
  const Ball log2_i_star = Ball::of_double(proposed);
  const Ball bad = log2_tau - log2_p_over_i - log2_i_star;
  bound.log2_bad = bad.upper();
  bound.log2_total = log2_sum(log2_i_star - Ball(1), bad).upper();
  // Test 3: at most 3M/N members, each failing with sin^2(pi/4N). Test 2 fails with probability at most exp(-M/12N) + exp(-M/4N)
  // (Chernoff at half and at 3/2 of the mean 2M/N) for uniform settings; only stated, not part of the proof.
  bound.log2_honest_abort = (log2(Ball(3)) + Ball(t) - Ball(r) + log2_sine_squared(r + 2)).upper();
  return bound;
}

std::optional<ChainedPlan> chained_smallest_plan(const Exact& mu, const Exact& target, unsigned limit) {
  const double wanted = log2(Ball(target)).lower();
  for (unsigned r = 1; r <= limit; r = r < 64 ? r + 1 : r + r / 16) {
    // More trials only help the bound; the honest device allows about 3r + 0.7.
    std::optional<ChainedPlan> best;
    for (unsigned t = 3 * r + 3; t >= r; --t) {
      const ChainedBound bound = chained_bound({mu, r, t});
      if (bound.log2_honest_abort > -1) continue;
      if (bound.log2_total > wanted) break;
      best = ChainedPlan{mu, r, t};
      if (t == 0) break;
    }
    if (best) return best;
  }
  return std::nullopt;
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

const std::vector<DeviceKind>& chained_devices() {
  static const std::vector<DeviceKind> kinds = {
      {"quantum", "honest: a maximally entangled pair measured at the 2N angles; I_N = 2N sin^2(pi/4N)"},
      {"local", "deterministic, known to Eve; breaks the chain at one pair, which a colluding source avoids"},
      {"no-signalling", "I_N = 0: passes, and Eve knows nothing"},
  };
  return kinds;
}

Result<ChainedResult> run_chained(const ChainedOptions& options, const Context& context) {
  BELLOWS_TRY(check_bias(options.plan.mu));
  const unsigned r = options.plan.log2_settings, t = options.plan.log2_trials;
  if (r < 1 || r > 20) return usage_error("the settings are N = 2^r with r from 1 to 20 in a run");
  if (t < r) return usage_error("the protocol needs at least as many trials as settings (M >= N)");
  if (t > 32) return usage_error("a run has at most 2^32 trials; the bound can be asked for without a run");
  const bool quantum = options.device == "quantum", local = options.device == "local";
  if (!quantum && !local && options.device != "no-signalling") return usage_error("no such device", "quantum, local, no-signalling", options.device);

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
      const bool broken = quantum && random_device.chance(quantum_failure);
      y = x ^ closing ^ broken;
    }
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
    const std::uint64_t f = chooser.draw_towards(~std::uint64_t{0}, choice_bits, options.scheme == SourceScheme::fair ? 0 : 1);
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
