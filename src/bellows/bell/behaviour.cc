#include "bellows/bell/behaviour.h"

#include <bit>
#include <cmath>
#include <numbers>

#include "bellows/bell/functional.h"

namespace bellows::bell {
namespace {

std::string show(double value) { return std::to_string(value); }
std::string show(const Rational& value) { return format_rational(value); }

template <class T>
T magnitude(const T& value) {
  return value < 0 ? T(-value) : value;
}

template <class T>
Status check(const Scenario& s, const std::vector<T>& table, const T& tolerance) {
  if (table.size() != s.table_size()) {
    return bad_input("the box has " + std::to_string(table.size()) + " probabilities, the scenario needs " +
                     std::to_string(s.table_size()));
  }
  for (std::size_t x = 0; x < s.joint_settings(); ++x) {
    T sum(0);
    for (std::size_t a = 0; a < s.outcomes(); ++a) {
      const T& p = table[s.table_index(a, x)];
      if (!(p >= T(-tolerance))) {
        return bad_input("P(" + s.format_outcome(a) + "|" + s.format_setting(x) + ") = " + show(p) + " is not a probability");
      }
      sum += p;
    }
    if (!(magnitude(T(sum - 1)) <= T(tolerance * T(static_cast<unsigned>(s.outcomes()))))) {
      return bad_input("the probabilities for settings " + s.format_setting(x) + " sum to " + show(sum) + ", not 1");
    }
  }
  for (std::size_t x = 0; x < s.joint_settings(); ++x) {
    for (int party = 0; party < s.parties(); ++party) {
      const int digit = s.setting_digit(x, party);
      if (digit == 0) continue;
      std::vector<int> digits;
      for (int p = 0; p < s.parties(); ++p) digits.push_back(p == party ? 0 : s.setting_digit(x, p));
      const std::size_t reference = s.joint_setting(digits);
      const std::size_t bit = std::size_t{1} << party;
      for (std::size_t a = 0; a < s.outcomes(); ++a) {
        if (a & bit) continue;
        const T here(table[s.table_index(a, x)] + table[s.table_index(a | bit, x)]);
        const T there(table[s.table_index(a, reference)] + table[s.table_index(a | bit, reference)]);
        const T gap = magnitude(T(here - there));
        if (gap > T(tolerance * 4)) {
          return bad_input("the box signals: party " + std::to_string(party + 1) + " moving from setting 0 to " +
                           std::to_string(digit) + " at settings " + s.format_setting(x) +
                           " changes a marginal of the others by " + show(gap));
        }
      }
    }
  }
  return {};
}

}  // namespace

Status check_no_signalling(const Behaviour& behaviour, double tolerance) {
  return check<double>(behaviour.scenario, behaviour.table, tolerance);
}

Status check_no_signalling(const Scenario& scenario, const RationalTable& table) {
  return check<Rational>(scenario, table, Rational(0));
}

Behaviour deterministic_box(const Scenario& scenario, const std::vector<std::vector<int>>& outcome_of) {
  Behaviour box{scenario, std::vector<double>(scenario.table_size(), 0.0)};
  for (std::size_t x = 0; x < scenario.joint_settings(); ++x) {
    std::size_t a = 0;
    for (int p = 0; p < scenario.parties(); ++p) {
      const int digit = scenario.setting_digit(x, p);
      if (outcome_of[static_cast<std::size_t>(p)][static_cast<std::size_t>(digit)]) a |= std::size_t{1} << p;
    }
    box.table[scenario.table_index(a, x)] = 1;
  }
  return box;
}

Behaviour parity_box(const Scenario& scenario, const std::vector<int>& parity_of_setting) {
  Behaviour box{scenario, std::vector<double>(scenario.table_size(), 0.0)};
  for (std::size_t x = 0; x < scenario.joint_settings(); ++x) {
    for (std::size_t a = 0; a < scenario.outcomes(); ++a) {
      const int parity = parity_of_setting[x];
      double p = 1.0 / static_cast<double>(scenario.outcomes());
      if (parity >= 0) p = (std::popcount(a) & 1) == parity ? 2 * p : 0;
      box.table[scenario.table_index(a, x)] = p;
    }
  }
  return box;
}

Behaviour pr_box() { return parity_box(chsh().scenario, {0, 0, 0, 1}); }

Result<Behaviour> chained_no_signalling_box(int settings_per_party) {
  BELLOWS_ASSIGN(const Functional f, chained(settings_per_party));
  const Scenario& s = f.scenario;
  std::vector<int> parity(s.joint_settings(), 0);
  parity[s.joint_setting({0, settings_per_party - 1})] = 1;
  return parity_box(s, parity);
}

Result<Behaviour> mermin_box_with_deterministic_party(int parties, int party, int outcome) {
  BELLOWS_ASSIGN(const Functional f, mermin(parties));
  if (party < 0 || party >= parties) return bad_input("there is no party " + std::to_string(party + 1));
  const Scenario& s = f.scenario;
  Behaviour box{s, std::vector<double>(s.table_size(), 0.0)};
  const std::size_t bit = std::size_t{1} << party;
  const double p = 2.0 / static_cast<double>(s.outcomes() / 2);
  for (std::size_t x = 0; x < s.joint_settings(); ++x) {
    // The others' joint parity may depend on this party's setting only through conditions that fix it; for each setting of the
    // others the party's two settings must give the others one marginal, so the parity is read from the setting that makes the weight odd.
    const std::size_t odd = in_mermin(x) ? x : x ^ bit;
    const int parity = mermin_parity(parties, odd) ^ outcome;
    for (std::size_t a = 0; a < s.outcomes(); ++a) {
      if (((a >> party) & 1U) != static_cast<std::size_t>(outcome)) continue;
      if ((std::popcount(a & ~bit) & 1) == parity) box.table[s.table_index(a, x)] = p;
    }
  }
  return box;
}

Behaviour mix(const Behaviour& first, const Behaviour& second, double weight) {
  Behaviour box = first;
  for (std::size_t i = 0; i < box.table.size(); ++i) box.table[i] = weight * first.table[i] + (1 - weight) * second.table[i];
  return box;
}

Behaviour with_outcome_noise(const Behaviour& behaviour, double flip) {
  Behaviour box = behaviour;
  const Scenario& s = box.scenario;
  for (std::size_t x = 0; x < s.joint_settings(); ++x) {
    for (std::size_t bit = 1; bit < s.outcomes(); bit *= 2) {
      for (std::size_t a = 0; a < s.outcomes(); ++a) {
        if (a & bit) continue;
        double& zero = box.table[s.table_index(a, x)];
        double& one = box.table[s.table_index(a | bit, x)];
        const double moved = flip * (one - zero);
        zero += moved;
        one -= moved;
      }
    }
  }
  return box;
}

Behaviour QubitExperiment::behaviour() const {
  Behaviour box{scenario, std::vector<double>(scenario.table_size(), 0.0)};
  std::vector<Amplitude> amplitudes;
  for (std::size_t x = 0; x < scenario.joint_settings(); ++x) {
    amplitudes = state;
    for (int p = 0; p < scenario.parties(); ++p) {
      const auto& basis = bases[static_cast<std::size_t>(p)][static_cast<std::size_t>(scenario.setting_digit(x, p))];
      const std::size_t bit = std::size_t{1} << p;
      for (std::size_t i = 0; i < amplitudes.size(); ++i) {
        if (i & bit) continue;
        const Amplitude zero = amplitudes[i];
        const Amplitude one = amplitudes[i | bit];
        amplitudes[i] = basis[0] * zero + basis[1] * one;
        amplitudes[i | bit] = basis[2] * zero + basis[3] * one;
      }
    }
    for (std::size_t a = 0; a < amplitudes.size(); ++a) box.table[scenario.table_index(a, x)] = std::norm(amplitudes[a]);
  }
  return box;
}

std::array<Amplitude, 4> plane_basis(double theta) {
  const double c = std::cos(theta / 2);
  const double s = std::sin(theta / 2);
  return {c, s, -s, c};
}

Result<QubitExperiment> ghz_experiment(int parties) {
  BELLOWS_ASSIGN(const Functional f, mermin(parties));
  QubitExperiment experiment;
  experiment.scenario = f.scenario;
  const double r = std::numbers::sqrt2 / 2;
  experiment.state.assign(f.scenario.outcomes(), 0.0);
  experiment.state.front() = r;
  experiment.state.back() = r;
  const std::array<Amplitude, 4> y = {r, Amplitude(0, -r), r, Amplitude(0, r)};
  const std::array<Amplitude, 4> x = {r, r, r, -r};
  experiment.bases.assign(static_cast<std::size_t>(parties), {y, x});
  return experiment;
}

QubitExperiment four_party_experiment() {
  QubitExperiment experiment;
  experiment.scenario = four_party().scenario;
  const double r = std::numbers::sqrt2 / 2;
  // (phi_- (x) phi~_+ + psi_+ (x) psi~_-)/sqrt 2, qubits 1 2 3 4 in bits 0 1 2 3.
  const double phi_minus[4] = {r, 0, 0, -r};
  const double psi_plus[4] = {0, r, r, 0};
  const double phi_tilde[4] = {0.5, 0.5, 0.5, -0.5};   // (|0+> + |1->)/sqrt 2
  const double psi_tilde[4] = {0.5, -0.5, -0.5, -0.5};  // (|0-> - |1+>)/sqrt 2
  experiment.state.assign(16, 0.0);
  for (std::size_t first = 0; first < 4; ++first) {
    for (std::size_t second = 0; second < 4; ++second) {
      // The kets are written left to right; the tables above count the left qubit as the high digit.
      const std::size_t q1 = first >> 1, q2 = first & 1, q3 = second >> 1, q4 = second & 1;
      experiment.state[q1 | q2 << 1 | q3 << 2 | q4 << 3] =
          r * (phi_minus[first] * phi_tilde[second] + psi_plus[first] * psi_tilde[second]);
    }
  }
  const std::array<Amplitude, 4> x = {r, r, r, -r};
  const std::array<Amplitude, 4> z = {1, 0, 0, 1};
  experiment.bases.assign(4, {x, z});
  return experiment;
}

Result<QubitExperiment> chained_experiment(int settings_per_party) {
  BELLOWS_ASSIGN(const Functional f, chained(settings_per_party));
  QubitExperiment experiment;
  experiment.scenario = f.scenario;
  const double r = std::numbers::sqrt2 / 2;
  experiment.state = {r, 0, 0, r};
  const double step = std::numbers::pi / (2.0 * settings_per_party);
  experiment.bases.resize(2);
  for (int i = 0; i < settings_per_party; ++i) {
    experiment.bases[0].push_back(plane_basis(step * 2 * i));
    experiment.bases[1].push_back(plane_basis(step * (2 * i + 1)));
  }
  return experiment;
}

}  // namespace bellows::bell
