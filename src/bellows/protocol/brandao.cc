#include "bellows/protocol/brandao.h"

#include <cmath>

#include "bellows/extract/hasher.h"
#include "bellows/extract/naive_hash.h"
#include "bellows/gf2/memory.h"
#include "bellows/numeric/optimise.h"
#include "bellows/numeric/ranges.h"

namespace bellows::protocol {
namespace {

constexpr std::uint8_t lane_source = 1, lane_device = 2, lane_seed = 3, lane_second = 4;

std::unique_ptr<SimulatedDevice> honest_device(double noise) {
  return std::make_unique<BoxDevice>(bell::with_outcome_noise(bell::four_party_experiment().behaviour(), noise));
}

std::unique_ptr<SimulatedDevice> local_device() {
  return std::make_unique<LocalDevice>(best_local_strategy(bell::four_party()));
}

Status check(const FourDeviceOptions& options) {
  BELLOWS_TRY(check_four_device_plan(options.plan));
  if (!(options.noise >= 0 && options.noise <= 0.5)) return usage_error("the noise lies between 0 and 1/2");
  if (!(options.honest_share >= 0 && options.honest_share <= 1)) return usage_error("the honest share lies between 0 and 1");
  return {};
}

/// The honest device and a steady source: nothing is virtual, one word for setting bits that are drawn together.
Result<std::uint64_t> simulate_quantum(const FourDeviceOptions& options, Random& source, Random& answers, FourPartyRecord* record,
                                       const Context& context) {
  const BoxSampler box(bell::with_outcome_noise(bell::four_party_experiment().behaviour(), options.noise));
  bell::Behaviour settings{bell::Scenario::make({1, 1, 1, 1}).value(), std::vector<double>(16)};
  const double one = options.scheme == SourceScheme::fair ? 0.5 : 0.5 + options.plan.mu.approximate();
  for (std::size_t x = 0; x < 16; ++x) settings.table[x] = std::pow(one, std::popcount(x)) * std::pow(1 - one, 4 - std::popcount(x));
  const BoxSampler chooser(settings);
  std::uint8_t failing[256];
  for (std::size_t i = 0; i < 256; ++i) failing[i] = four_party_failure(i & 15, i >> 4);
  std::uint64_t failures = 0;
  constexpr std::uint64_t piece = std::uint64_t{1} << 20;
  for (std::uint64_t begin = 0; begin < options.plan.trials; begin += piece) {
    BELLOWS_TRY(context.check_cancelled());
    context.report("trials", begin, options.plan.trials, "trials");
    const std::uint64_t end = std::min(options.plan.trials, begin + piece);
    for (std::uint64_t i = begin; i < end; ++i) {
      const std::size_t x = chooser.draw(0, source);
      const std::size_t both = x | box.draw(x, answers) << 4;
      failures += failing[both];
      if (record != nullptr) (*record)[i] = static_cast<std::uint8_t>(both);
    }
  }
  return failures;
}

}  // namespace

Status check_four_device_plan(const FourDevicePlan& plan) {
  BELLOWS_TRY(numeric::check_bias(plan.mu));
  if (plan.trials == 0) return usage_error("there must be at least one trial");
  if (plan.trials > std::uint64_t{1} << 40) return usage_error("a run has at most 2^40 trials", "", std::to_string(plan.trials));
  if (plan.output_bits == 0) return usage_error("there must be at least one output bit");
  if (!plan.epsilon.is_positive() || plan.epsilon >= Exact::integer(1)) {
    return usage_error("epsilon lies above 0 and below 1", "", plan.epsilon.text());
  }
  return {};
}

const std::vector<DeviceKind>& four_party_devices() {
  static const std::vector<DeviceKind> kinds = {
      {"quantum", "honest: the state of eq. (8) measured in X and Z, outcomes flipped with probability --noise"},
      {"no-signalling", "all conditions satisfied, party A deterministic: Eve knows one outcome of four (up to 1/3 of a joint outcome is allowed to her)"},
      {"svetlichny", "all conditions satisfied, outcomes otherwise uniform, whatever the settings"},
      {"local", "deterministic answers, known to Eve; fails at two of the eight settings, which a colluding source avoids as far as mu lets it"},
      {"memory", "honest for the first --honest-share of the trials, then local"},
      {"mixed", "each trial honest with probability --honest-share, else local"},
  };
  return kinds;
}

Result<std::unique_ptr<SimulatedDevice>> make_four_party_device(const std::string& name, double noise, double honest_share,
                                                                std::uint64_t trials, std::uint64_t key) {
  if (name == "quantum") return honest_device(noise);
  if (name == "local") return local_device();
  if (name == "memory") {
    return std::unique_ptr<SimulatedDevice>(std::make_unique<SwitchingDevice>(
        honest_device(noise), local_device(), static_cast<std::uint64_t>(honest_share * static_cast<double>(trials))));
  }
  if (name == "mixed") {
    return std::unique_ptr<SimulatedDevice>(std::make_unique<BlockwiseDevice>(honest_device(noise), local_device(), 1, honest_share, key));
  }
  const bell::Scenario s = bell::four_party().scenario;
  std::vector<int> parity(16, -1);
  for (std::size_t x = 0; x < 16; ++x) {
    if (std::popcount(x) == 1) parity[x] = 1;
    if (std::popcount(x) == 3) parity[x] = 0;
  }
  if (name == "svetlichny") return std::unique_ptr<SimulatedDevice>(std::make_unique<BoxDevice>(bell::parity_box(s, parity)));
  if (name == "no-signalling") {
    // Party A answers 0; the others carry the conditions. For settings of the others with weight w the condition sits at A's setting
    // that makes the total odd, and both of A's settings share it.
    bell::Behaviour box{s, std::vector<double>(s.table_size(), 0.0)};
    for (std::size_t x = 0; x < 16; ++x) {
      const std::size_t odd = (std::popcount(x) & 1) ? x : x ^ 1U;
      for (std::size_t a = 0; a < 16; a += 2) {
        if ((std::popcount(a) & 1) == parity[odd]) box.table[s.table_index(a, x)] = 0.25;
      }
    }
    return std::unique_ptr<SimulatedDevice>(std::make_unique<BoxDevice>(box));
  }
  std::string known;
  for (const DeviceKind& kind : four_party_devices()) known += (known.empty() ? "" : ", ") + kind.name;
  return usage_error("no such device for four parties", known, name);
}

Result<std::uint64_t> simulate_four_device(const FourDeviceOptions& options, FourPartyRecord* record, const Context& context) {
  BELLOWS_TRY(check(options));
  const std::uint64_t n = options.plan.trials;
  if (record != nullptr) {
    BELLOWS_TRY(gf2::check_memory("the record of a byte for each trial", n));
    record->resize(n);
  }
  Random source_random(options.key, lane_source), device_random(options.key, lane_device);
  if (options.device == "quantum") return simulate_quantum(options, source_random, device_random, record, context);
  BELLOWS_ASSIGN(const auto device, make_four_party_device(options.device, options.noise, options.honest_share, n, device_random.next()));
  WeakSource source(options.plan.mu.approximate(), source_random);
  SettingSource settings(source, options.scheme, 4);
  std::uint64_t failures = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    if ((i & 0xfffff) == 0) {
      BELLOWS_TRY(context.check_cancelled());
      context.report("trials", i, n, "trials");
    }
    const std::size_t x = settings.draw(*device);
    const std::size_t a = device->answer(x, device_random);
    failures += four_party_failure(x, a);
    if (record != nullptr) (*record)[i] = static_cast<std::uint8_t>(x | a << 4);
  }
  return failures;
}

