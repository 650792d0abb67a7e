#include "bellows/protocol/masanes_records.h"

#include <fmt/format.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "bellows/bits/cpu.h"
#include "bellows/trials/reader.h"

namespace bellows::protocol {
namespace {

void append_word(std::uint64_t bits, unsigned count, std::uint64_t* to, std::uint64_t& position) {
  if (count == 0) return;
  std::uint64_t shift = position % 64;
  to[position / 64] |= bits << shift;
  if (shift + count > 64) to[position / 64 + 1] |= bits >> (64 - shift);
  position += count;
}

}  // namespace

unsigned setting_bit_count(unsigned settings) { return static_cast<unsigned>(std::bit_width(settings)); }

trials::LogHeader records_header(unsigned settings, const std::string& party, nlohmann::json metadata) {
  trials::LogHeader header;
  header.scenario = trials::Scenario{{trials::Party{settings + 1, 2}}};
  header.metadata = std::move(metadata);
  header.metadata["protocol"] = "masanes";
  header.metadata["party"] = party;
  return header;
}

Result<PartyRecords> read_records(const Path& path, const Context& context, const std::string& party) {
  BELLOWS_ASSIGN(auto reader, trials::LogReader::open(path));
  if (auto whose = reader.header().metadata.find("party"); whose != reader.header().metadata.end() && !party.empty())
    for (const char* other : {"alice", "bob"})
      if (*whose == other && party != other)
        return bad_input("these are the other party's records", path, std::nullopt, party + "'s",
                         other + std::string("'s"));
  BELLOWS_TRY(reader.require_complete());
  BELLOWS_TRY(reader.require_trials());
  const auto& parties = reader.scenario().parties;
  if (parties.size() != 1 || parties[0].outcome_count != 2 || parties[0].setting_count < 3 ||
      parties[0].setting_count > most_settings + 1)
    return bad_input("not the records of one party of a key distribution", path, std::nullopt,
                     "one party, 3 to 101 settings, 2 outcomes", reader.scenario().name());
  PartyRecords records;
  records.settings = parties[0].setting_count - 1;
  records.pairs = reader.trial_count();
  if (auto simulated = reader.header().metadata.find("simulated"); simulated != reader.header().metadata.end())
    records.simulated = simulated->is_boolean() && simulated->get<bool>();
  for (unsigned bit = 0; bit < setting_bit_count(records.settings); ++bit)
    records.setting_bits.emplace_back(records.pairs);
  records.outcomes = bits::BitString(records.pairs);
  for (std::uint64_t index = 0; index < reader.block_count(); ++index) {
    BELLOWS_TRY(context.check_cancelled());
    BELLOWS_ASSIGN(auto block, reader.block(index));
    for (unsigned bit = 0; bit < records.setting_bits.size(); ++bit)
      bits::copy_bits(block.setting(0, bit), records.setting_bits[bit].words(), block.first_trial);
    bits::copy_bits(block.outcome(0), records.outcomes.words(), block.first_trial);
    reader.release(index);
  }
  BELLOWS_ASSIGN(records.digest, reader.digest(context));
  if (auto recorded = reader.recorded_digest(); recorded && *recorded != records.digest)
    return bad_input("the log's digest is wrong", path);
  return records;
}

bits::BitString test_choice(const PartyRecords& records) {
  bits::BitString choice(records.pairs);
  for (const auto& plane : records.setting_bits)
    for (std::uint64_t i = 0; i < choice.size_words(); ++i) choice.words()[i] |= plane.words()[i];
  return choice;
}

bits::BitString where_setting_is(const std::vector<bits::BitString>& setting_bits, unsigned value) {
  bits::BitString where(setting_bits[0].size_bits());
  for (std::uint64_t i = 0; i < where.size_words(); ++i) {
    std::uint64_t equal = ~std::uint64_t{0};
    for (unsigned bit = 0; bit < setting_bits.size(); ++bit)
      equal &= (value >> bit & 1) != 0 ? setting_bits[bit].words()[i] : ~setting_bits[bit].words()[i];
    where.words()[i] = equal;
  }
  where.trim();
  return where;
}

std::uint64_t compress_portable(const std::uint64_t* bits, const std::uint64_t* mask, std::uint64_t words,
                                std::uint64_t* to, std::uint64_t position) {
  for (std::uint64_t i = 0; i < words; ++i) {
    std::uint64_t packed = 0;
    unsigned count = 0;
    for (std::uint64_t rest = mask[i]; rest != 0; rest &= rest - 1)
      packed |= (bits[i] >> std::countr_zero(rest) & 1) << count++;
    append_word(packed, count, to, position);
  }
  return position;
}

bits::BitString compress(bits::BitView bits, bits::BitView mask) {
  BELLOWS_CHECK(bits.size_bits == mask.size_bits, "mask of another length");
  bits::BitString chosen(bits::count_ones(mask));
  bool whole_last = mask.size_bits % 64 == 0;
  std::uint64_t words = mask.size_words() - (whole_last ? 0 : 1), position = 0;
  auto kernel = compress_portable;
#if defined(__x86_64__)
  if (bits::active_kernel() >= bits::Kernel::avx2) kernel = compress_bmi2;
#endif
  position = kernel(bits.words, mask.words, words, chosen.words(), position);
  if (!whole_last) {
    std::uint64_t last = mask.word(words);
    compress_portable(bits.words + words, &last, 1, chosen.words(), position);
  }
  return chosen;
}

Result<TestCount> count_test(unsigned settings, const std::vector<bits::BitString>& alice_setting, bits::BitView alice,
                             const std::vector<bits::BitString>& bob_setting, bits::BitView bob) {
  TestCount count;
  const std::uint64_t words = alice.size_words();
  std::vector<std::uint64_t> at_x(settings), at_y(settings);
  auto spread = [&](const std::vector<bits::BitString>& planes, std::uint64_t word, std::vector<std::uint64_t>& at) {
    std::uint64_t any = 0;
    for (unsigned s = 0; s < settings; ++s) {
      std::uint64_t equal = ~std::uint64_t{0};
      for (unsigned bit = 0; bit < planes.size(); ++bit)
        equal &= ((s + 1) >> bit & 1) != 0 ? planes[bit].words()[word] : ~planes[bit].words()[word];
      any |= at[s] = equal;
    }
    return any;
  };
  for (std::uint64_t i = 0; i < words; ++i) {
    std::uint64_t valid =
        i + 1 == words && alice.size_bits % 64 != 0 ? bits::low_mask(alice.size_bits % 64) : ~std::uint64_t{0};
    if ((spread(alice_setting, i, at_x) & spread(bob_setting, i, at_y) & valid) != valid)
      return bad_input("an announced test pair has a setting that is none");
    std::uint64_t counts = 0;
    for (unsigned x = 0; x < settings; ++x) counts |= at_x[x] & (at_y[x] | at_y[(x + settings - 1) % settings]);
    counts &= valid;
    std::uint64_t lost = (alice.words[i] ^ bob.words[i] ^ (at_x[0] & at_y[settings - 1])) & counts;
    count.tested += static_cast<std::uint64_t>(std::popcount(counts));
    count.lost += static_cast<std::uint64_t>(std::popcount(lost));
  }
  return count;
}

}  // namespace bellows::protocol
