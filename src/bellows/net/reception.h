#pragma once

#include <functional>
#include <list>
#include <string>

#include "bellows/net/channel.h"

namespace bellows::net {

/// The longest first message that is looked at.
inline constexpr std::uint64_t hello_limit_bytes = std::uint64_t{1} << 16;

/// Whoever may come to the listening party's door. Strangers are heard side by side, so that a silent one keeps nobody
/// waiting; whoever says nothing genuine is turned away without a key spent on him, and waiting goes on.
class Reception {
 public:
  /// In: on_stranger: called with what was wrong with a connection.
  Reception(Listener listener, const Ledger& ledger, std::function<void(const std::string&)> on_stranger = {})
      : listener_(std::move(listener)), ledger_(&ledger), on_stranger_(std::move(on_stranger)) {}

  /// The first connection whose first message carries a tag that fits. The message waits in the socket to be received;
  /// its key is not spent yet.
  /// In:     timeout: for all; patience: for a silent one.
  /// Errors: bad_input: nobody came in time, or only strangers (and what was wrong with the last); refused: so many
  /// wrong
  ///         tags that the chance of a forger would count.
  Result<Socket> wait(Duration timeout, Duration patience, const CancelToken* cancel = nullptr);

  /// Blocks of 16 bytes under the tags that were looked at.
  std::uint64_t tag_blocks() const { return tag_blocks_; }

 private:
  struct Guest {
    Socket socket;
    std::vector<std::byte> bytes;
    std::chrono::steady_clock::time_point leaves_at;
  };
  enum class Look { waiting, genuine, stranger };
  Look look_at(Guest& guest);
  Look stranger(Guest& guest, const std::string& word);

  Listener listener_;
  const Ledger* ledger_;
  std::function<void(const std::string&)> on_stranger_;
  std::list<Guest> guests_;
  std::uint64_t strangers_ = 0, tag_blocks_ = 0;
  std::string last_word_;
};

}  // namespace bellows::net
