#include "bellows/plan/document_kind.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bellows/base/json_words.h"

namespace bellows::plan {
namespace {

using nlohmann::json;

const json certificate = {{"verdict", "certified"}, {"output_bits", 1}, {"plan", json::object()}, {"losses", json::array()}, {"digests", json::object()}};
const json key_certificate = {{"what", "bellows key certificate"}, {"verdict", "certified"}};

TEST(DocumentKind, IsWhatADocumentSaysOfItself) {
  EXPECT_EQ(kind_of(certificate), DocumentKind::certificate);
  EXPECT_EQ(kind_of(key_certificate), DocumentKind::key_certificate);
  EXPECT_EQ(kind_of({{"format", "bellows-plan"}}), DocumentKind::plan);
  for (const json& other : {json(), json(3), json::array(), json::object(), json{{"format", 7}}, json{{"format", "mine"}}, json{{"verdict", "certified"}}})
    EXPECT_EQ(kind_of(other), DocumentKind::unknown) << other;
}

TEST(DocumentKind, AnotherOneIsNamedWithItsReader) {
  const Status wrong = require_kind(key_certificate, DocumentKind::certificate, "k.json");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::bad_input);
  EXPECT_EQ(wrong.error().file, "k.json");
  EXPECT_EQ(wrong.error().expected, "a certificate of random bits");
  EXPECT_EQ(wrong.error().got, "a key certificate, which 'bellows qkd check' reads");
  EXPECT_EQ(require_kind(certificate, DocumentKind::key_certificate, "").error().got,
            "a certificate of random bits, which 'bellows verify' reads");
  EXPECT_TRUE(require_kind(certificate, DocumentKind::certificate, "").ok());
  EXPECT_TRUE(require_kind({{"format", "mine"}}, DocumentKind::plan, "").ok()) << "its reader knows better what is wrong";
}

template <class Use>
std::string words(Use use) {
  try {
    use();
  } catch (const json::exception& problem) {
    return in_words(problem);
  }
  return "";
}

TEST(DocumentKind, NoWordsOfTheJsonLibraryComeOut) {
  EXPECT_EQ(words([] { (void)key_certificate.at("party"); }), "'party' is missing");
  EXPECT_EQ(words([] { (void)key_certificate.at("verdict").get<int>(); }), "a value is of the wrong type, string");
  EXPECT_EQ(words([] { const json none = json::parse("{"); }), "it is not JSON");
  EXPECT_EQ(words([] { (void)json::array().at(3); }), "a value is missing or out of range");
  EXPECT_EQ(words([] { (void)json(3).at("x"); }), "a value is of the wrong type");
}

}  // namespace
}  // namespace bellows::plan
