#include "bellows/net/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace bellows::net {
namespace {

constexpr std::uint64_t abort_limit_bytes = 1024;
constexpr std::uint64_t growth_bytes = std::uint64_t{16} << 20;
constexpr std::uint64_t passed_over_limit_bytes = std::uint64_t{1} << 30;
constexpr Duration last_word{2000};

std::span<const std::byte> bytes_of(const MessageHeader& header) { return std::as_bytes(std::span(&header, 1)); }

// Received text is shown to people: only plain characters pass.
std::string plain_text(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (std::uint8_t byte : bytes) text += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '?';
  return text;
}

Digest digest_of(const std::vector<Digest>& parts) {
  Sha256 hash;
  for (const Digest& part : parts) hash.update(std::as_bytes(std::span(part.bytes)));
  return hash.finish();
}

}  // namespace

const char* incident_name(Incident incident) {
  switch (incident) {
    case Incident::none:
      return "none";
    case Incident::changed:
      return "changed";
    case Incident::replayed:
      return "replayed";
    case Incident::reordered:
      return "reordered";
    case Incident::dropped:
      return "dropped";
    case Incident::other_session:
      return "other session";
    case Incident::silence:
      return "silence";
    case Incident::closed:
      return "closed";
    case Incident::not_a_message:
      return "not a message";
    case Incident::unexpected:
      return "unexpected";
    case Incident::peer_stopped:
      return "peer stopped";
    case Incident::turned_away:
      return "turned away";
    case Incident::secret_used_up:
      return "secret used up";
  }
  return "?";
}

Result<MessageHeader> read_header(std::span<const std::byte, sizeof(MessageHeader)> bytes, std::uint64_t limit_bytes,
                                  const std::string& expected) {
  MessageHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, MessageHeader{}.magic, sizeof header.magic) != 0)
    return bad_input("what came is no bellows message", "", std::nullopt, expected, "other bytes");
  if (header.version != message_version)
    return bad_input("the peer speaks another version of the message format", "", std::nullopt,
                     fmt::format("{}", message_version), fmt::format("{}", header.version));
  bool short_one = header.type == abort_message_type || header.type == turned_away_message_type;
  std::uint64_t limit = short_one ? abort_limit_bytes : limit_bytes;
  if (header.payload_bytes > limit)
    return bad_input(fmt::format("{} is longer than it can be", expected), "", std::nullopt,
                     fmt::format("{} bytes at most", limit), fmt::format("{}", header.payload_bytes));
  return header;
}

std::string Channel::what_is_expected(std::uint16_t type) const {
  return fmt::format("message {} from {} (type {})", next_to_receive_, role_name(other(ledger_->role())), type);
}

Error Channel::happened(Incident incident, Error error) {
  incident_ = incident;
  return error;
}

Status Channel::send(std::uint16_t type, std::span<const std::byte> payload, std::span<const std::byte> hidden) {
  auto taken = ledger_->take_sending_key();
  if (!taken.ok()) return happened(Incident::secret_used_up, std::move(taken).error());
  MessageHeader header;
  header.type = type;
  header.sequence = next_to_send_++;
  std::copy(session_.begin(), session_.end(), header.session);
  header.key_index = taken->index;
  header.payload_bytes = payload.size();
  TagMaker maker(taken->key);
  maker.update(bytes_of(header));
  maker.update(payload);
  maker.update(hidden);
  Tag tag = maker.finish();
  Sha256 hash;
  hash.update(bytes_of(header));
  hash.update(payload);
  sent_digests_.push_back(hash.finish());
  ++counts_.sent_messages;
  ++counts_.keys_spent;
  counts_.sent_bytes += sizeof header + payload.size() + tag.size();
  for (std::span<const std::byte> part :
       std::initializer_list<std::span<const std::byte>>{bytes_of(header), payload, std::as_bytes(std::span(tag))})
    if (Status status = socket_.send(part, timeout_, cancel_); !status.ok()) return send_failed(status.error());
  return {};
}

