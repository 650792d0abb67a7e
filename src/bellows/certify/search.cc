#include "bellows/certify/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include "bellows/certify/certify.h"
#include "bellows/certify/one_sided.h"
#include "bellows/certify/quantum_witness.h"
#include "bellows/certify/two_sided.h"
#include "bellows/numeric/optimise.h"

namespace bellows::certify {
namespace {

/// The largest x in [low, high] with holds(x), for a predicate that goes from true to false; nothing if !holds(low).
template <class Predicate>
std::optional<double> last_true(double low, double high, double tolerance, Predicate holds) {
  if (!holds(low)) return std::nullopt;
  if (holds(high)) return high;
  while (high - low > tolerance) {
    double middle = (low + high) / 2;
    (holds(middle) ? low : high) = middle;
  }
  return low;
}

/// A decimal of nine places, rounded down: the number that goes into a plan.
Exact nine_places(double value) {
  auto scaled = static_cast<long long>(std::floor(value * 1e9));
  return Exact(mpq_class(mpz_class(static_cast<long>(scaled)), mpz_class(1000000000)));
}

double inverse_normal(double probability) {
  auto found = last_true(-40, 40, 1e-12, [&](double z) { return 0.5 * std::erfc(-z / M_SQRT2) <= probability; });
  return found.value_or(-40);
}

/// Two digits: the optimum is flat, and a size that a last place decides could not be found again on another machine.
std::uint64_t rounded_grid_size(double size) {
  const double unit = std::pow(10.0, std::floor(std::log10(std::max(size, 1.0))) - 1);
  return static_cast<std::uint64_t>(std::max(2.0, unit < 1 ? std::round(size) : std::round(size / unit) * unit));
}

/// The family that does best at the middle of the grid may give nothing at its lower end (a long seed costs the more, the
/// higher the bias): of those that are best at the middle and at a quarter, the one that at neither place is far behind.
Result<plan::Extractor> family_for(const plan::Plan& plan) {
  const std::uint64_t count = plan.thresholds.count();
  BELLOWS_ASSIGN(const auto source, tradeoff_source(plan.method, plan.polytope, {}, plan.witness));
  std::array<Claim, 2> claims{claim_of(plan, count / 2), claim_of(plan, count / 4)};
  std::array<Extraction, 2> best;
  for (std::size_t i = 0; i < 2; ++i) {
    claims[i].extractor = plan::Extractor::automatic;
    BELLOWS_ASSIGN(Bound proved, bound(claims[i], source.get()));
    best[i] = proved.extraction;
  }
  // Where nothing can be certified any family will do.
  if (best[0].output_bits == 0) return plan::Extractor::short_seed;
  if (best[1].output_bits == 0 || best[1].family == best[0].family) return best[0].family;
  auto share_at = [&](std::size_t i, plan::Extractor family) {
    Claim claim = claims[i];
    claim.extractor = family;
    const auto proved = bound(claim, source.get());
    return proved.ok() ? static_cast<double>(proved->extraction.output_bits) / static_cast<double>(best[i].output_bits) : 0;
  };
  return share_at(1, best[0].family) < share_at(0, best[1].family) ? best[1].family : best[0].family;
}

/// Resolves `automatic`, and sets or checks seed_bits.
Result<plan::Plan> with_family_and_seed(plan::Plan plan) {
  const std::uint64_t count = plan.thresholds.count();
  // A new plan draws a seed that suffices with every proof at hand. One that has its seed's length must not become invalid
  // because somebody keeps another proof since.
  const bool has_seed = plan.seed_bits != 0 && !plan.witness;
  BELLOWS_ASSIGN(const auto source, tradeoff_source(plan.method, plan.polytope,
                                                    has_seed ? ProofChoice::shipped() : ProofChoice(), plan.witness));
  if (plan.extractor == plan::Extractor::automatic) {
    BELLOWS_ASSIGN(plan.extractor, family_for(plan));
    // Only now is it known against whom its extraction is proved.
    BELLOWS_TRY(plan::validate(plan));
  }
  BELLOWS_ASSIGN(Bound largest, bound(claim_of(plan, count - 1), source.get()));
  // The highest thresholds may lie beyond what any device reaches, and steep proofs say so: then the highest below those.
  if (largest.exceeds_raw_bits) {
    const long long first_beyond = numeric::first_true(0, static_cast<long long>(count) - 1, [&](long long i) {
      const auto proved = bound(claim_of(plan, static_cast<std::uint64_t>(i)), source.get());
      return proved.ok() && proved->exceeds_raw_bits;
    });
    if (first_beyond > 0) {
      BELLOWS_ASSIGN(largest, bound(claim_of(plan, static_cast<std::uint64_t>(first_beyond - 1)), source.get()));
    }
  }
  const std::uint64_t needed_bits = largest.extraction.seed_bits;
  if (plan.seed_bits != 0 && plan.seed_bits < needed_bits)
    return usage_error("the plan's seed is shorter than its largest output takes",
                       fmt::format("seed_bits = {}, or 0 for just that", needed_bits),
                       fmt::format("{}", plan.seed_bits));
  plan.seed_bits = std::max(plan.seed_bits, needed_bits);
  return plan;
}

/// The plan whose extractor may still be `automatic`, and without its seed's length.
Result<plan::Plan> plan_with_grid(const PlanWishes& wishes) {
  plan::Plan plan;
  plan.preset = wishes.preset;
  plan.method = wishes.method;
  plan.adversary = wishes.adversary;
  plan.polytope = wishes.polytope;
  plan.mu = wishes.mu;
  plan.trial_count = wishes.trial_count;
  plan.relabelling = wishes.relabelling;
  plan.extractor = wishes.extractor;
  // What was published is the bound together with its extractor.
  if (plan.method == plan::Method::mdl_as_printed && plan.extractor == plan::Extractor::automatic)
    plan.extractor = plan::Extractor::shift_matrix;
  plan.publish_mode = wishes.publish_mode;
  plan.published = wishes.published;
  plan.simulated = wishes.simulated;
  plan.witness = wishes.witness;
  // A threshold for the checks of everything else; the grid comes after them.
  plan.thresholds = plan::Thresholds::list(
      {wishes.threshold.value_or(plan.witness ? plan::most_of(*plan.witness) : Exact::literal("0"))});
  plan.epsilons = plan::split_epsilon(wishes.epsilon, plan.threshold_events(), plan.extractor);
  BELLOWS_TRY(plan::validate(plan));
  if (wishes.threshold) {
    BELLOWS_TRY(check_plan(plan));
    if (plan.witness) {
      const double beyond = beyond_quantum_witness(*plan.witness, plan.polytope, plan.mu);
      if (wishes.threshold->approximate() > beyond)
        return usage_error("the threshold lies beyond the quantum maximum",
                           fmt::format("a value of the witness of at most {:.9g} at mu = {}", beyond, plan.mu.text()),
                           wishes.threshold->text());
    }
    return plan;
  }
  // A witness is somebody's choice.
  if (!plan.witness) plan.origin = plan::Origin::built_in;

  const plan::ScoreKind kind = plan::score_kind(plan.method);
  const auto n = static_cast<double>(plan.trial_count);
  // Proofs that somebody keeps would move a built-in grid: on another machine it would not be the built-in one.
  const ProofChoice proofs = plan.witness ? ProofChoice() : ProofChoice::shipped();
  BELLOWS_ASSIGN(auto source, tradeoff_source(plan.method, plan.polytope, proofs, plan.witness));
  auto output = [&](double score, double grid_size) {
    Claim claim = claim_of(plan, 0);
    claim.threshold = nine_places(score);
    const auto events = static_cast<std::uint64_t>(grid_size) * plan.relabellings();
    claim.epsilons = plan::split_epsilon(wishes.epsilon, events, plan.extractor);
    return approximate_output(claim, n, source.get());
  };
  const double highest =
      nine_places(plan.witness ? quantum_witness_value(*plan.witness, plan.polytope, plan.mu)
                               : quantum_maximum(kind, plan.mu).lower())
          .approximate();
  const double local = plan.witness ? local_witness_value(*plan.witness, plan.polytope, plan.mu).approximate()
                                    : score_for_chsh(kind, Ball(2), plan.mu).upper();
  // The lowest threshold is the first that gives a bit; where none does, the grid covers what violates the local bound.
  double lowest = local;
  if (output(highest, 2) >= 1)
    lowest = last_true(local, highest, 1e-9, [&](double score) { return output(score, 64) < 1; }).value_or(local);
  // A score falls anywhere between two thresholds: half a step is lost on average.
  double typical = (lowest + highest) / 2;
  if (wishes.expected_win_frequency && !plan.witness)
    typical = symmetric_score(kind, *wishes.expected_win_frequency, plan.mu).approximate();
  typical = std::clamp(typical, lowest + 0.05 * (highest - lowest), highest);
  auto worth = [&](double log2_size) {
    const double size = std::floor(std::exp2(log2_size));
    return output(typical - (highest - lowest) / (size - 1) / 2, size);
  };
  const double size = std::exp2(numeric::maximise(worth, 1.01, 20, 20, 1e-3).argument);
  const Exact first = nine_places(lowest), last = nine_places(highest);
  if (!(first < last)) {
    Error error = refused("no grid of thresholds: at this bias no device gets beyond local ones by more than 1e-9");
    error.expected = "a smaller bias, or a score that tells them apart";
    error.got = fmt::format("mu = {}: local devices reach {:.9g}, no device is expected beyond {:.9g}", plan.mu.text(), local,
                            plan.witness ? highest : quantum_maximum(kind, plan.mu).lower());
    return error;
  }
  plan.thresholds = plan::Thresholds::grid(first, last, rounded_grid_size(size));
  plan.epsilons = plan::split_epsilon(wishes.epsilon, plan.threshold_events(), plan.extractor);
  return plan;
}

}  // namespace

Error bias_is_needed() {
  return usage_error("the bias of the source that chose the settings is needed: what its owner asserts",
                     "--mu X, or a plan file", "neither");
}

PlanWishes wishes_of(const plan::Preset& preset) {
  PlanWishes wishes;
  wishes.preset = preset.name;
  wishes.mu = preset.mu;
  wishes.trial_count = preset.trial_count;
  wishes.epsilon = preset.epsilon;
  wishes.simulated = true;
  wishes.expected_win_frequency = preset.win_frequency;
  return wishes;
}

void set_publish_mode(PlanWishes& wishes, plan::PublishMode mode) {
  wishes.publish_mode = mode;
  if (mode == plan::PublishMode::public_mode && wishes.published.empty())
    wishes.published = {plan::Publication::log_digest};
}

Claim claim_at(Claim claim, const Exact& win_frequency, const Exact& mu) {
  claim.mu = mu;
  // What a witness gives a trial does not follow the bias.
  if (claim.witness) return claim;
  claim.threshold = symmetric_score(plan::score_kind(claim.method), win_frequency, mu);
  return claim;
}

std::optional<Exact> largest_bias(const Claim& claim, const Exact& win_frequency, std::uint64_t least_bits,
                                  const TradeoffSource* source) {
  std::shared_ptr<const TradeoffSource> own;
  if (source == nullptr) {
    auto made = tradeoff_source(claim.method, claim.polytope, {}, claim.witness);
    if (!made.ok()) return std::nullopt;
    own = *made, source = own.get();
  }
  auto at = [&](double mu) { return claim_at(claim, win_frequency, nine_places(mu)); };
  auto promises = [&](double mu) {
    return approximate_output(at(mu), static_cast<double>(claim.trial_count), source) >=
           static_cast<double>(least_bits);
  };
  auto proves = [&](double mu) {
    auto proved = bound(at(mu), source);
    return proved.ok() && proved->extraction.output_bits >= least_bits;
  };
  // Doubles say where to look, since every proof of two-sided entropy that bound() meets is checked first.
  constexpr double most = 0.5 - 1e-9, tolerance = 5e-7;
  double low = last_true(0, most, tolerance, promises).value_or(0), high = low;
  for (double step = 2e-6; !proves(low); step *= 2) {
    if (low <= 0) return std::nullopt;
    high = low, low = std::max(0.0, low - step);
  }
  for (double step = 2e-6; high <= low; step *= 2) {
    if (low >= most) break;
    const double next = std::min(most, low + step);
    (proves(next) ? low : high) = next;
  }
  if (high > low) low = last_true(low, high, tolerance, proves).value_or(low);
  // Proofs end at round biases, which a search from below does not quite reach.
  auto millionths = [](long count) { return Exact(mpq_class(mpz_class(count), mpz_class(1000000))); };
  const long found = static_cast<long>(std::floor(low * 1e6));
  auto next = bound(claim_at(claim, win_frequency, millionths(found + 1)), source);
  return millionths(next.ok() && next->extraction.output_bits >= least_bits ? found + 1 : found);
}

std::optional<double> fewest_trials(const Claim& claim, double least_bits, const TradeoffSource* source) {
  auto too_few = [&](double log2_n) { return approximate_output(claim, std::exp2(log2_n), source) < least_bits; };
  if (too_few(60)) return std::nullopt;
  auto log2_n = last_true(0, 60, 1e-9, too_few);
  return std::ceil(std::exp2(log2_n.value_or(0)));
}

std::optional<double> lowest_win_frequency(const Claim& claim, double least_bits, const TradeoffSource* source) {
  const double best = quantum_maximum(plan::ScoreKind::win_frequency, claim.mu).lower();
  auto too_low = [&](double win) {
    return approximate_output(claim_at(claim, nine_places(win), claim.mu), static_cast<double>(claim.trial_count),
                              source) < least_bits;
  };
  if (too_low(best - 1e-9)) return std::nullopt;
  return last_true(0.5, best, 1e-9, too_low);
}

std::optional<double> smallest_log2_epsilon(const Claim& claim, double least_bits, std::uint64_t events) {
  auto suffices = [&](double minus_log2) {
    Claim one = claim;
    const auto exponent =
        static_cast<unsigned long>(minus_log2);  // whole powers of two: exact, and fine enough to plan
    Exact total(mpq_class(mpz_class(1), mpz_class(1) << exponent));
    one.epsilons = plan::split_epsilon(total, events, claim.extractor);
    return approximate_output(one, static_cast<double>(claim.trial_count)) >= least_bits;
  };
  auto found = last_true(1, 16000, 0.5, suffices);
  return found ? std::optional(-std::floor(*found)) : std::nullopt;
}

HonestTrial honest_trial(plan::Method method, const std::optional<plan::WitnessCoefficients>& witness, const Exact& mu,
                         double score) {
  auto with_variance = [](double mean, double variance) {
    return HonestTrial{mean, std::sqrt(std::max(variance, 0.0))};
  };
  if (witness)
    return with_variance(score, (plan::most_of(*witness).approximate() - score) *
                                    (score - plan::least_of(*witness).approximate()));
  if (plan::score_kind(method) == plan::ScoreKind::win_frequency) return with_variance(score, score * (1 - score));
  // An eighth of the trials won earn mu_min, three eighths of those lost cost mu_max (one_sided.h, symmetric_score).
  const double half = 0.5, bias = mu.approximate();
  const double least = (half - bias) * (half - bias), most = (half + bias) * (half + bias);
  const double mean = (least * score - 3 * most * (1 - score)) / 8;
  return with_variance(mean, (least * least * score + 3 * most * most * (1 - score)) / 8 - mean * mean);
}

double power(const HonestTrial& trial, double threshold, double trial_count) {
  const double deviation = std::max(trial.deviation, 1e-150) / std::sqrt(trial_count);
  return 0.5 * std::erfc((threshold - trial.mean) / deviation / M_SQRT2);
}

double threshold_for_power(const HonestTrial& trial, double trial_count, double chance) {
  return trial.mean - inverse_normal(chance) * trial.deviation / std::sqrt(trial_count);
}

Result<plan::Plan> complete_plan(plan::Plan plan) {
  BELLOWS_TRY(check_plan(plan));
  BELLOWS_TRY(check_origin(plan));
  return with_family_and_seed(std::move(plan));
}

namespace {

/// Whether the plan's thresholds are those of the built-in grid.
bool is_built_in_grid(const plan::Plan& plan) {
  if (!plan.thresholds.is_grid()) return false;
  auto close = [](const Exact& one, const Exact& other) {
    const Exact difference = one < other ? other - one : one - other;
    return !(Exact::literal("1e-8") < difference);
  };
  PlanWishes wishes;
  if (auto preset = plan::preset_named(plan.preset); preset.ok()) wishes = wishes_of(*preset);
  const std::optional<Exact> expected = wishes.expected_win_frequency;
  wishes.preset = plan.preset;
  wishes.method = plan.method;
  wishes.adversary = plan.adversary;
  wishes.polytope = plan.polytope;
  wishes.mu = plan.mu;
  wishes.trial_count = plan.trial_count;
  wishes.epsilon = plan.epsilons.total;
  wishes.relabelling = plan.relabelling;
  wishes.published = plan.published;
  wishes.publish_mode = plan.publish_mode;
  std::vector<plan::Extractor> families{plan.extractor};
  if (plan.extractor != plan::Extractor::automatic) families.push_back(plan::Extractor::automatic);
  std::vector<std::optional<Exact>> expectations{expected};
  if (expected) expectations.emplace_back();
  for (plan::Extractor extractor : families)
    for (const std::optional<Exact>& win_frequency : expectations) {
      wishes.extractor = extractor;
      wishes.expected_win_frequency = win_frequency;
      auto made = plan_with_grid(wishes);
      if (!made.ok()) continue;
      const std::uint64_t count = plan.thresholds.count(), same = made->thresholds.count();
      const bool count_fits = count == same || rounded_grid_size(static_cast<double>(same) * 1.02) == count ||
                              rounded_grid_size(static_cast<double>(same) * 0.98) == count;
      // The split of epsilon may still know the family as `automatic`.
      const bool split_fits =
          plan.epsilons == plan::split_epsilon(plan.epsilons.total, plan.threshold_events(), made->extractor);
      if (count_fits && split_fits && close(plan.thresholds.lowest(), made->thresholds.lowest()) &&
          close(plan.thresholds.highest(), made->thresholds.highest()))
        return true;
    }
  return false;
}

/// The plans that were found to be built-in: whoever certifies a plan again (amplify, its report, verify) need not
/// build its grid again. What is found follows from the plan alone, so remembering it changes no answer.
class FoundPlans {
 public:
  bool holds(const Digest& plan) {
    std::lock_guard lock(mutex_);
    return std::find(found_.begin(), found_.end(), plan) != found_.end();
  }
  void add(const Digest& plan) {
    std::lock_guard lock(mutex_);
    found_[next_++ % found_.size()] = plan;
  }

 private:
  std::mutex mutex_;
  std::array<std::optional<Digest>, 16> found_;
  std::size_t next_ = 0;
};

}  // namespace

Status check_origin(const plan::Plan& plan) {
  if (plan.origin != plan::Origin::built_in) return {};
  static FoundPlans found;
  const Digest digest = plan::digest(plan);
  if (found.holds(digest)) return {};
  if (is_built_in_grid(plan)) return found.add(digest), Status();
  Error error = refused(
      "the plan calls itself built-in, and its thresholds are not those that follow from its trials, "
      "bias, epsilon, method and extractor; one of your own has the origin \"file\"");
  error.expected = "origin file, or the built-in grid";
  error.got = fmt::format("origin built-in with {} thresholds from {:.9g} to {:.9g}", plan.thresholds.count(),
                          plan.thresholds.lowest().approximate(), plan.thresholds.highest().approximate());
  return error;
}

Result<plan::Plan> built_in_plan(const PlanWishes& wishes) {
  BELLOWS_ASSIGN(plan::Plan plan, plan_with_grid(wishes));
  return with_family_and_seed(std::move(plan));
}

}  // namespace bellows::certify
