#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "bellows/base/count.h"
#include "bellows/bits/bit_stream.h"
#include "bellows/cli/command.h"
#include "bellows/cli/terminal_text.h"
#include "bellows/quality/battery.h"
#include "bellows/quality/outside.h"

namespace bellows::cli {
namespace {

constexpr const char* manual = R"(The fifteen tests of NIST SP 800-22 rev. 1a. The file is cut into sequences of
--sequence-bits bits; each test gives each sequence one or more p-values. A line
of the report stands for one p-value over all sequences: how they spread over
ten bins, the p-value of that spread, and how many sequences passed. A line
fails where fewer (or more) sequences pass than three standard deviations allow,
or where the spread has a p-value below 0.0001, as in the NIST report. A test
that the document does not define for so short a sequence is 'invalid', not
'failed'.

Of many lines some fail by chance. The verdict below the table looks at all of
them: 'failed' where ideal bits would look this bad less than once in about ten
thousand files. Exit codes: 0 passed; 1 failed; 3 invalid (no test has enough
bits), or a file that cannot be read.

Passing proves nothing about the origin of the bits: a public pseudo-random
generator passes them too.

FILE is a .bits file; with --raw a file without header (first bit of a byte
least significant, --msb-first for the other order), with --ascii digits 0 and 1
as in the NIST example data. '-' is standard input. --dieharder and --ent also
run those programs, where they are installed, on the same bits; a dieharder test
that has to read the file twice is 'invalid'.

Examples:
  bellows test run/output.bits
  bellows test --raw --sequence-bits 1e6 --json random.bin
  head -c 125000000 /dev/urandom | bellows test --raw --quiet -)";

struct Options {
  std::string file;
  bool raw = false, msb_first = false, ascii = false, ent = false, all_rows = false;
  std::string bits, sequence_bits, sequences, p_values_file;
  std::string dieharder;
  quality::BatteryOptions battery;
};

Result<std::optional<std::uint64_t>> optional_count(const std::string& text) {
  if (text.empty()) return std::optional<std::uint64_t>();
  BELLOWS_ASSIGN(std::uint64_t value, parse_count(text));
  return std::optional(value);
}

Result<bits::BitStream> open_stream(const Options& options) {
  if (options.raw && options.ascii) return usage_error("--raw and --ascii are two formats; give one");
  if (options.msb_first && !options.raw) return usage_error("--msb-first goes with --raw");
  BELLOWS_ASSIGN(auto limit, optional_count(options.bits));
  auto format = options.ascii       ? bits::BitStreamFormat::ascii
                : options.msb_first ? bits::BitStreamFormat::raw_msb_first
                : options.raw       ? bits::BitStreamFormat::raw
                                    : bits::BitStreamFormat::bit_file;
  return bits::BitStream::open(options.file, format, limit);
}

// The report's columns fit 80: "first difference" is "first" here.
std::string short_variant(std::string variant) {
  if (variant.rfind("template ", 0) == 0) return variant.substr(9);
  return variant.substr(0, variant.find(" difference"));
}

// Without the words that the name of the test says already, to fit the line.
std::string short_reason(const std::string& reason) {
  constexpr std::string_view walk = "the walk returns to zero in ";
  return reason.rfind(walk, 0) == 0 ? reason.substr(walk.size()) : reason;
}

std::string coloured(const Console& console, quality::RowStatus status) {
  const char* name = quality::row_status_name(status);
  if (!console.color_on_stdout()) return name;
  const char* code = status == quality::RowStatus::passed ? "32" : status == quality::RowStatus::failed ? "1;31" : "33";
  return fmt::format("\033[{}m{}\033[0m", code, name);
}

// Ten bins as one block character each, or as digits where the terminal may not know them.
std::string histogram(const std::array<std::uint64_t, 10>& bins) {
  static constexpr const char* blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::uint64_t highest = std::max<std::uint64_t>(1, *std::max_element(bins.begin(), bins.end()));
  std::string out;
  for (std::uint64_t bin : bins) out += blocks[(bin * 8 + highest - 1) / highest];
  return out;
}

// A row in its columns; a narrow terminal has no room for the histogram, then none for the uniformity, and last none
// for columns.
std::string in_columns(const std::string& name, const std::string& variant, const std::string& bins,
                       const std::string& uniform, const std::string& passed, const std::string& status) {
  const unsigned width = stdout_columns();
  std::string line = fmt::format("{:<23} {:<13}", name, variant);
  if (width < 58) {
    const std::string what = name + (variant.empty() ? "" : " ") + variant;
    constexpr std::size_t longest_status = 11;  // "148 failed" and a space before it
    const bool fits = what.size() + passed.size() + longest_status < width;
    return fmt::format("{}{}{}{}{}", what, fits ? " " : "\n  ", passed, passed.empty() ? "" : " ", status);
  }
  if (width >= 80) line += " " + bins;
  if (width >= 68) line += fmt::format("  {:<8}", uniform);
  return line + fmt::format("  {:>9}  {}", passed, status);
}

void print_row(const Console& console, const quality::BatteryRow& row) {
  std::string name{quality::nist_name(row.test)};
  std::string variant = short_variant(row.variant);
  if (row.status == quality::RowStatus::invalid) {
    const std::string head = fmt::format("{:<23} {:<13} ", name, variant), reason = short_reason(row.invalid_reason);
    const std::string plain = fmt::format("{}invalid: {}", head, reason);
    if (::isatty(STDOUT_FILENO) == 1 && plain.size() >= stdout_columns())
      print_wrapped(console, plain, 2);
    else
      console.print(fmt::format("{}{}: {}", head, coloured(console, row.status), reason));
    return;
  }
  std::string uniformity = row.valid_sequences > 1 ? fmt::format("{:.6f}", *row.uniformity) : "      --";
  std::string p = row.p_values.size() == 1 ? fmt::format("{:.6f}", row.p_values[0])
                                           : fmt::format("{}/{}", row.passed_sequences, row.valid_sequences);
  console.print(in_columns(name, variant, histogram(row.bins), uniformity, p, coloured(console, row.status)));
}

// The 148 templates as one line, unless all are asked for: the worst of them stands for all.
void print_templates(const Console& console, const std::vector<quality::BatteryRow>& rows) {
  quality::BatteryRow total;
  total.test = quality::NistTest::non_overlapping_template;
  std::uint64_t count = 0, failed = 0;
  const quality::BatteryRow* worst = nullptr;
  for (const auto& row : rows) {
    if (row.test != total.test) continue;
    if (row.status == quality::RowStatus::invalid)
      return print_row(console, [&] {
        quality::BatteryRow one = row;
        one.variant = "all templates";
        return one;
      }());
    ++count;
    failed += row.status == quality::RowStatus::failed ? 1 : 0;
    for (std::size_t b = 0; b < 10; ++b) total.bins[b] += row.bins[b];
    auto share = [](const quality::BatteryRow& r) { return r.passed_sequences * 1000000 / r.valid_sequences; };
    if (worst == nullptr || share(row) < share(*worst)) worst = &row;
  }
  if (worst == nullptr) return;
  console.print(in_columns(
      std::string(quality::nist_name(total.test)), fmt::format("{} templates", count), histogram(total.bins), "",
      worst->valid_sequences > 1 ? fmt::format(">={}/{}", worst->passed_sequences, worst->valid_sequences) : "",
      failed == 0 ? coloured(console, quality::RowStatus::passed)
                  : fmt::format("{} {}", failed, coloured(console, quality::RowStatus::failed))));
}

void print_report(const Console& console, const quality::BatteryReport& report, bool all_rows) {
  using quality::RowStatus;
  print_wrapped(console, fmt::format("{} bits in {} sequence{} of {} bits{}", report.size_bits, report.sequences,
                                     report.sequences == 1 ? "" : "s", report.sequence_bits,
                                     report.unused_bits ? fmt::format(" ({} left over)", report.unused_bits) : ""));
  console.print("");
  console.print(in_columns("test", "", "p-values  ", "uniform", report.sequences == 1 ? "p-value" : "passed", ""));
  bool templates_done = false;
  for (const auto& row : report.rows) {
    if (row.test == quality::NistTest::non_overlapping_template && !all_rows) {
      if (!templates_done) print_templates(console, report.rows);
      templates_done = true;
    } else {
      print_row(console, row);
    }
  }
  console.print("");
  print_wrapped(
      console,
      fmt::format("{} lines: {} passed, {} failed, {} invalid. Of ideal bits about {:.1f} lines fail by chance.",
                  report.rows.size(), report.rows_with(RowStatus::passed), report.rows_with(RowStatus::failed),
                  report.rows_with(RowStatus::invalid), report.expected_failed_rows));
  console.print(fmt::format("verdict: {}", coloured(console, report.verdict)));
}

Status print_outside(const Console& console, const Options& options, const Context& context, nlohmann::json& document,
                     bool& failed) {
  if (options.dieharder.empty() && !options.ent) return {};
  BELLOWS_ASSIGN(bits::BitStream stream, open_stream(options));
  BELLOWS_ASSIGN(auto file, quality::MemoryFile::create());
  bits::BitString piece(std::uint64_t{1} << 23);
  for (std::uint64_t got = piece.size_bits(); got == piece.size_bits();) {
    BELLOWS_ASSIGN(got, stream.read(piece.words(), piece.size_bits()));
    BELLOWS_TRY(file.append(piece.bytes().first(got / 8)));
  }
  if (options.ent) {
    BELLOWS_ASSIGN(auto report, quality::run_ent(file.path(), context));
    document["ent"] = quality::ent_json(report);
    console.print("");
    print_wrapped(console,
                  fmt::format("ent: {:.6f} bits per byte, chi-square {:.2f} (p = {:.6f}), mean {:.4f}, pi {:.6f}, "
                              "serial correlation {:.6f}",
                              report.entropy_bits_per_byte, report.chi_square, report.chi_square_p_value,
                              report.mean_byte, report.monte_carlo_pi, report.serial_correlation));
  }
  if (options.dieharder.empty()) return {};
  std::vector<int> numbers;
  if (options.dieharder == "all") {
    BELLOWS_ASSIGN(numbers, quality::dieharder_tests());
  } else {
    for (const std::string& word : CLI::detail::split(options.dieharder, ',')) {
      BELLOWS_ASSIGN(std::uint64_t number, parse_count(word));
      if (number > 100000) return usage_error("dieharder has no test of this number", "", word);
      numbers.push_back(static_cast<int>(number));
    }
  }
  BELLOWS_ASSIGN(auto rows, quality::run_dieharder(file.path(), numbers, context));
  document["dieharder"] = quality::dieharder_json(rows);
  console.print("");
  for (const auto& row : rows) {
    failed = failed || row.status == quality::RowStatus::failed;
    std::string name = fmt::format("dieharder {} {}", row.test, row.ntuple);
    console.print(row.status == quality::RowStatus::invalid
                      ? fmt::format("{:<42} {}: the file was read {} times over", name, coloured(console, row.status),
                                    row.times_rewound)
                      : fmt::format("{:<42} p = {:.6f}  {} ({})", name, row.p_value, coloured(console, row.status),
                                    row.assessment));
  }
  return {};
}

// One line a sequence and p-value, written while the test runs.
Result<quality::SequenceObserver> p_value_writer(const Options& options, std::shared_ptr<AtomicFile>& file) {
  if (options.p_values_file.empty()) return quality::SequenceObserver();
  BELLOWS_ASSIGN(AtomicFile created, AtomicFile::create(options.p_values_file, private_file_mode, false));
  file = std::make_shared<AtomicFile>(std::move(created));
  BELLOWS_TRY(file->write("sequence,test,index,p_value\n"));
  return quality::SequenceObserver([file](std::uint64_t sequence, const quality::NistOutcomes& outcomes) -> Status {
    std::string text;
    for (std::size_t t = 0; t < outcomes.size(); ++t)
      for (std::size_t i = 0; i < outcomes[t].p_values.size(); ++i)
        fmt::format_to(std::back_inserter(text), "{},{},{},{:.9g}\n", sequence,
                       quality::nist_name(static_cast<quality::NistTest>(t)), i, outcomes[t].p_values[i]);
    return file->write(text);
  });
}

// With --any-length also p-values are computed that the document does not stand for.
std::string warning_of(const quality::BatteryReport& report, const quality::NistParameters& parameters) {
  constexpr std::uint64_t long_enough_bits = 1000000;  // for every test of the document
  if (!parameters.ignore_minimum_length || report.sequences == 0 || report.sequence_bits >= long_enough_bits) return {};
  return fmt::format(
      "Warning: sequences of {} bits are shorter than some of these tests are meant for. Their p-values are "
      "approximations that do not hold there: ideal bits may fail. Without --any-length these lines are invalid.",
      report.sequence_bits);
}

Result<Verdict> run(Options options, Console& console) {
  BELLOWS_ASSIGN(options.battery.sequence_bits, optional_count(options.sequence_bits));
  BELLOWS_ASSIGN(options.battery.sequences, optional_count(options.sequences));
  if (options.file == "-" && (options.ent || !options.dieharder.empty()))
    return usage_error("--ent and --dieharder read the bits a second time; give a file, not '-'");
  BELLOWS_ASSIGN(bits::BitStream stream, open_stream(options));
  std::shared_ptr<AtomicFile> p_values;
  BELLOWS_ASSIGN(auto observer, p_value_writer(options, p_values));
  Context context = console.context();
  BELLOWS_ASSIGN(auto report, quality::run_battery(stream, options.battery, context, observer));
  if (p_values) BELLOWS_TRY(p_values->commit());
  console.finish_progress();
  nlohmann::json document = quality::battery_json(report);
  const std::string warning = warning_of(report, options.battery.parameters);
  if (!warning.empty()) document["warning"] = warning;
  print_report(console, report, options.all_rows);
  if (!warning.empty()) print_wrapped(console, warning);
  bool outside_failed = false;
  BELLOWS_TRY(print_outside(console, options, context, document, outside_failed));
  print_wrapped(console, quality::no_proof_of_origin);
  console.result(document);
  if (report.verdict == quality::RowStatus::failed || outside_failed) return Verdict::refused;
  // Neither passed nor failed: as for every input that is too short.
  return report.verdict == quality::RowStatus::invalid ? static_cast<Verdict>(exit_code(ErrorCode::bad_input))
                                                       : Verdict::done;
}

}  // namespace

