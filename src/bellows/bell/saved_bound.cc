#include "bellows/base/json_number.h"
#include "bellows/bell/json_tables.h"
#include "bellows/bell/no_signalling.h"

namespace bellows::bell {
namespace {

using nlohmann::json;

/// Correlators by their index in Scenario: mixed radix, digit 0 for a party that takes no part, else its setting plus 1.
json box_to_json(const RationalTable& correlators) {
  json entries = json::array();
  for (std::size_t c = 0; c < correlators.size(); ++c) {
    if (correlators[c] != 0) entries.push_back({c, format_rational(correlators[c])});
  }
  return entries;
}

Result<RationalTable> box_from_json(const Scenario& s, const json& entries) {
  RationalTable correlators(s.correlators(), Rational(0));
  if (!entries.is_array()) return bad_input("a box must be a list of [correlator, number]");
  for (const json& entry : entries) {
    const auto index = entry.is_array() && entry.size() == 2 ? whole_number<std::size_t>(entry[0]) : std::nullopt;
    if (!index || *index >= s.correlators() || !entry[1].is_string()) {
      return bad_input("a correlator must be [index, number], the index below " + std::to_string(s.correlators()));
    }
    BELLOWS_ASSIGN(Rational value, parse_rational(entry[1].get_ref<const std::string&>()));
    correlators[*index] = std::move(value);
  }
  return correlators;
}

Result<SavedBound> parse_document(const json& document) {
  BELLOWS_ASSIGN(const json* format, member(document, "format"));
  if (*format != "bellows-bound") return bad_input("this is not a saved bound ('format' is not 'bellows-bound')");
  BELLOWS_ASSIGN(const json* version, member(document, "version"));
  if (*version != 1) return bad_input("this program reads version 1 of saved bounds");
  BELLOWS_ASSIGN(const Scenario s, scenario_member(document));
  SavedBound saved;
  if (document.contains("title") && document["title"].is_string()) saved.title = document["title"].get<std::string>();
  BELLOWS_ASSIGN(const json* objective, member(document, "maximise"));
  BELLOWS_ASSIGN(RationalTable objective_table, table_from_json(s, *objective));
  saved.program.objective = {"objective", s, std::move(objective_table)};
  BELLOWS_ASSIGN(const json* constraints, member(document, "constraints"));
  if (!constraints->is_array()) return bad_input("'constraints' must be a list");
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;
  if (const std::uint64_t needed = constraints->size() * s.table_size() * sizeof(Rational); needed > most_bytes) {
    return bad_input(std::to_string(constraints->size()) + " constraints on this scenario are too many", {}, std::nullopt,
                     "at most " + std::to_string(most_bytes >> 20) + " MiB", std::to_string(needed >> 20) + " MiB");
  }
  for (const json& entry : *constraints) {
    BELLOWS_ASSIGN(const json* expression, member(entry, "expression"));
    BELLOWS_ASSIGN(RationalTable table, table_from_json(s, *expression));
    BELLOWS_ASSIGN(const json* relation, member(entry, "relation"));
    if (*relation != "=" && *relation != "<=") return bad_input("a relation is '=' or '<='");
    BELLOWS_ASSIGN(Rational side, rational_member(entry, "right_hand_side"));
    BELLOWS_ASSIGN(Rational multiplier, rational_member(entry, "multiplier"));
    saved.program.constraints.push_back(
        {{"constraint", s, std::move(table)}, *relation == "=" ? Relation::equal : Relation::at_most, std::move(side)});
    saved.dual.multipliers.push_back(std::move(multiplier));
  }
  BELLOWS_ASSIGN(const json* weights, member(document, "weights"));
  BELLOWS_ASSIGN(saved.dual.weights, table_from_json(s, *weights));
  BELLOWS_ASSIGN(saved.claimed_value, rational_member(document, "value"));
  if (document.contains("attaining_box")) {
    BELLOWS_ASSIGN(RationalTable box, box_from_json(s, document["attaining_box"]));
    saved.attaining_box = std::move(box);
  }
  return saved;
}

}  // namespace

std::string format_bound(const NoSignallingProgram& program, const NoSignallingBound& bound, const std::string& title) {
  const Scenario& s = program.objective.scenario;
  json document = {{"format", "bellows-bound"}, {"version", 1}, {"title", title}, {"settings", s.settings()}};
  document["value"] = format_rational(bound.bound.value);
  document["maximise"] = table_to_json(s, program.objective.coefficients);
  document["constraints"] = json::array();
  for (std::size_t k = 0; k < program.constraints.size(); ++k) {
    const BellConstraint& constraint = program.constraints[k];
    document["constraints"].push_back({{"expression", table_to_json(s, constraint.functional.coefficients)},
                                       {"relation", constraint.relation == Relation::equal ? "=" : "<="},
                                       {"right_hand_side", format_rational(constraint.right_hand_side)},
                                       {"multiplier", format_rational(bound.dual.multipliers[k])}});
  }
  document["weights"] = table_to_json(s, bound.dual.weights);
  if (bound.attaining_box) document["attaining_box"] = box_to_json(*bound.attaining_box);
  return document.dump(1) + "\n";
}

Result<SavedBound> parse_bound(const std::string& text, const std::string& file) {
  json document;
  try {
    document = json::parse(text);
  } catch (const json::exception&) {
    return bad_input("not JSON", file);
  }
  Result<SavedBound> saved = parse_document(document);
  if (!saved) {
    Error error = saved.error();
    error.file = file;
    return error;
  }
  return saved;
}

Result<NoSignallingBound> check_saved(const SavedBound& saved) {
  NoSignallingBound bound;
  BELLOWS_ASSIGN(bound.bound, check_bound(saved.program, saved.dual));
  if (bound.bound.value > saved.claimed_value) {
    return refused("the file claims " + format_rational(saved.claimed_value) + ", but its dual proves only " +
                   format_rational(bound.bound.value));
  }
  bound.dual = saved.dual;
  if (saved.attaining_box) {
    BELLOWS_ASSIGN(bound.attained, check_box(saved.program, *saved.attaining_box));
    bound.attaining_box = saved.attaining_box;
  }
  return bound;
}

}  // namespace bellows::bell
