#include "bellows/base/spec.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "bellows/base/count.h"

namespace bellows {

Result<Spec> Spec::parse(std::string_view text) {
  Spec spec;
  spec.text_ = text;
  const std::size_t colon = text.find(':');
  spec.name_ = text.substr(0, colon);
  if (spec.name_.empty()) return usage_error("a name is missing", "NAME or NAME:KEY=VALUE,...", std::string(text));
  std::string_view rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  while (!rest.empty()) {
    std::string_view option = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), option.size() + 1));
    const std::size_t equals = option.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return usage_error(fmt::format("{}: an option has no value", spec.name_), "KEY=VALUE", std::string(option));
    if (!spec.values_.emplace(option.substr(0, equals), option.substr(equals + 1)).second)
      return usage_error(fmt::format("{}: an option stands twice", spec.name_), "once", std::string(option));
  }
  return spec;
}

std::string Spec::take(const std::string& key) {
  known_ += (known_.empty() ? "" : ", ") + key;
  auto found = values_.find(key);
  if (found == values_.end()) return {};
  std::string value = std::move(found->second);
  values_.erase(found);
  return value;
}

void Spec::fail(const std::string& key, std::string expected, std::string got) {
  if (status_.ok())
    status_ = usage_error(fmt::format("{}: wrong value of {}", name_, key), std::move(expected), std::move(got));
}

double Spec::number(const std::string& key, double otherwise, double least, double largest) {
  const bool given = has(key);
  const std::string value = take(key);
  if (!given) return otherwise;
  double number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size() && number >= least && number <= largest) return number;
  fail(key, fmt::format("a number from {:g} to {:g}", least, largest), value);
  return otherwise;
}

std::uint64_t Spec::count(const std::string& key, std::uint64_t otherwise) {
  const bool given = has(key);
  const std::string value = take(key);
  if (!given) return otherwise;
  Result<std::uint64_t> parsed = parse_count(value);
  if (parsed.ok()) return *parsed;
  fail(key, "a count", value);
  return otherwise;
}

std::string Spec::word(const std::string& key, const std::string& otherwise) {
  const bool given = has(key);
  const std::string value = take(key);
  return given ? value : otherwise;
}

Status Spec::finish() const {
  if (!status_.ok()) return status_;
  if (values_.empty()) return {};
  return usage_error(fmt::format("{}: unknown option", name_), known_.empty() ? "no options" : known_,
                     values_.begin()->first);
}

}  // namespace bellows
