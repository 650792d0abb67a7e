#include "bellows/trials/log_format.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "bellows/bits/crc32c.h"

namespace bellows::trials {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and is mapped as it is");

constexpr int deepest_metadata_nesting = 64;

struct PartyRecord {
  std::uint32_t setting_count;
  std::uint32_t outcome_count;
};

std::uint64_t header_size_bytes(std::uint64_t party_count, std::uint64_t metadata_bytes) {
  return round_up(sizeof(FileHeader) + party_count * sizeof(PartyRecord) + metadata_bytes + 4, log_alignment_bytes);
}

bool is_nested_too_deep(const nlohmann::json& value, int depth = 0) {
  if (!value.is_structured()) return false;
  if (depth >= deepest_metadata_nesting) return true;
  for (const auto& part : value)
    if (is_nested_too_deep(part, depth + 1)) return true;
  return false;
}

template <class Record>
std::uint32_t crc_of_first_60(const Record& record) {
  return bits::crc32c(std::as_bytes(std::span(&record, 1)).first(60));
}

// Deep nesting is thrown away while it is read, so that nothing recursive ever meets it.
Result<nlohmann::json> parse_metadata(const char* text, std::uint64_t size, const Path& file) {
  bool too_deep = false;
  auto limit_depth = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > deepest_metadata_nesting) too_deep = true;
    return !too_deep;
  };
  nlohmann::json value = nlohmann::json::parse(text, text + size, limit_depth, /*allow_exceptions=*/false);
  if (too_deep || !value.is_object())
    return bad_input("metadata of the trial log cannot be read", file, sizeof(FileHeader),
                     fmt::format("a JSON object nested at most {} deep", deepest_metadata_nesting), "something else");
  return value;
}

}  // namespace

Result<std::vector<std::byte>> encode_header(const LogHeader& header) {
  BELLOWS_TRY(header.scenario.check());
  if (!header.metadata.is_object() || is_nested_too_deep(header.metadata))
    return bad_input("metadata of a trial log must be a JSON object", {}, std::nullopt,
                     fmt::format("an object nested at most {} deep", deepest_metadata_nesting),
                     header.metadata.type_name());
  std::string text = header.metadata.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > largest_metadata_bytes)
    return bad_input("metadata of a trial log is too long", {}, std::nullopt,
                     fmt::format("at most {} bytes", largest_metadata_bytes), fmt::format("{}", text.size()));
  FileHeader fixed{};
  std::memcpy(fixed.magic, log_magic, sizeof log_magic);
  fixed.version = log_version;
  fixed.party_count = static_cast<std::uint32_t>(header.scenario.parties.size());
  fixed.metadata_bytes = static_cast<std::uint32_t>(text.size());
  fixed.header_bytes = static_cast<std::uint32_t>(header_size_bytes(fixed.party_count, text.size()));
  std::memcpy(fixed.plan_digest, header.plan_digest.bytes.data(), sizeof fixed.plan_digest);
  std::vector<std::byte> bytes(fixed.header_bytes);
  std::byte* to = bytes.data();
  std::memcpy(to, &fixed, sizeof fixed);
  to += sizeof fixed;
  for (const Party& party : header.scenario.parties) {
    PartyRecord record{party.setting_count, party.outcome_count};
    std::memcpy(to, &record, sizeof record);
    to += sizeof record;
  }
  std::memcpy(to, text.data(), text.size());
  std::uint32_t crc = bits::crc32c(std::span(bytes).first(bytes.size() - 4));
  std::memcpy(bytes.data() + bytes.size() - 4, &crc, 4);
  return bytes;
}

