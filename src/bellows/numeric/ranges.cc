#include "bellows/numeric/ranges.h"

#include <fmt/format.h>

namespace bellows::numeric {
namespace {

Status check_bias(bool fits, double mu, const std::string& text) {
  if (fits) return {};
  std::string expected = "0 <= mu < 1/2 (at 1/2 a source may be deterministic, and nothing can be proved)";
  if (mu >= 0.5 && mu < 50 && text.find('%') == std::string::npos)
    expected += fmt::format("; {} per cent is written {}% or {:g}", text, text, mu / 100);
  return usage_error("the bias mu is out of range", expected, text);
}

}  // namespace

Status check_bias(const Exact& mu) {
  return check_bias(mu >= Exact() && mu < Exact::fraction(1, 2), mu.approximate(), mu.text());
}
Status check_bias(double mu) { return check_bias(mu >= 0 && mu < 0.5, mu, fmt::format("{}", mu)); }

Status check_epsilon(const Exact& epsilon) {
  if (epsilon.is_positive() && epsilon < Exact::integer(1)) return {};
  return usage_error("epsilon is out of range", "0 < epsilon < 1", epsilon.text());
}

}  // namespace bellows::numeric
