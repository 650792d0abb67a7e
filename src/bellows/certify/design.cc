#include "bellows/certify/design.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>

#include "bellows/base/threads.h"
#include "bellows/certify/certify.h"
#include "bellows/certify/one_sided.h"
#include "bellows/certify/quantum_witness.h"
#include "bellows/certify/two_sided.h"
#include "bellows/numeric/optimise.h"
#include "bellows/numeric/ranges.h"

namespace bellows::certify {
namespace {

using plan::ScoreKind;

constexpr double most_trials_log2 = 50, lowest_log2_epsilon = -5000;

/// Few decimals, rounded down: a number that people can read.
Exact decimal_below(double value, long scale) {
  return Exact(mpq_class(mpz_class(static_cast<long>(std::floor(value * static_cast<double>(scale)))), mpz_class(scale)));
}
Exact threshold_of(double value) { return decimal_below(value, 1000000000); }

/// What no device is expected to exceed, on the method's score (of a witness: no honest one, with uniform settings).
double largest_score(const PlanWishes& wishes, const Exact& mu) {
  return wishes.witness ? honest_witness_limit(*wishes.witness)
                        : quantum_maximum(plan::score_kind(wishes.method), mu).lower();
}

/// The claim that a design without unknowns makes: one threshold, which the honest device reaches with the chance
/// asked.
Claim claim_of_design(const Design& design, double score, double n, const Exact& mu, const Exact& epsilon) {
  const PlanWishes& wishes = design.wishes;
  Claim claim;
  claim.method = wishes.method;
  claim.witness = wishes.witness;
  claim.polytope = wishes.polytope;
  claim.trial_count = static_cast<std::uint64_t>(std::min(n, std::exp2(60.0)));
  claim.extractor = wishes.extractor;
  claim.published = wishes.published;
  claim.epsilons = plan::split_epsilon(epsilon, wishes.relabelling == "auto" ? 8 : 1, wishes.extractor);
  claim.mu = mu;
  const double threshold = threshold_for_power(honest_trial(wishes.method, wishes.witness, mu, score), n, design.chance);
  // A threshold may not lie beyond what any quantum device is expected to reach. MDL values are a hundred times smaller.
  claim.threshold = decimal_below(std::min(threshold, largest_score(wishes, mu)),
                                  plan::score_kind(wishes.method) == ScoreKind::mdl_value ? 100000000000 : 1000000000);
  return claim;
}

Result<double> output_of(const Design& design, double score, double n, const Exact& mu, const Exact& epsilon,
                         const TradeoffSource& source) {
  return approximate_output(claim_of_design(design, score, n, mu, epsilon), n, &source);
}

double value_or_nothing(const Result<double>& result) { return result.ok() ? *result : 0; }

Status check(const Design& design) {
  int unknown = !design.score + !design.trial_count + !design.output_bits + !design.mu + !design.epsilon;
  if (unknown != 1) {
    std::string left_out;
    auto note = [&](bool given, const char* name) {
      if (!given) left_out += (left_out.empty() ? "" : ", ") + std::string(name);
    };
    note(design.score.has_value(), "score"), note(design.trial_count.has_value(), "trials");
    note(design.output_bits.has_value(), "output bits"), note(design.mu.has_value(), "mu");
    note(design.epsilon.has_value(), "epsilon");
    return usage_error("exactly one of score, trials, output bits, mu and epsilon is to be found", "one left out",
                       left_out.empty() ? "none left out" : left_out + " left out");
  }
  // Honest means uniform settings: then no quantum device wins more often than (2 + sqrt 2)/4.
  constexpr double most_wins = 0.853553390593274;
  if (const PlanWishes& wishes = design.wishes; design.score && wishes.witness) {
    const double least = plan::least_of(*wishes.witness).approximate(), most = largest_score(wishes, Exact());
    const double rounding = 1e-8 * (plan::most_of(*wishes.witness).approximate() - least);
    if (!(*design.score > least && *design.score <= most + rounding))
      return usage_error("the score is out of range for an honest device",
                         fmt::format("a value of the witness above {:.8g} and at most {:.8g}, beyond which no quantum device "
                                     "with uniform settings comes",
                                     least, most),
                         fmt::format("{:.8g}", *design.score));
  } else if (design.score && !(*design.score > 0.5 && *design.score <= most_wins + 1e-7)) {
    return usage_error("the score is out of range for an honest device",
                       *design.score > 1 && *design.score <= 2.8285 ? "a win frequency above 1/2 and at most 0.8535533; a "
                                                                      "CHSH value is given as S"
                                                                    : "a win frequency above 1/2 and at most 0.8535533 "
                                                                      "(S <= 2.8284271)",
                       fmt::format("{:.8g} (S = {:.8g})", *design.score, 8 * *design.score - 4));
  }
  if (design.trial_count && (*design.trial_count == 0 || *design.trial_count > plan::most_trials))
    return usage_error("the number of trials is out of range", "1 to 2^61", std::to_string(*design.trial_count));
  if (design.output_bits && *design.output_bits == 0)
    return usage_error("no output is asked for", "at least 1 bit", "0");
  if (design.mu) BELLOWS_TRY(numeric::check_bias(*design.mu));
  if (design.epsilon) BELLOWS_TRY(numeric::check_epsilon(*design.epsilon));
  if (!(design.chance > 0 && design.chance < 1))
    return usage_error("the chance is out of range", "between 0 and 1, such as 0.999", fmt::format("{}", design.chance));
  return {};
}

/// The first x (from low to high) at which f(x) >= target, f rising; nothing where f(high) < target.
std::optional<double> first_reaching(double low, double high, double target, const std::function<double(double)>& f) {
  if (f(high) < target) return std::nullopt;
  for (int i = 0; i < 60 && high - low > 1e-10 * std::max(1.0, std::abs(high)); ++i) {
    double middle = (low + high) / 2;
    (f(middle) >= target ? high : low) = middle;
  }
  return high;
}

}  // namespace

Result<SolvedDesign> solve(const Design& asked) {
  BELLOWS_TRY(check(asked));
  BELLOWS_ASSIGN(auto source, tradeoff_source(asked.wishes.method, asked.wishes.polytope, {}, asked.wishes.witness));
  const std::optional<plan::WitnessCoefficients>& witness = asked.wishes.witness;
  SolvedDesign solved;
  long epsilon_exponent = 0;  // where it is found: a power of two
  Design& d = solved.design = asked;
  // Searches aim a few bits too high, since the proof rounds down and hash families have gaps.
  const double target = d.output_bits ? static_cast<double>(*d.output_bits) + 2 : 0;
  auto n_of = [&] { return static_cast<double>(*d.trial_count); };
  auto nothing = [&](const char* what) {
    std::string words = d.output_bits ? fmt::format("no {} gives {} output bits", what, *d.output_bits)
                                      : std::string("this score, number of trials, bias and epsilon give no output bit");
    if (d.score) {
      Claim claim = claim_of_design(d, *d.score, d.trial_count ? n_of() : std::exp2(most_trials_log2), Exact(),
                                    d.epsilon.value_or(Exact::fraction(1, 2)));
      if (auto mu = largest_bias(claim, *d.score > 0.8535 ? Exact::literal("0.8535") : threshold_of(*d.score),
                                 d.output_bits.value_or(1), source.get()))
        words += fmt::format("; at this score the largest bias is about {}{}", mu->text(),
                             d.trial_count ? "" : " with 2^50 trials");
      else if (!witness && *d.score <= 0.75)
        words += "; local devices reach this score (S = 2, win frequency 3/4) at any bias";
    }
    if (d.trial_count && d.score && d.epsilon) {
      Design more = d;
      more.trial_count.reset();
      more.output_bits = d.output_bits.value_or(1);
      if (!more.mu) more.mu = Exact();
      // Fewer than are given would be no advice: then something else is in the way.
      if (auto enough = solve(more); enough.ok() && (!d.mu || *enough->design.trial_count > *d.trial_count))
        words += fmt::format("; {} trials would do{}", *enough->design.trial_count, d.mu ? "" : " at mu = 0");
    }
    if (witness)
      words += fmt::format("; for a witness the entropy proofs at hand decide: {} makes one",
                           how_to_prove(d.wishes.polytope, d.mu, d.score));
    return refused(words);
  };
  if (!d.trial_count) {
    solved.found = "trials";
    auto found = first_reaching(0, most_trials_log2, target, [&](double log2_n) {
      return value_or_nothing(output_of(d, *d.score, std::exp2(log2_n), *d.mu, *d.epsilon, *source));
    });
    if (!found) return nothing("number of trials below 2^50");
    d.trial_count = static_cast<std::uint64_t>(std::ceil(std::exp2(*found)));
  } else if (!d.score) {
    solved.found = "score";
    const double worst = witness ? plan::least_of(*witness).approximate() : 0.5;
    const double best = witness ? largest_score(d.wishes, Exact()) : quantum_maximum(ScoreKind::win_frequency, Exact()).lower();
    auto found = first_reaching(worst, best, target, [&](double score) {
      return value_or_nothing(output_of(d, score, n_of(), *d.mu, *d.epsilon, *source));
    });
    if (!found) return nothing("score of a quantum device");
    d.score = *found;
  } else if (!d.mu) {
    solved.found = "mu";
    auto found = first_reaching(-0.499999, 0, target, [&](double minus_mu) {
      return value_or_nothing(output_of(d, *d.score, n_of(), threshold_of(-minus_mu), *d.epsilon, *source));
    });
    if (!found) return nothing("bias, not even 0,");
    // Proofs end at round biases, which a search from below does not quite reach.
    const Exact step = Exact::literal("1e-7"), below = decimal_below(-*found, 10000000);
    const auto next = output_of(d, *d.score, n_of(), below + step, *d.epsilon, *source);
    d.mu = value_or_nothing(next) >= target ? below + step : below;
  } else if (!d.epsilon) {
    solved.found = "epsilon";
    auto found = first_reaching(lowest_log2_epsilon, -1, target, [&](double log2_epsilon) {
      Exact epsilon(mpq_class(mpz_class(1), mpz_class(1) << static_cast<unsigned long>(std::floor(-log2_epsilon))));
      return value_or_nothing(output_of(d, *d.score, n_of(), *d.mu, epsilon, *source));
    });
    if (!found) return nothing("epsilon up to 1/2");
    epsilon_exponent = static_cast<long>(std::ceil(*found));
    d.epsilon = Exact::literal(fmt::format("2^{}", epsilon_exponent));
  }
  const bool find_output = !d.output_bits;
  // The proof has the last word: where gaps between field sizes leave it short, a little more of the unknown.
  for (int attempt = 0;; ++attempt) {
    PlanWishes wishes = d.wishes;
    wishes.preset.clear();  // its score and trials are not what is asked
    wishes.mu = *d.mu;
    wishes.trial_count = *d.trial_count;
    wishes.epsilon = *d.epsilon;
    Claim claim = claim_of_design(d, *d.score, n_of(), *d.mu, *d.epsilon);
    wishes.threshold = claim.threshold;
    BELLOWS_ASSIGN(solved.plan, built_in_plan(wishes));
    BELLOWS_ASSIGN(solved.bound, bound(claim_of(solved.plan, 0), source.get()));
    if (find_output || solved.bound.extraction.output_bits >= *d.output_bits || attempt == 40) break;
    if (solved.found == "trials") d.trial_count = *d.trial_count + *d.trial_count / 1000 + 1;
    if (solved.found == "score") {
      *d.score += 1e-5 * (witness ? std::abs(*d.score) : 1);
      if (witness && *d.score > honest_witness_limit(*witness)) return nothing("score of a quantum device");
    }
    if (solved.found == "mu") d.mu = *d.mu * Exact::literal("0.999");
    if (solved.found == "epsilon") d.epsilon = Exact::literal(fmt::format("2^{}", ++epsilon_exponent));
  }
  if (find_output) {
    solved.found = "output";
    d.output_bits = solved.bound.extraction.output_bits;
    if (*d.output_bits == 0) {
      d.output_bits.reset();
      return nothing("output");
    }
  } else if (solved.bound.extraction.output_bits < *d.output_bits) {
    return nothing("value of the unknown that could be proved");
  }
  const double more = witness ? *d.score + 0.001 * std::abs(*d.score) : 0.5 + (*d.score - 0.5) * 1.001;
  const double up = value_or_nothing(output_of(d, more, n_of(), *d.mu, *d.epsilon, *source));
  const double here = value_or_nothing(output_of(d, *d.score, n_of(), *d.mu, *d.epsilon, *source));
  solved.bits_per_mille = up - here;
  return solved;
}

bool at_epsilon_limit(const Exact& found) {
  // The search rounds up, and the proof may take a few doublings more.
  return found <= Exact(mpq_class(mpz_class(1), mpz_class(1) << static_cast<unsigned long>(-lowest_log2_epsilon - 50)));
}

CurveRequest figure_two() {
  CurveRequest request;
  for (const char* mu : {"0", "0.01", "0.02", "0.03", "0.04"}) request.biases.push_back(Exact::literal(mu));
  request.methods = {{plan::Method::mdl_as_printed, plan::Extractor::shift_matrix},
                     {plan::Method::win, plan::Extractor::short_seed},
                     {plan::Method::two_sided, plan::Extractor::short_seed}};
  request.epsilon = Exact::literal("1e-12");
  return request;
}

Result<std::vector<CurvePoint>> trials_against_chsh(const CurveRequest& request, const Context& context) {
  for (const Exact& mu : request.biases) BELLOWS_TRY(numeric::check_bias(mu));
  BELLOWS_TRY(numeric::check_epsilon(request.epsilon));
  if (request.least_bits == 0) return usage_error("no output is asked for", "at least 1 bit", "0");
  std::vector<CurvePoint> points;
  std::map<plan::Method, std::shared_ptr<const TradeoffSource>> sources;
  for (const auto& [method, extractor] : request.methods) {
    BELLOWS_ASSIGN(sources[method], tradeoff_source(method, plan::Polytope::santha_vazirani));
    for (const Exact& mu : request.biases)
      for (std::uint32_t i = 0; i < request.point_count; ++i) {
        double share = request.point_count < 2 ? 1 : static_cast<double>(i) / (request.point_count - 1);
        points.push_back({method, extractor, mu,
                          request.lowest_chsh + share * (request.highest_chsh - request.lowest_chsh), std::nullopt});
      }
  }
  std::atomic<std::uint64_t> done{0};
  parallel_for(points.size(), context.thread_count, [&](std::uint64_t index, unsigned worker) {
    if (context.cancel && context.cancel->is_cancelled()) return;
    CurvePoint& point = points[index];
    Claim claim;
    claim.method = point.method;
    claim.extractor = point.extractor;
    claim.epsilons = plan::split_epsilon(request.epsilon, 1, point.extractor);
    claim = claim_at(claim, threshold_of((point.chsh + 4) / 8), point.mu);
    point.trial_count = fewest_trials(claim, static_cast<double>(request.least_bits), sources.at(point.method).get());
    const std::uint64_t count = ++done;
    if (worker == 0) context.report("curve", count, points.size(), "points");
  });
  BELLOWS_TRY(context.check_cancelled());
  return points;
}

}  // namespace bellows::certify
