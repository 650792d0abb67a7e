#pragma once

#include "bellows/base/progress.h"
#include "bellows/numeric/ball.h"
#include "bellows/numeric/exact.h"
#include "bellows/plan/adversary.h"
#include "bellows/protocol/cheats.h"

/// Colbeck and Renner: chained Bell correlations, N = 2^r settings for each of two devices (docs/protocol-colbeck-renner.md).
namespace bellows::protocol {

using numeric::Ball;
using numeric::Exact;

/// Of theorem 2 as it is proved here.
inline constexpr plan::Adversary chained_adversary = plan::no_signalling_classical_adversary;

// Theorem 1: the correlations are those of quantum theory.

/// log2 of 2^r ((1 + 2 mu)/(1 - 2 mu))^{2r} sin^2(pi / 2^{r+2}): how far the outcome is from free, on average.
Ball chained_log2_distance(unsigned r, const Exact& mu);
/// log2 of the simpler delta_{r, mu} = pi^2/16 ((1 + 2 mu)/(sqrt 2 (1 - 2 mu)))^{2r}, which is larger.
Ball chained_log2_delta(unsigned r, const Exact& mu);
struct ChainedSmallest {
  bool is_void = false;                   ///< mu >= (sqrt 2 - 1)^2/2 = 0.0857864...: no r will do
  std::optional<unsigned> log2_settings;  ///< nothing as well when r would be beyond 100,000
};
/// Smallest r with chained_log2_distance <= log2(target), up to 100,000.
ChainedSmallest chained_smallest_r(const Exact& mu, const Exact& target);

// Theorem 2: protocol Pi_N with M trials on devices of which nothing is known but that they do not signal.

struct ChainedPlan {
  Exact mu;
  unsigned log2_settings = 3;   ///< r, N = 2^r
  unsigned log2_trials = 8;     ///< M = 2^t; the paper has t = 2.99 r
};

/// What the protocol proves: 1/2 sum_r |Pr[R = r, accepted | c] - 1/2 Pr[accepted | c]| <= 2^log2_total on average over c, c everything
/// that Eve knows: her classical information e on the source and all of the source's bits.
/// Claim:  given e the source is independent of the devices, of their outcomes in particular; every bit of a_1 b_1 a_2 b_2 ... f, given e and
///         all earlier ones, has probability in [1/2 - mu, 1/2 + mu]. Each trial is no-signalling given e and the past; later settings do not
///         influence earlier outcomes. Without the first sentence it is false (steered_choice).
/// Source: Theorem 2 and its (S4), (S5); the proof is another one (docs/protocol-colbeck-renner.md): no I*, and abort included.
struct ChainedBound {
  double log2_deviation = -1;    ///< log2 of 1/2 (1/2 + mu)^{t-1} (1/2 - mu)^{-2r}, from above: what chosen outcomes are off, the tests passed
  double log2_selection = -1;    ///< log2 of 1/4 (1/2 + 2 mu^2)^{(t-r)/2}, from above: acceptance may depend on outcomes
  double log2_total = 0;         ///< log2 of their sum, from above; from -1 on it says nothing
  double log2_honest_abort = 0;  ///< log2 of a bound on the probability that the quantum device aborts in test 3
};
ChainedBound chained_bound(const ChainedPlan& plan);
/// (1/2 + mu)^3 >= (1/2 - mu)^2, mu >= 0.0698402...: no number of trials that an honest device survives makes the bound fall.
bool chained_bound_is_void(const Exact& mu);
/// The plan with the smallest r (then the smallest t) whose total is at most the target with an honest abort probability of at most 1/2; r <= limit.
std::optional<ChainedPlan> chained_smallest_plan(const Exact& mu, const Exact& target, unsigned limit);

/// What a source that follows the outcomes does within its bias: each bit of the choice leans towards the half in which a 1 is likelier.
/// In: outcomes: at least 2^choice_bits of them. Out: the position that is chosen.
std::uint64_t steered_choice(const std::vector<bool>& outcomes, int choice_bits, double mu, Random& random);

/// The exponent of N in the paper's |F and T| p: as printed (a = 2.99, b = 0.01) and the supremum over a < 3, b > 0. Zero where the proof ends.
Ball chained_exponent(const Exact& mu, bool printed);
/// The bias from which on local devices with a colluding source reproduce I_N for N = 2^r: (1 - 2 mu)^{2r} <= 2N sin^2(pi/4N).
double chained_attack_bias(unsigned r);

struct ChainedOptions {
  ChainedPlan plan;
  std::string device = "quantum";
  bool correlated_sources = false;  ///< each bit of the second source leans towards the first one's
  double honest_share = 0.5;        ///< memory: share of the trials before it turns
  bool steered_choice = false;      ///< the source that chooses f has seen the outcomes: outside the assumptions
  SourceScheme scheme = SourceScheme::leaning;
  bits::StreamKey key;
};
/// quantum, local, memory, selective, no-signalling.
const std::vector<DeviceKind>& chained_devices();

enum class ChainedAbort { none, test_size, failures };
struct ChainedResult {
  std::uint64_t trials = 0, tested = 0, failures = 0;  ///< M, |T|, members of T that fail
  double observed_value = 0;   ///< I_N with uniform weights over the pairs, from the frequencies in T
  double quantum_value = 0;
  ChainedAbort aborted = ChainedAbort::none;
  std::optional<bool> output;  ///< R
  bool eve_knows = false;      ///< the cheating device's maker knew R
  ChainedBound bound;
};
/// Errors: usage: unknown device, mu outside [0, 1/2), more than 2^32 trials, M < N.
Result<ChainedResult> run_chained(const ChainedOptions& options, const Context& context = {});

// The corollary with three parties: GHZ correlations, devices bound by quantum theory.
struct GhzOptions {
  Exact mu;
  std::uint64_t trials = 1000;
  std::string device = "quantum";  ///< quantum, deterministic-party (no-signalling, not quantum), local
  SourceScheme scheme = SourceScheme::leaning;
  bits::StreamKey key;
};
const std::vector<DeviceKind>& ghz_devices();
struct GhzResult {
  std::uint64_t tested = 0, failures = 0;
  std::optional<bool> output;   ///< nothing after a failure
  bool eve_knows = false;
};
Result<GhzResult> run_ghz(const GhzOptions& options, const Context& context = {});

}  // namespace bellows::protocol
