#include "bellows/numeric/exact.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <utility>

namespace bellows::numeric {
namespace {

constexpr int max_exponent = 5000;  // keeps a hostile "1e999999999" from filling the memory

mpz_class power(unsigned base, unsigned exponent) {
  mpz_class result;
  mpz_ui_pow_ui(result.get_mpz_t(), base, exponent);
  return result;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads [+-]digits, at most max_exponent in size; advances `text`.
std::optional<int> read_exponent(std::string_view& text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) negative = text[0] == '-', text.remove_prefix(1);
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  int value = 0;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    value = value * 10 + (text[0] - '0');
    if (value > max_exponent) return std::nullopt;
  }
  return negative ? -value : value;
}

mpq_class scaled(mpz_class mantissa, unsigned base, int exponent) {
  mpq_class value = exponent >= 0 ? mpq_class(mantissa * power(base, static_cast<unsigned>(exponent)))
                                  : mpq_class(mantissa, power(base, static_cast<unsigned>(-exponent)));
  value.canonicalize();
  return value;
}

/// digits[.digits][e[+-]digits], unsigned; advances `text`.
std::optional<mpq_class> read_decimal(std::string_view& text) {
  std::string digits;
  int exponent = 0;
  bool any = false;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) digits += text[0], any = true;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) digits += text[0], --exponent, any = true;
  }
  if (!any || digits.size() > static_cast<std::size_t>(max_exponent)) return std::nullopt;
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    auto written = read_exponent(text);
    if (!written) return std::nullopt;
    exponent += *written;
  }
  return scaled(mpz_class(digits, 10), 10, exponent);
}

std::optional<mpq_class> read_number(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) negative = text[0] == '-', text.remove_prefix(1);
  auto value = read_decimal(text);
  if (!value) return std::nullopt;
  if (!text.empty() && text[0] == '^') {  // 2^-40
    text.remove_prefix(1);
    auto exponent = read_exponent(text);
    if (!exponent || value->get_den() != 1 || !value->get_num().fits_uint_p() || value->get_num() > 1000)
      return std::nullopt;
    if (*value == 0 && *exponent <= 0) return std::nullopt;
    value = scaled(1, static_cast<unsigned>(value->get_num().get_ui()), *exponent);
  } else if (!text.empty() && text[0] == '/') {
    text.remove_prefix(1);
    auto denominator = read_decimal(text);
    if (!denominator || *denominator == 0) return std::nullopt;
    *value /= *denominator;
  }
  while (!text.empty() && text[0] == ' ' && text.back() == '%') text.remove_prefix(1);  // "0.75 %"
  if (!text.empty() && text[0] == '%') text.remove_prefix(1), *value /= 100;
  if (!text.empty()) return std::nullopt;
  return negative ? mpq_class(-*value) : *value;
}

std::string text_of(const mpq_class& value) {
  mpz_class denominator = value.get_den();
  unsigned twos = 0, fives = 0;
  while (mpz_even_p(denominator.get_mpz_t())) denominator /= 2, ++twos;
  while (mpz_divisible_ui_p(denominator.get_mpz_t(), 5)) denominator /= 5, ++fives;
  unsigned places = twos > fives ? twos : fives;
  if (denominator != 1 || places > 30) return value.get_str();
  if (places == 0) return value.get_num().get_str();
  mpq_class shifted = value * mpq_class(power(10, places));
  std::string digits = mpz_class(abs(shifted.get_num())).get_str();
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  digits.insert(digits.size() - places, 1, '.');
  return (value < 0 ? "-" : "") + digits;
}

}  // namespace

Exact::Exact(mpq_class value) : value_(std::move(value)) {
  value_.canonicalize();
  text_ = text_of(value_);
}

Exact Exact::integer(std::uint64_t value) {
  static_assert(sizeof(unsigned long) == sizeof(std::uint64_t));
  return Exact(mpq_class(mpz_class(static_cast<unsigned long>(value))));
}

Exact Exact::fraction(std::uint64_t numerator, std::uint64_t denominator) {
  BELLOWS_CHECK(denominator != 0, "a fraction over nothing");
  return Exact(
      mpq_class(mpz_class(static_cast<unsigned long>(numerator)), mpz_class(static_cast<unsigned long>(denominator))));
}

double Exact::nearest() const {
  const double below = value_.get_d();  // towards zero
  const double beyond = std::nextafter(below, value_ < 0 ? -HUGE_VAL : HUGE_VAL);
  if (!std::isfinite(beyond)) return below;
  const mpq_class from_below = abs(value_ - mpq_class(below)), to_beyond = abs(mpq_class(beyond) - value_);
  return to_beyond < from_below ? beyond : below;
}

Result<Exact> Exact::parse(std::string_view text) {
  auto value = text.size() <= 2 * static_cast<std::size_t>(max_exponent) ? read_number(text) : std::nullopt;
  if (!value)
    return usage_error("not a number", "a decimal such as 0.0075, 1e-12, 0.75%, a fraction 3/400, or 2^-40; exponents up to 5000",
                       fmt::format("\"{}\"", text.substr(0, 60)));
  Exact exact(std::move(*value));
  exact.text_ = std::string(text);
  std::erase(exact.text_, ' ');
  return exact;
}

Exact Exact::literal(std::string_view text) {
  auto exact = parse(text);
  BELLOWS_CHECK(exact.ok(), "a number in the code that is none");
  return std::move(exact).value();
}

Exact operator/(const Exact& a, const Exact& b) {
  BELLOWS_CHECK(!b.is_zero(), "division by zero");
  return Exact(mpq_class(a.value_ / b.value_));
}

}  // namespace bellows::numeric
