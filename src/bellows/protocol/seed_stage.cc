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
    BELLOWS_ASSIGN(bits::BitFile file, bits::read_bit_file(*request.seed_file));
    if (file.bits.size_bits() < plan.seed_bits)
      return bad_input("the seed is too short", *request.seed_file, std::nullopt,
                       fmt::format("{} bits", plan.seed_bits), fmt::format("{}", file.bits.size_bits()));
    return bits::BitString(file.bits.view().first(plan.seed_bits));
  }
  if (experiment == nullptr) return source::draw_system_bits(plan.seed_bits);
  return experiment->draw_seed_bits(key, plan.seed_bits);
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

Result<bits::BitString> fixed_seed(const AmplifyRequest& request, const plan::Plan& plan, const RunFolder& folder,
                                   Experiment* experiment, const bits::StreamKey& key, const trials::LogReader& log) {
  if (folder.has(folder.seed())) {
    BELLOWS_ASSIGN(bits::BitFile file, bits::read_bit_file(folder.seed()));
    if (file.bits.size_bits() != plan.seed_bits)
      return bad_input("the folder's seed has another length", folder.seed(), std::nullopt,
                       fmt::format("{} bits", plan.seed_bits), fmt::format("{}", file.bits.size_bits()));
    return std::move(file.bits);
  }
  BELLOWS_ASSIGN(bits::BitString seed, draw_seed(request, plan, experiment, key));
  BELLOWS_TRY(extract::check_seed_is_not_from_log(seed, log));
  BELLOWS_TRY(bits::write_bit_file(folder.seed(), seed, bits::BitFileKind::with_digest));
  return seed;
}

certify::SeedOrigin seed_origin(const AmplifyRequest& request) {
  if (request.seed_file) return certify::SeedOrigin::operators_file;
  return request.trials_file ? certify::SeedOrigin::system_generator : certify::SeedOrigin::simulated_source;
}

}  // namespace bellows::protocol