// The peer closed while this side was sending. It may have said why: that word lies unread.
Error Channel::send_failed(Error error) {
  if (error.code != ErrorCode::bad_input) return error;
  Incident why = socket_.trouble() == Trouble::silence ? Incident::silence : Incident::closed;
  std::string sending = fmt::format("message {} to {} could not be sent: {}", next_to_send_ - 1,
                                    role_name(other(ledger_->role())), error.message);
  if (why == Incident::closed) {
    Duration patience = std::exchange(timeout_, Duration{500});
    Result<SecretBytes> pending = error;
    do {  // messages that came before it are passed over
      pending = receive(abort_message_type, passed_over_limit_bytes);
    } while (!pending.ok() && incident_ == Incident::unexpected);
    timeout_ = patience;
    if (!pending.ok() && incident_ == Incident::peer_stopped) return std::move(pending).error();
  }
  error.message = std::move(sending);
  return happened(why, std::move(error));
}

// Whether the tag fits; every answer is one more chance of a forger, and is counted.
Result<bool> Channel::fits(const MessageHeader& header, std::span<const std::uint8_t> payload,
                           std::span<const std::byte> hidden, const Tag& tag) {
  BELLOWS_ASSIGN(OneTimeKey key, ledger_->look_at_receiving_key(header.key_index));
  TagMaker maker(key);
  maker.update(bytes_of(header));
  maker.update(std::as_bytes(payload));
  maker.update(hidden);
  counts_.tag_blocks += tag_blocks(sizeof header + payload.size() + hidden.size());
  return tag_matches(maker.finish(), tag);
}

// A message that ended too early. If its last 16 bytes are its tag, it was whole, and its length was changed.
Error Channel::cut(Error error, const std::string& expected, const char* part, MessageHeader header,
                   std::vector<std::uint8_t> came, std::span<const std::byte> hidden) {
  if (error.code != ErrorCode::bad_input) return error;
  if (came.size() >= tag_bytes) {
    header.payload_bytes = came.size() - tag_bytes;
    Tag tag;
    std::copy(came.end() - tag_bytes, came.end(), tag.begin());
    auto whole = fits(header, std::span(came).first(header.payload_bytes), hidden, tag);
    if (whole.ok() && *whole)
      return happened(Incident::changed, refused(fmt::format("{} was changed on its way: its length", expected)));
  }
  error.message = fmt::format("{} is missing: {}", expected, error.message);
  error.expected = part;
  return happened(socket_.trouble() == Trouble::silence ? Incident::silence : Incident::closed, std::move(error));
}

Error Channel::not_genuine(const std::string& expected, MessageHeader header, std::span<const std::uint8_t> payload,
                           std::span<const std::byte> hidden, const Tag& tag) {
  const std::uint64_t named = header.key_index;
  header.key_index = ledger_->received_count();
  if (named != header.key_index) {
    auto as_next = fits(header, payload, hidden, tag);
    if (as_next.ok() && *as_next)
      return happened(Incident::changed,
                      refused(fmt::format("{} was changed on its way: the number of its key", expected)));
  }
  if (named < ledger_->received_count())
    return happened(Incident::replayed,
                    refused(fmt::format("{} came with key {}, which was used before: replayed", expected, named)));
  return happened(
      Incident::changed,
      refused(fmt::format("{} was changed on its way, or comes from someone without the secret: its tag is wrong{}",
                          expected, named >= ledger_->keys_per_direction() ? " and its key beyond the end" : "")));
}

Result<SecretBytes> Channel::receive_word_of_stranger(const MessageHeader& header, const std::string& expected) {
  std::vector<std::uint8_t> word(header.payload_bytes);
  if (Status status = socket_.receive(std::as_writable_bytes(std::span(word)), timeout_, cancel_); !status.ok())
    return happened(Incident::closed, status.error());
  return happened(Incident::turned_away,
                  refused(fmt::format("{} did not come; the other side says, and nobody vouches for it: {}", expected,
                                      plain_text(word))));
}

