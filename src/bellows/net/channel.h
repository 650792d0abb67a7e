#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bellows/base/digest.h"
#include "bellows/base/progress.h"
#include "bellows/net/ledger.h"
#include "bellows/net/socket.h"

namespace bellows::net {

inline constexpr std::uint16_t message_version = 4;
inline constexpr std::uint16_t abort_message_type = 0xffff;
/// Says to a caller that nothing it said was genuine. Without a tag, since none is wasted on strangers: a hint that
/// nobody vouches for, and heard only before the first genuine message.
inline constexpr std::uint16_t turned_away_message_type = 0xfffe;

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

/// What became of the message that was waited for. The name is for machines; the error has the words.
enum class Incident {
  none,
  changed,         ///< its tag is wrong, or it was written with another secret
  replayed,        ///< it came before, or names a key that was spent
  reordered,       ///< a later one came first
  dropped,         ///< a later one came, and this one not
  other_session,   ///< genuine, of another session: delayed or replayed
  silence,         ///< nothing, or a part of it, within the time
  closed,          ///< the connection ended or broke
  not_a_message,   ///< something else, another version, longer than it can be
  unexpected,      ///< genuine, of another type
  peer_stopped,    ///< the peer said so, genuinely
  turned_away,     ///< somebody said so: no genuine message came
  secret_used_up,  ///< no key was left to send
};
const char* incident_name(Incident incident);

/// What happened to the messages of one session.
struct ChannelCounts {
  std::uint64_t sent_messages = 0, received_messages = 0;
  std::uint64_t sent_bytes = 0, received_bytes = 0;
  std::uint64_t keys_spent = 0;  ///< 256 bits each, both directions
  std::uint64_t tag_blocks = 0;  ///< blocks of 16 bytes under every tag that was looked at, right or wrong
  /// Of the whole session, rounded up: the union over all tags that were looked at.
  double log2_forgery_probability() const { return net::log2_forgery_probability(tag_blocks); }
};

/// Messages that arrive unchanged, once and in order, or an error that says which message and what became of it:
/// changed, dropped, replayed, reordered, foreign, too long, cut, late.
class Channel {
 public:
  Channel(Socket socket, Ledger& ledger, Duration timeout, const CancelToken* cancel = nullptr)
      : socket_(std::move(socket)), ledger_(&ledger), timeout_(timeout), cancel_(cancel) {}

  /// From now on messages carry this label.
  void set_session(const Label& session) { session_ = session; }

  /// Takes a key from the ledger and sends. Errors: refused: secret used up, or the peer has stopped (and why);
  /// bad_input: the peer is gone or does not read.
  /// In: hidden: bytes that the tag covers and that are not sent; the receiver must hold the same. The tag's one-time
  ///     pad keeps them as secret as they were.
  Status send(std::uint16_t type, std::span<const std::byte> payload, std::span<const std::byte> hidden = {});

  /// The next message, which must be of this type and not longer than limit_bytes.
  /// Errors: refused: changed, dropped, replayed, reordered, of another session, or the peer aborted (message holds its
  ///         reason); bad_input: not a bellows peer, another version, too long, cut, silence, connection closed.
  Result<SecretBytes> receive(std::uint16_t type, std::uint64_t limit_bytes, std::span<const std::byte> hidden = {});

  /// Tells the peer why this side stops, and reads on for a moment, so that the word is not lost with the connection.
  /// Never fails, waits two seconds at most. To a peer that has said nothing genuine it says nothing: a stranger costs
  /// no key.
  void send_abort(const std::string& reason);

  /// Of the last error.
  Incident incident() const { return incident_; }
  /// Whether any message of the peer was genuine.
  bool peer_is_genuine() const { return counts_.received_messages > 0; }
  /// Enters tags that were looked at before this channel began.
  void add_tag_blocks(std::uint64_t blocks) { counts_.tag_blocks += blocks; }
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
  Error happened(Incident incident, Error error);
  Result<bool> fits(const MessageHeader& header, std::span<const std::uint8_t> payload,
                    std::span<const std::byte> hidden, const Tag& tag);
  Error cut(Error error, const std::string& expected, const char* part, MessageHeader header,
            std::vector<std::uint8_t> came, std::span<const std::byte> hidden);
  Error not_genuine(const std::string& expected, MessageHeader header, std::span<const std::uint8_t> payload,
                    std::span<const std::byte> hidden, const Tag& tag);
  Result<SecretBytes> receive_word_of_stranger(const MessageHeader& header, const std::string& expected);
  Error classify_gap(const MessageHeader& header);
  Error send_failed(Error error);

  Socket socket_;
  Ledger* ledger_;
  Duration timeout_;
  const CancelToken* cancel_;
  Label session_{};
  std::uint32_t next_to_send_ = 0, next_to_receive_ = 0;
  Incident incident_ = Incident::none;
  ChannelCounts counts_;
  std::vector<Digest> sent_digests_, received_digests_;
};

}  // namespace bellows::net