bits::BitString four_party_raw_string(const FourPartyRecord& record, const FourDeviceCertificate& certificate) {
  const std::uint64_t n = certificate.trials_read;
  bits::BitString raw(n * static_cast<std::uint64_t>(certificate.parties_read));
  for (int party = 0; party < certificate.parties_read; ++party) {
    const std::uint64_t base = n * static_cast<std::uint64_t>(party);
    for (std::uint64_t i = 0; i < n; ++i) {
      if (record[i] >> (4 + party) & 1) raw.words()[(base + i) / 64] |= std::uint64_t{1} << ((base + i) % 64);
    }
  }
  return raw;
}

Result<bits::BitString> four_party_extract(const FourDeviceCertificate& certificate, bits::BitView raw, bits::BitView seed, bool by_definition) {
  if (seed.size_bits != certificate.seed_bits) return bad_input("the seed has " + std::to_string(seed.size_bits) + " bits instead of " + std::to_string(certificate.seed_bits));
  if (certificate.extractor == FourDeviceExtractor::raz) {
    // The sum has 2^l terms; beyond some size only the product is affordable, and is computed a second time.
    const bool sum = by_definition && certificate.raz.field.degree < 50000 && certificate.raz.log2_terms <= 10;
    return sum ? raz_extract_by_sum(certificate.raz, seed, raw) : raz_extract(certificate.raz, seed, raw);
  }
  extract::HashShape shape{.family = extract::Family::short_seed, .output_bits = certificate.plan.output_bits,
                           .field_length = certificate.field_length};
  bits::BitString hash_seed;
  bits::BitView hashed = raw, chosen = seed;
  if (certificate.extractor == FourDeviceExtractor::device_as_seed) {
    hash_seed = bits::BitString(64 * certificate.field_length);
    bits::copy_bits(raw, hash_seed.words(), 0);
    hashed = seed;
    chosen = hash_seed.view();
  }
  shape.raw_bits = hashed.size_bits;
  BELLOWS_TRY(extract::check_shape(shape));
  const bool naive = by_definition && certificate.field_length <= 400;
  if (naive) return extract::naive_hash(shape, hashed, chosen);
  return extract::hash(shape, hashed, chosen);
}

