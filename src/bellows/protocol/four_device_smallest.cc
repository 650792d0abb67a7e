// The smallest number of trials with a certificate. For one way to extract (a field, a number of pieces, which parties are
// read) and one number of allowed failures the error falls with the trials that are read, so the first number that is
// enough is found by halving; and whoever has more trials may read as many as that. docs/protocol-brandao.md has the rest.
#include <algorithm>
#include <cmath>

#include "bellows/gf2/field_sizes.h"
#include "bellows/protocol/four_device_bound.h"
#include "bellows/protocol/log_sum.h"

namespace bellows::protocol {
namespace {

constexpr double log2_3 = 1.5849625007211562;

/// The smallest value of a function with one valley, by golden section.
template <class Function>
std::pair<double, double> valley(double low, double high, int steps, Function f) {
  constexpr double golden = 0.6180339887498949;
  double a = high - golden * (high - low), b = low + golden * (high - low);
  double fa = f(a), fb = f(b);
  for (int i = 0; i < steps; ++i) {
    if (fa <= fb) {
      high = b, b = a, fb = fa;
      a = high - golden * (high - low);
      fa = f(a);
    } else {
      low = a, a = b, fa = fb;
      b = low + golden * (high - low);
      fb = f(b);
    }
  }
  return fa <= fb ? std::pair(a, fa) : std::pair(b, fb);
}

/// A way to extract, but for the number of trials read, the moment and e_A.
struct Shape {
  FourDeviceExtractor extractor;
  int parties;
  std::uint64_t field_length = 0, pieces = 0;
  Trinomial field = {};
};

class SmallestRead {
 public:
  SmallestRead(const Exact& mu, std::uint64_t output_bits, const Exact& epsilon)
      : mu_(mu.approximate()),
        lack_(std::log2(1 + 4 * mu_ * mu_)),
        q0_(std::pow(0.5 - mu_, 4)),
        bits_(static_cast<double>(output_bits)),
        log2_epsilon_(std::log2(epsilon.approximate())),
        slopes_{setting_slope(mu, 3).middle(), setting_slope(mu, 4).middle()} {}

  /// Beyond this share of failures nothing can be proved, whatever the number of trials.
  double largest_share() const { return 2 * q0_ / std::min(slopes_[0], slopes_[1]); }

  /// First number of trials that is enough, with how; nothing up to `limit`.
  std::optional<FourDeviceCertificate> find(const FourDevicePlan& plan, std::uint64_t limit, std::optional<FourDeviceExtractor> only) {
    failures_ = static_cast<double>(plan.most_failures);
    best_read_ = limit + 1;
    best_.reset();
    const auto wanted = [&](FourDeviceExtractor extractor) { return !only || *only == extractor; };
    if (wanted(FourDeviceExtractor::short_seed)) try_short_seed();
    if (wanted(FourDeviceExtractor::raz)) try_raz();
    if (wanted(FourDeviceExtractor::device_as_seed)) try_device();
    if (!best_) return std::nullopt;
    // Floating point proposes, balls decide: at the very edge it may take a trial more.
    for (std::uint64_t read = best_read_; read <= std::min(limit, best_read_ + 16); ++read) {
      Shape shape = *best_;
      if (shape.extractor == FourDeviceExtractor::short_seed) shape.pieces = std::max(shape.pieces, (4 * read + 32 * shape.field_length - 1) / (32 * shape.field_length));
      if (read > most_read(shape)) break;
      FourDeviceCertificate certificate;
      certificate.plan = plan;
      certificate.plan.trials = std::max(plan.trials, read);
      certificate.extractor = shape.extractor;
      certificate.parties_read = shape.parties;
      certificate.trials_read = read;
      certificate.field_length = shape.field_length;
      certificate.pieces = shape.pieces;
      const auto [log2_e_a, total] = best_split(shape, read);
      certificate.log2_e_a = log2_e_a;
      if (shape.extractor == FourDeviceExtractor::raz) {
        const std::uint64_t p = best_moment(shape, entropy(read, shape.parties, budget(log2_e_a))).first;
        int l = 1;
        while ((std::uint64_t{1} << l) < p) ++l;
        certificate.raz = {shape.field, l, p, plan.output_bits};
        certificate.seed_bits = certificate.raz.weak_bits();
      } else {
        certificate.seed_bits = shape.extractor == FourDeviceExtractor::short_seed ? 64 * shape.field_length : 32 * shape.field_length * shape.pieces;
      }
      if (prove_four_device(certificate)) return certificate;
    }
    return std::nullopt;
  }

