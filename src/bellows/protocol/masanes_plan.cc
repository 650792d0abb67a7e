#include "bellows/protocol/masanes_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <numbers>
#include <optional>
#include <tuple>

#include "bellows/base/checked.h"
#include "bellows/ecc/concatenated_plan.h"
#include "bellows/ecc/deal.h"
#include "bellows/ecc/reconcile.h"
#include "bellows/numeric/optimise.h"

namespace bellows::protocol {
namespace {

double entropy(double p) { return p <= 0 || p >= 1 ? 0 : -p * std::log2(p) - (1 - p) * std::log2(1 - p); }

double divergence(double w, double theta) {
  double value = 0;
  if (w > 0) value += w * std::log2(w / theta);
  if (w < 1) value += (1 - w) * std::log2((1 - w) / (1 - theta));
  return value;
}

constexpr std::uint64_t gamma_unit = 65536;

// How far a share may come out from its expectation: Chernoff's bound, n D(share || expected) >= nats, turned round.
struct Margin {
  double nats;
  double below(double n, double expected) const { return edge(n, expected, 0); }
  double above(double n, double expected) const { return edge(n, expected, 1); }

 private:
  double edge(double n, double expected, double far) const {
    if (nats == 0 || expected <= 0 || expected >= 1) return expected;
    double near = expected, limit = nats / std::numbers::ln2 / std::max(n, 1.0);
    if (divergence(far, expected) <= limit) return far;
    for (int i = 0; i < 60; ++i) {
      double middle = (near + far) / 2;
      (divergence(middle, expected) <= limit ? near : far) = middle;
    }
    return far;
  }
};

}  // namespace

double expected_loss(unsigned settings, double noise) {
  double sine = std::sin(std::numbers::pi / (4.0 * settings));
  return (1 - noise) * sine * sine + noise / 2;
}

double expected_error_rate(double noise) { return noise / 2; }

double asymptotic_rate(KeyMethod method, unsigned settings, double noise, double gamma, double efficiency) {
  double w = expected_loss(settings, noise);
  double tested = 2 * gamma * gamma / settings, raw = (1 - gamma) * (1 - gamma);
  double theta = worst_theta(settings, tested, raw, w);
  double least = tested * divergence(w, theta) - raw * std::log2(0.5 + settings * theta);
  double leak = raw * efficiency * entropy(expected_error_rate(noise));
  return method == KeyMethod::no_signalling ? 2 * least - raw - leak : least - leak;
}

BestRate best_asymptotic_rate(KeyMethod method, unsigned settings, double noise, double efficiency) {
  // In ln(1 - gamma), because gamma tends to 1 as the noise grows (or to 0 for the quantum adversary).
  auto rate = [&](double log_raw_choice) {
    return asymptotic_rate(method, settings, noise, 1 - std::exp(log_raw_choice), efficiency);
  };
  auto best = numeric::maximise(rate, -14, -1e-4, 200);
  return {1 - std::exp(best.argument), best.value};
}

double largest_noise(KeyMethod method, unsigned settings, double efficiency) {
  // With the estimate as good as known, only the raw pairs count.
  auto positive = [&](double noise) {
    double uncertainty = -std::log2(0.5 + settings * expected_loss(settings, noise));
    double leak = efficiency * entropy(expected_error_rate(noise));
    return (method == KeyMethod::no_signalling ? 2 * uncertainty - 1 : uncertainty) - leak > 0;
  };
  if (!positive(0)) return 0;
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) (positive((low + high) / 2) ? low : high) = (low + high) / 2;
  return low;
}