Result<FourDeviceResult> run_four_device(const FourDeviceOptions& options, const Context& context) {
  BELLOWS_TRY(check(options));
  FourDeviceResult result;
  // The certificate depends on the plan alone: what it promises is fixed before the first trial.
  FourDeviceSearch search = certify_four_device(options.plan, options.extractor);
  result.certificate = std::move(search.best);
  result.not_certified_because = std::move(search.why_not);
  // Without a certificate nothing is extracted, and no record is kept.
  BELLOWS_ASSIGN(result.failures, simulate_four_device(options, result.certificate ? &result.record : nullptr, context));
  result.accepted = result.failures <= options.plan.most_failures;
  if (!result.accepted || !result.certificate) return result;

  const FourDeviceCertificate& certificate = *result.certificate;
  Random random(options.key, lane_seed);
  const double one = options.scheme == SourceScheme::fair ? 0.5 : 0.5 + options.plan.mu.approximate();
  result.seed = bits::BitString(certificate.seed_bits);
  for (std::uint64_t i = 0; i < certificate.seed_bits; ++i) {
    if (random.chance(one)) result.seed.set(i, true);
  }
  const bits::BitString raw = four_party_raw_string(result.record, certificate);
  BELLOWS_ASSIGN(result.output, four_party_extract(certificate, raw, result.seed, false));

  FourDeviceCertificate again = certificate;
  std::uint64_t failures = 0;
  for (std::uint8_t trial : result.record) failures += four_party_failure(trial & 15U, trial >> 4U);
  BELLOWS_ASSIGN(const bits::BitString output, four_party_extract(certificate, raw, result.seed, true));
  result.verified = failures == result.failures && failures <= options.plan.most_failures && prove_four_device(again) && output == result.output;
  return result;
}

Ball log2_de_finetti(std::uint64_t trials, const Ball& log2_blocks, const Exact& mu) {
  const Ball inside = log2(Ball(2) * numeric::ln2() * Ball(4) * Ball(trials)) -
                      log2_blocks * (Ball(1) - log2(Ball(1) + Ball(2) * Ball(mu)));
  return inside / Ball(2);
}

double eight_device_log10_blocks(std::uint64_t trials, const Exact& mu, std::uint64_t output_bits, const Exact& epsilon) {
  const Ball target = log2(Ball(epsilon)) - Ball(output_bits) - Ball(1);
  const Ball rate = (Ball(1) - log2(Ball(1) + Ball(2) * Ball(mu))) / Ball(2);
  return ((log2_de_finetti(trials, Ball(0), mu) + Ball(1) - target) / rate).upper() * 0.30102999566398120;
}

Result<EightDeviceResult> run_eight_device(const EightDeviceOptions& options, const Context& context) {
  BELLOWS_TRY(check(options.first));
  if (options.blocks < 1 || !std::has_single_bit(options.blocks) || options.blocks > std::uint64_t{1} << 24) {
    return usage_error("the number of blocks must be a power of two, at most 2^24");
  }
  const std::uint64_t n = options.first.plan.trials;
  EightDeviceResult result;
  BELLOWS_ASSIGN(result.failures_first, simulate_four_device(options.first, nullptr, context));

  FourDeviceOptions second = options.first;
  if (!options.second_device.empty()) {
    second.device = options.second_device;
    second.honest_share = options.second_honest_share;
  }
  Random source_random(options.first.key, lane_second);
  WeakSource source(options.first.plan.mu.approximate(), source_random);
  BELLOWS_ASSIGN(const auto device, make_four_party_device(second.device, second.noise, second.honest_share, n * options.blocks, source_random.next()));
  Random device_random(bits::StreamKey::from_number(source_random.next()), lane_device);
  SettingSource settings(source, second.scheme, 4);
  std::vector<std::uint64_t> failures(options.blocks, 0);
  for (std::uint64_t block = 0; block < options.blocks; ++block) {
    BELLOWS_TRY(context.check_cancelled());
    context.report("blocks", block, options.blocks, "blocks");
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::size_t x = settings.draw(*device);
      failures[block] += four_party_failure(x, device->answer(x, device_random));
    }
  }
  const int log2_blocks = std::countr_zero(options.blocks);
  result.chosen_block = source.draw_towards(~std::uint64_t{0}, log2_blocks, second.scheme == SourceScheme::fair ? 0 : 1);
  result.failures_second = failures[result.chosen_block];
  result.accepted = result.failures_first <= options.first.plan.most_failures && result.failures_second <= options.first.plan.most_failures;
  result.log2_de_finetti = (log2_de_finetti(n, Ball(log2_blocks), options.first.plan.mu) + Ball(1)).upper();
  const FourDevicePlan& plan = options.first.plan;
  result.log10_blocks_needed = eight_device_log10_blocks(n, plan.mu, plan.output_bits, plan.epsilon);
  result.verdict = "not certified";
  return result;
}

}  // namespace bellows::protocol
