#include "bellows/protocol/masanes_message.h"

#include <cstring>
#include <string>

#include "bellows/base/checked.h"
#include "bellows/plan/json_reader.h"

namespace bellows::protocol {

SecretBytes encode_payload(const nlohmann::json& head, const std::vector<bits::BitView>& strings) {
  std::string text = head.dump();
  std::size_t size = 4 + text.size();
  for (const auto& string : strings) size += 8 + divide_up(string.size_bits, 8);
  SecretBytes bytes(size);
  std::uint8_t* to = bytes.data();
  auto put = [&](const void* from, std::size_t count) {
    if (count > 0) std::memcpy(to, from, count);
    to += count;
  };
  auto length = static_cast<std::uint32_t>(text.size());
  put(&length, 4);
  put(text.data(), text.size());
  for (const auto& string : strings) {
    put(&string.size_bits, 8);
    std::uint64_t whole = string.size_bits / 64;
    put(string.words, 8 * whole);
    if (string.size_bits % 64 != 0) {
      std::uint64_t last = string.word(whole);
      put(&last, divide_up(string.size_bits % 64, 8));
    }
  }
  return bytes;
}

Result<Payload> decode_payload(std::span<const std::uint8_t> bytes, std::size_t string_count) {
  Payload payload;
  std::size_t at = 0;
  auto wrong = [&](const char* what) { return bad_input(what, "", at); };
  std::uint32_t length = 0;
  if (bytes.size() < 4) return wrong("a message is cut");
  std::memcpy(&length, bytes.data(), 4);
  at = 4;
  if (length > bytes.size() - at) return wrong("a message is cut");
  auto text = bytes.subspan(at, length);
  BELLOWS_ASSIGN(payload.head,
                 plan::parse_json({reinterpret_cast<const char*>(text.data()), text.size()}, "a message's head", ""));
  if (!payload.head.is_object()) return wrong("a message has no JSON object at its head");
  at += length;
  for (std::size_t i = 0; i < string_count; ++i) {
    std::uint64_t size_bits = 0;
    if (bytes.size() - at < 8) return wrong("a message is cut");
    std::memcpy(&size_bits, bytes.data() + at, 8);
    at += 8;
    if (size_bits / 8 > bytes.size() - at || divide_up(size_bits, 8) > bytes.size() - at)
      return wrong("a message is cut");
    bits::BitString string(size_bits);
    std::uint64_t size_bytes = divide_up(size_bits, 8);
    if (size_bytes > 0) std::memcpy(string.words(), bytes.data() + at, size_bytes);
    if (size_bits % 8 != 0 && bytes[at + size_bytes - 1] >> (size_bits % 8) != 0)
      return wrong("a message has bits beyond the end of a string");
    at += size_bytes;
    payload.strings.push_back(std::move(string));
  }
  if (at != bytes.size()) return wrong("a message is longer than its contents");
  return payload;
}

}  // namespace bellows::protocol
