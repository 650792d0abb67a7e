#pragma once

#include <array>
#include <complex>

#include "bellows/bell/scenario.h"

namespace bellows::bell {

/// A box: probabilities P(a|x) in the order of Scenario::table_index, in floating point.
struct Behaviour {
  Scenario scenario;
  std::vector<double> table;

  double probability(std::size_t outcome, std::size_t joint_setting) const {
    return table[scenario.table_index(outcome, joint_setting)];
  }
};

/// Refuses what is not a no-signalling box, within `tolerance`.
/// Errors: bad_input: a probability below 0; a joint setting whose probabilities do not sum to one; a party whose
/// choice shows in the marginal of the others (names the party, its two settings and by how much).
Status check_no_signalling(const Behaviour& behaviour, double tolerance = 1e-9);
Status check_no_signalling(const Scenario& scenario, const RationalTable& table);

/// outcome_of[party][setting] in {0, 1}.
Behaviour deterministic_box(const Scenario& scenario, const std::vector<std::vector<int>>& outcome_of);
/// One parity condition for each joint setting (0, 1, or -1 for none): outcomes uniform on what the condition allows.
/// With four or more parties these are the Svetlichny-like boxes; for two parties and the CHSH condition it is the PR box.
Behaviour parity_box(const Scenario& scenario, const std::vector<int>& parity_of_setting);
Behaviour pr_box();
/// The chained expression at its algebraic value 0.
Result<Behaviour> chained_no_signalling_box(int settings_per_party);
/// All Mermin conditions satisfied with `party` answering `outcome` whatever its setting and the others sharing a parity box.
Result<Behaviour> mermin_box_with_deterministic_party(int parties, int party, int outcome);
/// weight * first + (1 - weight) * second.
Behaviour mix(const Behaviour& first, const Behaviour& second, double weight);
/// Every party's outcome flipped with probability `flip`, independently.
Behaviour with_outcome_noise(const Behaviour& behaviour, double flip);

using Amplitude = std::complex<double>;

/// A pure state of one qubit for each party (party 0 is the lowest bit of the index) and, for each party and setting, the
/// measurement basis as the two rows <0'|, <1'| (already conjugated): row-major 2x2.
struct QubitExperiment {
  Scenario scenario;
  std::vector<Amplitude> state;
  std::vector<std::vector<std::array<Amplitude, 4>>> bases;

  Behaviour behaviour() const;
};

/// Measurement along cos(theta) Z + sin(theta) X.
std::array<Amplitude, 4> plane_basis(double theta);
/// Setting 0 measures Y and setting 1 measures X on (|0..0> + |1..1>)/sqrt 2: reaches 0 on mermin(parties).
Result<QubitExperiment> ghz_experiment(int parties);
/// The four-qubit state that reaches 0 on four_party(): settings 0 measure X, settings 1 measure Z.
QubitExperiment four_party_experiment();
/// (|00> + |11>)/sqrt 2 at angles pi a / N and pi (2b+1) / (2N): I_N = 2N sin^2(pi / 4N).
Result<QubitExperiment> chained_experiment(int settings_per_party);

}  // namespace bellows::bell
