#include "bellows/certify/accumulation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bellows/certify/two_sided.h"
#include "bellows/numeric/optimise.h"

namespace bellows::certify {
namespace {

constexpr int outcome_count = 4;  // d_O: both outcomes of a trial
constexpr double nothing = -std::numeric_limits<double>::infinity();

/// 1 - 2 log(eps_s eps_EA): log(2/(eps_s^2 Pr^2)) with Pr >= eps_EA.
Ball log_term_of(const plan::Epsilons& epsilons) {
  return Ball(1) - Ball(2) * log2(Ball(epsilons.smoothing) * Ball(epsilons.accumulation));
}

/// What the improved theorem deducts, per trial and without the part that n does not multiply: V^2 and K, in doubles.
struct FastTerms {
  double v_squared, exponent, log_cubed;
};

FastTerms fast_terms(double spread) {
  const double v = std::log2(2.0 * outcome_count * outcome_count + 1) + std::sqrt(2 + spread * spread / 4);
  const double exponent = 2 * std::log2(double{outcome_count}) + spread;
  const double log = exponent > 60 ? exponent * M_LN2 : std::log(std::exp2(exponent) + std::exp(2.0));
  return {v * v, exponent, log * log * log};
}

double fast_improved(double n, double rate, const FastTerms& terms, double log_term, double beta) {
  const double k = std::exp2(beta * terms.exponent) * terms.log_cubed / (6 * std::pow(1 - beta, 3) * M_LN2);
  return n * (rate - beta * M_LN2 / 2 * terms.v_squared - beta * beta * k) - log_term / beta;
}

/// The best beta is a little below the one at which the two main terms balance.
numeric::Proposal best_beta(double n, double rate, double spread, double log_term) {
  const FastTerms terms = fast_terms(spread);
  const double balanced = std::min(0.9, std::sqrt(log_term / (n * M_LN2 / 2 * terms.v_squared)));
  auto value = [&](double log_beta) { return fast_improved(n, rate, terms, log_term, std::exp(log_beta)); };
  auto found = numeric::maximise(value, std::log(balanced) - 3, std::log(balanced), 6, 1e-5);
  return {std::exp(found.argument), found.value};
}

double fast_older(double n, double rate, double gradient, double log_term) {
  return n * rate - 2 * std::sqrt(n) * (std::log2(1 + 2.0 * outcome_count) + std::ceil(gradient)) * std::sqrt(log_term);
}

Ball gradient_of(const AffineTradeoff& f) { return f.slope * numeric::max(abs(f.lowest_score), abs(f.highest_score)); }

/// The worth of a function. The older theorem's gradient is taken from the spread, which for a win score is the same.
Worth worth_of(Accumulation theorem, double n, double log_term) {
  if (theorem == Accumulation::older)
    return [=](double rate, double spread) { return rate > 0 ? fast_older(n, rate, spread, log_term) : nothing; };
  return [=](double rate, double spread) { return rate > 0 ? best_beta(n, rate, spread, log_term).value : nothing; };
}

}  // namespace

Accumulation accumulation_of(plan::Method method) {
  return method == plan::Method::win_older || method == plan::Method::mdl_as_printed ? Accumulation::older
                                                                                     : Accumulation::improved;
}

Ball improved_entropy(const Ball& n, const Ball& rate, const Ball& spread, const Ball& log_term, const Ball& beta) {
  const Ball d = outcome_count;
  const Ball variance = square(spread) / Ball(4);
  const Ball v = log2(Ball(2) * square(d) + Ball(1)) + sqrt(Ball(2) + variance);
  const Ball exponent = Ball(2) * log2(d) + spread;
  const Ball k = exp2(beta * exponent) * power(ln(exp2(exponent) + exp(Ball(2))), 3) /
                 (Ball(6) * power(Ball(1) - beta, 3) * numeric::ln2());
  return n * rate - n * beta * (numeric::ln2() / Ball(2)) * square(v) - log_term / beta - n * square(beta) * k;
}

Result<Accumulated> accumulate(Accumulation theorem, const TradeoffSource& source, std::uint64_t trial_count,
                               const Exact& threshold, const Exact& mu, const plan::Epsilons& epsilons) {
  const Ball log_term = log_term_of(epsilons), n = trial_count;
  const double fast_n = static_cast<double>(trial_count);
  Accumulated result;
  BELLOWS_ASSIGN(result.tradeoff, source.propose(threshold, mu, worth_of(theorem, fast_n, log_term.middle())));
  const AffineTradeoff& f = result.tradeoff;
  // Only an increasing function turns "the score reached the threshold" into "f of the score reached f(threshold)".
  if (!certainly_positive(f.slope)) return internal_error("a min-tradeoff function that is not increasing");
  BELLOWS_TRY(check_entropy_proof(f));
  const Ball rate = f.at(threshold);
  result.first_order_bits = n * rate;
  if (theorem == Accumulation::older) {
    auto gradient = gradient_of(f).ceil_upper();
    if (!gradient) return refused("the min-tradeoff function is too steep at this score");
    const Ball width = log2(Ball(1 + 2 * outcome_count)) + Ball(*gradient);
    result.entropy_bits = result.first_order_bits - Ball(2) * sqrt(n) * width * sqrt(log_term);
  } else {
    result.beta = best_beta(fast_n, rate.middle(), f.spread().middle(), log_term.middle()).argument;
    if (!(result.beta > 0 && result.beta < 1)) return internal_error("no parameter for entropy accumulation");
    result.entropy_bits = improved_entropy(n, rate, f.spread(), log_term, Ball::of_double(result.beta));
  }
  if (!certainly_positive(result.entropy_bits))
    return refused("the entropy that the score guarantees does not outweigh the finite number of trials");
  return result;
}

double approximate_entropy(Accumulation theorem, const TradeoffSource& source, double trial_count,
                           const Exact& threshold, const Exact& mu, const plan::Epsilons& epsilons) {
  double best = 0;
  const double log_term = log_term_of(epsilons).middle();
  auto worth = worth_of(theorem, trial_count, log_term);
  auto noting = [&](double rate, double spread) {
    double value = worth(rate, spread);
    best = std::max(best, value);
    return value;
  };
  auto proposed = source.propose(threshold, mu, noting);
  if (!proposed.ok()) return 0;
  if (theorem == Accumulation::improved && best > 0) return best;
  const double rate = proposed->at(threshold).middle();
  return std::max(0.0, theorem == Accumulation::older
                           ? fast_older(trial_count, rate, gradient_of(*proposed).middle(), log_term)
                           : worth(rate, proposed->spread().middle()));
}

}  // namespace bellows::certify
