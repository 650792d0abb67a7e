// Discrete Fourier transform of any length, for the spectral test.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

#include "bellows/base/secret.h"

namespace bellows::quality {

/// Holds what was made from the tested bits, hence wiped.
using ComplexVector = std::vector<std::complex<double>, SecretAllocator<std::complex<double>>>;

/// A plan for complex transforms of one length; immutable once made, to be shared between threads.
/// Lengths whose primes are at most 13 go by mixed radices, others by Bluestein's chirp.
class Fourier {
 public:
  explicit Fourier(std::size_t length);
  ~Fourier();
  Fourier(const Fourier&) = delete;
  Fourier& operator=(const Fourier&) = delete;

  std::size_t length() const { return length_; }
  /// Forward transform, exp(-2 pi i j k / length). Leaves the result in `data`; `scratch` is dirty.
  /// Both hold `length()` values (scratch is resized).
  void forward(ComplexVector& data, ComplexVector& dirty_scratch) const;

 private:
  struct Stage {
    std::size_t radix;
    std::size_t groups;  ///< Length that is left, divided by the radix.
    std::size_t stride;
    std::vector<std::complex<double>> twiddles;  ///< [group][1..radix-1]
  };
  struct Chirp;
  std::size_t length_;
  std::vector<Stage> stages_;
  std::unique_ptr<Chirp> chirp_;
};

}  // namespace bellows::quality
