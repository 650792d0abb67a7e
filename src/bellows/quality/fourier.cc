#include "bellows/quality/fourier.h"

#include <cmath>
#include <numbers>

namespace bellows::quality {
namespace {

using Complex = std::complex<double>;

// std::complex multiplication checks for NaN; these values are always finite.
inline Complex multiply(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}
inline Complex times_minus_i(Complex a) { return {a.imag(), -a.real()}; }

Complex unit_root(std::size_t index, std::size_t order) {
  const double angle = -2.0 * std::numbers::pi * static_cast<double>(index) / static_cast<double>(order);
  return {std::cos(angle), std::sin(angle)};
}

// One pass of Stockham's self-sorting transform: reads `in`, writes `out`.
template <std::size_t Radix, typename Butterfly>
void pass(const Complex* in, Complex* out, std::size_t groups, std::size_t stride, const Complex* twiddles,
          const Butterfly& butterfly) {
  for (std::size_t p = 0; p < groups; ++p) {
    Complex w[Radix];
    for (std::size_t j = 1; j < Radix; ++j) w[j] = twiddles[p * (Radix - 1) + j - 1];
    const Complex* source = in + stride * p;
    Complex* target = out + stride * Radix * p;
    for (std::size_t q = 0; q < stride; ++q) {
      Complex a[Radix];
      for (std::size_t j = 0; j < Radix; ++j) a[j] = source[q + stride * groups * j];
      butterfly(a);
      target[q] = a[0];
      for (std::size_t j = 1; j < Radix; ++j) target[q + stride * j] = multiply(a[j], w[j]);
    }
  }
}

inline void butterfly2(Complex* a) {
  const Complex s = a[0] + a[1];
  a[1] = a[0] - a[1];
  a[0] = s;
}

inline void butterfly4(Complex* a) {
  const Complex s02 = a[0] + a[2], d02 = a[0] - a[2];
  const Complex s13 = a[1] + a[3], d13 = times_minus_i(a[1] - a[3]);
  a[0] = s02 + s13;
  a[1] = d02 + d13;
  a[2] = s02 - s13;
  a[3] = d02 - d13;
}

inline void butterfly5(Complex* a) {
  constexpr double c1 = 0.30901699437494742410, c2 = -0.80901699437494742410;
  constexpr double s1 = 0.95105651629515357212, s2 = 0.58778525229247312917;
  const Complex t1 = a[1] + a[4], t2 = a[2] + a[3];
  const Complex t3 = a[1] - a[4], t4 = a[2] - a[3];
  const Complex u1 = a[0] + c1 * t1 + c2 * t2, u2 = a[0] + c2 * t1 + c1 * t2;
  const Complex v1 = times_minus_i(s1 * t3 + s2 * t4), v2 = times_minus_i(s2 * t3 - s1 * t4);
  a[0] = a[0] + t1 + t2;
  a[1] = u1 + v1;
  a[4] = u1 - v1;
  a[2] = u2 + v2;
  a[3] = u2 - v2;
}

// Any small radix, straight from the definition.
template <std::size_t Radix>
struct ButterflyDirect {
  Complex roots[Radix];
  ButterflyDirect() {
    for (std::size_t k = 0; k < Radix; ++k) roots[k] = unit_root(k, Radix);
  }
  void operator()(Complex* a) const {
    Complex out[Radix];
    for (std::size_t k = 0; k < Radix; ++k) {
      out[k] = a[0];
      for (std::size_t j = 1; j < Radix; ++j) out[k] += multiply(a[j], roots[j * k % Radix]);
    }
    for (std::size_t k = 0; k < Radix; ++k) a[k] = out[k];
  }
};

constexpr std::size_t radices[] = {5, 4, 3, 2, 7, 11, 13};

bool is_smooth(std::size_t n) {
  for (const std::size_t r : radices) {
    while (n % r == 0) n /= r;
  }
  return n == 1;
}

}  // namespace

// Bluestein: a transform of any length as a circular convolution of a power-of-two length.
struct Fourier::Chirp {
  Fourier inner;
  std::vector<Complex> factor;  // exp(-pi i k^2 / length)
  ComplexVector spectrum;       // of the conjugate chirp, divided by the inner length

