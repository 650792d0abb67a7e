#include "bellows/protocol/masanes_delivery.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "bellows/protocol/masanes_message.h"
#include "bellows/testing/masanes.h"

namespace bellows::protocol {
namespace {

using namespace testing_masanes;
using net::Role;

// Both keys in doubt, and what became of them at the next connection.
class InDoubt : public ::testing::Test {
 protected:
  net::Label id_{9};
  Site site_;
  Path sealed(Role role) const {
    return std::filesystem::absolute(site_.key(role)).string() + "." + net::label_text(id_) + ".sealed";
  }
  void seal(Role role, const nlohmann::json& certificate) {
    auto ledger = net::Ledger::open(site_.request(role, good_halves()).secret, role);
    ASSERT_TRUE(ledger.ok());
    ASSERT_TRUE(seal_key(*ledger, id_, site_.key(role), random_bits(100, 1), certificate, nullptr).ok());
  }
  Outcome settle() {
    auto a = site_.request(Role::alice, good_halves()), b = site_.request(Role::bob, good_halves());
    a.records = b.records = nullptr;
    return run_both(a, b);
  }
};

TEST_F(InDoubt, AKeyThatIsGoneIsCalledLostAndTheOtherSidesIsDropped) {
  for (Role loser : {Role::alice, Role::bob}) {
    ++id_[0];
    for (Role role : {Role::alice, Role::bob}) seal(role, nullptr);
    std::filesystem::remove(sealed(loser));
    auto [alice, bob] = settle();
    ASSERT_TRUE(alice.ok()) << alice.error().describe();
    ASSERT_TRUE(bob.ok()) << bob.error().describe();
    const PartyResult &lost = loser == Role::alice ? *alice : *bob, &other = loser == Role::alice ? *bob : *alice;
    ASSERT_EQ(lost.settled.size(), 1u);
    EXPECT_NE(lost.settled[0].find("lost"), std::string::npos) << lost.settled[0];
    EXPECT_TRUE(lost.lost);
    ASSERT_EQ(other.settled.size(), 1u);
    EXPECT_NE(other.settled[0].find("dropped"), std::string::npos) << other.settled[0];
    EXPECT_FALSE(other.lost);
    for (Role role : {Role::alice, Role::bob}) {
      EXPECT_FALSE(site_.has_key(role));
      EXPECT_FALSE(std::filesystem::exists(sealed(role)));
    }
  }
}

TEST_F(InDoubt, BobGetsAlicesCertificateWhenItIsSettled) {
  Site other;
  auto [a, b] = run_both(other.request(Role::alice, good_halves()), other.request(Role::bob, good_halves()));
  ASSERT_TRUE(a.ok() && b.ok());
  seal(Role::alice, a->certificate);
  seal(Role::bob, b->certificate);
  auto [alice, bob] = settle();
  ASSERT_TRUE(alice.ok()) << alice.error().describe();
  ASSERT_TRUE(bob.ok()) << bob.error().describe();
  EXPECT_TRUE(site_.has_key(Role::alice) && site_.has_key(Role::bob));
  auto peer = nlohmann::json::parse(std::ifstream(site_.key(Role::bob).string() + ".peer.json"));
  EXPECT_EQ(peer, a->certificate);
}

// A crash between the sealed file and the account's "in doubt": the account knows where it lies, and it is destroyed.
TEST(Delivery, RemainsOfACrashAreDestroyed) {
  Site site;
  auto request = site.request(Role::bob, good_halves());
  auto ledger = net::Ledger::open(request.secret, Role::bob);
  ASSERT_TRUE(ledger.ok());
  net::Label id{7};
  ASSERT_TRUE(seal_key(*ledger, id, request.key, random_bits(100, 1), nullptr, nullptr).ok());
  Path sealed = request.key.string() + "." + net::label_text(id) + ".sealed";
  ASSERT_TRUE(std::filesystem::exists(sealed));
  ASSERT_TRUE(clear_remains(*ledger).ok());
  EXPECT_TRUE(std::filesystem::exists(sealed));  // in doubt: stays
  auto note = (*ledger->session(id))->note;
  ASSERT_TRUE(ledger->put_session({id, net::SessionState::open, note}).ok());
  ASSERT_TRUE(clear_remains(*ledger).ok());
  EXPECT_FALSE(std::filesystem::exists(sealed));
  EXPECT_EQ((*ledger->session(id))->state, net::SessionState::aborted);
}

}  // namespace
}  // namespace bellows::protocol
