// Tests that count bit patterns: SP 800-22 sections 2.7, 2.8, 2.11 and 2.12.
//
// A template that overlaps no shifted copy of itself cannot occur twice at overlapping places, so the
// non-overlapping search of the document finds every occurrence, and one histogram of windows answers
// for all 148 templates at once.
#include <algorithm>
#include <array>
#include <cmath>

#include "bellows/quality/nist_tests.h"
#include "bellows/quality/special_functions.h"

namespace bellows::quality::nist_tests {
namespace {

// Calls see(window) for the windows of `width` bits that start at first .. first + count - 1; a window
// may reach past the sequence, where it reads zeros. Bits above the width are not cleared.
template <typename See>
void for_each_window(const Sequence& sequence, std::size_t first, std::size_t count, unsigned width, const See& see) {
  const std::size_t step = 64 - width + 1;
  for (std::size_t i = 0; i < count; i += step) {
    std::uint64_t w = sequence.window(first + i);
    const std::size_t here = std::min(step, count - i);
    for (std::size_t k = 0; k < here; ++k, w >>= 1) see(w);
  }
}

std::uint32_t reverse_bits(std::uint32_t value, unsigned width) {
  std::uint32_t out = 0;
  for (unsigned i = 0; i < width; ++i) out |= ((value >> i) & 1U) << (width - 1 - i);
  return out;
}

}  // namespace

std::vector<std::uint32_t> aperiodic_templates(unsigned template_bits) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t t = 0; t < (1U << template_bits); ++t) {
    bool aperiodic = true;
    for (unsigned shift = 1; shift < template_bits && aperiodic; ++shift) {
      const std::uint32_t low_mask = (1U << (template_bits - shift)) - 1;
      aperiodic = (t >> shift) != (t & low_mask);
    }
    if (aperiodic) out.push_back(t);
  }
  return out;
}

NistOutcome non_overlapping_template(const Sequence& sequence, unsigned template_bits) {
  constexpr std::size_t block_count = 8;
  const std::size_t block_bits = sequence.length_bits() / block_count;
  if (block_bits < template_bits) return NistOutcome::invalid("blocks shorter than the template");
  const auto m = static_cast<double>(template_bits);
  const auto block = static_cast<double>(block_bits);
  const double mean = (block - m + 1.0) * std::exp2(-m);
  const double variance = block * (std::exp2(-m) - (2.0 * m - 1.0) * std::exp2(-2.0 * m));
  const std::vector<std::uint32_t> templates = aperiodic_templates(template_bits);
  std::vector<double> chi_square(templates.size(), 0.0);
  const std::uint64_t mask = (std::uint64_t{1} << template_bits) - 1;
  std::vector<std::uint32_t> counts(mask + 1);
  for (std::size_t b = 0; b < block_count; ++b) {
    std::fill(counts.begin(), counts.end(), 0);
    for_each_window(sequence, b * block_bits, block_bits - template_bits + 1, template_bits,
                    [&](std::uint64_t w) { ++counts[w & mask]; });
    for (std::size_t t = 0; t < templates.size(); ++t) {
      const double excess = counts[reverse_bits(templates[t], template_bits)] - mean;
      chi_square[t] += excess * excess / variance;
    }
  }
  NistOutcome out;
  for (const double value : chi_square) {
    out.p_values.push_back(chi_square_tail(static_cast<double>(block_count), value));
  }
  return out;
}