  static std::size_t inner_length(std::size_t length) {
    std::size_t n = 1;
    while (n < 2 * length) n *= 2;
    return n;
  }
  explicit Chirp(std::size_t length) : inner(inner_length(length)), factor(length) {
    std::size_t square = 0;  // k^2 mod 2 length, without overflow
    for (std::size_t k = 0; k < length; ++k) {
      factor[k] = unit_root(square, 2 * length);
      square = (square + 2 * k + 1) % (2 * length);
    }
    spectrum.assign(inner.length(), Complex{});
    for (std::size_t k = 0; k < length; ++k) {
      spectrum[k] = std::conj(factor[k]);
      if (k != 0) spectrum[inner.length() - k] = std::conj(factor[k]);
    }
    ComplexVector scratch;
    inner.forward(spectrum, scratch);
    for (Complex& value : spectrum) value /= static_cast<double>(inner.length());
  }
  void forward(ComplexVector& data, ComplexVector& scratch) const {
    ComplexVector padded(inner.length(), Complex{});
    for (std::size_t k = 0; k < factor.size(); ++k) padded[k] = multiply(data[k], factor[k]);
    inner.forward(padded, scratch);
    // Inverse transform by conjugation.
    for (std::size_t k = 0; k < padded.size(); ++k) {
      padded[k] = std::conj(multiply(padded[k], spectrum[k]));
    }
    inner.forward(padded, scratch);
    for (std::size_t k = 0; k < factor.size(); ++k) {
      data[k] = multiply(std::conj(padded[k]), factor[k]);
    }
  }
};

Fourier::Fourier(std::size_t length) : length_(length) {
  if (!is_smooth(length)) {
    chirp_ = std::make_unique<Chirp>(length);
    return;
  }
  std::size_t left = length;
  std::size_t stride = 1;
  for (const std::size_t radix : radices) {
    while (left % radix == 0) {
      Stage stage{radix, left / radix, stride, {}};
      stage.twiddles.reserve(stage.groups * (radix - 1));
      for (std::size_t p = 0; p < stage.groups; ++p) {
        for (std::size_t j = 1; j < radix; ++j) stage.twiddles.push_back(unit_root(p * j, left));
      }
      stages_.push_back(std::move(stage));
      left /= radix;
      stride *= radix;
    }
  }
}

Fourier::~Fourier() = default;

void Fourier::forward(ComplexVector& data, ComplexVector& dirty_scratch) const {
  if (chirp_) {
    chirp_->forward(data, dirty_scratch);
    return;
  }
  static const ButterflyDirect<3> butterfly3;
  static const ButterflyDirect<7> butterfly7;
  static const ButterflyDirect<11> butterfly11;
  static const ButterflyDirect<13> butterfly13;
  dirty_scratch.resize(length_);
  for (const Stage& s : stages_) {
    const Complex* in = data.data();
    Complex* out = dirty_scratch.data();
    const Complex* w = s.twiddles.data();
    switch (s.radix) {
      case 2:
        pass<2>(in, out, s.groups, s.stride, w, butterfly2);
        break;
      case 3:
        pass<3>(in, out, s.groups, s.stride, w, butterfly3);
        break;
      case 4:
        pass<4>(in, out, s.groups, s.stride, w, butterfly4);
        break;
      case 5:
        pass<5>(in, out, s.groups, s.stride, w, butterfly5);
        break;
      case 7:
        pass<7>(in, out, s.groups, s.stride, w, butterfly7);
        break;
      case 11:
        pass<11>(in, out, s.groups, s.stride, w, butterfly11);
        break;
      default:
        pass<13>(in, out, s.groups, s.stride, w, butterfly13);
        break;
    }
    data.swap(dirty_scratch);
  }
}

}  // namespace bellows::quality
