#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/trials/log.h"

namespace bellows::trials {

/// How much of a block is looked at before it is handed out. Headers of blocks are always checked, by open().
enum class BlockCheck {
  none,  ///< for a second pass, or where digest() or check() sees every byte anyway
  full,  ///< checksum, zeros beyond the last trial, no setting or outcome that the party does not have
};

/// A trial log mapped into memory; nothing of it is copied. Thread safe but for refresh(). A log may be read while it
/// is written (refresh() shows what came since); a log that somebody cuts while it is mapped ends the process (SIGBUS).
class LogReader {
 public:
  /// Errors: bad_input: unreadable; not a trial log; wrong header; a block out of place; foreign bytes between blocks.
  static Result<LogReader> open(const Path& path);

  const Path& path() const { return file_.path(); }
  const LogHeader& header() const { return *header_; }
  const Scenario& scenario() const { return header_->scenario; }

  /// Whether the writer finished the log. If not, it is being written or was cut, and holds the whole blocks so far.
  bool is_complete() const { return recorded_digest_.has_value(); }
  /// Bytes after the last whole block of a log that is not complete (a block that is being written, or was cut).
  std::uint64_t cut_bytes() const { return file_.bytes().size() - whole_bytes_; }
  /// Where the whole blocks, and the end record of a complete log, end.
  std::uint64_t whole_bytes() const { return whole_bytes_; }
  /// Maps the file anew and takes in blocks written since. Views of blocks become invalid.
  Status refresh();

  std::uint64_t trial_count() const { return trial_count_; }
  std::uint64_t block_count() const { return blocks_.size(); }
  std::uint64_t block_trials(std::uint64_t index) const { return blocks_[index].trial_count; }
  std::uint64_t block_first_trial(std::uint64_t index) const { return blocks_[index].first_trial; }

  /// Requires index < block_count(). Errors: bad_input: what BlockCheck::full finds, with its offset.
  Result<BlockView> block(std::uint64_t index, BlockCheck check = BlockCheck::full) const;
  /// Tells the system that the block's memory is not needed for now, so that a long log does not fill the memory.
  void release(std::uint64_t index) const;

  /// Calls visit(block, worker) for every block on up to context.thread_count threads, in any order, with progress
  /// under the name `stage`. worker < context.thread_count names the thread. The first error by block index wins.
  Status for_each_block(const Context& context, BlockCheck check, std::string_view stage,
                        const std::function<Status(const BlockView&, unsigned worker)>& visit) const;

  /// SHA-256 of the header; SHA-256 of block `index`; and the digest of the log, which is SHA-256 over the header's
  /// bytes and the digests of the blocks in order. Parts can so be digested apart, and combined by log_digest().
  Digest block_digest(std::uint64_t index) const;
  std::span<const std::byte> header_bytes() const { return file_.bytes().first(header_size_bytes_); }
  Result<Digest> digest(const Context& context) const;
  /// What the end record of a complete log says its digest is.
  std::optional<Digest> recorded_digest() const { return recorded_digest_; }

  /// Reads everything: every block in full, and the digest against the end record of a complete log.
  /// Returns the digest. Errors: bad_input: the first thing that is wrong.
  Result<Digest> check(const Context& context) const;

  /// Errors: bad_input: the log is not complete.
  Status require_complete() const;
  /// Errors: refused: the log was taken under another plan.
  Status require_plan(const Digest& plan_digest) const;
  /// Errors: refused: "no trials".
  Status require_trials() const;
  /// Errors: bad_input: not two parties with two settings and two outcomes each.
  Status require_two_party_chsh() const;

 private:
  struct BlockPlace {
    std::uint64_t offset_bytes, first_trial;
    std::uint32_t trial_count;
  };
  LogReader() = default;
  Status scan();
  std::uint64_t block_size_bytes(std::uint64_t trial_count) const;
  Status scan_block(std::uint64_t offset_bytes);
  Status scan_tail(std::uint64_t offset_bytes) const;

  MappedFile file_;
  std::unique_ptr<LogHeader> header_;  // blocks point into it, also after a move of the reader
  std::uint64_t header_size_bytes_ = 0, whole_bytes_ = 0, trial_count_ = 0;
  std::vector<BlockPlace> blocks_;
  std::optional<Digest> recorded_digest_;
};

/// The digest of a log from its header and the digests of its blocks.
Digest log_digest(std::span<const std::byte> header_bytes, std::span<const Digest> block_digests);

}  // namespace bellows::trials
