#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bellows/base/secret.h"

namespace bellows::net {

inline constexpr std::size_t one_time_key_bytes = 32;
inline constexpr std::size_t tag_bytes = 16;

/// 256 secret bits for one tag; wiped when it goes.
struct OneTimeKey {
  std::array<std::uint8_t, one_time_key_bytes> bytes{};
  OneTimeKey() = default;
  OneTimeKey(const OneTimeKey&) = default;
  OneTimeKey& operator=(const OneTimeKey&) = default;
  ~OneTimeKey() { wipe(bytes.data(), bytes.size()); }
};

using Tag = std::array<std::uint8_t, tag_bytes>;

/// Poly1305 with a key that is used once: a Wegman-Carter authenticator (polynomial hash and one-time pad), so the
/// chance to forge does not rest on computing power. Streams; libsodium.
class TagMaker {
 public:
  explicit TagMaker(const OneTimeKey& key);
  ~TagMaker();
  TagMaker(const TagMaker&) = delete;
  TagMaker& operator=(const TagMaker&) = delete;
  void update(std::span<const std::byte> bytes);
  Tag finish();

 private:
  alignas(64) std::array<std::byte, 256> state_;
};

/// True iff the tag fits; takes the same time and the same branches wherever they differ.
bool tag_matches(const Tag& expected, const Tag& got);

/// Blocks of 16 bytes of a message, the last perhaps not full; at least 1.
std::uint64_t tag_blocks(std::uint64_t message_bytes);

/// log2 of the chance that any of several attempts is taken for genuine, rounded up: 8 B / 2^106 for B blocks in all of
/// them together. One attempt at L bytes has 8 ceil(L/16) / 2^106 at most (Bernstein, FSE 2005, theorem 3.3, which
/// holds without any assumption for a pad that is uniform and used once); L counts bytes that the tag covers unsent.
double log2_forgery_probability(std::uint64_t blocks);

}  // namespace bellows::net
