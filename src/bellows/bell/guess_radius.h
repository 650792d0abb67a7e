#pragma once

#include <optional>
#include <string>
#include <vector>

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

/// The further condition (D21) of Gallego et al., Lemma 3, |gamma_w| <= gamma sqrt(gamma0^2 + gamma1^2) entry by entry, in exact
/// arithmetic. Errors: refused, with the entry.
Status check_single_terms(const GuessRadius& radius, const Rational& gamma);

/// A certificate that also satisfies check_single_terms: the signs of the two components at each entry are guessed from
/// solutions without that condition, as the paper does, until the program with these signs is feasible.
/// In: gamma above 1/sqrt 2; alpha_at_most: when positive, a small beta with alpha at most this. Errors: refused: no guess of the signs was feasible (which refutes nothing).
Result<GuessRadius> solve_with_single_terms(const GuessRadiusProblem& problem, const Rational& gamma, double alpha_at_most = 0);

/// The same certificate for another joint setting of five_party_majority(): Mermin's expression keeps its form when two parties exchange
/// their settings and repair their outcomes, and the repair can be such that the majority at the setting is not touched.
/// In: `to` as five_party_majority() takes it.
Result<GuessRadius> carry_to_setting(const GuessRadius& radius, std::size_t from, std::size_t to);

/// Majority of the first three outcomes of the five-party Mermin box, at a joint setting of the expression.
Result<GuessRadiusProblem> five_party_majority(std::size_t joint_setting);

/// A certificate that was saved: the question, the answer, and gamma where (D21) is claimed too.
struct SavedRadius {
  std::string title;
  GuessRadiusProblem problem;
  GuessRadius radius;
  std::optional<Rational> gamma;
};
/// JSON, docs/format-bound.md.
std::string format_guess_radii(const std::vector<SavedRadius>& list);
bool is_guess_radii(const std::string& text);
Result<std::vector<SavedRadius>> parse_guess_radii(const std::string& text, const std::string& file);
Status check_saved_radius(const SavedRadius& saved);

}  // namespace bellows::bell
