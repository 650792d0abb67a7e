#include "bellows/protocol/masanes_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "bellows/base/new_files.h"
#include "bellows/protocol/masanes_records.h"
#include "bellows/trials/writer.h"

namespace bellows::protocol {
namespace {

constexpr std::uint64_t chance_unit = 65536;

// xoshiro256++ (Blackman and Vigna, public domain), for the boxes' own randomness.
class Xoshiro {
 public:
  explicit Xoshiro(std::uint64_t seed) {
    for (auto& word : state_) {
      std::uint64_t z = (seed += 0x9e3779b97f4a7c15u);
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      word = z ^ (z >> 31);
    }
  }
  std::uint64_t next() {
    auto rotate = [](std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
    std::uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0], t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

// Chance that the outcomes differ, in 2^-48, by the logged settings of both (0: raw).
std::vector<std::uint64_t> differ_thresholds(const SourceRequest& request) {
  unsigned m = request.settings;
  std::vector<std::uint64_t> thresholds((m + 1) * (m + 1));
  for (unsigned a = 0; a <= m; ++a)
    for (unsigned b = 0; b <= m; ++b) {
      double alice_angle = a == 0 ? 0 : std::numbers::pi * (a - 1) / m;
      double bob_angle = b == 0 ? 0 : std::numbers::pi * (b - 1 + 0.5) / m;
      double sine = std::sin((alice_angle - bob_angle) / 2);
      double chance = (1 - request.noise) * sine * sine + request.noise / 2;
      thresholds[a * (m + 1) + b] = static_cast<std::uint64_t>(chance * 0x1p48);
    }
  return thresholds;
}

Status check(const SourceRequest& request) {
  if (request.settings < 2 || request.settings > most_settings)
    return usage_error("number of settings out of range", fmt::format("2 to {}", most_settings),
                       fmt::format("{}", request.settings));
  if (request.pairs == 0 || request.pairs > std::uint64_t{1} << 36)
    return usage_error("number of pairs out of range", "1 to 2^36", fmt::format("{}", request.pairs));
  if (request.gamma_65536 == 0 || request.gamma_65536 >= chance_unit)
    return usage_error("gamma out of range", "0 < gamma < 1", fmt::format("{}/65536", request.gamma_65536));
  if (!(request.noise >= 0 && request.noise <= 1) || !(request.cheat >= 0 && request.cheat <= 1))
    return usage_error("noise or share of cheated pairs out of range", "0 to 1");
  return {};
}

}  // namespace

Result<PairModel> pair_model_from_name(const std::string& name) {
  if (name == "quantum") return PairModel::quantum;
  if (name == "local") return PairModel::local;
  if (name == "cheating-sometimes") return PairModel::cheating_sometimes;
  if (name == "honest-on-tests") return PairModel::honest_on_tests;
  return usage_error("no such model of the boxes", "quantum, local, cheating-sometimes, honest-on-tests", name);
}

Status ExactDraws::refill() {
  while (range_ < std::uint64_t{1} << 47) {
    if (next_bit_ == buffered_bits_) {
      BELLOWS_ASSIGN(buffered_bits_, bits_.read(buffer_, 1024 * 64));
      buffered_bits_ -= buffered_bits_ % 16;
      next_bit_ = 0;
      if (buffered_bits_ == 0)
        return bad_input("the random bits for choices and settings are used up", "", std::nullopt, "more bits",
                         fmt::format("{}", used_bits_));
    }
    value_ = value_ << 16 | (buffer_[next_bit_ / 64] >> (next_bit_ % 64) & 0xffff);
    range_ <<= 16;
    next_bit_ += 16;
    used_bits_ += 16;
  }
  return {};
}

Result<bool> ExactDraws::chance(std::uint64_t numerator) {
  for (;;) {
    if (range_ < std::uint64_t{1} << 47) BELLOWS_TRY(refill());
    std::uint64_t parts = range_ / chance_unit, whole = parts * chance_unit;
    if (value_ >= whole) {  // hardly ever: what is left over is uniform too
      value_ -= whole;
      range_ -= whole;
      continue;
    }
    std::uint64_t low = value_ % chance_unit, rest = value_ / chance_unit;
    bool result = low < numerator;
    std::uint64_t share = result ? numerator : chance_unit - numerator;
    value_ = rest * share + (result ? low : low - numerator);
    range_ = parts * share;
    return result;
  }
}

Result<unsigned> ExactDraws::below(unsigned bound) {
  for (;;) {
    if (range_ < std::uint64_t{1} << 47) BELLOWS_TRY(refill());
    std::uint64_t parts = range_ / bound, whole = parts * bound;
    if (value_ >= whole) {
      value_ -= whole;
      range_ -= whole;
      continue;
    }
    auto result = static_cast<unsigned>(value_ % bound);
    value_ /= bound;
    range_ = parts;
    return result;
  }
}

double random_bits_per_pair(unsigned settings, std::uint64_t gamma_65536) {
  double gamma = static_cast<double>(gamma_65536) / chance_unit;
  return -gamma * std::log2(gamma) - (1 - gamma) * std::log2(1 - gamma) + gamma * std::log2(settings);
}

Result<SourceReport> simulate_pairs(const SourceRequest& request, bits::BitStream& alice_bits,
                                    bits::BitStream& bob_bits, const Path& alice_log, const Path& bob_log,
                                    const Context& context) {
  BELLOWS_TRY(check(request));
  const unsigned m = request.settings, bit_count = setting_bit_count(m);
  auto header = [&](const char* party) {
    return records_header(m, party, {{"simulated", true}, {"gamma_65536", request.gamma_65536}});
  };
  const Path logs[] = {alice_log, bob_log};
  BELLOWS_TRY(require_new_files(logs));
  WrittenTogether written;
  BELLOWS_ASSIGN(auto alice_writer, trials::LogWriter::create(alice_log, header("alice")));
  written.add(alice_log);
  BELLOWS_ASSIGN(auto bob_writer, trials::LogWriter::create(bob_log, header("bob")));
  written.add(bob_log);
  trials::BlockBuffer alice(alice_writer.header().scenario), bob(bob_writer.header().scenario);
  ExactDraws alice_draws(alice_bits), bob_draws(bob_bits);
  auto thresholds = differ_thresholds(request);
  auto cheat_threshold = static_cast<std::uint64_t>((request.model == PairModel::local     ? 1.0
                                                     : request.model == PairModel::quantum ? 0.0
                                                                                           : request.cheat) *
                                                    0x1p15);
  SourceReport report;
  Xoshiro random(request.device_seed);
  auto draw = [&](ExactDraws& draws) -> Result<unsigned> {
    BELLOWS_ASSIGN(bool test, draws.chance(request.gamma_65536));
    if (!test) return 0u;
    BELLOWS_ASSIGN(unsigned setting, draws.below(m));
    return setting + 1;
  };
  auto draw_setting = [&](ExactDraws& draws) {
    auto setting = draw(draws);
    if (setting.ok() || setting.error().code != ErrorCode::bad_input) return setting;
    Error error = setting.error();
    error.expected = fmt::format(
        "about {:.0f} bits for {} pairs",
        std::ceil(static_cast<double>(request.pairs) * random_bits_per_pair(m, request.gamma_65536)), request.pairs);
    error.got = fmt::format("{} of {}", error.got, &draws == &alice_draws ? "alice's" : "bob's");
    return Result<unsigned>(error);
  };
  for (std::uint64_t first = 0; first < request.pairs; first += trials::largest_block_trials) {
    BELLOWS_TRY(context.check_cancelled());
    context.report("simulating", first, request.pairs, "pairs");
    std::uint64_t count = std::min(trials::largest_block_trials, request.pairs - first);
    alice.start(count);
    bob.start(count);
    for (std::uint64_t word = 0; word < bits::words_for(count); ++word) {
      std::array<std::uint64_t, 8> alice_planes{}, bob_planes{};
      std::uint64_t places = std::min<std::uint64_t>(64, count - 64 * word);
      for (std::uint64_t i = 0; i < places; ++i) {
        BELLOWS_ASSIGN(unsigned x, draw_setting(alice_draws));
        BELLOWS_ASSIGN(unsigned y, draw_setting(bob_draws));
        std::uint64_t r = random.next(), a = r & 1, differ = (r >> 16) < thresholds[x * (m + 1) + y];
        std::uint64_t b = a ^ differ;
        if ((r >> 1 & 0x7fff) < cheat_threshold) {
          ++report.known_to_eve;
          if (request.model != PairModel::honest_on_tests) {
            b = a;
          } else {
            std::uint64_t known = random.next() & 1;
            if (x <= 1) a = known;  // 0: for the raw key; 1: test of x = 0; the box sees x = 0
            if (y == 0) b = known;
          }
        }
        for (unsigned bit = 0; bit < bit_count; ++bit) {
          alice_planes[bit] |= std::uint64_t{x >> bit & 1} << i;
          bob_planes[bit] |= std::uint64_t{y >> bit & 1} << i;
        }
        alice_planes[7] |= a << i;
        bob_planes[7] |= b << i;
      }
      for (unsigned bit = 0; bit < bit_count; ++bit) {
        alice.setting(0, bit)[word] = alice_planes[bit];
        bob.setting(0, bit)[word] = bob_planes[bit];
      }
      alice.outcome(0)[word] = alice_planes[7];
      bob.outcome(0)[word] = bob_planes[7];
    }
    BELLOWS_TRY(alice_writer.append(alice, 0));
    BELLOWS_TRY(bob_writer.append(bob, 0));
  }
  BELLOWS_ASSIGN(report.alice_log, alice_writer.finish());
  BELLOWS_ASSIGN(report.bob_log, bob_writer.finish());
  written.keep();
  report.alice_random_bits = alice_draws.used_bits();
  report.bob_random_bits = bob_draws.used_bits();
  return report;
}

}  // namespace bellows::protocol
