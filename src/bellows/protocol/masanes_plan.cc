#include "bellows/protocol/masanes_plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

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

Result<PlanPoint> plan_at(const PlanRequest& request, std::uint64_t pairs, std::uint64_t gamma_65536) {
  PlanPoint point;
  point.pairs = pairs;
  point.gamma_65536 = gamma_65536;
  double gamma = point.gamma(), total = static_cast<double>(pairs);
  double tested = 2 * gamma * gamma * total / request.settings, raw = (1 - gamma) * (1 - gamma) * total;
  auto below = [&](double mean) { return std::max(0.0, std::floor(mean - request.margin_sigmas * std::sqrt(mean))); };
  point.counts.settings = request.settings;
  point.counts.pairs = pairs;
  point.counts.tested = static_cast<std::uint64_t>(below(tested));
  point.counts.raw_bits = static_cast<std::uint64_t>(below(raw));
  double loss = expected_loss(request.settings, request.noise),
         n = std::max(1.0, static_cast<double>(point.counts.tested));
  double lost = n * loss + request.margin_sigmas * std::sqrt(n * loss * (1 - loss));
  point.counts.lost = std::min(point.counts.tested, static_cast<std::uint64_t>(std::ceil(lost)));
  if (request.leak) point.counts.leaked_bits = request.leak(point.counts.raw_bits, expected_error_rate(request.noise));
  BELLOWS_ASSIGN(point.length, key_length(request.method, point.counts, request.epsilon));
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
  auto best = numeric::maximise(bound, std::log(1.0 / gamma_unit), std::log(0.999), 60, 1e-4);
  return plan_at(request, pairs, gamma_of(best.argument));
}

Result<PlanPoint> plan_for_key(const PlanRequest& request, std::uint64_t key_bits) {
  auto enough = [&](double log2_pairs) {
    auto point = plan_for_pairs(request, static_cast<std::uint64_t>(std::exp2(log2_pairs)));
    return point.ok() && point->length.bits >= key_bits;
  };
  double low = 8, high = 50;
  if (!enough(high)) return refused("no number of pairs up to 2^50 gives this key at this noise");
  while (high - low > 1e-3) (enough((low + high) / 2) ? high : low) = (low + high) / 2;
  return plan_for_pairs(request, static_cast<std::uint64_t>(std::exp2(high)));
}

}  // namespace bellows::protocol
