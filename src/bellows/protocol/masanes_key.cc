#include "bellows/protocol/masanes_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bellows/numeric/ball.h"

namespace bellows::protocol {
namespace {

using numeric::Ball;

// x log2(x / y), 0 for x = 0.
Ball weighted_log(const Ball& weight, const Ball& share, const Ball& theta, bool is_zero) {
  return is_zero ? Ball(0) : weight * numeric::log2(share / theta);
}

// A lower bound of N_e D(w || theta) - N_r log2(1/2 + M theta) over theta: the tangent of this convex function at
// `touch`, at its lower end over [w, 1]. Both terms fall up to theta = w, so nothing below w can be smaller than at w.
Ball convex_lower_bound(const KeyCounts& counts, double touch) {
  std::uint64_t won = counts.tested - counts.lost;
  Ball theta = Ball::of_double(touch), one(1);
  Ball lost_share = Ball(counts.lost) / Ball(counts.tested), won_share = Ball(won) / Ball(counts.tested);
  Ball slope_point = Ball(numeric::Exact::fraction(1, 2)) + Ball(counts.settings) * theta;
  Ball value = weighted_log(Ball(counts.lost), lost_share, theta, counts.lost == 0) +
               weighted_log(Ball(won), won_share, one - theta, won == 0) -
               Ball(counts.raw_bits) * numeric::log2(slope_point);
  Ball slope = (Ball(won) / (one - theta) - Ball(counts.raw_bits) * Ball(counts.settings) / slope_point -
                (counts.lost == 0 ? Ball(0) : Ball(counts.lost) / theta)) /
               numeric::ln2();
  return value + numeric::min(slope * (lost_share - theta), slope * (one - theta));
}

Status check(const KeyCounts& counts, const numeric::Exact& epsilon) {
  if (counts.settings < 2) return usage_error("too few settings", "2 or more", fmt::format("{}", counts.settings));
  if (!epsilon.is_positive() || epsilon >= numeric::Exact::integer(1))
    return usage_error("epsilon is out of range", "0 < epsilon < 1", epsilon.text());
  if (counts.lost > counts.tested || counts.tested > counts.pairs || counts.raw_bits > counts.pairs - counts.tested)
    return usage_error(
        "the counts contradict each other", "lost <= tested, tested + raw <= pairs",
        fmt::format("lost {}, tested {}, raw {}, pairs {}", counts.lost, counts.tested, counts.raw_bits, counts.pairs));
  return {};
}

}  // namespace

#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wswitch"

plan::Adversary adversary_of(KeyMethod method) {
  switch (method) {
    case KeyMethod::no_signalling:
      return plan::no_signalling_adversary;
    case KeyMethod::quantum:
      return plan::quantum_adversary;
  }
  check_failed(__FILE__, __LINE__, "adversary_of", "no such method");
}

#pragma GCC diagnostic pop

const char* key_method_name(KeyMethod method) { return plan::name(adversary_of(method)); }

double worst_theta(double settings, double tested, double raw, double lost_share) {
  // Stationary point: tested (theta - w)(1/2 + M theta) = raw M theta (1 - theta).
  double a = settings * (tested + raw);
  double b = tested * (0.5 - lost_share * settings) - raw * settings;
  double c = -0.5 * tested * lost_share;
  double root = std::sqrt(b * b - 4 * a * c);
  double theta = b <= 0 ? (root - b) / (2 * a) : -2 * c / (root + b);
  return std::clamp(theta, lost_share, 1.0);
}

Result<KeyLength> key_length(KeyMethod method, const KeyCounts& counts, const numeric::Exact& epsilon) {
  BELLOWS_TRY(check(counts, epsilon));
  KeyLength length;
  if (counts.tested == 0 || counts.raw_bits == 0 || counts.lost == counts.tested) {
    length.bound_bits = -static_cast<double>(counts.leaked_bits);
    length.theta = 1;
    return length;
  }
  double share = static_cast<double>(counts.lost) / static_cast<double>(counts.tested);
  double theta = worst_theta(static_cast<double>(counts.settings), static_cast<double>(counts.tested),
                             static_cast<double>(counts.raw_bits), share);
  length.theta = theta = std::clamp(theta, 1e-15, 1 - 1e-9);
  Ball least = convex_lower_bound(counts, theta);
  Ball leaked(counts.leaked_bits), eps(epsilon), bound, before_leak;
  if (method == KeyMethod::no_signalling) {
    before_leak = Ball(2) * least - Ball(counts.raw_bits);
    bound = before_leak - leaked - Ball(2) * numeric::log2(Ball(8) * Ball(counts.tested) * Ball(counts.pairs) / eps);
  } else {
    before_leak = least;
    Ball used = Ball(counts.tested) + Ball(counts.raw_bits) + Ball(1);
    bound =
        least - leaked - Ball(1) - numeric::log2(used * (Ball(counts.tested) + Ball(1))) + Ball(2) * numeric::log2(eps);
  }
  length.bits_before_leak = before_leak.lower();
  length.bound_bits = bound.lower();
  auto whole = bound.floor_lower();
  if (!whole.has_value()) return internal_error("the key length has no value");
  length.bits = static_cast<std::uint64_t>(std::max<std::int64_t>(0, *whole));
  return length;
}

}  // namespace bellows::protocol
