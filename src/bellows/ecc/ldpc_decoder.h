#pragma once

#include <cstdint>
#include <vector>

#include "bellows/base/secret.h"
#include "bellows/ecc/ldpc_code.h"

namespace bellows::ecc {

/// Finds the error pattern of a given syndrome. Holds the working memory of one frame; one decoder a thread.
class LdpcDecoder {
 public:
  explicit LdpcDecoder(const LdpcCode& code);

  /// In:  syndrome: one bit a byte, of the difference of the two strings. error_rate: expected, in (0, 0.5).
  ///      known_bits: so many bits at the end of the frame are certainly without error (padding).
  ///      attempt: 0, 1, 2: later ones believe less, take the rows in another order and longer; for frames that failed.
  /// Out: true iff `errors` (one bit a byte, length_bits()) has this syndrome. False: the frame failed, errors
  /// unspecified.
  bool decode(const std::uint8_t* syndrome, double error_rate, std::uint64_t known_bits, std::uint8_t* errors,
              int attempt = 0);

  int last_iterations() const { return last_iterations_; }

 private:
  using Bytes = std::vector<std::int8_t, SecretAllocator<std::int8_t>>;
  void update_rescaling(double row_edges);

  const LdpcCode& code_;
  std::size_t padded_;  // circulant, rounded up to whole vectors
  Bytes belief_, message_, row_belief_;
  SecretBytes row_syndrome_, check_;
  std::vector<double> histogram_;
  std::uint8_t rescale_[128] = {};
  int loudest_message_ = 0, attempt_ = 0;
  int last_iterations_ = 0;
};

}  // namespace bellows::ecc
