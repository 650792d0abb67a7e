#pragma once

#include "bellows/base/progress.h"
#include "bellows/numeric/ball.h"
#include "bellows/numeric/exact.h"
#include "bellows/protocol/cheats.h"

/// Colbeck and Renner: chained Bell correlations, N = 2^r settings for each of two devices (docs/protocol-colbeck-renner.md).
namespace bellows::protocol {

using numeric::Ball;
using numeric::Exact;

// Theorem 1: the correlations are those of quantum theory.

/// log2 of 2^r ((1 + 2 mu)/(1 - 2 mu))^{2r} sin^2(pi / 2^{r+2}): how far the outcome is from free, on average.
Ball chained_log2_distance(unsigned r, const Exact& mu);
/// log2 of the simpler delta_{r, mu} = pi^2/16 ((1 + 2 mu)/(sqrt 2 (1 - 2 mu)))^{2r}, which is larger.
Ball chained_log2_delta(unsigned r, const Exact& mu);
/// Smallest r with chained_log2_distance <= log2(target), up to 100,000; nothing when the theorem is void (mu >= 0.0857864...) or r is beyond.
std::optional<unsigned> chained_smallest_r(const Exact& mu, const Exact& target);

// Theorem 2: nothing is assumed but no-signalling; protocol Pi_N with M trials.

struct ChainedPlan {
  Exact mu;
  unsigned log2_settings = 3;   ///< r, N = 2^r
  unsigned log2_trials = 8;     ///< M = 2^t; the paper has t = 2.99 r
};

struct ChainedBound {
  double log2_i_star = 0;       ///< proposed; the output is (I*/2)-free ...
  double log2_bad = 0;          ///< ... except with probability 2^log2_bad (from above) over source and devices, abort counting as good
  double log2_total = 0;        ///< log2(I*/2 + bad), from above
  double log2_honest_abort = 0; ///< log2 of a bound on the abort probability of the quantum device in tests 2 and 3
};
/// Pr[R given and f in F] <= tau (1 - p)/p, with tau = (1/2 + mu)^{t - r} and p = I* ((1/2 - mu)/(1/2 + mu))^{2r} / 2N.
ChainedBound chained_bound(const ChainedPlan& plan);
/// The plan with the smallest r (then the smallest t) whose total is at most the target with an honest abort probability of at most 1/2; r <= limit.
std::optional<ChainedPlan> chained_smallest_plan(const Exact& mu, const Exact& target, unsigned limit);

/// The exponent of N in |F and T| p: as printed (a = 2.99, b = 0.01) and the supremum over a < 3, b > 0. Zero where the proof ends.
Ball chained_exponent(const Exact& mu, bool printed);
/// The bias from which on local devices with a colluding source reproduce I_N for N = 2^r: (1 - 2 mu)^{2r} <= 2N sin^2(pi/4N).
double chained_attack_bias(unsigned r);

struct ChainedOptions {
  ChainedPlan plan;
  std::string device = "quantum";
  bool correlated_sources = false;  ///< each bit of the second source leans towards the first one's
  SourceScheme scheme = SourceScheme::leaning;
  bits::StreamKey key;
};
/// quantum, local, no-signalling.
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
