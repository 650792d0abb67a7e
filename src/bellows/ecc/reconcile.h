#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bellows/base/progress.h"
#include "bellows/base/result.h"
#include "bellows/bits/bit_string.h"
#include "bellows/ecc/concatenated_shape.h"
#include "bellows/ecc/known_errors.h"
#include "bellows/ecc/unseen_errors.h"

namespace bellows::ecc {

/// Which code corrects the raw key.
enum class Code {
  bch,           ///< corrects every pattern of so many errors, for certain: proved
  concatenated,  ///< corrects every pattern of so many errors but with a probability that is bounded: proved
  ldpc,          ///< publishes less; that it corrects so many errors is measured, not proved
};
inline constexpr Code all_codes[] = {Code::bch, Code::concatenated, Code::ldpc};
const char* code_name(Code code);
/// Whether how often it fails is proved.
constexpr bool is_proved(Code code) { return code != Code::ldpc; }
/// Errors: usage: no such code.
Result<Code> code_from_name(std::string_view name);

/// What a scheme has to correct.
struct ErrorsToCorrect {
  std::uint64_t most = 0;  ///< bch, ldpc: not more than so many; how sure that is, is somebody else's business
  KnownErrors known;       ///< concatenated: what is known of their number,
  numeric::Exact failure;  ///< and how often it may fail by that, in (0, 1)
  /// Not more than so many errors, for certain.
  static ErrorsToCorrect at_most(std::uint64_t most, std::uint64_t raw_bits, const numeric::Exact& failure) {
    return {most, KnownErrors::at_most(most, raw_bits), failure};
  }
};

/// How a raw key is cut into frames and which code serves them. Public. bch and ldpc: a function of raw_bits, the bound
/// on the errors and the number of frames; concatenated: any shape that is proved to fail so rarely.
struct Scheme {
  Code code = Code::bch;
  std::uint64_t raw_bits = 0;
  std::uint32_t frames = 0;  ///< but for ldpc: 1
  // bch: the errors that it corrects, the bits that each costs.
  std::uint64_t errors = 0;
  std::uint32_t element_bits = 0;
  ConcatenatedShape shape;  // concatenated
  // ldpc: the parity-check matrix, and the error rate that it is made for.
  std::uint32_t circulant = 0, columns = 0, rows = 0;
  std::uint32_t design_errors_per_million = 0;

  std::uint64_t code_bits() const { return code != Code::ldpc ? raw_bits : std::uint64_t{circulant} * columns; }
  /// Data bits of a frame; the rest of the code word is padding that both sides know.
  std::uint64_t frame_bits(std::uint32_t frame) const { return raw_bits / frames + (frame < raw_bits % frames); }
  std::uint64_t frame_syndrome_bits() const {
    if (code == Code::concatenated) return shape.published_bits();
    return code == Code::bch ? errors * element_bits : std::uint64_t{circulant} * rows;
  }
  /// What is published about the raw key: all syndromes.
  std::uint64_t leaked_bits() const { return frames * frame_syndrome_bits(); }
};

inline constexpr std::uint64_t most_raw_bits = (std::uint64_t{1} << 31) - 1;

/// Frames are as long as this allows: the longer, the less is published.
inline constexpr std::uint64_t usual_frame_bits = std::uint64_t{1} << 24;
inline constexpr std::uint64_t least_frame_bits = 1024;

/// The scheme for errors of which so much is known.
/// In:     raw_bits: 64 to 2^31 - 1; those of errors.known. largest_frame_bits: 1024 to 2^24; for ldpc only.
/// Errors: refused: so many errors that the code would publish more bits than the string has. usage: raw_bits,
///         largest_frame_bits.
Result<Scheme> plan_scheme(Code code, std::uint64_t raw_bits, const ErrorsToCorrect& errors,
                           std::uint64_t largest_frame_bits = usual_frame_bits);
/// A peer's scheme is one that plan_scheme may give: bch, ldpc: for some length of frames; concatenated: one that is
/// proved to fail with the probability errors.failure at most.
/// Errors: bad_input: it is not; above all, one that publishes less than any code for so many errors must.
Status check_scheme(const Scheme& scheme, std::uint64_t raw_bits, const ErrorsToCorrect& errors);

/// log2 of the number of patterns of `errors` errors in `bits` bits: no code that corrects them all publishes less.
double log2_patterns(std::uint64_t bits, std::uint64_t errors);

/// How many random bits encode and decode take: bch none; concatenated the deal of bits to blocks; ldpc the seed of a
/// permutation that spreads errors evenly over places and frames. They become public, and must not be known before the
/// strings are.
std::uint64_t random_bits(const Scheme& scheme);

/// The syndromes of all frames, one after another: leaked_bits() bits.
/// Cost: ldpc: about 20 bytes a raw bit in a frame's worth of memory a thread, and 12 bytes a raw bit for the
/// permutation. bch: next to no memory. concatenated: 5 to 10 bytes a raw bit.
/// Errors: bad_input: another number of random bits than random_bits(scheme). cancelled.
Result<bits::BitString> encode(const Scheme& scheme, bits::BitView random, bits::BitView raw,
                               const Context& context = {});

struct Decoded {
  bits::BitString corrected;          ///< in failed frames: the receiver's bits as they were
  std::vector<std::uint32_t> failed;  ///< frames that could not be decoded
  std::uint64_t corrected_errors = 0;
};

/// The sender's string from the receiver's and the syndromes. bch: it is the sender's, if they differ in scheme.errors
/// places at most; concatenated: but for the probability of plan_scheme. Otherwise a frame whose decoding ends has the
/// right syndrome and still may be wrong: compare a hash.
Result<Decoded> decode(const Scheme& scheme, bits::BitView random, bits::BitView received, bits::BitView syndromes,
                       const Context& context = {});

/// The sender's bits of some frames, for publishing; and putting them in place of the receiver's.
Result<bits::BitString> reveal_frames(const Scheme& scheme, bits::BitView random, bits::BitView raw,
                                      const std::vector<std::uint32_t>& frames);
Status insert_frames(const Scheme& scheme, bits::BitView random, bits::BitView revealed,
                     const std::vector<std::uint32_t>& frames, bits::BitString& raw);

}  // namespace bellows::ecc
