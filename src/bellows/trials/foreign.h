#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "bellows/base/file.h"

namespace bellows::trials {

/// The forms in which laboratories keep two-party binary trials.
enum class ForeignFormat {
  xyab_u8,  ///< one byte a trial, bits 3..0 = x y a b
  csv,      ///< a line a trial, columns x, y, a, b
  npy,      ///< NumPy array of shape (n, 4), columns x y a b
};

const char* foreign_format_name(ForeignFormat format);
/// Errors: usage: not one of xyab-u8, csv, npy.
Result<ForeignFormat> foreign_format_from_name(std::string_view name);
/// From the ending of the file's name (.csv, .npy, .u8). Errors: usage: another ending.
Result<ForeignFormat> foreign_format_from_path(const Path& path);

/// Records read one after another from a laboratory's file. Every implementation checks that there are two settings and
/// two outcomes, and names file, offset and line of what it cannot read.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  /// Fills the buffer; less than asked only at the end of the file, or before what cannot be read: all that is good comes
  /// first, then the error, and from then on always that.
  Result<std::size_t> read(std::span<std::uint8_t> dirty_out_records);
  /// What export needs to give the same file back. Final only after the last read(), except for what was known at the
  /// start of a regular file.
  virtual nlohmann::json dialect() const = 0;
  /// Whether export gives back exactly this file. Known after the last read().
  virtual bool is_exact() const { return true; }
  virtual std::uint64_t bytes_done() const = 0;

 protected:
  /// Fills the buffer from `done` = 0 on; `done` counts what is good, also where an error comes back.
  virtual Status fill_records(std::span<std::uint8_t> dirty_out_records, std::size_t& done) = 0;

 private:
  std::optional<Error> stopped_by_;
};

/// Opens a file, or a pipe (not for Fortran-ordered arrays).
/// Errors: bad_input: unreadable, or not of this format.
Result<std::unique_ptr<RecordSource>> open_record_source(const Path& path, ForeignFormat format);

/// The opposite: bytes of a laboratory's file made from records.
class RecordFormatter {
 public:
  virtual ~RecordFormatter() = default;
  virtual std::string head() = 0;
  /// Appends the records' bytes.
  virtual void add(std::span<const std::uint8_t> records, std::string& out) = 0;
  /// For formats that keep columns apart: bytes of column 0..3 (x y a b). Unused by the others.
  virtual bool is_by_column() const { return false; }
  virtual void add_column(std::span<const std::uint8_t> records, unsigned column, std::string& out);
};

/// In: dialect: what RecordSource::dialect() said, or an empty object for the plainest form.
/// Errors: bad_input: a dialect that does not fit the format or the count.
Result<std::unique_ptr<RecordFormatter>> make_record_formatter(ForeignFormat format, const nlohmann::json& dialect,
                                                               std::uint64_t trial_count);

// One for each format; open_record_source() and make_record_formatter() choose.
Result<std::unique_ptr<RecordSource>> open_xyab_source(const Path& path);
Result<std::unique_ptr<RecordSource>> open_csv_source(const Path& path);
Result<std::unique_ptr<RecordSource>> open_npy_source(const Path& path);
Result<std::unique_ptr<RecordFormatter>> make_xyab_formatter();
Result<std::unique_ptr<RecordFormatter>> make_csv_formatter(const nlohmann::json& dialect, std::uint64_t trial_count);
Result<std::unique_ptr<RecordFormatter>> make_npy_formatter(const nlohmann::json& dialect, std::uint64_t trial_count);

}  // namespace bellows::trials
