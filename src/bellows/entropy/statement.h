#pragma once
// What an entropy proof claims, in exact rational numbers, and which setting distributions it has to cover.
#include <gmpxx.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace bellows::entropy {

/// Whose outcome the entropy counts, conditioned on both settings and everything Eve holds.
enum class EntropyOf {
  both_outcomes,  ///< H(AB|XYE)
  first_outcome,  ///< H(A|XYE)
  /// H(A|X=0,YE), whatever the setting really drawn: the quantity of the one-sided bound 1 - h(1/2 + 1/2 sqrt(S^2/4 - 1)). The average over x
  /// that first_outcome takes is larger.
  first_outcome_at_x0,
};

inline bool counts_both(EntropyOf entropy) { return entropy == EntropyOf::both_outcomes; }

/// Which joint distributions of the two setting bits the source may draw from, trial by trial.
enum class SettingPolytope {
  santha_vazirani,  ///< x, then y given x, each with bias at most mu
  box,              ///< every pair has probability in [(1/2-mu)^2, (1/2+mu)^2]; contains the Santha-Vazirani polytope
};

/// Probabilities of the setting pairs 00, 01, 10, 11 (x is the high bit), exact.
using SettingDistribution = std::array<mpq_class, 4>;

/// A linear score of one trial: what outcomes ab at settings xy earn, exact.
struct TrialScore {
  /// weight[2x+y][2a+b]
  std::array<std::array<mpq_class, 4>, 4> weight;

  /// One where a xor b = x and y, zero elsewhere: the win score of CHSH.
  static TrialScore win();
  /// mu_min on 0000 and -mu_max on the three losing events of Eberhard's inequality (the MDL value).
  static TrialScore mdl(const mpq_class& mu);
  bool is_win() const;
  bool operator==(const TrialScore&) const = default;
};

/// The claim: for every device, every state and every source allowed by (polytope, mu),
/// entropy >= slope * (expected score) + intercept, in bits a trial.
struct Statement {
  EntropyOf entropy = EntropyOf::both_outcomes;
  SettingPolytope polytope = SettingPolytope::santha_vazirani;
  mpq_class mu;
  TrialScore score;
  mpq_class slope;
  mpq_class intercept;
  bool operator==(const Statement&) const = default;
};

/// Part of the square of angles [0, pi]^2 that symmetry leaves to be looked at.
struct AngleDomain {
  bool ordered = false;  ///< only alpha <= beta: the parties may be swapped
  bool quarter = false;  ///< only alpha, beta <= pi/2: each setting bit may be flipped
  bool operator==(const AngleDomain&) const = default;
};

/// One setting distribution that a proof must cover, and over which angles.
struct SettingClass {
  SettingDistribution probability;
  AngleDomain domain;
  bool operator==(const SettingClass&) const = default;
};

/// All vertices of the polytope, each once.
std::vector<SettingDistribution> vertices(SettingPolytope polytope, const mpq_class& mu);

/// The classes that a proof of the statement has to cover, in the order in which the proof file lists them.
/// The entropy at fixed angles and state is linear in the distribution, so vertices suffice; for the win score, vertices that a relabelling
/// of settings and outcomes (or a swap of the parties) carries into one another count once.
std::vector<SettingClass> required_classes(const Statement& statement);

/// Largest expected score of local strategies, over all sources allowed: there the entropy may vanish.
mpq_class local_score(SettingPolytope polytope, const mpq_class& mu, const TrialScore& score);

/// How much the entropy at each setting pair counts: the distribution itself, or the pairs with x = 0 alone.
SettingDistribution entropy_weights(EntropyOf entropy, const SettingDistribution& distribution);

/// Why the parameters make no sense (bias outside [0, 1/2), negative slope); empty when they do.
std::string objection(const Statement& statement);

}  // namespace bellows::entropy
