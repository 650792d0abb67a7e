#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bellows/base/digest.h"
#include "bellows/base/result.h"
#include "bellows/entropy/two_sided.h"
#include "bellows/numeric/ball.h"
#include "bellows/numeric/exact.h"
#include "bellows/plan/plan.h"

namespace bellows::certify {

using numeric::Ball;
using numeric::Exact;

/// An affine min-tradeoff function f(score) = slope * score + offset: for every device, every state that Eve may hold
/// and every setting distribution that the source allows, one trial with expected score w has H(AB|XYE) >= f(w). The
/// only thing that entropy accumulation asks of physics, so a new single-trial bound is a new TradeoffSource.
struct AffineTradeoff {
  Ball slope;                        ///< bits per unit of score; certainly positive
  Ball offset;                       ///< bits
  Ball lowest_score, highest_score;  ///< what one trial may score; f there gives Min (bounded from below) and Max
  std::string statement;             ///< theorem and parameters, in words
  /// The proof that it rests on, with the statement that it was chosen for; accumulate() checks both.
  std::optional<entropy::ProvedTangent> entropy_proof = {};

  Ball at(const Ball& score) const { return slope * score + offset; }
  Ball spread() const { return slope * (highest_score - lowest_score); }
};

/// How many bits a function is worth at the plan's threshold: f(threshold) and its spread (Max - Min) in bits a trial.
/// For choosing only; -infinity where it is worth nothing.
using Worth = std::function<double(double rate_bits_per_trial, double spread_bits)>;

/// A family of min-tradeoff functions.
class TradeoffSource {
 public:
  virtual ~TradeoffSource() = default;
  /// The function of the family that is worth most at a threshold.
  /// In:     threshold: a score; mu: the bias, 0 <= mu < 1/2; worth: see above.
  /// Out:    exact parameters, so that the function is a definite one; its values enclosed in balls.
  /// Errors: refused: no function of the family is worth anything there.
  virtual Result<AffineTradeoff> propose(const Exact& threshold, const Exact& mu, const Worth& worth) const = 0;
  /// The assumptions beyond those of every certificate, in words; may be empty.
  virtual std::string assumption() const { return {}; }
};

/// Which entropy proofs the method two-sided may use: all at hand, those that ship, or one or none (then its one-sided
/// tangents). Who recomputes a certificate asks for the one that it names, and a built-in plan uses what ships, since
/// other machines may have other proofs at hand.
struct ProofChoice {
  enum class From { all_at_hand, shipped, one };
  From from = From::all_at_hand;
  std::optional<Digest> only = {};  ///< with From::one

  static ProofChoice just(std::optional<Digest> proof) { return {From::one, std::move(proof)}; }
  static ProofChoice shipped() { return {From::shipped, {}}; }
  bool allows(const entropy::ProvedTangent& tangent) const {
    return from == From::one ? only == tangent.digest : from == From::all_at_hand || tangent.shipped;
  }
};

/// The family behind a method. In: witness: the score of method witness, else nothing.
/// Errors: usage: method witness without one.
Result<std::shared_ptr<const TradeoffSource>> tradeoff_source(
    plan::Method method, plan::Polytope polytope, const ProofChoice& proofs = {},
    const std::optional<plan::WitnessCoefficients>& witness = {});

}  // namespace bellows::certify
