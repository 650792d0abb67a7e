#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bellows {

/// What the JSON library found, in words for people who have never heard of it.
inline std::string in_words(const nlohmann::json::exception& problem) {
  const std::string text = problem.what();
  if (dynamic_cast<const nlohmann::json::parse_error*>(&problem) != nullptr) return "it is not JSON";
  if (dynamic_cast<const nlohmann::json::out_of_range*>(&problem) != nullptr) {
    const std::size_t open = text.find('\''), close = text.rfind('\'');
    if (problem.id == 403 && open < close) return text.substr(open, close - open + 1) + " is missing";
    return "a value is missing or out of range";
  }
  if (dynamic_cast<const nlohmann::json::type_error*>(&problem) != nullptr) {
    const std::size_t is = text.rfind("but is ");
    return is == std::string::npos ? "a value is of the wrong type"
                                   : "a value is of the wrong type, " + text.substr(is + 7);
  }
  return "a value does not fit";
}

}  // namespace bellows
