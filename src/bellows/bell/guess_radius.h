#pragma once

#include "bellows/bell/functional.h"

/// The lemma behind distilling one bit from many boxes: both probabilities of a binary event at once, as a point in the plane,
/// bounded by a linear function of a Bell value.
namespace bellows::bell {

/// Tables gamma0, gamma1, omega with, on every no-signalling box P,
///     gamma_w . P = event_w . P,      omega . P = alpha + beta * (expression . P),
/// and, entry by entry, sqrt(gamma0^2 + gamma1^2) <= omega.
struct GuessRadius {
  Rational alpha, beta;
  RationalTable gamma0, gamma1, omega;
};

/// The question: an event and its complement at one joint setting, and a Bell expression.
struct GuessRadiusProblem {
  Functional event0, event1, expression;
};

/// Verifies everything in exact arithmetic. Errors: refused, with what fails.
Status check_guess_radius(const GuessRadiusProblem& problem, const GuessRadius& radius);

struct GuessRadiusOptions {
  int polygon_sides = 64;  ///< the circle is replaced by an inscribed polygon for the solver; 8 is the octagon of the paper
  double alpha_at_most = 0;  ///< when positive: smallest beta with alpha at most this, instead of the smallest alpha
};

/// Smallest alpha (for the polygon), then smallest beta for it; rationalised and repaired so that check_guess_radius accepts it
/// (this costs alpha about 1e-9).
/// Errors: refused when the solver fails.
Result<GuessRadius> solve_guess_radius(const GuessRadiusProblem& problem, const GuessRadiusOptions& options = {});

/// In floating point only: smallest alpha when, besides, |gamma_w| <= gamma sqrt(gamma0^2 + gamma1^2) is imposed by fixing the
/// signs found without it (the printed two-step procedure). alpha < 0 means infeasible with those signs.
struct PrintedRadius {
  double alpha = -1, beta = -1;
};
Result<PrintedRadius> printed_guess_radius(const GuessRadiusProblem& problem, double gamma, int polygon_sides = 8);

/// Majority of the first three outcomes of the five-party Mermin box, at a joint setting of the expression.
Result<GuessRadiusProblem> five_party_majority(std::size_t joint_setting);

}  // namespace bellows::bell
