#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

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

/// One TCP connection. Every call ends within its time-out; the connection is closed when it goes.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket();

  /// Tries again until the other side listens or the time is over. Errors: bad_input: the system's word.
  static Result<Socket> connect(const Address& address, Duration timeout, const CancelToken* cancel = nullptr);

  /// Fills the buffer. The time-out is for silence; a peer that trickles must still deliver 64 KiB a second on average.
  /// Errors: bad_input: silence, or the connection ended; `got` says how many bytes came.
  Status receive(std::span<std::byte> buffer, Duration timeout, const CancelToken* cancel = nullptr);
  Status send(std::span<const std::byte> bytes, Duration timeout, const CancelToken* cancel = nullptr);
  /// Whether a byte (or the end of the stream) waits to be read within the time.
  bool readable_within(Duration timeout) const;
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  void close();

 private:
  int descriptor_ = -1;
};

/// A listening socket.
class Listener {
 public:
  /// Port 0 takes any free one. Errors: bad_input: the system's word (address in use...).
  static Result<Listener> listen(const Address& address);
  /// The first peer that connects. Errors: bad_input: nobody came in time.
  Result<Socket> accept(Duration timeout, const CancelToken* cancel = nullptr);
  std::uint16_t port() const { return port_; }

 private:
  Socket socket_;
  std::uint16_t port_ = 0;
};

}  // namespace bellows::net
