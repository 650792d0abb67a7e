#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "bellows/net/channel.h"
#include "bellows/net/reception.h"
#include "bellows/testing/shared_data.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::net {
namespace {

using testing::TempFolder;
constexpr Duration patience{20000};

std::vector<std::byte> noise(std::size_t size, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::vector<std::byte> bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::byte>(engine());
  return bytes;
}

std::span<const std::byte> text_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

struct Pair {
  TempFolder folder;
  Path alice_secret = folder.path() / "alice.secret", bob_secret = folder.path() / "bob.secret";
  explicit Pair(std::uint64_t keys = 40) {
    EXPECT_TRUE(write_secret_pair(alice_secret, bob_secret, noise(16 + 64 * keys, 7)).ok());
  }
  Ledger alice() { return std::move(*Ledger::open(alice_secret, Role::alice)); }
  Ledger bob() { return std::move(*Ledger::open(bob_secret, Role::bob)); }
};

// Two connected sockets.
std::pair<Socket, Socket> connected() {
  auto listener = Listener::listen({"127.0.0.1", "0"});
  EXPECT_TRUE(listener.ok());
  auto client = Socket::connect({"127.0.0.1", std::to_string(listener->port())}, patience);
  auto server = listener->accept(patience);
  EXPECT_TRUE(client.ok() && server.ok());
  return {std::move(*client), std::move(*server)};
}

TEST(Address, ReadsWhatPeopleWrite) {
  EXPECT_EQ(Address::parse("localhost:9000")->host, "localhost");
  EXPECT_EQ(Address::parse("[::1]:9000")->host, "::1");
  EXPECT_EQ(Address::parse("[::1]:9000")->text(), "[::1]:9000");
  EXPECT_FALSE(Address::parse("localhost").ok());
  EXPECT_FALSE(Address::parse("localhost:").ok());
  EXPECT_EQ(Address::parse("localhost:65535")->port, "65535");
  for (const char* port : {"65536", "99999", "123456789012345678901234567890"})
    EXPECT_EQ(Address::parse(std::string("localhost:") + port).error().code, ErrorCode::usage) << port;
}

// Origin: RFC 8439, section 2.5.2.
TEST(OneTimeTag, AgreesWithTheStandardsVector) {
  const unsigned char key_bytes[] = {0x85, 0xd6, 0xbe, 0x78, 0x57, 0x55, 0x6d, 0x33, 0x7f, 0x44, 0x52,
                                     0xfe, 0x42, 0xd5, 0x06, 0xa8, 0x01, 0x03, 0x80, 0x8a, 0xfb, 0x0d,
                                     0xb2, 0xfd, 0x4a, 0xbf, 0xf6, 0xaf, 0x41, 0x49, 0xf5, 0x1b};
  const Tag expected = {0xa8, 0x06, 0x1d, 0xc1, 0x30, 0x51, 0x36, 0xc6, 0xc2, 0x2b, 0x8b, 0xaf, 0x0c, 0x01, 0x27, 0xa9};
  OneTimeKey key;
  std::memcpy(key.bytes.data(), key_bytes, sizeof key_bytes);
  TagMaker maker(key);
  maker.update(text_bytes("Cryptographic For"));
  maker.update(text_bytes("um Research Group"));
  EXPECT_TRUE(tag_matches(maker.finish(), expected));
}

TEST(OneTimeTag, ForgeryBoundIsThatOfThePaper) {
  // An upper bound: 8 B / 2^106 for B blocks, in all attempts together.
  for (auto [bytes, blocks] : std::map<std::uint64_t, std::uint64_t>{{0, 1}, {1, 1}, {16, 1}, {17, 2}, {4096, 256}})
    EXPECT_EQ(tag_blocks(bytes), blocks);
  for (unsigned power = 0; power < 60; ++power) {
    double bound = log2_forgery_probability(std::uint64_t{1} << power), exact = power + 3 - 106.0;
    EXPECT_GE(bound, exact);
    EXPECT_NEAR(bound, exact, 1e-11);
  }
  EXPECT_GE(log2_forgery_probability(~std::uint64_t{0}), 64 + 3 - 106.0);
}

TEST(Ledger, KeysDifferAreSharedAndAreSpentOnce) {
  Pair pair(5);
  Ledger alice = pair.alice(), bob = pair.bob();
  EXPECT_EQ(alice.secret_id(), bob.secret_id());
  EXPECT_EQ(alice.keys_per_direction(), 5u);
  std::set<std::array<std::uint8_t, 32>> seen;
  for (std::uint64_t i = 0; i < 5; ++i) {
    auto taken = alice.take_sending_key();
    ASSERT_TRUE(taken.ok());
    EXPECT_EQ(taken->index, i);
    EXPECT_TRUE(seen.insert(taken->key.bytes).second);
    auto received = bob.look_at_receiving_key(i);
    ASSERT_TRUE(received.ok());
    EXPECT_EQ(received->bytes, taken->key.bytes);
    EXPECT_TRUE(bob.spend_receiving_keys_through(i).ok());
    EXPECT_EQ(bob.look_at_receiving_key(i).error().code, ErrorCode::refused);
  }
  EXPECT_EQ(alice.take_sending_key().error().code, ErrorCode::refused);
  EXPECT_EQ(bob.look_at_receiving_key(5).error().code, ErrorCode::refused);
  auto other_half = bob.take_sending_key();
  ASSERT_TRUE(other_half.ok());
  EXPECT_TRUE(seen.insert(other_half->key.bytes).second);
}

TEST(Ledger, TwoProcessesCannotHoldIt) {
  Pair pair;
  Ledger alice = pair.alice();
  auto second = Ledger::open(pair.alice_secret, Role::alice);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("in use"), std::string::npos);
}

