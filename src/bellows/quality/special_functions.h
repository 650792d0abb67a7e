// The three special functions that the tests of SP 800-22 need, in double precision.
#pragma once

namespace bellows::quality {

/// Regularised upper incomplete gamma function Q(shape, x): the chance that a gamma variable of that
/// shape exceeds x. In: shape > 0, x >= 0 (x below 0 counts as 0). Out: [0, 1], relative error about
/// 1e-12 up to shape 1e6. Never NaN for finite input.
double gamma_upper_regularized(double shape, double x);

/// Chance that chi-square with the given degrees of freedom exceeds the value.
double chi_square_tail(double degrees_of_freedom, double chi_square);

/// Standard normal distribution function.
double normal_cdf(double x);

/// Chance that a binomial(trials, chance) variable reaches at least `successes`; exact sum.
double binomial_tail(long long trials, double chance, long long successes);

}  // namespace bellows::quality
