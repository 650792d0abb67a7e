#include "bellows/protocol/four_device_bound.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "bellows/gf2/field_sizes.h"
#include "bellows/numeric/optimise.h"
#include "bellows/protocol/log_sum.h"

namespace bellows::protocol {
namespace {

const Ball& log2_of_3() {
  static const Ball value = log2(Ball(3));
  return value;
}

Ball ratio(std::int64_t a, std::int64_t b) { return Ball(a) / Ball(b); }

/// log2(1 + 4 mu^2): what a source bit may lack in collision entropy.
Ball deficit(const Exact& mu) { return log2(Ball(1) + Ball(4) * square(Ball(mu))); }

/// log2 of 2^m (2 eps + 2 (1 - 2^-m) e_A).
Ball log2_total(std::uint64_t m, const Ball& log2_eps, const Ball& log2_e_a) {
  const Ball bits(m);
  return bits + Ball(1) + log2_sum(log2_eps, log2_e_a + log2(Ball(1) - exp2(-bits)));
}

double approximate_deficit(double mu) { return std::log2(1 + 4 * mu * mu); }

double approximate_budget(double failures, double log2_e_a) {
  const double a = -log2_e_a * std::log(2.0);
  if (failures == 0) return a;
  const auto value = [&](double la) { return (la * failures + a) / (1 - std::exp(-la)); };
  double best = 1e300;
  for (double la = 1e-3; la < 60; la *= 1.05) best = std::min(best, value(la));
  return best;
}

double best_lambda(double failures, double log2_e_a) {
  const double a = -log2_e_a * std::log(2.0);
  const auto found = numeric::maximise([&](double log_la) {
    const double la = std::exp(log_la);
    return -(la * failures + a) / (1 - std::exp(-la));
  }, std::log(1e-6), std::log(100.0), 64);
  return std::exp(found.argument);
}

double approximate_entropy(double trials, double mu, double budget, double slope) {
  return trials * (std::log2(3.0) - std::log2(1 + slope * budget / (trials * std::pow(0.5 - mu, 4))));
}

struct Shares {
  double log2_e_a;
  double log2_eps_wanted;
};

/// Splits epsilon between the two errors.
Shares shares(const FourDevicePlan& plan, double extractor_share) {
  const double base = std::log2(plan.epsilon.value().get_d() > 0 ? plan.epsilon.value().get_d() : 1e-300) -
                      static_cast<double>(plan.output_bits) - 1;
  const double weight = std::log1p(-std::exp2(-static_cast<double>(plan.output_bits))) / std::log(2.0);
  return {base + std::log2(1 - extractor_share) - weight, base + std::log2(extractor_share)};
}

}  // namespace

const char* extractor_name(FourDeviceExtractor extractor) {
  switch (extractor) {
    case FourDeviceExtractor::short_seed: return "short-seed";
    case FourDeviceExtractor::raz: return "raz";
    case FourDeviceExtractor::device_as_seed: return "device-as-seed";
  }
  return "?";
}

Result<FourDeviceExtractor> extractor_from_name(std::string_view name) {
  for (const auto extractor : {FourDeviceExtractor::short_seed, FourDeviceExtractor::raz, FourDeviceExtractor::device_as_seed}) {
    if (name == extractor_name(extractor)) return extractor;
  }
  return usage_error("no such extractor", "short-seed, raz, device-as-seed", std::string(name));
}

Ball smallest_setting_probability(const Exact& mu) { return power(ratio(1, 2) - Ball(mu), 4); }

Ball setting_slope(const Exact& mu, int parties) {
  BELLOWS_CHECK(parties == 3 || parties == 4, "outcomes of three or four parties");
  // Proved by linear programs (bound --paper four-weighted, three-weighted): P - 1/3 <= equal * (all failures), and for any one setting
  // P - 1/3 <= light * (failures there) + heavy * (the others). Any mixture of the two holds as well.
  const Ball equal = parties == 4 ? ratio(1, 3) : ratio(5, 12);
  const Ball light = parties == 4 ? ratio(1, 12) : ratio(1, 6);
  const Ball heavy = parties == 4 ? ratio(7, 12) : ratio(2, 3);
  const Ball odds = (ratio(1, 2) + Ball(mu)) / (ratio(1, 2) - Ball(mu));
  const double gap = std::max(0.0, (heavy / odds - light).middle());
  const double even = (equal * (Ball(1) - Ball(1) / odds)).middle() + gap;
  const Ball share = Ball::of_double(even > 0 ? std::clamp(gap / even, 0.0, 1.0) : 1.0);
  const Ball rest = Ball(1) - share;
  return Ball(3) * max(share * equal + rest * light, (share * equal + rest * heavy) / odds);
}

Ball failure_budget(std::uint64_t most_failures, const Ball& log2_e_a) {
  const Ball a = -log2_e_a * numeric::ln2();
  if (most_failures == 0) return a;
  const Ball la = Ball::of_double(best_lambda(static_cast<double>(most_failures), log2_e_a.middle()));
  return (la * Ball(most_failures) + a) / (Ball(1) - exp(-la));
}

Ball min_entropy_bits(std::uint64_t trials, const Exact& mu, const Ball& budget, const Ball& slope) {
  const Ball n(trials);
  return n * (log2_of_3() - log2(Ball(1) + slope * budget / (n * smallest_setting_probability(mu))));
}

Ball printed_min_entropy_bits(std::uint64_t trials, const Exact& mu, const Exact& threshold, double azuma_gap) {
  const Ball n(trials), gap = Ball::of_double(azuma_gap);
  const Ball root = sqrt(Ball(threshold) + gap);
  const Ball share = Ball(1) - root;
  const Ball gamma = (Ball(1) + Ball(2) * root / smallest_setting_probability(mu)) / Ball(3);
  const Ball azuma = Ball(1) - square(gap) * n / Ball(4) / numeric::ln2();  // log2 eps_Az
  const Ball log2_delta1 = log2_sum(n * share * log2(gamma), azuma + Ball(1));
  return -log2_delta1 / Ball(2);
}

namespace {

/// The printed entropy with the best split between Azuma and the rest, from below.
double best_printed_entropy(std::uint64_t trials, const Exact& mu, const Exact& threshold) {
  const auto proposal = numeric::maximise(
      [&](double log_gap) {
        const Ball h = printed_min_entropy_bits(trials, mu, threshold, std::exp(log_gap));
        return h.is_finite() ? h.middle() : -1e300;
      },
      std::log(1e-9), std::log(0.05), 48);
  const Ball h = printed_min_entropy_bits(trials, mu, threshold, std::exp(proposal.argument));
  return h.is_finite() ? h.lower() : -1e300;
}

std::optional<std::uint64_t> first_number_of_trials(const std::function<bool(long long)>& enough) {
  const long long limit = 1000000000000000LL;
  if (!enough(limit)) return std::nullopt;
  return static_cast<std::uint64_t>(numeric::first_true(1, limit, enough));
}

}  // namespace

std::optional<std::uint64_t> printed_smallest_trials(const Exact& mu, const Exact& threshold, const Exact& epsilon) {
  // d Pr[accept] <= 2^m (2 sqrt(eta) + what the extractor adds), eta = 2^-h: with an ideal extractor 4 sqrt(eta) <= epsilon is needed for one bit.
  const double wanted = 2 * (2 - std::log2(epsilon.value().get_d()));
  return first_number_of_trials([&](long long n) { return best_printed_entropy(static_cast<std::uint64_t>(n), mu, threshold) >= wanted; });
}

std::optional<std::uint64_t> printed_smallest_trials_explicit(const Exact& mu, const Exact& threshold, const Exact& epsilon) {
  // As above, with the hash of this program: 2 (2 eps_ext(k) + sqrt(eta)) <= epsilon, 2^-k = sqrt(eta).
  const Ball wanted = log2(Ball(epsilon));
  return first_number_of_trials([&](long long n) {
    const double h = best_printed_entropy(static_cast<std::uint64_t>(n), mu, threshold);
    if (!(h > 2)) return false;
    const Ball k = Ball::of_double(h) / Ball(2);
    for (const std::uint64_t length : gf2::field_lengths(1, 45)) {
      const std::uint64_t w = 32 * length, pieces = (4 * static_cast<std::uint64_t>(n) + w - 1) / w;
      const Ball log2_eps = (Ball(2 * w) * deficit(mu) + log2_sum(Ball(1) - k, Ball(1) - Ball(w) + log2(Ball(pieces)))) / Ball(2) - Ball(1);
      if (certainly_at_most(Ball(2) + log2_sum(log2_eps, -k - Ball(1)), wanted)) return true;
    }
    return false;
  });
}

double printed_largest_threshold(const Exact& mu) {
  // (1 + 2 sqrt(2 delta) / q0) / 3 < 1
  const double q0 = smallest_setting_probability(mu).middle();
  return q0 * q0 / 2;
}

bool prove_four_device(FourDeviceCertificate& c) {
  const FourDevicePlan& plan = c.plan;
  if (!plan.epsilon.is_positive() || plan.epsilon >= Exact::integer(1)) return false;
  const Ball mu(plan.mu);
  const Ball log2_e_a = Ball::of_double(c.log2_e_a);
  const Ball budget = failure_budget(plan.most_failures, log2_e_a);
  if (c.parties_read != 4 && c.parties_read != 3) return false;
  const Ball slope = setting_slope(plan.mu, c.parties_read);
  if (c.trials_read == 0 || c.trials_read > plan.trials) return false;
  const Ball k = min_entropy_bits(c.trials_read, plan.mu, budget, slope);
  const Ball m(plan.output_bits);
  const std::uint64_t device_bits = c.trials_read * static_cast<std::uint64_t>(c.parties_read);
  Ball log2_eps;
  switch (c.extractor) {
    case FourDeviceExtractor::short_seed: {
      // 1/2 sqrt(2^Delta (2^{m-k} + L 2^{m-w})), Delta = 2 w log2(1 + 4 mu^2)
      const std::uint64_t w = 32 * c.field_length;
      if (!gf2::is_field_length(c.field_length) || c.pieces * w < device_bits || c.seed_bits != 2 * w || plan.output_bits > w) return false;
      const Ball inside = Ball(2 * w) * deficit(plan.mu) + log2_sum(m - k, m - Ball(w) + log2(Ball(c.pieces)));
      log2_eps = inside / Ball(2) - Ball(1);
      break;
    }
    case FourDeviceExtractor::raz: {
      const std::uint64_t p = c.raz.moment;
      if (p < 2 || p % 2 != 0 || c.raz.log2_terms < 1 || c.raz.log2_terms > 40 || p > std::uint64_t{1} << c.raz.log2_terms) return false;
      if (device_bits > c.raz.field.degree || plan.output_bits > c.raz.field.degree) return false;
      if (c.raz.output_bits != plan.output_bits || c.seed_bits != c.raz.weak_bits()) return false;
      log2_eps = raz_log2_error(c.raz, mu, k);
      break;
    }
    case FourDeviceExtractor::device_as_seed: {
      // The device's bits, padded with zeros, are the seed of 2w bits that lacks 2w - k; the source's bits are what is hashed.
      const std::uint64_t w = 32 * c.field_length;
      if (!gf2::is_field_length(c.field_length) || device_bits > 2 * w || c.seed_bits != c.pieces * w || plan.output_bits > w) return false;
      const Ball source = Ball(c.seed_bits) * (Ball(1) - deficit(plan.mu));
      const Ball inside = Ball(2 * w) - k + log2_sum(m - source, m - Ball(w) + log2(Ball(c.pieces)));
      log2_eps = inside / Ball(2) - Ball(1);
      break;
    }
  }
  const Ball total = log2_total(plan.output_bits, log2_eps, log2_e_a);
  if (!total.is_finite()) return false;
  c.min_entropy = k.lower();
  c.log2_extractor_error = log2_eps.upper();
  c.log2_total = total.upper();
  return certainly_at_most(total, log2(Ball(plan.epsilon)));
}

namespace {

using Candidate = FourDeviceCertificate;

/// The smallest field in which hashing the outcomes meets the wanted error, if any.
std::optional<Candidate> propose_short_seed(const FourDevicePlan& plan, std::uint64_t trials, double mu, const Shares& share, double budget) {
  const double n = static_cast<double>(trials), m = static_cast<double>(plan.output_bits);
  const double c = approximate_deficit(mu);
  if (2 * c >= 1) return std::nullopt;
  const double k = approximate_entropy(n, mu, budget, setting_slope(plan.mu, 4).middle());
  if (!(k > m)) return std::nullopt;
  const std::uint64_t raw = 4 * trials;
  const double smallest = std::max(m, (m - 2 * (share.log2_eps_wanted + 1)) / (1 - 2 * c));
  const double largest = (k - m + 2 * (share.log2_eps_wanted + 1)) / (2 * c + 1e-300);
  if (!(smallest < 1e12) || largest < smallest) return std::nullopt;
  std::uint64_t length = gf2::field_length_for(static_cast<std::uint64_t>(smallest));
  for (int attempt = 0; attempt < 4; ++attempt) {
    const double w = 32 * static_cast<double>(length);
    if (w > largest) return std::nullopt;
    const std::uint64_t pieces = (raw + 32 * length - 1) / (32 * length);
    const double inside = 2 * w * c + log2_sum(m - k, m - w + std::log2(static_cast<double>(pieces)));
    if (inside / 2 - 1 <= share.log2_eps_wanted) {
      Candidate found;
      found.plan = plan;
      found.extractor = FourDeviceExtractor::short_seed;
      found.parties_read = 4;
      found.trials_read = trials;
      found.field_length = length;
      found.pieces = pieces;
      found.seed_bits = 64 * length;
      return found;
    }
    length = gf2::field_length_for(32 * length + 1);
  }
  return std::nullopt;
}

std::optional<Candidate> propose_raz(const FourDevicePlan& plan, std::uint64_t trials, double mu, const Shares& share, double budget) {
  const double m = static_cast<double>(plan.output_bits);
  std::optional<Candidate> best;
  for (int parties : {4, 3}) {
    const double slope = setting_slope(plan.mu, parties).middle();
    const double k = approximate_entropy(static_cast<double>(trials), mu, budget, slope);
    if (!(k > 0)) continue;
    int tried = 0;
    for (const Trinomial& field : field_trinomials()) {
      if (field.degree < trials * static_cast<std::uint64_t>(parties) || field.degree < plan.output_bits) continue;
      if (++tried > 2) break;
      const double n1 = 2 * static_cast<double>(field.degree);
      double best_error = 1e300;
      std::uint64_t best_moment = 2;
      for (double step = 2; step < n1; step = std::max(step + 2, step * 1.02)) {
        const auto p = static_cast<std::uint64_t>(step / 2) * 2;
        const double pd = static_cast<double>(p), a = pd / (pd - 1);
        const double sigma = std::pow(0.5 + mu, a) + std::pow(0.5 - mu, a);
        const double lack = (n1 + (pd - 1) * n1 * std::log2(sigma)) / pd;
        const double roots = std::ceil(std::log2(pd)) - n1 / 2;
        const double pairs = 0.5 + pd / 2 * (std::log2(pd) - 1.4426950408889634) - pd / 2 * k;
        const double error = -1 + m / 2 + lack + log2_sum(roots, pairs) / pd;
        if (error < best_error) best_error = error, best_moment = p;
      }
      if (best_error > share.log2_eps_wanted) continue;
      Candidate found;
      found.plan = plan;
      found.extractor = FourDeviceExtractor::raz;
      found.parties_read = parties;
      found.trials_read = trials;
      int l = 1;
      while ((std::uint64_t{1} << l) < best_moment) ++l;
      found.raz = {field, l, best_moment, plan.output_bits};
      found.seed_bits = found.raz.weak_bits();
      if (!best || found.seed_bits < best->seed_bits) best = found;
    }
  }
  return best;
}

std::optional<Candidate> propose_device_seed(const FourDevicePlan& plan, std::uint64_t available, double mu, const Shares& share, double budget) {
  const double m = static_cast<double>(plan.output_bits);
  const double c = approximate_deficit(mu);
  const std::uint64_t bits = 3 * available;
  std::optional<Candidate> best;
  for (const std::uint64_t length : {gf2::field_length_for((bits + 1) / 2), gf2::field_length_below(bits / 2)}) {
    if (length == 0) continue;
    const std::uint64_t w = 32 * length;
    if (plan.output_bits > w) continue;
    const std::uint64_t trials = std::min(available, 2 * w / 3);
    const double k = approximate_entropy(static_cast<double>(trials), mu, budget, setting_slope(plan.mu, 3).middle());
    const double wd = static_cast<double>(w);
    // Enough source bits that they are not what limits.
    const auto pieces = static_cast<std::uint64_t>(std::ceil((wd + 64) / (1 - c) / wd));
    const double source = static_cast<double>(pieces) * wd * (1 - c);
    const double inside = 2 * wd - k + log2_sum(m - source, m - wd + std::log2(static_cast<double>(pieces)));
    if (inside / 2 - 1 > share.log2_eps_wanted) continue;
    Candidate found;
    found.plan = plan;
    found.extractor = FourDeviceExtractor::device_as_seed;
    found.parties_read = 3;
    found.trials_read = trials;
    found.field_length = length;
    found.pieces = pieces;
    found.seed_bits = pieces * w;
    if (!best || found.seed_bits < best->seed_bits) best = found;
  }
  return best;
}

}  // namespace

FourDeviceSearch certify_four_device(const FourDevicePlan& plan, std::optional<FourDeviceExtractor> only) {
  FourDeviceSearch search;
  const double mu = plan.mu.approximate();
  double best_entropy = -1e300;
  // Reading more trials than needed only makes the extraction longer: the sum of the conditional failure probabilities over a prefix is at
  // most that over all.
  std::vector<std::uint64_t> prefixes;
  for (std::uint64_t reads = 1024; reads < plan.trials / 2; reads *= 2) prefixes.push_back(reads);
  prefixes.push_back(plan.trials);
  for (const std::uint64_t reads : prefixes) {
    for (const double extractor_share : {0.5, 0.25, 0.1, 0.02, 0.75, 0.9, 0.98}) {
      const Shares share = shares(plan, extractor_share);
      const double budget = approximate_budget(static_cast<double>(plan.most_failures), share.log2_e_a);
      best_entropy = std::max(best_entropy, approximate_entropy(static_cast<double>(reads), mu, budget, setting_slope(plan.mu, 4).middle()));
      for (const auto extractor : {FourDeviceExtractor::short_seed, FourDeviceExtractor::raz, FourDeviceExtractor::device_as_seed}) {
        if (only && *only != extractor) continue;
        // A hair less for each than the split allows, for the rounding of the proof.
        const Shares safe = {share.log2_e_a - 1e-3, share.log2_eps_wanted - 1e-3};
        std::optional<Candidate> candidate;
        switch (extractor) {
          case FourDeviceExtractor::short_seed: candidate = propose_short_seed(plan, reads, mu, safe, budget); break;
          case FourDeviceExtractor::raz: candidate = propose_raz(plan, reads, mu, safe, budget); break;
          case FourDeviceExtractor::device_as_seed: candidate = propose_device_seed(plan, reads, mu, safe, budget); break;
        }
        if (!candidate) continue;
        candidate->log2_e_a = safe.log2_e_a;
        if (prove_four_device(*candidate)) {
          search.best = std::move(candidate);
          return search;
        }
      }
    }
  }
  // Every field, number of pieces and split, where the few that were tried are not enough.
  if (best_entropy > 0) search.best = certify_by_prefix(plan, only);
  if (search.best) return search;
  if (best_entropy <= 0) {
    search.why_not = "at this bias and with this many failures allowed the outcomes hold no provable entropy";
  } else {
    search.why_not = "the outcomes hold provable entropy, but no explicit extractor reaches the wanted length and error";
  }
  return search;
}

}  // namespace bellows::protocol