Result<DecodedHeader> decode_header(std::span<const std::byte> bytes, const Path& file) {
  FileHeader fixed{};
  if (!bytes.empty()) std::memcpy(&fixed, bytes.data(), std::min(bytes.size(), sizeof fixed));
  if (bytes.size() < sizeof log_magic || std::memcmp(fixed.magic, log_magic, sizeof log_magic) != 0)
    return bad_input("not a trial log (files of laboratories come in with `bellows import`)", file, 0, "magic BELLTRLS",
                     bytes.size() < sizeof log_magic ? fmt::format("{} bytes", bytes.size()) : "other bytes");
  if (bytes.size() < sizeof fixed)
    return bad_input("trial log ends inside its header", file, bytes.size(), "64 bytes and more",
                     fmt::format("{}", bytes.size()));
  if (fixed.version != log_version)
    return bad_input("trial log of another version", file, offsetof(FileHeader, version),
                     fmt::format("{}", log_version), fmt::format("{}", fixed.version));
  if (fixed.party_count == 0 || fixed.party_count > largest_party_count)
    return bad_input("trial log with an impossible number of parties", file, offsetof(FileHeader, party_count),
                     fmt::format("1 to {}", largest_party_count), fmt::format("{}", fixed.party_count));
  if (fixed.metadata_bytes > largest_metadata_bytes)
    return bad_input("trial log with impossibly long metadata", file, offsetof(FileHeader, metadata_bytes),
                     fmt::format("at most {} bytes", largest_metadata_bytes), fmt::format("{}", fixed.metadata_bytes));
  std::uint64_t size_bytes = header_size_bytes(fixed.party_count, fixed.metadata_bytes);
  if (fixed.header_bytes != size_bytes)
    return bad_input("trial log with a wrong header size", file, offsetof(FileHeader, header_bytes),
                     fmt::format("{}", size_bytes), fmt::format("{}", fixed.header_bytes));
  if (bytes.size() < size_bytes)
    return bad_input("trial log ends inside its header", file, bytes.size(), fmt::format("{} bytes", size_bytes),
                     fmt::format("{}", bytes.size()));
  std::uint32_t crc = bits::crc32c(bytes.first(size_bytes - 4)), recorded_crc = 0;
  std::memcpy(&recorded_crc, bytes.data() + size_bytes - 4, 4);
  if (crc != recorded_crc)
    return bad_input("header of the trial log does not match its checksum", file, size_bytes - 4,
                     fmt::format("{:08x}", crc), fmt::format("{:08x}", recorded_crc));
  DecodedHeader decoded;
  decoded.size_bytes = size_bytes;
  std::memcpy(decoded.header.plan_digest.bytes.data(), fixed.plan_digest, sizeof fixed.plan_digest);
  decoded.header.scenario.parties.clear();
  const std::byte* from = bytes.data() + sizeof fixed;
  for (std::uint32_t i = 0; i < fixed.party_count; ++i, from += sizeof(PartyRecord)) {
    PartyRecord record{};
    std::memcpy(&record, from, sizeof record);
    decoded.header.scenario.parties.push_back({record.setting_count, record.outcome_count});
  }
  if (Status status = decoded.header.scenario.check(); !status.ok()) {
    Error error = status.error();
    error.file = file;
    error.offset_bytes = sizeof fixed;
    return error;
  }
  BELLOWS_ASSIGN(decoded.header.metadata,
                 parse_metadata(reinterpret_cast<const char*>(from), fixed.metadata_bytes, file));
  std::uint64_t padding_start = static_cast<std::uint64_t>(from - bytes.data()) + fixed.metadata_bytes;
  for (std::uint64_t i = padding_start; i < size_bytes - 4; ++i)
    if (bytes[i] != std::byte{0})
      return bad_input("padding of the trial log's header is not zero", file, i, "0", "ones");
  for (std::size_t i = 0; i < sizeof fixed.reserved; ++i)
    if (fixed.reserved[i] != 0)
      return bad_input("trial log with a reserved byte set", file, offsetof(FileHeader, reserved) + i, "0",
                       fmt::format("{}", fixed.reserved[i]));
  return decoded;
}

BlockHeader make_block_header(const Scenario& scenario, std::uint64_t index, std::uint64_t first_trial,
                              std::uint64_t trial_count, std::uint64_t start_time_ns, std::uint32_t planes_crc) {
  BELLOWS_CHECK(trial_count >= 1 && trial_count <= largest_block_trials, "a block holds 1 to 2^22 trials");
  BlockHeader header{};
  std::memcpy(header.magic, block_magic, sizeof block_magic);
  header.index = index;
  header.first_trial = first_trial;
  header.start_time_ns = start_time_ns;
  header.plane_bytes = plane_size_bytes(trial_count);
  header.plane_count = scenario.plane_count();
  header.trial_count = static_cast<std::uint32_t>(trial_count);
  header.planes_crc = planes_crc;
  header.header_crc = crc_of_first_60(header);
  return header;
}

EndRecord make_end_record(std::uint64_t block_count, std::uint64_t trial_count, const Digest& log_digest) {
  EndRecord record{};
  std::memcpy(record.magic, end_magic, sizeof end_magic);
  record.block_count = block_count;
  record.trial_count = trial_count;
  std::memcpy(record.log_digest, log_digest.bytes.data(), sizeof record.log_digest);
  record.record_crc = crc_of_first_60(record);
  return record;
}

bool checksum_is_right(const BlockHeader& header) { return crc_of_first_60(header) == header.header_crc; }
bool checksum_is_right(const EndRecord& record) { return crc_of_first_60(record) == record.record_crc; }

}  // namespace bellows::trials
