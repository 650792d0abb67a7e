#include "bellows/ecc/known_errors.h"

#include <algorithm>
#include <cmath>

#include "bellows/base/check.h"

namespace bellows::ecc {
namespace {

using numeric::Ball;

constexpr int near_deviations = 8;

// The smallest number in [low, high] with the property, high + 1 if none has it; the property, once there, stays.
template <class Property>
std::uint64_t first_with(std::uint64_t low, std::uint64_t high, Property has) {
  ++high;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (has(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return high;
}

Ball ln_factorial(std::uint64_t n) {
  Ball out, at(n + 1);
  arb_lgamma(out.raw(), at.raw(), numeric::ball_precision_bits);
  return out;
}

}  // namespace

Ball ln_choose(std::uint64_t n, std::uint64_t k) { return ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k); }

double likely_ln_choose(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

KnownErrors KnownErrors::at_most(std::uint64_t most, std::uint64_t raw_bits) {
  BELLOWS_CHECK(most <= raw_bits, "more errors than bits");
  KnownErrors known;
  known.raw_bits_ = raw_bits;
  known.most_likely_ = most;
  return known;
}

KnownErrors KnownErrors::from_sample(std::uint64_t sample_places, std::uint64_t seen, std::uint64_t raw_bits) {
  BELLOWS_CHECK(seen <= sample_places && sample_places < std::uint64_t{1} << 52 && raw_bits < std::uint64_t{1} << 52,
                "a sample that is none");
  if (sample_places == 0) return at_most(raw_bits, raw_bits);
  KnownErrors known;
  known.raw_bits_ = raw_bits;
  known.sample_places_ = sample_places;
  known.seen_ = seen;

  // The ratios of neighbours, (raw_bits - e) (K + 1) / ((e + 1) (total - K)) and the same with K + 2, fall through 1
  // once: the squares in the difference of the products cancel, and it falls with e.
  __extension__ using Wide = unsigned __int128;
  const std::uint64_t total = sample_places + raw_bits;
  auto most_likely = [&](std::uint64_t more) {
    return std::min(raw_bits, first_with(0, raw_bits, [&](std::uint64_t e) {
                      return static_cast<Wide>(raw_bits - e) * (seen + e + more) <=
                             static_cast<Wide>(e + 1) * (total - seen - e);
                    }));
  };
  known.most_likely_ = most_likely(1);
  known.evenly_most_likely_ = most_likely(2);

  // Near: |seen total - sample_places K| <= 8 sqrt(K sample_places raw_bits); without the common terms the left side is
  // linear in e and the root concave, so that these e have no gap.
  const Ball product = Ball(sample_places) * Ball(raw_bits);
  auto distance = [&](std::uint64_t e) { return Ball(sample_places) * Ball(e) - Ball(seen) * Ball(raw_bits); };
  auto reach = [&](std::uint64_t e) { return Ball(near_deviations) * numeric::sqrt(Ball(seen + e) * product); };
  known.first_near_ =
      first_with(0, known.most_likely_, [&](std::uint64_t e) { return certainly_at_most(-distance(e), reach(e)); });
  known.last_near_ = first_with(known.most_likely_, raw_bits,
                                [&](std::uint64_t e) { return !certainly_at_most(distance(e), reach(e)); });
  if (known.last_near_ == 0) return at_most(raw_bits, raw_bits);  // not even the likeliest: cannot be
  --known.last_near_;
  known.near_count_ = Ball(2) * reach(known.last_near_) / Ball(total) + Ball(1);
  return known;
}

Ball KnownErrors::ln_chance_of_seen(std::uint64_t errors) const {
  return ln_choose(sample_places_, seen_) + ln_choose(raw_bits_, errors) -
         ln_choose(sample_places_ + raw_bits_, seen_ + errors);
}

Ball KnownErrors::ln_evenly_weight(std::uint64_t errors) const {
  return ln_chance_of_seen(errors) + numeric::ln(Ball(2) * Ball(seen_ + errors + 1));
}

Ball KnownErrors::ln_near_weight(std::uint64_t errors) const {
  return ln_chance_of_seen(errors) + numeric::ln(Ball(2) * near_count_);
}

Ball KnownErrors::ln_most_weight(std::uint64_t first, std::uint64_t last) const {
  BELLOWS_CHECK(first <= last && last <= raw_bits_ && (is_sample() || last <= most_likely_), "no such errors");
  if (!is_sample()) return Ball(0);
  const Ball evenly = ln_evenly_weight(std::clamp(evenly_most_likely_, first, last));
  if (first < first_near_ || last > last_near_) return evenly;
  return numeric::min(evenly, ln_near_weight(std::clamp(most_likely_, first, last)));
}

double KnownErrors::likely_ln_weight(double errors) const {
  if (!is_sample()) return 0;
  const auto places = static_cast<double>(sample_places_), seen = static_cast<double>(seen_);
  const auto bits = static_cast<double>(raw_bits_);
  const bool is_near = errors >= static_cast<double>(first_near_) && errors <= static_cast<double>(last_near_);
  const double count = is_near ? std::min(seen + errors + 1, near_count_.middle()) : seen + errors + 1;
  return likely_ln_choose(places, seen) + likely_ln_choose(bits, errors) -
         likely_ln_choose(places + bits, seen + errors) + std::log(2 * count);
}

std::uint64_t KnownErrors::likely_last_to_correct(double epsilon) const {
  if (!is_sample()) return most_likely_;
  const double ln_epsilon = std::log(epsilon);
  const std::uint64_t first = first_with(
      most_likely_, raw_bits_, [&](std::uint64_t e) { return likely_ln_weight(static_cast<double>(e)) <= ln_epsilon; });
  return std::max(most_likely_, first - 1);
}

std::uint64_t KnownErrors::last_to_correct(const Ball& epsilon) const {
  if (!is_sample()) return most_likely_;
  const Ball ln_epsilon = numeric::ln(epsilon);
  const std::uint64_t evenly = first_with(evenly_most_likely_, raw_bits_, [&](std::uint64_t e) {
    return numeric::certainly_at_most(ln_evenly_weight(e), ln_epsilon);
  });
  const std::uint64_t near = first_with(most_likely_, last_near_, [&](std::uint64_t e) {
    return numeric::certainly_at_most(ln_near_weight(e), ln_epsilon);
  });
  // Beyond those that are near, only the other half counts.
  const std::uint64_t first = near <= last_near_ && evenly <= last_near_ + 1 ? std::min(near, evenly) : evenly;
  return first == 0 ? 0 : first - 1;
}

}  // namespace bellows::ecc
