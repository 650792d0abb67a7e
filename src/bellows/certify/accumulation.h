#pragma once

#include <optional>

#include "bellows/certify/tradeoff.h"

namespace bellows::certify {

/// Which entropy accumulation theorem turns f(threshold) into smooth min-entropy.
enum class Accumulation { improved, older };
Accumulation accumulation_of(plan::Method method);

struct Accumulated {
  AffineTradeoff tradeoff;
  double beta = 0;        ///< improved: alpha - 1 of the Renyi parameter; older: 0
  Ball entropy_bits;      ///< H_min^{eps_s}(AB|XYE), a lower bound: use lower()
  Ball first_order_bits;  ///< n f(threshold)
};

/// Smooth min-entropy of the raw string, given that the score reached the threshold.
/// In:     trial_count: n >= 1; threshold: the score reached, fixed before the data; epsilons: smoothing eps_s and
///         accumulation eps_EA are used.
/// Out:    bits, a ball that encloses the theorem's value at exact parameters.
/// Errors: refused: nothing positive can be proved at this threshold.
/// Claim:  either Pr[threshold event] <= eps_EA, or H_min^{eps_s}(AB|XYE) given the event >= entropy_bits. Quantum Eve;
///         the settings of a trial depend on past outcomes only through past settings and Eve's classical knowledge.
/// Source: improved: Dupuis and Fawzi 2018, Theorem V.2, with d_O = 4, beta = alpha - 1, Var <= (spread/2)^2 and
///         Max - Min_Sigma <= spread: H >= n f - n beta (ln2/2) V^2 - (1 - 2 log(eps_s eps_EA))/beta - n beta^2 K.
///         older: Dupuis, Fawzi and Renner 2016, Theorem 4.4:
///         H >= n f - 2 sqrt(n) (log 9 + ceil |grad f|) sqrt(1 - 2 log(eps_s eps_EA)).
/// Cost:   about a millisecond: the search runs in doubles and proposes exact parameters; one evaluation in balls.
Result<Accumulated> accumulate(Accumulation theorem, const TradeoffSource& source, std::uint64_t trial_count,
                               const Exact& threshold, const Exact& mu, const plan::Epsilons& epsilons);

/// The same in doubles, for searches over plans; no proof. 0 where nothing can be had.
double approximate_entropy(Accumulation theorem, const TradeoffSource& source, double trial_count,
                           const Exact& threshold, const Exact& mu, const plan::Epsilons& epsilons);

/// Improved theorem at given parameters, for tests and tables.
Ball improved_entropy(const Ball& trial_count, const Ball& rate, const Ball& spread, const Ball& log_term,
                      const Ball& beta);

}  // namespace bellows::certify
