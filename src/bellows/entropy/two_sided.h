#pragma once
// For certification: the entropy of both outcomes of a trial, H(AB|XYE) >= slope * (win score) + intercept, from proofs that check.
#include <functional>
#include <string>
#include <vector>

#include "bellows/base/digest.h"
#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/base/result.h"
#include "bellows/entropy/statement.h"
#include "bellows/numeric/exact.h"

namespace bellows::entropy {

/// A tangent line below the entropy curve, and the proof file that shows it.
struct ProvedTangent {
  std::string name;  ///< of the proof file
  Digest digest;     ///< that ends the proof file; certificates carry it
  Statement statement;
  bool shipped = false;  ///< built into the program, not from the local folder

  const mpq_class& slope_bits() const { return statement.slope; }
  const mpq_class& intercept_bits() const { return statement.intercept; }
  /// Bits a trial that the tangent promises at the expected win score, exact.
  mpq_class at(const mpq_class& win_score) const { return statement.slope * win_score + statement.intercept; }
};

/// Where proofs made on demand are kept: $BELLOWS_ENTROPY_PROOFS, else bellows/entropy-proofs in the user's cache folder; empty where there is none.
Path local_proof_folder();

/// All proofs at hand, those that ship and those in the local folder, that cover the source: a bias at least mu (polytopes of larger bias
/// contain those of smaller), and the box for a Santha-Vazirani source. Not checked yet; files that cannot be read are left out.
/// Cost: a few milliseconds.
std::vector<ProvedTangent> candidate_tangents(EntropyOf entropy, SettingPolytope polytope, const numeric::Exact& mu, const TrialScore& score);

/// The bytes of a proof at hand. Errors: bad_input: no proof of that digest.
Result<std::string> proof_bytes(const Digest& digest);

/// Finds the proof of that digest and checks it, cell by cell, in ball arithmetic.
/// Out:    the tangent, from the file that was checked. A verdict, either way, is kept for the life of the process.
/// Errors: bad_input: no proof of that digest at hand, or a malformed one; refused: the file does not prove its statement.
/// Cost:   0.15 ms a cell and core; thread-safe.
Result<ProvedTangent> checked_tangent(const Digest& digest, const Context& context);

/// Checks the proof that a tangent names, and that what it shows is the tangent's statement: entropy, polytope, bias, score and line, all equal.
/// Whoever chose a tangent by its statement (candidate_tangents reads it from an unchecked header) calls this before using it.
/// Errors: as checked_tangent; refused: the proof shows another statement.
Status checked_statement(const ProvedTangent& tangent, const Context& context);

/// The best tangent whose proof checks.
/// In:     value: what certification gets from a tangent (larger is better; for example smooth min-entropy in bits).
/// Errors: refused: no proof at hand covers the source; cancelled.
Result<ProvedTangent> best_two_sided_tangent(SettingPolytope polytope, const numeric::Exact& mu, const std::function<double(const ProvedTangent&)>& value,
                                             const Context& context);

}  // namespace bellows::entropy
