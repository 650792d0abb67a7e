#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bellows/base/result.h"

namespace bellows::trials {

/// How often each record x y a b (bits 3..0 of the index) occurs.
using RecordCounts = std::array<std::uint64_t, 16>;

/// A renaming of parties, settings and outcomes of two-party binary trials. Every one of the 128 maps local behaviours
/// to local behaviours, so a relabelling that is fixed before the data costs nothing; one chosen after seeing them
/// costs its share of the thresholds.
///
/// Spec: words joined by commas, applied from left to right to every record; `none` or nothing for no change:
///   swap-parties   exchange x with y and a with b      x:flip  x -> 1-x          y:flip  y -> 1-y
///   a:flip  a -> 1-a        b:flip  b -> 1-b           a:flip-if-x  a -> a xor x  b:flip-if-y  b -> b xor y
class Relabelling {
 public:
  Relabelling() = default;
  /// Errors: usage: a word that is none of the above.
  static Result<Relabelling> parse(std::string_view spec);
  /// The shortest spec in one fixed order; "none" for no change.
  std::string spec() const;
  Relabelling inverse() const;

  /// One record, bits 3..0 = x y a b.
  std::uint8_t apply(std::uint8_t xyab) const;
  /// 64 trials a word, all words of four planes.
  void apply(std::uint64_t* x, std::uint64_t* y, std::uint64_t* a, std::uint64_t* b, std::uint64_t size_words) const;

  bool is_identity() const { return *this == Relabelling(); }
  bool operator==(const Relabelling&) const = default;

 private:
  void then(std::string_view step);
  // In this order: swap, then flips of settings, then a ^= flip_a ^ (flip_a_if_x and the new x), b likewise.
  bool swap_ = false, flip_x_ = false, flip_y_ = false, flip_a_ = false, flip_a_if_x_ = false, flip_b_ = false,
       flip_b_if_y_ = false;
};

/// One relabelling for each of the eight forms a xor b = xy xor (alpha x xor beta y xor gamma) of the CHSH game: the
/// one that maps that form to a xor b = xy. The first is the identity.
const std::array<Relabelling, 8>& chsh_relabellings();

/// What a search over chsh_relabellings() found.
struct RelabellingSearch {
  Relabelling best;
  std::uint64_t wins = 0;        ///< trials with a xor b = xy after `best`
  std::uint32_t candidates = 8;  ///< thresholds it counts as
};

/// The relabelling with the most wins; of equal ones the first. It looks at the outcomes: the caller pays for
/// `candidates` thresholds.
RelabellingSearch find_chsh_relabelling(const RecordCounts& counts);

/// Of records that were read as they stand and look local, since their settings or outcomes bear other names: the
/// relabelling under which they win more than three quarters. Nothing where there is none, or none is needed.
std::optional<RelabellingSearch> relabelling_that_wins(const RecordCounts& counts);

/// Trials with a xor b = xy.
std::uint64_t chsh_wins(const RecordCounts& counts);

}  // namespace bellows::trials