TEST(Ledger, RefusesTheOtherRoleAndALostAccount) {
  Pair pair;
  { ASSERT_TRUE(pair.alice().take_sending_key().ok()); }
  EXPECT_EQ(Ledger::open(pair.alice_secret, Role::bob).error().code, ErrorCode::refused);
  Path ledger = pair.alice_secret.string() + ".ledger";
  std::filesystem::remove(ledger);
  auto lost = Ledger::open(pair.alice_secret, Role::alice);
  ASSERT_FALSE(lost.ok());
  EXPECT_NE(lost.error().message.find("missing"), std::string::npos);
}

TEST(Ledger, HostileFiles) {
  TempFolder folder;
  Path garbage = folder.path() / "garbage";
  std::ofstream(garbage) << "this is no secret";
  EXPECT_EQ(Ledger::open(garbage, Role::alice).error().code, ErrorCode::bad_input);
  Path a = folder.path() / "a", b = folder.path() / "b";
  EXPECT_EQ(write_secret_pair(a, b, noise(79, 1)).error().code, ErrorCode::bad_input);
  Pair pair;
  std::ofstream(pair.alice_secret.string() + ".ledger")
      << "not a database, but long enough to be looked at as one ....";
  EXPECT_EQ(Ledger::open(pair.alice_secret, Role::alice).error().code, ErrorCode::bad_input);
}

TEST(Ledger, RecordsServeOneSessionAndKeysAreDeliveredOnce) {
  Pair pair;
  Label first{1}, second{2};
  Digest records = sha256("records");
  {
    Ledger alice = pair.alice();
    EXPECT_TRUE(alice.claim_records(records, first).ok());
    EXPECT_TRUE(alice.claim_records(records, first).ok());
    EXPECT_EQ(alice.claim_records(records, second).error().code, ErrorCode::refused);
    EXPECT_TRUE(alice.put_session({first, SessionState::prepared, "x"}).ok());
  }
  Ledger alice = pair.alice();
  EXPECT_EQ(alice.claim_records(records, second).error().code, ErrorCode::refused);
  EXPECT_EQ(alice.sessions(SessionState::prepared)->size(), 1u);
  EXPECT_TRUE(*alice.deliver_once(first));
  EXPECT_FALSE(*alice.deliver_once(first));
  EXPECT_TRUE(alice.put_session({first, SessionState::prepared, "again"}).ok());
  EXPECT_EQ((*alice.session(first))->state, SessionState::delivered) << "delivered is final";
  EXPECT_FALSE(*alice.deliver_once(second));
}

