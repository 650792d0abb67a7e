#pragma once

#include <string>
#include <string_view>

#include "bellows/bell/scenario.h"

namespace bellows::bell {

/// A Bell expression sum c(a,x) P(a|x) with exact coefficients, in the order of Scenario::table_index.
struct Functional {
  std::string name;
  Scenario scenario;
  RationalTable coefficients;

  double value(const std::vector<double>& behaviour_table) const;
  Rational value(const RationalTable& behaviour_table) const;
};

/// An expression with all coefficients zero.
Functional empty_functional(std::string name, const Scenario& scenario);

/// CHSH: the sum of the four probabilities of losing, a xor b != x y. Local bound: at least 1.
Functional chsh_losses();
/// CHSH as a correlator sum S (local bound 2, no-signalling 4).
Functional chsh();
/// Measurement-dependent locality: mu_min P(0000) - mu_max (P(0101) + P(1010) + P(0011)) in P(abxy), for
/// uniform settings (P(xy) = 1/4). At most 0 for local boxes. mu in [0, 1/2).
Result<Functional> mdl(const Rational& mu);
/// The chained (Braunstein-Caves) expression I_N with settings a = 0..N-1, b = 0..N-1 standing for the angles
/// 2a and 2b+1: P(x = y | a = 0, b = N-1) + sum over neighbours of P(x != y | a, b). Local bound: at least 1.
Result<Functional> chained(int settings_per_party);
/// Mermin for 3, 5 or 7 parties: the number of violated parity conditions over the joint settings with an odd
/// number of ones. For three and five parties the signs are those of the GHZ paradoxes as usually printed.
/// Local bounds 1, 6 and 28; quantum 0.
Result<Functional> mermin(int parties);
/// True if the joint setting (two settings each) appears in the Mermin expression.
bool in_mermin(std::size_t joint_setting);
/// The parity that the outcomes must have there: (parties - weight)/2 mod 2.
int mermin_parity(int parties, std::size_t joint_setting);
/// The four-party expression of the four-device protocol: for settings of weight one the outcomes must have odd
/// parity, for weight three even parity; the sum of the probabilities of failing. Local bound 2; quantum 0.
Functional four_party();

/// c(a,x) = 1 where the joint setting is x and `accept[a]`.
Functional outcome_event(const Scenario& scenario, std::size_t joint_setting, const std::vector<bool>& accept);

/// Plain text: see docs/format-functional.md. Errors: bad_input with the line number in the message.
Result<Functional> parse_functional(std::string_view text, const std::string& file = {});
std::string format_functional(const Functional& functional);
/// By name: chsh, chsh-losses, mdl:MU, chained:N, mermin:PARTIES, four-party.
Result<Functional> functional_by_name(std::string_view name);

}  // namespace bellows::bell
