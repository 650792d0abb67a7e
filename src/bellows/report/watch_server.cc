#include "bellows/report/watch_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <utility>

#include "bellows/report/html_assets.h"
#include "bellows/report/html_sections.h"
#include "bellows/report/html_text.h"
#include "bellows/report/watch_state.h"

namespace bellows::report {
namespace {

constexpr std::size_t most_connections = 64, most_request_bytes = 16384;
constexpr auto longest_connection = std::chrono::seconds(5);

// Who owns the other end of a loopback connection, by the system's table of TCP sockets.
std::optional<unsigned> owner_of_peer(int connection) {
  sockaddr_in peer{}, self{};
  socklen_t size = sizeof peer;
  if (::getpeername(connection, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return std::nullopt;
  size = sizeof self;
  if (::getsockname(connection, reinterpret_cast<sockaddr*>(&self), &size) != 0) return std::nullopt;
  auto place = [](const sockaddr_in& address) {
    return fmt::format("{:08X}:{:04X}", address.sin_addr.s_addr, ntohs(address.sin_port));
  };
  std::string from = place(peer), to = place(self);
  std::ifstream table("/proc/net/tcp");
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string number, local, remote, state, queues, timer, retransmits;
    unsigned owner = 0;
    if (words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> owner && local == from &&
        remote == to)
      return owner;
  }
  return std::nullopt;
}

std::string response(const char* status, const char* type, std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}; charset=utf-8\r\nContent-Length: {}\r\n"
      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n{}",
      status, type, body.size(), body);
}

}  // namespace

Result<WatchServer> WatchServer::listen(std::uint16_t port) {
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return system_error("cannot make a socket", "", errno);
  WatchServer server(socket, port);
  int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(socket, 16) != 0)
    return system_error(fmt::format("cannot serve on port {} of the loopback", port), "", errno);
  socklen_t size = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  server.port_ = ntohs(address.sin_port);
  return server;
}

WatchServer::WatchServer(WatchServer&& other) noexcept
    : connections_(std::move(other.connections_)), socket_(std::exchange(other.socket_, -1)), port_(other.port_) {
  other.connections_.clear();
}

WatchServer::~WatchServer() {
  for (const Connection& connection : connections_) ::close(connection.socket);
  if (socket_ >= 0) ::close(socket_);
}

std::string WatchServer::url() const { return fmt::format("http://127.0.0.1:{}/", port_); }

void WatchServer::serve(int milliseconds, const std::function<std::string()>& page,
                        const std::function<std::string()>& state_json) {
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    const auto now = Clock::now();
    if (now >= end) return;
    std::erase_if(connections_, [&](const Connection& connection) {
      if (connection.end > now) return false;
      ::close(connection.socket);
      return true;
    });
    std::vector<pollfd> waiting{{socket_, POLLIN, 0}};
    auto next = end;
    for (const Connection& connection : connections_) {
      waiting.push_back({connection.socket, static_cast<short>(connection.answer.empty() ? POLLIN : POLLOUT), 0});
      next = std::min(next, connection.end);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
    const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(left));
    if (ready < 0) return;
    std::vector<Connection> kept;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      if (waiting[i + 1].revents == 0 || go_on(connections_[i], page, state_json))
        kept.push_back(std::move(connections_[i]));
      else
        ::close(connections_[i].socket);
    }
    connections_ = std::move(kept);
    if (waiting[0].revents != 0) accept_new();
  }
}

void WatchServer::accept_new() {
  const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket < 0) return;
  // Whoever has waited longest without a word makes room.
  if (connections_.size() >= most_connections) {
    ::close(connections_.front().socket);
    connections_.erase(connections_.begin());
  }
  connections_.push_back({socket, Clock::now() + longest_connection, {}, {}});
}

bool WatchServer::go_on(Connection& connection, const std::function<std::string()>& page,
                        const std::function<std::string()>& state_json) {
  if (connection.answer.empty()) {
    char buffer[4096];
    const ssize_t got = ::recv(connection.socket, buffer, sizeof buffer, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0 || connection.request.size() > most_request_bytes) return false;
    connection.request.append(buffer, static_cast<std::size_t>(got));
    if (connection.request.find("\r\n\r\n") == std::string::npos) return true;
    connection.answer = answer_to(connection, page, state_json);
  }
  const ssize_t sent = ::send(connection.socket, connection.answer.data(), connection.answer.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  connection.answer.erase(0, static_cast<std::size_t>(sent));
  return !connection.answer.empty();
}

std::string WatchServer::answer_to(const Connection& connection, const std::function<std::string()>& page,
                                   const std::function<std::string()>& state_json) const {
  auto owner = owner_of_peer(connection.socket);
  if (!owner || (*owner != ::geteuid() && *owner != 0))
    return response("403 Forbidden", "text/plain", "This page is for the user who started bellows watch.\n");
  std::istringstream lines(connection.request);
  std::string method, target, line;
  lines >> method >> target;
  std::getline(lines, line);
  bool host_is_ours = false;
  while (std::getline(lines, line) && line != "\r") {
    std::size_t colon = line.find(':');
    if (colon != 4 || (line[0] | 32) != 'h' || (line[1] | 32) != 'o' || (line[2] | 32) != 's' || (line[3] | 32) != 't')
      continue;
    std::string host = line.substr(5);
    host.erase(0, host.find_first_not_of(" \t"));
    host.erase(host.find_last_not_of(" \t\r") + 1);
    host_is_ours = host == fmt::format("127.0.0.1:{}", port_) || host == fmt::format("localhost:{}", port_);
  }
  if (!host_is_ours) return response("403 Forbidden", "text/plain", "Not a host of this page.\n");
  if (method != "GET") return response("405 Method Not Allowed", "text/plain", "GET only.\n");
  if (target == "/") return response("200 OK", "text/html", page());
  if (target == "/state.json") return response("200 OK", "application/json", state_json());
  return response("404 Not Found", "text/plain", "No such page.\n");
}

std::string watch_page(const std::string& name, const std::string& state_json, bool has_bias) {
  std::string page = page_head("bellows watch: " + name, "bellows watch · " + name + " · private", true);
  page +=
      "<section class=\"verdict unfinished\" id=\"state\" data-verdict=\"watching\">\n<h1 "
      "id=\"headline\">Watching</h1>\n"
      "<p id=\"progress\"></p>\n<p>Nothing on this page is certified. "
      "<span id=\"connection\" aria-live=\"polite\"></span></p>\n</section>\n";
  page += "<section id=\"alarms\" aria-live=\"polite\"></section>\n<dl class=\"facts\" id=\"facts\"></dl>\n";
  page += fmt::format("<p>{}</p>\n", alarms_are_no_proof);
  page += "<section>\n<h2>Quality over time</h2>\n";
  page += series_figure("S", "S by block", "Each point is one block with its 95 % interval.");
  if (has_bias)
    page += series_figure("S_mu", "S<sub>mu</sub> by block",
                          "At most 0 for every local device whose source obeys the claimed bias.");
  page += series_figure("score", "Share of trials won, so far",
                        "Against the classical limit and the plan's thresholds, where they are known.");
  page += "</section>\n";
  page += page_end(state_json, std::string(html_assets().watch_script),
                   "Served by bellows watch on this machine, for its user only.");
  return page;
}

}  // namespace bellows::report
