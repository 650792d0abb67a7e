#pragma once

#include "bellows/extract/seed_ledger.h"
#include "bellows/net/ledger.h"
#include "bellows/protocol/masanes_records.h"

namespace bellows::protocol {

/// The user's account of what has served a key: records and random bits serve one each, whatever the shared secret.
/// (The account beside a secret ends with that secret: with the next one, the same records would leak a second time and
/// be counted once.) It is the account of seeds of extract/seed_ledger.h, in the same file, so that a seed of `amplify`
/// does not become a hash seed here either.
///
/// Records are known by what they hold, not by file or metadata: by digests, under the account's key, of all pairs and
/// of the first 256, so that a copy that was cut or continued is found too. One that lost its first pairs is not.
class UseAccount {
 public:
  /// In: path: empty: the user's. Errors: bad_input: no place for it, or it cannot be written.
  static Result<UseAccount> open(const Path& path);

  /// The name under which records stand in the account: 512 bits that say nothing about them without its key.
  bits::BitString name_of(const PartyRecords& records) const;

  /// Errors: refused: they have served. check_: before a session; claim_: for good, before anything of it leaves; the
  ///         same session may claim again.
  Status check_records(const bits::BitString& name) const;
  Status claim_records(const bits::BitString& name, const net::Label& session);
  Status check_random_bits(bits::BitView bits) const;
  Status claim_random_bits(bits::BitView bits, const net::Label& session);

 private:
  UseAccount(extract::SeedLedger ledger, const Digest& key) : ledger_(std::move(ledger)), key_(key) {}
  extract::SeedLedger ledger_;
  Digest key_;
};

}  // namespace bellows::protocol
