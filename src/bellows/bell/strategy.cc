#include "bellows/bell/strategy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bellows/bits/keyed_stream.h"

namespace bellows::bell {
namespace {

bool is_probability(double p) { return p >= 0 && p <= 1; }

/// A strategy that loses on the pair (x, y) only; `flip` turns both outcomes around.
LocalStrategy loses_on(unsigned x, unsigned y, bool flip, double mu) {
  // a xor b = x y + [pair is (x, y)] = (1 + y') x + (1 + x') y + (1 + x')(1 + y') over GF(2).
  LocalStrategy s;
  const bool constant = x == 0 && y == 0;
  s.a_of_x = {flip, flip != (y == 0)};
  s.b_of_y = {flip != constant, (flip != constant) != (x == 0)};
  const double unlikely = 0.5 - mu;
  s.p_x1 = x == 1 ? unlikely : 1 - unlikely;
  s.p_y1_given_x[x] = y == 1 ? unlikely : 1 - unlikely;
  s.p_y1_given_x[1 - x] = 0.5;
  return s;
}

}  // namespace

double LocalStrategy::pair_probability(unsigned x, unsigned y) const {
  const double px = x != 0 ? p_x1 : 1 - p_x1, py = y != 0 ? p_y1_given_x[x] : 1 - p_y1_given_x[x];
  return px * py;
}

double SharedStrategy::win_score() const {
  double score = 0;
  for (const LocalStrategy& s : choices)
    for (unsigned x = 0; x < 2; ++x)
      for (unsigned y = 0; y < 2; ++y)
        if ((s.a_of_x[x] != s.b_of_y[y]) == ((x & y) != 0)) score += s.weight * s.pair_probability(x, y);
  return score;
}

double SharedStrategy::mdl_value(double mu) const {
  const double least = (0.5 - mu) * (0.5 - mu), largest = (0.5 + mu) * (0.5 + mu);
  double value = 0;
  for (const LocalStrategy& s : choices) {
    auto p = [&](bool a, bool b, unsigned x, unsigned y) {
      return s.a_of_x[x] == a && s.b_of_y[y] == b ? s.weight * s.pair_probability(x, y) : 0;
    };
    value +=
        least * p(false, false, 0, 0) - largest * (p(false, true, 0, 1) + p(true, false, 1, 0) + p(false, false, 1, 1));
  }
  return value;
}

double SharedStrategy::pair_probability(unsigned x, unsigned y) const {
  double p = 0;
  for (const LocalStrategy& s : choices) p += s.weight * s.pair_probability(x, y);
  return p;
}

double SharedStrategy::bias() const {
  double largest = 0;
  for (const LocalStrategy& s : choices)
    for (double p : {s.p_x1, s.p_y1_given_x[0], s.p_y1_given_x[1]}) largest = std::max(largest, std::abs(p - 0.5));
  return largest;
}

SharedStrategy win_cheat(double mu) {
  SharedStrategy strategy{"cheat-win", {}};
  for (unsigned pair = 0; pair < 4; ++pair) {
    for (bool flip : {false, true}) {
      strategy.choices.push_back(loses_on(pair >> 1, pair & 1, flip, mu));
      strategy.choices.back().weight = 1.0 / 8;
    }
  }
  return strategy;
}

SharedStrategy mdl_cheat(double mu) {
  LocalStrategy only = loses_on(1, 1, false, mu);
  // The pair 00 must be as likely as it may be, too.
  only.p_x1 = 0.5 - mu;
  only.p_y1_given_x = {0.5 - mu, 0.5 - mu};
  return {"cheat-mdl", {only}};
}

SharedStrategy random_mixture(double mu, std::uint64_t number) {
  bits::KeyedStream stream(bits::StreamKey::from_number(number));
  std::uint64_t words[16 * 6];
  stream.fill({.block = 1}, std::span(words));
  const std::uint64_t* next = words;
  auto uniform = [&] { return static_cast<double>(*next++ >> 11) * 0x1p-53; };
  auto sv_chance = [&] {
    const double u = uniform();
    return u < 0.4 ? 0.5 - mu : u < 0.8 ? 0.5 + mu : 0.5 - mu + 2 * mu * (u - 0.8) / 0.2;
  };
  SharedStrategy strategy{fmt::format("mixture-{}", number), {}};
  double total = 0;
  for (unsigned i = 0; i < 16; ++i) {
    LocalStrategy s;
    const std::uint64_t outcomes = *next++;
    // Every second one is among those that win most, so that mixtures come close to the best score.
    if (outcomes & 16) s = loses_on(outcomes >> 5 & 1, outcomes >> 6 & 1, outcomes >> 7 & 1, mu);
    if ((outcomes & 16) == 0) s.a_of_x = {(outcomes & 1) != 0, (outcomes & 2) != 0};
    if ((outcomes & 16) == 0) s.b_of_y = {(outcomes & 4) != 0, (outcomes & 8) != 0};
    if (outcomes & 256) {
      s.p_x1 = sv_chance();
      s.p_y1_given_x = {sv_chance(), sv_chance()};
    }
    s.weight = -std::log(1 - uniform()) + 1e-9;
    total += s.weight;
    strategy.choices.push_back(s);
  }
  for (LocalStrategy& s : strategy.choices) s.weight /= total;
  return strategy;
}

Result<HiddenChoice> HiddenChoice::make(const SharedStrategy& strategy) {
  const std::size_t count = strategy.choices.size();
  double total = 0;
  bool in_range = true;
  for (const LocalStrategy& s : strategy.choices) {
    in_range = in_range && is_probability(s.weight) && is_probability(s.p_x1) && is_probability(s.p_y1_given_x[0]) &&
               is_probability(s.p_y1_given_x[1]);
    total += s.weight;
  }
  if (count == 0 || count > 16 || !in_range || std::abs(total - 1) > 1e-9) {
    return bad_input("a shared strategy is not a mixture of local ones", {}, std::nullopt,
                     "1 to 16 choices whose weights add to 1, probabilities in [0, 1]",
                     fmt::format("{} choices, weight {}", count, total));
  }
  HiddenChoice choice;
  choice.choice_count_ = static_cast<unsigned>(count);
  unsigned plane_count = 0;
  while (count > std::size_t{1} << plane_count) ++plane_count;
  // Bit after bit of the choice's number, from the lowest, given the bits before.
  for (unsigned p = 0; p < plane_count; ++p) {
    bits::ConditionalBit bit{static_cast<std::uint8_t>(hidden_lane + p), {}};
    for (unsigned context = 0; context < 1u << p; ++context) {
      double both = 0, ones = 0;
      for (std::size_t i = 0; i < count; ++i) {
        if ((i & ((std::size_t{1} << p) - 1)) != context) continue;
        both += strategy.choices[i].weight;
        if ((i >> p & 1) != 0) ones += strategy.choices[i].weight;
      }
      bit.chances.push_back(bits::Chance::of(both > 0 ? std::min(1.0, ones / both) : 0));
    }
    choice.planes_.push_back(std::move(bit));
  }
  return choice;
}

void HiddenChoice::draw(bits::ChunkDrawer& drawer, HiddenPlanes& out) const {
  out.count = plane_count();
  const std::uint64_t* parents[4] = {};
  for (unsigned p = 0; p < plane_count(); ++p) {
    drawer.draw(planes_[p], {parents, p}, out.words[p]);
    parents[p] = out.words[p];
  }
}

}  // namespace bellows::bell