 private:
  double budget(double log2_e_a) const {
    const double a = -log2_e_a * std::log(2.0);
    if (failures_ == 0) return a;
    return valley(-14.0, 5.0, 45, [&](double log_la) {
             const double la = std::exp(log_la);
             return (la * failures_ + a) / -std::expm1(-la);
           }).second;
  }

  double entropy(std::uint64_t read, int parties, double budget) const {
    const auto n = static_cast<double>(read);
    return n * (log2_3 - std::log2(1 + slopes_[parties == 4] * budget / (n * q0_)));
  }

  static std::uint64_t most_read(const Shape& shape) {
    switch (shape.extractor) {
      case FourDeviceExtractor::short_seed: return shape.pieces * shape.field_length * 8;
      case FourDeviceExtractor::raz: return shape.field.degree / static_cast<std::uint64_t>(shape.parties);
      case FourDeviceExtractor::device_as_seed: return 64 * shape.field_length / 3;
    }
    return 0;
  }

  std::pair<std::uint64_t, double> best_moment(const Shape& shape, double k) const {
    const double n1 = 2 * static_cast<double>(shape.field.degree);
    const auto error = [&](double half_p) {
      const double p = 2 * std::round(std::exp(half_p)), a = p / (p - 1);
      const double sigma = std::pow(0.5 + mu_, a) + std::pow(0.5 - mu_, a);
      const double lack = (n1 + (p - 1) * n1 * std::log2(sigma)) / p;
      const double roots = std::ceil(std::log2(p) - 1e-12) - n1 / 2;
      const double pairs = 0.5 + p / 2 * (std::log2(p) - 1.4426950408889634) - p / 2 * k;
      const double family = bits_ >= 64 ? bits_ : std::log2(std::exp2(bits_) - 1);
      return -1 + family / 2 + lack + log2_sum(roots, pairs) / p;
    };
    const auto [at, value] = valley(0.0, std::log(n1), 40, error);
    return {2 * static_cast<std::uint64_t>(std::round(std::exp(at))), value};
  }

  double log2_extractor_error(const Shape& shape, double k) const {
    const double w = 32 * static_cast<double>(shape.field_length), pieces = std::log2(static_cast<double>(std::max<std::uint64_t>(shape.pieces, 1)));
    switch (shape.extractor) {
      case FourDeviceExtractor::short_seed:
        return (2 * w * lack_ + log2_sum(bits_ - k, bits_ - w + pieces)) / 2 - 1;
      case FourDeviceExtractor::raz: return best_moment(shape, k).second;
      case FourDeviceExtractor::device_as_seed: {
        const double source = static_cast<double>(shape.pieces) * w * (1 - lack_);
        return (2 * w - k + log2_sum(bits_ - source, bits_ - w + pieces)) / 2 - 1;
      }
    }
    return 1e300;
  }

  /// The best e_A, and log2 of the total error with it.
  std::pair<double, double> best_split(const Shape& shape, std::uint64_t read) const {
    // e_A counts with the factor 2^{m+1} (1 - 2^-m): at most all of epsilon.
    const double weight = std::log1p(-std::exp2(-bits_)) / std::log(2.0);
    const double most = log2_epsilon_ - bits_ - 1 - weight;
    return valley(most - 40, most, 40, [&](double log2_e_a) {
      const double k = entropy(read, shape.parties, budget(log2_e_a));
      if (!(k > 0)) return 1e9 - k;
      return bits_ + 1 + log2_sum(log2_extractor_error(shape, k), log2_e_a + weight);
    });
  }

  bool enough(const Shape& shape, std::uint64_t read) const { return best_split(shape, read).second <= log2_epsilon_; }

  /// First number of trials that is enough for this shape, if that is below the best so far.
  std::optional<std::uint64_t> first_read(const Shape& shape) const {
    std::uint64_t low = 1, high = std::min(best_read_ - 1, most_read(shape));
    if (high < low || !enough(shape, high)) return std::nullopt;
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      if (enough(shape, middle)) high = middle;
      else low = middle + 1;
    }
    return high;
  }

  void take(const Shape& shape, std::uint64_t read) {
    best_read_ = read;
    best_ = shape;
  }

  // No outcome of a trial holds more than log2 3 bits in the proof.
  bool hopeless(double bits_needed) const { return bits_needed / log2_3 >= static_cast<double>(best_read_); }

