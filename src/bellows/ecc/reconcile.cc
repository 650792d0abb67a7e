#include "bellows/ecc/reconcile.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <numbers>
#include <numeric>

#include "bellows/base/threads.h"
#include "bellows/ecc/bch.h"
#include "bellows/ecc/concatenated.h"
#include "bellows/ecc/concatenated_plan.h"
#include "bellows/ecc/ldpc_decoder.h"

namespace bellows::ecc {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t fewest_raw_bits = 64;
constexpr std::uint64_t target_columns = 2048;
constexpr std::uint32_t fewest_rows = 10;
constexpr double least_design_rate = 4e-4;
constexpr std::uint64_t permutation_seed_bits = 256;
constexpr double frame_sigmas = 4;  // how far the error count of one frame may lie above its share

double entropy(double p) { return -p * std::log2(p) - (1 - p) * std::log2(1 - p); }

// Leak over entropy that this decoder gets along with, measured (docs/error-correction.md).
double working_efficiency(double error_rate) {
  struct Point {
    double rate, efficiency;
  };
  constexpr Point points[] = {{4e-4, 1.40},  {1e-3, 1.32},  {2.5e-3, 1.255}, {5e-3, 1.215},
                              {1e-2, 1.185}, {2e-2, 1.175}, {5e-2, 1.18},    {0.11, 1.2}};
  const Point* next = std::find_if(std::begin(points), std::end(points), [&](Point p) { return p.rate >= error_rate; });
  if (next == std::begin(points)) return next->efficiency;
  if (next == std::end(points)) return points[std::size(points) - 1].efficiency;
  const Point& last = *(next - 1);
  double x = std::log(error_rate / last.rate) / std::log(next->rate / last.rate);
  return last.efficiency + x * (next->efficiency - last.efficiency);
}

// [i]: which bit of the string is bit i of the frames, one after another.
std::vector<std::uint32_t> permutation(const Scheme& scheme, bits::BitView random) {
  const std::uint64_t size = scheme.raw_bits;
  std::array<std::uint8_t, randombytes_SEEDBYTES> seed;
  static_assert(8 * seed.size() == permutation_seed_bits);
  std::vector<std::uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0u);
  if (scheme.code != Code::ldpc) return order;
  std::memcpy(seed.data(), random.words, seed.size());
  std::vector<std::uint64_t> draws(size);
  randombytes_buf_deterministic(draws.data(), draws.size() * sizeof(draws[0]), seed.data());
  for (std::uint64_t i = size; i > 1; --i) {
    auto other = static_cast<std::uint64_t>((static_cast<Wide>(draws[i - 1]) * i) >> 64);
    std::swap(order[i - 1], order[other]);
  }
  return order;
}

std::uint64_t frame_start(const Scheme& scheme, std::uint32_t frame) {
  return scheme.raw_bits / scheme.frames * frame + std::min<std::uint64_t>(frame, scheme.raw_bits % scheme.frames);
}

// The frame's bits in permuted order, a byte each, padded with zeros.
void load_frame(const Scheme& scheme, const std::vector<std::uint32_t>& order, bits::BitView raw, std::uint32_t frame,
                SecretBytes& out) {
  std::uint64_t start = frame_start(scheme, frame), size = scheme.frame_bits(frame);
  out.assign(scheme.code_bits(), 0);
  for (std::uint64_t i = 0; i < size; ++i) out[i] = raw[order[start + i]];
}

LdpcCode code_of(const Scheme& scheme) { return make_code(scheme.circulant, scheme.columns, scheme.rows); }

Status check_frames(const Scheme& scheme, const std::vector<std::uint32_t>& frames) {
  for (std::uint32_t frame : frames)
    if (frame >= scheme.frames)
      return bad_input("no such frame", "", std::nullopt, fmt::format("below {}", scheme.frames),
                       fmt::format("{}", frame));
  return {};
}

using Places = std::optional<std::vector<std::uint32_t>>;

Result<Places> find_errors_bch(const Scheme& scheme, bits::BitView received, bits::BitView syndromes,
                               const Context& context) {
  const BchCode code(scheme.raw_bits, scheme.errors);
  BELLOWS_ASSIGN(auto difference, code.syndromes(received, context));
  for (std::uint64_t i = 0; i < difference.size_words(); ++i) difference.words()[i] ^= syndromes.word(i);
  return code.find_errors(difference, context);
}

