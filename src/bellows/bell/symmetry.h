#pragma once

#include "bellows/bell/functional.h"

namespace bellows::bell {

/// A relabelling of parties, settings and outcomes that maps no-signalling boxes to no-signalling boxes, for scenarios with
/// two settings each. Party p goes to party_to[p]; its setting s becomes s xor setting_flip bit p; its outcome is flipped by
/// outcome_flip[s] bit p (read with the old setting).
struct Relabelling {
  std::vector<int> party_to;
  std::uint32_t setting_flip = 0;
  std::uint32_t outcome_flip[2] = {0, 0};

  /// Where each table entry goes.
  std::vector<std::size_t> on_table(const Scenario& scenario) const;
};

/// Relabellings of the kinds {one transposition of parties or none} x setting flips x outcome flips that leave every one of the
/// functionals unchanged; each returned one has been checked on all entries. When `target` names a joint setting, only setting
/// flips that keep it are tried. Nothing that is proved rests on the list being complete.
/// Empty for scenarios with other than two settings a party.
std::vector<Relabelling> find_symmetries(const std::vector<const Functional*>& functionals, const std::size_t* target);

/// Orbits of table entries, and orbits of correlators with signs, under a list of relabellings.
struct Orbits {
  std::vector<std::uint32_t> entry_orbit;          ///< orbit of each table entry
  std::vector<std::size_t> entry_representative;   ///< one entry of each orbit
  std::vector<std::uint32_t> entry_count;          ///< entries in each orbit
  std::vector<std::int32_t> correlator_orbit;      ///< orbit of each correlator; -1: zero in every symmetric box
  std::vector<std::int8_t> correlator_sign;        ///< its sign relative to the orbit's value
  std::size_t correlator_orbits = 0;               ///< orbit 0 is the constant
};

Orbits find_orbits(const Scenario& scenario, const std::vector<Relabelling>& generators);

}  // namespace bellows::bell