namespace {

// A concatenated code's bits for about such a sample, a few per cent too many. A search asks for thousands of
// neighbours: what was found for the next point of a grid serves them all.
std::optional<std::uint64_t> rough_concatenated_bits(std::uint64_t sample_pairs, std::uint64_t sample_errors,
                                                     std::uint64_t raw_bits, double epsilon) {
  if (sample_errors == 0 || raw_bits == 0) return std::nullopt;
  struct Grid {
    double steps_a_factor_2;
    int next_step(double x) const { return static_cast<int>(std::ceil(steps_a_factor_2 * std::log2(x))); }
    double value(int step) const { return std::exp2(step / steps_a_factor_2); }
  };
  const Grid lengths{8}, rates{16}, samples{2};
  const double rate = static_cast<double>(sample_errors) / static_cast<double>(sample_pairs);
  const double ratio = static_cast<double>(sample_pairs) / static_cast<double>(raw_bits);
  static std::mutex mutex;
  static std::map<std::tuple<int, int, int, double>, std::optional<double>> known;  // bits per bit and error rate
  const std::lock_guard lock(mutex);
  const std::tuple key{lengths.next_step(static_cast<double>(raw_bits)) - 1, rates.next_step(rate),
                       samples.next_step(ratio) - 1, epsilon};
  auto [found, is_new] = known.try_emplace(key);
  if (is_new) {
    const double bits = std::floor(lengths.value(std::get<0>(key))), near_rate = rates.value(std::get<1>(key));
    const double pairs = std::floor(bits * samples.value(std::get<2>(key)));
    auto whole = [](double x) { return static_cast<std::uint64_t>(x); };
    const auto likely = ecc::likely_concatenated_bits(
        ecc::KnownErrors::from_sample(whole(pairs), whole(std::min(pairs, std::ceil(pairs * near_rate))), whole(bits)),
        epsilon);
    if (likely) found->second = static_cast<double>(*likely) / bits / near_rate;
  }
  if (!found->second) return std::nullopt;
  return static_cast<std::uint64_t>(*found->second * rate * static_cast<double>(raw_bits));
}

}  // namespace

Published published_bits(KeyMethod method, const std::vector<ecc::Code>& codes, std::uint64_t raw_bits,
                         std::uint64_t sample_pairs, std::uint64_t sample_errors, const numeric::Exact& total_epsilon,
                         bool roughly) {
  const EpsilonBudget epsilon = EpsilonBudget::of(method, total_epsilon);
  // Beyond what one session takes, or a concatenated code: as many sessions more.
  constexpr std::uint64_t most_bits = std::uint64_t{1} << 28;
  static_assert(most_bits <= ecc::most_raw_bits);
  const std::uint64_t parts = divide_up(std::max<std::uint64_t>(raw_bits, 1), most_bits);
  const std::uint64_t bits = raw_bits / parts;
  const std::uint64_t pairs = sample_pairs / parts, seen = sample_errors / parts;
  const ecc::ErrorsToCorrect errors{
      ecc::likely_most_unseen_errors(pairs, seen, bits, epsilon.sure_code().approximate()),
      ecc::KnownErrors::from_sample(pairs, seen, bits), epsilon.unsure_code()};
  Published least{bits, codes.front(), 0};
  for (ecc::Code code : codes) {
    Published one{bits, code, 0};
    if (code == ecc::Code::concatenated && roughly) {
      one.bits = rough_concatenated_bits(pairs, seen, bits, errors.failure.approximate()).value_or(bits);
    } else if (code == ecc::Code::concatenated) {
      if (auto shape = ecc::propose_concatenated(errors.known, errors.failure.approximate()))
        one = {shape->published_bits(), code, ecc::deal_random_bits(*shape)};
    } else if (auto scheme = ecc::plan_scheme(code, bits, errors); scheme.ok()) {
      one = {scheme->leaked_bits(), code, ecc::random_bits(*scheme)};
    }
    if (one.bits < least.bits) least = one;
  }
  return {verification_bits + (method == KeyMethod::quantum ? 1 : 0) + parts * least.bits, least.code,
          parts * least.random_bits};
}

