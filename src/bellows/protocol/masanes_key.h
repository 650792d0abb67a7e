#pragma once

#include <cstdint>

#include "bellows/base/result.h"
#include "bellows/numeric/exact.h"
#include "bellows/plan/adversary.h"

namespace bellows::protocol {

/// What bounds the adversary of a key distribution.
enum class KeyMethod {
  no_signalling,  ///< any theory without signalling; the paper's theorem
  quantum,        ///< quantum theory holds for her too; the paper's appendix (Lemma 10)
};
plan::Adversary adversary_of(KeyMethod method);
/// The adversary's name.
const char* key_method_name(KeyMethod method);

/// What both parties counted, all of it public.
struct KeyCounts {
  std::uint64_t settings = 0;     ///< M: settings of the chained Bell inequality
  std::uint64_t pairs = 0;        ///< N: pairs of systems in all
  std::uint64_t tested = 0;       ///< N_e: pairs that count in the inequality
  std::uint64_t lost = 0;         ///< how many of those violate it, N_e W-bar
  std::uint64_t raw_bits = 0;     ///< N_r: bits of the raw key
  std::uint64_t leaked_bits = 0;  ///< N_c: everything published that depends on the raw key
};

struct KeyLength {
  std::uint64_t bits = 0;       ///< N_s; 0: no key
  double bound_bits = 0;        ///< the bound before flooring, rounded down; negative where no key can be had
  double theta = 0;             ///< where the tangent touches: the worst violation that may hide behind the estimate
  double bits_before_leak = 0;  ///< the bound without leak and without the epsilon term, rounded down
};

/// How many bits of key two parties may keep.
/// In:     counts: see there. epsilon: bound on the sum over keys and public messages of the difference between the
/// real
///         and the ideal distribution, maximised over the adversary's measurement (twice the trace distance).
/// Out:    whole bits, rounded down; evaluated in balls.
/// Errors: usage: fewer than 2 settings; epsilon not in (0, 1); counts that contradict each other.
/// Claim:  no_signalling: devices and adversary obey the no-signalling conditions among all uses of all boxes, choices
/// and
///         settings and hash seed uniform and independent, an authenticated channel, the error-correction message a
///         function of Alice's raw key, a hash that is exactly two-universal. quantum: the same, and the initial
///         systems are quantum; one bit that Bob publishes about the outcome of error correction is counted here.
/// Source: masanes-2014: no_signalling: equation (17) and Lemma 8, with min over theta in place of the printed max: the
///         bound must hold for the worst theta (proof of Lemma 8, equation 65). Discarded pairs whose outcomes are
///         announced (settings that do not count; the error sample) are conditioned on before Lemma 8 is applied: what
///         is left is still no-signalling, and which of the pairs left are tested is still uniform.
///         The function of theta is convex (minus the logarithms of theta, 1 - theta and 1/2 + M theta), so its tangent
///         at any point bounds it from below on [0, 1]; the point comes from the root of a quadratic and needs no
///         trust. quantum: Lemma 10 bounds the guessing probability of the raw key given test and choice by the average
///         of prod (1/2 + M W_n); leftover hashing (Renner) gives, for each public value u, L1 <= sqrt(2^(N_s + N_c +
///         1) P_guess(u)) (N_c and Bob's one bit by the chain rule); the average over u by Jensen, then Lemma 3 and the
///         union over W-bar as in (61)-(65): L1 <= sqrt((N_u+1)(N_e+1) max_theta 2^(N_s + N_c + 1 - N_e D(w||theta) +
///         N_r log(1/2 + M theta))), N_u = N_r + N_e.
/// Cost:   microseconds. Thread safe.
Result<KeyLength> key_length(KeyMethod method, const KeyCounts& counts, const numeric::Exact& epsilon);

/// The theta in [w, 1] at which the key length's bound is smallest, for planning: tested and raw may be shares of N.
double worst_theta(double settings, double tested, double raw, double lost_share);

}  // namespace bellows::protocol
