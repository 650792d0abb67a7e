#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bellows/base/progress.h"
#include "bellows/base/result.h"

namespace bellows::net {

/// HOST:PORT as people write it; [::1]:9000 for IPv6.
struct Address {
  std::string host;
  std::string port;
  /// Errors: usage: no colon, or no port.
  static Result<Address> parse(const std::string& text);
  std::string text() const;
};

using Duration = std::chrono::milliseconds;

/// Why a call of a socket failed.
enum class Trouble { none, silence, closed };

/// One TCP connection. Every call ends within its time-out; the connection is closed when it goes.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept { *this = std::move(other); }
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(put_back_, other.put_back_);
    return *this;
  }
  ~Socket();

  /// Tries again until the other side listens or the time is over. Errors: bad_input: the system's word.
  static Result<Socket> connect(const Address& address, Duration timeout, const CancelToken* cancel = nullptr);

  /// Fills the buffer. The time-out is for silence; a peer that trickles must still deliver 64 KiB a second on average.
  /// Errors: bad_input: silence, or the connection ended; `got` says how many bytes came.
  Status receive(std::span<std::byte> buffer, Duration timeout, const CancelToken* cancel = nullptr);
  Status send(std::span<const std::byte> bytes, Duration timeout, const CancelToken* cancel = nullptr);
  /// What waits to be read, without waiting for it; 0: nothing. Errors: bad_input: the connection ended.
  Result<std::size_t> receive_some(std::span<std::byte> buffer);
  /// These bytes are received again, before any other.
  void put_back(std::span<const std::byte> bytes) { put_back_.insert(put_back_.begin(), bytes.begin(), bytes.end()); }
  /// Sends no more, and reads away what comes until the peer closes or the time is over: what was sent last is not lost
  /// with bytes that nobody read.
  void finish(Duration timeout);
  /// Of the last call that failed; bytes that the last receive() got.
  Trouble trouble() const { return trouble_; }
  std::size_t last_received() const { return last_received_; }
  /// Whether a byte (or the end of the stream) waits to be read within the time.
  bool readable_within(Duration timeout) const;
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  void close();

 private:
  int descriptor_ = -1;
  std::vector<std::byte> put_back_;
  Trouble trouble_ = Trouble::none;
  std::size_t last_received_ = 0;
};

/// A listening socket.
class Listener {
 public:
  /// Port 0 takes any free one. Errors: bad_input: the system's word (address in use...).
  static Result<Listener> listen(const Address& address);
  /// The first peer that connects. Errors: bad_input: nobody came in time.
  Result<Socket> accept(Duration timeout, const CancelToken* cancel = nullptr);
  std::uint16_t port() const { return port_; }
  int descriptor() const { return socket_.descriptor(); }

 private:
  Socket socket_;
  std::uint16_t port_ = 0;
};

}  // namespace bellows::net