Decoded flip(bits::BitView received, const Places& places) {
  Decoded decoded;
  decoded.corrected = bits::BitString(received);
  if (!places) {
    decoded.failed.push_back(0);
    return decoded;
  }
  for (std::uint32_t place : *places) decoded.corrected.set(place, !decoded.corrected[place]);
  decoded.corrected_errors = places->size();
  return decoded;
}

Status check_random(const Scheme& scheme, bits::BitView random) {
  if (random.size_bits == random_bits(scheme)) return {};
  return bad_input("wrong number of random bits for the error correction", "", std::nullopt,
                   fmt::format("{}", random_bits(scheme)), fmt::format("{}", random.size_bits));
}

}  // namespace

const char* code_name(Code code) {
  switch (code) {
    case Code::bch:
      return "bch";
    case Code::concatenated:
      return "concatenated";
    case Code::ldpc:
      return "ldpc";
  }
  return "";
}

Result<Code> code_from_name(std::string_view name) {
  for (Code code : all_codes)
    if (name == code_name(code)) return code;
  return usage_error("no such code for error correction", "bch, concatenated or ldpc", std::string(name));
}

std::uint64_t random_bits(const Scheme& scheme) {
  switch (scheme.code) {
    case Code::bch:
      return 0;
    case Code::concatenated:
      return deal_random_bits(scheme.shape);
    case Code::ldpc:
      return permutation_seed_bits;
  }
  return 0;
}

double log2_patterns(std::uint64_t bits, std::uint64_t errors) {
  auto n = static_cast<double>(bits), k = static_cast<double>(std::min(errors, bits));
  return (std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1)) / std::numbers::ln2;
}

Result<Scheme> plan_scheme(Code code, std::uint64_t raw_bits, const ErrorsToCorrect& errors,
                           std::uint64_t largest_frame_bits) {
  if (largest_frame_bits < least_frame_bits || largest_frame_bits > usual_frame_bits)
    return usage_error("frame length out of range", fmt::format("{} to {} bits", least_frame_bits, usual_frame_bits),
                       fmt::format("{}", largest_frame_bits));
  if (raw_bits < fewest_raw_bits || raw_bits > most_raw_bits)
    return usage_error("the raw key has no fitting length",
                       fmt::format("{} to {} bits", fewest_raw_bits, most_raw_bits), fmt::format("{}", raw_bits));
  Scheme scheme;
  scheme.code = code;
  scheme.raw_bits = raw_bits;
  const double mean = static_cast<double>(errors.most) / static_cast<double>(raw_bits);
  auto too_noisy = [&](double rate) {
    return refused(fmt::format("too many errors to correct: {:.1f} % in the raw key", 100 * rate));
  };
  if (code == Code::bch) {
    scheme.frames = 1;
    scheme.errors = errors.most;
    scheme.element_bits = BchCode::element_bits(raw_bits);
    if (mean > 0.25 || scheme.leaked_bits() >= raw_bits) return too_noisy(mean);
    return scheme;
  }
  if (code == Code::concatenated) {
    scheme.frames = 1;
    auto shape = plan_concatenated(errors.known, errors.failure);
    if (!shape || shape->published_bits() >= raw_bits) return too_noisy(mean);
    scheme.shape = std::move(*shape);
    return scheme;
  }
  scheme.frames = static_cast<std::uint32_t>(divide_up(raw_bits, largest_frame_bits));
  std::uint64_t frame_bits = divide_up(raw_bits, scheme.frames);
  scheme.circulant =
      static_cast<std::uint32_t>(std::max<std::uint64_t>(8, round_up(divide_up(frame_bits, target_columns), 8)));
  scheme.columns =
      static_cast<std::uint32_t>(std::max<std::uint64_t>(fewest_rows, divide_up(frame_bits, scheme.circulant)));
  double in_frame = static_cast<double>(frame_bits);
  double rate = mean + (scheme.frames > 1 ? frame_sigmas * std::sqrt(mean / in_frame) : 0.0);
  rate = std::max(rate, least_design_rate);
  if (rate > 0.25) return too_noisy(rate);
  scheme.design_errors_per_million = static_cast<std::uint32_t>(std::ceil(rate * 1e6));
  double rows = std::ceil(scheme.columns * entropy(rate) * working_efficiency(rate));
  // What a finite length costs beyond the threshold, measured: most where frames are short.
  rows += std::ceil((in_frame < 3e4 ? 1.3 : in_frame < 3e5 ? 0.8 : 0.4) * std::sqrt(in_frame) / scheme.circulant);
  if (rows >= scheme.columns) return too_noisy(rate);
  scheme.rows = std::max(fewest_rows, static_cast<std::uint32_t>(rows));
  return scheme;
}

