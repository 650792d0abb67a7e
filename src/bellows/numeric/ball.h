#pragma once

#include <arb.h>

#include <cstdint>
#include <optional>
#include <string>

#include "bellows/numeric/exact.h"

namespace bellows::numeric {

/// Bits of the midpoint in every operation; the rounding error of each is inside the radius.
inline constexpr long ball_precision_bits = 256;

/// A real number that is known to lie in an interval (Arb: midpoint and radius). Every operation encloses the true
/// result for every point of its arguments; outside the domain (log of something that may be negative) the result is
/// "unknown", which stays unknown and compares as neither less nor greater. The only ways back to machine numbers name
/// their side.
class Ball {
 public:
  Ball() {
    if (!thread_gives_back_caches) prepare_thread();
    arb_init(value_);
  }
  Ball(std::int64_t value) : Ball() { arb_set_si(value_, value); }   // NOLINT: whole numbers are exact
  Ball(int value) : Ball(std::int64_t{value}) {}                     // NOLINT
  Ball(unsigned value) : Ball(std::int64_t{value}) {}                // NOLINT
  Ball(std::uint64_t value) : Ball() { arb_set_ui(value_, value); }  // NOLINT
  Ball(const Exact& value);                                          // NOLINT: encloses it
  /// The binary number that the double is, exactly: for parameters that an optimiser proposed. NaN gives "unknown".
  static Ball of_double(double value);
  /// An enclosure of both; for intervals.
  static Ball hull(const Ball& a, const Ball& b);
  static Ball unknown();

  Ball(const Ball& other) : Ball() { arb_set(value_, other.value_); }
  Ball(Ball&& other) noexcept : Ball() { arb_swap(value_, other.value_); }
  Ball& operator=(const Ball& other) { return arb_set(value_, other.value_), *this; }
  Ball& operator=(Ball&& other) noexcept { return arb_swap(value_, other.value_), *this; }
  ~Ball() { arb_clear(value_); }

  bool is_finite() const { return arb_is_finite(value_) != 0; }
  /// A double that is certainly <= (>=) the number; -infinity (+infinity) where it is unknown.
  double lower() const;
  double upper() const;
  /// For people and for optimisers only.
  double middle() const;
  /// The largest whole number that is certainly <= the number; nothing where it is unknown or does not fit.
  std::optional<std::int64_t> floor_lower() const;
  /// The smallest whole number that is certainly >= the number.
  std::optional<std::int64_t> ceil_upper() const;
  bool contains(const Exact& value) const;
  std::string text(int digits = 15) const;

  arb_srcptr raw() const { return value_; }
  arb_ptr raw() { return value_; }

  Ball operator-() const;
  friend Ball operator+(const Ball& a, const Ball& b);
  friend Ball operator-(const Ball& a, const Ball& b);
  friend Ball operator*(const Ball& a, const Ball& b);
  friend Ball operator/(const Ball& a, const Ball& b);
  Ball& operator+=(const Ball& b) { return *this = *this + b; }
  Ball& operator-=(const Ball& b) { return *this = *this - b; }
  Ball& operator*=(const Ball& b) { return *this = *this * b; }
  Ball& operator/=(const Ball& b) { return *this = *this / b; }

 private:
  /// FLINT caches for each thread that computes; the thread's end gives them back.
  static void prepare_thread();
  static inline thread_local bool thread_gives_back_caches = false;

  arb_t value_;
};

/// True only where it holds for every point of both; false also where it is unknown. `!certainly_less(a, b)` says
/// nothing.
bool certainly_less(const Ball& a, const Ball& b);
bool certainly_at_most(const Ball& a, const Ball& b);
bool certainly_positive(const Ball& a);

Ball ln(const Ball& x);
Ball log2(const Ball& x);
Ball sqrt(const Ball& x);
Ball exp(const Ball& x);
Ball exp2(const Ball& x);
Ball power(const Ball& x, unsigned exponent);
Ball square(const Ball& x);
Ball abs(const Ball& x);
Ball min(const Ball& a, const Ball& b);
Ball max(const Ball& a, const Ball& b);
Ball cos(const Ball& x);
Ball sin(const Ball& x);
Ball pi();
Ball ln2();
/// h(p) = -p log p - (1-p) log(1-p) in bits, h(0) = h(1) = 0. Unknown outside [0, 1].
Ball binary_entropy(const Ball& p);

}  // namespace bellows::numeric
