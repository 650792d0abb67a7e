#pragma once

#include <optional>
#include <string>

#include "bellows/base/progress.h"
#include "bellows/trials/foreign.h"
#include "bellows/trials/log.h"
#include "bellows/trials/relabel.h"

namespace bellows::trials {

/// How the records of a laboratory become a trial log.
struct ImportOptions {
  /// Nothing: taken from the file's name.
  std::optional<ForeignFormat> format = std::nullopt;
  /// A relabelling that is known beforehand; nothing with auto_relabel: searched for (and paid for).
  Relabelling relabelling = {};
  bool auto_relabel = false;
  /// Of the plan under which the trials were taken.
  Digest plan_digest = {};
  /// What else is to stand in the log's metadata; must be an object without the key "import".
  nlohmann::json metadata = nlohmann::json::object();
  std::uint64_t block_trials = largest_block_trials;
};

struct ImportReport {
  ForeignFormat format = ForeignFormat::xyab_u8;
  std::uint64_t trial_count = 0;  ///< imported now
  std::uint64_t kept_trials = 0;  ///< those that the log held already; 0 but for continue_import()
  RecordCounts counts_in_file{};  ///< before relabelling
  RecordCounts counts{};          ///< after it, as in the log
  Relabelling relabelling = {};
  /// Thresholds that the choice of the relabelling counts as: 1, or 8 after a search.
  std::uint32_t relabellings_tried = 1;
  /// Whether export gives back exactly the imported file.
  bool is_exact = true;
  Digest log_digest = {};
};

/// Turns a file of trials into a log, streaming; the log appears whole or not at all, mode 0600. The relabelling and
/// what export needs stand in its metadata under "import". In:     from: a file, or a pipe (not for auto_relabel, which
/// reads twice, nor for Fortran-ordered arrays). Errors: bad_input: what cannot be read, with file, offset, expected
/// and got; the log exists; disk full.
///         refused: "no trials". usage: format not given and not in the name.
/// Where `from` is no regular file, its records may exist nowhere else: whatever goes wrong, those that came before are
/// kept as a log that is not complete, and the error says where.
Result<ImportReport> import_trials(const Path& from, const Path& log, const ImportOptions& options,
                                   const Context& context = {});

/// Appends records to a log that an import began and did not complete, and completes it; no records at all is fine.
/// In:     options: format by default the log's; relabelling and plan must be the log's or not given; no metadata.
/// Errors: as import_trials(); refused: the log is complete, or of another plan; bad_input: not begun by an import, or
///         hurt. A regular file that cannot be read to its end adds nothing.
Result<ImportReport> continue_import(const Path& from, const Path& log, const ImportOptions& options,
                                     const Context& context = {});

/// Where the bytes of an export go.
struct ExportOptions {
  /// Nothing: the format that the log was imported from, or xyab-u8.
  std::optional<ForeignFormat> format = std::nullopt;
  /// Undo the relabelling of the import, so that the file that was imported comes back.
  bool undo_relabelling = true;
  /// Also export a log that is not complete (its whole blocks).
  bool allow_incomplete = false;
};

struct ExportReport {
  ForeignFormat format = ForeignFormat::xyab_u8;
  std::uint64_t trial_count = 0;
  std::uint64_t size_bytes = 0;
  Relabelling undone = {};
  bool simulated = false;  ///< the log says that its outcomes are simulated, which no format of records can say
};

/// The way back, bit-exact for what ImportReport::is_exact says so of. The file appears whole or not at all, mode 0600.
/// In:     to: must not exist; "-": standard output.
/// Errors: bad_input: not a two-party binary log; corrupted; not complete; the file exists; disk full; closed pipe.
///         refused: "no trials".
Result<ExportReport> export_trials(const Path& log, const Path& to, const ExportOptions& options,
                                   const Context& context = {});

}  // namespace bellows::trials