Status check_scheme(const Scheme& scheme, std::uint64_t raw_bits, const ErrorsToCorrect& errors) {
  auto wrong = [](const char* why) { return bad_input(fmt::format("the error-correction scheme {}", why)); };
  if (scheme.raw_bits != raw_bits || scheme.frames < 1 || scheme.frames > raw_bits)
    return wrong("does not fit the raw key");
  if (scheme.code == Code::concatenated) {
    if (raw_bits < fewest_raw_bits || raw_bits > most_raw_bits || scheme.shape.raw_bits != raw_bits ||
        scheme.frames != 1 || !is_possible(scheme.shape))
      return wrong("does not fit the raw key");
    if (scheme.leaked_bits() >= raw_bits) return wrong("publishes more than the raw key has");
    if (!fails_rarely(scheme.shape, errors.known, errors.failure)) return wrong("fails too often on so many errors");
    return {};
  }
  auto planned = plan_scheme(scheme.code, raw_bits, errors,
                             std::clamp(divide_up(raw_bits, scheme.frames), least_frame_bits, usual_frame_bits));
  if (!planned.ok()) return wrong("does not fit the raw key");
  // The numbers of ldpc come from logarithms in doubles, whose last place machines may round differently.
  auto near = [&](std::uint32_t a, std::uint32_t b) {
    return std::max(a, b) - std::min(a, b) <= (scheme.code == Code::ldpc ? 1u : 0u);
  };
  if (scheme.frames != planned->frames || scheme.errors != planned->errors ||
      scheme.element_bits != planned->element_bits || scheme.circulant != planned->circulant ||
      scheme.columns != planned->columns || !near(scheme.rows, planned->rows) ||
      !near(scheme.design_errors_per_million, planned->design_errors_per_million) ||
      (scheme.code == Code::ldpc && scheme.rows > scheme.columns))
    return wrong("is not the one for this length and number of errors");
  if (static_cast<double>(scheme.leaked_bits()) + 1 < log2_patterns(raw_bits, errors.most))
    return wrong("publishes less than any code for so many errors must");
  return {};
}

Result<bits::BitString> encode(const Scheme& scheme, bits::BitView random, bits::BitView raw, const Context& context) {
  BELLOWS_CHECK(raw.size_bits == scheme.raw_bits, "the scheme is for another length");
  BELLOWS_TRY(context.check_cancelled());
  BELLOWS_TRY(check_random(scheme, random));
  if (scheme.code == Code::bch) return BchCode(scheme.raw_bits, scheme.errors).syndromes(raw, context);
  if (scheme.code == Code::concatenated) {
    BELLOWS_ASSIGN(auto code, ConcatenatedCode::make(scheme.shape, random));
    return code.publish(raw, context);
  }
  auto order = permutation(scheme, random);
  LdpcCode code = code_of(scheme);
  std::vector<bits::BitString> parts(scheme.frames);
  parallel_for(scheme.frames, context.thread_count, [&](std::uint64_t frame, unsigned) {
    SecretBytes bits;
    std::vector<std::uint8_t> syndrome(code.syndrome_bits());
    load_frame(scheme, order, raw, static_cast<std::uint32_t>(frame), bits);
    compute_syndrome(code, bits.data(), syndrome.data());
    bits::BitString part(syndrome.size());
    for (std::uint64_t i = 0; i < syndrome.size(); ++i) part.words()[i / 64] |= std::uint64_t{syndrome[i]} << (i % 64);
    parts[frame] = std::move(part);
  });
  BELLOWS_TRY(context.check_cancelled());
  bits::BitString syndromes;
  for (const auto& part : parts) syndromes.append(part);
  return syndromes;
}

