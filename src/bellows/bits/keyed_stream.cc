#include "bellows/bits/keyed_stream.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bellows/base/check.h"

namespace bellows::bits {

StreamKey StreamKey::from_number(std::uint64_t number) {
  StreamKey key;
  key.bytes = sha256(fmt::format("bellows simulation key {}", number)).bytes;
  return key;
}

Result<StreamKey> StreamKey::from_hex(std::string_view text) {
  BELLOWS_ASSIGN(Digest digest, Digest::from_hex(text));
  StreamKey key;
  key.bytes = digest.bytes;
  return key;
}

Result<StreamKey> StreamKey::from_system() {
  StreamKey key;
  BELLOWS_TRY(fill_from_system(std::as_writable_bytes(std::span(key.bytes))));
  return key;
}

struct KeyedStream::State {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_CIPHER_CTX_free(context); }
};

KeyedStream::KeyedStream(const StreamKey& key) : state_(std::make_unique<State>()) {
  BELLOWS_CHECK(state_->context != nullptr, "no memory for a cipher");
  int done = EVP_EncryptInit_ex(state_->context, EVP_aes_256_ctr(), nullptr, key.bytes.data(), nullptr);
  BELLOWS_CHECK(done == 1, "AES-256 in counter mode is missing from the library");
}

KeyedStream::KeyedStream(KeyedStream&&) noexcept = default;
KeyedStream& KeyedStream::operator=(KeyedStream&&) noexcept = default;
KeyedStream::~KeyedStream() = default;

void KeyedStream::fill(const StreamAddress& address, std::span<std::byte> out) {
  BELLOWS_CHECK(address.block >> 48 == 0, "block index below 2^48");
  // Block 6 bytes, chunk 2, lane 1, part 2; the last 5 bytes are left for the cipher to count in.
  std::uint8_t start[16] = {};
  for (unsigned i = 0; i < 6; ++i) start[i] = static_cast<std::uint8_t>(address.block >> (8 * i));
  start[6] = static_cast<std::uint8_t>(address.chunk);
  start[7] = static_cast<std::uint8_t>(address.chunk >> 8);
  start[8] = address.lane;
  start[9] = static_cast<std::uint8_t>(address.part);
  start[10] = static_cast<std::uint8_t>(address.part >> 8);
  int done = EVP_EncryptInit_ex(state_->context, nullptr, nullptr, nullptr, start);
  std::memset(out.data(), 0, out.size());
  constexpr std::size_t piece = std::size_t{1} << 30;  // the library counts in int
  for (std::size_t from = 0; from < out.size() && done == 1; from += piece) {
    auto* bytes = reinterpret_cast<unsigned char*>(out.data() + from);
    int written = 0;
    done = EVP_EncryptUpdate(state_->context, bytes, &written, bytes,
                             static_cast<int>(std::min(piece, out.size() - from)));
  }
  BELLOWS_CHECK(done == 1, "the cipher failed");
}

Status fill_from_system(std::span<std::byte> out) {
  while (!out.empty()) {
    ssize_t got = ::getrandom(out.data(), std::min<std::size_t>(out.size(), 1 << 20), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read the system's random generator", "getrandom", errno);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

}  // namespace bellows::bits
