#include "bellows/protocol/masanes_certificate.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "bellows/testing/masanes.h"

namespace bellows::protocol {
namespace {

using namespace testing_masanes;
using net::Role;

// Which code corrects decides what is proved, and the certificate says so before anything else.
TEST(Party, TheCodeDecidesWhatIsProved) {
  std::map<ecc::Code, std::uint64_t> published, bits;
  for (ecc::Code code : ecc::all_codes) {
    Site site;
    auto a = site.request(Role::alice, good_halves()), b = site.request(Role::bob, good_halves());
    if (code != ecc::Code::bch) a.correction = b.correction = code;
    auto [alice, bob] = run_both(a, b);
    ASSERT_TRUE(alice.ok() && bob.ok());
    ASSERT_EQ(alice->verdict, SessionVerdict::key) << alice->reason;
    EXPECT_EQ(key_text(site.key(Role::alice)), key_text(site.key(Role::bob)));
    const auto& certificate = alice->certificate;
    EXPECT_TRUE(check_certificate(certificate).ok());
    const KeyStatement& s = alice->statement;
    EXPECT_EQ(s.scheme.code, code);
    published[code] = s.counts.leaked_bits;
    bits[code] = s.length.bits;
    const bool proved = ecc::is_proved(code);
    EXPECT_EQ(s.is_proved(), proved);
    EXPECT_EQ(certificate["verdict"], proved ? "certified" : "not_certified");
    EXPECT_EQ(certificate["claim"].get<std::string>().find("NOT CERTIFIED") == 0, !proved);
    EXPECT_EQ(certificate["assumptions"][0].get<std::string>().find("NOT PROVED") == 0, !proved);
    EXPECT_EQ(certificate.dump().find("LDPC") == std::string::npos, proved);
    // No certificate passes for more than it is, nor its code for a better one.
    auto altered = [&](auto change) {
      auto lying = certificate;
      change(lying);
      return check_certificate(lying).ok();
    };
    EXPECT_FALSE(altered([&](auto& d) { d["verdict"] = proved ? "not_certified" : "certified"; }));
    EXPECT_FALSE(altered([](auto& d) { d["assumptions"].erase(0); }));
    EXPECT_FALSE(altered([](auto& d) { d["error_correction"]["frames"] = 2u; }));
    for (const char* number : {"errors", "element_bits", "rows", "columns", "design_errors_per_million", "blocks",
                               "row_syndromes", "check_bits"})
      if (certificate["error_correction"].contains(number)) {
        EXPECT_FALSE(altered([&](auto& d) { d["error_correction"][number] = 10u; })) << number;
        EXPECT_FALSE(altered([&](auto& d) { d["error_correction"].erase(number); })) << number;
      }
    EXPECT_FALSE(altered([&](auto& d) { d["error_correction"]["code"] = proved ? "ldpc" : "bch"; }));
    EXPECT_FALSE(altered(
        [&](auto& d) { d["error_correction"]["code"] = code == ecc::Code::concatenated ? "bch" : "concatenated"; }));
    EXPECT_FALSE(altered([&](auto& d) { d["error_correction"]["code"] = 1; }));
  }
  EXPECT_LT(published[ecc::Code::bch], published[ecc::Code::ldpc]);  // few errors: the certain code even publishes less
  EXPECT_LT(published[ecc::Code::bch], published[ecc::Code::concatenated]);
  EXPECT_GT(bits[ecc::Code::bch], bits[ecc::Code::ldpc]);
}

// Every sentence and number of a certificate follows from the counts or is compared between the parties.
TEST(Party, ACertificateThatWasTouchedIsFoundOut) {
  Site site;
  auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), site.request(Role::bob, good_halves()));
  ASSERT_TRUE(alice.ok() && bob.ok());
  const auto& good = alice->certificate;
  ASSERT_TRUE(check_certificate(good).ok());
  const auto found_out = [&](const nlohmann::json& document) {
    return !check_certificate(document).ok() || !compare_certificates(document, bob->certificate).ok();
  };
  const std::function<void(const nlohmann::json::json_pointer&)> touch = [&](const auto& at) {
    const auto& value = good[at];
    if (value.is_structured()) {
      for (const auto& [key, inside] : value.items()) {
        touch(at / key);
        auto without = good;
        if (value.is_object()) {
          without[at].erase(key);
          EXPECT_TRUE(found_out(without)) << at << " without " << key;
        }
      }
      return;
    }
    auto changed = good;
    if (value.is_string())
      changed[at] = value.template get<std::string>() + "1";
    else if (value.is_boolean())
      changed[at] = !value.template get<bool>();
    else
      changed[at] = value.template get<double>() + 1;
    if (value.is_number_unsigned()) changed[at] = value.template get<std::uint64_t>() + 1;
    EXPECT_TRUE(found_out(changed)) << at;
    for (const nlohmann::json& odd :
         std::vector<nlohmann::json>{nullptr, -1, 1e300, "x", ~std::uint64_t{0}, nlohmann::json::array()}) {
      changed[at] = odd;
      EXPECT_TRUE(found_out(changed)) << at << " " << odd;
    }
  };
  touch(nlohmann::json::json_pointer());
  auto fewer = good;
  fewer["assumptions"].erase(0);
  EXPECT_TRUE(found_out(fewer));
  auto more = good;
  more["note"] = "certified by somebody else";
  EXPECT_TRUE(found_out(more));
}

