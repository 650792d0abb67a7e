#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bellows/base/result.h"

namespace bellows::trials {

inline constexpr std::uint32_t largest_party_count = 16;
inline constexpr std::uint32_t largest_choice_count = 256;

/// How many settings a party chooses from and how many outcomes its box can give.
struct Party {
  std::uint32_t setting_count = 2;
  std::uint32_t outcome_count = 2;

  /// Bit planes needed: 0 for one choice, 1 for two, 2 for three or four...
  std::uint32_t setting_bits() const;
  std::uint32_t outcome_bits() const;
  bool operator==(const Party&) const = default;
};

/// Who takes part in every trial.
struct Scenario {
  std::vector<Party> parties;

  /// Two parties, two settings and two outcomes each.
  static Scenario two_party_chsh() { return Scenario{{Party{}, Party{}}}; }

  /// "(2,2)x(2,2)": settings and outcomes of each party.
  std::string name() const;
  /// Errors: bad_input: no party, over 16 parties, a count of 0 or over 256.
  Status check() const;
  bool operator==(const Scenario&) const = default;

  /// Planes lie party by party, a party's setting bits (lowest bit first) before its outcome bits.
  std::uint32_t plane_count() const;
  std::uint32_t setting_plane(std::uint32_t party, std::uint32_t bit = 0) const;
  std::uint32_t outcome_plane(std::uint32_t party, std::uint32_t bit = 0) const;
  /// Bits of all settings, and of all outcomes, of one trial.
  std::uint32_t setting_bits() const;
  std::uint32_t outcome_bits() const;
};

}  // namespace bellows::trials
