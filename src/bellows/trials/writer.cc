#include "bellows/trials/writer.h"

#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>

#include "bellows/trials/log_format.h"
#include "bellows/trials/reader.h"

namespace bellows::trials {
namespace {

Status lock(const File& file) {
  if (::flock(file.descriptor(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) return bad_input("trial log is being written by another run", file.path());
  return system_error("cannot lock the trial log", file.path(), errno);
}

}  // namespace

LogWriter::LogWriter(File file, LogHeader header, WriterOptions options)
    : file_(std::move(file)), header_(std::move(header)), options_(options) {}

Result<LogWriter> LogWriter::create(const Path& path, const LogHeader& header, WriterOptions options) {
  BELLOWS_ASSIGN(std::vector<std::byte> bytes, encode_header(header));
  BELLOWS_ASSIGN(AtomicFile start, AtomicFile::create(path, options.mode, /*overwrite=*/false));
  BELLOWS_TRY(start.write(std::span<const std::byte>(bytes)));
  BELLOWS_TRY(start.commit());
  BELLOWS_ASSIGN(File file, File::open_for_update(path));
  BELLOWS_TRY(lock(file));
  LogWriter writer(std::move(file), header, options);
  writer.size_bytes_ = bytes.size();
  writer.hash_.update(bytes);
  return writer;
}

Result<LogWriter> LogWriter::continue_after_crash(const Path& path, const Context& context, WriterOptions options) {
  BELLOWS_ASSIGN(File file, File::open_for_update(path));
  BELLOWS_TRY(lock(file));
  BELLOWS_ASSIGN(LogReader reader, LogReader::open(path));
  if (reader.is_complete()) {
    Error error = refused("trial log is complete, there is nothing to continue");
    error.file = path;
    return error;
  }
  // After a power failure the last block may have its length without its bytes; any other block has to be right.
  std::uint64_t kept = reader.block_count();
  if (kept > 0 && !reader.block(kept - 1).ok()) --kept;
  std::vector<Digest> digests(reader.block_count());
  auto read_block = [&](const BlockView& block, unsigned) -> Status {
    if (block.index >= kept) return {};
    BELLOWS_TRY(reader.block(block.index));
    digests[block.index] = reader.block_digest(block.index);
    return {};
  };
  BELLOWS_TRY(reader.for_each_block(context, BlockCheck::none, "continue", read_block));
  LogWriter writer(std::move(file), reader.header(), options);
  writer.hash_.update(reader.header_bytes());
  writer.size_bytes_ = reader.header_bytes().size();
  for (std::uint64_t i = 0; i < kept; ++i) {
    writer.hash_.update(std::as_bytes(std::span(digests[i].bytes)));
    writer.size_bytes_ +=
        sizeof(BlockHeader) + reader.scenario().plane_count() * plane_size_bytes(reader.block_trials(i));
    writer.trial_count_ += reader.block_trials(i);
  }
  writer.block_count_ = kept;
  writer.kept_trials_ = writer.trial_count_;
  writer.dropped_bytes_ = reader.whole_bytes() + reader.cut_bytes() - writer.size_bytes_;
  if (writer.dropped_bytes_ > 0) BELLOWS_TRY(writer.file_.truncate(writer.size_bytes_));
  return writer;
}

// A write that fails half way is taken back, so that the file ends with a whole block again.
Status LogWriter::write_at_end(std::span<const std::byte> bytes) {
  Status status = file_.write_all_at(bytes, size_bytes_);
  if (!status.ok()) {
    Status ignored = file_.truncate(size_bytes_);
    return status;
  }
  size_bytes_ += bytes.size();
  return {};
}

Status LogWriter::append(const BlockBuffer& block) {
  BELLOWS_CHECK(!final_digest_, "append() after finish()");
  BELLOWS_CHECK(block.is_sealed() && block.index() == block_count_ && block.first_trial() == trial_count_,
                "blocks are appended sealed and in order");
  BELLOWS_CHECK(block.scenario() == header_.scenario, "block of another scenario");
  BELLOWS_TRY(write_at_end(block.file_bytes()));
  hash_.update(std::as_bytes(std::span(block.digest().bytes)));
  block_count_ += 1;
  trial_count_ += block.trial_count();
  if (options_.sync == SyncPolicy::each_block) return file_.sync();
  return {};
}

Status LogWriter::append(BlockBuffer& block, std::uint64_t start_time_ns) {
  block.seal(block_count_, trial_count_, start_time_ns);
  return append(block);
}

Status LogWriter::append_block(std::span<const bits::BitView> planes, std::uint64_t start_time_ns) {
  BELLOWS_CHECK(planes.size() == header_.scenario.plane_count() && !planes.empty(), "one view for each plane");
  BlockBuffer block(header_.scenario, planes[0].size_bits);
  block.start(planes[0].size_bits);
  for (std::uint32_t i = 0; i < planes.size(); ++i) {
    BELLOWS_CHECK(planes[i].size_bits == planes[0].size_bits, "planes of one block have one length");
    std::copy_n(planes[i].words, planes[i].size_words(), block.plane(i));
  }
  return append(block, start_time_ns);
}

Result<Digest> LogWriter::finish() {
  if (!final_digest_) final_digest_ = hash_.finish();
  if (!end_is_written_) {
    EndRecord record = make_end_record(block_count_, trial_count_, *final_digest_);
    BELLOWS_TRY(write_at_end(std::as_bytes(std::span(&record, 1))));
    end_is_written_ = true;
  }
  BELLOWS_TRY(file_.sync());
  return *final_digest_;
}

}  // namespace bellows::trials
