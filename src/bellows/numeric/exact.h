#pragma once

#include <gmpxx.h>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "bellows/base/result.h"

namespace bellows::numeric {

/// An exact rational number. Biases, epsilons and thresholds are these and never doubles: what was typed is what is
/// proved. Keeps the text it was read from, so that plans and certificates show the number as its owner wrote it.
class Exact {
 public:
  Exact() : text_("0") {}
  explicit Exact(mpq_class value);
  static Exact integer(std::uint64_t value);
  /// Programmer's mistake (aborts): denominator 0.
  static Exact fraction(std::uint64_t numerator, std::uint64_t denominator);

  /// Reads "0.0075", "1e-12", "0.75%", "3/400", "-1", "2^-40".
  /// Errors: usage: anything else (nan, inf, empty, spaces inside, trailing text), or an exponent beyond 5000.
  static Result<Exact> parse(std::string_view text);
  /// For constants in the code; a wrong text is a programmer's mistake and aborts.
  static Exact literal(std::string_view text);

  /// As it was written; for computed numbers a terminating decimal of at most 30 digits if there is one, else "p/q".
  const std::string& text() const { return text_; }
  const mpq_class& value() const { return value_; }
  /// For people and for optimisers only; no proof may use it. Tiny numbers may become 0 here.
  double approximate() const { return value_.get_d(); }
  /// The nearest double, for readers of JSON; approximate() cuts towards zero.
  double nearest() const;
  bool is_zero() const { return value_ == 0; }
  bool is_positive() const { return value_ > 0; }
  bool is_integer() const { return value_.get_den() == 1; }

  /// Equality and order are those of the numbers, whatever their texts.
  friend bool operator==(const Exact& a, const Exact& b) { return a.value_ == b.value_; }
  friend std::strong_ordering operator<=>(const Exact& a, const Exact& b) {
    int order = cmp(a.value_, b.value_);
    return order < 0   ? std::strong_ordering::less
           : order > 0 ? std::strong_ordering::greater
                       : std::strong_ordering::equal;
  }
  friend Exact operator+(const Exact& a, const Exact& b) { return Exact(mpq_class(a.value_ + b.value_)); }
  friend Exact operator-(const Exact& a, const Exact& b) { return Exact(mpq_class(a.value_ - b.value_)); }
  friend Exact operator*(const Exact& a, const Exact& b) { return Exact(mpq_class(a.value_ * b.value_)); }
  /// Programmer's mistake (aborts): b = 0.
  friend Exact operator/(const Exact& a, const Exact& b);

 private:
  mpq_class value_;
  std::string text_;
};

}  // namespace bellows::numeric
