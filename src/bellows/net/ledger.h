#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/digest.h"
#include "bellows/base/file.h"
#include "bellows/net/one_time_tag.h"

namespace bellows::net {

/// The two parties; each sends with keys from its own part of the shared secret.
enum class Role { alice = 0, bob = 1 };
const char* role_name(Role role);
inline Role other(Role role) { return role == Role::alice ? Role::bob : Role::alice; }

/// 16 bytes that name a secret or a session and say nothing about what it holds.
using Label = std::array<std::uint8_t, 16>;
std::string label_text(const Label& label);

/// A session as the ledger holds it.
enum class SessionState {
  open,       ///< under way, or cut: nothing came of it
  aborted,    ///< ended without a key
  no_key,     ///< ended with the verdict that no key can be had
  prepared,   ///< the key is made and sealed; whether the peer has it is not known: in doubt
  delivered,  ///< the key was handed over, once
};
const char* session_state_name(SessionState state);

struct SessionEntry {
  Label id{};
  SessionState state = SessionState::open;
  std::string note;  ///< why it ended, or what settle needs (JSON)
};

/// The secret that both parties hold, and the account of it. Every key is taken down in SQLite (write-ahead log, full
/// sync) *before* it leaves this class, then overwritten in the secret file; so neither a crash at any moment nor a
/// lost ledger can bring it back.
///
/// The secret is a `.bits` file without digest: 128 public bits that name it, then equal halves of 256-bit keys, the
/// first for messages from alice, the second for messages from bob. Each party needs a copy of its own.
class Ledger {
 public:
  /// Opens SECRET and SECRET.ledger beside it (made on first use); one process at a time.
  /// Errors: bad_input: unreadable or too short secret; a foreign or damaged ledger; in use by another process; the
  ///         ledger is missing although the secret was used before; refused: the secret was used in the other role.
  static Result<Ledger> open(const Path& secret, Role role);
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;
  ~Ledger();

  const Label& secret_id() const;
  Role role() const;
  std::uint64_t keys_per_direction() const;
  /// Keys of this sender that the account has not down as used.
  std::uint64_t keys_left(Role sender) const;
  /// Keys taken so far for sending, keys spent for receiving.
  std::uint64_t sent_count() const;
  std::uint64_t received_count() const;

  struct Taken {
    std::uint64_t index = 0;
    OneTimeKey key;
  };
  /// The next key for sending, on the account for good before it is returned. Errors: refused: the secret is used up.
  Result<Taken> take_sending_key();
  /// The key that the peer says it used. Errors: refused: used before, or beyond the end of the secret.
  Result<OneTimeKey> look_at_receiving_key(std::uint64_t index) const;
  /// Enters the key and all before it as spent. Called once a message was found genuine, before anything is done with
  /// it.
  Status spend_receiving_keys_through(std::uint64_t index);

  /// Records (by digest of the party's log) serve one session only. Errors: refused: they were used in another.
  Status claim_records(const Digest& records, const Label& session);
  Status put_session(const SessionEntry& entry);
  /// The moment of delivery: true for exactly one caller, ever. Errors: as SQLite says.
  Result<bool> deliver_once(const Label& session);
  Result<std::optional<SessionEntry>> session(const Label& id) const;
  Result<std::vector<SessionEntry>> sessions(SessionState state) const;

 private:
  struct State;
  explicit Ledger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Writes two equal secret files from random bits: 128 + 512 n bits for n messages each way.
/// Errors: usage: two names of one file. bad_input: too few bits, or a file exists; then neither is left behind.
Status write_secret_pair(const Path& alice, const Path& bob, std::span<const std::byte> random_bytes);

}  // namespace bellows::net
