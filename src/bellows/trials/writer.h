#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/trials/block_buffer.h"
#include "bellows/trials/log.h"

namespace bellows::trials {

/// When the writer waits for the disk. A crash of the program loses nothing either way; a power failure may lose what
/// was not synced (the reader then sees it as cut).
enum class SyncPolicy {
  at_end,      ///< in finish()
  each_block,  ///< after every block: for a laboratory's recording
};

struct WriterOptions {
  mode_t mode = private_file_mode;
  SyncPolicy sync = SyncPolicy::at_end;
};

/// Writes a trial log block by block. Whatever happens between two blocks, the file is a valid log of the blocks so
/// far: a writer that goes away without finish() leaves a log that LogReader calls not complete and that
/// continue_after_crash() continues. One writer at a time: the file is locked. Not thread safe.
class LogWriter {
 public:
  /// A new log. The file appears with its whole header or not at all.
  /// Errors: bad_input: the file exists (it is left as it is); the header is wrong (see encode_header); the system's
  /// word.
  static Result<LogWriter> create(const Path& path, const LogHeader& header, WriterOptions options = {});

  /// Goes on with a log that was not finished: every block is read and checked, a block that is not whole is cut off
  /// (kept_trials() and dropped_bytes() tell). Nothing is changed if this fails.
  /// Errors: bad_input: not a trial log; corrupted before its last block; in use by another writer; the system's word.
  ///         refused: the log is complete.
  static Result<LogWriter> continue_after_crash(const Path& path, const Context& context = {},
                                                WriterOptions options = {});

  const LogHeader& header() const { return header_; }
  const Path& path() const { return file_.path(); }
  std::uint64_t block_count() const { return block_count_; }
  std::uint64_t trial_count() const { return trial_count_; }
  /// What continue_after_crash() found.
  std::uint64_t kept_trials() const { return kept_trials_; }
  std::uint64_t dropped_bytes() const { return dropped_bytes_; }

  /// Appends a sealed block; its index and first trial must be block_count() and trial_count().
  /// Errors: bad_input: disk full, the system's word. The blocks before stay, and the append may be tried again.
  Status append(const BlockBuffer& block);
  /// Seals and appends.
  Status append(BlockBuffer& block, std::uint64_t start_time_ns);
  /// Appends a copy of `planes`, in the order of Scenario, all of the same size (1 to 2^22 trials).
  Status append_block(std::span<const bits::BitView> planes, std::uint64_t start_time_ns = 0);

  /// Writes the end record, which says that this log is complete, and syncs. Returns the digest of the log.
  /// Nothing may be appended afterwards. Errors: bad_input: disk full, the system's word; may be tried again.
  Result<Digest> finish();

 private:
  LogWriter(File file, LogHeader header, WriterOptions options);
  Status write_at_end(std::span<const std::byte> bytes);

  File file_;
  LogHeader header_;
  WriterOptions options_;
  Sha256 hash_;  // over the header and the digests of the blocks so far
  std::uint64_t size_bytes_ = 0, block_count_ = 0, trial_count_ = 0, kept_trials_ = 0, dropped_bytes_ = 0;
  std::optional<Digest> final_digest_;
  bool end_is_written_ = false;
};

}  // namespace bellows::trials
