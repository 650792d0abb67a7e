#include "bellows/trials/import.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

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

// Counts of the whole file, for the search.
Result<RecordCounts> count_file(const Path& path, ForeignFormat format, const Context& context) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed))
    return bad_input("--relabel auto reads the file twice", path, std::nullopt, "a regular file", "a pipe or device");
  BELLOWS_ASSIGN(auto source, open_record_source(path, format));
  RecordCounts counts{};
  SecretBytes records(records_at_once);
  for (;;) {
    BELLOWS_TRY(context.check_cancelled());
    BELLOWS_ASSIGN(std::size_t got, source->read(records));
    count_records(std::span(records).first(got), counts);
    context.report("look at", source->bytes_done(), regular_size_bytes(path), "B");
    if (got < records.size()) return counts;
  }
}

RecordCounts relabelled(const RecordCounts& counts, const Relabelling& relabelling) {
  RecordCounts renamed{};
  for (std::uint8_t record = 0; record < 16; ++record) renamed[relabelling.apply(record)] += counts[record];
  return renamed;
}

// The log under its temporary name, which goes away in any case.
class HalfMade {
 public:
  explicit HalfMade(Path path) : path_(std::move(path)) {}
  HalfMade(const HalfMade&) = delete;
  HalfMade& operator=(const HalfMade&) = delete;
  ~HalfMade() { ::unlink(path_.c_str()); }
  const Path& path() const { return path_; }
  Status put_in_place(const Path& target) {
    if (::link(path_.c_str(), target.c_str()) != 0) {
      if (errno == EEXIST) return bad_input("file exists already and is left as it is", target);
      return system_error("cannot put in place", target, errno);
    }
    return {};
  }

 private:
  Path path_;
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

// Everything that `source` gives, block by block.
Status copy_records(RecordSource& source, LogWriter& writer, ImportReport& report, std::uint64_t block_trials,
                    std::uint64_t file_bytes, const Context& context) {
  // Sized by the file, so that a small file takes little memory.
  std::uint64_t largest =
      file_bytes == 0 ? block_trials : std::min(block_trials, std::max<std::uint64_t>(file_bytes, 64));
  BlockBuffer block(writer.header().scenario, largest);
  SecretBytes records(largest);
  for (std::size_t got = records.size(); got == records.size();) {
    BELLOWS_TRY(context.check_cancelled());
    got = 0;
    while (got < records.size()) {
      std::size_t ask = std::min(records_at_once, records.size() - got);
      BELLOWS_ASSIGN(std::size_t more, source.read(std::span(records).subspan(got, ask)));
      got += more;
      if (more < ask) break;
    }
    if (got == 0) return {};
    auto part = std::span<const std::uint8_t>(records).first(got);
    count_records(part, report.counts_in_file);
    block.start(got);
    records_to_planes(part, block.setting(0), block.setting(1), block.outcome(0), block.outcome(1));
    report.relabelling.apply(block.setting(0), block.setting(1), block.outcome(0), block.outcome(1),
                             block.size_words());
    BELLOWS_TRY(writer.append(block, 0));
    report.trial_count += got;
    context.report("import", source.bytes_done(), file_bytes, "B");
  }
  return {};
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
  if (std::filesystem::exists(log, ignored)) return bad_input("file exists already and is left as it is", log);
  report.relabelling = options.relabelling;
  if (options.auto_relabel) {
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
  BELLOWS_TRY(copy_records(*source, writer, report, options.block_trials, regular_size_bytes(from), context));
  if (report.trial_count == 0) {
    Error error = refused("no trials");
    error.file = from;
    return error;
  }
  // What only shows at the end of a pipe cannot stand in the header any more.
  report.is_exact = source->is_exact() && source->dialect() == header.metadata["import"]["dialect"];
  BELLOWS_ASSIGN(report.log_digest, writer.finish());
  report.counts = relabelled(report.counts_in_file, report.relabelling);
  BELLOWS_TRY(half_made.put_in_place(log));
  return report;
}

}  // namespace bellows::trials
