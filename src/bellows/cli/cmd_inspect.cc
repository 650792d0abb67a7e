#include <fmt/format.h>

#include <cstring>
#include <ctime>
#include <optional>

#include "bellows/base/plain_file.h"
#include "bellows/bits/bit_file.h"
#include "bellows/cli/command.h"
#include "bellows/cli/terminal_text.h"
#include "bellows/trials/log_format.h"
#include "bellows/trials/reader.h"

namespace bellows::cli {
namespace {

constexpr const char* manual = R"(Shows what a trial log or a .bits file holds; neither trials nor bits are printed.

Of a trial log: who takes part, the plan's digest, metadata, blocks and trials, and
whether it is complete. --check reads all of it: every checksum, and the digest
against the one that the end of the log states. A log that is being written, or
was cut, is shown as far as it goes (exit code 0; with --check too, if its whole
blocks are sound).

Of a .bits file: the number of bits, and of seed files the digest; the file is read
and checked.

Examples:
  bellows inspect run12.trials
  bellows inspect --check --blocks --json run12.trials)";

struct Options {
  std::string file;
  bool check = false, blocks = false;
};

std::string readable_time(std::uint64_t time_ns) {
  if (time_ns == 0) return "not known";
  auto seconds = static_cast<std::time_t>(time_ns / 1'000'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

Result<Verdict> inspect_log(const Options& options, Console& console) {
  BELLOWS_ASSIGN(trials::LogReader reader, trials::LogReader::open(options.file));
  const trials::LogHeader& header = reader.header();
  // Before the first line is printed: a log that is not sound shows its fault and nothing else.
  std::optional<Digest> checked;
  if (options.check) {
    BELLOWS_ASSIGN(checked, reader.check(console.context()));
    console.finish_progress();
  }
  std::uint64_t start_ns =
      reader.block_count() > 0 ? reader.block(0, trials::BlockCheck::none).value().start_time_ns : 0;
  std::string state = reader.is_complete() ? "complete"
                      : reader.cut_bytes() == 0
                          ? "not complete: being written, or its writer was stopped"
                          : fmt::format("not complete: {} bytes of a block that is not whole", reader.cut_bytes());
  nlohmann::json document = {
      {"file", options.file},
      {"kind", "trial log"},
      {"version", trials::log_version},
      {"scenario", header.scenario.name()},
      {"plan_digest", header.plan_digest.is_zero() ? nlohmann::json() : nlohmann::json(header.plan_digest.hex())},
      {"metadata", header.metadata},
      {"trials", reader.trial_count()},
      {"blocks", reader.block_count()},
      {"raw_bits", reader.trial_count() * header.scenario.outcome_bits()},
      {"complete", reader.is_complete()},
      {"cut_bytes", reader.cut_bytes()},
      {"start_time_ns", start_ns},
      {"recorded_digest",
       reader.recorded_digest() ? nlohmann::json(reader.recorded_digest()->hex()) : nlohmann::json()}};
  console.print(fmt::format("trial log   {}", options.file));
  console.print(
      fmt::format("parties     {}  {} (settings, outcomes)", header.scenario.parties.size(), header.scenario.name()));
  console.print(fmt::format("trials      {} in {} blocks", reader.trial_count(), reader.block_count()));
  console.print(fmt::format("state       {}", state));
  console.print(fmt::format("plan        {}", header.plan_digest.is_zero() ? "none" : header.plan_digest.hex()));
  console.print(fmt::format("begun       {}", readable_time(start_ns)));
  if (reader.recorded_digest()) console.print(fmt::format("digest      {}", reader.recorded_digest()->hex()));
  for (const auto& [key, value] : header.metadata.items())
    console.print(fmt::format(
        "metadata    {} = {}", terminal_word(key),
        terminal_word(value.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace))));
  if (options.blocks) {
    nlohmann::json list = nlohmann::json::array();
    console.print("block        first trial       trials  begun");
    for (std::uint64_t i = 0; i < reader.block_count(); ++i) {
      BELLOWS_ASSIGN(trials::BlockView block, reader.block(i, trials::BlockCheck::none));
      console.print(fmt::format("{:<8} {:>15} {:>12}  {}", i, block.first_trial, block.trial_count,
                                readable_time(block.start_time_ns)));
      list.push_back(
          {{"first_trial", block.first_trial}, {"trials", block.trial_count}, {"start_time_ns", block.start_time_ns}});
    }
    document["block_list"] = list;
  }
  document["checked"] = checked.has_value();
  if (checked) {
    document["digest"] = checked->hex();
    console.print(fmt::format("checked     all blocks are sound, digest {}", checked->hex()));
  }
  console.result(document);
  return Verdict::done;
}

Result<Verdict> inspect_bits(const Options& options, Console& console) {
  BELLOWS_ASSIGN(bits::BitFile file, bits::read_bit_file(options.file));
  bool has_digest = file.kind == bits::BitFileKind::with_digest;
  nlohmann::json document = {{"file", options.file}, {"kind", "bits"}, {"bits", file.bits.size_bits()}};
  document["digest"] = has_digest ? nlohmann::json(bits::payload_digest(file.bits).hex()) : nlohmann::json();
  console.print(fmt::format("bit file    {}", options.file));
  console.print(fmt::format("bits        {}", file.bits.size_bits()));
  console.print(fmt::format(
      "digest      {}", has_digest ? bits::payload_digest(file.bits).hex() : "none (output and key files carry none)"));
  console.result(document);
  return Verdict::done;
}

Result<Verdict> run(const Options& options, Console& console) {
  char magic[8]{};
  {
    BELLOWS_ASSIGN(File file, open_plain_file(options.file));
    BELLOWS_ASSIGN(std::size_t got, file.read_some(std::as_writable_bytes(std::span(magic))));
    if (got == sizeof magic && std::memcmp(magic, trials::log_magic, sizeof magic) == 0)
      return inspect_log(options, console);
    if (got == sizeof magic && std::memcmp(magic, "BELLBITS", sizeof magic) == 0) return inspect_bits(options, console);
    if (got == 0) return bad_input("file is empty", options.file, 0, "a trial log or a .bits file", "0 bytes");
  }
  std::string hint = std::memcmp(magic, "\x93NUMPY", 6) == 0 ? "a NumPy array (see `bellows import`)" : "other bytes";
  return bad_input("neither a trial log nor a .bits file", options.file, 0, "magic BELLTRLS or BELLBITS", hint);
}

}  // namespace

void add_inspect(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("inspect", "show what a trial log or a bit file holds", manual);
  verb.add_option("FILE", options->file, "trial log or .bits file")->required();
  verb.add_flag("--check", options->check, "read everything and check it");
  verb.add_flag("--blocks", options->blocks, "list the blocks");
  line.on_run(verb, [options](Console& console) { return run(*options, console); });
}

}  // namespace bellows::cli
