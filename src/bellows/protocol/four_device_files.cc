#include "bellows/protocol/four_device_files.h"

#include <concepts>

#include "bellows/base/digest.h"
#include "bellows/base/json_number.h"
#include "bellows/bits/bit_file.h"
#include "bellows/trials/reader.h"
#include "bellows/trials/writer.h"

namespace bellows::protocol {
namespace {

using nlohmann::json;

trials::Scenario four_parties() { return trials::Scenario{std::vector<trials::Party>(4)}; }

template <class T>
Status read(const json& document, const char* key, T& value) {
  try {
    if (!document.is_object()) return bad_input("the plan is not a JSON object");
    if constexpr (std::integral<T>) {
      const auto number = whole_number<T>(document.at(key));
      if (!number) return bad_input(std::string("the plan's '") + key + "' is no whole number, or out of range");
      value = *number;
    } else {
      value = document.at(key).get<T>();
    }
  } catch (const json::exception&) {
    return bad_input(std::string("the plan's '") + key + "' is missing or of another kind");
  }
  return {};
}

}  // namespace

json four_device_to_json(const FourDeviceCertificate& c) {
  return {{"format", "bellows-four-device-plan"}, {"version", 1}, {"mu", c.plan.mu.text()}, {"trials", c.plan.trials},
          {"most_failures", c.plan.most_failures}, {"output_bits", c.plan.output_bits}, {"epsilon", c.plan.epsilon.text()},
          {"extractor", extractor_name(c.extractor)}, {"parties_read", c.parties_read}, {"trials_read", c.trials_read},
          {"field_length", c.field_length}, {"pieces", c.pieces}, {"field_degree", c.raz.field.degree}, {"field_middle", c.raz.field.middle},
          {"log2_terms", c.raz.log2_terms}, {"moment", c.raz.moment}, {"seed_bits", c.seed_bits}, {"log2_e_a", c.log2_e_a},
          {"min_entropy_bits", c.min_entropy}, {"log2_extractor_error", c.log2_extractor_error}, {"log2_total", c.log2_total}};
}

Result<FourDeviceCertificate> four_device_from_json(const json& document) {
  FourDeviceCertificate c;
  std::string format, mu, epsilon, extractor;
  int version = 0;
  BELLOWS_TRY(read(document, "format", format));
  BELLOWS_TRY(read(document, "version", version));
  if (format != "bellows-four-device-plan" || version != 1) return bad_input("this is not a four-device plan of version 1");
  BELLOWS_TRY(read(document, "mu", mu));
  BELLOWS_TRY(read(document, "epsilon", epsilon));
  BELLOWS_TRY(read(document, "extractor", extractor));
  BELLOWS_TRY(read(document, "trials", c.plan.trials));
  BELLOWS_TRY(read(document, "most_failures", c.plan.most_failures));
  BELLOWS_TRY(read(document, "output_bits", c.plan.output_bits));
  BELLOWS_TRY(read(document, "parties_read", c.parties_read));
  BELLOWS_TRY(read(document, "trials_read", c.trials_read));
  BELLOWS_TRY(read(document, "field_length", c.field_length));
  BELLOWS_TRY(read(document, "pieces", c.pieces));
  BELLOWS_TRY(read(document, "field_degree", c.raz.field.degree));
  BELLOWS_TRY(read(document, "field_middle", c.raz.field.middle));
  BELLOWS_TRY(read(document, "log2_terms", c.raz.log2_terms));
  BELLOWS_TRY(read(document, "moment", c.raz.moment));
  BELLOWS_TRY(read(document, "seed_bits", c.seed_bits));
  BELLOWS_TRY(read(document, "log2_e_a", c.log2_e_a));
  const auto number = [](const std::string& text) -> Result<Exact> {
    auto value = Exact::parse(text);
    if (!value) return bad_input("'" + text + "' in the plan is not a number");
    return value;
  };
  BELLOWS_ASSIGN(c.plan.mu, number(mu));
  BELLOWS_ASSIGN(c.plan.epsilon, number(epsilon));
  auto kind = extractor_from_name(extractor);
  if (!kind) return bad_input("the plan names no known extractor");
  c.extractor = *kind;
  c.raz.output_bits = c.plan.output_bits;
  if (c.extractor == FourDeviceExtractor::raz) {
    bool known = false;
    for (const Trinomial& field : field_trinomials()) known = known || (field.degree == c.raz.field.degree && field.middle == c.raz.field.middle);
    if (!known) return bad_input("the plan's field is not one of those that are proved to be fields");
  }
  if (c.plan.mu < Exact::integer(0) || c.plan.mu >= Exact::fraction(1, 2) || c.plan.trials == 0 || c.plan.trials > std::uint64_t{1} << 33 ||
      c.plan.output_bits == 0 || !c.plan.epsilon.is_positive() || c.seed_bits > std::uint64_t{1} << 34 || c.field_length > std::uint64_t{1} << 28 ||
      c.pieces > std::uint64_t{1} << 30) {
    return bad_input("a number in the plan is out of range");
  }
  return c;
}

Status save_four_device(const Path& folder, const FourDeviceResult& result) {
  BELLOWS_CHECK(result.certificate && result.accepted, "only certified and accepted runs are saved");
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return bad_input("cannot make the folder: " + failed.message(), folder.string());
  const std::string plan = four_device_to_json(*result.certificate).dump(1) + "\n";
  BELLOWS_TRY(write_text_file(folder / "plan.json", plan, private_file_mode, false));
  trials::LogHeader header;
  header.scenario = four_parties();
  header.plan_digest = sha256(plan);
  header.metadata = {{"protocol", "brandao-1"}, {"origin", "simulated"}};
  BELLOWS_ASSIGN(trials::LogWriter writer, trials::LogWriter::create(folder / "log.trials", header));
  trials::BlockBuffer block(header.scenario, std::min<std::uint64_t>(result.record.size(), trials::largest_block_trials));
  for (std::uint64_t first = 0; first < result.record.size(); first += trials::largest_block_trials) {
    const std::uint64_t count = std::min<std::uint64_t>(trials::largest_block_trials, result.record.size() - first);
    block.start(count);
    for (std::uint32_t party = 0; party < 4; ++party) {
      std::uint64_t* setting = block.setting(party);
      std::uint64_t* outcome = block.outcome(party);
      std::fill(setting, setting + block.size_words(), 0);
      std::fill(outcome, outcome + block.size_words(), 0);
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t trial = result.record[first + i];
        setting[i / 64] |= (trial >> party & 1) << (i % 64);
        outcome[i / 64] |= (trial >> (4 + party) & 1) << (i % 64);
      }
    }
    BELLOWS_TRY(writer.append(block, 0));
  }
  BELLOWS_ASSIGN([[maybe_unused]] const Digest digest, writer.finish());
  // The seed stays private in this protocol, but its file may be checked for damage.
  BELLOWS_TRY(bits::write_bit_file(folder / "seed.bits", result.seed, bits::BitFileKind::with_digest));
  return bits::write_bit_file(folder / "output.bits", result.output, bits::BitFileKind::secret);
}

