#include "bellows/protocol/seed_stage.h"

#include <fmt/format.h>

#include "bellows/bits/bit_file.h"
#include "bellows/extract/seed_check.h"
#include "bellows/source/external.h"

namespace bellows::protocol {
namespace {

Result<bits::BitString> draw_seed(const AmplifyRequest& request, const plan::Plan& plan, Experiment* experiment,
                                  const bits::StreamKey& key) {
  if (request.seed_file) {
    BELLOWS_ASSIGN(bits::BitFile file, bits::read_bit_file(*request.seed_file, request.seed_raw));
    if (file.bits.size_bits() < plan.seed_bits)
      return bad_input("the seed is too short", *request.seed_file, std::nullopt,
                       fmt::format("{} bits", plan.seed_bits), fmt::format("{}", file.bits.size_bits()));
    return bits::BitString(file.bits.view().first(plan.seed_bits));
  }
  if (experiment == nullptr) return source::draw_system_bits(plan.seed_bits);
  return experiment->draw_seed_bits(key, plan.seed_bits);
}

// The requested file, if there is one, must begin with the seed of the folder.
Status require_file_holds(const AmplifyRequest& request, const plan::Plan& plan, const Digest& seed_digest,
                          const RunFolder& folder) {
  if (!request.seed_file) return {};
  BELLOWS_ASSIGN(bits::BitFile asked, bits::read_bit_file(*request.seed_file, request.seed_raw));
  if (asked.bits.size_bits() >= plan.seed_bits &&
      bits::payload_digest(bits::BitString(asked.bits.view().first(plan.seed_bits))) == seed_digest)
    return {};
  Error error = refused("the folder holds another seed already; give that file, none, or another folder");
  error.file = folder.seed();
  return error;
}

// Today's options may differ from those with which it was drawn.
Result<Seed> seed_of_folder(const AmplifyRequest& request, const plan::Plan& plan, const RunFolder& folder) {
  BELLOWS_ASSIGN(bits::BitFile file, bits::read_bit_file(folder.seed()));
  if (file.bits.size_bits() != plan.seed_bits)
    return bad_input("the folder's seed has another length", folder.seed(), std::nullopt,
                     fmt::format("{} bits", plan.seed_bits), fmt::format("{}", file.bits.size_bits()));
  BELLOWS_ASSIGN(std::string text, read_text_file(folder.seed_origin(), 4096));
  if (!text.empty() && text.back() == '\n') text.pop_back();
  const std::optional<certify::SeedOrigin> origin = certify::seed_origin_named(text);
  if (!origin || *origin == certify::SeedOrigin::not_drawn)
    return bad_input("does not say where the folder's seed came from", folder.seed_origin(), 0,
                     "simulated-source, operators-file or system-generator", text.substr(0, 40));
  BELLOWS_TRY(require_file_holds(request, plan, bits::payload_digest(file.bits), folder));
  return Seed{std::move(file.bits), *origin};
}

}  // namespace

Result<bits::StreamKey> fixed_simulation_key(const AmplifyRequest& request, const RunFolder& folder) {
  std::optional<bits::StreamKey> asked;
  if (request.simulation_seed) {
    asked = bits::StreamKey::from_number(*request.simulation_seed);
  }
  if (folder.has(folder.simulation_key())) {
    BELLOWS_ASSIGN(std::string text, read_text_file(folder.simulation_key(), 4096));
    if (!text.empty() && text.back() == '\n') text.pop_back();
    auto stored = bits::StreamKey::from_hex(text);
    if (!stored.ok()) return bad_input("not a simulation key", folder.simulation_key(), 0, "64 hexadecimal digits");
    if (asked && !(*asked == *stored)) {
      Error error = refused("the folder holds a run of another simulation key");
      error.file = folder.simulation_key();
      return error;
    }
    return stored;
  }
  if (!asked) {
    BELLOWS_ASSIGN(asked, bits::StreamKey::from_system());
  }
  BELLOWS_TRY(write_text_file(folder.simulation_key(), asked->hex() + "\n", private_file_mode, false));
  return *asked;
}

Status require_same_seed(const AmplifyRequest& request, const plan::Plan& plan, const RunFolder& folder) {
  if (!request.seed_file) return {};
  BELLOWS_ASSIGN(bits::BitFile file, bits::read_bit_file(folder.seed()));
  return require_file_holds(request, plan, bits::payload_digest(file.bits), folder);
}

Result<Seed> fixed_seed(const AmplifyRequest& request, const plan::Plan& plan, const RunFolder& folder,
                        Experiment* experiment, const bits::StreamKey& key, const trials::LogReader& log) {
  if (folder.has(folder.seed())) return seed_of_folder(request, plan, folder);
  Seed seed;
  seed.origin = request.seed_file       ? certify::SeedOrigin::operators_file
                : experiment == nullptr ? certify::SeedOrigin::system_generator
                                        : certify::SeedOrigin::simulated_source;
  BELLOWS_ASSIGN(seed.bits, draw_seed(request, plan, experiment, key));
  BELLOWS_TRY(extract::check_seed_is_not_from_log(seed.bits, log));
  BELLOWS_TRY(
      write_text_file(folder.seed_origin(), std::string(certify::name(seed.origin)) + "\n", private_file_mode, true));
  BELLOWS_TRY(bits::write_bit_file(folder.seed(), seed.bits, bits::BitFileKind::with_digest));
  return seed;
}

}  // namespace bellows::protocol
