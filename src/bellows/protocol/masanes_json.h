#pragma once

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "bellows/base/json_number.h"
#include "bellows/base/result.h"

// What the JSON of a message holds, taken with the care that a stranger's word needs.
namespace bellows::protocol {

inline std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

template <std::size_t N>
Result<std::array<std::uint8_t, N>> from_hex(const nlohmann::json& value) {
  std::array<std::uint8_t, N> bytes{};
  std::size_t length = 0;
  if (!value.is_string() ||
      sodium_hex2bin(bytes.data(), N, value.get_ref<const std::string&>().data(),
                     value.get_ref<const std::string&>().size(), nullptr, &length, nullptr) != 0 ||
      length != N)
    return bad_input(fmt::format("a message lacks {} bytes in hexadecimal", N));
  return bytes;
}

// A whole number that the peer named. Errors: bad_input: missing or no such number.
inline Result<std::uint64_t> number(const nlohmann::json& head, const char* name) {
  auto found = head.find(name);
  const auto value = found == head.end() ? std::nullopt : whole_number<std::uint64_t>(*found);
  if (!value) return bad_input(fmt::format("a message lacks the number '{}'", name));
  return *value;
}

inline std::string text_of(const nlohmann::json& head, const char* name) {
  auto found = head.find(name);
  return found != head.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace bellows::protocol
