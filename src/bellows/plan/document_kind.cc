#include "bellows/plan/document_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bellows::plan {
namespace {

struct Known {
  DocumentKind kind;
  const char* format;  ///< the value of its key "format" (key certificates: "what"); nullptr: told by its keys
  const char* name;
  const char* reader;
};

constexpr Known kinds[] = {
    {DocumentKind::certificate, nullptr, "a certificate of random bits", "bellows verify"},
    {DocumentKind::key_certificate, "bellows key certificate", "a key certificate", "bellows qkd check"},
    {DocumentKind::plan, "bellows-plan", "a plan", "bellows plan --read"},
    {DocumentKind::four_device_plan, "bellows-four-device-plan", "the plan of a four-device run",
     "bellows protocol brandao-1 --verify FOLDER"},
    {DocumentKind::witness, "bellows-witness", "a witness", "bellows plan --check-witness"},
    {DocumentKind::bound, "bellows-bound", "a saved bound", "bellows bound --check"},
    {DocumentKind::guess_radius, "bellows-guess-radius", "a saved guessing radius", "bellows bound --check"},
    {DocumentKind::signature, "bellows-signature", "a signature", "bellows certify --check, given the certificate beside it"},
    {DocumentKind::signing_key, "bellows-signing-key", "a secret signing key", "bellows certify --sign"},
    {DocumentKind::public_key, "bellows-public-key", "a public key", "bellows certify --check CERTIFICATE --key"},
};

const Known& known(DocumentKind kind) {
  return *std::find_if(std::begin(kinds), std::end(kinds), [&](const Known& one) { return one.kind == kind; });
}

}  // namespace

DocumentKind kind_of(const nlohmann::json& document) {
  if (!document.is_object()) return DocumentKind::unknown;
  for (const char* key : {"format", "what"})
    if (const auto format = document.find(key); format != document.end() && format->is_string())
      for (const Known& one : kinds)
        if (one.format != nullptr && *format == one.format) return one.kind;
  for (const char* key : {"verdict", "output_bits", "plan", "losses", "digests"})
    if (!document.contains(key)) return DocumentKind::unknown;
  return DocumentKind::certificate;
}

Status require_kind(const nlohmann::json& document, DocumentKind wanted, const std::string& origin) {
  const DocumentKind found = kind_of(document);
  if (found == wanted || found == DocumentKind::unknown) return {};
  return bad_input("this is another kind of file", origin, std::nullopt, known(wanted).name,
                   fmt::format("{}, which '{}' reads", known(found).name, known(found).reader));
}

}  // namespace bellows::plan
