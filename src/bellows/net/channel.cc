#include "bellows/net/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace bellows::net {
namespace {

constexpr std::uint64_t abort_limit_bytes = 1024;
constexpr std::uint64_t growth_bytes = std::uint64_t{16} << 20;

std::span<const std::byte> bytes_of(const MessageHeader& header) { return std::as_bytes(std::span(&header, 1)); }

// Received text is shown to people: only plain characters pass.
std::string plain_text(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (std::uint8_t byte : bytes) text += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '?';
  return text;
}

double log2_sum(double a, double b) {
  double high = std::max(a, b), low = std::min(a, b);
  return high + std::log2(1 + std::exp2(low - high));
}

Digest digest_of(const std::vector<Digest>& parts) {
  Sha256 hash;
  for (const Digest& part : parts) hash.update(std::as_bytes(std::span(part.bytes)));
  return hash.finish();
}

}  // namespace

Result<MessageHeader> read_header(std::span<const std::byte, sizeof(MessageHeader)> bytes, std::uint64_t limit_bytes,
                                  const std::string& expected) {
  MessageHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, MessageHeader{}.magic, sizeof header.magic) != 0)
    return bad_input("what came is no bellows message", "", std::nullopt, expected, "other bytes");
  if (header.version != message_version)
    return bad_input("the peer speaks another version of the message format", "", std::nullopt,
                     fmt::format("{}", message_version), fmt::format("{}", header.version));
  std::uint64_t limit = header.type == abort_message_type ? abort_limit_bytes : limit_bytes;
  if (header.payload_bytes > limit)
    return bad_input(fmt::format("{} is longer than it can be", expected), "", std::nullopt,
                     fmt::format("{} bytes at most", limit), fmt::format("{}", header.payload_bytes));
  return header;
}

std::string Channel::what_is_expected(std::uint16_t type) const {
  return fmt::format("message {} from {} (type {})", next_to_receive_, role_name(other(ledger_->role())), type);
}

Status Channel::send(std::uint16_t type, std::span<const std::byte> payload, std::span<const std::byte> hidden) {
  BELLOWS_ASSIGN(auto taken, ledger_->take_sending_key());
  MessageHeader header;
  header.type = type;
  header.sequence = next_to_send_++;
  std::copy(session_.begin(), session_.end(), header.session);
  header.key_index = taken.index;
  header.payload_bytes = payload.size();
  TagMaker maker(taken.key);
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
  BELLOWS_TRY(socket_.send(bytes_of(header), timeout_, cancel_));
  BELLOWS_TRY(socket_.send(payload, timeout_, cancel_));
  return socket_.send(std::as_bytes(std::span(tag)), timeout_, cancel_);
}

Result<SecretBytes> Channel::receive(std::uint16_t type, std::uint64_t limit_bytes, std::span<const std::byte> hidden) {
  std::string expected = what_is_expected(type);
  auto broken = [&](const Error& error, const char* part) {
    Error out = error;
    if (out.code == ErrorCode::bad_input) {
      out.message = fmt::format("{} is missing: {}", expected, error.message);
      out.expected = part;
    }
    return out;
  };
  std::array<std::byte, sizeof(MessageHeader)> raw_header;
  if (Status status = socket_.receive(raw_header, timeout_, cancel_); !status.ok())
    return broken(status.error(), "a header of 48 bytes");
  BELLOWS_ASSIGN(MessageHeader header, read_header(raw_header, limit_bytes, expected));
  bool is_abort = header.type == abort_message_type;

  SecretBytes payload;
  while (payload.size() < header.payload_bytes) {
    std::size_t start = payload.size();
    payload.resize(std::min<std::uint64_t>(header.payload_bytes, std::max<std::uint64_t>(2 * start, growth_bytes)));
    if (Status status = socket_.receive(std::as_writable_bytes(std::span(payload).subspan(start)), timeout_, cancel_);
        !status.ok())
      return broken(status.error(), "its payload");
  }
  Tag tag;
  if (Status status = socket_.receive(std::as_writable_bytes(std::span(tag)), timeout_, cancel_); !status.ok())
    return broken(status.error(), "its tag");

  BELLOWS_ASSIGN(OneTimeKey key, ledger_->look_at_receiving_key(header.key_index));
  TagMaker maker(key);
  maker.update(bytes_of(header));
  maker.update(std::as_bytes(std::span(payload)));
  if (!is_abort) maker.update(hidden);
  if (!tag_matches(maker.finish(), tag))
    return refused(
        fmt::format("{} was changed on its way, or comes from someone without the secret: its tag is wrong", expected));
  // Genuine from here on. The key is spent before anything is done with the message.
  BELLOWS_TRY(ledger_->spend_receiving_keys_through(header.key_index));
  ++counts_.received_messages;
  ++counts_.keys_spent;
  counts_.received_bytes += sizeof header + payload.size() + tag.size();
  counts_.log2_forgery_probability =
      log2_sum(counts_.log2_forgery_probability, log2_forgery_probability(sizeof header + payload.size()));

  if (!std::equal(session_.begin(), session_.end(), header.session) && !is_abort)
    return refused(fmt::format("{} belongs to another session: delayed or replayed", expected));
  if (header.sequence != next_to_receive_) return classify_gap(header);
  ++next_to_receive_;
  if (is_abort) return refused(fmt::format("the peer stopped: {}", plain_text(payload)));
  if (header.type != type)
    return refused(fmt::format("{} did not come; one of type {} came in its place", expected, header.type));
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
    return refused(fmt::format("message {} from {} came again: replayed", header.sequence, from));
  bool late_one_came = false;
  if (socket_.readable_within(std::min(timeout_, Duration{500}))) {
    MessageHeader late;
    late_one_came = socket_.receive(std::as_writable_bytes(std::span(&late, 1)), Duration{500}, cancel_).ok() &&
                    std::memcmp(late.magic, MessageHeader{}.magic, sizeof late.magic) == 0 &&
                    late.sequence == next_to_receive_;
  }
  return refused(fmt::format("message {} from {} came before message {}, which {}", header.sequence, from,
                             next_to_receive_, late_one_came ? "came after it: reordered" : "did not come: dropped"));
}

void Channel::send_abort(const std::string& reason) {
  Duration patience = std::exchange(timeout_, Duration{1000});
  const CancelToken* cancel = std::exchange(cancel_, nullptr);
  std::string_view text = std::string_view(reason).substr(0, abort_limit_bytes);
  (void)send(abort_message_type, std::as_bytes(std::span(text.data(), text.size())));
  timeout_ = patience;
  cancel_ = cancel;
}

Channel::Transcript Channel::transcript() const {
  Digest sent = digest_of(sent_digests_), received = digest_of(received_digests_);
  return ledger_->role() == Role::alice ? Transcript{sent, received} : Transcript{received, sent};
}

}  // namespace bellows::net
