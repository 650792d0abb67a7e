#include "bellows/protocol/masanes_account.h"

#include <algorithm>
#include <cstring>

namespace bellows::protocol {
namespace {

constexpr std::uint64_t beginning_pairs = 256;

Digest keyed_digest(const Digest& key, std::string_view what, std::span<const std::byte> rest) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(key.bytes)));
  hash.update(what);
  hash.update(rest);
  return hash.finish();
}

// The first `pairs` pairs of the records.
Digest digest_of(const Digest& key, const PartyRecords& records, std::uint64_t pairs) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(key.bytes)));
  hash.update("bellows: records of a key distribution");
  const std::uint64_t size[] = {records.settings, pairs};
  hash.update(std::as_bytes(std::span(size)));
  auto add = [&](bits::BitView plane) {
    const std::uint64_t whole = pairs / 64;
    hash.update(std::as_bytes(std::span(plane.words, whole)));
    if (pairs % 64 == 0) return;
    const std::uint64_t last = plane.word(whole) & bits::low_mask(pairs % 64);
    hash.update(std::as_bytes(std::span(&last, 1)));
  };
  for (const auto& plane : records.setting_bits) add(plane);
  add(records.outcomes);
  return hash.finish();
}

// The account's 'no' in words that fit what was refused.
Status in_words(const Status& status, const char* words) {
  if (status.ok() || status.error().code != ErrorCode::refused) return status;
  Error error = status.error();
  error.message = words;
  return error;
}

constexpr const char* records_words =
    "these records, or others that begin with the same pairs, have served a key already, with this shared secret or "
    "another: records make one key at most";
constexpr const char* random_words =
    "these random bits have been used already, by this program, with this shared secret or another: draw new ones";

Digest use_of(const Digest& key, const net::Label& session) {
  return keyed_digest(key, "bellows: one session of a key distribution", std::as_bytes(std::span(session)));
}

}  // namespace

Result<UseAccount> UseAccount::open(const Path& path) {
  Path where = path;
  if (where.empty()) {
    BELLOWS_ASSIGN(where, extract::SeedLedger::default_path());
  }
  BELLOWS_ASSIGN(auto ledger, extract::SeedLedger::open(where));
  BELLOWS_ASSIGN(const Digest key, ledger.key());
  return UseAccount(std::move(ledger), key);
}

bits::BitString UseAccount::name_of(const PartyRecords& records) const {
  const Digest beginning = digest_of(key_, records, std::min(records.pairs, beginning_pairs)),
               whole = digest_of(key_, records, records.pairs);
  bits::BitString name(8 * (beginning.bytes.size() + whole.bytes.size()));
  std::memcpy(name.words(), beginning.bytes.data(), beginning.bytes.size());
  std::memcpy(name.words() + 4, whole.bytes.data(), whole.bytes.size());
  return name;
}

Status UseAccount::check_records(const bits::BitString& name) const {
  return in_words(ledger_.check(name, Digest{}), records_words);
}

Status UseAccount::claim_records(const bits::BitString& name, const net::Label& session) {
  return in_words(ledger_.record(name, use_of(key_, session)), records_words);
}

Status UseAccount::check_random_bits(bits::BitView bits) const {
  return in_words(ledger_.check(bits, Digest{}), random_words);
}

Status UseAccount::claim_random_bits(bits::BitView bits, const net::Label& session) {
  return in_words(ledger_.record(bits, use_of(key_, session)), random_words);
}

}  // namespace bellows::protocol
