#pragma once

#include <optional>
#include <string>

#include "bellows/numeric/ball.h"
#include "bellows/numeric/exact.h"
#include "bellows/plan/adversary.h"
#include "bellows/protocol/raz.h"

/// What the four-party protocol proves at a finite number of trials (docs/protocol-brandao.md has the proofs).
namespace bellows::protocol {

using numeric::Ball;
using numeric::Exact;

/// Her measurement may follow the output: d_comp is maximised over it.
inline constexpr plan::Adversary four_device_adversary = plan::no_signalling_adversary;

/// What is fixed before the trials.
struct FourDevicePlan {
  Exact mu;                            ///< bias of the source, in [0, 1/2)
  std::uint64_t trials = 0;            ///< n
  std::uint64_t most_failures = 0;     ///< accept when at most this many trials fail (n L)
  std::uint64_t output_bits = 1;       ///< m
  Exact epsilon;                       ///< bound on d_comp * Pr[accept], d_comp the L1 distance with Eve's best measurement after the output
};

/// (1/2 - mu)^4: the smallest probability of a joint setting.
Ball smallest_setting_probability(const Exact& mu);

/// S with Pr[accept and sum of conditional failure probabilities > S] <= e_A: min over la > 0 of (la T + ln(1/e_A)) / (1 - e^-la).
Ball failure_budget(std::uint64_t most_failures, const Ball& log2_e_a);

/// s with P(x|u) <= (1 + s b / q0)/3 for every box whose conditional failure probability is b under some source of bias mu. For equal settings
/// it is 1 for the outcomes of all four parties and 5/4 for those of any three; a biased source cannot make more than one of the eight settings
/// as rare as q0, which brings it down to max(1/4, 1 - 2 mu), and to 1/2 for three from mu = 0.3 on.
Ball setting_slope(const Exact& mu, int parties);

/// k with q(x|z,u,e) <= 2^-k for accepted x outside that event: n [log2 3 - log2(1 + s S / (n q0))].
Ball min_entropy_bits(std::uint64_t trials, const Exact& mu, const Ball& budget, const Ball& slope);

/// The same as printed (Azuma, Lemma 9, Proposition 19, slope 2): the exponent h of the bound 2^-h on the guessing probability that holds up
/// to probability 2^-h, on acceptance of probability 1; and the smallest number of trials at which the printed
/// proof gives one bit at epsilon with an ideal extractor (nothing where there is none below 10^15).
Ball printed_min_entropy_bits(std::uint64_t trials, const Exact& mu, const Exact& threshold, double azuma_gap);
std::optional<std::uint64_t> printed_smallest_trials(const Exact& mu, const Exact& threshold, const Exact& epsilon);
/// The same with an extractor that exists in this program (short seed), in the place of an ideal one. Nothing from mu = 0.32 on.
std::optional<std::uint64_t> printed_smallest_trials_explicit(const Exact& mu, const Exact& threshold, const Exact& epsilon);
/// Largest threshold of eq. (111).
double printed_largest_threshold(const Exact& mu);

enum class FourDeviceExtractor {
  short_seed,      ///< the outcomes hashed with source bits
  raz,             ///< source bits and outcomes in Raz's extractor
  device_as_seed,  ///< source bits hashed with three outcomes a trial
};
const char* extractor_name(FourDeviceExtractor extractor);
/// Errors: usage.
Result<FourDeviceExtractor> extractor_from_name(std::string_view name);

/// One way to extract, with its proof.
struct FourDeviceCertificate {
  FourDevicePlan plan;
  FourDeviceExtractor extractor = FourDeviceExtractor::short_seed;
  int parties_read = 4;             ///< outcomes of the first so many parties enter
  std::uint64_t trials_read = 0;    ///< of the first so many trials
  std::uint64_t field_length = 0;   ///< short seed and device as seed: elements have 32 * field_length bits
  std::uint64_t pieces = 0;         ///< L
  RazShape raz;
  std::uint64_t seed_bits = 0;      ///< source bits drawn after the trials
  // Proved, rounded the safe way:
  double log2_e_a = 0;              ///< exact binary number that was proposed
  double min_entropy = 0;           ///< k, from below
  double log2_extractor_error = 0;  ///< log2 eps_ext, from above
  double log2_total = 0;            ///< log2 of 2^m (2 eps_ext + 2 (1 - 2^-m) e_A), from above
};

struct FourDeviceSearch {
  std::optional<FourDeviceCertificate> best;
  std::string why_not;  ///< when there is none
};

/// Searches extractors and their parameters in floating point and proves what it proposes in balls.
/// `only` restricts the extractor.
FourDeviceSearch certify_four_device(const FourDevicePlan& plan, std::optional<FourDeviceExtractor> only = std::nullopt);
/// Proves one certificate again from its plan and parameters; true when total <= epsilon is proved. Fills the proved numbers.
bool prove_four_device(FourDeviceCertificate& certificate);

/// The certificate that reads the fewest trials, at most plan.trials; nothing where there is none.
std::optional<FourDeviceCertificate> certify_by_prefix(const FourDevicePlan& plan, std::optional<FourDeviceExtractor> only = std::nullopt);

/// The smallest number of trials, up to `limit`, with a certificate when floor(threshold * trials) failures are allowed: for one fewer
/// the search over all fields, numbers of pieces and splits of epsilon finds none. (The search is in floating point and the
/// certificate is proved in balls; at the very edge the answer may be a trial or two too large, never too small.)
std::optional<FourDeviceCertificate> smallest_four_device(const Exact& mu, const Exact& threshold, std::uint64_t output_bits,
                                                          const Exact& epsilon, std::uint64_t limit,
                                                          std::optional<FourDeviceExtractor> only = std::nullopt);

}  // namespace bellows::protocol
