#include "bellows/trials/foreign.h"

#include <fmt/format.h>

#include "bellows/trials/records.h"

namespace bellows::trials {
namespace {

class XyabSource final : public RecordSource {
 public:
  explicit XyabSource(File file) : file_(std::move(file)) {}

  nlohmann::json dialect() const override { return nlohmann::json::object(); }
  std::uint64_t bytes_done() const override { return bytes_done_; }

 private:
  Status fill_records(std::span<std::uint8_t> dirty_out_records, std::size_t& done) override {
    BELLOWS_ASSIGN(std::size_t got, file_.read_some(std::as_writable_bytes(dirty_out_records)));
    auto records = dirty_out_records.first(got);
    done = first_foreign_record(records);
    bytes_done_ += done;
    if (done < got)
      return bad_input(
          "byte is no record of two settings and two outcomes (third outcomes and event lists are not supported yet)",
          file_.path(), bytes_done_, "0 to 15 (bits x y a b)", fmt::format("{}", records[done]));
    return {};
  }

  File file_;
  std::uint64_t bytes_done_ = 0;
};

class XyabFormatter final : public RecordFormatter {
 public:
  std::string head() override { return {}; }
  void add(std::span<const std::uint8_t> records, std::string& out) override {
    out.append(records.begin(), records.end());
  }
};

}  // namespace

Result<std::size_t> RecordSource::read(std::span<std::uint8_t> dirty_out_records) {
  if (stopped_by_) return *stopped_by_;
  std::size_t done = 0;
  if (Status status = fill_records(dirty_out_records, done); !status.ok()) {
    stopped_by_ = status.error();
    if (done == 0) return *stopped_by_;
  }
  return done;
}

const char* foreign_format_name(ForeignFormat format) {
  switch (format) {
    case ForeignFormat::xyab_u8:
      return "xyab-u8";
    case ForeignFormat::csv:
      return "csv";
    case ForeignFormat::npy:
      return "npy";
  }
  return "?";
}

Result<ForeignFormat> foreign_format_from_name(std::string_view name) {
  for (ForeignFormat format : {ForeignFormat::xyab_u8, ForeignFormat::csv, ForeignFormat::npy})
    if (name == foreign_format_name(format)) return format;
  return usage_error("unknown format of trial records", "xyab-u8, csv or npy", std::string(name));
}

Result<ForeignFormat> foreign_format_from_path(const Path& path) {
  std::string ending = path.extension();
  if (ending == ".csv") return ForeignFormat::csv;
  if (ending == ".npy") return ForeignFormat::npy;
  if (ending == ".u8") return ForeignFormat::xyab_u8;
  return usage_error("the format does not show in the file's name, give --format", ".csv, .npy or .u8",
                     path.filename());
}

void RecordFormatter::add_column(std::span<const std::uint8_t>, unsigned, std::string&) {
  BELLOWS_CHECK(false, "not a format by columns");
}

Result<std::unique_ptr<RecordSource>> open_xyab_source(const Path& path) {
  BELLOWS_ASSIGN(File file, File::open_for_reading(path));
  return std::unique_ptr<RecordSource>(std::make_unique<XyabSource>(std::move(file)));
}

Result<std::unique_ptr<RecordFormatter>> make_xyab_formatter() {
  return std::unique_ptr<RecordFormatter>(std::make_unique<XyabFormatter>());
}

Result<std::unique_ptr<RecordSource>> open_record_source(const Path& path, ForeignFormat format) {
  switch (format) {
    case ForeignFormat::xyab_u8:
      return open_xyab_source(path);
    case ForeignFormat::csv:
      return open_csv_source(path);
    case ForeignFormat::npy:
      return open_npy_source(path);
  }
  return internal_error("no such format");
}

Result<std::unique_ptr<RecordFormatter>> make_record_formatter(ForeignFormat format, const nlohmann::json& dialect,
                                                               std::uint64_t trial_count) {
  switch (format) {
    case ForeignFormat::xyab_u8:
      return make_xyab_formatter();
    case ForeignFormat::csv:
      return make_csv_formatter(dialect, trial_count);
    case ForeignFormat::npy:
      return make_npy_formatter(dialect, trial_count);
  }
  return internal_error("no such format");
}

}  // namespace bellows::trials
