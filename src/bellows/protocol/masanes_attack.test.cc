#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "bellows/ecc/ldpc_code.h"
#include "bellows/extract/hasher.h"
#include "bellows/protocol/masanes_message.h"
#include "bellows/testing/masanes.h"
#include "bellows/testing/shared_data.h"

// Whoever holds the line, and whoever pulls the plug.
namespace bellows::protocol {
namespace {

using namespace testing_masanes;
using net::Role;
constexpr net::Duration quick{50};
constexpr net::Duration patience{3000};  // of the parties; only ends of attacked sessions wait for it

enum class Attack { none, flip, flip_payload, flip_tag, drop, repeat, reflect, delay, swap, cut, forge };
constexpr const char* names[] = {"none",    "flip",  "flip payload", "flip tag", "drop", "repeat",
                                 "reflect", "delay", "swap",         "cut",      "forge"};

// A byte of each field of the header; of the length, the lowest and the highest.
constexpr std::size_t header_fields[] = {0, 4, 6, 8, 12, 16, 31, 32, 39, 40, 47};

// Another payload in place of an honest one: JSON with something odd in it, or bytes changed anywhere.
std::vector<std::byte> spoil(std::span<const std::byte> payload, std::mt19937& engine) {
  std::vector<std::byte> out(payload.begin(), payload.end());
  std::uint32_t length = 0;
  std::memcpy(&length, out.data(), 4);
  if (engine() % 4 == 0) {
    std::size_t at =
        engine() % 2 == 0 ? engine() % out.size() : engine() % std::min<std::size_t>(out.size(), 4 + length + 8);
    out[at] ^= static_cast<std::byte>(1 + engine() % 255);
    if (engine() % 3 == 0) out.resize(engine() % out.size());
    return out;
  }
  auto head = nlohmann::json::parse(reinterpret_cast<const char*>(out.data()) + 4,
                                    reinterpret_cast<const char*>(out.data()) + 4 + length);
  const nlohmann::json odd[] = {nullptr,
                                -1,
                                0,
                                1,
                                ~std::uint64_t{0},
                                std::uint64_t{1} << 32,
                                1e300,
                                "",
                                "zz",
                                true,
                                false,
                                nlohmann::json::array({0, 1, 0xffffffff}),
                                nlohmann::json::object()};
  nlohmann::json* target = &head;
  while (target->is_object() && !target->empty()) {
    auto entry = target->begin();
    std::advance(entry, engine() % target->size());
    target = &*entry;
    if (engine() % 2 == 0) break;
  }
  *target = odd[engine() % std::size(odd)];
  std::string text = head.dump();
  std::vector<std::byte> made(4 + text.size());
  auto size = static_cast<std::uint32_t>(text.size());
  std::memcpy(made.data(), &size, 4);
  std::memcpy(made.data() + 4, text.data(), text.size());
  made.insert(made.end(), out.begin() + 4 + length, out.end());
  return made;
}

// A man in the middle who knows the format and not the secret. Messages are numbered as they come, over both
// directions.
class Proxy {
 public:
  Proxy(std::uint16_t alice_port, Attack attack, int victim, net::Duration delay)
      : alice_port_(alice_port), attack_(attack), victim_(victim), delay_(delay) {
    auto listener = net::Listener::listen({"127.0.0.1", "0"});
    port_ = listener->port();
    listener_ = std::move(*listener);
    worker_ = std::thread([this] { work(); });
  }
  ~Proxy() { wait(); }
  /// Until both ends are closed.
  void wait() {
    if (worker_.joinable()) worker_.join();
  }
  std::uint16_t port() const { return port_; }

  // (direction, key index) -> the message that used it. A second one that differs is the end of one-time keys.
  /// For `forge`: the shared secret, with which a dishonest partner would make genuine tags; and what to write.
  const bits::BitString* secret = nullptr;
  std::uint32_t forger_seed = 0;
  /// For `flip`.
  std::size_t flipped_byte = 0;

