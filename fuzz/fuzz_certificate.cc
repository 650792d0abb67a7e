// Certificates and witnesses as JSON: read and written again the same, or refused.
#include <nlohmann/json.hpp>
#include <string_view>

#include "bellows/base/check.h"
#include "bellows/certify/certificate.h"
#include "bellows/certify/witness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bellows;
  auto document = nlohmann::json::parse(std::string_view(reinterpret_cast<const char*>(data), size), nullptr, false);
  if (document.is_discarded()) return 0;
  if (auto certificate = certify::certificate_from_json(document, "fuzz"); certificate.ok()) {
    auto again = certify::certificate_from_json(certify::to_private_json(*certificate), "fuzz");
    BELLOWS_CHECK(again.ok() && *again == *certificate, "a certificate is written as it was read");
    BELLOWS_CHECK(!certify::to_text(*certificate, true).empty(), "a certificate has a text");
  } else {
    BELLOWS_CHECK(certificate.error().code == ErrorCode::bad_input, "a certificate that is refused is bad input");
  }
  if (auto witness = certify::witness_from_json(document, "fuzz"); witness.ok())
    BELLOWS_CHECK(certify::witness_from_json(certify::to_json(*witness)).ok(), "a witness is written as it was read");
  return 0;
}
