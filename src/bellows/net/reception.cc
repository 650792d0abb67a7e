#include "bellows/net/reception.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace bellows::net {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t most_guests = 64;
// 2^22 blocks under wrong tags: a forger's chance of 2^-81 at most.
constexpr std::uint64_t most_tag_blocks = std::uint64_t{1} << 22;

}  // namespace

Reception::Look Reception::stranger(Guest& guest, const std::string& word) {
  ++strangers_;
  last_word_ = word;
  if (on_stranger_) on_stranger_(word);
  // A word without a tag: a key is not spent on strangers.
  MessageHeader header;
  header.type = turned_away_message_type;
  header.payload_bytes = word.size();
  std::vector<std::byte> bytes(sizeof header + word.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, word.data(), word.size());
  (void)guest.socket.send(bytes, Duration{0});
  std::array<std::byte, 4096> away;
  for (int i = 0; i < 64; ++i) {  // what he sent and nobody reads would end the connection before he has read
    auto got = guest.socket.receive_some(away);
    if (!got.ok() || *got == 0) break;
  }
  return Look::stranger;
}

Reception::Look Reception::look_at(Guest& guest) {
  const std::string expected = fmt::format("message 0 from {}", role_name(other(ledger_->role())));
  MessageHeader header;
  for (;;) {
    std::size_t wanted = sizeof header;
    if (guest.bytes.size() >= sizeof header) {
      auto read = read_header(std::span(guest.bytes).first<sizeof header>(), hello_limit_bytes, expected);
      if (!read.ok()) return stranger(guest, read.error().describe());
      header = *read;
      wanted += header.payload_bytes + tag_bytes;
      if (guest.bytes.size() == wanted) break;
    }
    const std::size_t start = guest.bytes.size();
    guest.bytes.resize(wanted);
    auto got = guest.socket.receive_some(std::span(guest.bytes).subspan(start));
    guest.bytes.resize(start + (got.ok() ? *got : 0));
    if (!got.ok()) return stranger(guest, fmt::format("{} is missing: {}", expected, got.error().message));
    if (*got == 0) return Look::waiting;
  }
  auto key = ledger_->look_at_receiving_key(header.key_index);
  if (!key.ok()) return stranger(guest, fmt::format("{}: {}", expected, key.error().message));
  const auto signed_part = std::span(guest.bytes).first(guest.bytes.size() - tag_bytes);
  TagMaker maker(*key);
  maker.update(signed_part);
  tag_blocks_ += net::tag_blocks(signed_part.size());
  Tag tag;
  std::memcpy(tag.data(), guest.bytes.data() + signed_part.size(), tag.size());
  if (!tag_matches(maker.finish(), tag))
    return stranger(
        guest,
        fmt::format("{} was changed on its way, or comes from someone without the secret: its tag is wrong", expected));
  guest.socket.put_back(guest.bytes);
  return Look::genuine;
}

Result<Socket> Reception::wait(Duration timeout, Duration patience, const CancelToken* cancel) {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    if (cancel) BELLOWS_TRY(cancel->check());
    std::vector<pollfd> entries = {{listener_.descriptor(), POLLIN, 0}};
    for (const Guest& guest : guests_) entries.push_back({guest.socket.descriptor(), POLLIN, 0});
    if (::poll(entries.data(), entries.size(), 50) < 0 && errno != EINTR)
      return system_error("cannot wait for a peer", "", errno);
    const auto now = Clock::now();
    std::size_t index = 1;
    for (auto guest = guests_.begin(); guest != guests_.end(); ++index) {
      Look look = Look::waiting;
      if (entries[index].revents != 0) look = look_at(*guest);
      if (look == Look::waiting && now >= guest->leaves_at)
        look = stranger(*guest, "silence: a connection that said nothing whole");
      if (look == Look::genuine) return std::move(guest->socket);
      guest = look == Look::stranger ? guests_.erase(guest) : std::next(guest);
    }
    if (tag_blocks_ > most_tag_blocks)
      return refused("too many messages with wrong tags came: somebody tries to forge");
    if (entries[0].revents != 0) {
      BELLOWS_ASSIGN(Socket socket, listener_.accept(Duration{0}, cancel));
      if (guests_.size() == most_guests) {
        stranger(guests_.front(), "too many connections at once");
        guests_.pop_front();
      }
      guests_.push_back({std::move(socket), {}, now + patience});
    }
    if (now < deadline) continue;
    if (strangers_ == 0 && guests_.empty()) return bad_input("nobody connected in time");
    return bad_input(fmt::format(
        "nobody who holds the secret connected in time; strangers turned away: {}, the last: {}",
        strangers_ + guests_.size(), guests_.empty() ? last_word_ : "silence: a connection that said nothing whole"));
  }
}

}  // namespace bellows::net