  void try_short_seed() {
    if (2 * lack_ >= 1) return;
    const double least = std::max(bits_, (3 * bits_ - 2 * log2_epsilon_) / (1 - 2 * lack_));
    if (!(least < 1e12)) return;
    for (const std::uint64_t length : gf2::field_lengths(static_cast<std::uint64_t>(least / 32), static_cast<std::uint64_t>(least / 4) + 64)) {
      const double w = 32 * static_cast<double>(length);
      if (hopeless(3 * bits_ - 2 * log2_epsilon_ + 2 * w * lack_)) break;
      if (w < bits_) continue;
      // More pieces cost a little and allow more trials: up from one piece until the trials fit (the least fixed point).
      std::uint64_t pieces = 1;
      for (int i = 0; i < 200; ++i) {
        Shape shape{FourDeviceExtractor::short_seed, 4, length, pieces, {}};
        // Without the limit of the pieces, to know how many it would take.
        Shape roomy = shape;
        roomy.pieces = std::uint64_t{1} << 40;
        std::uint64_t low = 1, high = std::min(best_read_ - 1, most_read(roomy));
        if (high < low || !enough(shape, high)) break;
        while (low < high) {
          const std::uint64_t middle = low + (high - low) / 2;
          if (enough(shape, middle)) high = middle;
          else low = middle + 1;
        }
        if (high <= most_read(shape)) {
          take(shape, high);
          break;
        }
        pieces = (4 * high + 32 * length - 1) / (32 * length);
      }
    }
  }

  void try_raz() {
    for (const int parties : {4, 3}) {
      for (const Trinomial& field : field_trinomials()) {
        if (static_cast<double>(field.degree) < bits_ || hopeless(bits_)) continue;
        if (static_cast<double>(field.degree) > 16.0 * static_cast<double>(best_read_)) break;
        const Shape shape{FourDeviceExtractor::raz, parties, 0, 0, field};
        if (const auto read = first_read(shape)) take(shape, *read);
      }
    }
  }

  void try_device() {
    const double least = std::max(bits_, 3 * bits_ - 2 * log2_epsilon_);
    const std::uint64_t most = std::min<std::uint64_t>(best_read_ / 20, std::uint64_t{1} << 40);
    for (const std::uint64_t length : gf2::field_lengths(static_cast<std::uint64_t>(least / 32), most + 1)) {
      const double w = 32 * static_cast<double>(length);
      if (hopeless(2 * w)) break;
      if (w < bits_) continue;
      const auto enough_source = static_cast<std::uint64_t>(std::ceil(1 / (1 - lack_)));
      for (std::uint64_t pieces = enough_source; pieces <= enough_source + 1; ++pieces) {
        const Shape shape{FourDeviceExtractor::device_as_seed, 3, length, pieces, {}};
        if (const auto read = first_read(shape)) take(shape, *read);
      }
    }
  }

  double mu_, lack_, q0_, bits_, log2_epsilon_;
  double slopes_[2];
  double failures_ = 0;
  std::uint64_t best_read_ = 0;
  std::optional<Shape> best_;
};

}  // namespace

std::optional<FourDeviceCertificate> certify_by_prefix(const FourDevicePlan& plan, std::optional<FourDeviceExtractor> only) {
  if (plan.output_bits == 0 || !plan.epsilon.is_positive()) return std::nullopt;
  return SmallestRead(plan.mu, plan.output_bits, plan.epsilon).find(plan, plan.trials, only);
}

std::optional<FourDeviceCertificate> smallest_four_device(const Exact& mu, const Exact& threshold, std::uint64_t output_bits, const Exact& epsilon,
                                                          std::uint64_t limit, std::optional<FourDeviceExtractor> only) {
  SmallestRead search(mu, output_bits, epsilon);
  if (threshold.approximate() >= search.largest_share()) return std::nullopt;
  // n trials have a certificate when n >= n*(T(n)), T(n) = floor(threshold * n) and n*(T) the first number that is enough with T failures.
  // Neither T nor n* ever falls, so the smallest such n is the least fixed point, reached from below.
  std::uint64_t failures = 0;
  for (int i = 0; i < 100000; ++i) {
    auto found = search.find({mu, 0, failures, output_bits, epsilon}, limit, only);
    if (!found) return std::nullopt;
    const mpq_class allowed = threshold.value() * mpq_class(mpz_class(static_cast<unsigned long>(found->trials_read)));
    const std::uint64_t now = mpz_class(allowed.get_num() / allowed.get_den()).get_ui();
    if (now <= failures) return found;
    failures = now;
  }
  return std::nullopt;
}

}  // namespace bellows::protocol