Result<PlanPoint> plan_at(const PlanRequest& request, std::uint64_t pairs, std::uint64_t gamma_65536, bool roughly) {
  PlanPoint point;
  point.pairs = pairs;
  point.gamma_65536 = gamma_65536;
  if (!(request.chance >= 0 && request.chance < 1)) return usage_error("chance out of range", "0 <= chance < 1");
  BELLOWS_TRY(check_total_epsilon(request.epsilon));
  const double gamma = point.gamma(), total = static_cast<double>(pairs), m = request.settings;
  const Margin margin{request.chance == 0 ? 0 : std::log(7 / (1 - request.chance))};
  const double tested = 2 * gamma * gamma / m, raw = (1 - gamma) * (1 - gamma), sampled = gamma * (1 - gamma) / m;
  auto whole = [](double x) { return static_cast<std::uint64_t>(std::max(0.0, x)); };
  const std::uint64_t tested_range[] = {whole(total * margin.below(total, tested)),
                                        whole(std::ceil(total * margin.above(total, tested)))};
  const std::uint64_t raw_range[] = {whole(total * margin.below(total, raw)),
                                     whole(std::ceil(total * margin.above(total, raw)))};
  const std::uint64_t sample = whole(total * margin.below(total, sampled));
  const double lost_share =
      margin.above(static_cast<double>(tested_range[0]), expected_loss(request.settings, request.noise));
  const double error_share = margin.above(static_cast<double>(sample), expected_error_rate(request.noise));
  const auto sample_errors = std::min(sample, whole(std::ceil(error_share * static_cast<double>(sample))));

  // Codes come in steps, so the leak is looked at in a few places of the range.
  const std::vector<ecc::Code> codes = request.codes();
  for (std::uint64_t step = 0; step <= 8; ++step) {
    std::uint64_t bits = raw_range[0] + (raw_range[1] - raw_range[0]) * step / 8;
    const Published published =
        request.leak ? Published{request.leak(bits), codes.front(), 0}
                     : published_bits(request.method, codes, bits, sample, sample_errors, request.epsilon, roughly);
    if (published.bits >= point.published.bits) point.published = published;
    if (request.chance == 0) break;
  }
  const auto privacy = EpsilonBudget::of(request.method, request.epsilon).privacy;
  point.length.bound_bits = std::numeric_limits<double>::infinity();
  for (std::uint64_t tested_pairs : tested_range)
    for (std::uint64_t raw_bits : raw_range) {
      KeyCounts counts{request.settings, pairs, std::min(tested_pairs, pairs), 0, 0, point.published.bits};
      counts.lost = std::min(counts.tested, whole(std::ceil(lost_share * static_cast<double>(counts.tested))));
      counts.raw_bits = std::min(raw_bits, pairs - counts.tested);
      BELLOWS_ASSIGN(auto length, key_length(request.method, counts, privacy));
      if (length.bound_bits >= point.length.bound_bits) continue;
      point.counts = counts;
      point.length = length;
    }
  const auto pairs_of = [](std::uint64_t n) { return static_cast<double>(std::max<std::uint64_t>(n, 1)); };
  const double slack = 2 * std::log2(pairs_of(tested_range[1]) / pairs_of(tested_range[0]));
  point.key_bits = request.chance == 0 ? point.length.bits : whole(std::floor(point.length.bound_bits - slack));
  return point;
}

Result<PlanPoint> plan_for_pairs(const PlanRequest& request, std::uint64_t pairs, bool roughly) {
  // The search sees bound_bits, which tells how near a point without a key is to having one.
  auto gamma_of = [](double log_raw_choice) {
    double raw_choice = std::clamp(std::round(std::exp(log_raw_choice) * gamma_unit), 1.0, gamma_unit - 1.0);
    return gamma_unit - static_cast<std::uint64_t>(raw_choice);
  };
  auto bound = [&](double log_raw_choice) {
    auto point = plan_at(request, pairs, gamma_of(log_raw_choice), true);
    return point.ok() ? point->length.bound_bits : -1e300;
  };
  auto best = numeric::maximise(bound, std::log(1.0 / gamma_unit), std::log(0.999), 40, 1e-3);
  return plan_at(request, pairs, gamma_of(best.argument), roughly);
}

Result<PlanPoint> plan_for_key(const PlanRequest& request, std::uint64_t key_bits, bool roughly) {
  constexpr double step = 1e-3;   // in log2 of the pairs
  std::optional<PlanPoint> best;  // a search must not end on a point that it has not seen
  auto enough = [&](double log2_pairs, bool rough) {
    auto point = plan_for_pairs(request, static_cast<std::uint64_t>(std::exp2(log2_pairs)), rough);
    if (!point.ok() || point->key_bits < key_bits) return false;
    if (rough == roughly && (!best || point->pairs < best->pairs)) best = *point;
    return true;
  };
  auto search = [&](double low, double high, bool rough) {
    while (high - low > step) (enough((low + high) / 2, rough) ? high : low) = (low + high) / 2;
    return high;
  };
  constexpr double most_log2_pairs = 50;
  BELLOWS_TRY(plan_at(request, std::uint64_t{1} << 20, gamma_unit / 2, true));
  const Error refusal = refused("no number of pairs up to 2^50 gives this key at this noise");
  if (!enough(most_log2_pairs, true)) {
    // The rough count is a little too high: at the edge a key may hide behind it.
    if (roughly || !enough(most_log2_pairs, false)) return refusal;
    search(8, most_log2_pairs, false);
    return *best;
  }
  const double about = search(8, most_log2_pairs, true);
  if (roughly) return *best;
  double high = about;
  while (!enough(high, false)) {
    if (high >= most_log2_pairs) return refusal;
    high = std::min(most_log2_pairs, high + 0.02);
  }
  search(high - 0.06, high, false);
  return *best;
}

}  // namespace bellows::protocol
