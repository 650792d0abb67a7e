#include "bellows/bell/catalogue.h"

#include <bit>

namespace bellows::bell {
namespace {

/// The settings of the odd-weight expressions up to permutations inside {the parties that are read} and {the others}.
std::vector<std::size_t> mermin_classes(int parties, int read) {
  std::vector<std::size_t> classes;
  for (int inside = 0; inside <= read; ++inside) {
    for (int outside = 0; outside <= parties - read; ++outside) {
      if ((inside + outside) % 2 == 1) {
        classes.push_back(((std::size_t{1} << inside) - 1) | (((std::size_t{1} << outside) - 1) << read));
      }
    }
  }
  return classes;
}

NoSignallingProgram at_maximal_violation(const Functional& expression, std::size_t x, const std::vector<bool>& event) {
  return {outcome_event(expression.scenario, x, event), {{expression, Relation::equal, 0}}};
}

Result<std::vector<CatalogueCase>> majority_five() {
  BELLOWS_ASSIGN(const Functional f, mermin(5));
  std::vector<bool> event(32);
  for (std::size_t a = 0; a < 32; ++a) event[a] = std::popcount(a & 7U) < 2;
  std::vector<CatalogueCase> cases;
  for (std::size_t x : mermin_classes(5, 3)) {
    cases.push_back({"P(majority of the first three = 0 | settings " + f.scenario.format_setting(x) + ")",
                     at_maximal_violation(f, x, event), Rational(3, 4)});
  }
  return cases;
}

Result<std::vector<CatalogueCase>> weight_seven() {
  BELLOWS_ASSIGN(const Functional f, mermin(7));
  std::vector<bool> event(128);
  for (std::size_t a = 0; a < 128; ++a) {
    const int weight = std::popcount(a & 31U);
    event[a] = weight == 0 || weight == 3 || weight == 4;
  }
  std::vector<CatalogueCase> cases;
  for (std::size_t x : mermin_classes(7, 5)) {
    cases.push_back({"P(weight of the first five is 0, 3 or 4 | settings " + f.scenario.format_setting(x) + ")",
                     at_maximal_violation(f, x, event), Rational(2, 3)});
  }
  return cases;
}

Result<std::vector<CatalogueCase>> three_party() {
  BELLOWS_ASSIGN(const Functional f, mermin(3));
  std::vector<CatalogueCase> cases;
  for (std::size_t x = 0; x < 8; ++x) {
    if (!in_mermin(x)) continue;
    for (unsigned function = 0; function < 256; ++function) {
      if (std::popcount(function) != 4) continue;
      // Only outcomes of one parity occur; the value that Eve fixes is the one that at least two of those four have.
      std::vector<bool> event(8);
      int possible = 0;
      for (std::size_t a = 0; a < 8; ++a) {
        event[a] = ((function >> a) & 1U) == 0;
        if (event[a] && (std::popcount(a) & 1) == mermin_parity(3, x)) ++possible;
      }
      if (possible < 2) event.flip();
      std::string bits;
      for (std::size_t a = 0; a < 8; ++a) bits += ((function >> a) & 1U) ? '1' : '0';
      cases.push_back({"function " + bits + " = " + (possible < 2 ? "1" : "0") + " at settings " + f.scenario.format_setting(x),
                       at_maximal_violation(f, x, event), 1});
    }
  }
  return cases;
}

/// Delta is the unnormalised sum; 1/100 is small enough to lie on the first piece, and the dual holds for every delta.
constexpr long delta_denominator = 100;

std::vector<CatalogueCase> four_outcomes() {
  const Functional f = four_party();
  const Rational delta(1, delta_denominator);
  std::vector<CatalogueCase> cases;
  for (std::size_t x = 0; x < 16; ++x) {
    const bool listed = (std::popcount(x) & 1) == 1;
    for (std::size_t a = 0; a < 16; ++a) {
      std::vector<bool> event(16, false);
      event[a] = true;
      // An outcome of the parity that the expression punishes costs twice its probability.
      const bool punished = listed && (std::popcount(a) & 1) != (std::popcount(x) == 1 ? 1 : 0);
      const Rational expected = punished ? Rational(delta / 2) : listed ? Rational((1 + delta) / 3) : Rational(Rational(3, 10) + Rational(7, 20) * delta);
      cases.push_back({"P(" + f.scenario.format_outcome(a) + "|" + f.scenario.format_setting(x) + ")",
                       {outcome_event(f.scenario, x, event), {{f, Relation::at_most, delta}}}, expected});
    }
  }
  return cases;
}

std::vector<CatalogueCase> three_outcomes() {
  const Functional f = four_party();
  const Rational delta(1, delta_denominator);
  std::vector<CatalogueCase> cases;
  for (std::size_t x = 0; x < 16; ++x) {
    for (int left_out = 0; left_out < 4; ++left_out) {
      const std::size_t out = std::size_t{1} << left_out;
      for (std::size_t a = 0; a < 16; ++a) {
        if (a & out) continue;
        std::vector<bool> event(16, false);
        event[a] = event[a | out] = true;
        std::string pattern = f.scenario.format_outcome(a);
        pattern[static_cast<std::size_t>(left_out)] = '*';
        cases.push_back({"P(" + pattern + "|" + f.scenario.format_setting(x) + ")",
                         {outcome_event(f.scenario, x, event), {{f, Relation::at_most, delta}}},
                         (1 + Rational(5, 4) * delta) / 3});
      }
    }
  }
  return cases;
}

/// P(x|u) - light * (failures at one setting) - heavy * (failures at the seven others) <= 1/3 on all boxes: what a source with unequal
/// settings leaves of the bound. For all four outcomes, or any three.
std::vector<CatalogueCase> weighted_outcomes(bool three, const Rational& light, const Rational& heavy) {
  const Functional f = four_party();
  const Scenario& s = f.scenario;
  std::vector<CatalogueCase> cases;
  for (std::size_t rare = 0; rare < 16; ++rare) {
    if ((std::popcount(rare) & 1) == 0) continue;
    Functional base = f;
    for (std::size_t i = 0; i < base.coefficients.size(); ++i) {
      if (f.coefficients[i] != 0) base.coefficients[i] = (i >> s.parties()) == rare ? Rational(-light) : Rational(-heavy);
    }
    for (std::size_t x = 0; x < 16; ++x) {
      for (int left_out = three ? 0 : 4; left_out < (three ? 4 : 5); ++left_out) {
        const std::size_t out = three ? std::size_t{1} << left_out : 0;
        for (std::size_t a = 0; a < 16; ++a) {
          if (a & out) continue;
          Functional objective = base;
          objective.coefficients[s.table_index(a, x)] += 1;
          std::string pattern = s.format_outcome(a);
          if (three) {
            objective.coefficients[s.table_index(a | out, x)] += 1;
            pattern[static_cast<std::size_t>(left_out)] = '*';
          }
          cases.push_back({"P(" + pattern + "|" + s.format_setting(x) + ") - " + format_rational(light) + " x failures at " + s.format_setting(rare) +
                               " - " + format_rational(heavy) + " x the others",
                           {std::move(objective), {}}, Rational(1, 3), true});
        }
      }
    }
  }
  return cases;
}

Result<std::vector<CatalogueCase>> chained_guessing(int size) {
  std::vector<CatalogueCase> cases;
  for (int n = size > 0 ? size : 2; n <= (size > 0 ? size : 8); ++n) {
    BELLOWS_ASSIGN(const Functional f, chained(n));
    const Rational value(1, 10);
    cases.push_back({"P(first outcome = 0 | first setting 0) at I_" + std::to_string(n) + " <= 1/10",
                     {outcome_event(f.scenario, 0, {true, false, true, false}), {{f, Relation::at_most, value}}},
                     (1 + value) / 2});
  }
  return cases;
}

}  // namespace

const std::vector<CatalogueEntry>& catalogue() {
  static const std::vector<CatalogueEntry> entries = {
      {"majority-five", "Gallego et al., Theorem 1: five-party Mermin at 0, majority of three outcomes, every class of settings: 3/4"},
      {"weight-seven", "Gallego et al., appendix E: seven parties, a function of five outcomes by weight (0, 3 or 4): 2/3"},
      {"three-party", "three-party Mermin at 0: every unbiased function of the three outcomes can be fixed"},
      {"four-outcomes", "Brandao et al., Lemma 11: any outcome of the four-party box at B.P <= delta: (1 + delta)/3, and 3/10 + 7 delta/20"},
      {"three-outcomes", "any three outcomes of the four-party box at B.P <= delta: (1 + 5 delta/4)/3"},
      {"four-weighted", "any outcome of the four-party box: P(x|u) <= 1/3 + 1/12 (failures at any one setting) + 7/12 (at the seven others)"},
      {"three-weighted", "any three outcomes: P(x|u) <= 1/3 + 1/6 (failures at any one setting) + 2/3 (at the seven others)"},
      {"chained", "Colbeck and Renner, Lemma 1; Masanes et al., eq. (9): P(x|a) <= (1 + I_N)/2"},
  };
  return entries;
}

Result<std::vector<CatalogueCase>> catalogue_cases(const std::string& name, int size) {
  if (name == "majority-five") return majority_five();
  if (name == "weight-seven") return weight_seven();
  if (name == "three-party") return three_party();
  if (name == "four-outcomes") return four_outcomes();
  if (name == "three-outcomes") return three_outcomes();
  if (name == "four-weighted") return weighted_outcomes(false, Rational(1, 12), Rational(7, 12));
  if (name == "three-weighted") return weighted_outcomes(true, Rational(1, 6), Rational(2, 3));
  if (name == "chained") return chained_guessing(size);
  std::string known;
  for (const CatalogueEntry& entry : catalogue()) known += (known.empty() ? "" : ", ") + entry.name;
  return bad_input("there is no catalogue entry '" + name + "'; there are " + known);
}

}  // namespace bellows::bell
