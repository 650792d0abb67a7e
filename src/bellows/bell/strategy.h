#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bellows/base/result.h"
#include "bellows/bits/draw.h"

namespace bellows::bell {

/// Tapes of a simulated trial of two parties, so that no two of its bits share one (bits/draw.h).
inline constexpr std::uint8_t hidden_lane = 0, setting_lane = 8, outcome_lane = 16, seed_lane = 32;

/// One deterministic local strategy of a device, and what a scheming source does while it is played.
struct LocalStrategy {
  double weight = 1;                                ///< how often it is chosen
  std::array<bool, 2> a_of_x{}, b_of_y{};           ///< the outcomes
  double p_x1 = 0.5;                                ///< the source's chance of x = 1
  std::array<double, 2> p_y1_given_x = {0.5, 0.5};  ///< and of y = 1, once x is drawn

  double pair_probability(unsigned x, unsigned y) const;
};

/// What a cheating device and a scheming source agree on before: in each trial one of up to sixteen local strategies,
/// known to both and to nobody else. Every local model with measurement dependence is such a mixture.
struct SharedStrategy {
  std::string name;
  std::vector<LocalStrategy> choices;

  /// Expected share of trials with a xor b = x y.
  double win_score() const;
  /// Expected MDL value at bias mu (theory 1.1).
  double mdl_value(double mu) const;
  /// Probability of a pair of settings, for whoever does not know the choices.
  double pair_probability(unsigned x, unsigned y) const;
  /// The largest distance of a chance of the source from one half.
  double bias() const;
};

/// Loses on one pair of settings, drawn anew in each trial, and the source makes that pair as unlikely as it may: wins
/// 1 - (1/2 - mu)^2 of the trials, the largest local score, and the settings look uniform to all others.
SharedStrategy win_cheat(double mu);
/// Always loses on the pair 11 only, with a = b = 0: the same score, and the MDL value is 0, its largest local value.
/// The settings show the bias.
SharedStrategy mdl_cheat(double mu);
/// Sixteen random strategies with random weights; the source's chances are random, most of them at the ends of its
/// range.
SharedStrategy random_mixture(double mu, std::uint64_t number);

/// The choices of one chunk of trials: plane p holds bit p of the number of the choice.
struct HiddenPlanes {
  unsigned count = 0;
  std::uint64_t words[4][bits::chunk_words];
};

/// Draws the choices of a strategy.
class HiddenChoice {
 public:
  /// Errors: bad_input: no choice or more than 16, weights that do not add to 1, a probability out of range.
  static Result<HiddenChoice> make(const SharedStrategy& strategy);

  unsigned plane_count() const { return static_cast<unsigned>(planes_.size()); }
  void draw(bits::ChunkDrawer& drawer, HiddenPlanes& out) const;
  /// Chances of a bit that depends on the choice (lowest bits of the context) and on `own_parents` other bits:
  /// chance_of(choice, context of the others).
  template <class ChanceOf>
  std::vector<bits::Chance> chances(unsigned own_parents, const ChanceOf& chance_of) const {
    std::vector<bits::Chance> all;
    for (unsigned others = 0; others < 1u << own_parents; ++others)
      for (unsigned choice = 0; choice < 1u << plane_count(); ++choice)
        all.push_back(choice < choice_count_ ? bits::Chance::of(chance_of(choice, others)) : bits::Chance{});
    return all;
  }

 private:
  std::vector<bits::ConditionalBit> planes_;
  unsigned choice_count_ = 0;
};

}  // namespace bellows::bell
