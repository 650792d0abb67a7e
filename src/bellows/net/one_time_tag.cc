#include "bellows/net/one_time_tag.h"

#include <sodium.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bellows/base/check.h"

namespace bellows::net {
namespace {

crypto_onetimeauth_state* as_state(std::array<std::byte, 256>& memory) {
  static_assert(sizeof(crypto_onetimeauth_state) <= 256 && alignof(crypto_onetimeauth_state) <= 64);
  return reinterpret_cast<crypto_onetimeauth_state*>(memory.data());
}

}  // namespace

static_assert(crypto_onetimeauth_KEYBYTES == one_time_key_bytes && crypto_onetimeauth_BYTES == tag_bytes);

TagMaker::TagMaker(const OneTimeKey& key) {
  BELLOWS_CHECK(sodium_init() >= 0, "libsodium does not start");
  crypto_onetimeauth_init(as_state(state_), key.bytes.data());
}

TagMaker::~TagMaker() { wipe(state_.data(), state_.size()); }

void TagMaker::update(std::span<const std::byte> bytes) {
  crypto_onetimeauth_update(as_state(state_), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

Tag TagMaker::finish() {
  Tag tag;
  crypto_onetimeauth_final(as_state(state_), tag.data());
  return tag;
}

bool tag_matches(const Tag& expected, const Tag& got) {
  return equal_in_constant_time(expected.data(), got.data(), tag_bytes);
}

std::uint64_t tag_blocks(std::uint64_t message_bytes) {
  return std::max<std::uint64_t>(1, message_bytes / 16 + (message_bytes % 16 != 0));
}

double log2_forgery_probability(std::uint64_t blocks) {
  if (blocks == 0) return -std::numeric_limits<double>::infinity();
  // Conversion, logarithm and difference err by less than 1e-12 together.
  return std::log2(static_cast<double>(blocks)) + 3 - 106 + 1e-12;
}

}  // namespace bellows::net
