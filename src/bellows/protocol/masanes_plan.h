#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "bellows/ecc/reconcile.h"
#include "bellows/numeric/exact.h"
#include "bellows/protocol/masanes_certificate.h"
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

/// What error correction will take.
struct Published {
  std::uint64_t bits = 0;  ///< everything published about the raw key: what a session counts as N_c
  ecc::Code code = ecc::Code::bch;
  std::uint64_t random_bits = 0;  ///< that the code takes
};
/// For a raw key of so many bits when the error sample of `sample_pairs` shows `sample_errors`. For planning: the bound
/// on the errors in doubles. roughly: a concatenated code's bits too, a few per cent too many, for searches.
Published published_bits(KeyMethod method, const std::vector<ecc::Code>& codes, std::uint64_t raw_bits,
                         std::uint64_t sample_pairs, std::uint64_t sample_errors, const numeric::Exact& total_epsilon,
                         bool roughly = false);

struct PlanRequest {
  KeyMethod method = KeyMethod::no_signalling;
  unsigned settings = 7;
  double noise = 0.005;
  numeric::Exact epsilon = numeric::Exact::literal("1e-9");  ///< total, as a session is given it
  /// An honest run reaches the length planned with this chance at least; 0: the length at the expected counts.
  double chance = 0.99;
  std::optional<ecc::Code> correction = {};  ///< nothing: usual_codes(method)
  std::vector<ecc::Code> codes() const { return correction ? std::vector{*correction} : usual_codes(method); }
  /// Counts the published bits in another way (for comparisons with the asymptotic rate); nothing: published_bits.
  std::function<std::uint64_t(std::uint64_t raw_bits)> leak = {};
};

/// What is to be expected of N pairs.
///
/// The promise: devices of this noise give at least `length.bits` with the chance asked for, unless error correction
/// fails. The numbers that chance decides are tested pairs, raw bits, lost tests, size of the error sample and errors
/// in it; each stays within its Chernoff bound (seven tails, each with a seventh of what is left of the chance). In
/// this box the bound without the leak is smallest at a corner: with the share of lost tests at its worst it is, as a
/// minimum over theta of functions linear in the two numbers of pairs, concave in them; the leak counted is the
/// largest of the box; and for the logarithm of N_e, which is not concave, its change over the box is taken off once
/// more. `counts` and `length` are those of the worst corner.
struct PlanPoint {
  std::uint64_t pairs = 0;
  std::uint64_t gamma_65536 = 0;  ///< gamma as a fraction of 65536
  KeyCounts counts;
  KeyLength length;
  std::uint64_t key_bits = 0;  ///< promised
  Published published;         ///< the largest of the box
  double gamma() const { return static_cast<double>(gamma_65536) / 65536; }
};

/// At a given gamma; at the best gamma. roughly: as in published_bits. Errors: usage, as key_length.
Result<PlanPoint> plan_at(const PlanRequest& request, std::uint64_t pairs, std::uint64_t gamma_65536,
                          bool roughly = false);
Result<PlanPoint> plan_for_pairs(const PlanRequest& request, std::uint64_t pairs, bool roughly = false);
/// The fewest pairs for a key of so many bits. Errors: refused: no number of pairs up to 2^50 gives it.
Result<PlanPoint> plan_for_key(const PlanRequest& request, std::uint64_t key_bits, bool roughly = false);

}  // namespace bellows::protocol