Result<Decoded> decode(const Scheme& scheme, bits::BitView random, bits::BitView received, bits::BitView syndromes,
                       const Context& context) {
  BELLOWS_CHECK(received.size_bits == scheme.raw_bits, "the scheme is for another length");
  if (syndromes.size_bits != scheme.leaked_bits())
    return bad_input("wrong number of syndrome bits", "", std::nullopt, fmt::format("{}", scheme.leaked_bits()),
                     fmt::format("{}", syndromes.size_bits));
  BELLOWS_TRY(check_random(scheme, random));
  if (scheme.code == Code::bch) {
    BELLOWS_ASSIGN(auto places, find_errors_bch(scheme, received, syndromes, context));
    return flip(received, places);
  }
  if (scheme.code == Code::concatenated) {
    BELLOWS_ASSIGN(auto code, ConcatenatedCode::make(scheme.shape, random));
    BELLOWS_ASSIGN(auto places, code.find_errors(received, syndromes, context));
    return flip(received, places);
  }
  auto order = permutation(scheme, random);
  LdpcCode code = code_of(scheme);
  const unsigned threads = std::max(1u, std::min<unsigned>(context.thread_count, scheme.frames));
  std::vector<std::unique_ptr<LdpcDecoder>> decoders(threads);
  std::vector<SecretBytes> errors(scheme.frames);
  std::vector<char> success(scheme.frames, 0);
  std::atomic<std::uint64_t> done{0};
  parallel_for(scheme.frames, threads, [&](std::uint64_t index, unsigned worker) {
    if (!context.check_cancelled().ok()) return;
    if (!decoders[worker]) decoders[worker] = std::make_unique<LdpcDecoder>(code);
    auto frame = static_cast<std::uint32_t>(index);
    SecretBytes bits;
    std::vector<std::uint8_t> difference(code.syndrome_bits());
    load_frame(scheme, order, received, frame, bits);
    compute_syndrome(code, bits.data(), difference.data());
    std::uint64_t first = index * difference.size();
    for (std::uint64_t i = 0; i < difference.size(); ++i) difference[i] ^= syndromes[first + i];
    errors[frame].resize(code.length_bits());
    for (int attempt = 0; attempt < 3; ++attempt) {
      success[frame] =
          decoders[worker]->decode(difference.data(), scheme.design_errors_per_million * 1e-6,
                                   code.length_bits() - scheme.frame_bits(frame), errors[frame].data(), attempt);
      if (success[frame] != 0) break;
    }
    if (worker == 0)
      context.report("error correction", ++done, scheme.frames, "frames");
    else
      ++done;
  });
  BELLOWS_TRY(context.check_cancelled());
  Decoded decoded;
  decoded.corrected = bits::BitString(received);
  for (std::uint32_t frame = 0; frame < scheme.frames; ++frame) {
    if (success[frame] == 0) {
      decoded.failed.push_back(frame);
      continue;
    }
    std::uint64_t start = frame_start(scheme, frame);
    for (std::uint64_t i = 0; i < scheme.frame_bits(frame); ++i) {
      std::uint64_t place = order[start + i], error = errors[frame][i];
      decoded.corrected.words()[place / 64] ^= error << (place % 64);
      decoded.corrected_errors += error;
    }
  }
  return decoded;
}

Result<bits::BitString> reveal_frames(const Scheme& scheme, bits::BitView random, bits::BitView raw,
                                      const std::vector<std::uint32_t>& frames) {
  BELLOWS_TRY(check_frames(scheme, frames));
  BELLOWS_TRY(check_random(scheme, random));
  auto order = permutation(scheme, random);
  std::uint64_t total = 0;
  for (std::uint32_t frame : frames) total += scheme.frame_bits(frame);
  bits::BitString revealed(total);
  std::uint64_t to = 0;
  for (std::uint32_t frame : frames)
    for (std::uint64_t i = 0; i < scheme.frame_bits(frame); ++i)
      revealed.set(to++, raw[order[frame_start(scheme, frame) + i]]);
  return revealed;
}

Status insert_frames(const Scheme& scheme, bits::BitView random, bits::BitView revealed,
                     const std::vector<std::uint32_t>& frames, bits::BitString& raw) {
  BELLOWS_TRY(check_frames(scheme, frames));
  std::uint64_t total = 0;
  for (std::uint32_t frame : frames) total += scheme.frame_bits(frame);
  if (revealed.size_bits != total) return bad_input("wrong number of revealed bits");
  BELLOWS_TRY(check_random(scheme, random));
  auto order = permutation(scheme, random);
  std::uint64_t from = 0;
  for (std::uint32_t frame : frames)
    for (std::uint64_t i = 0; i < scheme.frame_bits(frame); ++i)
      raw.set(order[frame_start(scheme, frame) + i], revealed[from++]);
  return {};
}

}  // namespace bellows::ecc
