#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <variant>

#include "bellows/trials/import.h"
#include "bellows/trials/reader.h"
#include "bellows/trials/records.h"

namespace bellows::trials {
namespace {

// A file that appears whole, or standard output.
class Sink {
 public:
  static Result<Sink> open(const Path& to) {
    Sink sink;
    if (to == "-") return sink;
    BELLOWS_ASSIGN(AtomicFile file, AtomicFile::create(to, private_file_mode, /*overwrite=*/false));
    sink.file_.emplace(std::move(file));
    return sink;
  }
  Status write(std::string_view bytes) {
    size_bytes_ += bytes.size();
    if (file_) return file_->write(bytes);
    while (!bytes.empty()) {
      ssize_t put = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return system_error("cannot write", "standard output", errno);
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
  }
  Status commit() { return file_ ? file_->commit() : Status(); }
  std::uint64_t size_bytes() const { return size_bytes_; }

 private:
  std::optional<AtomicFile> file_;
  std::uint64_t size_bytes_ = 0;
};

// What the import wrote into the log's metadata; everything in it may be missing or foreign.
struct Origin {
  std::optional<ForeignFormat> format;
  Relabelling relabelling;
  nlohmann::json dialect = nlohmann::json::object();
};

Result<Origin> origin_of(const LogReader& reader) {
  Origin origin;
  const nlohmann::json& metadata = reader.header().metadata;
  if (!metadata.contains("import") || !metadata["import"].is_object()) return origin;
  const nlohmann::json& import = metadata["import"];
  if (import.contains("format") && import["format"].is_string()) {
    auto format = foreign_format_from_name(import["format"].get<std::string>());
    if (format.ok()) origin.format = *format;
  }
  if (import.contains("dialect") && import["dialect"].is_object()) origin.dialect = import["dialect"];
  if (import.contains("relabel") && import["relabel"].is_string()) {
    auto relabelling = Relabelling::parse(import["relabel"].get<std::string>());
    if (!relabelling.ok())
      return bad_input("the log's metadata name a relabelling that does not exist", reader.path(), 64,
                       "words of `bellows import --help`", import["relabel"].get<std::string>().substr(0, 80));
    origin.relabelling = *relabelling;
  }
  return origin;
}

}  // namespace

Result<ExportReport> export_trials(const Path& log, const Path& to, const ExportOptions& options,
                                   const Context& context) {
  BELLOWS_ASSIGN(LogReader reader, LogReader::open(log));
  BELLOWS_TRY(reader.require_two_party_chsh());
  if (!options.allow_incomplete) BELLOWS_TRY(reader.require_complete());
  BELLOWS_TRY(reader.require_trials());
  BELLOWS_ASSIGN(Origin origin, origin_of(reader));
  ExportReport report{.trial_count = reader.trial_count()};
  report.format = options.format.value_or(origin.format.value_or(ForeignFormat::xyab_u8));
  const nlohmann::json simulated = reader.header().metadata.value("simulated", nlohmann::json());
  report.simulated = simulated.is_boolean() && simulated.get<bool>();
  if (options.undo_relabelling) report.undone = origin.relabelling.inverse();
  if (report.format != origin.format) origin.dialect = nlohmann::json::object();
  BELLOWS_ASSIGN(auto formatter, make_record_formatter(report.format, origin.dialect, reader.trial_count()));

  BELLOWS_ASSIGN(Sink sink, Sink::open(to));
  BELLOWS_TRY(sink.write(formatter->head()));
  std::string bytes;
  SecretWords planes[4];
  SecretBytes records;
  unsigned passes = formatter->is_by_column() ? 4 : 1;
  for (unsigned pass = 0; pass < passes; ++pass)
    for (std::uint64_t i = 0; i < reader.block_count(); ++i) {
      BELLOWS_TRY(context.check_cancelled());
      BELLOWS_ASSIGN(BlockView block, reader.block(i, pass == 0 ? BlockCheck::full : BlockCheck::none));
      std::uint64_t words = bits::words_for(block.trial_count);
      for (std::uint32_t p = 0; p < 4; ++p) planes[p].assign(block.plane(p).words, block.plane(p).words + words);
      // Planes lie x a y b.
      report.undone.apply(planes[0].data(), planes[2].data(), planes[1].data(), planes[3].data(), words);
      records.resize(block.trial_count);
      planes_to_records(planes[0].data(), planes[2].data(), planes[1].data(), planes[3].data(), records);
      bytes.clear();
      if (passes == 1) {
        formatter->add(records, bytes);
      } else {
        formatter->add_column(records, pass, bytes);
      }
      BELLOWS_TRY(sink.write(bytes));
      context.report("export", pass * reader.trial_count() + block.first_trial + block.trial_count,
                     passes * reader.trial_count(), "trials");
    }
  BELLOWS_TRY(sink.commit());
  wipe(bytes.data(), bytes.size());
  report.size_bytes = sink.size_bytes();
  return report;
}

}  // namespace bellows::trials