void add_test(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("test", "statistical tests of a bit file (NIST SP 800-22)", manual);
  verb.add_option("FILE", options->file, "bit file; '-' for standard input")->required();
  verb.add_flag("--raw", options->raw, "FILE has no header");
  verb.add_flag("--msb-first", options->msb_first, "with --raw: the first bit of a byte is its most significant");
  verb.add_flag("--ascii", options->ascii, "FILE holds digits 0 and 1");
  verb.add_option("--bits", options->bits, "test only the first N bits")->type_name("N");
  verb.add_option("--sequence-bits", options->sequence_bits,
                  "bits of one sequence (default: 1000000, or the file where it is shorter)")
      ->type_name("N");
  verb.add_option("--sequences", options->sequences, "test only the first N sequences")->type_name("N");
  verb.add_option("--significance", options->battery.significance, "a p-value below it fails a sequence")
      ->capture_default_str();
  verb.add_flag("--all-rows", options->all_rows, "a line for each of the 148 templates");
  verb.add_option("--p-values", options->p_values_file, "write every p-value of every sequence to this CSV file")
      ->type_name("CSV");
  verb.add_flag("--any-length", options->battery.parameters.ignore_minimum_length,
                "compute tests also on sequences shorter than the document asks for, as the NIST programme does; where "
                "their approximations do not hold, ideal bits may fail");
  auto& parameters = options->battery.parameters;
  const char* group = "Parameters of single tests";
  verb.add_option("--block-frequency-bits", parameters.block_frequency_block_bits,
                  "bits of a block in the block frequency test")
      ->capture_default_str()
      ->group(group);
  verb.add_option("--template-bits", parameters.non_overlapping_template_bits, "bits of a non-overlapping template")
      ->capture_default_str()
      ->group(group);
  verb.add_option("--overlapping-template-bits", parameters.overlapping_template_bits,
                  "bits of the overlapping template")
      ->capture_default_str()
      ->group(group);
  verb.add_option("--approximate-entropy-bits", parameters.approximate_entropy_bits,
                  "bits of a block in the approximate entropy test")
      ->capture_default_str()
      ->group(group);
  verb.add_option("--serial-bits", parameters.serial_bits, "bits of a block in the serial test")
      ->capture_default_str()
      ->group(group);
  verb.add_option("--linear-complexity-bits", parameters.linear_complexity_block_bits,
                  "bits of a block in the linear complexity test")
      ->capture_default_str()
      ->group(group);
  verb.add_flag("--ent", options->ent, "run ent too");
  verb.add_option("--dieharder", options->dieharder, "run dieharder too: all its tests, or a list of numbers")
      ->expected(0, 1)
      ->default_str("all")
      ->type_name("[LIST]");
  line.on_run(verb, [options](Console& console) { return run(*options, console); });
}

}  // namespace bellows::cli
