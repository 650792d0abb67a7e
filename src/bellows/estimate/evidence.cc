#include "bellows/estimate/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "bellows/base/checked.h"
#include "bellows/base/json_number.h"

namespace bellows::estimate {
namespace {

using nlohmann::json;

constexpr std::uint64_t most_trials = std::uint64_t{1} << 63;

/// Reads one object with a known set of keys; the first thing that is wrong stays in error().
class ObjectReader {
 public:
  ObjectReader(const json& object, std::string where, std::string origin)
      : object_(object), where_(std::move(where)), origin_(std::move(origin)) {
    if (!object.is_object()) fail("is not an object", "an object", object.type_name());
  }

  std::uint64_t unsigned_number(const char* key) {
    const json* value = find(key);
    if (value == nullptr) return 0;
    const auto number = whole_number<std::uint64_t>(*value);
    if (!number) fail(fmt::format("{} is not a whole number", key), "a whole number of at least 0", value->dump());
    return number.value_or(0);
  }
  bool boolean(const char* key) {
    const json* value = find(key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) fail(fmt::format("{} is not a truth value", key), "true or false", value->dump());
    return value->is_boolean() && value->get<bool>();
  }
  std::string text(const char* key) {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_string()) fail(fmt::format("{} is not a string", key), "a string", value->dump());
    return value->is_string() ? value->get<std::string>() : std::string();
  }
  Digest digest(const char* key) {
    Result<Digest> parsed = Digest::from_hex(text(key));
    if (!parsed.ok()) {
      if (!error_) fail(fmt::format("{} is not a digest", key), "64 hexadecimal digits", "something else");
      return {};
    }
    return *parsed;
  }
  const json* array(const char* key) {
    const json* value = find(key);
    if (value != nullptr && !value->is_array()) {
      fail(fmt::format("{} is not a list", key), "a list", value->type_name());
      return nullptr;
    }
    return value;
  }
  Status finish() {
    if (!error_ && seen_ != object_.size())
      fail("has a key that is not known", fmt::format("{} keys", seen_), fmt::format("{} keys", object_.size()));
    return error_ ? Status(*error_) : Status();
  }
  void fail(const std::string& what, std::string expected, std::string got) {
    if (!error_)
      error_ =
          bad_input(fmt::format("{}: {}", where_, what), origin_, std::nullopt, std::move(expected), std::move(got));
  }

 private:
  const json* find(const char* key) {
    if (error_) return nullptr;
    auto found = object_.find(key);
    if (found == object_.end()) {
      fail(fmt::format("{} is missing", key), key, "nothing");
      return nullptr;
    }
    ++seen_;
    return &*found;
  }

  const json& object_;
  std::string where_, origin_;
  std::optional<Error> error_;
  std::size_t seen_ = 0;
};

Result<BlockCounts> block_from_json(const json& document, std::size_t position, const std::string& origin) {
  ObjectReader reader(document, fmt::format("evidence, block {}", position), origin);
  BlockCounts block;
  block.block_index = reader.unsigned_number("block_index");
  block.trial_count = reader.unsigned_number("trial_count");
  block.start_time_ns = reader.unsigned_number("start_time_ns");
  const json* counts = reader.array("n_xyab");
  if (counts != nullptr && counts->size() != 16)
    reader.fail("n_xyab has the wrong length", "16 counts", fmt::format("{}", counts->size()));
  std::uint64_t total = 0;
  for (std::size_t i = 0; counts != nullptr && i < std::min<std::size_t>(16, counts->size()); ++i) {
    const json& entry = (*counts)[i];
    std::optional<std::uint64_t> next;
    if (auto count = whole_number<std::uint64_t>(entry)) next = checked_add(total, block.n_xyab[i] = *count);
    if (!next) {
      reader.fail("n_xyab holds something that is not a count", "16 whole numbers of at least 0", entry.dump());
      break;
    }
    total = *next;
  }
  BELLOWS_TRY(reader.finish());
  if (total != block.trial_count) {
    return bad_input(fmt::format("evidence, block {}: the counts do not add up", position), origin, std::nullopt,
                     fmt::format("{} trials", block.trial_count), fmt::format("{}", total));
  }
  return block;
}

}  // namespace

Counts add(const Counts& one, const Counts& other) {
  Counts total;
  for (std::size_t i = 0; i < 16; ++i) total[i] = one[i] + other[i];
  return total;
}

