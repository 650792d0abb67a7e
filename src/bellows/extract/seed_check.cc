#include "bellows/extract/seed_check.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bellows/extract/copied_bits.h"
#include "bellows/extract/seed_ledger.h"
#include "bellows/trials/relabel.h"

namespace bellows::extract {
namespace {

// Blocks are joined to pieces of about so many trials; the end of one is put before the next, so that no copy falls
// between two.
constexpr std::uint64_t piece_trials = std::uint64_t{1} << 18, overlap_trials = 1024;

using Planes = std::vector<bits::BitString>;

// Bit i of the low half goes to place 2 i.
std::uint64_t spread(std::uint64_t word) {
  word &= 0xFFFFFFFF;
  word = (word | word << 16) & 0x0000FFFF0000FFFF;
  word = (word | word << 8) & 0x00FF00FF00FF00FF;
  word = (word | word << 4) & 0x0F0F0F0F0F0F0F0F;
  word = (word | word << 2) & 0x3333333333333333;
  return (word | word << 1) & 0x5555555555555555;
}

// One bit of each in turn.
bits::BitString interleave_two(const bits::BitString& first, const bits::BitString& second) {
  bits::BitString mixed(2 * first.size_bits());
  for (std::uint64_t w = 0; w < mixed.size_words(); ++w) {
    const unsigned half = w % 2 == 0 ? 0 : 32;
    mixed.words()[w] = spread(first.words()[w / 2] >> half) | spread(second.words()[w / 2] >> half) << 1;
  }
  return mixed;
}

bits::BitString interleave(const std::vector<const bits::BitString*>& planes) {
  if (planes.size() == 2) return interleave_two(*planes[0], *planes[1]);
  if (planes.size() == 4)
    return interleave_two(interleave_two(*planes[0], *planes[2]), interleave_two(*planes[1], *planes[3]));
  bits::BitString mixed(planes.size() * planes[0]->size_bits());
  for (std::uint64_t i = 0, to = 0; i < planes[0]->size_bits(); ++i)
    for (const bits::BitString* plane : planes) mixed.set(to++, (*plane)[i]);
  return mixed;
}

bits::BitString last_bits(const bits::BitString& string, std::uint64_t count) {
  if (string.size_bits() <= count) return string;
  bits::BitString end(count);
  for (std::uint64_t i = 0; i < count; i += 64)
    end.words()[i / 64] = string.view().word_at_bit(string.size_bits() - count + i);
  end.trim();
  return end;
}

// What in these planes the seed is a copy of, or "".
std::string found_in(const Planes& planes, const trials::Scenario& scenario, const CopiedBits& seed) {
  std::vector<const bits::BitString*> settings, outcomes, all;
  for (std::uint32_t party = 0; party < scenario.parties.size(); ++party) {
    const std::string letter(1, static_cast<char>('A' + party));
    for (std::uint32_t bit = 0; bit < scenario.parties[party].setting_bits(); ++bit) {
      settings.push_back(&planes[scenario.setting_plane(party, bit)]);
      if (seed.copied_from(*settings.back())) return "the settings of party " + letter;
    }
    for (std::uint32_t bit = 0; bit < scenario.parties[party].outcome_bits(); ++bit) {
      outcomes.push_back(&planes[scenario.outcome_plane(party, bit)]);
      if (seed.copied_from(*outcomes.back())) return "the outcomes of party " + letter;
    }
  }
  if (seed.copied_from(interleave(settings))) return "the settings of all parties in turn";
  if (seed.copied_from(interleave(outcomes))) return "the outcomes of all parties in turn";
  for (const bits::BitString& plane : planes) all.push_back(&plane);
  if (seed.copied_from(interleave(all))) return "the records of the log";
  return {};
}

// The planes as the laboratory recorded them, where the log says how they were renamed.
std::optional<trials::Relabelling> undone_relabelling(const trials::LogReader& log) {
  const nlohmann::json& metadata = log.header().metadata;
  auto relabel = metadata.find("relabel");
  if (relabel == metadata.end() || !relabel->is_string() || log.scenario().plane_count() != 4) return std::nullopt;
  auto relabelling = trials::Relabelling::parse(relabel->get<std::string>());
  if (!relabelling.ok() || relabelling->is_identity()) return std::nullopt;
  return relabelling->inverse();
}

}  // namespace

Status check_seed_is_not_from_log(bits::BitView seed, const trials::LogReader& log) {
  const CopiedBits copied(seed);
  const trials::Scenario& scenario = log.scenario();
  const std::optional<trials::Relabelling> undo = undone_relabelling(log);
  auto search = [&](const Planes& planes) -> Status {
    std::string name = found_in(planes, scenario, copied);
    if (name.empty() && undo) {
      Planes recorded = planes;
      undo->apply(recorded[scenario.setting_plane(0, 0)].words(), recorded[scenario.setting_plane(1, 0)].words(),
                  recorded[scenario.outcome_plane(0, 0)].words(), recorded[scenario.outcome_plane(1, 0)].words(),
                  recorded[0].size_words());
      for (bits::BitString& plane : recorded) plane.trim();
      name = found_in(recorded, scenario, copied);
      if (!name.empty()) name += ", as they were recorded";
    }
    if (name.empty()) return {};
    return bad_input("the seed is a copy of bits of the log; it must be drawn after the last outcome", log.path(),
                     std::nullopt, "bits that the device cannot know", name);
  };
  Planes planes(scenario.plane_count());
  for (std::uint64_t i = 0; i < log.block_count(); ++i) {
    BELLOWS_ASSIGN(trials::BlockView block, log.block(i, trials::BlockCheck::none));
    for (std::uint32_t p = 0; p < planes.size(); ++p) planes[p].append(block.plane(p));
    if (planes[0].size_bits() < piece_trials && i + 1 < log.block_count()) continue;
    BELLOWS_TRY(search(planes));
    for (bits::BitString& plane : planes) plane = last_bits(plane, overlap_trials);
  }
  return {};
}

Result<SeedUse> enter_seed_use(bits::BitView used, const Digest& plan_digest, const trials::LogReader& log) {
  BELLOWS_ASSIGN(Path path, SeedLedger::default_path());
  BELLOWS_ASSIGN(SeedLedger ledger, SeedLedger::open(path));
  BELLOWS_ASSIGN(const Digest key, ledger.key());
  Sha256 use;
  use.update(std::as_bytes(std::span(key.bytes)));
  use.update("bellows: one use of a seed");
  use.update(std::as_bytes(std::span(plan_digest.bytes)));
  for (std::uint64_t i = 0; i < log.block_count(); ++i) {
    BELLOWS_ASSIGN(trials::BlockView block, log.block(i, trials::BlockCheck::none));
    for (std::uint32_t p = 0; p < log.scenario().plane_count(); ++p) {
      const bits::BitView plane = block.plane(p);
      use.update(std::as_bytes(std::span(plane.words, plane.size_words())));
    }
  }
  const Digest name = use.finish();
  SeedUse entered;
  BELLOWS_ASSIGN(entered.with_another_seed, ledger.has_with_another_seed(used, name));
  BELLOWS_TRY(ledger.record(used, name));
  return entered;
}

Status check_seed_ledger() {
  BELLOWS_ASSIGN(Path path, SeedLedger::default_path());
  auto ledger = SeedLedger::open(path);
  return ledger.ok() ? Status() : Status(ledger.error());
}

}  // namespace bellows::extract
