#include "bellows/net/ledger.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "bellows/base/checked.h"
#include "bellows/base/new_files.h"
#include "bellows/bits/bit_file.h"
#include "bellows/net/sqlite.h"

namespace bellows::net {
namespace {

constexpr std::uint64_t bit_file_header_bytes = 64;
constexpr std::uint64_t label_bytes = sizeof(Label);
constexpr std::int64_t ledger_format = 1;

constexpr const char* schema =
    "CREATE TABLE IF NOT EXISTS about (format INTEGER, secret BLOB, role INTEGER);"
    "CREATE TABLE IF NOT EXISTS keys (sender INTEGER PRIMARY KEY, used INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS sessions (id BLOB PRIMARY KEY, state INTEGER NOT NULL, note TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS records (digest BLOB PRIMARY KEY, session BLOB NOT NULL);";

}  // namespace

const char* role_name(Role role) { return role == Role::alice ? "alice" : "bob"; }

std::string label_text(const Label& label) {
  std::string text;
  for (std::uint8_t byte : label) text += fmt::format("{:02x}", byte);
  return text;
}

const char* session_state_name(SessionState state) {
  switch (state) {
    case SessionState::open:
      return "open";
    case SessionState::aborted:
      return "aborted";
    case SessionState::no_key:
      return "no key";
    case SessionState::prepared:
      return "in doubt";
    case SessionState::delivered:
      return "delivered";
  }
  return "?";
}

struct Ledger::State {
  Role role = Role::alice;
  File secret_file;
  Label secret_id{};
  std::uint64_t key_count = 0;  // a direction
  Database database;
  std::uint64_t used[2] = {0, 0};  // by sender

