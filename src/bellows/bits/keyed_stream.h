#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "bellows/base/digest.h"
#include "bellows/base/secret.h"

namespace bellows::bits {

/// The key of a simulation: everything that it draws follows from it.
struct StreamKey {
  std::array<std::uint8_t, 32> bytes{};

  StreamKey() = default;
  StreamKey(const StreamKey&) = default;
  StreamKey& operator=(const StreamKey&) = default;
  ~StreamKey() { wipe(bytes.data(), bytes.size()); }

  bool operator==(const StreamKey&) const = default;
  std::string hex() const { return Digest{bytes}.hex(); }

  /// SHA-256 of a label and the number: for runs that can be repeated.
  static StreamKey from_number(std::uint64_t number);
  /// Errors: bad_input: not 64 hexadecimal digits.
  static Result<StreamKey> from_hex(std::string_view text);
  /// From the system's generator. Errors: bad_input: the system's word.
  static Result<StreamKey> from_system();
};

/// A place on the random tapes of a key. Different addresses give independent bits.
struct StreamAddress {
  std::uint64_t block = 0;  ///< below 2^48
  std::uint16_t chunk = 0;
  std::uint8_t lane = 0;
  std::uint16_t part = 0;
};

/// Pseudorandom bytes that depend on key and address only (AES-256 in counter mode), so that any piece of a simulation
/// can be made again alone. Not thread safe; one object a thread.
class KeyedStream {
 public:
  explicit KeyedStream(const StreamKey& key);
  KeyedStream(KeyedStream&&) noexcept;
  KeyedStream& operator=(KeyedStream&&) noexcept;
  ~KeyedStream();

  /// The first bytes of the tape at `address`, at most 2^43 of them.
  void fill(const StreamAddress& address, std::span<std::byte> out);
  void fill(const StreamAddress& address, std::span<std::uint64_t> out) { fill(address, std::as_writable_bytes(out)); }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Fills from the system's generator (getrandom). Errors: bad_input: the system's word.
Status fill_from_system(std::span<std::byte> out);

}  // namespace bellows::bits
