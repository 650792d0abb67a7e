#include "bellows/base/count.h"

#include <charconv>
#include <string>

#include "bellows/base/checked.h"

namespace bellows {
namespace {

std::optional<std::uint64_t> digits(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool separator = text[i] == '_' && i > 0 && i + 1 < text.size() && text[i - 1] != '_';
    if (!separator) plain += text[i];
  }
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (plain.empty() || error != std::errc() || end != plain.data() + plain.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> power(std::uint64_t base, std::uint64_t exponent) {
  std::optional<std::uint64_t> value = 1;
  if (base <= 1) return exponent == 0 ? 1 : base;
  for (std::uint64_t i = 0; i < exponent && value; ++i) value = checked_multiply(*value, base);
  return value;
}

std::optional<std::uint64_t> factor(std::string_view text) {
  if (auto caret = text.find('^'); caret != text.npos) {
    auto base = digits(text.substr(0, caret)), exponent = digits(text.substr(caret + 1));
    if (!base || !exponent) return std::nullopt;
    return power(*base, *exponent);
  }
  if (auto e = text.find_first_of("eE"); e != text.npos) {
    auto mantissa = digits(text.substr(0, e)), exponent = digits(text.substr(e + 1));
    if (!mantissa || !exponent) return std::nullopt;
    auto scale = power(10, *exponent);
    return scale ? checked_multiply(*mantissa, *scale) : std::nullopt;
  }
  return digits(text);
}

}  // namespace

Result<std::uint64_t> parse_count(std::string_view text) {
  std::optional<std::uint64_t> product = 1;
  for (std::string_view rest = text;;) {
    auto star = rest.find('*');
    auto value = factor(rest.substr(0, star));
    product = value && product ? checked_multiply(*product, *value) : std::nullopt;
    if (!product) break;
    if (star == rest.npos) return *product;
    rest.remove_prefix(star + 1);
  }
  return usage_error("not a count", "a whole number below 2^64 such as 1000000, 1e6 or 20*2^26",
                     std::string(text.substr(0, 80)));
}

}  // namespace bellows
