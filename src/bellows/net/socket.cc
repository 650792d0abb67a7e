#include "bellows/net/socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <thread>

namespace bellows::net {
namespace {

using Clock = std::chrono::steady_clock;
constexpr Duration cancel_interval{100};
constexpr std::uint64_t slowest_bytes_per_ms = 64;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> resolve(const Address& address, bool to_listen) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = to_listen ? AI_PASSIVE : 0;
  addrinfo* found = nullptr;
  int status =
      ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(), address.port.c_str(), &hints, &found);
  if (status != 0) return bad_input(fmt::format("cannot resolve {}: {}", address.text(), ::gai_strerror(status)));
  return Addresses(found);
}

void prepare(int descriptor) {
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// Waits for events in slices, so that Ctrl-C is heard. False: the time is over.
Result<bool> wait_for(int descriptor, short events, Clock::time_point deadline, const CancelToken* cancel) {
  for (;;) {
    if (cancel) BELLOWS_TRY(cancel->check());
    auto left = std::chrono::duration_cast<Duration>(deadline - Clock::now());
    if (left.count() < 0) left = Duration{0};
    pollfd poll_entry{descriptor, events, 0};
    int ready = ::poll(&poll_entry, 1, static_cast<int>(std::min(left, cancel_interval).count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return system_error("cannot wait for the peer", "", errno);
    if (ready == 0 && left.count() == 0) return false;
  }
}

}  // namespace

Result<Address> Address::parse(const std::string& text) {
  auto colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size()) return usage_error("not an address", "HOST:PORT", text);
  Address address{text.substr(0, colon), text.substr(colon + 1)};
  const bool is_number = address.port.find_first_not_of("0123456789") == std::string::npos;
  if (is_number && (address.port.size() > 5 || std::stoul(address.port) > 65535))
    return usage_error("no such port", "0 to 65535", address.port);
  if (address.host.size() > 1 && address.host.front() == '[' && address.host.back() == ']')
    address.host = address.host.substr(1, address.host.size() - 2);
  return address;
}

std::string Address::text() const {
  return host.find(':') == std::string::npos ? host + ":" + port : "[" + host + "]:" + port;
}

Socket::~Socket() { close(); }

void Socket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Result<Socket> Socket::connect(const Address& address, Duration timeout, const CancelToken* cancel) {
  auto deadline = Clock::now() + timeout;
  BELLOWS_ASSIGN(auto addresses, resolve(address, false));
  int last_error = 0;
  do {
    for (addrinfo* entry = addresses.get(); entry != nullptr; entry = entry->ai_next) {
      Socket socket(::socket(entry->ai_family, entry->ai_socktype, entry->ai_protocol));
      if (!socket.is_open()) return system_error("cannot open a socket", address.text(), errno);
      prepare(socket.descriptor());
      if (::connect(socket.descriptor(), entry->ai_addr, entry->ai_addrlen) == 0) return socket;
      last_error = errno;
      if (last_error != EINPROGRESS) continue;
      BELLOWS_ASSIGN(bool ready, wait_for(socket.descriptor(), POLLOUT, deadline, cancel));
      if (!ready) break;
      socklen_t size = sizeof last_error;
      ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &last_error, &size);
      if (last_error == 0) return socket;
    }
    if (cancel) BELLOWS_TRY(cancel->check());
    std::this_thread::sleep_for(Duration{50});
  } while (Clock::now() < deadline);
  return system_error("cannot connect", address.text(), last_error);
}

