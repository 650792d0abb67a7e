#pragma once

#include "bellows/base/progress.h"
#include "bellows/numeric/ball.h"
#include "bellows/numeric/exact.h"
#include "bellows/plan/adversary.h"
#include "bellows/protocol/cheats.h"

/// Gallego et al.: blocks of five-party Mermin boxes, one block distilled to one bit (docs/protocol-gallego.md).
namespace bellows::protocol {

using numeric::Ball;
using numeric::Exact;

inline constexpr plan::Adversary gallego_adversary = plan::no_signalling_adversary;

/// f: {0,1}^Nd -> {0,1}, the lowest bit of a random polynomial of degree t - 1 over GF(2^Nd): t-wise independent. The seed must be uniform
/// and public before the devices are made.
class IndependentFunction {
 public:
  /// In: input_bits: Nd, 1 to 64; independence: t; random: uniform bits.
  IndependentFunction(int input_bits, std::uint64_t independence, Random& random);
  /// The polynomial with these coefficients, constant first.
  IndependentFunction(int input_bits, std::vector<std::uint64_t> coefficients);
  bool operator()(std::uint64_t input) const;
  std::uint64_t independence() const { return coefficients_.size(); }

 private:
  std::uint64_t multiply(std::uint64_t a, std::uint64_t b) const;
  int bits_;
  std::uint64_t modulus_;  ///< without the leading term
  std::vector<std::uint64_t> coefficients_;
};
/// The low part of the first irreducible polynomial of this degree (1 to 64), in the order of the numbers.
std::uint64_t irreducible_low_part(int degree);

/// alpha, beta, c of the bound; proved by `bellows bound --paper guess-radius`.
struct DistillationConstants {
  Exact alpha, beta, factor;
  unsigned smallest_block = 1;  ///< the printed lemma needs Nd >= 130
};
/// As printed: alpha = 0.8842, beta = 1.260, factor 3, and not proved (docs/protocol-gallego.md).
DistillationConstants printed_constants();
/// Pairs (alpha, beta) that solve_guess_radius proves for every class of settings; the factor is for t = 36 Nd.
const std::vector<DistillationConstants>& repaired_constants();

/// log2 of P(guess) - 1/2 by (C7): (c sqrt Nd / 2) [alpha^Nd + 2 Nb^{log2(1/2 + mu)} (32 beta (1/2 - mu)^-5)^Nd].
Ball gallego_log2_excess(const DistillationConstants& constants, const Exact& mu, unsigned block_size, const Ball& log2_blocks);
/// log2 of the probability that a t-wise independent f is bad for some sequence: 2^{14 Nd} (t-1)!!/(2 c sqrt Nd)^t.
Ball bad_function_log2_probability(const Exact& factor, unsigned block_size, std::uint64_t independence);

struct GallegoSize {
  DistillationConstants constants;
  unsigned block_size = 0;     ///< Nd
  double log2_blocks = 0;      ///< log2 Nb needed, from above
};
/// The smallest log2 Nb at which P(guess) < 1 (log2_excess < -1), or log2_excess <= `log2_target` in general.
std::optional<GallegoSize> gallego_smallest(const std::vector<DistillationConstants>& choices, const Exact& mu, double log2_target, bool count_bad_function);

struct GallegoOptions {
  Exact mu;
  std::uint64_t quintuplets = 1000000;
  unsigned block_size = 16;        ///< Nd, at most 64
  std::string device = "quantum";
  double honest_share = 0.5;       ///< blockwise: probability that a stretch is honest; memory: share before it turns
  SourceScheme scheme = SourceScheme::leaning;
  bits::StreamKey key;
  std::uint64_t function_seed = 1; ///< of f, public
};
/// quantum, deterministic-party, local, memory, blockwise.
const std::vector<DeviceKind>& gallego_devices();

struct GallegoResult {
  std::uint64_t kept = 0, blocks = 0, distilled_block = 0, wrong_blocks = 0;
  bool aborted_few = false, aborted_wrong = false;
  bool distilled_block_wrong = false;
  std::optional<bool> output;
  double majority_known = 0;   ///< share of majorities that the cheating device's maker guesses (3/4 for one deterministic party)
  double log2_excess_printed = 0, log2_excess_repaired = 0;  ///< (C7) at this size, from above; from -1 on the bound says nothing
};
/// Errors: usage: mu outside [0, 1/2), block size, unknown device, fewer quintuplets than one block.
Result<GallegoResult> run_gallego(const GallegoOptions& options, const Context& context = {});

}  // namespace bellows::protocol
