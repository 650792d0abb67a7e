#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace bellows {

/// A whole number of a JSON document that somebody else wrote. The library's own get<T>() wraps what T does not hold
/// (2^64 - 1 becomes -1) and cuts fractions, so no number that decides something is read with it.
/// Out: nothing where the value is no number, has a fraction or an exponent, or lies outside [least, most].
template <std::integral T>
std::optional<T> whole_number(const nlohmann::json& value, T least = std::numeric_limits<T>::min(),
                              T most = std::numeric_limits<T>::max()) {
  auto within = [&](auto number) -> std::optional<T> {
    if (std::cmp_less(number, least) || std::cmp_greater(number, most)) return std::nullopt;
    return static_cast<T>(number);
  };
  if (value.is_number_unsigned()) return within(value.get<std::uint64_t>());
  if (value.is_number_integer()) return within(value.get<std::int64_t>());
  return std::nullopt;
}

}  // namespace bellows
