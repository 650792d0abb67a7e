#include "bellows/protocol/masanes_certificate.h"

#include <fmt/format.h>

namespace bellows::protocol {
namespace {

using nlohmann::json;
using numeric::Exact;

Exact share(const Exact& total, std::uint64_t numerator, std::uint64_t denominator) {
  return total * Exact::fraction(numerator, denominator);
}

std::vector<std::string> assumptions(const KeyStatement& s) {
  std::vector<std::string> list = {
      "The boxes of all pairs, both parties' and the adversary's, do not signal to each other: every use of every box "
      "is "
      "separate, or the devices have no memory.",
      "Choices and settings (I, J, X, Y) and the hash seed are uniform, independent of the boxes and of the adversary, "
      "and were "
      "not known before the boxes were used.",
      "Nothing leaves the parties' laboratories but the messages of this session; their computers work as intended.",
      "The shared secret for authentication is uniform and known to the two parties only.",
      "The boxes are not used again while the key must stay secret, or have no memory."};
  if (s.method == KeyMethod::no_signalling) {
    list.push_back(fmt::format(
        "ASSUMED, not proved: if the raw key holds no more errors than the sample allows ({} of {}), error correction "
        "fails with "
        "probability {} at most. (Whether it succeeded depends on Bob's outcomes, so telling it to the adversary is "
        "covered by "
        "theorem 9 only as far as failure is unlikely. That the corrected keys are equal is checked, not assumed.)",
        s.most_errors, s.counts.raw_bits, s.epsilon.correction.text()));
  } else {
    list.push_back("Quantum theory holds for the boxes and for the adversary.");
  }
  if (s.hash_seed_origin == "operating system")
    list.push_back("The hash seed comes from the operating system's generator, which is taken for uniform.");
  if (s.simulated) list.push_back("DEMONSTRATION: the records come from a simulated source; the key is worth nothing.");
  return list;
}

// The weaker of the two claims, when the random bits were amplified.
std::string claim(const KeyStatement& s) {
  std::string claim = fmt::format(
      "The {} bits of key are the same for both parties and {}-close to uniform and independent of everything that an "
      "adversary "
      "bound by {} holds, in the sum of differences of equation (20) (twice the trace distance).",
      s.length.bits, s.epsilon.total.text(),
      s.method == KeyMethod::no_signalling ? "no-signalling alone" : "quantum theory");
  if (s.random_bits_certificates.empty()) return claim;
  return claim +
         " WEAKER OF TWO CLAIMS: this needs perfect randomness for choices, settings and hash; theirs is certified "
         "against a "
         "quantum adversary only, up to the epsilon of each certificate named here. Together: a quantum adversary, and "
         "the sum "
         "of all epsilons.";
}

json scheme_json(const ecc::Scheme& scheme) {
  return {{"frames", scheme.frames},
          {"circulant", scheme.circulant},
          {"columns", scheme.columns},
          {"rows", scheme.rows},
          {"design_errors_per_million", scheme.design_errors_per_million},
          {"leaked_bits", scheme.leaked_bits()}};
}

}  // namespace

EpsilonBudget EpsilonBudget::of(KeyMethod method, const Exact& total) {
  // 1/2 + 2/16 + 2/8 = 7/8; the rest is far more than hash comparison and tags take.
  if (method == KeyMethod::no_signalling) return {total, share(total, 1, 2), share(total, 1, 16), share(total, 1, 8)};
  return {total, share(total, 7, 8), Exact::literal("1e-4"), Exact()};  // the sample only sets the rate
}

json to_json(const KeyStatement& s) {
  json document = {{"what", "bellows key certificate"},
                   {"version", 1},
                   {"protocol", "masanes"},
                   {"adversary", key_method_name(s.method)},
                   {"session", s.session},
                   {"secret_id", s.secret_id},
                   {"key_bits", s.length.bits},
                   {"claim", claim(s)},
                   {"assumptions", assumptions(s)},
                   {"epsilon",
                    {{"total", s.epsilon.total.text()},
                     {"privacy", s.epsilon.privacy.text()},
                     {"error_sample", s.epsilon.sample.text()},
                     {"correction_assumed", s.epsilon.correction.text()},
                     {"measure", "sum of differences, equation (20); twice the trace distance"}}},
                   {"counts",
                    {{"settings", s.counts.settings},
                     {"pairs", s.counts.pairs},
                     {"tested", s.counts.tested},
                     {"lost", s.counts.lost},
                     {"raw_bits", s.counts.raw_bits},
                     {"leaked_bits", s.counts.leaked_bits},
                     {"verification_bits", verification_bits},
                     {"sample_pairs", s.sample_pairs},
                     {"sample_errors", s.sample_errors},
                     {"most_errors", s.most_errors},
                     {"revealed_frames", s.revealed_frames}}},
                   {"bound_bits", s.length.bound_bits},
                   {"theta", s.length.theta},
                   {"error_correction", scheme_json(s.scheme)},
                   {"transcript", {{"alice", s.transcript_alice}, {"bob", s.transcript_bob}}},
                   {"hash",
                    {{"family", "toeplitz"},
                     {"seed_bits", s.counts.raw_bits + s.length.bits - 1},
                     {"seed_origin", s.hash_seed_origin}}},
                   {"simulated", s.simulated}};
  if (!s.random_bits_certificates.empty()) document["random_bits"] = s.random_bits_certificates;
  return document;
}

Status check_certificate(const json& document) {
  try {
    if (document.at("what") != "bellows key certificate" || document.at("version") != 1)
      return bad_input("not a key certificate of this version");
    const json& in = document.at("counts");
    KeyCounts counts{in.at("settings").get<std::uint64_t>(), in.at("pairs").get<std::uint64_t>(),
                     in.at("tested").get<std::uint64_t>(),   in.at("lost").get<std::uint64_t>(),
                     in.at("raw_bits").get<std::uint64_t>(), in.at("leaked_bits").get<std::uint64_t>()};
    std::string adversary = document.at("adversary").get<std::string>();
    KeyMethod method = adversary == key_method_name(KeyMethod::quantum) ? KeyMethod::quantum : KeyMethod::no_signalling;
    if (adversary != key_method_name(method)) return bad_input("unknown adversary", "", std::nullopt, "", adversary);
    const json& eps = document.at("epsilon");
    BELLOWS_ASSIGN(auto total, Exact::parse(eps.at("total").get<std::string>()));
    auto expected = EpsilonBudget::of(method, total);
    BELLOWS_ASSIGN(auto privacy, Exact::parse(eps.at("privacy").get<std::string>()));
    BELLOWS_ASSIGN(auto sample, Exact::parse(eps.at("error_sample").get<std::string>()));
    if (!(privacy == expected.privacy) || !(sample == expected.sample))
      return refused("the certificate's epsilons do not add up to their total");
    std::uint64_t least_leak =
        document.at("error_correction").at("leaked_bits").get<std::uint64_t>() + verification_bits;
    if (counts.leaked_bits < least_leak) return refused("the certificate leaves out part of what was published");
    std::uint64_t most =
        ecc::most_unseen_errors(in.at("sample_pairs").get<std::uint64_t>(), in.at("sample_errors").get<std::uint64_t>(),
                                counts.raw_bits, sample.approximate());
    if (in.at("most_errors").get<std::uint64_t>() < most)
      return refused("the certificate's bound on the errors is too small");
    BELLOWS_ASSIGN(auto length, key_length(method, counts, privacy));
    auto claimed = document.at("key_bits").get<std::uint64_t>();
    if (claimed > length.bits)
      return refused(fmt::format("the certificate claims {} bits; its counts give {}", claimed, length.bits));
    return {};
  } catch (const json::exception& problem) {
    return bad_input(fmt::format("not a key certificate: {}", problem.what()));
  }
}

Status compare_certificates(const json& a, const json& b) {
  for (const char* key : {"session", "secret_id", "adversary", "key_bits", "epsilon", "counts", "transcript",
                          "error_correction", "hash"}) {
    if (!a.contains(key) || !b.contains(key)) return bad_input(fmt::format("a certificate has no '{}'", key));
    if (a[key] != b[key])
      return refused(fmt::format("the certificates differ in '{}': {} and {}", key, a[key].dump(), b[key].dump()));
  }
  return {};
}

}  // namespace bellows::protocol
