#include "bellows/bell/local_bound.h"

#include <algorithm>
#include <bit>

namespace bellows::bell {
namespace {

/// Depth-first over the parties: `table` is the expression left when the parties before `party` are fixed, with their
/// settings summed over; entry (a, x) of the remaining parties as in Scenario, but party `party` first.
struct Search {
  const Scenario& scenario;
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  bool any = false;
  std::vector<std::vector<std::int64_t>> level;  // the remaining table at each depth

  void run(int party) {
    const std::vector<std::int64_t>& table = level[static_cast<std::size_t>(party)];
    const auto settings = static_cast<std::size_t>(scenario.settings_of(party));
    if (party + 1 == scenario.parties()) {
      std::int64_t low = 0, high = 0;
      for (std::size_t s = 0; s < settings; ++s) {
        low += std::min(table[2 * s], table[2 * s + 1]);
        high += std::max(table[2 * s], table[2 * s + 1]);
      }
      minimum = any ? std::min(minimum, low) : low;
      maximum = any ? std::max(maximum, high) : high;
      any = true;
      return;
    }
    // Gray code over this party's answers: each step changes one setting's answer.
    std::vector<std::int64_t>& next = level[static_cast<std::size_t>(party) + 1];
    const std::size_t rest = next.size();
    std::fill(next.begin(), next.end(), 0);
    const auto row = [&](std::size_t setting, std::size_t outcome) { return table.data() + (2 * setting + outcome) * rest; };
    for (std::size_t s = 0; s < settings; ++s) {
      const std::int64_t* r = row(s, 0);
      for (std::size_t i = 0; i < rest; ++i) next[i] += r[i];
    }
    std::vector<bool> answer(settings, false);
    const std::uint64_t count = std::uint64_t{1} << settings;
    for (std::uint64_t step = 1;; ++step) {
      run(party + 1);
      if (step == count) break;
      const auto s = static_cast<std::size_t>(std::countr_zero(step));
      const std::int64_t* from = row(s, answer[s]);
      const std::int64_t* to = row(s, !answer[s]);
      for (std::size_t i = 0; i < rest; ++i) next[i] += to[i] - from[i];
      answer[s] = !answer[s];
    }
  }
};

}  // namespace

Result<LocalBounds> local_bounds(const Functional& functional) {
  const Scenario& s = functional.scenario;
  // The party with the most settings goes last: its replies are not enumerated.
  std::vector<int> order;
  for (int p = 0; p < s.parties(); ++p) order.push_back(p);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return s.settings_of(a) < s.settings_of(b); });
  std::vector<int> settings;
  for (int p : order) settings.push_back(s.settings_of(p));

  int strategy_bits = 0;
  for (std::size_t p = 0; p + 1 < settings.size(); ++p) strategy_bits += settings[p];
  if (strategy_bits + std::bit_width(static_cast<unsigned>(settings.back())) > 34) {
    return bad_input("enumerating the local strategies takes 2^" + std::to_string(strategy_bits) +
                     " steps; the limit is about 2^31");
  }

  mpz_class denominator = 1;
  for (const Rational& c : functional.coefficients) denominator = lcm(denominator, c.get_den());
  mpz_class total = 0;
  for (const Rational& c : functional.coefficients) total += abs(Rational(c * denominator).get_num());
  if (mpz_sizeinbase(total.get_mpz_t(), 2) > 62) return bad_input("the coefficients are too large for the enumeration of local strategies");

  BELLOWS_ASSIGN(const Scenario ordered, Scenario::make(settings));
  // Nested layout: party order[0] outermost, each with (setting, outcome).
  std::vector<std::size_t> block(settings.size());
  std::size_t size = 1;
  for (std::size_t p = settings.size(); p-- > 0;) {
    block[p] = size;
    size *= 2 * static_cast<std::size_t>(settings[p]);
  }
  Search search{ordered, 0, 0, false, {}};
  search.level.resize(settings.size());
  search.level[0].assign(size, 0);
  for (std::size_t p = 1; p < settings.size(); ++p) search.level[p].assign(block[p - 1], 0);
  for (std::size_t x = 0; x < s.joint_settings(); ++x) {
    for (std::size_t a = 0; a < s.outcomes(); ++a) {
      const Rational& c = functional.coefficients[s.table_index(a, x)];
      if (c == 0) continue;
      std::size_t at = 0;
      for (std::size_t p = 0; p < order.size(); ++p) {
        at += block[p] * (2 * static_cast<std::size_t>(s.setting_digit(x, order[p])) + ((a >> order[p]) & 1U));
      }
      search.level[0][at] += Rational(c * denominator).get_num().get_si();
    }
  }
  search.run(0);
  LocalBounds bounds;
  bounds.minimum = Rational(mpz_class(static_cast<long>(search.minimum)), denominator);
  bounds.maximum = Rational(mpz_class(static_cast<long>(search.maximum)), denominator);
  bounds.minimum.canonicalize();
  bounds.maximum.canonicalize();
  bounds.strategies = std::uint64_t{1} << strategy_bits;
  return bounds;
}

}  // namespace bellows::bell
