#include "bellows/cli/bound_words.h"

#include <fmt/format.h>

#include <cmath>

#include "bellows/bell/catalogue.h"

namespace bellows::cli {

using namespace bellows::bell;

std::string decimals(const Rational& value) {
  const double nearest = value.get_d();
  if (std::isfinite(nearest) && (nearest != 0 || value == 0)) return fmt::format("{:.9g}", nearest);
  char text[64];
  gmp_snprintf(text, sizeof text, "%.8Fe", mpf_class(value, 128).get_mpf_t());
  return text;
}

std::string brief(const Rational& value) {
  const std::string text = format_rational(value);
  return text.size() <= 24 ? text : "about " + decimals(value);
}

std::string describe(const Scenario& s, const RationalTable& table) {
  std::vector<std::size_t> terms;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i] != 0) terms.push_back(i);
  }
  if (terms.empty()) return "0";
  for (const char* name : {"chsh", "chsh-losses", "mermin:3", "mermin:5", "mermin:7", "four-party"}) {
    const auto known = functional_by_name(name);
    if (known && known->scenario == s && known->coefficients == table) return name;
  }
  if (s.parties() == 2 && s.settings_of(0) == s.settings_of(1) && s.settings_of(0) <= 64) {
    const std::string name = "chained:" + std::to_string(s.settings_of(0));
    if (const auto known = functional_by_name(name); known && known->scenario == s && known->coefficients == table) return name;
  }
  const std::size_t setting = terms.front() >> s.parties();
  bool event = true;
  for (const std::size_t i : terms) event = event && table[i] == 1 && i >> s.parties() == setting;
  if (terms.size() > 8 && !event) return fmt::format("a sum of {} probabilities with coefficients of their own", terms.size());
  std::string text;
  for (std::size_t k = 0; k < terms.size() && k < 16; ++k) {
    const std::string outcome = s.format_outcome(terms[k] & (s.outcomes() - 1));
    if (event) text += (text.empty() ? "" : " or ") + outcome;
    else text += fmt::format("{}{} P({}|{})", text.empty() ? "" : " + ", brief(table[terms[k]]), outcome, s.format_setting(terms[k] >> s.parties()));
  }
  if (terms.size() > 16) text += fmt::format(" or {} more", terms.size() - 16);
  return event ? "P(" + text + "|" + s.format_setting(setting) + ")" : text;
}

std::string describe(const NoSignallingProgram& program) {
  const Scenario& s = program.objective.scenario;
  std::string text = describe(s, program.objective.coefficients);
  for (std::size_t k = 0; k < program.constraints.size() && k < 4; ++k) {
    const BellConstraint& c = program.constraints[k];
    text += fmt::format("{}{} {} {}", k == 0 ? " given " : " and ", describe(s, c.functional.coefficients), c.relation == Relation::equal ? "=" : "<=", brief(c.right_hand_side));
  }
  if (program.constraints.size() > 4) text += fmt::format(" and {} more constraints", program.constraints.size() - 4);
  return text;
}

nlohmann::json as_json(const NoSignallingBound& bound) {
  nlohmann::json result = {{"value", format_rational(bound.bound.value)},
                 {"constant", format_rational(bound.bound.constant)},
                 {"value_decimal", bound.bound.value.get_d()},
                 {"exact_identity", bound.bound.exact_identity},
                 {"tight", bound.tight()}};
  result["multipliers"] = nlohmann::json::array();
  for (const Rational& m : bound.bound.multipliers) result["multipliers"].push_back(format_rational(m));
  if (bound.variables != 0) {
    result["variables"] = bound.variables;
    result["rows"] = bound.rows;
  }
  return result;
}

std::string sentence(const NoSignallingBound& bound) {
  std::string text = brief(bound.bound.value);
  if (!bound.bound.multipliers.empty() && bound.bound.multipliers[0] != 0 && bound.bound.exact_identity) {
    text += " = " + brief(bound.bound.constant) + " + " + brief(bound.bound.multipliers[0]) + " x (right-hand side)";
  }
  return text + (bound.tight() ? ", tight" : bound.bound.exact_identity ? ", proved from above" : ", proved from above with rounding paid");
}

}  // namespace bellows::cli
