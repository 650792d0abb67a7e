#include "bellows/certify/signature.h"

#include <sodium.h>

#include <array>
#include <nlohmann/json.hpp>

#include "bellows/base/digest.h"
#include "bellows/base/new_files.h"
#include "bellows/base/secret.h"
#include "bellows/plan/document_kind.h"
#include "bellows/plan/json_reader.h"

namespace bellows::certify {
namespace {

using nlohmann::json;
using Seed = std::array<unsigned char, crypto_sign_SEEDBYTES>;
using PublicKey = std::array<unsigned char, crypto_sign_PUBLICKEYBYTES>;
using Signature = std::array<unsigned char, crypto_sign_BYTES>;

/// What is signed: a name for the purpose, then the file's digest, so that no other signature of the key can stand in.
constexpr std::string_view purpose = "bellows certificate signature, version 1\n";

struct SecretKey {
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> bytes{};
  PublicKey public_key{};
  ~SecretKey() { wipe(bytes.data(), bytes.size()); }
};

Status start_sodium() { return sodium_init() < 0 ? Status(internal_error("libsodium does not start")) : Status(); }

template <class Bytes>
std::string to_hex(const Bytes& bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

template <class Bytes>
Bytes from_hex(plan::JsonReader& reader, const char* key) {
  std::string text = reader.text(key);
  Bytes bytes{};
  std::size_t length = 0;
  const char* end = nullptr;
  if (sodium_hex2bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length, &end) != 0 ||
      length != bytes.size() || end != text.data() + text.size())
    reader.fail(std::string(key) + " is damaged", std::to_string(2 * bytes.size()) + " hexadecimal digits",
                "something else");
  wipe(text.data(), text.size());
  return bytes;
}

Result<json> read_json(const Path& path) {
  BELLOWS_ASSIGN(std::string text, read_text_file(path, 1 << 16));
  return plan::parse_json(text, "the key or signature", path.string());
}

Status check_format(plan::JsonReader& reader, std::string_view format) {
  if (std::string got = reader.text("format"); got != format)
    reader.fail("is of another format", std::string(format), got);
  return {};
}

Result<std::string> message_of(const Path& file) {
  BELLOWS_ASSIGN(std::string text, read_text_file(file));
  return std::string(purpose) + sha256(text).hex();
}

const unsigned char* bytes_of(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Status read_secret_key(const Path& file, SecretKey& key) {
  BELLOWS_TRY(start_sodium());
  BELLOWS_ASSIGN(json document, read_json(file));
  BELLOWS_TRY(plan::require_kind(document, plan::DocumentKind::signing_key, file.string()));
  plan::JsonReader reader(document, "signing key", file.string());
  BELLOWS_TRY(check_format(reader, "bellows-signing-key"));
  Seed seed = from_hex<Seed>(reader, "secret");
  BELLOWS_TRY(reader.finish());
  crypto_sign_seed_keypair(key.public_key.data(), key.bytes.data(), seed.data());
  wipe(seed.data(), seed.size());
  return {};
}

}  // namespace

Path signature_path(const Path& file) { return file.string() + ".sig"; }

Status make_signing_key(const Path& secret_key_file) {
  BELLOWS_TRY(start_sodium());
  const Path files[] = {secret_key_file, secret_key_file.string() + ".pub"};
  BELLOWS_TRY(require_new_files(files));
  Seed seed;
  randombytes_buf(seed.data(), seed.size());
  SecretKey key;
  crypto_sign_seed_keypair(key.public_key.data(), key.bytes.data(), seed.data());
  json secret = {{"format", "bellows-signing-key"}, {"secret", to_hex(seed)}};
  json open = {{"format", "bellows-public-key"}, {"public", to_hex(key.public_key)}};
  wipe(seed.data(), seed.size());
  WrittenTogether written;
  BELLOWS_TRY(write_text_file(files[0], secret.dump(2) + "\n", private_file_mode, false));
  written.add(files[0]);
  BELLOWS_TRY(write_text_file(files[1], open.dump(2) + "\n", public_file_mode, false));
  written.keep();
  return {};
}

Status check_signing_key(const Path& secret_key_file) {
  SecretKey key;
  return read_secret_key(secret_key_file, key);
}

Status sign_file(const Path& file, const Path& secret_key_file, bool overwrite) {
  SecretKey key;
  BELLOWS_TRY(read_secret_key(secret_key_file, key));
  BELLOWS_ASSIGN(std::string message, message_of(file));
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, bytes_of(message), message.size(), key.bytes.data());
  json out = {{"format", "bellows-signature"}, {"public", to_hex(key.public_key)}, {"signature", to_hex(signature)}};
  // A signature is a function of what it signs: it may be read by those who may read that.
  std::error_code error;
  const auto mode = std::filesystem::status(file, error).permissions();
  const bool is_public = !error && (mode & std::filesystem::perms::others_read) != std::filesystem::perms::none;
  return write_text_file(signature_path(file), out.dump(2) + "\n", is_public ? public_file_mode : private_file_mode,
                         overwrite);
}

Result<std::string> verify_file_signature(const Path& file) {
  BELLOWS_TRY(start_sodium());
  const Path path = signature_path(file);
  BELLOWS_ASSIGN(json document, read_json(path));
  BELLOWS_TRY(plan::require_kind(document, plan::DocumentKind::signature, path.string()));
  plan::JsonReader reader(document, "signature", path.string());
  BELLOWS_TRY(check_format(reader, "bellows-signature"));
  PublicKey key = from_hex<PublicKey>(reader, "public");
  Signature signature = from_hex<Signature>(reader, "signature");
  BELLOWS_TRY(reader.finish());
  BELLOWS_ASSIGN(std::string message, message_of(file));
  if (crypto_sign_verify_detached(signature.data(), bytes_of(message), message.size(), key.data()) != 0) {
    Error error = refused("the signature does not match the file");
    error.file = path.string();
    return error;
  }
  return to_hex(key);
}

Status verify_file_signature(const Path& file, const Path& public_key_file) {
  BELLOWS_ASSIGN(std::string key, verify_file_signature(file));
  BELLOWS_ASSIGN(json document, read_json(public_key_file));
  BELLOWS_TRY(plan::require_kind(document, plan::DocumentKind::public_key, public_key_file.string()));
  plan::JsonReader reader(document, "public key", public_key_file.string());
  BELLOWS_TRY(check_format(reader, "bellows-public-key"));
  PublicKey wanted = from_hex<PublicKey>(reader, "public");
  BELLOWS_TRY(reader.finish());
  if (to_hex(wanted) == key) return {};
  Error error = refused("the file is signed with another key");
  error.file = signature_path(file).string();
  error.expected = to_hex(wanted);
  error.got = key;
  return error;
}

}  // namespace bellows::certify
