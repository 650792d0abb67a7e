#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bellows/base/digest.h"
#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/bits/bit_string.h"
#include "bellows/trials/log.h"

namespace bellows::protocol {

/// Settings of a party as its log has them: 0 is "for the raw key" (Alice measures x = 0, Bob y = M), 1 + s is "for the
/// test, setting s". So Alice's raw x = 0 and test x = 0 differ in the log and not for her box.
inline constexpr unsigned most_settings = 100;

/// One party's half of the records, in memory. Planes hold bit i for pair i.
struct PartyRecords {
  unsigned settings = 0;                      ///< M
  std::uint64_t pairs = 0;                    ///< N
  std::vector<bits::BitString> setting_bits;  ///< of 0 .. M, lowest first
  bits::BitString outcomes;
  Digest digest;           ///< of the log
  bool simulated = false;  ///< metadata say so
  std::uint64_t size_bytes() const { return (setting_bits.size() + 1) * divide_up(pairs, 8); }
};

/// Bits needed for settings 0 .. M.
unsigned setting_bit_count(unsigned settings);
/// The scenario and metadata of a log of one party.
trials::LogHeader records_header(unsigned settings, const std::string& party, nlohmann::json metadata);

/// In:     party: "alice" or "bob", whose they must be where the log says so ("party" in its metadata); empty:
/// anybody's. Errors: bad_input: not a complete log of one party with 3 to 101 settings and two outcomes; the other
/// party's; what
///         the reader finds. refused: no trials.
Result<PartyRecords> read_records(const Path& path, const Context& context = {}, const std::string& party = {});

/// The pairs with a setting other than 0: the party's test pairs (I, J of the paper).
bits::BitString test_choice(const PartyRecords& records);
/// The pairs whose setting is `value`; planes may be compressed ones.
bits::BitString where_setting_is(const std::vector<bits::BitString>& setting_bits, unsigned value);

/// The bits at the places where the mask is 1, one after another.
bits::BitString compress(bits::BitView bits, bits::BitView mask);
/// Software and BMI2 kernels of it: appends the chosen bits of `words` words at bit `position` of `to` (zeroed memory);
/// returns the position after them.
std::uint64_t compress_portable(const std::uint64_t* bits, const std::uint64_t* mask, std::uint64_t words,
                                std::uint64_t* to, std::uint64_t position);
std::uint64_t compress_bmi2(const std::uint64_t* bits, const std::uint64_t* mask, std::uint64_t words,
                            std::uint64_t* to, std::uint64_t position);

/// What the announced test pairs say. All views have one bit a test pair.
struct TestCount {
  std::uint64_t tested = 0;  ///< x - y mod M in {0, 1}
  std::uint64_t lost = 0;    ///< of those, a xor b xor [x = 0 and y = M-1] is 1
};
/// In: alice_setting, bob_setting: planes of 1 + s at the test pairs. Errors: bad_input: a setting that is none.
Result<TestCount> count_test(unsigned settings, const std::vector<bits::BitString>& alice_setting, bits::BitView alice,
                             const std::vector<bits::BitString>& bob_setting, bits::BitView bob);

}  // namespace bellows::protocol