std::uint64_t sum(const Counts& counts) { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

std::uint64_t count_wins(const Counts& counts) {
  std::uint64_t wins = 0;
  for (unsigned x = 0; x < 2; ++x)
    for (unsigned y = 0; y < 2; ++y)
      for (unsigned a = 0; a < 2; ++a) wins += counts[count_index(x, y, a, a ^ (x & y))];
  return wins;
}

Counts Evidence::totals() const {
  Counts total{};
  for (const BlockCounts& block : blocks) total = add(total, block.n_xyab);
  return total;
}

std::uint64_t Evidence::trial_count() const { return sum(totals()); }

std::uint64_t Evidence::win_count() const { return count_wins(totals()); }

Result<Evidence> merge(const Evidence& one, const Evidence& other) {
  auto mismatch = [](const char* what, std::string expected, std::string got) {
    return bad_input(fmt::format("evidence cannot be merged: {}", what), {}, std::nullopt, std::move(expected),
                     std::move(got));
  };
  if (one.log_digest != other.log_digest)
    return mismatch("the logs differ", one.log_digest.hex(), other.log_digest.hex());
  if (one.plan_digest != other.plan_digest)
    return mismatch("the plans differ", one.plan_digest.hex(), other.plan_digest.hex());
  if (one.simulated != other.simulated) return mismatch("one is simulated, the other is not", "the same kind", "both");
  if (one.relabelling != other.relabelling || one.relabellings_tried != other.relabellings_tried)
    return mismatch("the relabellings differ", one.relabelling, other.relabelling);
  Evidence both = one;
  both.blocks.clear();
  std::merge(one.blocks.begin(), one.blocks.end(), other.blocks.begin(), other.blocks.end(),
             std::back_inserter(both.blocks),
             [](const BlockCounts& a, const BlockCounts& b) { return a.block_index < b.block_index; });
  auto twice =
      std::adjacent_find(both.blocks.begin(), both.blocks.end(),
                         [](const BlockCounts& a, const BlockCounts& b) { return a.block_index == b.block_index; });
  if (twice != both.blocks.end())
    return mismatch("a block is in both", "disjoint blocks", fmt::format("block {}", twice->block_index));
  return both;
}

json to_json(const Evidence& evidence) {
  json blocks = json::array();
  for (const BlockCounts& block : evidence.blocks) {
    blocks.push_back({{"block_index", block.block_index},
                      {"trial_count", block.trial_count},
                      {"start_time_ns", block.start_time_ns},
                      {"n_xyab", block.n_xyab}});
  }
  return {{"log_digest", evidence.log_digest.hex()},
          {"plan_digest", evidence.plan_digest.hex()},
          {"simulated", evidence.simulated},
          {"relabelling", evidence.relabelling},
          {"relabellings_tried", evidence.relabellings_tried},
          {"trial_count", evidence.trial_count()},
          {"n_xyab", evidence.totals()},
          {"blocks", std::move(blocks)}};
}

Result<Evidence> evidence_from_json(const json& document, const std::string& origin) {
  ObjectReader reader(document, "evidence", origin);
  Evidence evidence;
  evidence.log_digest = reader.digest("log_digest");
  evidence.plan_digest = reader.digest("plan_digest");
  evidence.simulated = reader.boolean("simulated");
  evidence.relabelling = reader.text("relabelling");
  std::uint64_t tried = reader.unsigned_number("relabellings_tried");
  if (tried == 0 || tried > 0xffffffffu)
    reader.fail("relabellings_tried is out of range", "1 to 2^32 - 1", std::to_string(tried));
  evidence.relabellings_tried = static_cast<std::uint32_t>(tried);
  std::uint64_t claimed_trials = reader.unsigned_number("trial_count");
  const json* totals = reader.array("n_xyab");
  const json* blocks = reader.array("blocks");
  BELLOWS_TRY(reader.finish());
  std::uint64_t trials = 0;
  for (std::size_t i = 0; i < blocks->size(); ++i) {
    BELLOWS_ASSIGN(BlockCounts block, block_from_json((*blocks)[i], i, origin));
    if (!evidence.blocks.empty() && evidence.blocks.back().block_index >= block.block_index) {
      return bad_input("evidence: blocks out of order", origin, std::nullopt,
                       fmt::format("a block index above {}", evidence.blocks.back().block_index),
                       fmt::format("{}", block.block_index));
    }
    std::optional<std::uint64_t> next = checked_add(trials, block.trial_count);
    if (!next || *next > most_trials)
      return bad_input("evidence: too many trials", origin, std::nullopt, "at most 2^63");
    trials = *next;
    evidence.blocks.push_back(block);
  }
  if (trials != claimed_trials || *totals != json(evidence.totals())) {
    return bad_input("evidence: the totals are not the sums over the blocks", origin, std::nullopt,
                     fmt::format("{} trials", trials), fmt::format("{}", claimed_trials));
  }
  return evidence;
}

}  // namespace bellows::estimate