// A child takes keys and writes down each before it "uses" it; it is killed at a random moment. No key may appear
// twice.
TEST(Ledger, SurvivesKillsWithoutReuse) {
  const int kills = testing::long_tests() ? 200 : 25;
  Pair pair(20000);
  Path used = pair.folder.path() / "used";
  std::mt19937 engine(11);
  for (int round = 0; round < kills; ++round) {
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      std::ofstream out(used, std::ios::app | std::ios::binary);
      auto ledger = Ledger::open(pair.alice_secret, Role::alice);
      while (ledger.ok()) {
        auto taken = ledger->take_sending_key();
        if (!taken.ok()) break;
        out.write(reinterpret_cast<const char*>(taken->key.bytes.data()), 32);
        out.flush();
      }
      ::_exit(3);
    }
    ::usleep(std::uniform_int_distribution<useconds_t>(0, 100000)(engine));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "round " << round;
  }
  std::ifstream in(used, std::ios::binary);
  std::set<std::string> seen;
  std::string key(32, '\0');
  while (in.read(key.data(), 32)) EXPECT_TRUE(seen.insert(key).second);
  EXPECT_GT(seen.size(), 0u);
  EXPECT_GE(pair.alice().sent_count(), seen.size());
}

struct Line {
  Pair pair;
  Ledger alice_ledger = pair.alice(), bob_ledger = pair.bob();
  Socket alice_end, bob_end;
  Line() { std::tie(alice_end, bob_end) = connected(); }
};

TEST(Channel, CarriesMessagesOfAllSizesInOrder) {
  Line line;
  Channel alice(std::move(line.alice_end), line.alice_ledger, patience),
      bob(std::move(line.bob_end), line.bob_ledger, patience);
  std::vector<std::size_t> sizes = {0, 1, 15, 16, 17, 100000, 40000000};
  std::thread sender([&] {
    for (std::size_t size : sizes) EXPECT_TRUE(alice.send(5, noise(size, static_cast<unsigned>(size))).ok());
  });
  for (std::size_t size : sizes) {
    auto message = bob.receive(5, std::uint64_t{1} << 30);
    ASSERT_TRUE(message.ok()) << message.error().describe();
    auto expected = noise(size, static_cast<unsigned>(size));
    ASSERT_EQ(message->size(), size);
    EXPECT_TRUE(size == 0 || std::memcmp(message->data(), expected.data(), size) == 0);
  }
  sender.join();
  EXPECT_EQ(alice.transcript().from_alice, bob.transcript().from_alice);
  EXPECT_EQ(alice.counts().keys_spent, sizes.size());
  EXPECT_LT(bob.counts().log2_forgery_probability(), -80);
}

// Records what a channel sends, as raw bytes.
std::vector<std::vector<std::byte>> record(Ledger& ledger, const std::vector<std::string>& payloads) {
  auto [sending, receiving] = connected();
  Channel channel(std::move(sending), ledger, patience);
  std::vector<std::vector<std::byte>> messages;
  for (const auto& payload : payloads) {
    EXPECT_TRUE(channel.send(1, text_bytes(payload)).ok());
    std::vector<std::byte> raw(sizeof(MessageHeader) + payload.size() + tag_bytes);
    EXPECT_TRUE(receiving.receive(raw, patience).ok());
    messages.push_back(raw);
  }
  return messages;
}

// What bob says when these bytes come on the line and nothing else.
std::string first_complaint(Ledger& ledger, const std::vector<std::vector<std::byte>>& messages,
                            bool close_line = false) {
  auto [sending, receiving] = connected();
  Channel bob(std::move(receiving), ledger, Duration{300});
  for (const auto& message : messages) EXPECT_TRUE(sending.send(message, patience).ok());
  if (close_line) sending.close();
  for (;;) {
    auto got = bob.receive(1, 1000);
    if (!got.ok()) return got.error().describe();
  }
}

