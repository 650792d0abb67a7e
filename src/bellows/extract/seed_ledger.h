#pragma once

#include <cstdint>
#include <string>

#include "bellows/base/digest.h"
#include "bellows/base/file.h"
#include "bellows/bits/bit_string.h"

namespace bellows::extract {

/// Remembers which seeds have been used for what (a plan with its trials), so that none is used for two: a seed that
/// has hashed one raw string is no longer independent of what is known about another. Continuing the same run is the
/// same use. The ledger is inside the laboratory, as run folders are (docs/threat-model.md).
///
/// A file of lines, one a use, that is only ever appended to under a lock and synced before the seed is used:
///
///     bellows-seeds 1 <bits used> <SHA-256 of the seed's first bits used> <SHA-256 of its first 256 bits> <use>
///
/// Two uses of one seed with different lengths begin with the same bits; the second digest finds them.
class SeedLedger {
 public:
  /// $XDG_STATE_HOME/bellows/seeds, or ~/.local/state/bellows/seeds.
  /// Errors: bad_input: neither XDG_STATE_HOME nor HOME is set.
  static Result<Path> default_path();

  /// Errors: bad_input: the folder cannot be made.
  static Result<SeedLedger> open(const Path& path);

  /// A random number of this ledger's, made at its first use and kept beside it (mode 0600): what a use is named by
  /// depends on outcomes, so its digest is taken with this key.
  /// Errors: bad_input: it cannot be made or read.
  Result<Digest> key() const;

  /// Enters the use, durably, unless it stands there already; call it before the first output bit is made.
  /// In:     used: the bits of the seed that the hash takes, at least 256 for the check of beginnings to bite.
  ///         use: what the seed serves; see enter_seed_use() in seed_check.h.
  /// Errors: refused: the seed (or another that begins with the same 256 bits) has served a different use.
  ///         bad_input: the ledger cannot be read or written, or holds a line that is none of ours.
  Status record(bits::BitView used, const Digest& use);

  /// What record() would say, without writing. For `verify`.
  Status check(bits::BitView used, const Digest& use) const;

  /// True: the same use stands there with another seed. No reason to refuse, and one to warn.
  Result<bool> has_with_another_seed(bits::BitView used, const Digest& use) const;

  const Path& path() const { return path_; }

 private:
  explicit SeedLedger(Path path) : path_(std::move(path)) {}
  Path path_;
};

}  // namespace bellows::extract
