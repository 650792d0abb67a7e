#include "bellows/protocol/masanes_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "bellows/base/checked.h"
#include "bellows/ecc/reconcile.h"
#include "bellows/numeric/optimise.h"
#include "bellows/protocol/masanes_certificate.h"

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

std::uint64_t published_bits(KeyMethod method, ecc::Code code, std::uint64_t raw_bits, std::uint64_t sample_pairs,
                             std::uint64_t sample_errors, const numeric::Exact& total_epsilon) {
  const double sample_epsilon = EpsilonBudget::of(method, total_epsilon).sample.approximate();
  // Beyond what one session takes: as many frames more.
  const std::uint64_t parts = divide_up(std::max<std::uint64_t>(raw_bits, 1), ecc::most_raw_bits);
  const std::uint64_t bits = raw_bits / parts;
  std::uint64_t most =
      ecc::likely_most_unseen_errors(sample_pairs / parts, sample_errors / parts, bits, sample_epsilon);
  auto scheme = ecc::plan_scheme(code, bits, most);
  return verification_bits + (method == KeyMethod::quantum ? 1 : 0) +
         (scheme.ok() ? parts * scheme->leaked_bits() : raw_bits);
}

Result<PlanPoint> plan_at(const PlanRequest& request, std::uint64_t pairs, std::uint64_t gamma_65536) {
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
  std::uint64_t leaked = 0;
  const ecc::Code code = request.correction.value_or(usual_code(request.method));
  for (std::uint64_t step = 0; step <= 8; ++step) {
    std::uint64_t bits = raw_range[0] + (raw_range[1] - raw_range[0]) * step / 8;
    leaked = std::max(leaked, request.leak
                                  ? request.leak(bits)
                                  : published_bits(request.method, code, bits, sample, sample_errors, request.epsilon));
    if (request.chance == 0) break;
  }
  const auto privacy = EpsilonBudget::of(request.method, request.epsilon).privacy;
  point.length.bound_bits = std::numeric_limits<double>::infinity();
  for (std::uint64_t tested_pairs : tested_range)
    for (std::uint64_t raw_bits : raw_range) {
      KeyCounts counts{request.settings, pairs, std::min(tested_pairs, pairs), 0, 0, leaked};
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

Result<PlanPoint> plan_for_pairs(const PlanRequest& request, std::uint64_t pairs) {
  // The search sees bound_bits, which tells how near a point without a key is to having one.
  auto gamma_of = [](double log_raw_choice) {
    double raw_choice = std::clamp(std::round(std::exp(log_raw_choice) * gamma_unit), 1.0, gamma_unit - 1.0);
    return gamma_unit - static_cast<std::uint64_t>(raw_choice);
  };
  auto bound = [&](double log_raw_choice) {
    auto point = plan_at(request, pairs, gamma_of(log_raw_choice));
    return point.ok() ? point->length.bound_bits : -1e300;
  };
  auto best = numeric::maximise(bound, std::log(1.0 / gamma_unit), std::log(0.999), 40, 1e-3);
  return plan_at(request, pairs, gamma_of(best.argument));
}

Result<PlanPoint> plan_for_key(const PlanRequest& request, std::uint64_t key_bits) {
  auto at = [&](double log2_pairs) {
    return plan_for_pairs(request, static_cast<std::uint64_t>(std::exp2(log2_pairs)));
  };
  std::optional<PlanPoint> best;  // a search must not end on a point that it has not seen
  auto enough = [&](double log2_pairs) {
    auto point = at(log2_pairs);
    if (!point.ok() || point->key_bits < key_bits) return false;
    if (!best || point->pairs < best->pairs) best = *point;
    return true;
  };
  double low = 8, high = 50;
  BELLOWS_TRY(at(high));
  if (!enough(high)) return refused("no number of pairs up to 2^50 gives this key at this noise");
  while (high - low > 1e-3) (enough((low + high) / 2) ? high : low) = (low + high) / 2;
  return *best;
}

}  // namespace bellows::protocol