TEST(Channel, SaysWhatWasDoneToAMessage) {
  Line line;
  auto messages = record(line.alice_ledger, {"zero", "one", "two", "three", "four", "five"});
  auto has = [](const std::string& text, const char* word) {
    EXPECT_NE(text.find(word), std::string::npos) << "'" << word << "' not in: " << text;
  };
  std::mt19937 engine(3);
  for (std::size_t bit = 0; bit < messages[0].size() * 8; bit += 1 + engine() % 5) {
    auto changed = messages[0];
    changed[bit / 8] ^= std::byte(1 << (bit % 8));
    auto complaint = first_complaint(line.bob_ledger, {changed});
    EXPECT_EQ(line.bob_ledger.received_count(), 0u) << "bit " << bit << ": " << complaint;
    if (bit >= 48 * 8) has(complaint, "changed on its way");
  }
  has(first_complaint(line.bob_ledger, {messages[1]}), "dropped");
  has(first_complaint(line.bob_ledger, {messages[0]}), "replayed");  // its key lies before one that was spent
  Pair second;
  Ledger alice = second.alice(), bob = second.bob();
  messages = record(alice, {"zero", "one", "two", "three", "four"});
  has(first_complaint(bob, {messages[0], messages[0]}), "replayed");
  has(first_complaint(bob, {messages[2], messages[1]}), "message 2 from alice came before message 0");
  Pair third;
  Ledger alice3 = third.alice(), bob3 = third.bob();
  messages = record(alice3, {"zero", "one", "two"});
  has(first_complaint(bob3, {messages[1], messages[0]}), "reordered");
  has(first_complaint(bob3, {}), "silence");
  std::vector<std::byte> half(messages[2].begin(), messages[2].begin() + 50);
  has(first_complaint(bob3, {half}), "missing");
  has(first_complaint(bob3, {half}, true), "closed the connection");
  has(first_complaint(bob3, {noise(100000, 5)}), "no bellows message");
  auto newer = messages[2];
  newer[4] = std::byte{9};
  has(first_complaint(bob3, {newer}), "another version");
  auto huge = messages[2];
  huge[46] = std::byte{0x7f};
  has(first_complaint(bob3, {huge}), "longer than it can be");
}

// A number of the header that was changed is named so, not taken for silence or for a secret that ended.
TEST(Channel, NamesAChangedLengthOrKey) {
  Line line;
  auto messages = record(line.alice_ledger, {"zero", "one"});
  for (std::size_t at = 32; at < 48; ++at)
    for (int bit : {0, 3, 7}) {
      auto changed = messages[0];
      changed[at] ^= std::byte(1 << bit);
      auto complaint = first_complaint(line.bob_ledger, {changed});
      EXPECT_TRUE(complaint.find("changed on its way") != std::string::npos ||
                  (at >= 41 && complaint.find("longer than it can be") != std::string::npos))
          << at << ": " << complaint;
      EXPECT_EQ(line.bob_ledger.received_count(), 0u);
    }
  auto all = first_complaint(line.bob_ledger, {messages[0], messages[0]});
  EXPECT_NE(all.find("replayed"), std::string::npos) << all;
}

// Strangers at the door cost no key, and a silent one keeps nobody waiting.
TEST(Reception, HearsStrangersSideBySide) {
  Pair pair, foreign;
  Path a = foreign.folder.path() / "x", b = foreign.folder.path() / "y";
  ASSERT_TRUE(write_secret_pair(a, b, noise(16 + 64 * 9, 99)).ok());
  Ledger alice = pair.alice(), bob = pair.bob(), mallory = std::move(*Ledger::open(b, Role::bob));
  auto forged = record(mallory, {"hello", "and again"})[1], old = record(bob, {"one that is spent"})[0];
  ASSERT_TRUE(alice.spend_receiving_keys_through(0).ok());
  auto listener = Listener::listen({"127.0.0.1", "0"});
  ASSERT_TRUE(listener.ok());
  const Address address{"127.0.0.1", std::to_string(listener->port())};
  std::vector<std::string> words;
  Reception reception(std::move(*listener), alice, [&](const std::string& word) { words.push_back(word); });
  std::vector<Socket> silent;
  auto come = [&](std::span<const std::byte> bytes) {
    Socket socket = std::move(*Socket::connect(address, patience));
    EXPECT_TRUE(socket.send(bytes, patience).ok());
    return socket;
  };
  std::thread visitors([&] {
    for (int i = 0; i < 100; ++i) silent.push_back(std::move(*Socket::connect(address, patience)));
    come(noise(1000, 1));
    Socket refused = come(forged);
    Channel channel(std::move(refused), bob, patience);
    EXPECT_FALSE(channel.receive(1, 100).ok());
    EXPECT_EQ(channel.incident(), Incident::turned_away);
    come(old);
    auto newer = old;
    newer[4] = std::byte{9};
    come(newer);
    come(std::span(old).first(30));
    Channel genuine(come({}), bob, patience);
    EXPECT_TRUE(genuine.send(1, text_bytes("good day")).ok());
  });
  auto socket = reception.wait(patience, patience);
  visitors.join();
  ASSERT_TRUE(socket.ok()) << socket.error().describe();
  EXPECT_EQ(alice.sent_count(), 0u);
  EXPECT_EQ(alice.received_count(), 1u);
  EXPECT_GT(reception.tag_blocks(), 0u);
  Channel channel(std::move(*socket), alice, patience);
  auto message = channel.receive(1, 100);
  ASSERT_TRUE(message.ok()) << message.error().describe();
  EXPECT_EQ(std::string(message->begin(), message->end()), "good day");
  std::string all;
  for (const auto& word : words) all += word + "\n";
  for (const char* word : {"no bellows message", "tag is wrong", "replayed", "another version"})
    EXPECT_NE(all.find(word), std::string::npos) << word << " not in " << all;
  EXPECT_FALSE(reception.wait(Duration{100}, patience).ok());
}

