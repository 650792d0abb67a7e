#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "bellows/base/result.h"

namespace bellows::report {

/// A page on the loopback, for the user who runs the program and nobody else: connections from other users of the
/// machine and requests that name another host are refused. GET of / and /state.json only.
class WatchServer {
 public:
  /// In:     port: 0 takes a free one. Errors: bad_input: the port is taken, the system's word.
  static Result<WatchServer> listen(std::uint16_t port);
  WatchServer(WatchServer&& other) noexcept;
  WatchServer& operator=(WatchServer&&) = delete;
  ~WatchServer();

  std::uint16_t port() const { return port_; }
  std::string url() const;

  /// Answers requests for up to so many milliseconds; a signal ends the wait early.
  void serve(int milliseconds, const std::function<std::string()>& page,
             const std::function<std::string()>& state_json);

 private:
  using Clock = std::chrono::steady_clock;
  // Whoever is connected: sends its request, then takes its answer, and neither holds up another.
  struct Connection {
    int socket = -1;
    Clock::time_point end;  // for the whole of it
    std::string request, answer;
  };
  WatchServer(int socket, std::uint16_t port) : socket_(socket), port_(port) {}
  void accept_new();
  /// False: done with it.
  bool go_on(Connection& connection, const std::function<std::string()>& page,
             const std::function<std::string()>& state_json);
  std::string answer_to(const Connection& connection, const std::function<std::string()>& page,
                        const std::function<std::string()>& state_json) const;
  std::vector<Connection> connections_;  // the oldest first
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

/// The page that keeps itself up to date from /state.json.
std::string watch_page(const std::string& name, const std::string& state_json, bool has_bias);

}  // namespace bellows::report