// What one party's random bits rest on weakens the claim of both, and both certificates say so.
TEST(Party, CertificatesOfRandomBitsAreExchangedAndMustBeSome) {
  const nlohmann::json entry = {{"file", "certificate.public.json"},
                                {"sha256", sha256("certificate").hex()},
                                {"adversary", "quantum"},
                                {"protocol", "kulikov"},
                                {"output_bits", 1000u},
                                {"epsilon", 1e-12},
                                {"simulated", true}};
  {
    Site site;
    auto b = site.request(Role::bob, good_halves());
    b.random_bits_certificates = {entry};
    auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), b);
    ASSERT_TRUE(alice.ok()) << alice.error().describe();
    ASSERT_TRUE(bob.ok()) << bob.error().describe();
    for (const auto* side : {&*alice, &*bob}) {
      EXPECT_NE(side->certificate["claim"].get<std::string>().find("WEAKER"), std::string::npos);
      ASSERT_EQ(side->certificate["random_bits"].size(), 1u);
      EXPECT_EQ(side->certificate["random_bits"][0]["party"], "bob");
      EXPECT_EQ(side->certificate["simulated"], true);  // the bits are, whatever the pairs
      EXPECT_TRUE(check_certificate(side->certificate).ok());
    }
    EXPECT_TRUE(compare_certificates(alice->certificate, bob->certificate).ok());
    EXPECT_EQ(compare_certificates(alice->certificate, alice->certificate).error().code, ErrorCode::refused);
  }
  for (const char* key : {"file", "sha256", "adversary", "output_bits", "epsilon", "simulated"}) {
    auto odd = entry;
    odd[key] = key == std::string("output_bits") ? nlohmann::json(0u) : nlohmann::json("nobody at all");
    if (key == std::string("file") || key == std::string("adversary")) odd.erase(key);
    Site site;
    auto b = site.request(Role::bob, good_halves());
    b.random_bits_certificates = {odd};
    auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), b);
    EXPECT_FALSE(alice.ok()) << key;
    EXPECT_FALSE(bob.ok()) << key;
  }
  // More than is proved of any amplification: in a hello, and in a certificate with a claim to match.
  for (const char* too_strong : {"no-signalling", "no-signalling-classical"}) {
    auto odd = entry;
    odd["adversary"] = too_strong;
    Site site;
    auto b = site.request(Role::bob, good_halves());
    b.random_bits_certificates = {odd};
    auto [alice, bob] = run_both(site.request(Role::alice, good_halves()), b);
    EXPECT_FALSE(alice.ok() || bob.ok()) << too_strong;

    Site honest;
    auto named = honest.request(Role::bob, good_halves());
    named.random_bits_certificates = {entry};
    auto result = run_both(honest.request(Role::alice, good_halves()), named);
    ASSERT_TRUE(result.alice.ok());
    auto forged = result.alice->certificate;
    forged["random_bits"][0]["adversary"] = too_strong;
    EXPECT_FALSE(check_certificate(forged).ok());
    std::string claim = forged["claim"].get<std::string>();
    for (auto at = claim.find("a quantum adversary"); at != std::string::npos; at = claim.find("a quantum adversary"))
      claim.replace(at, std::string("a quantum").size(), std::string("a ") + too_strong);
    forged["claim"] = claim;
    EXPECT_FALSE(check_certificate(forged).ok()) << claim;
  }
  EXPECT_EQ(random_bits_entry({{"verdict", "refused"}, {"adversary", "nobody at all"}}, "x").error().code,
            ErrorCode::bad_input);
}

}  // namespace
}  // namespace bellows::protocol
