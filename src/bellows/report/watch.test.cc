#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "bellows/report/html_text.h"
#include "bellows/report/watch_server.h"
#include "bellows/report/watch_state.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/writer.h"

namespace bellows::report {
namespace {

struct Chances {
  double win = 0.8, x = 0.5, signal = 0;  // signal: how much a leans on y
};

void append(trials::LogWriter& writer, std::uint64_t trials, const Chances& chances, std::uint64_t seed,
            std::uint64_t time_ns = 0) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform;
  bits::BitString x(trials), y(trials), a(trials), b(trials);
  for (std::uint64_t i = 0; i < trials; ++i) {
    bool xi = uniform(random) < chances.x, yi = random() & 1;
    bool ai = uniform(random) < 0.5 + (yi ? chances.signal : 0);
    x.set(i, xi);
    y.set(i, yi);
    a.set(i, ai);
    b.set(i, ai ^ (xi && yi) ^ (uniform(random) >= chances.win));
  }
  std::vector<bits::BitView> planes{x, a, y, b};
  ASSERT_TRUE(writer.append_block(planes, time_ns).ok());
}

plan::Plan example_plan(std::uint64_t trials) {
  plan::Plan plan;
  plan.mu = numeric::Exact::literal("0.01");
  plan.trial_count = trials;
  plan.thresholds = plan::Thresholds::list({numeric::Exact::literal("0.79"), numeric::Exact::literal("0.81")});
  plan.epsilons = plan::split_epsilon(numeric::Exact::literal("1e-9"), 2, plan.extractor);
  plan.extractor = plan::Extractor::toeplitz;
  return plan;
}

class Watch : public ::testing::Test {
 protected:
  Watch() : path_(folder_.path() / "log.trials") {
    auto writer = trials::LogWriter::create(path_, {});
    EXPECT_TRUE(writer.ok());
    writer_.emplace(std::move(*writer));
  }
  LogWatch open(WatchOptions options = {}) {
    auto watch = LogWatch::open(path_, std::move(options));
    EXPECT_TRUE(watch.ok()) << watch.error().describe();
    return std::move(*watch);
  }
  testing::TempFolder folder_;
  Path path_;
  std::optional<trials::LogWriter> writer_;
};

TEST_F(Watch, FollowsALogThatGrows) {
  LogWatch watch = open({.plan = example_plan(1000000)});
  EXPECT_FALSE(*watch.refresh({}));
  EXPECT_EQ(watch.state().trials, 0u);
  EXPECT_EQ(watch_lines(watch.state(), "log", 80).back(), "no trials yet");
  EXPECT_NE(watch_page("log", json_for_page(watch.page_state()), true).find("<html"), std::string::npos);
  for (std::uint64_t b = 0; b < 8; ++b) {
    append(*writer_, 50000, {.win = 0.82}, b, 1700000000000000000ull + b * 1000000000ull);
    ASSERT_TRUE(*watch.refresh({}));
    EXPECT_FALSE(*watch.refresh({}));
    EXPECT_EQ(watch.state().trials, 50000 * (b + 1));
  }
  WatchState state = watch.state();
  EXPECT_TRUE(state.alarms.empty()) << state.alarms[0];
  EXPECT_NEAR(*state.trials_per_second, 50000, 1);
  EXPECT_NEAR(*state.seconds_left, 12, 0.1);
  EXPECT_TRUE(state.threshold_reached);
  EXPECT_DOUBLE_EQ(*state.threshold, 0.81);
  ASSERT_TRUE(state.expected_bits.has_value());
  EXPECT_GT(*state.expected_bits, 1000u);
  EXPECT_EQ(state.s_by_block.size(), 8u);
  ASSERT_TRUE(writer_->finish().ok());
  EXPECT_TRUE(*watch.refresh({}));
  EXPECT_TRUE(watch.state().complete);
}

TEST_F(Watch, ExpectsBitsOfAPlanThatScoresTheMdlValue) {
  plan::Plan plan = example_plan(100000000);
  plan.method = plan::Method::mdl;
  plan.thresholds = plan::Thresholds::list({numeric::Exact::literal("0.002"), numeric::Exact::literal("0.004")});
  for (std::uint64_t b = 0; b < 4; ++b) append(*writer_, 50000, {.win = 0.82}, b);
  LogWatch watch = open({.plan = plan});
  ASSERT_TRUE(watch.refresh({}).ok());
  WatchState state = watch.state();
  EXPECT_FALSE(state.score_is_win_share);
  EXPECT_TRUE(state.threshold_reached);
  ASSERT_TRUE(state.expected_bits.has_value());
  EXPECT_GT(*state.expected_bits, 100000u);
}

TEST_F(Watch, RaisesAlarms) {
  for (std::uint64_t b = 0; b < 8; ++b)
    append(*writer_, 50000, {.win = b < 6 ? 0.82 : 0.78, .x = 0.56, .signal = 0.05}, b);
  LogWatch watch = open({.mu = 0.01});
  ASSERT_TRUE(watch.refresh({}).ok());
  std::string all;
  for (const std::string& alarm : watch.state().alarms) all += alarm + "\n";
  for (const char* word : {"drift", "settings", "no-signalling"}) EXPECT_NE(all.find(word), std::string::npos) << all;
  std::string json = to_json(watch.state()).dump();
  EXPECT_NE(json.find("no part of the proof"), std::string::npos);
}

TEST_F(Watch, DoesNotDisturbTheWriter) {
  std::atomic<bool> done{false};
  std::thread reader([&] {
    LogWatch watch = open();
    while (!done) EXPECT_TRUE(watch.refresh({}).ok());
    EXPECT_TRUE(watch.refresh({}).ok());
    EXPECT_EQ(watch.state().blocks, 200u);
  });
  for (std::uint64_t b = 0; b < 200; ++b) append(*writer_, 1000, {}, b);
  ASSERT_TRUE(writer_->finish().ok());
  done = true;
  reader.join();
}

TEST_F(Watch, OneBlockAndForeignFiles) {
  append(*writer_, 3, {}, 1);
  LogWatch watch = open({.plan = example_plan(100)});
  ASSERT_TRUE(watch.refresh({}).ok());
  for (const std::string& line : watch_lines(watch.state(), "log", 60)) {
    EXPECT_EQ(line.find("nan"), std::string::npos) << line;
    EXPECT_EQ(line.find("inf"), std::string::npos) << line;
  }
  EXPECT_EQ(LogWatch::open(folder_.path() / "nothing", {}).error().code, ErrorCode::bad_input);
}

TEST(Sparkline, FitsItsWidth) {
  EXPECT_EQ(sparkline({}, 10), "");
  EXPECT_EQ(sparkline({1, 1}, 10), "▅▅");
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 8), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline(std::vector<double>(1000, 2.0), 10).size(), 10u * 3);
}

