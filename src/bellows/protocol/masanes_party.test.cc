#include "bellows/protocol/masanes_party.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <random>
#include <thread>

#include "bellows/testing/masanes.h"

namespace bellows::protocol {
namespace {

using namespace testing_masanes;
using net::Role;

struct Outcome {
  Result<PartyResult> alice, bob;
};

// Both parties, each in a thread; `between`, if given, turns alice's port into the one that bob connects to.
Outcome run_both(PartyRequest alice, PartyRequest bob,
                 const std::function<std::uint16_t(std::uint16_t)>& between = {}) {
  std::promise<std::uint16_t> port;
  auto future = port.get_future();
  alice.on_listening = [&](std::uint16_t p) { port.set_value(p); };
  auto alice_side = std::async(std::launch::async, [&] {
    auto result = run_party(alice);
    try {
      port.set_value(0);
    } catch (const std::future_error&) {
    }
    return result;
  });
  std::uint16_t listening = future.get();
  if (listening == 0) return {alice_side.get(), bad_input("alice does not listen")};
  bob.address.port = std::to_string(between ? between(listening) : listening);
  auto bob_result = run_party(bob);
  return {alice_side.get(), std::move(bob_result)};
}

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
  EXPECT_LT(alice->channel.log2_forgery_probability, -80);

  // The same records make no second key, whoever asks.
  auto again =
      run_both(site.request(Role::alice, good_halves(), "second"), site.request(Role::bob, good_halves(), "second"));
  ASSERT_FALSE(again.alice.ok());
  EXPECT_NE(again.alice.error().message.find("records"), std::string::npos) << again.alice.error().message;
  ASSERT_FALSE(again.bob.ok());
  EXPECT_FALSE(std::filesystem::exists(site.key(Role::alice, "second")));
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
  for (double cheat : {1.0, 0.5, 0.1, 0.03, 0.01}) {
    auto request = source(600'000);
    request.model = PairModel::cheating_sometimes;
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
  Site site, foreign(40, 6);
  auto stranger = foreign.request(Role::bob, good_halves());
  auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), stranger);
  EXPECT_FALSE(alice.ok() || bob.ok());
}

TEST(Party, ASecretThatRunsOutStopsTheSession) {
  Site site(4);
  auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), site.request(Role::bob, good_halves()));
  ASSERT_FALSE(alice.ok() || bob.ok());
  EXPECT_NE((alice.error().message + bob.error().message).find("used up"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(site.key(Role::alice)));
  EXPECT_FALSE(std::filesystem::exists(site.key(Role::bob)));
}

TEST(Party, NoiseSilenceAndHangUpEndInTime) {
  for (int kind = 0; kind < 3; ++kind) {
    Site site;
    auto request = site.request(Role::alice, good_halves());
    request.patience = net::Duration{300};
    std::promise<std::uint16_t> port;
    request.on_listening = [&](std::uint16_t p) { port.set_value(p); };
    auto alice = std::async(std::launch::async, [&] { return run_party(request); });
    auto socket = net::Socket::connect({"127.0.0.1", std::to_string(port.get_future().get())}, net::Duration{5000});
    ASSERT_TRUE(socket.ok());
    if (kind == 0) {
      auto noise = random_bits(8 << 20, 1);
      (void)socket->send(noise.bytes(), net::Duration{2000});
    } else if (kind == 1) {
      socket->close();
    }
    auto result = alice.get();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::bad_input) << result.error().describe();
  }
}

}  // namespace
}  // namespace bellows::protocol
