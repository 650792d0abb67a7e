#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "bellows/bits/bit_file.h"
#include "bellows/cli/command.h"
#include "bellows/estimate/gather.h"
#include "bellows/extract/certified_output.h"
#include "bellows/extract/seed_check.h"
#include "bellows/report/recompute.h"

namespace bellows::cli {
namespace {

constexpr const char* manual =
    R"(From a log, its certificate and a seed to the output bits. Length, extractor and seed length come from the certificate,
and the certificate is recomputed from plan and log first: there is no way to ask for more bits than are proved.
The seed must have been drawn from the source after the last outcome. A seed that has served another plan is refused.

Exit codes: 0 done; 1 not certified, a certificate that does not follow from the log, or a seed seen before; 3 bad input
(seed too short, output exists, cut or corrupted files).

Examples:
  bellows extract run --seed seed.bits --out output.bits
  bellows extract --certificate c.json --log l.trials --seed s.bits --out o.bits
  bellows extract run --seed raw.bin --raw --bits 21415104 --out o.bits)";

struct Options {
  std::string folder, certificate, log, seed, out;
  bool raw_seed = false, msb_first = false, raw_output = false;
  std::uint64_t seed_bits = 0;
};

Status complete_paths(Options& options) {
  auto from_folder = [&](std::string& path, const char* name) {
    if (path.empty() && !options.folder.empty()) path = (Path(options.folder) / name).string();
  };
  from_folder(options.certificate, "certificate.json");
  from_folder(options.log, "log.trials");
  from_folder(options.seed, "seed.bits");
  if (options.certificate.empty() || options.log.empty() || options.seed.empty())
    return usage_error("name a run folder, or each of --certificate --log --seed");
  if (options.raw_seed != (options.seed_bits > 0)) return usage_error("--raw and --bits go together");
  return {};
}

Result<Verdict> extract(Options options, Console& console) {
  BELLOWS_TRY(complete_paths(options));
  Context context = console.context();
  BELLOWS_ASSIGN(certify::Certificate certificate, certify::read_certificate(options.certificate));
  BELLOWS_ASSIGN([[maybe_unused]] extract::HashShape shape, extract::certified_shape(certificate));
  BELLOWS_ASSIGN(trials::LogReader log, trials::LogReader::open(options.log));
  BELLOWS_TRY(log.require_complete());
  BELLOWS_ASSIGN(estimate::Evidence evidence, estimate::gather_evidence(log, context));
  BELLOWS_ASSIGN(certify::Certificate recomputed,
                 report::recompute_certificate(certificate, certificate.plan, evidence, log, context));
  if (auto key = report::first_difference(certificate, recomputed)) {
    Error error = refused(fmt::format("the certificate does not follow from this log: its {} differs", *key));
    error.file = options.certificate;
    return error;
  }
  std::optional<bits::RawBits> raw;
  if (options.raw_seed) raw = bits::RawBits{.size_bits = options.seed_bits, .msb_first = options.msb_first};
  BELLOWS_ASSIGN(bits::BitFile seed, bits::read_bit_file(options.seed, raw));
  if (seed.bits.size_bits() < certificate.extraction.seed_bits)
    return bad_input("the seed is too short", options.seed, std::nullopt,
                     fmt::format("{} bits", certificate.extraction.seed_bits),
                     fmt::format("{}", seed.bits.size_bits()));
  if (certificate.seed_digest) {
    bits::BitString whole(seed.bits.view().first(std::min(seed.bits.size_bits(), certificate.plan.seed_bits)));
    if (bits::payload_digest(whole) != *certificate.seed_digest) {
      Error error = refused("the seed is not the one that the certificate names");
      error.file = options.seed;
      error.expected = certificate.seed_digest->hex();
      error.got = bits::payload_digest(whole).hex();
      return error;
    }
  }
  bits::BitView used = seed.bits.view().first(certificate.extraction.seed_bits);
  BELLOWS_TRY(extract::check_seed_is_not_from_log(used, log));
  extract::SeedUse use;
  if (!certificate.simulated) {
    BELLOWS_ASSIGN(use, extract::enter_seed_use(used, plan::digest(certificate.plan), log));
  }
  BELLOWS_ASSIGN(bits::BitString output, extract::certified_output(certificate, log, used, context));
  console.finish_progress();
  if (use.with_another_seed) console.note(extract::extracted_again_warning);
  if (options.raw_output) {
    BELLOWS_ASSIGN(AtomicFile file, AtomicFile::create(options.out, private_file_mode, false));
    BELLOWS_TRY(file.write(output.bytes()));
    BELLOWS_TRY(file.commit());
  } else {
    BELLOWS_TRY(bits::write_bit_file(options.out, output, bits::BitFileKind::secret));
  }
  console.print(fmt::format(
      "{}{} bits, epsilon {}, extractor {}, to {}", certificate.simulated ? "DEMONSTRATION: " : "", output.size_bits(),
      certificate.plan.epsilons.total.text(), plan::name(certificate.extraction.family), options.out));
  console.result({{"output", options.out},
                  {"output_bits", output.size_bits()},
                  {"epsilon", certificate.plan.epsilons.total.text()},
                  {"extractor", plan::name(certificate.extraction.family)},
                  {"seed_bits", certificate.extraction.seed_bits},
                  {"extracted_before", use.with_another_seed},
                  {"simulated", certificate.simulated}});
  return Verdict::done;
}

}  // namespace

void add_extract(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("extract", "from a certified log and a seed to the output bits", manual);
  verb.add_option("FOLDER", options->folder, "folder with certificate.json, log.trials and seed.bits");
  verb.add_option("--certificate", options->certificate, "certificate, in place of FOLDER/certificate.json");
  verb.add_option("--log", options->log, "trial log, in place of FOLDER/log.trials");
  verb.add_option("--seed", options->seed, "seed, in place of FOLDER/seed.bits");
  verb.add_flag("--raw", options->raw_seed, "the seed has no header; give --bits");
  verb.add_option("--bits", options->seed_bits, "with --raw: bits to read of the seed");
  verb.add_flag("--msb-first", options->msb_first, "with --raw: most significant bit first");
  verb.add_option("--out", options->out, "output file; must not exist")->required();
  verb.add_flag("--raw-out", options->raw_output, "write the output without header");
  line.on_run(verb, [options](Console& console) { return extract(*options, console); });
}

}  // namespace bellows::cli