Result<std::size_t> Socket::receive_some(std::span<std::byte> buffer) {
  if (!put_back_.empty()) {
    const std::size_t count = std::min(buffer.size(), put_back_.size());
    std::copy_n(put_back_.begin(), count, buffer.begin());
    put_back_.erase(put_back_.begin(), put_back_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }
  for (;;) {
    const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::size_t{0};
    trouble_ = Trouble::closed;
    if (count == 0) return bad_input("the peer closed the connection");
    return system_error("the connection broke", "", errno);
  }
}

Status Socket::receive(std::span<std::byte> buffer, Duration timeout, const CancelToken* cancel) {
  std::size_t done = 0;
  last_received_ = 0;
  auto limit = Clock::now() + timeout + Duration{static_cast<std::int64_t>(buffer.size() / slowest_bytes_per_ms)};
  while (done < buffer.size()) {
    auto got = receive_some(buffer.subspan(done));
    auto came = [&] { return fmt::format("{} of {} bytes", done, buffer.size()); };
    if (!got.ok()) {
      Error error = std::move(got).error();
      error.got = came();
      return error;
    }
    done += *got;
    last_received_ = done;
    if (*got > 0) continue;
    BELLOWS_ASSIGN(bool ready, wait_for(descriptor_, POLLIN, std::min(limit, Clock::now() + timeout), cancel));
    if (ready) continue;
    trouble_ = Trouble::silence;
    return bad_input(
        fmt::format("silence: the peer sent nothing for {:.1f} s", static_cast<double>(timeout.count()) / 1000), "",
        std::nullopt, "", came());
  }
  return {};
}

Status Socket::send(std::span<const std::byte> bytes, Duration timeout, const CancelToken* cancel) {
  std::size_t done = 0;
  auto limit = Clock::now() + timeout + Duration{static_cast<std::int64_t>(bytes.size() / slowest_bytes_per_ms)};
  while (done < bytes.size()) {
    ssize_t count = ::send(descriptor_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      trouble_ = Trouble::closed;
      return system_error("the connection broke", "", errno);
    }
    BELLOWS_ASSIGN(bool ready, wait_for(descriptor_, POLLOUT, std::min(limit, Clock::now() + timeout), cancel));
    if (ready) continue;
    trouble_ = Trouble::silence;
    return bad_input("the peer does not read what it is sent");
  }
  return {};
}

void Socket::finish(Duration timeout) {
  ::shutdown(descriptor_, SHUT_WR);
  const auto deadline = Clock::now() + timeout;
  std::vector<std::byte> away(std::size_t{1} << 16);
  for (;;) {
    auto got = receive_some(away);
    if (!got.ok()) return;
    if (*got > 0 && Clock::now() < deadline) continue;
    auto ready = wait_for(descriptor_, POLLIN, deadline, nullptr);
    if (!ready.ok() || !*ready || Clock::now() >= deadline) return;
  }
}

bool Socket::readable_within(Duration timeout) const {
  pollfd entry{descriptor_, POLLIN, 0};
  return ::poll(&entry, 1, static_cast<int>(timeout.count())) > 0;
}

Result<Listener> Listener::listen(const Address& address) {
  BELLOWS_ASSIGN(auto addresses, resolve(address, true));
  int last_error = 0;
  for (addrinfo* entry = addresses.get(); entry != nullptr; entry = entry->ai_next) {
    Listener listener;
    listener.socket_ = Socket(::socket(entry->ai_family, entry->ai_socktype, entry->ai_protocol));
    int descriptor = listener.socket_.descriptor();
    if (descriptor < 0) {
      last_error = errno;
      continue;
    }
    prepare(descriptor);
    int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(descriptor, entry->ai_addr, entry->ai_addrlen) != 0 || ::listen(descriptor, 64) != 0) {
      last_error = errno;
      continue;
    }
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size);
    listener.port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                                       : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
    return listener;
  }
  return system_error("cannot listen", address.text(), last_error);
}

Result<Socket> Listener::accept(Duration timeout, const CancelToken* cancel) {
  auto deadline = Clock::now() + timeout;
  for (;;) {
    BELLOWS_ASSIGN(bool ready, wait_for(socket_.descriptor(), POLLIN, deadline, cancel));
    if (!ready) return bad_input("nobody connected in time");
    int descriptor = ::accept(socket_.descriptor(), nullptr, nullptr);
    if (descriptor >= 0) {
      prepare(descriptor);
      return Socket(descriptor);
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED)
      return system_error("cannot accept a connection", "", errno);
  }
}

}  // namespace bellows::net
