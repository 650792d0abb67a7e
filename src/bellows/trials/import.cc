#include "bellows/trials/import.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "bellows/base/json_number.h"
#include "bellows/trials/reader.h"
#include "bellows/trials/records.h"
#include "bellows/trials/writer.h"

namespace bellows::trials {
namespace {

constexpr std::size_t records_at_once = std::size_t{1} << 16;

std::uint64_t regular_size_bytes(const Path& path) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed) || failed) return 0;
  std::uint64_t size = std::filesystem::file_size(path, failed);
  return failed ? 0 : size;
}

bool is_regular(const Path& path) {
  std::error_code failed;
  return std::filesystem::is_regular_file(path, failed) && !failed;
}

// Counts of the whole file, which shows that it can be read to its end.
Result<RecordCounts> count_file(const Path& path, ForeignFormat format, const Context& context) {
  BELLOWS_ASSIGN(auto source, open_record_source(path, format));
  RecordCounts counts{};
  SecretBytes records(records_at_once);
  for (;;) {
    BELLOWS_TRY(context.check_cancelled());
    BELLOWS_ASSIGN(std::size_t got, source->read(records));
    if (got == 0) return counts;
    count_records(std::span(records).first(got), counts);
    context.report("look at", source->bytes_done(), regular_size_bytes(path), "B");
  }
}

RecordCounts relabelled(const RecordCounts& counts, const Relabelling& relabelling) {
  RecordCounts renamed{};
  for (std::uint8_t record = 0; record < 16; ++record) renamed[relabelling.apply(record)] += counts[record];
  return renamed;
}

// The log under its temporary name, which goes away unless it is kept.
class HalfMade {
 public:
  explicit HalfMade(Path path) : path_(std::move(path)) {}
  HalfMade(const HalfMade&) = delete;
  HalfMade& operator=(const HalfMade&) = delete;
  ~HalfMade() {
    if (!kept_) ::unlink(path_.c_str());
  }
  const Path& path() const { return path_; }
  Status put_in_place(const Path& target) {
    if (::link(path_.c_str(), target.c_str()) != 0) {
      if (errno == EEXIST) return bad_input("file exists already and is left as it is", target);
      return system_error("cannot put in place", target, errno);
    }
    return {};
  }
  // Under the log's own name if that is free, otherwise under this one. Returns where.
  Path keep(const Path& target) {
    if (put_in_place(target).ok()) return target;
    kept_ = true;
    return path_;
  }

 private:
  Path path_;
  bool kept_ = false;
};

nlohmann::json metadata_of(const Path& from, const ImportOptions& options, const ImportReport& report,
                           const nlohmann::json& dialect) {
  nlohmann::json metadata = options.metadata;
  metadata["import"] = {{"format", foreign_format_name(report.format)},
                        {"file", from.filename().string()},
                        {"relabel", report.relabelling.spec()},
                        {"relabellings_tried", report.relabellings_tried},
                        {"dialect", dialect}};
  return metadata;
}

// Everything that `source` gives, block by block. What comes before an error is appended too, in a block of its own.
Status copy_records(RecordSource& source, LogWriter& writer, ImportReport& report, std::uint64_t block_trials,
                    std::uint64_t file_bytes, const Context& context) {
  // Sized by the file, so that a small file takes little memory.
  std::uint64_t largest =
      file_bytes == 0 ? block_trials : std::min(block_trials, std::max<std::uint64_t>(file_bytes, 64));
  BlockBuffer block(writer.header().scenario, largest);
  SecretBytes records(largest);
  for (;;) {
    std::size_t got = 0;
    bool ended = false;
    Status stopped;
    while (got < records.size() && !ended && stopped.ok()) {
      stopped = context.check_cancelled();
      if (!stopped.ok()) break;
      auto more = source.read(std::span(records).subspan(got, std::min(records_at_once, records.size() - got)));
      if (!more.ok()) {
        stopped = more.error();
      } else {
        got += *more;
        ended = *more == 0;
        if (ended) stopped = context.check_cancelled();  // Ctrl-C ends both sides of a pipe
      }
    }
    if (got > 0) {
      auto part = std::span<const std::uint8_t>(records).first(got);
      block.start(got);
      records_to_planes(part, block.setting(0), block.setting(1), block.outcome(0), block.outcome(1));
      report.relabelling.apply(block.setting(0), block.setting(1), block.outcome(0), block.outcome(1),
                               block.size_words());
      BELLOWS_TRY(writer.append(block, 0));
      count_records(part, report.counts_in_file);
      report.trial_count += got;
      context.report("import", source.bytes_done(), file_bytes, "B");
    }
    BELLOWS_TRY(stopped);
    if (ended) return {};
  }
}

// The report of records that are all in the log.
Status complete(RecordSource& source, LogWriter& writer, ImportReport& report) {
  if (writer.trial_count() == 0) return refused("no trials");
  // What only shows at the end of a pipe cannot stand in the header any more. Of several files only plain bytes join.
  report.is_exact = source.is_exact() && source.dialect() == writer.header().metadata["import"]["dialect"] &&
                    (writer.kept_trials() == 0 || report.format == ForeignFormat::xyab_u8);
  BELLOWS_ASSIGN(report.log_digest, writer.finish());
  report.counts = relabelled(report.counts_in_file, report.relabelling);
  return {};
}