NistOutcome overlapping_template(const Sequence& sequence, unsigned template_bits) {
  constexpr std::size_t block_bits = 1032;
  constexpr std::size_t class_count = 6;
  const std::size_t blocks = sequence.length_bits() / block_bits;
  if (blocks == 0) return NistOutcome::invalid("shorter than one block of 1032 bits");
  const std::size_t windows = block_bits - template_bits + 1;
  std::array<std::size_t, class_count> counts{};
  for (std::size_t b = 0; b < blocks; ++b) {
    std::size_t hits = 0;
    for (std::size_t i = 0; i < windows; i += 48) {
      std::uint64_t w = sequence.window(b * block_bits + i);
      std::uint64_t all_ones = w;
      for (unsigned k = 1; k < template_bits; ++k) all_ones &= w >> k;
      const std::size_t here = std::min<std::size_t>(48, windows - i);
      hits += static_cast<std::size_t>(__builtin_popcountll(all_ones & ((std::uint64_t{1} << here) - 1)));
    }
    ++counts[std::min(hits, class_count - 1)];
  }
  // Compound Poisson class probabilities of section 3.8.
  const double eta = static_cast<double>(windows) * std::exp2(-static_cast<double>(template_bits)) / 2.0;
  std::array<double, class_count> probability{};
  double rest = 1.0;
  for (std::size_t u = 0; u + 1 < class_count; ++u) {
    if (u == 0) {
      probability[u] = std::exp(-eta);
    } else {
      double choose = 1.0;  // binomial(u - 1, l - 1)
      double term = 1.0;    // eta^l / l!
      for (std::size_t l = 1; l <= u; ++l) {
        term *= eta / static_cast<double>(l);
        probability[u] += choose * term;
        choose *= static_cast<double>(u - l) / static_cast<double>(l);
      }
      probability[u] *= std::exp(-eta) * std::exp2(-static_cast<double>(u));
    }
    rest -= probability[u];
  }
  probability[class_count - 1] = rest;
  double chi_square = 0.0;
  for (std::size_t i = 0; i < class_count; ++i) {
    const double expected = static_cast<double>(blocks) * probability[i];
    const double excess = static_cast<double>(counts[i]) - expected;
    chi_square += excess * excess / expected;
  }
  return {{chi_square_tail(static_cast<double>(class_count - 1), chi_square)}, {}};
}

std::vector<std::uint32_t> circular_window_counts(const Sequence& sequence, unsigned window_bits) {
  std::vector<std::uint32_t> counts(std::size_t{1} << window_bits, 0);
  const std::size_t length = sequence.length_bits();
  const std::uint64_t mask = counts.size() - 1;
  std::size_t straight = 0;
  if (length >= window_bits) {
    straight = length - window_bits + 1;
    for_each_window(sequence, 0, straight, window_bits, [&](std::uint64_t w) { ++counts[w & mask]; });
  }
  for (std::size_t i = straight; i < length; ++i) {
    std::uint64_t w = 0;
    for (unsigned k = 0; k < window_bits; ++k) {
      w |= std::uint64_t{sequence.bit((i + k) % length)} << k;
    }
    ++counts[w];
  }
  return counts;
}

std::vector<std::uint32_t> shorten_window_counts(const std::vector<std::uint32_t>& counts) {
  std::vector<std::uint32_t> out(counts.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = counts[i] + counts[i + out.size()];
  return out;
}

namespace {

// psi^2 of section 2.11: 2^m / n * sum of squared counts, less n.
double psi_square(std::size_t length_bits, const std::vector<std::uint32_t>& counts) {
  double sum = 0.0;
  for (const std::uint32_t c : counts) sum += static_cast<double>(c) * static_cast<double>(c);
  const auto n = static_cast<double>(length_bits);
  return sum * static_cast<double>(counts.size()) / n - n;
}

// Sum of (count/n) ln (count/n).
double mean_log_frequency(std::size_t length_bits, const std::vector<std::uint32_t>& counts) {
  double sum = 0.0;
  const auto n = static_cast<double>(length_bits);
  for (const std::uint32_t c : counts) {
    if (c != 0) sum += static_cast<double>(c) * std::log(static_cast<double>(c) / n);
  }
  return sum / n;
}

}  // namespace

NistOutcome serial(std::size_t length_bits, std::vector<std::uint32_t> counts) {
  const auto classes = static_cast<double>(counts.size());
  const double psi0 = psi_square(length_bits, counts);
  counts = shorten_window_counts(counts);
  const double psi1 = psi_square(length_bits, counts);
  // No windows of zero bits: the document sets psi^2 of length 0 to 0.
  const double psi2 = counts.size() == 1 ? 0.0 : psi_square(length_bits, shorten_window_counts(counts));
  return {{gamma_upper_regularized(classes / 4.0, (psi0 - psi1) / 2.0),
           gamma_upper_regularized(classes / 8.0, (psi0 - 2.0 * psi1 + psi2) / 2.0)},
          {}};
}

NistOutcome approximate_entropy(std::size_t length_bits, std::vector<std::uint32_t> counts) {
  const auto n = static_cast<double>(length_bits);
  const double longer = mean_log_frequency(length_bits, counts);
  const double shorter = mean_log_frequency(length_bits, shorten_window_counts(counts));
  const double chi_square = 2.0 * n * (std::log(2.0) - (shorter - longer));
  return {{gamma_upper_regularized(static_cast<double>(counts.size()) / 4.0, chi_square / 2.0)}, {}};
}

}  // namespace bellows::quality::nist_tests
