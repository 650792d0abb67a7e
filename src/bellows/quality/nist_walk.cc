// Tests of the walk that steps +1 at a one and -1 at a zero: SP 800-22 sections 2.13 to 2.15.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "bellows/quality/nist_tests.h"
#include "bellows/quality/special_functions.h"

namespace bellows::quality::nist_tests {
namespace {

struct ByteSteps {
  std::int8_t end;
  std::int8_t maximum;
  std::int8_t minimum;
};

constexpr std::array<ByteSteps, 256> make_byte_steps() {
  std::array<ByteSteps, 256> table{};
  for (int byte = 0; byte < 256; ++byte) {
    int position = 0, maximum = -8, minimum = 8;
    for (int i = 0; i < 8; ++i) {
      position += ((byte >> i) & 1) != 0 ? 1 : -1;
      maximum = position > maximum ? position : maximum;
      minimum = position < minimum ? position : minimum;
    }
    table[static_cast<std::size_t>(byte)] = {static_cast<std::int8_t>(position), static_cast<std::int8_t>(maximum),
                                             static_cast<std::int8_t>(minimum)};
  }
  return table;
}
constexpr std::array<ByteSteps, 256> byte_steps = make_byte_steps();

constexpr int farthest_state = 9;

// Visits within the cycle that is open.
class CycleCounter {
 public:
  explicit CycleCounter(Walk& out) : out_(out) {}
  void step_to(std::int64_t position) {
    if (position == 0) {
      close();
    } else if (position >= -farthest_state && position <= farthest_state) {
      ++out_.visits[static_cast<std::size_t>(position < 0 ? position + 9 : position + 8)];
      if (position >= -4 && position <= 4) {
        ++open_[static_cast<std::size_t>(position < 0 ? position + 4 : position + 3)];
      }
    }
  }
  void close() {
    ++out_.cycles;
    for (std::size_t s = 0; s < 8; ++s) {
      ++out_.cycles_by_visits[s][std::min<std::uint32_t>(open_[s], 5)];
    }
    open_.fill(0);
  }

