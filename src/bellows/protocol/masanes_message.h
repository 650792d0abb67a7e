#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "bellows/base/result.h"
#include "bellows/base/secret.h"
#include "bellows/bits/bit_string.h"

namespace bellows::protocol {

/// The messages of a session, in order (docs/format-qkd.md).
enum MessageType : std::uint16_t {
  message_hello = 1,       ///< bob, then alice; hers answers his and settles what bob is in doubt about
  message_settle = 2,      ///< bob: what became of sessions that alice is in doubt about
  message_choices = 3,     ///< both: which pairs are test pairs
  message_test = 4,        ///< both: settings and outcomes of test pairs, and the error sample
  message_correction = 5,  ///< alice: syndromes and hash of the raw key; or the verdict that there is no key
  message_verdict = 6,     ///< bob: whether the corrected key has that hash
  message_reveal = 7,      ///< alice: frames that could not be corrected, in the open
  message_amplify = 8,     ///< alice: the hash seed
  message_prepared = 9,    ///< bob: his certificate; he holds the key sealed
  message_commit = 10,     ///< alice: hers; she holds the key sealed
  message_done = 11,       ///< bob: he has delivered it
};

/// A payload: JSON and bit strings. Length of the JSON (4 bytes, little-endian), the JSON, and for every string its
/// length in bits (8 bytes) and its bytes.
struct Payload {
  nlohmann::json head;
  std::vector<bits::BitString> strings;
};
SecretBytes encode_payload(const nlohmann::json& head, const std::vector<bits::BitView>& strings = {});
/// Errors: bad_input: anything that encode_payload would not have written, or another number of strings.
Result<Payload> decode_payload(std::span<const std::uint8_t> bytes, std::size_t string_count);

}  // namespace bellows::protocol
