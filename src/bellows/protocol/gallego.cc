#include "bellows/protocol/gallego.h"

#include <bit>
#include <cmath>

#include "bellows/protocol/log_sum.h"

namespace bellows::protocol {
namespace {

constexpr std::uint8_t lane_source = 20, lane_device = 21, lane_choice = 22, lane_function = 23;

__extension__ using Wide = unsigned __int128;

std::uint64_t mask_of(int bits) { return bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1; }

std::uint64_t multiply_modulo(std::uint64_t a, std::uint64_t b, int degree, std::uint64_t low) {
  std::uint64_t product = 0;
  const std::uint64_t top = std::uint64_t{1} << (degree - 1), mask = mask_of(degree);
  for (int i = degree; i-- > 0;) {
    const bool carry = (product & top) != 0;
    product = (product << 1) & mask;
    if (carry) product ^= low;
    if ((b >> i) & 1U) product ^= a;
  }
  return product;
}

/// gcd of two polynomials of degree at most 64, the second with an implicit leading term.
bool coprime_to_modulus(std::uint64_t a, int degree, std::uint64_t low) {
  if (a == 0) return false;
  Wide u = (Wide{1} << degree) | low, v = a;
  const auto degree_of = [](Wide p) {
    const auto high = static_cast<std::uint64_t>(p >> 64);
    return high != 0 ? 127 - std::countl_zero(high) : 63 - std::countl_zero(static_cast<std::uint64_t>(p));
  };
  while (v != 0) {
    while (u != 0 && degree_of(u) >= degree_of(v)) u ^= v << (degree_of(u) - degree_of(v));
    std::swap(u, v);
  }
  return u == 1;
}

bool irreducible(int degree, std::uint64_t low) {
  std::uint64_t power = degree == 1 ? low : 2;  // x
  if (degree == 1) return true;
  for (int i = 1; i <= degree / 2; ++i) {
    power = multiply_modulo(power, power, degree, low);
    if (!coprime_to_modulus(power ^ 2, degree, low)) return false;
  }
  return true;
}

std::unique_ptr<SimulatedDevice> five_party(const std::string& kind) {
  if (kind == "quantum") return std::make_unique<BoxDevice>(bell::ghz_experiment(5).value().behaviour());
  if (kind == "deterministic-party") return std::make_unique<BoxDevice>(bell::mermin_box_with_deterministic_party(5, 0, 0).value());
  return std::make_unique<LocalDevice>(best_local_strategy(bell::mermin(5).value()));
}

}  // namespace

std::uint64_t irreducible_low_part(int degree) {
  BELLOWS_CHECK(degree >= 1 && degree <= 64, "the degree of a small field");
  std::uint64_t low = 1;
  while (!irreducible(degree, low)) low += 2;
  return low;
}

IndependentFunction::IndependentFunction(int input_bits, std::uint64_t independence, Random& random)
    : bits_(input_bits), modulus_(irreducible_low_part(input_bits)), coefficients_(independence) {
  for (std::uint64_t& c : coefficients_) c = random.next() & mask_of(bits_);
}

IndependentFunction::IndependentFunction(int input_bits, std::vector<std::uint64_t> coefficients)
    : bits_(input_bits), modulus_(irreducible_low_part(input_bits)), coefficients_(std::move(coefficients)) {}

std::uint64_t IndependentFunction::multiply(std::uint64_t a, std::uint64_t b) const { return multiply_modulo(a, b, bits_, modulus_); }

bool IndependentFunction::operator()(std::uint64_t input) const {
  std::uint64_t value = 0;
  for (std::size_t i = coefficients_.size(); i-- > 0;) value = multiply(value, input) ^ coefficients_[i];
  return (value & 1U) != 0;
}

DistillationConstants printed_constants() { return {Exact::literal("0.8842"), Exact::literal("1.260"), Exact::literal("3"), 130}; }

const std::vector<DistillationConstants>& repaired_constants() {
  static const std::vector<DistillationConstants> constants = [] {
    std::vector<DistillationConstants> list;
    for (const auto& [alpha, beta] : {std::pair{"0.79141", "1.1514"}, {"0.81001", "0.7762"}, {"0.83001", "0.5006"}, {"0.84001", "0.3860"},
                                      {"0.85001", "0.2943"}, {"0.86001", "0.2156"}}) {
      list.push_back({Exact::literal(alpha), Exact::literal(beta), Exact::literal("2.6"), 1});
    }
    return list;
  }();
  return constants;
}

Ball gallego_log2_excess(const DistillationConstants& constants, const Exact& mu, unsigned block_size, const Ball& log2_blocks) {
  const Ball n(block_size), half = Ball(1) / Ball(2), smallest = half - Ball(mu);
  const Ball first = n * log2(Ball(constants.alpha));
  const Ball second = Ball(1) + log2_blocks * log2(half + Ball(mu)) + n * (Ball(5) + log2(Ball(constants.beta)) - Ball(5) * log2(smallest));
  return log2(Ball(constants.factor)) + log2(n) * half - Ball(1) + log2_sum(first, second);
}

Ball bad_function_log2_probability(const Exact& factor, unsigned block_size, std::uint64_t independence) {
  // (t-1)!! <= sqrt 2 (t/e)^{t/2}
  const Ball t(independence), half = Ball(1) / Ball(2), n(block_size);
  return Ball(14) * n + half + t * half * (log2(t) - Ball(1) / numeric::ln2()) - t * (Ball(1) + log2(Ball(factor)) + half * log2(n));
}

std::optional<GallegoSize> gallego_smallest(const std::vector<DistillationConstants>& choices, const Exact& mu, double log2_target, bool count_bad_function) {
  std::optional<GallegoSize> best;
  for (const DistillationConstants& constants : choices) {
    for (unsigned n = constants.smallest_block; n <= 4000; ++n) {
      const Ball first = log2(Ball(constants.factor)) + log2(Ball(n)) / Ball(2) - Ball(1) + Ball(n) * log2(Ball(constants.alpha));
      Ball left = exp2(Ball::of_double(log2_target)) - exp2(first);
      if (count_bad_function) left = left - exp2(bad_function_log2_probability(constants.factor, n, 36 * std::uint64_t{n}));
      if (!certainly_positive(left)) continue;
      // What the second term may be fixes log2 Nb.
      const Ball half = Ball(1) / Ball(2);
      const Ball rest = log2(Ball(constants.factor)) + log2(Ball(n)) * half +
                        Ball(n) * (Ball(5) + log2(Ball(constants.beta)) - Ball(5) * log2(half - Ball(mu)));
      const Ball needed = (rest - log2(left)) / -log2(half + Ball(mu));
      if (!best || needed.upper() < best->log2_blocks) best = GallegoSize{constants, n, needed.upper()};
      if (n > 64 && best && n > 4 * best->block_size) break;
    }
  }
  return best;
}

const std::vector<DeviceKind>& gallego_devices() {
  static const std::vector<DeviceKind> kinds = {
      {"quantum", "honest: five-party GHZ state, X and Y"},
      {"deterministic-party", "no-signalling, all conditions satisfied, the first party deterministic: passes, and Eve guesses each majority with 3/4"},
      {"local", "deterministic; fails at 6 of the 16 settings, one of which a colluding source avoids"},
      {"memory", "honest for the first --honest-share of the quintuplets, then local"},
      {"blockwise", "stretches of one block, honest with probability --honest-share, else local: hopes that only the distilled block is wrong"},
  };
  return kinds;
}

Result<GallegoResult> run_gallego(const GallegoOptions& options, const Context& context) {
  if (options.mu < Exact::integer(0) || options.mu >= Exact::fraction(1, 2)) return usage_error("the bias mu must be at least 0 and below 1/2");
  if (options.block_size < 1 || options.block_size > 64) return usage_error("a block has from 1 to 64 quintuplets here");
  if (options.quintuplets < options.block_size || options.quintuplets > std::uint64_t{1} << 30) {
    return usage_error("there must be at least one block of quintuplets, and at most 2^30 of them: this simulation keeps two bytes for each",
                       "up to 2048 MiB", std::to_string(options.quintuplets >> 19) + " MiB");
  }
  if (!(options.honest_share >= 0 && options.honest_share <= 1)) return usage_error("the honest share lies between 0 and 1");
  std::unique_ptr<SimulatedDevice> device;
  if (options.device == "blockwise") {
    Random hidden(options.key, 24);
    // Stretches in settings of all kinds: twice a block, since half of the settings are discarded.
    device = std::make_unique<BlockwiseDevice>(five_party("quantum"), five_party("local"), 2 * options.block_size, options.honest_share, hidden.next());
  } else if (options.device == "memory") {
    device = std::make_unique<SwitchingDevice>(five_party("quantum"), five_party("local"),
                                               static_cast<std::uint64_t>(options.honest_share * static_cast<double>(options.quintuplets)));
  } else {
    bool known = false;
    for (const DeviceKind& kind : gallego_devices()) known = known || kind.name == options.device;
    if (!known) return usage_error("no such device", "quantum, deterministic-party, local, memory, blockwise", options.device);
    device = five_party(options.device);
  }
  Random random_source(options.key, lane_source), random_device(options.key, lane_device), random_choice(options.key, lane_choice);
  Random random_function(bits::StreamKey::from_number(options.function_seed), lane_function);
  const double mu = options.mu.approximate();
  WeakSource source(mu, random_source), chooser(mu, random_choice);

  SettingSource settings(source, options.scheme, 5);
  GallegoResult result;
  std::vector<std::uint8_t> majority, right;
  majority.reserve(options.quintuplets);
  right.reserve(options.quintuplets);
  std::uint64_t known_majorities = 0;
  for (std::uint64_t i = 0; i < options.quintuplets; ++i) {
    if ((i & 0xfffff) == 0) {
      BELLOWS_TRY(context.check_cancelled());
      context.report("trials", i, options.quintuplets, "quintuplets");
    }
    const std::size_t x = settings.draw(*device);
    const std::size_t a = device->answer(x, random_device);
    if (!bell::in_mermin(x)) continue;
    majority.push_back(std::popcount(a & 7U) >= 2);
    right.push_back((std::popcount(a) & 1) == bell::mermin_parity(5, x));
    if (options.device == "deterministic-party") known_majorities += majority.back() == 0;
    if (options.device == "local") ++known_majorities;
  }
  result.kept = majority.size();
  result.majority_known = result.kept == 0 ? 0 : static_cast<double>(known_majorities) / static_cast<double>(result.kept);
  result.aborted_few = 3 * result.kept < options.quintuplets || result.kept < options.block_size;
  if (result.aborted_few) return result;
  result.blocks = std::bit_floor(result.kept / options.block_size);
  const int choice_bits = std::countr_zero(result.blocks);
  result.distilled_block = chooser.draw_towards(~std::uint64_t{0}, choice_bits, options.scheme == SourceScheme::fair ? 0 : 1);
  for (std::uint64_t block = 0; block < result.blocks; ++block) {
    bool wrong = false;
    for (unsigned i = 0; i < options.block_size; ++i) wrong = wrong || !right[block * options.block_size + i];
    if (!wrong) continue;
    if (block == result.distilled_block) {
      result.distilled_block_wrong = true;
    } else {
      ++result.wrong_blocks;
    }
  }
  result.aborted_wrong = result.wrong_blocks != 0;
  const Ball log2_blocks(choice_bits);
  result.log2_excess_printed = gallego_log2_excess(printed_constants(), options.mu, options.block_size, log2_blocks).upper();
  result.log2_excess_repaired = 1e300;
  for (const DistillationConstants& constants : repaired_constants()) {
    result.log2_excess_repaired = std::min(result.log2_excess_repaired, gallego_log2_excess(constants, options.mu, options.block_size, log2_blocks).upper());
  }
  if (!result.aborted_wrong) {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < options.block_size; ++i) {
      word |= std::uint64_t{majority[result.distilled_block * options.block_size + i]} << i;
    }
    const IndependentFunction f(static_cast<int>(options.block_size), 36 * std::uint64_t{options.block_size}, random_function);
    result.output = f(word);
  }
  return result;
}

}  // namespace bellows::protocol
