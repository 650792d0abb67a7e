#include "bellows/trials/reader.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

#include "bellows/base/threads.h"
#include "bellows/bits/crc32c.h"
#include "bellows/trials/block_buffer.h"
#include "bellows/trials/log_format.h"

namespace bellows::trials {
namespace {

constexpr std::uint64_t page_bytes = 4096;

bool is_all_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

template <class Record>
Record record_at(std::span<const std::byte> bytes, std::uint64_t offset_bytes) {
  Record record;
  std::memcpy(&record, bytes.data() + offset_bytes, sizeof record);
  return record;
}

}  // namespace

Result<LogReader> LogReader::open(const Path& path) {
  LogReader reader;
  BELLOWS_ASSIGN(reader.file_, MappedFile::open(path));
  BELLOWS_ASSIGN(DecodedHeader decoded, decode_header(reader.file_.bytes(), path));
  reader.header_ = std::make_unique<LogHeader>(std::move(decoded.header));
  reader.header_size_bytes_ = reader.whole_bytes_ = decoded.size_bytes;
  BELLOWS_TRY(reader.scan());
  return reader;
}

Status LogReader::refresh() {
  if (is_complete()) return {};
  BELLOWS_ASSIGN(MappedFile larger, MappedFile::open(file_.path()));
  if (larger.bytes().size() < whole_bytes_)
    return bad_input("trial log became shorter while it was read", path(), larger.bytes().size(),
                     fmt::format("at least {} bytes", whole_bytes_), fmt::format("{}", larger.bytes().size()));
  file_ = std::move(larger);
  return scan();
}

std::uint64_t LogReader::block_size_bytes(std::uint64_t trial_count) const {
  return sizeof(BlockHeader) + scenario().plane_count() * plane_size_bytes(trial_count);
}

// Walks from whole_bytes_ over the headers of blocks; stops at an end record, at the end of the file, or at a block
// that is not whole.
Status LogReader::scan() {
  auto bytes = file_.bytes();
  while (whole_bytes_ < bytes.size()) {
    std::uint64_t left = bytes.size() - whole_bytes_;
    if (left < sizeof(BlockHeader)) return scan_tail(whole_bytes_);
    if (std::memcmp(bytes.data() + whole_bytes_, end_magic, sizeof end_magic) == 0) {
      auto record = record_at<EndRecord>(bytes, whole_bytes_);
      if (!checksum_is_right(record))
        return bad_input("end record of the trial log does not match its checksum", path(), whole_bytes_);
      if (record.block_count != block_count() || record.trial_count != trial_count_)
        return bad_input("end record of the trial log counts otherwise", path(), whole_bytes_,
                         fmt::format("{} blocks, {} trials", block_count(), trial_count_),
                         fmt::format("{} blocks, {} trials", record.block_count, record.trial_count));
      if (!is_all_zero(std::as_bytes(std::span(record.reserved))))
        return bad_input("end record of the trial log has a reserved byte set", path(), whole_bytes_);
      whole_bytes_ += sizeof record;
      if (left > sizeof record)
        return bad_input("bytes after the end of the trial log", path(), whole_bytes_, "the end of the file",
                         fmt::format("{} more bytes", left - sizeof record));
      Digest digest;
      std::memcpy(digest.bytes.data(), record.log_digest, sizeof record.log_digest);
      recorded_digest_ = digest;
      return {};
    }
    if (std::memcmp(bytes.data() + whole_bytes_, block_magic, sizeof block_magic) != 0) return scan_tail(whole_bytes_);
    std::size_t blocks_before = blocks_.size();
    BELLOWS_TRY(scan_block(whole_bytes_));
    if (blocks_.size() == blocks_before) return {};  // not whole yet
  }
  return {};
}

Status LogReader::scan_block(std::uint64_t offset_bytes) {
  auto header = record_at<BlockHeader>(file_.bytes(), offset_bytes);
  auto wrong = [&](const char* what, std::uint64_t field_offset, std::uint64_t expected, std::uint64_t got) {
    return bad_input(fmt::format("block {} of the trial log has a wrong {}", block_count(), what), path(),
                     offset_bytes + field_offset, fmt::format("{}", expected), fmt::format("{}", got));
  };
  if (!checksum_is_right(header))
    return bad_input(fmt::format("header of block {} of the trial log does not match its checksum", block_count()),
                     path(), offset_bytes);
  if (header.index != block_count()) return wrong("index", offsetof(BlockHeader, index), block_count(), header.index);
  if (header.first_trial != trial_count_)
    return wrong("first trial", offsetof(BlockHeader, first_trial), trial_count_, header.first_trial);
  if (header.trial_count == 0 || header.trial_count > largest_block_trials)
    return wrong("number of trials (at most 2^22)", offsetof(BlockHeader, trial_count), largest_block_trials,
                 header.trial_count);
  if (header.plane_count != scenario().plane_count())
    return wrong("number of planes", offsetof(BlockHeader, plane_count), scenario().plane_count(), header.plane_count);
  if (header.plane_bytes != plane_size_bytes(header.trial_count))
    return wrong("plane size", offsetof(BlockHeader, plane_bytes), plane_size_bytes(header.trial_count),
                 header.plane_bytes);
  if (!is_all_zero(std::as_bytes(std::span(header.reserved))))
    return bad_input(fmt::format("block {} of the trial log has a reserved byte set", block_count()), path(),
                     offset_bytes + offsetof(BlockHeader, reserved), "0", "ones");
  std::uint64_t size_bytes = block_size_bytes(header.trial_count);
  if (file_.bytes().size() - offset_bytes < size_bytes) return {};
  blocks_.push_back({offset_bytes, trial_count_, header.trial_count});
  trial_count_ += header.trial_count;
  whole_bytes_ += size_bytes;
  return {};
}

// What may stand after the last whole block: the start of a record, or the zeros that a power failure leaves.
Status LogReader::scan_tail(std::uint64_t offset_bytes) const {
  auto tail = file_.bytes().subspan(offset_bytes);
  std::uint64_t magic_bytes = std::min<std::uint64_t>(tail.size(), sizeof block_magic);
  if (tail.size() < sizeof(BlockHeader) && (std::memcmp(tail.data(), block_magic, magic_bytes) == 0 ||
                                            std::memcmp(tail.data(), end_magic, magic_bytes) == 0))
    return {};
  if (tail.size() <= block_size_bytes(largest_block_trials) && is_all_zero(tail)) return {};
  return bad_input("foreign bytes in the trial log", path(), offset_bytes, "a block or the end record", "other bytes");
}

Result<BlockView> LogReader::block(std::uint64_t index, BlockCheck check) const {
  BELLOWS_CHECK(index < block_count(), "no such block");
  const BlockPlace& place = blocks_[index];
  auto header = record_at<BlockHeader>(file_.bytes(), place.offset_bytes);
  BlockView view{
      .index = index,
      .first_trial = place.first_trial,
      .trial_count = place.trial_count,
      .start_time_ns = header.start_time_ns,
      .scenario = &scenario(),
      .planes = reinterpret_cast<const std::uint64_t*>(file_.bytes().data() + place.offset_bytes + sizeof header),
      .plane_words = plane_size_bytes(place.trial_count) / 8};
  if (check == BlockCheck::none) return view;
  std::uint64_t planes_start = place.offset_bytes + sizeof header;
  auto planes = file_.bytes().subspan(planes_start, block_size_bytes(place.trial_count) - sizeof header);
  if (std::uint32_t crc = bits::crc32c(planes); crc != header.planes_crc)
    return bad_input(fmt::format("trials of block {} do not match their checksum", index), path(), planes_start,
                     fmt::format("{:08x}", header.planes_crc), fmt::format("{:08x}", crc));
  std::uint64_t used_words = bits::words_for(view.trial_count);
  for (std::uint32_t i = 0; i < scenario().plane_count(); ++i) {
    const std::uint64_t* words = view.planes + i * view.plane_words;
    std::uint64_t beyond =
        view.trial_count % 64 != 0 ? words[used_words - 1] & ~bits::low_mask(view.trial_count % 64) : 0;
    for (std::uint64_t word = used_words; word < view.plane_words; ++word) beyond |= words[word];
    if (beyond != 0)
      return bad_input(fmt::format("plane {} of block {} has bits set beyond the last trial", i, index), path(),
                       planes_start + i * view.plane_words * 8, "zeros", "ones");
  }
  if (std::uint64_t trial = first_impossible_trial(view); trial < view.trial_count)
    return bad_input(
        fmt::format("trial {} has a setting or an outcome that its party does not have", view.first_trial + trial),
        path(), planes_start, scenario().name(), "a larger value");
  return view;
}

void LogReader::release(std::uint64_t index) const {
  const BlockPlace& place = blocks_[index];
  auto address = reinterpret_cast<std::uintptr_t>(file_.bytes().data());
  std::uintptr_t from = address + place.offset_bytes / page_bytes * page_bytes;
  std::uintptr_t to = address + (place.offset_bytes + block_size_bytes(place.trial_count)) / page_bytes * page_bytes;
  if (to > from) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

Status LogReader::for_each_block(const Context& context, BlockCheck check, std::string_view stage,
                                 const std::function<Status(const BlockView&, unsigned worker)>& visit) const {
  std::mutex mutex;
  std::atomic<bool> failed{false};
  std::optional<Error> first_error;
  std::uint64_t first_error_block = 0, done_trials = 0;
  parallel_for(block_count(), context.thread_count, [&](std::uint64_t index, unsigned worker) {
    if (failed.load(std::memory_order_relaxed)) return;
    Status status = context.check_cancelled();
    if (status.ok()) {
      auto view = block(index, check);
      status = view.ok() ? visit(*view, worker) : Status(view.error());
    }
    std::lock_guard lock(mutex);
    if (!status.ok() && (!first_error || index < first_error_block)) {
      first_error = status.error();
      first_error_block = index;
      failed = true;
    }
    done_trials += block_trials(index);
    context.report(stage, done_trials, trial_count_, "trials");
  });
  if (first_error) return *first_error;
  return {};
}

Digest LogReader::block_digest(std::uint64_t index) const {
  BELLOWS_CHECK(index < block_count(), "no such block");
  const BlockPlace& place = blocks_[index];
  return sha256(file_.bytes().subspan(place.offset_bytes, block_size_bytes(place.trial_count)));
}

Result<Digest> LogReader::digest(const Context& context) const {
  std::vector<Digest> digests(block_count());
  BELLOWS_TRY(for_each_block(context, BlockCheck::none, "digest", [&](const BlockView& block, unsigned) -> Status {
    digests[block.index] = block_digest(block.index);
    return {};
  }));
  return log_digest(header_bytes(), digests);
}

Result<Digest> LogReader::check(const Context& context) const {
  std::vector<Digest> digests(block_count());
  BELLOWS_TRY(for_each_block(context, BlockCheck::full, "check", [&](const BlockView& block, unsigned) -> Status {
    digests[block.index] = block_digest(block.index);
    return {};
  }));
  Digest found = log_digest(header_bytes(), digests);
  if (recorded_digest_ && found != *recorded_digest_)
    return bad_input("trial log does not match the digest in its end record", path(), whole_bytes_ - sizeof(EndRecord),
                     recorded_digest_->hex(), found.hex());
  return found;
}

Status LogReader::require_complete() const {
  if (is_complete()) return {};
  return bad_input("trial log is still being written, or was cut", path(), whole_bytes_,
                   "an end record after the last block",
                   fmt::format("{} bytes after {} whole blocks ({} trials)", cut_bytes(), block_count(), trial_count_));
}

Status LogReader::require_plan(const Digest& plan_digest) const {
  if (header_->plan_digest == plan_digest) return {};
  Error error = refused("trial log was taken under another plan");
  error.file = path();
  error.offset_bytes = offsetof(FileHeader, plan_digest);
  error.expected = plan_digest.hex();
  error.got = header_->plan_digest.is_zero() ? "no plan" : header_->plan_digest.hex();
  return error;
}

Status LogReader::require_trials() const {
  if (trial_count_ > 0) return {};
  Error error = refused("no trials");
  error.file = path();
  return error;
}

Status LogReader::require_two_party_chsh() const {
  if (scenario() == Scenario::two_party_chsh()) return {};
  return bad_input("trial log of another kind of experiment", path(), sizeof(FileHeader),
                   Scenario::two_party_chsh().name(), scenario().name());
}

Digest log_digest(std::span<const std::byte> header_bytes, std::span<const Digest> block_digests) {
  Sha256 hash;
  hash.update(header_bytes);
  for (const Digest& digest : block_digests) hash.update(std::as_bytes(std::span(digest.bytes)));
  return hash.finish();
}

}  // namespace bellows::trials