Result<SecretBytes> Channel::receive(std::uint16_t type, std::uint64_t limit_bytes, std::span<const std::byte> hidden) {
  const std::string expected = what_is_expected(type);
  MessageHeader header;
  std::array<std::byte, sizeof(MessageHeader)> raw_header;
  if (Status status = socket_.receive(raw_header, timeout_, cancel_); !status.ok())
    return cut(status.error(), expected, "a header of 48 bytes", header, {}, hidden);
  if (auto read = read_header(raw_header, limit_bytes, expected); read.ok())
    header = *read;
  else
    return happened(Incident::not_a_message, std::move(read).error());
  if (header.type == turned_away_message_type && !peer_is_genuine()) return receive_word_of_stranger(header, expected);
  const bool is_abort = header.type == abort_message_type;
  if (is_abort) hidden = {};

  SecretBytes payload;
  auto came = [&](std::size_t before, std::span<const std::uint8_t> more) {
    std::vector<std::uint8_t> bytes(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(before));
    bytes.insert(bytes.end(), more.begin(), more.end());
    return bytes;
  };
  while (payload.size() < header.payload_bytes) {
    std::size_t start = payload.size();
    payload.resize(std::min<std::uint64_t>(header.payload_bytes, std::max<std::uint64_t>(2 * start, growth_bytes)));
    if (Status status = socket_.receive(std::as_writable_bytes(std::span(payload).subspan(start)), timeout_, cancel_);
        !status.ok())
      return cut(status.error(), expected, "its payload", header, came(start + socket_.last_received(), {}), hidden);
  }
  Tag tag;
  if (Status status = socket_.receive(std::as_writable_bytes(std::span(tag)), timeout_, cancel_); !status.ok())
    return cut(status.error(), expected, "its tag", header,
               came(payload.size(), std::span(tag).first(socket_.last_received())), hidden);

  if (auto genuine = fits(header, payload, hidden, tag); !genuine.ok() || !*genuine) {
    if (!genuine.ok() && genuine.error().code != ErrorCode::refused) return std::move(genuine).error();
    return not_genuine(expected, header, payload, hidden, tag);
  }
  // Genuine from here on. The key is spent before anything is done with the message.
  BELLOWS_TRY(ledger_->spend_receiving_keys_through(header.key_index));
  ++counts_.received_messages;
  ++counts_.keys_spent;
  counts_.received_bytes += sizeof header + payload.size() + tag.size();

  if (!std::equal(session_.begin(), session_.end(), header.session) && !is_abort)
    return happened(Incident::other_session,
                    refused(fmt::format("{} belongs to another session: delayed or replayed", expected)));
  if (header.sequence != next_to_receive_) return classify_gap(header);
  ++next_to_receive_;
  if (is_abort)
    return happened(Incident::peer_stopped, refused(fmt::format("the peer stopped: {}", plain_text(payload))));
  if (header.type != type)
    return happened(Incident::unexpected,
                    refused(fmt::format("{} did not come; one of type {} came in its place", expected, header.type)));
  Sha256 hash;
  hash.update(bytes_of(header));
  hash.update(std::as_bytes(std::span(payload)));
  received_digests_.push_back(hash.finish());
  return payload;
}

// A genuine message with another number than the next one: the missing one may still come (swapped) or not (dropped).
Error Channel::classify_gap(const MessageHeader& header) {
  auto from = role_name(other(ledger_->role()));
  if (header.sequence < next_to_receive_)
    return happened(Incident::replayed,
                    refused(fmt::format("message {} from {} came again: replayed", header.sequence, from)));
  bool late_one_came = false;
  if (socket_.readable_within(std::min(timeout_, Duration{500}))) {
    MessageHeader late;
    late_one_came = socket_.receive(std::as_writable_bytes(std::span(&late, 1)), Duration{500}, cancel_).ok() &&
                    std::memcmp(late.magic, MessageHeader{}.magic, sizeof late.magic) == 0 &&
                    late.sequence == next_to_receive_;
  }
  return happened(
      late_one_came ? Incident::reordered : Incident::dropped,
      refused(fmt::format("message {} from {} came before message {}, which {}", header.sequence, from,
                          next_to_receive_, late_one_came ? "came after it: reordered" : "did not come: dropped")));
}

void Channel::send_abort(const std::string& reason) {
  if (!peer_is_genuine()) return;
  const Incident incident = incident_;
  Duration patience = std::exchange(timeout_, Duration{1000});
  const CancelToken* cancel = std::exchange(cancel_, nullptr);
  std::string_view text = std::string_view(reason).substr(0, abort_limit_bytes);
  if (send(abort_message_type, std::as_bytes(std::span(text.data(), text.size()))).ok()) socket_.finish(last_word);
  timeout_ = patience;
  cancel_ = cancel;
  incident_ = incident;
}

Channel::Transcript Channel::transcript() const {
  Digest sent = digest_of(sent_digests_), received = digest_of(received_digests_);
  return ledger_->role() == Role::alice ? Transcript{sent, received} : Transcript{received, sent};
}

}  // namespace bellows::net
