#include "bellows/protocol/masanes_party.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <map>
#include <random>
#include <thread>

#include "bellows/protocol/masanes_delivery.h"
#include "bellows/protocol/masanes_message.h"
#include "bellows/testing/masanes.h"
#include "bellows/testing/shared_data.h"

namespace bellows::protocol {
namespace {

using namespace testing_masanes;
using net::Role;

TEST(Party, BothGetTheSameKeyAndCertificate) {
  Site site;
  auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), site.request(Role::bob, good_halves()));
  ASSERT_TRUE(alice.ok()) << alice.error().describe();
  ASSERT_TRUE(bob.ok()) << bob.error().describe();
  ASSERT_EQ(alice->verdict, SessionVerdict::key) << alice->reason;
  ASSERT_EQ(bob->verdict, SessionVerdict::key);
  std::string key = key_text(site.key(Role::alice));
  EXPECT_EQ(key, key_text(site.key(Role::bob)));
  EXPECT_GT(key.size(), 500u);
  EXPECT_EQ(key.size(), alice->statement.length.bits);
  auto ones = static_cast<double>(std::count(key.begin(), key.end(), '1')), n = static_cast<double>(key.size());
  EXPECT_NEAR(ones, n / 2, 3 * std::sqrt(n));
  for (Role role : {Role::alice, Role::bob}) {
    struct stat status {};
    ASSERT_EQ(::stat(site.key(role).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    auto certificate = nlohmann::json::parse(std::ifstream(site.key(role).string() + ".certificate.json"));
    auto peer = nlohmann::json::parse(std::ifstream(site.key(role).string() + ".peer.json"));
    EXPECT_TRUE(check_certificate(certificate).ok());
    EXPECT_TRUE(compare_certificates(certificate, peer).ok());
    for (const char* name : {"key_bits", "tested", "lost", "raw_bits"}) {
      auto lying = certificate;
      auto& number = lying.contains(name) ? lying[name] : lying["counts"][name];
      number = number.get<std::int64_t>() + (std::string(name) == "lost" ? -50 : 50);
      EXPECT_FALSE(check_certificate(lying).ok() && compare_certificates(lying, peer).ok()) << name;
    }
  }
  EXPECT_EQ(alice->channel.sent_messages + alice->channel.received_messages, 13u);
  EXPECT_LT(alice->channel.log2_forgery_probability(), -80);

  // The same records make no second key, whoever asks.
  auto again =
      run_both(site.request(Role::alice, good_halves(), "second"), site.request(Role::bob, good_halves(), "second"));
  ASSERT_FALSE(again.alice.ok());
  EXPECT_NE(again.alice.error().message.find("records"), std::string::npos) << again.alice.error().message;
  ASSERT_FALSE(again.bob.ok());
  EXPECT_FALSE(std::filesystem::exists(site.key(Role::alice, "second")));
}

// With a second shared secret the same records would leak twice and be counted once; the same for a hash seed. What
// they hold decides, not file, metadata or digest; nothing is sent before.
TEST(Party, RecordsAndHashSeedsServeOneKeyWithAnySecret) {
  Site first, second(40, 6);
  auto seed = random_bits(200'000, 31);
  ASSERT_TRUE(bits::write_bit_file(first.folder.path() / "seed", seed, bits::BitFileKind::secret).ok());
  auto a = first.request(Role::alice, good_halves());
  a.hash_seed = first.folder.path() / "seed";
  {
    auto [alice, bob] = run_both(a, first.request(Role::bob, good_halves()));
    ASSERT_TRUE(alice.ok()) << alice.error().describe();
    ASSERT_TRUE(bob.ok()) << bob.error().describe();
    ASSERT_EQ(alice->verdict, SessionVerdict::key);
  }
  auto refused_for = [&](PartyRequest request, const char* word) {
    request.account = first.folder.path() / "account";
    request.connect_patience = net::Duration{2000};
    auto result = run_party(request);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::refused);
    EXPECT_NE(result.error().message.find(word), std::string::npos) << result.error().message;
  };
  Halves copies = good_halves();
  copies.alice.digest = sha256("other metadata");
  refused_for(second.request(Role::alice, copies), "records make one key at most");
  refused_for(second.request(Role::bob, good_halves()), "records make one key at most");
  for (auto* half : {&copies.alice, &copies.bob}) {  // cut
    half->pairs -= 1000;
    for (auto& plane : half->setting_bits) plane = bits::BitString(plane.view().first(half->pairs));
    half->outcomes = bits::BitString(half->outcomes.view().first(half->pairs));
  }
  refused_for(second.request(Role::alice, copies), "records make one key at most");
  {  // With a session in doubt, the way out is named.
    auto ledger = net::Ledger::open(a.secret, Role::alice);
    ASSERT_TRUE(ledger->put_session({net::Label{3}, net::SessionState::prepared, R"({"key": "x"})"}).ok());
  }
  auto again = a;
  again.key = first.key(Role::alice, "second");
  again.hash_seed.reset();
  refused_for(again, "--settle");
  static const Halves fresh = make_records(source(600'000, 0, 4));
  auto other = second.request(Role::alice, fresh);
  other.hash_seed = a.hash_seed;
  refused_for(other, "random bits have been used");
  EXPECT_EQ(net::Ledger::open(other.secret, Role::alice)->sent_count(), 0u);
  // Too few random bits are noticed before anything about the raw key is sent: the records still make a key.
  other.account = second.folder.path() / "fresh account";
  other.hash_seed = second.folder.path() / "short seed";
  ASSERT_TRUE(bits::write_bit_file(*other.hash_seed, random_bits(1000, 32), bits::BitFileKind::secret).ok());
  auto partner = second.request(Role::bob, fresh);
  partner.account = other.account;
  {
    auto [alice, bob] = run_both(other, partner);
    ASSERT_FALSE(alice.ok() || bob.ok());
    EXPECT_NE(alice.error().message.find("too few random bits"), std::string::npos) << alice.error().message;
  }
  other.hash_seed.reset();
  auto [alice, bob] = run_both(other, partner);
  ASSERT_TRUE(alice.ok()) << alice.error().describe();
  ASSERT_TRUE(bob.ok()) << bob.error().describe();
  EXPECT_EQ(alice->verdict, SessionVerdict::key);
}

TEST(Party, QuantumAdversaryLeavesALongerKey) {
  Site site;
  auto a = site.request(Role::alice, good_halves()), b = site.request(Role::bob, good_halves());
  a.method = b.method = KeyMethod::quantum;
  auto [alice, bob] = run_both(a, b);
  ASSERT_TRUE(alice.ok() && bob.ok());
  ASSERT_EQ(alice->verdict, SessionVerdict::key) << alice->reason;
  EXPECT_GT(alice->statement.length.bits, 2000u);
  EXPECT_EQ(key_text(site.key(Role::alice)), key_text(site.key(Role::bob)));
  EXPECT_TRUE(check_certificate(alice->certificate).ok());
}

// Against a quantum adversary a frame that cannot be corrected is revealed and counted; the others make the key.
TEST(Party, AFrameThatFailsIsRevealedAndCounted) {
  SourceRequest request = source(1'200'000);
  request.settings = 3;
  request.gamma_65536 = 48500;
  auto seed = random_bits(400'000, 77);
  auto honest = make_records(request), halves = with_a_bad_frame(honest, seed, short_frame_bits, 2);
  for (bool bad : {false, true}) {
    Site site;
    Path seed_file = site.folder.path() / "seed.bits";
    ASSERT_TRUE(bits::write_bit_file(seed_file, seed, bits::BitFileKind::secret).ok());
    auto a = site.request(Role::alice, bad ? halves : honest), b = site.request(Role::bob, bad ? halves : honest);
    a.method = b.method = KeyMethod::quantum;
    a.largest_frame_bits = short_frame_bits;
    a.hash_seed = seed_file;
    auto [alice, bob] = run_both(a, b);
    ASSERT_TRUE(alice.ok()) << alice.error().describe();
    ASSERT_TRUE(bob.ok()) << bob.error().describe();
    ASSERT_EQ(alice->verdict, SessionVerdict::key) << alice->reason;
    const KeyStatement& s = alice->statement;
    EXPECT_GT(s.scheme.frames, 8u);
    EXPECT_EQ(s.revealed_frames, bad ? 1u : 0u);
    std::uint64_t published = s.scheme.leaked_bits() + verification_bits + 1;
    EXPECT_EQ(s.counts.leaked_bits, published + (bad ? 2 * s.scheme.frames + s.scheme.frame_bits(0) : 0));
    EXPECT_EQ(alice->channel.sent_messages + alice->channel.received_messages, bad ? 15u : 13u);
    EXPECT_EQ(key_text(site.key(Role::alice)), key_text(site.key(Role::bob)));
    EXPECT_TRUE(check_certificate(alice->certificate).ok());
    EXPECT_TRUE(compare_certificates(alice->certificate, bob->certificate).ok());
    // A certificate that forgets what was revealed is found out.
    auto lying = alice->certificate;
    lying["counts"]["revealed_frames"] = std::uint64_t{bad ? 0u : 1u};
    EXPECT_EQ(check_certificate(lying).error().code, ErrorCode::refused);
  }
  // Bound by no-signalling alone, nothing may be revealed: no key.
  Site site;
  Path seed_file = site.folder.path() / "seed.bits";
  ASSERT_TRUE(bits::write_bit_file(seed_file, seed, bits::BitFileKind::secret).ok());
  auto good = with_a_bad_frame(good_halves(), seed, ecc::usual_frame_bits, 0);
  auto a = site.request(Role::alice, good), b = site.request(Role::bob, good);
  a.hash_seed = seed_file;
  auto [alice, bob] = run_both(a, b);
  ASSERT_TRUE(alice.ok() && bob.ok());
  EXPECT_EQ(alice->verdict, SessionVerdict::no_key);
  EXPECT_EQ(bob->verdict, SessionVerdict::no_key);
  EXPECT_EQ(alice->reason, "error correction failed");
}

TEST(Party, TooMuchNoiseIsANormalNo) {
  auto noisy = make_records(source(300'000, 0.03));
  Site site;
  auto [alice, bob] = run_both(site.request(Role::alice, noisy), site.request(Role::bob, noisy));
  ASSERT_TRUE(alice.ok() && bob.ok());
  EXPECT_EQ(alice->verdict, SessionVerdict::no_key);
  EXPECT_EQ(bob->verdict, SessionVerdict::no_key);
  EXPECT_EQ(alice->reason, bob->reason);
  EXPECT_FALSE(std::filesystem::exists(site.key(Role::alice)));
  EXPECT_FALSE(std::filesystem::exists(site.key(Role::bob)));
}

// Cheating sources. Local boxes give nothing; boxes that cheat on a share of the pairs never leave more key than there
// are raw bits that Eve does not know.
TEST(Party, CheatingSourcesYieldNoKeyBeyondWhatIsUnknown) {
  struct Cheat {
    PairModel model;
    double share;
  };
  for (auto [model, cheat] : std::vector<Cheat>{{PairModel::cheating_sometimes, 1.0},
                                                {PairModel::cheating_sometimes, 0.5},
                                                {PairModel::cheating_sometimes, 0.1},
                                                {PairModel::cheating_sometimes, 0.01},
                                                {PairModel::honest_on_tests, 1.0},
                                                {PairModel::honest_on_tests, 0.1},
                                                {PairModel::honest_on_tests, 0.01}}) {
    auto request = source(600'000);
    request.model = model;
    request.cheat = cheat;
    auto halves = make_records(request);
    for (auto method : {KeyMethod::no_signalling, KeyMethod::quantum}) {
      Site site;
      auto a = site.request(Role::alice, halves), b = site.request(Role::bob, halves);
      a.method = b.method = method;
      auto [alice, bob] = run_both(a, b);
      ASSERT_TRUE(alice.ok() && bob.ok());
      double unknown = static_cast<double>(alice->statement.counts.raw_bits) * (1 - cheat);
      auto bits = static_cast<double>(alice->statement.length.bits);
      EXPECT_LE(bits, unknown);
      // The syndromes are known too, and the key must not repeat what they say of the bits that are not.
      if (alice->verdict == SessionVerdict::key) {
        EXPECT_LE(bits + static_cast<double>(alice->statement.scheme.leaked_bits()), unknown);
      }
      EXPECT_TRUE(cheat < 1 || alice->verdict == SessionVerdict::no_key);
    }
  }
}

TEST(Party, DisagreementsAreNamed) {
  auto other = make_records(source(50'000, 0, 3));
  struct Case {
    std::function<void(PartyRequest&)> change;
    const char* word;
  };
  for (const Case& c :
       std::vector<Case>{{[](PartyRequest& r) { r.epsilon = numeric::Exact::literal("1e-8"); }, "epsilon"},
                         {[](PartyRequest& r) { r.correction = ecc::Code::ldpc; }, "correction"},
                         {[](PartyRequest& r) { r.method = KeyMethod::quantum; }, "adversary"},
                         {[&](PartyRequest& r) { r.records = &other.bob; }, "pairs"},
                         {[](PartyRequest& r) { r.records = nullptr; }, "task"}}) {
    Site site;
    auto bob_request = site.request(Role::bob, good_halves());
    c.change(bob_request);
    auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), bob_request);
    ASSERT_FALSE(alice.ok() || bob.ok()) << c.word;
    EXPECT_NE((alice.error().message + bob.error().message).find(std::string("do not agree on '") + c.word),
              std::string::npos)
        << alice.error().message << " / " << bob.error().message;
  }
  // Another secret: no message of the one side is genuine to the other. Nothing is lost: with the right one it goes on.
  Site site, foreign(40, 6);
  auto stranger = foreign.request(Role::bob, good_halves());
  {
    auto waiting = site.request(Role::alice, good_halves());
    waiting.connect_patience = net::Duration{2000};
    auto [alice, bob] = run_both(waiting, stranger);
    ASSERT_FALSE(alice.ok() || bob.ok());
    EXPECT_NE(bob.error().message.find("nobody vouches for it"), std::string::npos) << bob.error().message;
    EXPECT_NE((alice.error().message + bob.error().message).find("tag is wrong"), std::string::npos)
        << alice.error().message << " / " << bob.error().message;
  }
  auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), site.request(Role::bob, good_halves()));
  ASSERT_TRUE(alice.ok()) << alice.error().describe();
  EXPECT_TRUE(bob.ok());
}

// A secret that could not carry a session and its settling begins none: a key in doubt would be stranded.
TEST(Party, ASecretThatRunsOutBeginsNoSession) {
  {
    Site site(session_keys - 1);
    for (Role role : {Role::alice, Role::bob}) {
      auto result = run_party(site.request(role, good_halves()));
      ASSERT_FALSE(result.ok());
      EXPECT_NE(result.error().message.find("nearly used up"), std::string::npos) << result.error().message;
    }
  }
  // A lost message or two, and the rest suffices just or does not.
  Site site(session_keys + 1);
  {
    auto bob = net::Ledger::open(site.request(Role::bob, good_halves()).secret, Role::bob);
    ASSERT_TRUE(bob->take_sending_key().ok());
  }
  {
    auto a = site.request(Role::alice, good_halves());
    auto [alice, bob] = run_both(a, site.request(Role::bob, good_halves()));
    ASSERT_TRUE(alice.ok()) << alice.error().describe();
  }
  Site ahead(session_keys + 1);
  {
    auto alice = net::Ledger::open(ahead.request(Role::alice, good_halves()).secret, Role::alice);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(alice->take_sending_key().ok());
  }
  auto first = run_party(ahead.request(Role::alice, good_halves()));
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(first.error().code, ErrorCode::refused);
}

// With the fewest keys that a session may begin with, one that broke at its end is settled, after several breaks more.
TEST(Party, TheFewestKeysCarryASessionAndItsSettling) {
  Site site(session_keys);
  auto secret_of = [&](Role role) { return site.request(role, good_halves()).secret; };
  {
    auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), site.request(Role::bob, good_halves()));
    ASSERT_TRUE(alice.ok() && bob.ok());
  }
  for (Role role : {Role::alice, Role::bob}) {  // abort, and three connections that broke while settling
    auto ledger = net::Ledger::open(secret_of(role), role);
    for (int i = 0; i < 1 + 3 * 2; ++i) ASSERT_TRUE(ledger->take_sending_key().ok());
  }
  auto a = site.request(Role::alice, good_halves()), b = site.request(Role::bob, good_halves());
  a.records = b.records = nullptr;
  auto [alice, bob] = run_both(a, b);
  ASSERT_TRUE(alice.ok()) << alice.error().describe();
  ASSERT_TRUE(bob.ok()) << bob.error().describe();
}

// A key whose place cannot be written is noticed before anything is spent.
TEST(Party, ABadKeyPathCostsNothing) {
  Site site;
  auto request = site.request(Role::alice, good_halves());
  request.key = site.folder.path() / "no" / "such" / "key";
  auto result = run_party(request);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::bad_input);
  auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), site.request(Role::bob, good_halves()));
  ASSERT_TRUE(alice.ok()) << alice.error().describe();
  EXPECT_TRUE(bob.ok());
  for (const auto& entry : std::filesystem::directory_iterator(site.folder.path()))
    EXPECT_NE(entry.path().extension(), ".probe");
}

// Strangers: whatever they send, a clear word within the time-out, no memory to speak of, and nothing lost: not a key,
// and the same records, secret and key path serve the next session. Alice listens on.
TEST(Party, StrangersCostNothing) {
  enum Kind { noise, gone, silence, half_a_header, half_a_message, other_version, huge_payload, endless };
  const std::map<Kind, const char*> words = {{noise, "no bellows message"},
                                             {gone, "closed"},
                                             {silence, "silence"},
                                             {half_a_header, "a header"},
                                             {half_a_message, "is missing"},
                                             {other_version, "another version"},
                                             {huge_payload, "longer than it can be"},
                                             {endless, "is missing"}};
  Site site;
  auto visit = [&](Kind kind, net::Socket socket, const std::function<bool()>& is_over) {
    net::MessageHeader header;
    header.type = message_hello;
    header.payload_bytes = kind == huge_payload ? std::uint64_t{1} << 60 : 1000;
    if (kind == other_version) header.version = 1;
    auto bytes = std::as_bytes(std::span(&header, 1));
    auto send = [&](std::span<const std::byte> what) { return socket.send(what, net::Duration{2000}).ok(); };
    if (kind == noise) {
      auto random = random_bits(8 << 20, 1);
      for (int i = 0; i < (testing::long_tests() ? 1024 : 4) && send(random.bytes()); ++i) {
      }
    } else if (kind == half_a_header) {
      send(bytes.first(20));
    } else if (kind != silence && kind != gone) {
      send(bytes);
      if (kind == half_a_message) send(std::as_bytes(std::span("half")));
      for (int i = 0; kind == endless && i < 30 && !is_over(); ++i) {  // the message as a whole has its time too
        send(bytes.first(1));
        std::this_thread::sleep_for(net::Duration{100});
      }
    }
    if (kind == gone || kind == half_a_message) socket.close();
    return socket;
  };

  // Alice: all of them at her door, and then bob.
  {
    auto request = site.request(Role::alice, good_halves());
    std::promise<std::uint16_t> port;
    std::string said;
    request.on_listening = [&](std::uint16_t p) { port.set_value(p); };
    request.on_stranger = [&](const std::string& what) { said += what + "\n"; };
    auto alice_side = std::async(std::launch::async, [&] { return run_party(request); });
    net::Address address{"127.0.0.1", std::to_string(port.get_future().get())};
    std::vector<net::Socket> sockets;
    for (const auto& [kind, word] : words)
      sockets.push_back(
          visit(kind, std::move(*net::Socket::connect(address, net::Duration{5000})), [] { return true; }));
    auto bob_request = site.request(Role::bob, good_halves());
    bob_request.address = address;
    auto bob = run_party(bob_request);
    auto alice = alice_side.get();
    ASSERT_TRUE(alice.ok()) << alice.error().describe();
    ASSERT_TRUE(bob.ok()) << bob.error().describe();
    EXPECT_EQ(alice->channel.sent_messages, 6u);
    auto ledger = net::Ledger::open(request.secret, Role::alice);
    EXPECT_EQ(ledger->sent_count(), 6u);
    for (const char* word : {"no bellows message", "another version", "longer than it can be"})
      EXPECT_NE(said.find(word), std::string::npos) << said;
  }
  // If nobody else comes, she says so, and has spent nothing.
  static const Halves fresh = make_records(source(600'000, 0, 5));
  {
    auto request = site.request(Role::alice, fresh, "second");
    request.patience = net::Duration{100};
    request.connect_patience = net::Duration{600};
    std::promise<std::uint16_t> port;
    request.on_listening = [&](std::uint16_t p) { port.set_value(p); };
    auto alice_side = std::async(std::launch::async, [&] { return run_party(request); });
    auto socket = visit(
        other_version,
        std::move(*net::Socket::connect({"127.0.0.1", std::to_string(port.get_future().get())}, net::Duration{5000})),
        [] { return true; });
    auto alice = alice_side.get();
    ASSERT_FALSE(alice.ok());
    EXPECT_EQ(alice.error().code, ErrorCode::bad_input);
    EXPECT_NE(alice.error().message.find("nobody who holds the secret"), std::string::npos) << alice.error().message;
    EXPECT_NE(alice.error().message.find("another version"), std::string::npos) << alice.error().message;
    EXPECT_EQ(net::Ledger::open(request.secret, Role::alice)->sent_count(), 6u);
  }
  // Bob calls a stranger: his hello is spent on it, and no more.
  std::uint64_t spent = 7;
  for (const auto& [kind, word] : words) {
    SCOPED_TRACE(word);
    auto request = site.request(Role::bob, fresh, "second");
    request.patience = net::Duration{300};
    auto listener = net::Listener::listen({"127.0.0.1", "0"});
    request.address.port = std::to_string(listener->port());
    auto party = std::async(std::launch::async, [&] { return run_party(request); });
    auto socket = visit(kind, std::move(*listener->accept(net::Duration{5000})),
                        [&] { return party.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    auto result = party.get();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::bad_input) << result.error().describe();
    bool hung_up = (kind == gone || kind == half_a_message) &&  // noticed while sending or while waiting
                   result.error().describe().find("the connection broke") != std::string::npos;
    EXPECT_TRUE(hung_up || result.error().describe().find(word) != std::string::npos) << result.error().describe();
    EXPECT_FALSE(site.has_key(Role::bob, "second"));
    EXPECT_EQ(net::Ledger::open(request.secret, Role::bob)->sent_count(), ++spent);
  }
  auto [alice, bob] = run_both(site.request(Role::alice, fresh, "second"), site.request(Role::bob, fresh, "second"));
  ASSERT_TRUE(alice.ok()) << alice.error().describe();
  ASSERT_TRUE(bob.ok()) << bob.error().describe();
  EXPECT_EQ(alice->verdict, SessionVerdict::key);
}

}  // namespace
}  // namespace bellows::protocol