TEST(Channel, AnotherSecretIsRefused) {
  Line line;
  Pair foreign;
  Path a = foreign.folder.path() / "x", b = foreign.folder.path() / "y";
  ASSERT_TRUE(write_secret_pair(a, b, noise(16 + 64 * 9, 99)).ok());
  auto mallory = Ledger::open(a, Role::alice);
  ASSERT_TRUE(mallory.ok());
  auto messages = record(*mallory, {"hello"});
  EXPECT_NE(first_complaint(line.bob_ledger, messages).find("without the secret"), std::string::npos);
}

TEST(Channel, AbortReachesThePeerWithItsReason) {
  Line line;
  Channel alice(std::move(line.alice_end), line.alice_ledger, patience),
      bob(std::move(line.bob_end), line.bob_ledger, patience);
  alice.send_abort("for nobody");  // nothing genuine has come yet: no key is spent
  EXPECT_EQ(line.alice_ledger.sent_count(), 0u);
  ASSERT_TRUE(bob.send(1, text_bytes("hello")).ok());
  ASSERT_TRUE(alice.receive(1, 100).ok());
  std::thread stopping([&] { alice.send_abort("too much noise"); });
  auto got = bob.receive(3, 10);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, ErrorCode::refused);
  EXPECT_EQ(bob.incident(), Incident::peer_stopped);
  EXPECT_NE(got.error().message.find("too much noise"), std::string::npos);
  bob = Channel(Socket(), line.bob_ledger, patience);
  stopping.join();
}

// The peer stops while this side is in the middle of a long message: why, is still heard.
TEST(Channel, TheReasonIsHeardBySideThatIsSending) {
  Line line;
  auto alice = std::make_unique<Channel>(std::move(line.alice_end), line.alice_ledger, patience);
  Channel bob(std::move(line.bob_end), line.bob_ledger, patience);
  ASSERT_TRUE(bob.send(1, text_bytes("hello")).ok());
  ASSERT_TRUE(alice->receive(1, 100).ok());
  std::thread stopping([&] {
    alice->send_abort("no such pairs");
    alice.reset();
  });
  const auto long_one = noise(1 << 22, 4);
  Status sent;
  for (int i = 0; i < 30 && sent.ok(); ++i) sent = bob.send(2, long_one);
  stopping.join();
  Error error = sent.ok() ? bob.receive(3, 10).error() : sent.error();
  EXPECT_EQ(bob.incident(), Incident::peer_stopped) << error.describe();
  EXPECT_NE(error.message.find("no such pairs"), std::string::npos) << error.message;
}

TEST(Channel, HiddenBytesMustAgree) {
  Line line;
  Channel alice(std::move(line.alice_end), line.alice_ledger, patience),
      bob(std::move(line.bob_end), line.bob_ledger, patience);
  EXPECT_TRUE(alice.send(1, text_bytes("open"), text_bytes("key")).ok());
  EXPECT_TRUE(bob.receive(1, 10, text_bytes("key")).ok());
  EXPECT_TRUE(alice.send(1, text_bytes("open"), text_bytes("key")).ok());
  EXPECT_FALSE(bob.receive(1, 10, text_bytes("kez")).ok());
}

TEST(Socket, ATrickleIsNotPatienceForEver) {
  auto [a, b] = connected();
  std::atomic<bool> stop{false};
  std::thread drip([&, &end = a] {
    for (int i = 0; i < 500 && !stop; ++i) {
      std::byte one{1};
      if (!end.send(std::span(&one, 1), patience).ok()) return;
      std::this_thread::sleep_for(Duration{40});
    }
  });
  std::vector<std::byte> buffer(1000);
  auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(b.receive(buffer, Duration{200}).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - start, Duration{10000});
  stop = true;
  drip.join();
}

}  // namespace
}  // namespace bellows::net
