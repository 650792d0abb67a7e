#pragma once

#include <cstdint>
#include <string>

#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/bits/bit_stream.h"

namespace bellows::protocol {

/// What is inside the boxes.
enum class PairModel {
  quantum,             ///< noisy EPR pairs of equation (22), measured as in (23)-(25)
  local,               ///< both outcomes fixed by a bit that Eve holds: W = 1/(2M), no errors in the raw key
  cheating_sometimes,  ///< each pair local with probability `cheat`, else quantum
  honest_on_tests,  ///< with probability `cheat` a box gives a bit that Eve holds wherever its own setting may be one
                    ///< for the raw key (x = 0, y = M), and is honest where it must be a test
};
Result<PairModel> pair_model_from_name(const std::string& name);

struct SourceRequest {
  PairModel model = PairModel::quantum;
  unsigned settings = 7;
  std::uint64_t pairs = 0;
  std::uint64_t gamma_65536 = 58000;  ///< chance of "test", in 65536ths: exact
  double noise = 0;
  double cheat = 0;               ///< of cheating_sometimes and honest_on_tests
  std::uint64_t device_seed = 1;  ///< of the boxes' own randomness (a simulation: no secret)
};

/// Uniform bits turned into choices and settings with exactly the right chances, wasting next to none: what one draw
/// leaves of its randomness serves the next.
class ExactDraws {
 public:
  explicit ExactDraws(bits::BitStream& bits) : bits_(bits) {}
  /// True with probability numerator / 65536. Errors: bad_input: no bits left.
  Result<bool> chance(std::uint64_t numerator);
  /// Uniform in 0 .. bound-1, bound < 2^16.
  Result<unsigned> below(unsigned bound);
  std::uint64_t used_bits() const { return used_bits_; }

 private:
  Status refill();
  bits::BitStream& bits_;
  std::uint64_t value_ = 0, range_ = 1;  // value is uniform in [0, range)
  std::uint64_t buffer_[1024] = {};
  std::uint64_t buffered_bits_ = 0, next_bit_ = 0, used_bits_ = 0;
};

struct SourceReport {
  std::uint64_t alice_random_bits = 0, bob_random_bits = 0;  ///< consumed for I, X and for J, Y
  std::uint64_t known_to_eve = 0;                            ///< pairs that the boxes cheat on
  Digest alice_log, bob_log;
};

/// Writes the two halves of the records of N pairs.
/// In:     alice_bits, bob_bits: uniform bits for the choices and settings of each.
/// Errors: usage: a request that makes no sense, or two names of one log; bad_input: too few random bits, or a file
/// that
///         exists; cancelled. Neither log is left behind then.
/// Cost:   50 to 100 million pairs a minute; memory of one block.
Result<SourceReport> simulate_pairs(const SourceRequest& request, bits::BitStream& alice_bits,
                                    bits::BitStream& bob_bits, const Path& alice_log, const Path& bob_log,
                                    const Context& context = {});

/// Bits that a party's choices and settings take on average.
double random_bits_per_pair(unsigned settings, std::uint64_t gamma_65536);

}  // namespace bellows::protocol
