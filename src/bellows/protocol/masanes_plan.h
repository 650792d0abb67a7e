#pragma once

#include <cstdint>
#include <functional>

#include "bellows/numeric/exact.h"
#include "bellows/protocol/masanes_key.h"

namespace bellows::protocol {

/// <W> of the paper's quantum devices, equation (26): noise is xi of equation (22).
double expected_loss(unsigned settings, double noise);
/// The error rate of the raw key on the same devices: xi / 2.
double expected_error_rate(double noise);

/// Key bits a pair for N to infinity, equation (21) with min over theta (no_signalling), or the limit of key_length's
/// other formula (quantum). Negative where there is no key. `efficiency`: leak of the error correction over h(error
/// rate). Doubles: for planning; no key was ever made from it.
double asymptotic_rate(KeyMethod method, unsigned settings, double noise, double gamma, double efficiency = 1);

struct BestRate {
  double gamma = 0;
  double bits_per_pair = 0;
};
/// The rate at the best gamma.
BestRate best_asymptotic_rate(KeyMethod method, unsigned settings, double noise, double efficiency = 1);
/// The noise at which the best rate becomes zero (gamma -> 1 for no_signalling).
double largest_noise(KeyMethod method, unsigned settings, double efficiency = 1);

/// How many bits of an n-bit raw key are published at an error rate.
using LeakModel = std::function<std::uint64_t(std::uint64_t raw_bits, double error_rate)>;

struct PlanRequest {
  KeyMethod method = KeyMethod::no_signalling;
  unsigned settings = 7;
  double noise = 0.005;
  numeric::Exact epsilon = numeric::Exact::literal("1e-9");
  /// How many standard deviations worse than expected the test may come out and the key still reach its length.
  double margin_sigmas = 3;
  LeakModel leak;
};

/// What is to be expected of N pairs; the key length is that of key_length() at the counts named.
struct PlanPoint {
  std::uint64_t pairs = 0;
  std::uint64_t gamma_65536 = 0;  ///< gamma as a fraction of 65536
  KeyCounts counts;
  KeyLength length;
  double gamma() const { return static_cast<double>(gamma_65536) / 65536; }
};

/// At a given gamma; at the best gamma. Errors: usage, as key_length.
Result<PlanPoint> plan_at(const PlanRequest& request, std::uint64_t pairs, std::uint64_t gamma_65536);
Result<PlanPoint> plan_for_pairs(const PlanRequest& request, std::uint64_t pairs);
/// The fewest pairs for a key of so many bits. Errors: refused: no number of pairs up to 2^50 gives it.
Result<PlanPoint> plan_for_key(const PlanRequest& request, std::uint64_t key_bits);

}  // namespace bellows::protocol
