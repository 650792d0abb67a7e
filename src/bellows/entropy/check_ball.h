#pragma once
// Real numbers as balls (midpoint and radius) with operators, over Arb: whatever is computed encloses the true value.
// Kept apart from the program's other numerics on purpose: this file, check_cell and check_proof are all that a referee must trust besides Arb.
#include <arb.h>
#include <fmpq.h>
#include <gmpxx.h>

namespace bellows::entropy {

/// Working precision in bits of the arithmetic below, for this thread.
inline thread_local slong ball_precision_bits = 96;

class Ball {
 public:
  Ball() { arb_init(v_); }
  explicit Ball(long exact) {
    arb_init(v_);
    arb_set_si(v_, exact);
  }
  explicit Ball(const mpq_class& exact) {
    arb_init(v_);
    fmpq_t q;
    fmpq_init(q);
    fmpq_set_mpq(q, exact.get_mpq_t());
    arb_set_fmpq(v_, q, ball_precision_bits);
    fmpq_clear(q);
  }
  Ball(const Ball& o) {
    arb_init(v_);
    arb_set(v_, o.v_);
  }
  Ball(Ball&& o) noexcept {
    arb_init(v_);
    arb_swap(v_, o.v_);
  }
  Ball& operator=(const Ball& o) {
    arb_set(v_, o.v_);
    return *this;
  }
  Ball& operator=(Ball&& o) noexcept {
    arb_swap(v_, o.v_);
    return *this;
  }
  ~Ball() { arb_clear(v_); }

  Ball& operator+=(const Ball& o) {
    arb_add(v_, v_, o.v_, ball_precision_bits);
    return *this;
  }
  Ball& operator-=(const Ball& o) {
    arb_sub(v_, v_, o.v_, ball_precision_bits);
    return *this;
  }
  Ball& operator*=(const Ball& o) {
    arb_mul(v_, v_, o.v_, ball_precision_bits);
    return *this;
  }
  Ball& operator/=(const Ball& o) {
    arb_div(v_, v_, o.v_, ball_precision_bits);
    return *this;
  }
  friend Ball operator+(Ball a, const Ball& b) { return static_cast<Ball&&>(a += b); }
  friend Ball operator-(Ball a, const Ball& b) { return static_cast<Ball&&>(a -= b); }
  friend Ball operator*(Ball a, const Ball& b) { return static_cast<Ball&&>(a *= b); }
  friend Ball operator/(Ball a, const Ball& b) { return static_cast<Ball&&>(a /= b); }
  Ball operator-() const {
    Ball r;
    arb_neg(r.v_, v_);
    return r;
  }
  /// this + a*b in one rounding
  void add_product(const Ball& a, const Ball& b) { arb_addmul(v_, a.v_, b.v_, ball_precision_bits); }
  Ball half() const {
    Ball r;
    arb_mul_2exp_si(r.v_, v_, -1);
    return r;
  }
  /// this * 2^exponent, exact
  Ball shifted(slong exponent) const {
    Ball r;
    arb_mul_2exp_si(r.v_, v_, exponent);
    return r;
  }
  /// Every number of the ball is positive.
  bool surely_positive() const { return arb_is_positive(v_); }

  arb_ptr raw() { return v_; }
  arb_srcptr raw() const { return v_; }

 private:
  arb_t v_;
};

inline Ball log(const Ball& x) {
  Ball r;
  arb_log(r.raw(), x.raw(), ball_precision_bits);
  return r;
}

inline Ball sqrt(const Ball& x) {
  Ball r;
  arb_sqrt(r.raw(), x.raw(), ball_precision_bits);
  return r;
}

inline Ball ln2() {
  Ball r;
  arb_const_log2(r.raw(), ball_precision_bits);
  return r;
}

/// A point of the plane; on the unit circle (cos, sin) of an angle.
struct PlanePoint {
  Ball c, s;
};

/// (cos, sin) of pi * numerator / 2^log2_denominator.
inline PlanePoint on_circle(slong numerator, ulong log2_denominator) {
  PlanePoint p;
  fmpq_t q;
  fmpq_init(q);
  fmpz_set_si(fmpq_numref(q), numerator);
  fmpz_one_2exp(fmpq_denref(q), log2_denominator);
  fmpq_canonicalise(q);
  arb_sin_cos_pi_fmpq(p.s.raw(), p.c.raw(), q, ball_precision_bits);
  fmpq_clear(q);
  return p;
}

}  // namespace bellows::entropy
