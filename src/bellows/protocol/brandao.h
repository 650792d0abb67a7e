#pragma once

#include <bit>

#include "bellows/base/progress.h"
#include "bellows/protocol/cheats.h"
#include "bellows/protocol/four_device_bound.h"

/// The protocols of Brandao et al. with four devices (Protocol I) and two times four (Protocol II), on simulated devices.
namespace bellows::protocol {

/// quantum, no-signalling, svetlichny, local, memory, mixed.
const std::vector<DeviceKind>& four_party_devices();

struct FourDeviceOptions {
  FourDevicePlan plan;
  std::string device = "quantum";
  double noise = 0;             ///< probability that an honest device's outcome is flipped, for each party
  double honest_share = 0.5;    ///< memory: share of the trials before it turns; mixed: probability of an honest trial
  SourceScheme scheme = SourceScheme::leaning;
  bits::StreamKey key;
  std::optional<FourDeviceExtractor> extractor;
};

/// Settings in the low half, outcomes in the high half of each byte, party A lowest.
using FourPartyRecord = std::vector<std::uint8_t, SecretAllocator<std::uint8_t>>;

struct FourDeviceResult {
  FourPartyRecord record;
  std::uint64_t failures = 0;          ///< n L_n
  bool accepted = false;
  std::optional<FourDeviceCertificate> certificate;  ///< made before the first trial, from the plan alone
  std::string not_certified_because;
  bits::BitString seed;                ///< drawn after the last outcome; private
  bits::BitString output;              ///< when accepted and certified
  bool verified = false;               ///< failures, proof and output recomputed from record and seed, the output by the other method
};

/// What a plan must be for anything to be said. Errors: usage: mu outside [0, 1/2), no trials or more than 2^40, no output bit, epsilon outside (0, 1).
Status check_four_device_plan(const FourDevicePlan& plan);

/// Errors: usage: no such device, mu outside [0, 1/2), no trials.
Result<std::unique_ptr<SimulatedDevice>> make_four_party_device(const std::string& name, double noise, double honest_share,
                                                                std::uint64_t trials, std::uint64_t key);

/// A failing trial: the outcomes break the condition of their setting.
inline bool four_party_failure(std::size_t setting, std::size_t outcome) {
  const int weight = std::popcount(setting);
  return (weight == 1 && (std::popcount(outcome) & 1) == 0) || (weight == 3 && (std::popcount(outcome) & 1) == 1);
}

Result<FourDeviceResult> run_four_device(const FourDeviceOptions& options, const Context& context = {});

/// Only trials and acceptance: for the attack gallery and the speed test. Returns the number of failures.
Result<std::uint64_t> simulate_four_device(const FourDeviceOptions& options, FourPartyRecord* record, const Context& context = {});

/// The outcomes that enter the extractor: the plane of party A over trials_read trials, then of B, and so on.
bits::BitString four_party_raw_string(const FourPartyRecord& record, const FourDeviceCertificate& certificate);
/// The output from raw string and seed. `by_definition`: by the other, slow method.
Result<bits::BitString> four_party_extract(const FourDeviceCertificate& certificate, bits::BitView raw, bits::BitView seed, bool by_definition);

/// Protocol II: N blocks of n trials on a second set of devices, one chosen by the source.
struct EightDeviceOptions {
  FourDeviceOptions first;
  std::uint64_t blocks = 16;  ///< N, a power of two
  std::string second_device;  ///< empty: as the first
  double second_honest_share = 0;
};
struct EightDeviceResult {
  std::uint64_t failures_first = 0, failures_second = 0, chosen_block = 0;
  bool accepted = false;
  double log2_de_finetti = 0;       ///< log2 of 2 e_dF, from above
  double log10_blocks_needed = 0;   ///< N at which 2 e_dF is at most half of epsilon / 2^m
  std::string verdict;
};
/// e_dF = sqrt(2 ln 2 * 4 n * N^-(1 - log2(1 + 2 mu))) (Lemma 13).
Ball log2_de_finetti(std::uint64_t trials, const Ball& log2_blocks, const Exact& mu);
/// log10 of the N at which 2 e_dF is at most half of epsilon / 2^m, from above.
double eight_device_log10_blocks(std::uint64_t trials, const Exact& mu, std::uint64_t output_bits, const Exact& epsilon);
Result<EightDeviceResult> run_eight_device(const EightDeviceOptions& options, const Context& context = {});

}  // namespace bellows::protocol
