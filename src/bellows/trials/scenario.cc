#include "bellows/trials/scenario.h"

#include <fmt/format.h>

#include <bit>

namespace bellows::trials {
namespace {

std::uint32_t bits_for(std::uint32_t choices) {
  return choices < 2 ? 0 : static_cast<std::uint32_t>(std::bit_width(choices - 1));
}

}  // namespace

std::uint32_t Party::setting_bits() const { return bits_for(setting_count); }
std::uint32_t Party::outcome_bits() const { return bits_for(outcome_count); }

std::string Scenario::name() const {
  std::string text;
  for (const Party& party : parties)
    text += fmt::format("{}({},{})", text.empty() ? "" : "x", party.setting_count, party.outcome_count);
  return text;
}

Status Scenario::check() const {
  if (parties.empty() || parties.size() > largest_party_count)
    return bad_input("scenario with an impossible number of parties", {}, std::nullopt,
                     fmt::format("1 to {}", largest_party_count), fmt::format("{}", parties.size()));
  for (const Party& party : parties)
    for (std::uint32_t count : {party.setting_count, party.outcome_count})
      if (count == 0 || count > largest_choice_count)
        return bad_input("scenario with an impossible number of settings or outcomes", {}, std::nullopt,
                         fmt::format("1 to {}", largest_choice_count), fmt::format("{}", count));
  return {};
}

std::uint32_t Scenario::plane_count() const { return setting_bits() + outcome_bits(); }

std::uint32_t Scenario::setting_plane(std::uint32_t party, std::uint32_t bit) const {
  BELLOWS_CHECK(party < parties.size() && bit < parties[party].setting_bits(), "no such setting plane");
  std::uint32_t plane = bit;
  for (std::uint32_t i = 0; i < party; ++i) plane += parties[i].setting_bits() + parties[i].outcome_bits();
  return plane;
}

std::uint32_t Scenario::outcome_plane(std::uint32_t party, std::uint32_t bit) const {
  BELLOWS_CHECK(party < parties.size() && bit < parties[party].outcome_bits(), "no such outcome plane");
  std::uint32_t plane = parties[party].setting_bits() + bit;
  for (std::uint32_t i = 0; i < party; ++i) plane += parties[i].setting_bits() + parties[i].outcome_bits();
  return plane;
}

std::uint32_t Scenario::setting_bits() const {
  std::uint32_t sum = 0;
  for (const Party& party : parties) sum += party.setting_bits();
  return sum;
}

std::uint32_t Scenario::outcome_bits() const {
  std::uint32_t sum = 0;
  for (const Party& party : parties) sum += party.outcome_bits();
  return sum;
}

}  // namespace bellows::trials
