#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bellows/base/result.h"
#include "bellows/numeric/exact.h"

namespace bellows::plan {

/// Parses a JSON document that decides something: a key that stands twice in one object is an error, because two
/// readers may take different ones of them, and so is nesting deeper than 64. In:     what, origin: what the document
/// is and where it comes from, for the message. Errors: bad_input: no JSON, with the offset; a key twice; nested too
/// deep.
Result<nlohmann::json> parse_json(std::string_view text, const std::string& what, const std::string& origin);

/// Reads one JSON object with a fixed set of keys; the first thing that is wrong stays and comes out of finish().
class JsonReader {
 public:
  JsonReader(const nlohmann::json& object, std::string where, std::string origin);

  std::string text(const char* key);
  bool boolean(const char* key);
  std::uint64_t whole_number(const char* key);
  /// A list, each entry within [least, most].
  std::vector<std::int64_t> whole_numbers(const char* key, std::int64_t least, std::int64_t most);
  double number(const char* key);  ///< finite
  numeric::Exact exact(const char* key);
  std::vector<std::string> texts(const char* key);
  /// An empty object (array) stands in for a missing one.
  const nlohmann::json& object(const char* key);
  const nlohmann::json& array(const char* key);
  void ignore(const char* key) { asked_.emplace_back(key); }  ///< a key that may stand there and is not needed
  bool has(const char* key) const { return object_.is_object() && object_.contains(key); }

  /// Takes the value of a Result, or notes its error under this object's name.
  template <class T>
  T take(Result<T> result) {
    if (result.ok()) return std::move(result).value();
    fail(result.error().message, result.error().expected, result.error().got);
    return T{};
  }
  void fail(const std::string& what, std::string expected, std::string got);
  /// Errors: bad_input: the first failure, or a key that nobody asked for.
  Status finish();

 private:
  const nlohmann::json* find(const char* key);
  const nlohmann::json& typed(const char* key, bool array);

  const nlohmann::json& object_;
  std::string where_, origin_;
  std::vector<std::string> asked_;
  std::optional<Error> error_;
};

}  // namespace bellows::plan
