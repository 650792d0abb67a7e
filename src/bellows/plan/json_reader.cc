#include "bellows/plan/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "bellows/base/json_number.h"

namespace bellows::plan {

using nlohmann::json;

Result<json> parse_json(std::string_view text, const std::string& what, const std::string& origin) {
  constexpr int deepest = 64;
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  std::optional<std::string> twice;
  bool too_deep = false;
  auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > deepest) too_deep = true;
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.empty() && !keys.back().insert(parsed.get<std::string>()).second)
      twice = parsed.get<std::string>();
    return !too_deep;  // what lies deeper is thrown away while it is read
  };
  json document;
  try {
    document = json::parse(text.begin(), text.end(), watch);
  } catch (const json::parse_error& error) {
    return bad_input(what + " is not valid JSON", origin, error.byte == 0 ? 0 : error.byte - 1, "JSON",
                     text.empty() ? "nothing" : "something else");
  } catch (const json::exception&) {
    return bad_input(what + " is not valid JSON", origin, 0, "JSON", "a number out of range");
  }
  if (too_deep)
    return bad_input(what + " is nested too deep", origin, std::nullopt, fmt::format("at most {}", deepest), "more");
  if (twice) return bad_input(what + " has a key twice", origin, std::nullopt, "every key once", *twice);
  return document;
}

JsonReader::JsonReader(const json& object, std::string where, std::string origin)
    : object_(object), where_(std::move(where)), origin_(std::move(origin)) {
  if (!object.is_object()) fail("is not an object", "an object", object.type_name());
}

const json* JsonReader::find(const char* key) {
  if (!object_.is_object()) return nullptr;
  asked_.emplace_back(key);
  auto found = object_.find(key);
  if (found != object_.end()) return &*found;
  fail(fmt::format("{} is missing", key), key, "nothing");
  return nullptr;
}

std::string JsonReader::text(const char* key) {
  const json* value = find(key);
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  fail(fmt::format("{} is not a string", key), "a string", value->type_name());
  return {};
}

bool JsonReader::boolean(const char* key) {
  const json* value = find(key);
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  fail(fmt::format("{} is not a truth value", key), "true or false", value->type_name());
  return false;
}

std::uint64_t JsonReader::whole_number(const char* key) {
  const json* value = find(key);
  if (value == nullptr) return 0;
  if (auto number = bellows::whole_number<std::uint64_t>(*value)) return *number;
  fail(fmt::format("{} is not a whole number", key), "a whole number of at least 0", value->type_name());
  return 0;
}

std::vector<std::int64_t> JsonReader::whole_numbers(const char* key, std::int64_t least, std::int64_t most) {
  std::vector<std::int64_t> all;
  for (const json& entry : array(key)) {
    auto number = bellows::whole_number<std::int64_t>(entry, least, most);
    if (!number) {
      fail(fmt::format("{} holds something that is no whole number, or one out of range", key),
           fmt::format("whole numbers from {} to {}", least, most), entry.dump().substr(0, 60));
      break;
    }
    all.push_back(*number);
  }
  return all;
}

double JsonReader::number(const char* key) {
  const json* value = find(key);
  if (value == nullptr) return 0;
  if (value->is_number() && std::isfinite(value->get<double>())) return value->get<double>();
  fail(fmt::format("{} is not a number", key), "a number", value->type_name());
  return 0;
}

numeric::Exact JsonReader::exact(const char* key) {
  std::string written = text(key);
  if (error_) return {};
  auto value = numeric::Exact::parse(written);
  if (value.ok()) return *value;
  fail(fmt::format("{} is not an exact number", key), value.error().expected, value.error().got);
  return {};
}

std::vector<std::string> JsonReader::texts(const char* key) {
  std::vector<std::string> all;
  for (const json& entry : array(key)) {
    if (!entry.is_string()) {
      fail(fmt::format("{} holds something that is not a string", key), "strings", entry.type_name());
      break;
    }
    all.push_back(entry.get<std::string>());
  }
  return all;
}

const json& JsonReader::typed(const char* key, bool array) {
  static const json no_object = json::object(), no_array = json::array();
  const json* value = find(key);
  if (value != nullptr && (array ? value->is_array() : value->is_object())) return *value;
  if (value != nullptr)
    fail(fmt::format("{} has the wrong type", key), array ? "a list" : "an object", value->type_name());
  return array ? no_array : no_object;
}

const json& JsonReader::object(const char* key) { return typed(key, false); }
const json& JsonReader::array(const char* key) { return typed(key, true); }

void JsonReader::fail(const std::string& what, std::string expected, std::string got) {
  if (!error_)
    error_ = bad_input(fmt::format("{}: {}", where_, what), origin_, std::nullopt, std::move(expected), std::move(got));
}

Status JsonReader::finish() {
  if (!error_)
    for (const auto& [key, value] : object_.items())
      if (std::find(asked_.begin(), asked_.end(), key) == asked_.end())
        fail("has an unknown key", fmt::format("one of: {}", fmt::join(asked_, ", ")),
             fmt::format("\"{}\"", key.substr(0, 60)));
  return error_ ? Status(*error_) : Status();
}

}  // namespace bellows::plan