Result<FourDeviceVerification> verify_four_device(const Path& folder) {
  FourDeviceVerification verification;
  BELLOWS_ASSIGN(const std::string text, read_text_file(folder / "plan.json"));
  json document;
  try {
    document = json::parse(text);
  } catch (const json::exception&) {
    return bad_input("not JSON", (folder / "plan.json").string());
  }
  BELLOWS_ASSIGN(verification.certificate, four_device_from_json(document));
  FourDeviceCertificate& certificate = verification.certificate;
  const auto refuse = [&](std::string why) {
    verification.refused_because = std::move(why);
    return verification;
  };

  BELLOWS_ASSIGN(const trials::LogReader log, trials::LogReader::open(folder / "log.trials"));
  BELLOWS_TRY(log.require_complete());
  if (!(log.scenario() == four_parties())) return bad_input("the log is not one of four parties with two settings and two outcomes", log.path().string());
  if (log.header().plan_digest != sha256(text)) return refuse("the log was taken under another plan");
  verification.trials = log.trial_count();
  if (log.trial_count() != certificate.plan.trials) {
    return refuse("the log holds " + std::to_string(log.trial_count()) + " trials, the plan " + std::to_string(certificate.plan.trials));
  }
  BELLOWS_ASSIGN(const Digest digest, log.check({}));
  if (log.recorded_digest() != digest) return refuse("the log's digest does not match its end record");
  FourPartyRecord record(log.trial_count());
  for (std::uint64_t index = 0; index < log.block_count(); ++index) {
    BELLOWS_ASSIGN(const trials::BlockView block, log.block(index, trials::BlockCheck::none));
    for (std::uint32_t party = 0; party < 4; ++party) {
      const bits::BitView setting = block.setting(party), outcome = block.outcome(party);
      for (std::uint64_t i = 0; i < block.trial_count; ++i) {
        record[block.first_trial + i] = static_cast<std::uint8_t>(record[block.first_trial + i] | unsigned{setting[i]} << party | unsigned{outcome[i]} << (4 + party));
      }
    }
  }
  for (const std::uint8_t trial : record) verification.failures += four_party_failure(trial & 15U, trial >> 4U);
  if (verification.failures > certificate.plan.most_failures) return refuse("more trials failed than the plan allows");
  if (!prove_four_device(certificate)) return refuse("the plan's parameters do not prove its epsilon");
  BELLOWS_ASSIGN(const bits::BitFile seed, bits::read_bit_file(folder / "seed.bits"));
  if (seed.bits.size_bits() != certificate.seed_bits) return refuse("the seed has another length than the plan says");
  BELLOWS_ASSIGN(const bits::BitFile output, bits::read_bit_file(folder / "output.bits"));
  BELLOWS_ASSIGN(const bits::BitString again, four_party_extract(certificate, four_party_raw_string(record, certificate), seed.bits, true));
  if (!(again == output.bits)) return refuse("the output is not what seed and outcomes give");
  return verification;
}

}  // namespace bellows::protocol
