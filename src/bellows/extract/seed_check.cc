#include "bellows/extract/seed_check.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "bellows/extract/seed_ledger.h"
#include "bellows/trials/raw_string.h"

namespace bellows::extract {
namespace {

// So many equal bits at the start are no accident (2^-128), and so many are looked at at most.
constexpr std::uint64_t enough_bits = 128, most_bits = 1 << 16;

struct Candidate {
  std::string name;
  bits::BitString bits;
};

// The planes of the first blocks, as one string a plane.
Result<std::vector<bits::BitString>> first_planes(const trials::LogReader& log) {
  std::vector<bits::BitString> planes(log.scenario().plane_count());
  for (std::uint64_t i = 0; i < log.block_count() && planes[0].size_bits() < most_bits; ++i) {
    BELLOWS_ASSIGN(trials::BlockView block, log.block(i, trials::BlockCheck::none));
    for (std::uint32_t p = 0; p < planes.size(); ++p) {
      bits::BitView plane = block.plane(p);
      planes[p].append(plane.first(std::min(plane.size_bits, most_bits)));
    }
  }
  return planes;
}

bits::BitString interleave(const std::vector<const bits::BitString*>& planes) {
  std::uint64_t width = planes.size(), length = planes[0]->size_bits();
  bits::BitString mixed(width * length);
  for (std::uint64_t i = 0; i < length; ++i)
    for (std::uint64_t p = 0; p < width; ++p) mixed.set(i * width + p, (*planes[p])[i]);
  return mixed;
}

bool same_start(bits::BitView seed, bits::BitView other) {
  std::uint64_t length = std::min({seed.size_bits, other.size_bits, most_bits});
  if (length < enough_bits) return false;
  for (std::uint64_t i = 0; i < length; i += 64)
    if (((seed.word_at_bit(i) ^ other.word_at_bit(i)) & bits::low_mask(std::min<std::uint64_t>(64, length - i))) != 0)
      return false;
  return true;
}

}  // namespace

Status check_seed_is_not_from_log(bits::BitView seed, const trials::LogReader& log) {
  BELLOWS_ASSIGN(std::vector<bits::BitString> planes, first_planes(log));
  std::vector<Candidate> candidates;
  std::vector<const bits::BitString*> settings, outcomes, all;
  for (std::uint32_t party = 0; party < log.scenario().parties.size(); ++party) {
    const trials::Party& choices = log.scenario().parties[party];
    char letter = static_cast<char>('A' + party);
    for (std::uint32_t bit = 0; bit < choices.setting_bits(); ++bit) {
      settings.push_back(&planes[log.scenario().setting_plane(party, bit)]);
      candidates.push_back({fmt::format("the settings of party {}", letter), *settings.back()});
    }
    for (std::uint32_t bit = 0; bit < choices.outcome_bits(); ++bit) {
      outcomes.push_back(&planes[log.scenario().outcome_plane(party, bit)]);
      candidates.push_back({fmt::format("the outcomes of party {}", letter), *outcomes.back()});
    }
  }
  for (const bits::BitString& plane : planes) all.push_back(&plane);
  candidates.push_back({"the settings of all parties in turn", interleave(settings)});
  candidates.push_back({"the outcomes of all parties in turn", interleave(outcomes)});
  candidates.push_back({"the records of the log", interleave(all)});
  trials::RawString raw(log);
  bits::BitString raw_start(std::min(raw.size_bits(), most_bits));
  raw.read(0, raw_start.size_bits(), raw_start.words());
  candidates.push_back({"the raw string", std::move(raw_start)});
  for (const Candidate& candidate : candidates)
    if (same_start(seed, candidate.bits))
      return bad_input("the seed is a copy of bits of the log; it must be drawn after the last outcome", log.path(),
                       std::nullopt, "bits that the device cannot know", candidate.name);
  return {};
}

Status enter_seed_use(bits::BitView used, const Digest& plan_digest, const trials::LogReader& log) {
  Sha256 use;
  use.update("bellows: one use of a seed");
  use.update(std::as_bytes(std::span(plan_digest.bytes)));
  for (std::uint64_t i = 0; i < log.block_count(); ++i) {
    BELLOWS_ASSIGN(trials::BlockView block, log.block(i, trials::BlockCheck::none));
    for (std::uint32_t party = 0; party < log.scenario().parties.size(); ++party) {
      bits::BitView settings = block.setting(party);
      use.update(std::as_bytes(std::span(settings.words, settings.size_words())));
    }
  }
  BELLOWS_ASSIGN(Path path, SeedLedger::default_path());
  BELLOWS_ASSIGN(SeedLedger ledger, SeedLedger::open(path));
  return ledger.record(used, use.finish());
}

}  // namespace bellows::extract