std::string ask(std::uint16_t port, const std::string& request) {
  int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::send(socket, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got; (got = ::recv(socket, buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(got));
  ::close(socket);
  return answer;
}

TEST(WatchServer, AnswersItsUserOnTheLoopbackOnly) {
  auto server = WatchServer::listen(0);
  ASSERT_TRUE(server.ok());
  std::atomic<bool> done{false};
  std::thread serving([&] {
    while (!done)
      server->serve(
          100, [] { return std::string("PAGE"); }, [] { return std::string("{}"); });
  });
  std::string host = fmt::format("Host: 127.0.0.1:{}\r\n\r\n", server->port());
  EXPECT_NE(ask(server->port(), "GET / HTTP/1.1\r\n" + host).find("PAGE"), std::string::npos);
  EXPECT_NE(ask(server->port(), "GET /state.json HTTP/1.1\r\n" + host).find("{}"), std::string::npos);
  EXPECT_NE(ask(server->port(), "GET /../etc/passwd HTTP/1.1\r\n" + host).find("404"), std::string::npos);
  EXPECT_NE(ask(server->port(), "POST / HTTP/1.1\r\n" + host).find("405"), std::string::npos);
  EXPECT_NE(ask(server->port(), "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").find("403"), std::string::npos);
  EXPECT_NE(ask(server->port(), "GET / HTTP/1.1\r\n\r\n").find("403"), std::string::npos);
  EXPECT_EQ(ask(server->port(), std::string(40000, 'x')), "");
  EXPECT_EQ(WatchServer::listen(server->port()).error().code, ErrorCode::bad_input);
  done = true;
  serving.join();
}

// Whoever connects and says nothing, or stops in the middle, holds up nobody.
TEST(WatchServer, SilentConnectionsHoldUpNobody) {
  auto server = WatchServer::listen(0);
  ASSERT_TRUE(server.ok());
  std::vector<int> silent;
  for (int i = 0; i < 100; ++i) {
    int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (i % 2 == 1) ::send(socket, "GET / HT", 8, MSG_NOSIGNAL);
    silent.push_back(socket);
    if (i % 10 == 9)
      server->serve(
          10, [] { return std::string(); }, [] { return std::string(); });
  }
  std::atomic<bool> done{false};
  std::thread serving([&] {
    while (!done)
      server->serve(
          100, [] { return std::string(5000000, 'P'); }, [] { return std::string("{}"); });
  });
  const auto start = std::chrono::steady_clock::now();
  const std::string answer =
      ask(server->port(), fmt::format("GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", server->port()));
  EXPECT_GT(answer.size(), 5000000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  done = true;
  serving.join();
  for (int socket : silent) ::close(socket);
}

// For tests/browser: appends so many good (or, negative, bad) blocks for each line of standard input, then finishes.
TEST(WatchPage, WritesALogForTheBrowser) {
  const char* path = std::getenv("BELLOWS_BROWSER_LOG");
  if (path == nullptr) GTEST_SKIP() << "only for tests/browser";
  auto writer = trials::LogWriter::create(path, {});
  ASSERT_TRUE(writer.ok()) << writer.error().describe();
  std::uint64_t seed = 0;
  for (int count = 0; std::cin >> count;)
    for (int i = 0; i < std::abs(count); ++i) append(*writer, 20000, {.win = count > 0 ? 0.82 : 0.76}, ++seed);
  ASSERT_TRUE(writer->finish().ok());
}

}  // namespace
}  // namespace bellows::report