  std::uint64_t offset_of(Role sender, std::uint64_t index) const {
    std::uint64_t first = sender == Role::alice ? 0 : key_count;
    return bit_file_header_bytes + label_bytes + (first + index) * one_time_key_bytes;
  }
  Result<OneTimeKey> read_key(Role sender, std::uint64_t index) const {
    OneTimeKey key;
    auto target = std::as_writable_bytes(std::span(key.bytes));
    BELLOWS_ASSIGN(std::size_t got, secret_file.read_some_at(target, offset_of(sender, index)));
    if (got != target.size())
      return bad_input("the secret file became shorter", secret_file.path(), offset_of(sender, index));
    return key;
  }
  // Overwrites keys [from, to) in the file and waits for the disk.
  Status destroy_keys(Role sender, std::uint64_t from, std::uint64_t to) {
    if (from >= to) return {};
    std::vector<std::byte> zeros((to - from) * one_time_key_bytes);
    BELLOWS_TRY(secret_file.write_all_at(zeros, offset_of(sender, from)));
    return secret_file.sync();
  }
  Status enter_used(Role sender, std::uint64_t used_now) {
    Statement update(database, "UPDATE keys SET used = ?1 WHERE sender = ?2 AND used < ?1");
    BELLOWS_TRY(update.bind(static_cast<std::int64_t>(used_now)).bind(static_cast<std::int64_t>(sender)).step());
    if (sqlite3_changes(database.handle()) != 1) return refused("the ledger has this key down as used already");
    used[static_cast<int>(sender)] = used_now;
    return {};
  }
  Status load_account(bool& is_new);
};

namespace {

bool all_zero(const OneTimeKey& key) {
  std::uint8_t any = 0;
  for (std::uint8_t byte : key.bytes) any = static_cast<std::uint8_t>(any | byte);
  return any == 0;
}

}  // namespace

Status Ledger::State::load_account(bool& is_new) {
  BELLOWS_TRY(database.execute("PRAGMA locking_mode = EXCLUSIVE"));
  BELLOWS_TRY(database.execute("PRAGMA journal_mode = WAL"));
  BELLOWS_TRY(database.execute("PRAGMA synchronous = FULL"));
  BELLOWS_TRY(database.execute("BEGIN IMMEDIATE"));
  BELLOWS_TRY(database.execute(schema));
  Statement about(database, "SELECT format, secret, role FROM about");
  BELLOWS_ASSIGN(bool has_row, about.step());
  is_new = !has_row;
  if (!has_row) {
    Statement insert(database, "INSERT INTO about VALUES (?1, ?2, ?3)");
    BELLOWS_TRY(insert.bind(ledger_format).bind(std::span(secret_id)).bind(static_cast<std::int64_t>(role)).step());
    BELLOWS_TRY(database.execute("INSERT INTO keys VALUES (0, 0), (1, 0)"));
    return database.execute("COMMIT");
  }
  if (about.integer(0) != ledger_format)
    return bad_input("the ledger has another format", secret_file.path(), std::nullopt,
                     fmt::format("{}", ledger_format), fmt::format("{}", about.integer(0)));
  if (auto id = about.blob(1); !std::equal(id.begin(), id.end(), secret_id.begin(), secret_id.end()))
    return bad_input("the ledger belongs to another secret", secret_file.path());
  if (about.integer(2) != static_cast<std::int64_t>(role))
    return refused(fmt::format("this copy of the secret was used as {}; it cannot serve {}", role_name(other(role)),
                               role_name(role)));
  for (int sender : {0, 1}) {
    Statement keys(database, "SELECT used FROM keys WHERE sender = ?1");
    BELLOWS_ASSIGN(bool found, keys.bind(std::int64_t{sender}).step());
    if (!found || keys.integer(0) < 0 || static_cast<std::uint64_t>(keys.integer(0)) > key_count)
      return bad_input("the ledger is damaged: its account of keys does not fit the secret", secret_file.path());
    used[sender] = static_cast<std::uint64_t>(keys.integer(0));
  }
  return database.execute("COMMIT");
}

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

Result<Ledger> Ledger::open(const Path& secret, Role role) {
  auto state = std::make_unique<State>();
  state->role = role;
  {
    BELLOWS_ASSIGN(auto contents, bits::read_bit_file(secret));
    if (contents.kind != bits::BitFileKind::secret)
      return bad_input("a shared secret must not carry a digest: it is public", secret);
    std::uint64_t size_bytes = contents.bits.size_bits() / 8;
    if (size_bytes < label_bytes + 2 * one_time_key_bytes)
      return bad_input("the shared secret is too short", secret, std::nullopt,
                       fmt::format("{} bits at least", 8 * (label_bytes + 2 * one_time_key_bytes)),
                       fmt::format("{}", contents.bits.size_bits()));
    state->key_count = (size_bytes - label_bytes) / (2 * one_time_key_bytes);
    std::memcpy(state->secret_id.data(), contents.bits.bytes().data(), label_bytes);
  }
  BELLOWS_ASSIGN(state->secret_file, File::open_for_update(secret));
  Path ledger_path = secret;
  ledger_path += ".ledger";
  mode_t old_mask = ::umask(0077);
  auto database = Database::open(ledger_path);
  bool is_new = false;
  Status loaded;
  if (database.ok()) {
    state->database = std::move(*database);
    loaded = state->load_account(is_new);
  }
  ::umask(old_mask);
  if (!database.ok()) return std::move(database).error();
  BELLOWS_TRY(loaded);
  for (Role sender : {Role::alice, Role::bob}) {
    std::uint64_t used = state->used[static_cast<int>(sender)];
    if (is_new) {
      BELLOWS_ASSIGN(OneTimeKey first, state->read_key(sender, 0));
      if (all_zero(first)) {
        state->database = Database();
        for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((ledger_path.string() + suffix).c_str());
        return bad_input("the secret was used before but its ledger is missing", ledger_path);
      }
    }
    // A crash may have come between the account and the overwriting.
    BELLOWS_TRY(state->destroy_keys(sender, 0, used));
  }
  return Ledger(std::move(state));
}

const Label& Ledger::secret_id() const { return state_->secret_id; }
Role Ledger::role() const { return state_->role; }
std::uint64_t Ledger::keys_per_direction() const { return state_->key_count; }
std::uint64_t Ledger::keys_left(Role sender) const {
  return state_->key_count - state_->used[static_cast<int>(sender)];
}
std::uint64_t Ledger::sent_count() const { return state_->used[static_cast<int>(state_->role)]; }
std::uint64_t Ledger::received_count() const { return state_->used[static_cast<int>(other(state_->role))]; }

Result<Ledger::Taken> Ledger::take_sending_key() {
  Taken taken;
  taken.index = sent_count();
  if (taken.index >= state_->key_count)
    return refused(fmt::format("the shared secret is used up: {} keys for sending, all spent", state_->key_count));
  BELLOWS_ASSIGN(taken.key, state_->read_key(state_->role, taken.index));
  if (all_zero(taken.key)) return refused("this part of the shared secret was destroyed: it was used before");
  BELLOWS_TRY(state_->enter_used(state_->role, taken.index + 1));
  BELLOWS_TRY(state_->destroy_keys(state_->role, taken.index, taken.index + 1));
  return taken;
}

Result<OneTimeKey> Ledger::look_at_receiving_key(std::uint64_t index) const {
  if (index < received_count())
    return refused(fmt::format("a message came with key {}, which was used before: replayed", index));
  if (index >= state_->key_count)
    return refused(
        fmt::format("a message came with key {}, beyond the end of the secret ({})", index, state_->key_count));
  BELLOWS_ASSIGN(OneTimeKey key, state_->read_key(other(state_->role), index));
  if (all_zero(key)) return refused("this part of the shared secret was destroyed: it was used before");
  return key;
}

Status Ledger::spend_receiving_keys_through(std::uint64_t index) {
  std::uint64_t before = received_count();
  BELLOWS_TRY(state_->enter_used(other(state_->role), index + 1));
  return state_->destroy_keys(other(state_->role), before, index + 1);
}

Status Ledger::claim_records(const Digest& records, const Label& session) {
  Statement insert(state_->database, "INSERT OR IGNORE INTO records VALUES (?1, ?2)");
  BELLOWS_TRY(insert.bind(std::span(records.bytes)).bind(std::span(session)).step());
  Statement select(state_->database, "SELECT session FROM records WHERE digest = ?1");
  BELLOWS_ASSIGN(bool found, select.bind(std::span(records.bytes)).step());
  if (!found) return internal_error("the ledger lost an entry");
  auto holder = select.blob(0);
  if (!std::equal(holder.begin(), holder.end(), session.begin(), session.end())) {
    Label id{};
    std::copy_n(holder.begin(), std::min(holder.size(), id.size()), id.begin());
    return refused(fmt::format("these records were used in session {}: records make one key at most", label_text(id)));
  }
  return {};
}

Status Ledger::put_session(const SessionEntry& entry) {
  Statement put(state_->database,
                "INSERT INTO sessions VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET state = ?2, note = ?3 "
                "WHERE state <> 4");
  BELLOWS_TRY(put.bind(std::span(entry.id)).bind(static_cast<std::int64_t>(entry.state)).bind(entry.note).step());
  return {};
}

Result<bool> Ledger::deliver_once(const Label& session) {
  Statement update(state_->database, "UPDATE sessions SET state = 4 WHERE id = ?1 AND state = 3");
  BELLOWS_TRY(update.bind(std::span(session)).step());
  return sqlite3_changes(state_->database.handle()) == 1;
}

Result<std::optional<SessionEntry>> Ledger::session(const Label& id) const {
  Statement select(state_->database, "SELECT state, note FROM sessions WHERE id = ?1");
  BELLOWS_ASSIGN(bool found, select.bind(std::span(id)).step());
  if (!found) return std::optional<SessionEntry>();
  return std::optional(SessionEntry{id, static_cast<SessionState>(select.integer(0)), select.text(1)});
}

Result<std::vector<SessionEntry>> Ledger::sessions(SessionState state) const {
  std::vector<SessionEntry> entries;
  Statement select(state_->database, "SELECT id, note FROM sessions WHERE state = ?1 ORDER BY rowid");
  select.bind(static_cast<std::int64_t>(state));
  for (;;) {
    BELLOWS_ASSIGN(bool found, select.step());
    if (!found) return entries;
    SessionEntry entry{{}, state, select.text(1)};
    auto id = select.blob(0);
    std::copy_n(id.begin(), std::min(id.size(), entry.id.size()), entry.id.begin());
    entries.push_back(std::move(entry));
  }
}

Status write_secret_pair(const Path& alice, const Path& bob, std::span<const std::byte> random_bytes) {
  if (random_bytes.size() < label_bytes + 2 * one_time_key_bytes)
    return bad_input("too few random bits for a shared secret", "", std::nullopt,
                     fmt::format("{} bits", 8 * (label_bytes + 2 * one_time_key_bytes)),
                     fmt::format("{}", 8 * random_bytes.size()));
  bits::BitString bits(8 * random_bytes.size());
  std::memcpy(bits.words(), random_bytes.data(), random_bytes.size());
  const Path copies[] = {alice, bob};
  BELLOWS_TRY(require_new_files(copies));
  WrittenTogether written;
  for (const Path& copy : copies) {
    BELLOWS_TRY(bits::write_bit_file(copy, bits, bits::BitFileKind::secret));
    written.add(copy);
  }
  written.keep();
  return {};
}

}  // namespace bellows::net
