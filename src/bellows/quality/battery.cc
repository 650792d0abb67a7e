#include "bellows/quality/battery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bellows/base/threads.h"
#include "bellows/quality/special_functions.h"

namespace bellows::quality {
namespace {

constexpr std::uint64_t usual_sequence_bits = 1000000;
constexpr double uniformity_limit = 0.0001;     // section 4.2.2
constexpr std::uint64_t uniformity_needs = 55;  // sequences, same place
constexpr double verdict_limit = 0.0001;

std::vector<BatteryRow> empty_rows(const NistParameters& parameters) {
  std::vector<BatteryRow> rows;
  for (std::size_t t = 0; t < nist_test_count; ++t) {
    auto test = static_cast<NistTest>(t);
    for (std::size_t i = 0; i < nist_p_value_count(test, parameters); ++i) {
      BatteryRow row;
      row.test = test;
      row.index = i;
      row.variant = nist_variant(test, parameters, i);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

void add_outcomes(std::vector<BatteryRow>& rows, const NistOutcomes& outcomes, double significance, bool keep) {
  for (BatteryRow& row : rows) {
    const NistOutcome& outcome = outcomes[static_cast<std::size_t>(row.test)];
    if (!outcome.valid()) {
      if (row.invalid_reason.empty()) row.invalid_reason = outcome.invalid_reason;
      if (keep) row.p_values.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    double p = outcome.p_values.at(row.index);
    ++row.valid_sequences;
    row.passed_sequences += p >= significance ? 1 : 0;
    ++row.bins[std::min<std::size_t>(9, static_cast<std::size_t>(p * 10.0))];
    row.smallest_p_value = std::min(row.smallest_p_value.value_or(1.0), p);
    if (keep) row.p_values.push_back(p);
  }
}

// Fewest and most passes within three standard deviations (section 4.2.1).
struct PassRange {
  std::uint64_t least, most;
};
PassRange pass_range(std::uint64_t sequences, double significance) {
  auto count = static_cast<double>(sequences);
  double half_width = 3.0 * std::sqrt((1.0 - significance) * significance / count);
  double low = (1.0 - significance - half_width) * count;
  double high = (1.0 - significance + half_width) * count;
  return {static_cast<std::uint64_t>(std::ceil(std::max(low, 0.0))), static_cast<std::uint64_t>(std::floor(high))};
}

void finish_row(BatteryRow& row, double significance) {
  if (row.valid_sequences == 0) {
    row.status = RowStatus::invalid;
    if (row.invalid_reason.empty()) row.invalid_reason = "no sequence";
    return;
  }
  auto count = static_cast<double>(row.valid_sequences);
  double chi_square = 0;
  for (std::uint64_t bin : row.bins) {
    double excess = static_cast<double>(bin) - count / 10.0;
    chi_square += excess * excess / (count / 10.0);
  }
  row.uniformity = chi_square_tail(9.0, chi_square);
  auto [least, most] = pass_range(row.valid_sequences, significance);
  row.passes_needed = least;
  bool passed = row.passed_sequences >= least && row.passed_sequences <= most && *row.uniformity >= uniformity_limit;
  row.status = passed ? RowStatus::passed : RowStatus::failed;
}

// Far out, the chi-square approximation of tests that count rare things gives p-values that are much too small; a power
// of the p-value bounds the true one.
double tail_power(NistTest test) {
  return test == NistTest::non_overlapping_template || test == NistTest::random_excursions ? 0.5 : 0.9;
}

void finish(BatteryReport& report) {
  std::uint64_t valid_rows = 0;
  double smallest = 1.0;
  for (BatteryRow& row : report.rows) {
    finish_row(row, report.significance);
    if (row.status == RowStatus::invalid) continue;
    ++valid_rows;
    std::uint64_t failures = row.valid_sequences - row.passed_sequences;
    auto [least, most] = pass_range(row.valid_sequences, report.significance);
    report.expected_failed_rows +=
        binomial_tail(static_cast<std::int64_t>(row.valid_sequences), report.significance,
                      static_cast<std::int64_t>(row.valid_sequences - least + 1)) +
        (most < row.valid_sequences
             ? 1.0 - binomial_tail(static_cast<std::int64_t>(row.valid_sequences), report.significance,
                                   static_cast<std::int64_t>(row.valid_sequences - most))
             : 0.0);
    // Three looks at a row: how many sequences fail, how far the worst one does, whether the p-values are spread
    // evenly.
    double looks = 2.0;
    double worst = std::pow(*row.smallest_p_value, tail_power(row.test)) * static_cast<double>(row.valid_sequences);
    double row_p = std::min(worst, binomial_tail(static_cast<std::int64_t>(row.valid_sequences), report.significance,
                                                 static_cast<std::int64_t>(failures)));
    if (row.valid_sequences >= uniformity_needs) {
      looks = 3.0;
      row_p = std::min(row_p, *row.uniformity);
    }
    smallest = std::min(smallest, row_p * looks);
  }
  report.verdict = valid_rows == 0                                              ? RowStatus::invalid
                   : smallest * static_cast<double>(valid_rows) < verdict_limit ? RowStatus::failed
                                                                                : RowStatus::passed;
}

Status check_options(const BatteryOptions& options) {
  if (std::string problem = check_nist_parameters(options.parameters); !problem.empty()) return usage_error(problem);
  if (options.sequence_bits && (*options.sequence_bits < 1 || *options.sequence_bits > max_sequence_bits))
    return usage_error("sequence length out of range", fmt::format("1 to {} bits", max_sequence_bits),
                       fmt::format("{}", *options.sequence_bits));
  if (!(options.significance > 0 && options.significance < 0.5))
    return usage_error("significance out of range", "above 0 and below 0.5", fmt::format("{}", options.significance));
  return {};
}

}  // namespace

const char* row_status_name(RowStatus status) {
  switch (status) {
    case RowStatus::passed:
      return "passed";
    case RowStatus::failed:
      return "failed";
    case RowStatus::invalid:
      return "invalid";
  }
  return "invalid";
}

std::uint64_t BatteryReport::rows_with(RowStatus status) const {
  return static_cast<std::uint64_t>(
      std::count_if(rows.begin(), rows.end(), [&](const BatteryRow& row) { return row.status == status; }));
}

Result<BatteryReport> run_battery(bits::BitStream& stream, const BatteryOptions& options, const Context& context,
                                  const SequenceObserver& observer) {
  BELLOWS_TRY(check_options(options));
  BatteryReport report;
  report.significance = options.significance;
  report.parameters = options.parameters;
  report.rows = empty_rows(options.parameters);
  std::uint64_t sequence_bits = options.sequence_bits.value_or(usual_sequence_bits);
  std::uint64_t most_sequences = options.sequences.value_or(std::numeric_limits<std::uint64_t>::max());
  std::uint64_t total_bits = stream.size_bits().value_or(0);
  if (options.sequences) total_bits = std::min(total_bits, most_sequences * sequence_bits);
  unsigned threads = std::max(1u, context.thread_count);
  // Several sequences a thread level out their running times; long ones are few, so that memory stays small.
  std::uint64_t batch_size = threads * std::clamp<std::uint64_t>((std::uint64_t{1} << 22) / sequence_bits, 1, 8);
  std::vector<Sequence> batch(batch_size);
  std::vector<NistOutcomes> outcomes(batch_size);
  for (bool more = true; more && report.sequences < most_sequences;) {
    std::uint64_t count = 0;
    while (count < batch_size && report.sequences + count < most_sequences) {
      BELLOWS_TRY(context.check_cancelled());
      Sequence& sequence = batch[count];
      sequence.resize(sequence_bits);
      BELLOWS_ASSIGN(std::uint64_t got, stream.read(sequence.words(), sequence_bits));
      report.size_bits += got;
      if (got < sequence_bits) {
        more = false;
        report.unused_bits = got;
        // A file shorter than the usual sequence is one sequence, as long as it is.
        if (report.sequences + count == 0 && !options.sequence_bits && got > 0) {
          Sequence whole(got);
          std::copy_n(sequence.words(), bits::words_for(got), whole.words());
          sequence = std::move(whole);
          sequence_bits = got;
          report.unused_bits = 0;
          ++count;
        }
        break;
      }
      ++count;
    }
    parallel_for(count, threads, [&](std::uint64_t i, unsigned) {
      outcomes[i] = context.check_cancelled().ok() ? run_nist_tests(batch[i], options.parameters) : NistOutcomes{};
    });
    BELLOWS_TRY(context.check_cancelled());
    for (std::uint64_t i = 0; i < count; ++i, ++report.sequences) {
      add_outcomes(report.rows, outcomes[i], options.significance, report.sequences < options.kept_sequences);
      if (observer) BELLOWS_TRY(observer(report.sequences, outcomes[i]));
    }
    context.report("testing", report.sequences * sequence_bits, total_bits, "bit");
  }
  report.sequence_bits = sequence_bits;
  if (report.sequences > options.kept_sequences)
    for (BatteryRow& row : report.rows) row.p_values.clear();
  if (report.sequences == 0)
    for (BatteryRow& row : report.rows)
      row.invalid_reason = fmt::format("the file holds {} bits, fewer than one sequence", report.size_bits);
  finish(report);
  return report;
}

}  // namespace bellows::quality