Error with_what_is_kept(Error error, const Path& log, std::uint64_t trials) {
  error.message += fmt::format(
      "; {} trials that came before are kept in {}, a log that is not complete: `bellows import --continue` goes on "
      "with it",
      trials, log.string());
  return error;
}

// What the log's header says of the import that began it.
Result<ImportReport> begun_import(const LogHeader& header, const ImportOptions& options, const Path& log) {
  auto foreign = [&](const char* expected) {
    return bad_input("the log was not begun by an import", log, std::nullopt, expected);
  };
  if (!header.metadata.contains("import") || !header.metadata["import"].is_object())
    return foreign("\"import\" in the log's metadata");
  const nlohmann::json& import = header.metadata["import"];
  auto word = [&](const char* key) {
    return import.contains(key) && import[key].is_string() ? import[key].get<std::string>() : std::string();
  };
  ImportReport report;
  auto format = foreign_format_from_name(word("format"));
  auto relabelling = Relabelling::parse(word("relabel"));
  const auto tried = whole_number<std::uint32_t>(import.value("relabellings_tried", nlohmann::json()), 1);
  if (!format.ok() || !relabelling.ok() || !import.contains("dialect") || !tried)
    return foreign("format, relabel, relabellings_tried and dialect");
  report.format = options.format.value_or(*format);
  report.relabelling = *relabelling;
  report.relabellings_tried = *tried;
  if (options.auto_relabel || !(options.relabelling == Relabelling() || options.relabelling == *relabelling))
    return usage_error("a log that is continued keeps its relabelling", relabelling->spec(),
                       options.auto_relabel ? "auto" : options.relabelling.spec());
  if (!options.plan_digest.is_zero() && options.plan_digest != header.plan_digest) {
    Error error = refused("the log was begun under another plan");
    error.file = log;
    error.expected = header.plan_digest.hex();
    error.got = options.plan_digest.hex();
    return error;
  }
  return report;
}

}  // namespace

Result<ImportReport> import_trials(const Path& from, const Path& log, const ImportOptions& options,
                                   const Context& context) {
  BELLOWS_CHECK(options.block_trials >= 1 && options.block_trials <= largest_block_trials, "impossible block size");
  ImportReport report;
  if (options.format) {
    report.format = *options.format;
  } else {
    BELLOWS_ASSIGN(report.format, foreign_format_from_path(from));
  }
  std::error_code ignored;
  if (!std::filesystem::exists(from, ignored)) return bad_input("no such file", from);
  if (std::filesystem::exists(log, ignored)) return bad_input("file exists already and is left as it is", log);
  report.relabelling = options.relabelling;
  if (options.auto_relabel) {
    if (!is_regular(from))
      return bad_input("--relabel auto reads the file twice", from, std::nullopt, "a regular file", "a pipe or device");
    BELLOWS_ASSIGN(RecordCounts counts, count_file(from, report.format, context));
    RelabellingSearch found = find_chsh_relabelling(counts);
    report.relabelling = found.best;
    report.relabellings_tried = found.candidates;
  }
  BELLOWS_ASSIGN(auto source, open_record_source(from, report.format));
  LogHeader header{.scenario = Scenario::two_party_chsh(),
                   .plan_digest = options.plan_digest,
                   .metadata = metadata_of(from, options, report, source->dialect())};
  HalfMade half_made(Path(log) += fmt::format(".{}.tmp", ::getpid()));
  ::unlink(half_made.path().c_str());
  BELLOWS_ASSIGN(LogWriter writer, LogWriter::create(half_made.path(), header));
  Status status = copy_records(*source, writer, report, options.block_trials, regular_size_bytes(from), context);
  if (status.ok()) status = complete(*source, writer, report);
  if (status.ok()) status = half_made.put_in_place(log);
  if (status.ok()) return report;
  Error error = status.error();
  if (error.message == "no trials") error.file = from;
  // A regular file can be read again. What came through a pipe is nowhere else.
  if (writer.trial_count() > 0 && !is_regular(from))
    return with_what_is_kept(std::move(error), half_made.keep(log), writer.trial_count());
  return error;
}

Result<ImportReport> continue_import(const Path& from, const Path& log, const ImportOptions& options,
                                     const Context& context) {
  BELLOWS_CHECK(options.block_trials >= 1 && options.block_trials <= largest_block_trials, "impossible block size");
  ImportReport report;
  {
    BELLOWS_ASSIGN(LogReader begun, LogReader::open(log));
    BELLOWS_ASSIGN(report, begun_import(begun.header(), options, log));
  }
  // A regular file is looked through first: half of it in the log would be in the way when it is mended and read again.
  if (is_regular(from)) {
    BELLOWS_ASSIGN([[maybe_unused]] RecordCounts counts, count_file(from, report.format, context));
  }
  BELLOWS_ASSIGN(auto source, open_record_source(from, report.format));
  BELLOWS_ASSIGN(LogWriter writer, LogWriter::continue_after_crash(log, context));
  report.kept_trials = writer.kept_trials();
  Status status = copy_records(*source, writer, report, options.block_trials, regular_size_bytes(from), context);
  if (status.ok()) status = complete(*source, writer, report);
  if (status.ok()) return report;
  return with_what_is_kept(status.error(), log, writer.trial_count());
}

}  // namespace bellows::trials