  /// Called with the number of each message: when it has come, and when it has been passed on.
  std::function<void(int number, bool passed)> watch = [](int, bool) {};

  using Uses = std::map<std::pair<int, std::uint64_t>, std::vector<std::byte>>;
  Uses uses;
  bool reused = false;

 private:
  void work() {
    auto from_bob = listener_.accept(net::Duration{20'000});
    if (!from_bob.ok()) return;
    auto to_alice = net::Socket::connect({"127.0.0.1", std::to_string(alice_port_)}, net::Duration{3000});
    if (!to_alice.ok()) return;
    std::thread back([&] { forward(*to_alice, *from_bob, 0); });
    forward(*from_bob, *to_alice, 1);
    back.join();
  }

  void forge(std::vector<std::byte>& message, int direction) {
    net::MessageHeader header;
    std::memcpy(&header, message.data(), sizeof header);
    std::mt19937 engine(forger_seed);
    auto payload = spoil(std::span(message).subspan(sizeof header, header.payload_bytes), engine);
    header.payload_bytes = payload.size();
    net::OneTimeKey key;
    std::size_t keys = (secret->size_bits() / 8 - 16) / 64,
                at = 16 + 32 * (static_cast<std::size_t>(direction) * keys + header.key_index);
    std::memcpy(key.bytes.data(), secret->bytes().data() + at, key.bytes.size());
    net::TagMaker maker(key);
    maker.update(std::as_bytes(std::span(&header, 1)));
    maker.update(payload);
    auto tag = maker.finish();
    message.assign(reinterpret_cast<const std::byte*>(&header), reinterpret_cast<const std::byte*>(&header + 1));
    message.insert(message.end(), payload.begin(), payload.end());
    message.insert(message.end(), reinterpret_cast<const std::byte*>(tag.data()),
                   reinterpret_cast<const std::byte*>(tag.data() + tag.size()));
  }

  static bool read_message(net::Socket& from, std::vector<std::byte>& message, std::atomic<bool>& ended) {
    while (!from.readable_within(quick))
      if (ended) return false;
    message.resize(sizeof(net::MessageHeader));
    if (!from.receive(message, net::Duration{5000}).ok()) return false;
    net::MessageHeader header;
    std::memcpy(&header, message.data(), sizeof header);
    message.resize(sizeof header + header.payload_bytes + net::tag_bytes);
    return from.receive(std::span(message).subspan(sizeof header), net::Duration{5000}).ok();
  }

  void forward(net::Socket& from, net::Socket& to, int direction) {
    std::vector<std::byte> message, held;
    auto pass = [&](const std::vector<std::byte>& bytes) { return to.send(bytes, net::Duration{5000}).ok(); };
    while (read_message(from, message, ended_)) {
      net::MessageHeader header;
      std::memcpy(&header, message.data(), sizeof header);
      {
        std::lock_guard lock(mutex_);
        auto [entry, is_new] = uses.insert({{direction, header.key_index}, message});
        if (!is_new && entry->second != message) reused = true;
      }
      bool go_on = true;
      const int number = number_++;
      watch(number, false);
      if (number != victim_ || attack_ == Attack::none) {
        go_on = pass(message);
      } else {
        std::size_t payload = header.payload_bytes;
        switch (attack_) {
          case Attack::flip:
            message[flipped_byte] ^= std::byte{4};
            break;
          case Attack::flip_payload:
            message[sizeof header + payload / 2] ^= std::byte{1};
            break;
          case Attack::forge:
            forge(message, direction);
            break;
          case Attack::flip_tag:
            message[message.size() - 3] ^= std::byte{128};
            break;
          default:
            break;
        }
        if (attack_ == Attack::delay) std::this_thread::sleep_for(delay_);
        if (attack_ == Attack::cut) {
          message.resize(message.size() / 2);
          (void)pass(message);
          break;
        }
        if (attack_ == Attack::swap) {
          held = message;  // goes after the next one of this direction
          if (!read_message(from, message, ended_)) break;
          ++number_;
          go_on = pass(message) && pass(held);
        } else if (attack_ == Attack::reflect) {
          go_on = from.send(message, net::Duration{5000}).ok();
        } else if (attack_ != Attack::drop) {
          go_on = pass(message) && (attack_ != Attack::repeat || pass(message));
        }
      }
      if (!go_on) break;
      watch(number, true);
    }
    ended_ = true;
    ::shutdown(from.descriptor(), 2);
    ::shutdown(to.descriptor(), 2);
  }

  net::Listener listener_;
  std::uint16_t port_ = 0, alice_port_;
  Attack attack_;
  int victim_;
  net::Duration delay_;
  std::atomic<int> number_{0};
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  std::thread worker_;
};

struct Outcome {
  Result<PartyResult> alice, bob;
};

struct Case {
  Attack attack;
  int victim;
  std::size_t byte = 0;
};

Outcome run_attacked(PartyRequest alice, PartyRequest bob, const Case& attacked, net::Duration delay) {
  std::promise<std::uint16_t> port;
  alice.on_listening = [&](std::uint16_t p) { port.set_value(p); };
  auto alice_side = std::async(std::launch::async, [&] { return run_party(alice); });
  Proxy proxy(port.get_future().get(), attacked.attack, attacked.victim, delay);
  proxy.flipped_byte = attacked.byte;
  bob.address.port = std::to_string(proxy.port());
  auto bob_result = run_party(bob);
  return {alice_side.get(), std::move(bob_result)};
}

void settle(const Site& site) {
  auto alice = site.request(Role::alice, good_halves()), bob = site.request(Role::bob, good_halves());
  alice.records = bob.records = nullptr;
  std::promise<std::uint16_t> port;
  alice.on_listening = [&](std::uint16_t p) { port.set_value(p); };
  auto alice_side = std::async(std::launch::async, [&] { return run_party(alice); });
  bob.address.port = std::to_string(port.get_future().get());
  auto bob_result = run_party(bob);
  auto alice_result = alice_side.get();
  ASSERT_TRUE(alice_result.ok()) << alice_result.error().describe();
  ASSERT_TRUE(bob_result.ok()) << bob_result.error().describe();
}

bool mentions_doubt(const Result<PartyResult>& result) {
  return !result.ok() && result.error().message.find("in doubt") != std::string::npos;
}

// What must hold for every attack: somebody says no, unless nothing was changed that anybody still waited for; a key
// that one side calls good is either good on the other side too or in doubt there, and then the next connection makes
// both good.
void attack_all(const std::vector<Case>& cases, int messages, const Halves& halves,
                const std::function<void(PartyRequest&, const Site&)>& prepare) {
  std::atomic<std::size_t> next{0};
  std::atomic<int> aborted{0};
  auto worker = [&] {
    for (std::size_t i = next++; i < cases.size(); i = next++) {
      auto [attack, victim, byte] = cases[i];
      SCOPED_TRACE(std::string(names[static_cast<int>(attack)]) + " of message " + std::to_string(victim) + ", byte " +
                   std::to_string(byte));
      Site site;
      auto a = site.request(Role::alice, halves), b = site.request(Role::bob, halves);
      prepare(a, site);
      prepare(b, site);
      a.patience = b.patience = a.connect_patience = patience;
      auto [alice, bob] = run_attacked(a, b, cases[i], patience + net::Duration{1000});
      bool alice_good = site.has_key(Role::alice), bob_good = site.has_key(Role::bob);
      EXPECT_EQ(alice_good, alice.ok());
      EXPECT_EQ(bob_good, bob.ok());
      // The receiver of the last message of each side is done and reads no more; its key is spent.
      bool harmless = victim >= messages - 2 && attack == Attack::repeat;
      if (!alice.ok() || !bob.ok()) ++aborted;
      EXPECT_TRUE(harmless || !alice.ok() || !bob.ok());
      EXPECT_TRUE(alice_good == bob_good || mentions_doubt(alice_good ? bob : alice));
      if (mentions_doubt(alice) || mentions_doubt(bob)) settle(site);
      ASSERT_EQ(site.has_key(Role::alice), site.has_key(Role::bob));
      if (site.has_key(Role::alice)) {
        EXPECT_EQ(key_text(site.key(Role::alice)), key_text(site.key(Role::bob)));
        EXPECT_GE(victim, messages - 4);  // sealed on both sides before the attack was seen
      }
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < 16; ++i) workers.emplace_back(worker);  // most of them wait for time-outs
  for (auto& thread : workers) thread.join();
  EXPECT_GE(aborted, static_cast<int>(cases.size()) - 2);
}

// Every message in turn, every attack.
TEST(ManInTheMiddle, NeverAKeyOnOneSideOnly) {
  const int messages = 13;
  std::vector<Case> cases;
  for (int victim = 0; victim < messages; ++victim) {
    // Those that wait for time-outs first.
    for (Attack attack : {Attack::delay, Attack::drop, Attack::swap, Attack::flip_payload, Attack::flip_tag,
                          Attack::repeat, Attack::reflect, Attack::cut})
      cases.push_back({attack, victim});
    for (std::size_t byte : header_fields)
      if (!testing::sanitized() || (byte + static_cast<std::size_t>(victim)) % 4 == 0) cases.push_back({Attack::flip, victim, byte});
  }
  std::stable_partition(cases.begin(), cases.end(),
                        [](const Case& c) { return c.attack == Attack::delay || c.attack == Attack::drop; });
  attack_all(cases, messages, good_halves(), [](PartyRequest&, const Site&) {});
}

// The two messages more of a session that reveals a frame, and their neighbours.
TEST(ManInTheMiddle, NorWhereAFrameIsRevealed) {
  const int messages = 15;
  SourceRequest request = source(1'200'000);
  request.settings = 3;
  request.gamma_65536 = 48500;
  auto seed = random_bits(400'000, 77);
  auto halves = with_a_bad_frame(make_records(request), seed, short_frame_bits, 2);
  std::vector<Case> cases;
  for (int victim = 7; victim < (testing::long_tests() ? messages : 12); ++victim) {
    for (Attack attack : {Attack::flip_payload, Attack::repeat, Attack::cut}) cases.push_back({attack, victim});
    if (testing::long_tests() || victim == 9)
      for (Attack attack : {Attack::flip, Attack::flip_tag, Attack::drop, Attack::delay, Attack::swap})
        cases.push_back({attack, victim, 16});
  }
  attack_all(cases, messages, halves, [&](PartyRequest& party, const Site& site) {
    party.method = KeyMethod::quantum;
    party.largest_frame_bits = short_frame_bits;
    Path file = site.folder.path() / "seed.bits";
    if (party.role == Role::alice) {
      EXPECT_TRUE(bits::write_bit_file(file, seed, bits::BitFileKind::secret).ok());
      party.hash_seed = file;
    }
  });
}

// Rank over GF(2); rows of the same length.
std::size_t rank_of(std::vector<bits::BitString> rows) {
  std::size_t rank = 0;
  const std::uint64_t columns = rows.empty() ? 0 : rows[0].size_bits();
  for (std::uint64_t column = 0; column < columns && rank < rows.size(); ++column) {
    std::size_t pivot = rank;
    while (pivot < rows.size() && !rows[pivot][column]) ++pivot;
    if (pivot == rows.size()) continue;
    std::swap(rows[rank], rows[pivot]);
    for (std::size_t i = pivot + 1; i < rows.size(); ++i) {
      if (!rows[i][column]) continue;
      for (std::uint64_t w = column / 64; w < rows[i].size_words(); ++w) rows[i].words()[w] ^= rows[rank].words()[w];
    }
    ++rank;
  }
  return rank;
}

// An Eve who made the boxes, knows the outcomes of a hundredth of the pairs, and holds a copy of everything sent.
// Syndromes and key are linear in the raw key, so what she knows can be counted: the key is uniform given all of it if
// and only if its rows add their full number to the rank of the syndromes on the bits that she does not know. (The
// comparison hash is not linear and is left out; 128 bits are counted for it.)
TEST(Eavesdropper, CopiesOfEverythingSayNothingOfTheKey) {
  Halves halves = good_halves();
  std::mt19937_64 engine(3);
  bits::BitString known(halves.alice.pairs), a = test_choice(halves.alice), b = test_choice(halves.bob);
  std::vector<bool> known_raw;
  for (std::uint64_t i = 0; i < halves.alice.pairs; ++i) {
    if (engine() % 100 == 0) {
      known.set(i, true);
      halves.bob.outcomes.set(i, halves.alice.outcomes[i]);  // local boxes: both give what Eve holds
    }
    if (!a[i] && !b[i]) known_raw.push_back(known[i]);
  }
  Site site;
  auto request = site.request(Role::alice, halves);
  std::promise<std::uint16_t> port;
  request.on_listening = [&](std::uint16_t p) { port.set_value(p); };
  auto alice_side = std::async(std::launch::async, [&] { return run_party(request); });
  std::map<std::uint16_t, Payload> sent;  // by type, of alice
  {
    Proxy proxy(port.get_future().get(), Attack::none, -1, quick);
    auto other = site.request(Role::bob, halves);
    other.address.port = std::to_string(proxy.port());
    auto bob = run_party(other);
    ASSERT_TRUE(bob.ok()) << bob.error().describe();
    ASSERT_EQ(bob->verdict, SessionVerdict::key) << bob->reason;
    auto alice = alice_side.get();
    ASSERT_TRUE(alice.ok());
    const KeyStatement& s = alice->statement;
    ASSERT_EQ(s.counts.raw_bits, known_raw.size());
    ASSERT_TRUE(ecc::is_proved(s.scheme.code));
    for (const auto& [use, message] : proxy.uses) {
      net::MessageHeader header;
      std::memcpy(&header, message.data(), sizeof header);
      if (use.first != 0 || (header.type != message_correction && header.type != message_amplify)) continue;
      auto bytes = std::span(message).subspan(sizeof header, header.payload_bytes);
      sent[header.type] = *decode_payload({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                                          header.type == message_correction ? 2 : 1);
    }
    const std::uint64_t n = s.counts.raw_bits, m = s.length.bits;
    std::vector<std::uint64_t> column_of(n);
    std::uint64_t unknown = 0;
    for (std::uint64_t i = 0; i < n; ++i) column_of[i] = known_raw[i] ? n : unknown++;
    EXPECT_LT(unknown, n);
    // Column by column: what a single one among the raw bits adds to the syndromes.
    std::vector<bits::BitString> rows(s.scheme.leaked_bits(), bits::BitString(unknown));
    for (std::uint64_t i = 0; i < n; ++i) {
      if (column_of[i] == n) continue;
      bits::BitString one(n);
      one.set(i, true);
      auto syndromes = ecc::encode(s.scheme, sent[message_correction].strings[1], one);
      for (std::uint64_t row = 0; row < rows.size(); ++row)
        if ((*syndromes)[row]) rows[row].set(column_of[i], true);
    }
    const std::size_t told = rank_of(rows);
    // Row i of the hash reads seed bit i + j (or i + n - 1 - j) for raw bit j; which, the hash itself says.
    extract::HashShape shape{extract::Family::toeplitz, n, m};
    const bits::BitString& hash_seed = sent[message_amplify].strings[0];
    bits::BitString first_bit(n);
    first_bit.set(0, true);
    bool rising = *extract::hash(shape, first_bit, hash_seed) == bits::BitString(hash_seed.view().first(m));
    bits::BitString trial = random_bits(n, 9), by_rows(m);
    for (std::uint64_t i = 0; i < m; ++i) {
      bits::BitString line(unknown);
      bool sum = false;
      for (std::uint64_t j = 0; j < n; ++j) {
        bool reads = hash_seed[i + (rising ? j : n - 1 - j)];
        sum ^= reads && trial[j];
        if (reads && !known_raw[j]) line.set(column_of[j], true);
      }
      by_rows.set(i, sum);
      rows.push_back(std::move(line));
    }
    ASSERT_TRUE(*extract::hash(shape, trial, hash_seed) == by_rows);
    EXPECT_EQ(rank_of(rows), told + m);
    EXPECT_LE(told, s.scheme.leaked_bits());
  }
}

// A partner who holds the secret and writes what it likes (the tags are genuine): whatever it writes, an end in time
// without a crash, and keys that both sides have are equal.
TEST(DishonestPartner, NothingItWritesBreaksTheOtherSide) {
  const int rounds = testing::long_tests() ? 5000 : testing::sanitized() ? 39 : 100;
  const std::uint64_t keys = 40;
  auto secret = random_bits(8 * (16 + 64 * keys), 5);  // as Site makes it
  const auto& halves = good_halves();
  std::atomic<int> next{0}, refused{0};
  auto worker = [&] {
    for (int round = next++; round < rounds; round = next++) {
      SCOPED_TRACE(round);
      Site site(keys, 5);
      auto a = site.request(Role::alice, halves), b = site.request(Role::bob, halves);
      a.patience = b.patience = net::Duration{2000};
      std::promise<std::uint16_t> port;
      a.on_listening = [&](std::uint16_t p) { port.set_value(p); };
      auto alice_side = std::async(std::launch::async, [&] { return run_party(a); });
      Proxy proxy(port.get_future().get(), Attack::forge, round % 13, quick);
      proxy.secret = &secret;
      proxy.forger_seed = static_cast<std::uint32_t>(round);
      b.address.port = std::to_string(proxy.port());
      auto bob = run_party(b);
      auto alice = alice_side.get();
      refused += !alice.ok() || !bob.ok();
      if (site.has_key(Role::alice) && site.has_key(Role::bob)) {
        EXPECT_EQ(key_text(site.key(Role::alice)), key_text(site.key(Role::bob)));
      }
      for (const auto* side : {&alice, &bob})  // the tags are right, but another hash seed makes another key
        EXPECT_TRUE(side->ok() || round % 13 >= 9 || side->error().message.find("tag is wrong") == std::string::npos);
      for (const auto* side : {&alice, &bob})
        EXPECT_TRUE(side->ok() || side->error().code == ErrorCode::bad_input ||
                    side->error().code == ErrorCode::refused)
            << side->error().describe();
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < 6; ++i) workers.emplace_back(worker);
  for (auto& thread : workers) thread.join();
  EXPECT_GT(refused, rounds / 2);
}

// Either side is killed, again and again, with one secret: as a random message comes by, or a random moment after it
// went on. No one-time key may authenticate two messages; every key is good on both sides or on none once they have met
// again; and none is delivered twice.
TEST(Kill, NoKeyBitIsReusedAndNoKeyIsDeliveredTwice) {
  const int deaths = testing::long_tests() ? 200 : testing::sanitized() ? 8 : 20;
  Site site(60 * 200);
  good_halves();
  std::mt19937 engine(17);
  Proxy::Uses uses;
  int survived = 0, killed = 0, rounds = 0;
  for (; killed < deaths && rounds < 3 * deaths; ++rounds) {
    std::string name = "key" + std::to_string(rounds);
    std::array<int, 2> to_parent{}, to_bob{};
    ASSERT_EQ(::pipe(to_parent.data()), 0);
    ASSERT_EQ(::pipe(to_bob.data()), 0);
    auto spawn = [&](Role role) {
      pid_t child = ::fork();
      if (child != 0) return child;
      Halves halves = good_halves();
      halves.alice.digest = sha256("a" + name);  // as if measured anew
      halves.bob.digest = sha256("b" + name);
      auto request = site.request(role, halves, name);
      request.account += "." + name;
      request.patience = request.connect_patience = net::Duration{120'000};  // no end of this test waits for a time-out
      request.on_listening = [&](std::uint16_t port) {
        if (::write(to_parent[1], &port, sizeof port) != sizeof port) ::_exit(9);
      };
      std::uint16_t port = 0;
      if (role == Role::bob && ::read(to_bob[0], &port, sizeof port) != sizeof port) ::_exit(9);
      request.address.port = std::to_string(port);
      ::_exit(run_party(request).ok() ? 0 : 1);
    };
    const pid_t alice = spawn(Role::alice), bob = spawn(Role::bob);
    const pid_t target = engine() % 2 == 0 ? alice : bob;
    const bool shoot = rounds % 6 != 0, after = engine() % 2 == 0;
    const int moment = static_cast<int>(engine() % 13);
    const auto pause = std::chrono::microseconds(engine() % 8000);
    std::uint16_t port = 0;
    ASSERT_EQ(::read(to_parent[0], &port, sizeof port), static_cast<ssize_t>(sizeof port));
    int alice_status = 0, bob_status = 0;
    {
      Proxy proxy(port, Attack::none, -1, quick);
      proxy.watch = [&](int number, bool passed) {
        if (!shoot || number != moment || passed != after) return;
        if (after) std::this_thread::sleep_for(pause);
        ::kill(target, SIGKILL);
      };
      port = proxy.port();
      ASSERT_EQ(::write(to_bob[1], &port, sizeof port), static_cast<ssize_t>(sizeof port));
      ::waitpid(bob, &bob_status, 0);
      // Alice listens on if bob died before he said anything.
      if (shoot && moment == 0 && target == bob) ::kill(alice, SIGKILL);
      ::waitpid(alice, &alice_status, 0);
      proxy.wait();
      uses.merge(proxy.uses);
      EXPECT_TRUE(proxy.uses.empty()) << "a one-time key was used for two messages";
      EXPECT_FALSE(proxy.reused);
    }
    killed += WIFSIGNALED(alice_status) || WIFSIGNALED(bob_status);
    if (!shoot) {
      EXPECT_TRUE(WIFEXITED(alice_status) && WEXITSTATUS(alice_status) == 0);
      EXPECT_TRUE(WIFEXITED(bob_status) && WEXITSTATUS(bob_status) == 0);
      ++survived;
    }
    for (int end : {to_parent[0], to_parent[1], to_bob[0], to_bob[1]}) ::close(end);
  }
  settle(site);
  int keys = 0;
  std::map<std::string, int> seen;
  for (int round = 0; round < rounds; ++round) {
    std::string name = "key" + std::to_string(round);
    ASSERT_EQ(site.has_key(Role::alice, name), site.has_key(Role::bob, name)) << name;
    if (!site.has_key(Role::alice, name)) continue;
    ++keys;
    std::string text = key_text(site.key(Role::alice, name));
    EXPECT_EQ(text, key_text(site.key(Role::bob, name)));
    EXPECT_EQ(++seen[text], 1) << "a key was delivered twice";
  }
  EXPECT_GE(keys, survived);
  EXPECT_EQ(killed, deaths);
  RecordProperty("runs", rounds);
  RecordProperty("killed_before_their_end", killed);
  std::printf("%d runs, in %d of them a party was killed, %d keys on both sides, %zu one-time keys seen on the line\n",
              rounds, killed, keys, uses.size());
  for (const auto& entry : std::filesystem::directory_iterator(site.folder.path()))
    EXPECT_NE(entry.path().extension(), ".sealed") << entry.path();
}

}  // namespace
}  // namespace bellows::protocol
