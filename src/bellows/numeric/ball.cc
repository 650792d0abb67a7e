#include "bellows/numeric/ball.h"

#include <flint/flint.h>

#include <cmath>
#include <limits>

#include "bellows/base/threads.h"

namespace bellows::numeric {
namespace {

constexpr long precision = ball_precision_bits;

/// Arb's numbers at the ends of a ball, and doubles from them.
class End {
 public:
  End() { arf_init(value_); }
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  ~End() { arf_clear(value_); }
  arf_ptr get() { return value_; }

 private:
  arf_t value_;
};

std::optional<std::int64_t> whole(arf_ptr end, arf_rnd_t rounding) {
  if (!arf_is_finite(end)) return std::nullopt;
  End rounded;
  if (rounding == ARF_RND_FLOOR)
    arf_floor(rounded.get(), end);
  else
    arf_ceil(rounded.get(), end);
  if (arf_cmpabs_2exp_si(rounded.get(), 62) >= 0) return std::nullopt;
  return arf_get_si(rounded.get(), rounding);
}

}  // namespace

void Ball::prepare_thread() {
  at_thread_end(flint_cleanup);
  thread_gives_back_caches = true;
}

Ball::Ball(const Exact& value) : Ball() {
  fmpq_t fraction;
  fmpq_init(fraction);
  fmpq_set_mpq(fraction, value.value().get_mpq_t());
  arb_set_fmpq(value_, fraction, precision);
  fmpq_clear(fraction);
}

Ball Ball::of_double(double value) {
  if (!std::isfinite(value)) return unknown();
  Ball ball;
  arb_set_d(ball.value_, value);
  return ball;
}

Ball Ball::hull(const Ball& a, const Ball& b) {
  Ball ball;
  arb_union(ball.value_, a.value_, b.value_, precision);
  return ball;
}

Ball Ball::unknown() {
  Ball ball;
  arb_indeterminate(ball.value_);
  return ball;
}

double Ball::lower() const {
  if (!is_finite()) return -std::numeric_limits<double>::infinity();
  End end;
  arb_get_lbound_arf(end.get(), value_, precision);
  return arf_get_d(end.get(), ARF_RND_FLOOR);
}

double Ball::upper() const {
  if (!is_finite()) return std::numeric_limits<double>::infinity();
  End end;
  arb_get_ubound_arf(end.get(), value_, precision);
  return arf_get_d(end.get(), ARF_RND_CEIL);
}

double Ball::middle() const {
  return is_finite() ? arf_get_d(arb_midref(value_), ARF_RND_NEAR) : std::numeric_limits<double>::quiet_NaN();
}

std::optional<std::int64_t> Ball::floor_lower() const {
  if (!is_finite()) return std::nullopt;
  End end;
  arb_get_lbound_arf(end.get(), value_, precision);
  return whole(end.get(), ARF_RND_FLOOR);
}

std::optional<std::int64_t> Ball::ceil_upper() const {
  if (!is_finite()) return std::nullopt;
  End end;
  arb_get_ubound_arf(end.get(), value_, precision);
  return whole(end.get(), ARF_RND_CEIL);
}

bool Ball::contains(const Exact& value) const {
  fmpq_t fraction;
  fmpq_init(fraction);
  fmpq_set_mpq(fraction, value.value().get_mpq_t());
  bool inside = arb_contains_fmpq(value_, fraction) != 0;
  fmpq_clear(fraction);
  return inside;
}

std::string Ball::text(int digits) const {
  char* owned = arb_get_str(value_, digits, ARB_STR_NO_RADIUS);
  std::string text(owned);
  flint_free(owned);
  return text;
}

Ball Ball::operator-() const {
  Ball result;
  arb_neg(result.value_, value_);
  return result;
}

Ball operator+(const Ball& a, const Ball& b) {
  Ball result;
  arb_add(result.value_, a.value_, b.value_, precision);
  return result;
}

Ball operator-(const Ball& a, const Ball& b) {
  Ball result;
  arb_sub(result.value_, a.value_, b.value_, precision);
  return result;
}

Ball operator*(const Ball& a, const Ball& b) {
  Ball result;
  arb_mul(result.value_, a.value_, b.value_, precision);
  return result;
}

Ball operator/(const Ball& a, const Ball& b) {
  Ball result;
  arb_div(result.value_, a.value_, b.value_, precision);
  return result;
}

bool certainly_less(const Ball& a, const Ball& b) { return a.is_finite() && b.is_finite() && arb_lt(a.raw(), b.raw()); }
bool certainly_at_most(const Ball& a, const Ball& b) {
  return a.is_finite() && b.is_finite() && arb_le(a.raw(), b.raw());
}
bool certainly_positive(const Ball& a) { return a.is_finite() && arb_is_positive(a.raw()); }

Ball ln(const Ball& x) {
  Ball result;
  arb_log(result.raw(), x.raw(), precision);
  return result;
}

Ball ln2() {
  Ball result;
  arb_const_log2(result.raw(), precision);
  return result;
}

Ball log2(const Ball& x) { return ln(x) / ln2(); }

Ball sqrt(const Ball& x) {
  Ball result;
  arb_sqrt(result.raw(), x.raw(), precision);
  return result;
}

Ball exp(const Ball& x) {
  Ball result;
  arb_exp(result.raw(), x.raw(), precision);
  return result;
}

Ball exp2(const Ball& x) { return exp(x * ln2()); }

Ball power(const Ball& x, unsigned exponent) {
  Ball result;
  arb_pow_ui(result.raw(), x.raw(), exponent, precision);
  return result;
}

Ball square(const Ball& x) { return power(x, 2); }

Ball abs(const Ball& x) {
  Ball result;
  arb_abs(result.raw(), x.raw());
  return result;
}

Ball min(const Ball& a, const Ball& b) {
  Ball result;
  arb_min(result.raw(), a.raw(), b.raw(), precision);
  return result;
}

Ball max(const Ball& a, const Ball& b) {
  Ball result;
  arb_max(result.raw(), a.raw(), b.raw(), precision);
  return result;
}

Ball cos(const Ball& x) {
  Ball result;
  arb_cos(result.raw(), x.raw(), precision);
  return result;
}

Ball sin(const Ball& x) {
  Ball result;
  arb_sin(result.raw(), x.raw(), precision);
  return result;
}

Ball pi() {
  Ball result;
  arb_const_pi(result.raw(), precision);
  return result;
}

Ball binary_entropy(const Ball& p) {
  Ball q = Ball(1) - p;
  // 0 log 0 = 0: exact ends are answered here, since the logarithm would make them unknown.
  if (arb_is_zero(p.raw()) || arb_is_zero(q.raw())) return Ball(0);
  return -(p * log2(p) + q * log2(q));
}

}  // namespace bellows::numeric
