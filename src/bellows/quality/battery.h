// The fifteen tests over a whole file: sequences, proportions, uniformity, verdict; as in the report of the NIST
// programme.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/progress.h"
#include "bellows/base/result.h"
#include "bellows/bits/bit_stream.h"
#include "bellows/quality/nist.h"

namespace bellows::quality {

/// Passing says nothing of where bits come from; every report carries this sentence.
inline constexpr const char* no_proof_of_origin =
    "Passing these tests proves nothing about the origin of the bits: a public pseudo-random generator passes them "
    "too.";

enum class RowStatus { passed, failed, invalid };
const char* row_status_name(RowStatus status);

/// One line of the report: one p-value of one test, over all sequences.
struct BatteryRow {
  NistTest test{};
  std::size_t index = 0;
  std::string variant;                   ///< "template 000000001", "state -4"; empty where a test has one p-value
  std::array<std::uint64_t, 10> bins{};  ///< p-values in [0, 0.1), [0.1, 0.2), ...
  std::uint64_t valid_sequences = 0;     ///< sequences with a p-value
  std::uint64_t passed_sequences = 0;    ///< of these, p >= significance
  std::uint64_t passes_needed = 0;       ///< fewest that the interval of section 4.2.1 allows
  std::optional<double> uniformity;      ///< p-value of section 4.2.2; nothing without a valid sequence
  std::optional<double> smallest_p_value;
  RowStatus status = RowStatus::invalid;
  std::string invalid_reason;    ///< of the first sequence without a p-value
  std::vector<double> p_values;  ///< one a sequence, NaN where invalid; empty beyond kept_sequences
};

struct BatteryReport {
  std::uint64_t size_bits = 0;
  std::uint64_t sequence_bits = 0;
  std::uint64_t sequences = 0;
  std::uint64_t unused_bits = 0;  ///< after the last whole sequence
  double significance = 0.01;
  NistParameters parameters;
  std::vector<BatteryRow> rows;
  /// A verdict on all rows together: `failed` only where bits from an ideal source would be refused less than once in
  /// ten thousand files (Bonferroni over the rows); single rows fail now and then by chance.
  RowStatus verdict = RowStatus::invalid;
  double expected_failed_rows = 0;  ///< by chance, for ideal bits
  std::uint64_t rows_with(RowStatus status) const;
};

struct BatteryOptions {
  /// Bits of a sequence; nothing: a million, or the whole file where it is shorter.
  std::optional<std::uint64_t> sequence_bits;
  /// Sequences to test; nothing: all that the file holds.
  std::optional<std::uint64_t> sequences;
  double significance = 0.01;
  NistParameters parameters;
  /// p-values are kept in the rows for up to so many sequences.
  std::uint64_t kept_sequences = 1000;
};

/// Sees the outcomes of each sequence in order, for a file of all p-values.
using SequenceObserver = std::function<Status(std::uint64_t sequence, const NistOutcomes& outcomes)>;

/// Reads the stream to its end, sequence by sequence, and tests on context.thread_count threads.
/// Out:    rows in the order of the tests. A file shorter than a test needs gives rows that are `invalid`.
/// Errors: usage: parameters or sequence length out of range; bad_input: from the stream; cancelled.
/// Cost:   about 40 ms a megabit on one core; memory: about 24 bytes a bit of sequence and thread, whatever the file.
Result<BatteryReport> run_battery(bits::BitStream& stream, const BatteryOptions& options, const Context& context,
                                  const SequenceObserver& observer = {});

/// The report as JSON, everything that the text shows and the kept p-values (null where invalid).
nlohmann::json battery_json(const BatteryReport& report);

}  // namespace bellows::quality