 private:
  Walk& out_;
  std::array<std::uint32_t, 8> open_{};
};

}  // namespace

Walk walk(const Sequence& sequence) {
  Walk out;
  out.length_bits = sequence.length_bits();
  CycleCounter cycle(out);
  std::int64_t position = 0;
  const auto step = [&](bool one) {
    position += one ? 1 : -1;
    out.maximum = std::max(out.maximum, position);
    out.minimum = std::min(out.minimum, position);
    cycle.step_to(position);
  };
  const std::size_t whole_bytes = out.length_bits / 8;
  for (std::size_t i = 0; i < whole_bytes; ++i) {
    const auto byte = static_cast<std::uint8_t>(sequence.words()[i / 8] >> (8 * (i % 8)));
    // Too far out to touch a counted state within eight steps: only the extremes matter.
    if (position > farthest_state + 8 || position < -farthest_state - 8) {
      const ByteSteps& steps = byte_steps[byte];
      out.maximum = std::max(out.maximum, position + steps.maximum);
      out.minimum = std::min(out.minimum, position + steps.minimum);
      position += steps.end;
      continue;
    }
    for (unsigned b = 0; b < 8; ++b) step(((byte >> b) & 1U) != 0);
  }
  for (std::size_t i = whole_bytes * 8; i < out.length_bits; ++i) step(sequence.bit(i));
  out.end = position;
  if (position != 0) cycle.close();
  return out;
}

namespace {

// Chance that the largest distance of a walk of n steps reaches z. The limits of the sums are the
// whole-number divisions of the NIST programme (rounded towards zero), to agree on short sequences.
double cumulative_sums_p_value(std::int64_t n, std::int64_t z) {
  const double root = std::sqrt(static_cast<double>(n));
  const auto phi = [&](std::int64_t multiple) { return normal_cdf(static_cast<double>(multiple * z) / root); };
  double inner = 0.0;
  for (std::int64_t k = (-n / z + 1) / 4; k <= (n / z - 1) / 4; ++k) {
    inner += phi(4 * k + 1) - phi(4 * k - 1);
  }
  double outer = 0.0;
  for (std::int64_t k = (-n / z - 3) / 4; k <= (n / z - 1) / 4; ++k) {
    outer += phi(4 * k + 3) - phi(4 * k + 1);
  }
  return std::clamp(1.0 - inner + outer, 0.0, 1.0);
}

std::size_t fewest_cycles(std::size_t length_bits) {
  return static_cast<std::size_t>(std::ceil(std::max(0.005 * std::sqrt(static_cast<double>(length_bits)), 500.0)));
}

std::string too_few_cycles(const Walk& walk) {
  return "the walk returns to zero in " + std::to_string(walk.cycles) + " cycles, " +
         std::to_string(fewest_cycles(walk.length_bits)) + " needed";
}

}  // namespace

NistOutcome cumulative_sums(const Walk& walk) {
  const auto n = static_cast<std::int64_t>(walk.length_bits);
  const std::int64_t forward = std::max(walk.maximum, -walk.minimum);
  const std::int64_t reverse = std::max(walk.maximum - walk.end, walk.end - walk.minimum);
  if (forward == 0 || reverse == 0) return NistOutcome::invalid("empty sequence");
  return {{cumulative_sums_p_value(n, forward), cumulative_sums_p_value(n, reverse)}, {}};
}

NistOutcome random_excursions(const Walk& walk) {
  if (walk.cycles < fewest_cycles(walk.length_bits)) {
    return NistOutcome::invalid(too_few_cycles(walk));
  }
  // The NIST programme takes no more cycles than this and then gives no p-value.
  const std::size_t most = std::max<std::size_t>(1000, walk.length_bits / 100);
  if (walk.cycles > most) {
    return NistOutcome::invalid("the walk returns to zero in " + std::to_string(walk.cycles) + " cycles, at most " +
                                std::to_string(most) + " are defined");
  }
  // Chance of 0, 1, ..., 4 and 5 or more visits to a state at distance 1..4 (section 3.14).
  static constexpr std::array<std::array<double, 6>, 4> class_probability{{
      {0.5, 0.25, 0.125, 0.0625, 0.03125, 0.03125},
      {0.75, 0.0625, 0.046875, 0.03515625, 0.0263671875, 0.0791015625},
      {0.8333333333, 0.02777777778, 0.02314814815, 0.01929012346, 0.01607510288, 0.0803755143},
      {0.875, 0.015625, 0.013671875, 0.01196289063, 0.0104675293, 0.0732727051},
  }};
  NistOutcome out;
  const auto cycles = static_cast<double>(walk.cycles);
  for (std::size_t s = 0; s < 8; ++s) {
    const std::size_t distance = s < 4 ? 4 - s : s - 3;
    double chi_square = 0.0;
    for (std::size_t k = 0; k < 6; ++k) {
      const double expected = cycles * class_probability[distance - 1][k];
      const double excess = static_cast<double>(walk.cycles_by_visits[s][k]) - expected;
      chi_square += excess * excess / expected;
    }
    out.p_values.push_back(chi_square_tail(5.0, chi_square));
  }
  return out;
}

NistOutcome random_excursions_variant(const Walk& walk) {
  if (walk.cycles < fewest_cycles(walk.length_bits)) {
    return NistOutcome::invalid(too_few_cycles(walk));
  }
  NistOutcome out;
  const auto cycles = static_cast<double>(walk.cycles);
  for (int i = 0; i < 18; ++i) {
    const double distance = i < 9 ? 9 - i : i - 8;
    const double excess = std::fabs(static_cast<double>(walk.visits[static_cast<std::size_t>(i)]) - cycles);
    out.p_values.push_back(std::erfc(excess / std::sqrt(2.0 * cycles * (4.0 * distance - 2.0))));
  }
  return out;
}

}  // namespace bellows::quality::nist_tests
