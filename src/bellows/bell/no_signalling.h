#pragma once

#include <optional>

#include "bellows/base/progress.h"
#include "bellows/bell/functional.h"

/// Linear programs over no-signalling boxes, with duals that are verified in exact rational arithmetic.
namespace bellows::bell {

enum class Relation { equal, at_most };

struct BellConstraint {
  Functional functional;
  Relation relation = Relation::at_most;
  Rational right_hand_side;
};

/// Maximise `objective` over the no-signalling boxes that satisfy the constraints. (To minimise, negate it.)
struct NoSignallingProgram {
  Functional objective;
  std::vector<BellConstraint> constraints;
};

/// Why no box can do better: on every no-signalling box,
///     objective = constant + sum_k multiplier_k functional_k - sum weight(a,x) P(a|x),      weight >= 0.
struct DualBound {
  RationalTable weights;              ///< one for each table entry, none negative
  std::vector<Rational> multipliers;  ///< one for each constraint; not negative where the relation is at_most
};

struct CheckedBound {
  Rational constant;               ///< the bound is constant + sum_k multiplier_k * right_hand_side_k
  std::vector<Rational> multipliers;
  Rational value;                  ///< that sum
  bool exact_identity = true;      ///< false: the identity holds up to correlator terms, whose sizes are in `constant`
};

/// Verifies a dual in exact arithmetic and returns the bound that it proves. Any weights >= 0 prove some bound: what is left
/// over in the identity is a combination of correlators, each of which lies in [-1, 1], and is paid for by its size.
/// The bound holds for every right-hand side, not only for the program's own: constant + sum multiplier_k * rhs_k.
/// Errors: refused: a negative weight, a negative multiplier of an at_most constraint, sizes that do not fit the program.
Result<CheckedBound> check_bound(const NoSignallingProgram& program, const DualBound& dual);

/// Verifies in exact arithmetic that the correlators are those of a box that satisfies all constraints, and returns the
/// objective's value there: the program's maximum is at least that.
/// Errors: refused, with what is violated.
Result<Rational> check_box(const NoSignallingProgram& program, const RationalTable& correlators);

struct NoSignallingBound {
  CheckedBound bound;
  DualBound dual;
  std::optional<RationalTable> attaining_box;  ///< correlators of a box that reaches the bound exactly, when one was found
  Rational attained;                           ///< value reached by it (meaningful when there is one)
  bool tight() const { return attaining_box.has_value() && attained == bound.value; }
  // What the work was:
  std::size_t variables = 0, rows = 0, symmetries = 0;
};

struct SolveOptions {
  bool use_symmetries = true;
  Context context = {};
};

/// Solves in floating point, rationalises the dual (and the box), and returns only what check_bound (and check_box) accept.
/// Errors: refused: the program has no solution (no box satisfies the constraints), or the solver failed; cancelled.
/// Cost: five parties some 10 ms, seven parties seconds with symmetries and minutes without; memory a few MiB.
Result<NoSignallingBound> solve(const NoSignallingProgram& program, const SolveOptions& options = {});

/// A proved bound with what it is about, as JSON (docs/format-bound.md).
std::string format_bound(const NoSignallingProgram& program, const NoSignallingBound& bound, const std::string& title);
struct SavedBound {
  std::string title;
  NoSignallingProgram program;
  DualBound dual;
  std::optional<RationalTable> attaining_box;
  Rational claimed_value;
};
/// Errors: bad_input: not JSON, not of this format, a number or index that does not fit.
Result<SavedBound> parse_bound(const std::string& text, const std::string& file = {});
/// Checks everything again from the file alone. Errors: refused, when the dual proves less than the file claims.
Result<NoSignallingBound> check_saved(const SavedBound& saved);

}  // namespace bellows::bell
