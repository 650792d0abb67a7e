#pragma once

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "bellows/base/count.h"
#include "bellows/base/result.h"
#include "bellows/numeric/exact.h"

namespace bellows::plan {

using numeric::Exact;

/// Errors: bad_input: not TOML; names the line.
inline Result<toml::table> parse_toml(std::string_view text, const std::string& origin) {
  try {
    return toml::table(toml::parse(text));
  } catch (const toml::parse_error& error) {  // the library's only way to say so; it stops here
    return bad_input(fmt::format("not valid TOML: {}, line {}", error.description(), error.source().begin.line),
                     origin);
  }
}

/// One TOML table with a fixed set of keys. A missing key is no mistake here: plan files are short.
class TomlReader {
 public:
  TomlReader(const toml::table* table, std::string where, const std::string& origin)
      : table_(table), where_(std::move(where)), origin_(origin) {}

  explicit operator bool() const { return table_ != nullptr; }
  bool has(const char* key) const { return table_ != nullptr && table_->contains(key); }

  std::string text(const char* key, std::string otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    if (auto value = node->value_exact<std::string>()) return *value;
    fail(key, *node, "a string");
    return otherwise;
  }
  bool boolean(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    if (auto value = node->value_exact<bool>()) return *value;
    fail(key, *node, "true or false");
    return false;
  }
  /// A whole number, or a string such as "20*2^26".
  std::uint64_t count(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr) return 0;
    if (auto value = node->value_exact<std::int64_t>(); value && *value >= 0) return static_cast<std::uint64_t>(*value);
    if (auto value = node->value_exact<std::string>())
      if (auto parsed = parse_count(*value); parsed.ok()) return *parsed;
    fail(key, *node, "a whole number of at least 0, or a string such as \"20*2^26\"");
    return 0;
  }
  /// A string, a whole number, or a decimal. A decimal is taken as the shortest one that gives the same double, which
  /// is what was typed wherever that had at most 15 digits.
  Exact exact(const char* key, const Exact& otherwise = {}) {
    const toml::node* node = find(key);
    return node == nullptr ? otherwise : exact_of(key, *node);
  }
  std::vector<Exact> exact_list(const char* key) {
    std::vector<Exact> all;
    if (const toml::node* node = find(key)) {
      if (const toml::array* array = node->as_array())
        for (const toml::node& entry : *array) all.push_back(exact_of(key, entry));
      else
        fail(key, *node, "a list of numbers");
    }
    return all;
  }
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> all;
    const toml::node* node = find(key);
    const toml::array* array = node == nullptr ? nullptr : node->as_array();
    if (node != nullptr && array == nullptr) fail(key, *node, "a list of strings");
    if (array != nullptr)
      for (const toml::node& entry : *array) {
        auto value = entry.value_exact<std::string>();
        if (!value) fail(key, entry, "a string");
        all.push_back(value.value_or(""));
      }
    return all;
  }
  /// A finite number; `otherwise` where the key is missing.
  double number(const char* key, double otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    if (auto value = node->value<double>(); value && node->is_number() && std::isfinite(*value)) return *value;
    fail(key, *node, "a number");
    return otherwise;
  }
  /// [[key]]: a list of tables.
  std::vector<TomlReader> tables(const char* key) {
    std::vector<TomlReader> all;
    const toml::node* node = find(key);
    const toml::array* array = node == nullptr ? nullptr : node->as_array();
    if (node != nullptr && array == nullptr) fail(key, *node, "a list of tables");
    if (array != nullptr)
      for (const toml::node& entry : *array) {
        if (entry.is_table())
          all.emplace_back(entry.as_table(), fmt::format("{} {} {}", where_, key, all.size() + 1), origin_);
        else
          fail(key, entry, "a table");
      }
    return all;
  }
  TomlReader table(const char* key) {
    const toml::node* node = find(key);
    const toml::table* inner = node == nullptr ? nullptr : node->as_table();
    if (node != nullptr && inner == nullptr) fail(key, *node, "a table");
    return TomlReader(inner, fmt::format("{} {}", where_, key), origin_);
  }
  template <class T>
  T take(Result<T> result) {
    if (result.ok()) return std::move(result).value();
    if (!error_)
      error_ =
          bad_input(where_ + ": " + result.error().message, origin_, {}, result.error().expected, result.error().got);
    return T{};
  }
  Status finish() {
    if (error_) return *error_;
    if (table_ != nullptr)
      for (const auto& [key, node] : *table_)
        if (std::find(asked_.begin(), asked_.end(), key.str()) == asked_.end())
          return bad_input(fmt::format("{}: unknown key, line {}", where_, node.source().begin.line), origin_, {},
                           fmt::format("one of: {}", fmt::join(asked_, ", ")), std::string(key.str().substr(0, 60)));
    return {};
  }

 private:
  const toml::node* find(const char* key) {
    asked_.emplace_back(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }
  Exact exact_of(const char* key, const toml::node& node) {
    std::string written;
    if (auto text = node.value_exact<std::string>()) written = *text;
    if (auto whole = node.value_exact<std::int64_t>()) written = std::to_string(*whole);
    if (auto decimal = node.value_exact<double>(); decimal && std::isfinite(*decimal)) {
      char digits[64];
      written.assign(digits, std::to_chars(digits, digits + sizeof digits, *decimal).ptr);
    }
    if (auto value = Exact::parse(written); value.ok()) return *value;
    fail(key, node, "a number such as 0.0075, \"1e-12\" or \"3/400\"");
    return {};
  }
  void fail(const char* key, const toml::node& node, const char* expected) {
    if (error_) return;
    std::ostringstream got;
    node.visit([&](const auto& value) {
      if constexpr (toml::is_value<decltype(value)>)
        got << value;
      else
        got << value.type();
    });
    error_ = bad_input(fmt::format("{}: {} has the wrong value, line {}", where_, key, node.source().begin.line),
                       origin_, {}, expected, got.str().substr(0, 60));
  }

  const toml::table* table_;
  std::string where_;
  std::string origin_;
  std::vector<std::string> asked_;
  std::optional<Error> error_;
};

}  // namespace bellows::plan
