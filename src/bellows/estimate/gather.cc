#include "bellows/estimate/gather.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bellows/base/json_number.h"
#include "bellows/base/threads.h"
#include "bellows/estimate/count.h"
#include "bellows/trials/relabel.h"

namespace bellows::estimate {
namespace {

BlockCounts count_block(const trials::BlockView& block) {
  return {block.index, block.trial_count, block.start_time_ns,
          count_trials(block.setting(0), block.setting(1), block.outcome(0), block.outcome(1))};
}

/// What the header says of the log as a whole.
Result<Evidence> evidence_of_header(const trials::LogReader& log) {
  BELLOWS_TRY(log.require_two_party_chsh());
  Evidence evidence;
  evidence.plan_digest = log.header().plan_digest;
  const nlohmann::json& metadata = log.header().metadata;
  auto wrong = [&](const char* key, const char* expected) {
    return bad_input(fmt::format("the log's metadata: {} is of the wrong type", key), log.path().string(), std::nullopt,
                     expected, metadata[key].dump());
  };
  if (metadata.contains("simulated")) {
    if (!metadata["simulated"].is_boolean()) return wrong("simulated", "true or false");
    evidence.simulated = metadata["simulated"].get<bool>();
  }
  // What `import` did. A search over relabellings looked at the outcomes: certification must count what it tried.
  if (metadata.contains("import")) {
    const nlohmann::json& import = metadata["import"];
    if (!import.is_object() || !import.contains("relabel") || !import["relabel"].is_string())
      return wrong("import", "an object with relabel (text) and relabellings_tried (number)");
    // It goes into certificates and onto terminals: no other text than a relabelling, in its one spelling.
    auto relabelling = trials::Relabelling::parse(import["relabel"].get<std::string>());
    if (!relabelling.ok())
      return bad_input("the log's metadata name a relabelling that does not exist", log.path().string(), std::nullopt,
                       relabelling.error().expected, import["relabel"].dump().substr(0, 80));
    evidence.relabelling = relabelling->spec();
    const auto tried = whole_number<std::uint32_t>(import.value("relabellings_tried", nlohmann::json()), 1);
    if (!tried) return wrong("import", "relabellings_tried from 1 to 2^32 - 1");
    evidence.relabellings_tried = *tried;
  }
  return evidence;
}

}  // namespace

Result<Evidence> gather_evidence(const trials::LogReader& log, const Context& context, LogDigest log_digest,
                                 trials::BlockCheck check) {
  BELLOWS_ASSIGN(Evidence evidence, evidence_of_header(log));
  evidence.blocks.resize(log.block_count());
  std::vector<Digest> digests(log_digest == LogDigest::compute ? log.block_count() : 0);
  BELLOWS_TRY(log.for_each_block(context, check, "counting", [&](const trials::BlockView& block, unsigned) -> Status {
    evidence.blocks[block.index] = count_block(block);
    if (!digests.empty()) digests[block.index] = log.block_digest(block.index);
    return {};
  }));
  if (log_digest == LogDigest::recorded) {
    evidence.log_digest = log.recorded_digest().value_or(Digest());
    return evidence;
  }
  evidence.log_digest = trials::log_digest(log.header_bytes(), digests);
  if (log.recorded_digest() && *log.recorded_digest() != evidence.log_digest) {
    return bad_input("the log's digest differs from its end record", log.path().string(), std::nullopt,
                     log.recorded_digest()->hex(), evidence.log_digest.hex());
  }
  return evidence;
}

Result<Evidence> gather_evidence_of_blocks(const trials::LogReader& log, std::uint64_t first, std::uint64_t end,
                                           const Context& context) {
  BELLOWS_CHECK(first <= end && end <= log.block_count(), "blocks of the log");
  BELLOWS_ASSIGN(Evidence evidence, evidence_of_header(log));
  for (std::uint64_t index = first; index < end; ++index) {
    BELLOWS_TRY(context.check_cancelled());
    BELLOWS_ASSIGN(trials::BlockView block, log.block(index));
    evidence.blocks.push_back(count_block(block));
    log.release(index);
  }
  return evidence;
}

}  // namespace bellows::estimate
