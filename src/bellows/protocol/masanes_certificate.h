#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/file.h"
#include "bellows/ecc/reconcile.h"
#include "bellows/net/ledger.h"
#include "bellows/protocol/masanes_key.h"

namespace bellows::protocol {

/// How the total epsilon of a session is shared out. All parts are in the paper's measure (20): the sum over keys and
/// public messages of the difference to an ideal key, twice the trace distance.
struct EpsilonBudget {
  numeric::Exact total;
  numeric::Exact privacy;  ///< epsilon of the key length
  /// no_signalling: chance that the sample of errors comes out as it does and the code does not correct the raw key's.
  numeric::Exact correction;
  /// Of this, the share of codes that correct so many errors always (then it is the chance that there are more), and of
  /// one that may fail on any number of them. Which of the two is taken depends on the sample, so the shares add up.
  numeric::Exact sure_code() const;
  numeric::Exact unsure_code() const;
  /// The chance counts twice (theorem 9); what hash comparison and tags add is below the rest.
  static EpsilonBudget of(KeyMethod method, const numeric::Exact& total);
  /// What error correction meets: a sample of this kind, and a raw key of so many bits.
  ecc::ErrorsToCorrect errors(std::uint64_t sample_pairs, std::uint64_t sample_errors, std::uint64_t raw_bits) const;
};
/// Errors: usage: not in [1e-20, 1). What hash comparison and tags add, 2^-73 at most, has its place in a sixty-fourth
/// of 1e-20.
Status check_total_epsilon(const numeric::Exact& total);

/// The codes that may correct unless another is asked for: those with which the claim is proved; of these the one that
/// publishes least does. (Against a quantum adversary the proof needs nothing of the code.)
std::vector<ecc::Code> usual_codes(KeyMethod method);
/// "bch or concatenated".
std::string code_names(const std::vector<ecc::Code>& codes);
/// Of these codes the one that publishes least for so many errors. Errors: as ecc::plan_scheme, if none serves.
Result<ecc::Scheme> plan_scheme(const std::vector<ecc::Code>& codes, std::uint64_t raw_bits,
                                const ecc::ErrorsToCorrect& errors,
                                std::uint64_t largest_frame_bits = ecc::usual_frame_bits);

/// Everything public about one key: both parties hold the same statement, and neither holds anything of the key.
struct KeyStatement {
  std::string session, secret_id;
  KeyMethod method = KeyMethod::no_signalling;
  EpsilonBudget epsilon;
  KeyCounts counts;
  std::uint64_t sample_pairs = 0, sample_errors = 0;  ///< announced pairs of the raw key's kind
  ecc::ErrorsToCorrect errors;                        ///< what follows for the raw key's errors
  ecc::Scheme scheme;
  /// Whether the claim is proved under the assumptions that the paper names too. It is not if bob tells a no-signalling
  /// adversary whether a code worked that may fail on few errors.
  bool is_proved() const { return method == KeyMethod::quantum || ecc::is_proved(scheme.code); }
  std::uint64_t revealed_frames = 0;
  KeyLength length;
  std::string transcript_alice, transcript_bob;  ///< SHA-256 over the messages up to the hash seed
  std::string hash_seed_origin;
  bool simulated = false;
  net::Role party = net::Role::alice;  ///< whose certificate this is
  /// Of the certificates that both parties' random bits for choices and settings come with, alice's first; as
  /// random_bits_entry() makes them, with the `party` who named it.
  std::vector<nlohmann::json> random_bits_certificates;
};

/// What a key certificate says of a certificate of amplified bits.
/// In:     document: a certificate of `amplify`, private or public; file: its name.
/// Errors: bad_input: not such a certificate, or one that contradicts itself; refused: it certifies nothing.
Result<nlohmann::json> random_bits_entry(const nlohmann::json& document, const Path& file);
/// Errors: bad_input: an entry that random_bits_entry() does not make. May throw json::exception.
Status check_random_bits_entry(const nlohmann::json& entry);

/// Bits that comparing the corrected keys publishes, and the chance that different keys pass (Poly1305 with a public
/// random point): 8 ceil(L/16) 2^-106 for L bytes, below 2^-80 for every raw key that fits.
inline constexpr std::uint64_t verification_bits = 128;

/// N_c: all that was published and depends on the raw key. Syndromes and comparison hash; quantum adversary: one bit
/// for Bob's word on whether all frames could be corrected, and if some could not, their bits and two bits a frame for
/// which they were (his word selects among 2^frames continuations, twice).
std::uint64_t leaked_bits(const KeyStatement& statement);

/// A scheme in messages and certificates. scheme_of: errors as ecc::check_scheme; bad_input: something missing.
nlohmann::json scheme_json(const ecc::Scheme& scheme);
Result<ecc::Scheme> scheme_of(const nlohmann::json& document, std::uint64_t raw_bits,
                              const ecc::ErrorsToCorrect& errors);

/// The certificate as JSON: the statement, the claim in words, every assumption.
nlohmann::json to_json(const KeyStatement& statement);

/// Takes from a certificate what was counted and measured, computes everything else anew (bound on the errors, leak,
/// key length, claim, assumptions) and compares: nothing in it is taken on trust but the public record itself.
/// Errors: bad_input: not a certificate, or something missing or impossible; refused: it says something else than its
/// counts give (more bits, another sentence, an assumption left out).
Status check_certificate(const nlohmann::json& document);
/// Two certificates of one session say the same. Errors: refused: the first difference.
Status compare_certificates(const nlohmann::json& a, const nlohmann::json& b);

}  // namespace bellows::protocol
