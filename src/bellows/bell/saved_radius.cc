#include "bellows/bell/guess_radius.h"
#include "bellows/bell/json_tables.h"

namespace bellows::bell {
namespace {

using nlohmann::json;

constexpr const char* format_name = "bellows-guess-radius";

Result<SavedRadius> parse_one(const json& entry) {
  SavedRadius saved;
  if (entry.is_object() && entry.contains("title") && entry["title"].is_string()) saved.title = entry["title"].get<std::string>();
  BELLOWS_ASSIGN(const Scenario s, scenario_member(entry));
  const auto table = [&](const char* key) -> Result<RationalTable> {
    BELLOWS_ASSIGN(const json* list, member(entry, key));
    return table_from_json(s, *list);
  };
  BELLOWS_ASSIGN(RationalTable event0, table("event0"));
  BELLOWS_ASSIGN(RationalTable event1, table("event1"));
  BELLOWS_ASSIGN(RationalTable expression, table("expression"));
  saved.problem = {{"event0", s, std::move(event0)}, {"event1", s, std::move(event1)}, {"expression", s, std::move(expression)}};
  BELLOWS_ASSIGN(saved.radius.alpha, rational_member(entry, "alpha"));
  BELLOWS_ASSIGN(saved.radius.beta, rational_member(entry, "beta"));
  BELLOWS_ASSIGN(saved.radius.gamma0, table("gamma0"));
  BELLOWS_ASSIGN(saved.radius.gamma1, table("gamma1"));
  BELLOWS_ASSIGN(saved.radius.omega, table("omega"));
  if (entry.contains("gamma")) {
    BELLOWS_ASSIGN(Rational gamma, rational_member(entry, "gamma"));
    if (gamma < 0 || gamma > 1) return bad_input("'gamma' lies between 0 and 1");
    saved.gamma = std::move(gamma);
  }
  return saved;
}

Result<json> document_of(const std::string& text, const std::string& file) {
  try {
    return json::parse(text);
  } catch (const json::exception&) {
    return bad_input("not JSON", file);
  }
}

}  // namespace

std::string format_guess_radii(const std::vector<SavedRadius>& list) {
  json document = {{"format", format_name}, {"version", 1}, {"certificates", json::array()}};
  for (const SavedRadius& saved : list) {
    const Scenario& s = saved.problem.expression.scenario;
    json entry = {{"title", saved.title},
                  {"settings", s.settings()},
                  {"event0", table_to_json(s, saved.problem.event0.coefficients)},
                  {"event1", table_to_json(s, saved.problem.event1.coefficients)},
                  {"expression", table_to_json(s, saved.problem.expression.coefficients)},
                  {"alpha", format_rational(saved.radius.alpha)},
                  {"beta", format_rational(saved.radius.beta)},
                  {"gamma0", table_to_json(s, saved.radius.gamma0)},
                  {"gamma1", table_to_json(s, saved.radius.gamma1)},
                  {"omega", table_to_json(s, saved.radius.omega)}};
    if (saved.gamma) entry["gamma"] = format_rational(*saved.gamma);
    document["certificates"].push_back(std::move(entry));
  }
  return document.dump() + "\n";
}

bool is_guess_radii(const std::string& text) {
  const auto document = json::parse(text, nullptr, false);
  return document.is_object() && document.contains("format") && document["format"] == format_name;
}

Result<std::vector<SavedRadius>> parse_guess_radii(const std::string& text, const std::string& file) {
  BELLOWS_ASSIGN(const json document, document_of(text, file));
  BELLOWS_ASSIGN(const json* format, member(document, "format"));
  if (*format != format_name) return bad_input("'format' is not 'bellows-guess-radius'", file);
  BELLOWS_ASSIGN(const json* version, member(document, "version"));
  if (*version != 1) return bad_input("this program reads version 1 of these certificates", file);
  BELLOWS_ASSIGN(const json* list, member(document, "certificates"));
  if (!list->is_array() || list->empty() || list->size() > 10000) return bad_input("'certificates' must be a list of 1 to 10000", file);
  std::vector<SavedRadius> result;
  for (const json& entry : *list) {
    Result<SavedRadius> saved = parse_one(entry);
    if (!saved) {
      Error error = saved.error();
      error.file = file;
      return error;
    }
    result.push_back(std::move(*saved));
  }
  return result;
}

Status check_saved_radius(const SavedRadius& saved) {
  BELLOWS_TRY(check_guess_radius(saved.problem, saved.radius));
  return saved.gamma ? check_single_terms(saved.radius, *saved.gamma) : Status();
}

}  // namespace bellows::bell
