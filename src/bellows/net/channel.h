#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bellows/base/digest.h"
#include "bellows/base/progress.h"
#include "bellows/net/ledger.h"
#include "bellows/net/socket.h"

namespace bellows::net {

inline constexpr std::uint16_t message_version = 1;
inline constexpr std::uint16_t abort_message_type = 0xffff;

/// The first 48 bytes of a message (little-endian; docs/format-qkd.md); then the payload; then the tag over both.
struct MessageHeader {
  char magic[4] = {'B', 'L', 'W', 'M'};
  std::uint16_t version = message_version;
  std::uint16_t type = 0;
  std::uint32_t sequence = 0;  ///< 0, 1, 2, ... for each direction
  std::uint32_t reserved = 0;
  std::uint8_t session[16] = {};  ///< zero in the first message of each side
  std::uint64_t key_index = 0;
  std::uint64_t payload_bytes = 0;
};
static_assert(sizeof(MessageHeader) == 48);

/// The header of a message that may be anything. In: expected: what was waited for, in words. Errors: bad_input: no
/// bellows message, another version, a payload that is longer than limit_bytes (an abort's: than 1 KiB).
Result<MessageHeader> read_header(std::span<const std::byte, sizeof(MessageHeader)> bytes, std::uint64_t limit_bytes,
                                  const std::string& expected);

/// What happened to the messages of one session.
struct ChannelCounts {
  std::uint64_t sent_messages = 0, received_messages = 0;
  std::uint64_t sent_bytes = 0, received_bytes = 0;
  std::uint64_t keys_spent = 0;            ///< 256 bits each, both directions
  double log2_forgery_probability = -1e9;  ///< of the whole session: union over the messages received
};

/// Messages that arrive unchanged, once and in order, or an error that says which message and what became of it:
/// changed, dropped, replayed, reordered, foreign, too long, cut, late.
class Channel {
 public:
  Channel(Socket socket, Ledger& ledger, Duration timeout, const CancelToken* cancel = nullptr)
      : socket_(std::move(socket)), ledger_(&ledger), timeout_(timeout), cancel_(cancel) {}

  /// From now on messages carry this label.
  void set_session(const Label& session) { session_ = session; }

  /// Takes a key from the ledger and sends. Errors: refused: secret used up; bad_input: the peer is gone or does not
  /// read. In: hidden: bytes that the tag covers and that are not sent; the receiver must hold the same. The tag's
  /// one-time pad
  ///     keeps them as secret as they were.
  Status send(std::uint16_t type, std::span<const std::byte> payload, std::span<const std::byte> hidden = {});

  /// The next message, which must be of this type and not longer than limit_bytes.
  /// Errors: refused: changed, dropped, replayed, reordered, of another session, or the peer aborted (message holds its
  ///         reason); bad_input: not a bellows peer, another version, too long, cut, silence, connection closed.
  Result<SecretBytes> receive(std::uint16_t type, std::uint64_t limit_bytes, std::span<const std::byte> hidden = {});

  /// Tells the peer why this side stops; never fails, waits one second at most.
  void send_abort(const std::string& reason);

  const ChannelCounts& counts() const { return counts_; }
  /// SHA-256 over all messages (header and payload) in the order in which they were sent and received, alice's and
  /// bob's apart, so that both sides have the same pair.
  struct Transcript {
    Digest from_alice, from_bob;
  };
  Transcript transcript() const;
  /// Another wait for silence; for stretches where the peer computes long.
  void set_timeout(Duration timeout) { timeout_ = timeout; }

 private:
  std::string what_is_expected(std::uint16_t type) const;
  Error classify_gap(const MessageHeader& header);

  Socket socket_;
  Ledger* ledger_;
  Duration timeout_;
  const CancelToken* cancel_;
  Label session_{};
  std::uint32_t next_to_send_ = 0, next_to_receive_ = 0;
  ChannelCounts counts_;
  std::vector<Digest> sent_digests_, received_digests_;
};

}  // namespace bellows::net
