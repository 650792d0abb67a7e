#include "bellows/bell/json_tables.h"

#include "bellows/base/json_number.h"

namespace bellows::bell {

using nlohmann::json;

json table_to_json(const Scenario& s, const RationalTable& table) {
  json entries = json::array();
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i] == 0) continue;
    entries.push_back({s.format_outcome(i & (s.outcomes() - 1)), s.format_setting(i >> s.parties()), format_rational(table[i])});
  }
  return entries;
}

Result<RationalTable> table_from_json(const Scenario& s, const json& entries) {
  RationalTable table(s.table_size(), Rational(0));
  if (!entries.is_array()) return bad_input("a table must be a list of [outcomes, settings, number]");
  for (const json& entry : entries) {
    if (!entry.is_array() || entry.size() != 3 || !entry[0].is_string() || !entry[1].is_string() || !entry[2].is_string()) {
      return bad_input("a table entry must be [outcomes, settings, number], all strings");
    }
    BELLOWS_ASSIGN(const std::size_t a, s.parse_outcome(entry[0].get_ref<const std::string&>()));
    BELLOWS_ASSIGN(const std::size_t x, s.parse_setting(entry[1].get_ref<const std::string&>()));
    BELLOWS_ASSIGN(Rational value, parse_rational(entry[2].get_ref<const std::string&>()));
    Rational& place = table[s.table_index(a, x)];
    if (place != 0) return bad_input("the same table entry stands twice");
    place = std::move(value);
  }
  return table;
}

Result<const json*> member(const json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) return bad_input(std::string("'") + key + "' is missing");
  return &object[key];
}

Result<Rational> rational_member(const json& object, const char* key) {
  BELLOWS_ASSIGN(const json* value, member(object, key));
  if (!value->is_string()) return bad_input(std::string("'") + key + "' must be a number in a string");
  return parse_rational(value->get_ref<const std::string&>());
}

Result<Scenario> scenario_member(const json& object) {
  BELLOWS_ASSIGN(const json* settings, member(object, "settings"));
  std::vector<int> counts;
  if (!settings->is_array() || settings->size() > 64) return bad_input("'settings' must be a list of numbers");
  for (const json& count : *settings) {
    const auto number = whole_number<int>(count, 0, 1000000);
    if (!number) return bad_input("'settings' must be a list of numbers");
    counts.push_back(*number);
  }
  return Scenario::make(std::move(counts));
}

}  // namespace bellows::bell
