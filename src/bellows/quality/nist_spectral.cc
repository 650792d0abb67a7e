// Discrete Fourier transform (spectral) test: SP 800-22 section 2.6.
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <numbers>

#include "bellows/quality/fourier.h"
#include "bellows/quality/nist_tests.h"

namespace bellows::quality::nist_tests {
namespace {

using Complex = std::complex<double>;

// The sequences of one file have one length, so the last plan is nearly always the right one.
std::shared_ptr<const Fourier> plan_for(std::size_t length) {
  static std::mutex mutex;
  static std::shared_ptr<const Fourier> last;
  const std::lock_guard lock(mutex);
  if (!last || last->length() != length) last = std::make_shared<const Fourier>(length);
  return last;
}

// Squared magnitudes of the bins 0 .. n/2 - 1, handed to `see`.
template <typename See>
void spectrum(const Sequence& sequence, const See& see) {
  const std::size_t n = sequence.length_bits();
  const auto value = [&](std::size_t i) { return sequence.bit(i) ? 1.0 : -1.0; };
  ComplexVector scratch;
  if (n % 2 == 1) {
    ComplexVector data(n);
    for (std::size_t i = 0; i < n; ++i) data[i] = {value(i), 0.0};
    plan_for(n)->forward(data, scratch);
    for (std::size_t k = 0; k < n / 2; ++k) see(std::norm(data[k]));
    return;
  }
  // Even and odd places as real and imaginary part of a transform of half the length.
  const std::size_t half = n / 2;
  ComplexVector data(half);
  for (std::size_t i = 0; i < half; ++i) data[i] = {value(2 * i), value(2 * i + 1)};
  plan_for(half)->forward(data, scratch);
  for (std::size_t k = 0; k < half; ++k) {
    const Complex a = data[k];
    const Complex b = std::conj(data[k == 0 ? 0 : half - k]);
    const Complex even = 0.5 * (a + b);
    const Complex odd = Complex{0.0, -0.5} * (a - b);
    const double angle = -2.0 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
    see(std::norm(even + odd * Complex{std::cos(angle), std::sin(angle)}));
  }
}

}  // namespace

NistOutcome fft(const Sequence& sequence) {
  const auto n = static_cast<double>(sequence.length_bits());
  if (sequence.length_bits() < 2) return NistOutcome::invalid("shorter than 2 bits");
  const double limit = 2.995732274 * n;  // squared 95 % peak height
  std::size_t below = 0;
  spectrum(sequence, [&](double squared) { below += squared < limit ? 1 : 0; });
  const double expected = 0.95 * n / 2.0;
  const double d = (static_cast<double>(below) - expected) / std::sqrt(n / 4.0 * 0.95 * 0.05);
  return {{std::erfc(std::fabs(d) / std::sqrt(2.0))}, {}};
}

}  // namespace bellows::quality::nist_tests
