#include "bellows/protocol/masanes_certificate.h"

#include <fmt/format.h>

#include <cmath>

#include "bellows/base/json_number.h"
#include "bellows/base/json_words.h"
#include "bellows/certify/certificate.h"
#include "bellows/plan/document_kind.h"

namespace bellows::protocol {
namespace {

using nlohmann::json;
using numeric::Exact;

Exact share(const Exact& total, std::uint64_t numerator, std::uint64_t denominator) {
  return total * Exact::fraction(numerator, denominator);
}

const char* public_randomness(const KeyStatement& s) {
  return s.scheme.code == ecc::Code::concatenated ? "the hash seed and the deal of the error correction"
                                                  : "the hash seed";
}

std::vector<std::string> assumptions(const KeyStatement& s) {
  std::vector<std::string> list;
  if (!s.is_proved())
    list.push_back(fmt::format(
        "NOT PROVED, and taken as a hypothesis, equation (67) of the paper: the decoder of the LDPC code does not fail "
        "on {} errors or fewer in {} bits, but with a small probability delta. Nothing here bounds delta; it is not in "
        "epsilon and has to be added to it twice. (Whether correction succeeded depends on Bob's outcomes, so telling "
        "it to the adversary is covered by theorem 9 only as far as failure is unlikely.)",
        s.errors.most, s.counts.raw_bits));
  list.insert(
      list.end(),
      {"The boxes of all pairs, both parties' and the adversary's, do not signal to each other: every use of every box "
       "is separate, or the devices have no memory.",
       fmt::format("Choices and settings (I, J, X, Y) and {} are uniform, independent of the boxes and of the "
                   "adversary, and were not known before the boxes were used.",
                   public_randomness(s)),
       "Nothing leaves the parties' laboratories but the messages of this session, and the moments at which they are "
       "sent tell nothing; their computers work as intended.",
       "The shared secret for authentication is uniform and known to the two parties only.",
       "The boxes are not used again while the key must stay secret, or have no memory.",
       "This is the only choice of adversary, epsilon and error correction that was tried on these records; each other "
       "one that ended without a key adds its epsilon to this one's."});
  if (s.method == KeyMethod::quantum) list.push_back("Quantum theory holds for the boxes and for the adversary.");
  if (s.hash_seed_origin == "operating system")
    list.push_back(
        fmt::format("What is drawn for the session, {}, comes from the operating system's generator, which is "
                    "taken for uniform.",
                    public_randomness(s)));
  if (!s.random_bits_certificates.empty())
    list.push_back(
        "The random bits are those of the certificates named here, each bit used once: their owner says so. A party "
        "that names none has uniform bits of its own.");
  if (s.simulated) list.push_back("DEMONSTRATION: the records come from a simulated source; the key is worth nothing.");
  return list;
}

// The weaker of the two claims, when the random bits were amplified.
std::string claim(const KeyStatement& s) {
  std::string claim = fmt::format(
      "The {} bits of key are the same for both parties and {}-close to uniform and independent of everything that an "
      "adversary bound by {} holds, in the sum of differences of equation (20) (twice the trace distance).",
      s.length.bits, s.epsilon.total.text(),
      s.method == KeyMethod::no_signalling ? "no-signalling alone" : "quantum theory");
  if (!s.is_proved())
    claim = "NOT CERTIFIED: this holds only under the first of its assumptions, which nobody has proved. " + claim;
  if (s.random_bits_certificates.empty()) return claim;
  plan::Adversary of_bits = plan::quantum_adversary;
  for (const json& entry : s.random_bits_certificates)
    if (const auto one = plan::adversary_named(entry.at("adversary").get<std::string>()); one.ok())
      of_bits = plan::common_to(of_bits, *one);
  const plan::Adversary together = plan::common_to(of_bits, adversary_of(s.method));
  return claim + fmt::format(
                     " WEAKER OF TWO CLAIMS: this needs perfect randomness for choices, settings and hash; that of the "
                     "certificates named here is certified against a {} adversary only, up to the epsilon of each. "
                     "Together: a {} adversary, and the sum of all epsilons.",
                     plan::name(of_bits), plan::name(together));
}

// What a document says that is a whole number. Errors: bad_input: another thing, or too large. May throw
// json::exception.
Result<std::uint64_t> count_in(const json& in, const char* name, std::uint64_t most) {
  const json& value = in.at(name);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
    return bad_input(fmt::format("'{}' is out of range", name), "", std::nullopt, fmt::format("0 to {}", most),
                     value.dump());
  return value.get<std::uint64_t>();
}

}  // namespace

EpsilonBudget EpsilonBudget::of(KeyMethod method, const Exact& total) {
  // Ten times less for error correction costs some hundred bits, for the key length 7. 1/32 + 2 * 61/128 = 63/64; the
  // rest is far more than hash comparison and tags take.
  if (method == KeyMethod::no_signalling) return {total, share(total, 1, 32), share(total, 61, 128)};
  return {total, share(total, 7, 8), Exact::literal("4e-4")};  // a code that fails costs a key, no secret
}

Exact EpsilonBudget::sure_code() const { return share(correction, 1, 4); }
Exact EpsilonBudget::unsure_code() const { return correction - sure_code(); }

ecc::ErrorsToCorrect EpsilonBudget::errors(std::uint64_t sample_pairs, std::uint64_t sample_errors,
                                           std::uint64_t raw_bits) const {
  return {ecc::most_unseen_errors(sample_pairs, sample_errors, raw_bits, sure_code()),
          ecc::KnownErrors::from_sample(sample_pairs, sample_errors, raw_bits), unsure_code()};
}

std::vector<ecc::Code> usual_codes(KeyMethod method) {
  if (method == KeyMethod::no_signalling) return {ecc::Code::bch, ecc::Code::concatenated};
  return {ecc::Code::ldpc};
}

std::string code_names(const std::vector<ecc::Code>& codes) {
  std::string names;
  for (ecc::Code code : codes) names += (names.empty() ? "" : " or ") + std::string(ecc::code_name(code));
  return names;
}

Result<ecc::Scheme> plan_scheme(const std::vector<ecc::Code>& codes, std::uint64_t raw_bits,
                                const ecc::ErrorsToCorrect& errors, std::uint64_t largest_frame_bits) {
  Result<ecc::Scheme> best = usage_error("no code for error correction");
  for (ecc::Code code : codes) {
    auto scheme = ecc::plan_scheme(code, raw_bits, errors, largest_frame_bits);
    const bool better = scheme.ok() && (!best.ok() || scheme->leaked_bits() < best->leaked_bits());
    if (better || !best.ok()) best = std::move(scheme);
  }
  return best;
}

json scheme_json(const ecc::Scheme& scheme) {
  json document = {
      {"code", ecc::code_name(scheme.code)}, {"frames", scheme.frames}, {"leaked_bits", scheme.leaked_bits()}};
  if (scheme.code == ecc::Code::bch) {
    document["errors"] = scheme.errors;
    document["element_bits"] = scheme.element_bits;
  } else if (scheme.code == ecc::Code::concatenated) {
    document["blocks"] = scheme.shape.blocks;
    document["element_bits"] = scheme.shape.element_bits;
    document["check_bits"] = scheme.shape.check_bits;
    document["row_syndromes"] = scheme.shape.row_syndromes;
    document["rows"] = scheme.shape.rows;
  } else {
    document["circulant"] = scheme.circulant;
    document["columns"] = scheme.columns;
    document["rows"] = scheme.rows;
    document["design_errors_per_million"] = scheme.design_errors_per_million;
  }
  return document;
}

Result<ecc::Scheme> scheme_of(const json& document, std::uint64_t raw_bits, const ecc::ErrorsToCorrect& errors) {
  ecc::Scheme scheme;
  scheme.raw_bits = raw_bits;
  try {
    BELLOWS_ASSIGN(scheme.code, ecc::code_from_name(document.at("code").get<std::string>()));
    auto number = [&](const char* name, auto& to) -> Status {
      BELLOWS_ASSIGN(auto value, count_in(document, name, 0xffffffff));
      to = static_cast<std::remove_reference_t<decltype(to)>>(value);
      return {};
    };
    BELLOWS_TRY(number("frames", scheme.frames));
    if (scheme.code == ecc::Code::bch) {
      BELLOWS_TRY(number("errors", scheme.errors));
      BELLOWS_TRY(number("element_bits", scheme.element_bits));
    } else if (scheme.code == ecc::Code::concatenated) {
      scheme.shape.raw_bits = raw_bits;
      BELLOWS_TRY(number("blocks", scheme.shape.blocks));
      BELLOWS_TRY(number("element_bits", scheme.shape.element_bits));
      BELLOWS_TRY(number("check_bits", scheme.shape.check_bits));
      BELLOWS_TRY(number("row_syndromes", scheme.shape.row_syndromes));
      const json& rows = document.at("rows");
      if (!rows.is_array() || rows.size() > ecc::most_rows) return bad_input("'rows' is no list, or too long");
      for (const json& row : rows) {
        const auto published = whole_number<std::uint32_t>(row);
        if (!published) return bad_input("a row of the error-correction scheme is no number");
        scheme.shape.rows.push_back(*published);
      }
    } else {
      BELLOWS_TRY(number("circulant", scheme.circulant));
      BELLOWS_TRY(number("columns", scheme.columns));
      BELLOWS_TRY(number("rows", scheme.rows));
      BELLOWS_TRY(number("design_errors_per_million", scheme.design_errors_per_million));
    }
  } catch (const json::exception& problem) {
    return bad_input(fmt::format("not an error-correction scheme: {}", in_words(problem)));
  }
  BELLOWS_TRY(ecc::check_scheme(scheme, raw_bits, errors));
  return scheme;
}

Status check_total_epsilon(const Exact& total) {
  if (total < Exact::literal("1e-20") || total >= Exact::integer(1))
    return usage_error("epsilon is out of range", "1e-20 <= epsilon < 1", total.text());
  return {};
}

std::uint64_t leaked_bits(const KeyStatement& s) {
  std::uint64_t leaked = s.scheme.leaked_bits() + verification_bits;
  if (s.method == KeyMethod::quantum) {
    leaked += 1;
    if (s.revealed_frames > 0)
      leaked += 2 * std::uint64_t{s.scheme.frames} + s.revealed_frames * s.scheme.frame_bits(0);
  }
  return leaked;
}

json to_json(const KeyStatement& s) {
  json document = {{"what", "bellows key certificate"},
                   {"version", 4},
                   {"protocol", "masanes"},
                   {"verdict", s.is_proved() ? "certified" : "not_certified"},
                   {"adversary", key_method_name(s.method)},
                   {"party", net::role_name(s.party)},
                   {"session", s.session},
                   {"secret_id", s.secret_id},
                   {"key_bits", s.length.bits},
                   {"claim", claim(s)},
                   {"assumptions", assumptions(s)},
                   {"epsilon",
                    {{"total", s.epsilon.total.text()},
                     {"privacy", s.epsilon.privacy.text()},
                     {"error_correction", s.epsilon.correction.text()},
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
                     {"most_errors", s.errors.most},
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

namespace {

// What a certificate says was counted and measured; the rest of the statement is computed from it. May throw
// json::exception.
Result<KeyStatement> statement_of(const json& document) {
  if (document.at("what") != "bellows key certificate" || document.at("version") != 4)
    return bad_input("not a key certificate of this version");
  KeyStatement s;
  const std::string party = document.at("party").get<std::string>();
  s.party = party == net::role_name(net::Role::bob) ? net::Role::bob : net::Role::alice;
  if (party != net::role_name(s.party)) return bad_input("the certificate of a party that is none");
  s.session = document.at("session").get<std::string>();
  s.secret_id = document.at("secret_id").get<std::string>();
  std::string adversary = document.at("adversary").get<std::string>();
  s.method = adversary == key_method_name(KeyMethod::quantum) ? KeyMethod::quantum : KeyMethod::no_signalling;
  if (adversary != key_method_name(s.method)) return bad_input("unknown adversary", "", std::nullopt, "", adversary);
  BELLOWS_ASSIGN(auto total, Exact::parse(document.at("epsilon").at("total").get<std::string>()));
  BELLOWS_TRY(check_total_epsilon(total));
  s.epsilon = EpsilonBudget::of(s.method, total);
  const json& in = document.at("counts");
  constexpr std::uint64_t most_pairs = std::uint64_t{1} << 50;
  BELLOWS_ASSIGN(s.counts.settings, count_in(in, "settings", 1000));
  BELLOWS_ASSIGN(s.counts.pairs, count_in(in, "pairs", most_pairs));
  BELLOWS_ASSIGN(s.counts.tested, count_in(in, "tested", s.counts.pairs));
  BELLOWS_ASSIGN(s.counts.lost, count_in(in, "lost", s.counts.tested));
  BELLOWS_ASSIGN(s.counts.raw_bits, count_in(in, "raw_bits", s.counts.pairs - s.counts.tested));
  BELLOWS_ASSIGN(s.sample_pairs, count_in(in, "sample_pairs", s.counts.pairs - s.counts.tested - s.counts.raw_bits));
  BELLOWS_ASSIGN(s.sample_errors, count_in(in, "sample_errors", s.sample_pairs));
  s.errors = s.epsilon.errors(s.sample_pairs, s.sample_errors, s.counts.raw_bits);
  BELLOWS_ASSIGN(s.scheme, scheme_of(document.at("error_correction"), s.counts.raw_bits, s.errors));
  BELLOWS_ASSIGN(s.revealed_frames, count_in(in, "revealed_frames", s.scheme.frames));
  s.transcript_alice = document.at("transcript").at("alice").get<std::string>();
  s.transcript_bob = document.at("transcript").at("bob").get<std::string>();
  s.hash_seed_origin = document.at("hash").at("seed_origin").get<std::string>();
  if (s.hash_seed_origin != "file" && s.hash_seed_origin != "operating system")
    return bad_input("the certificate names no origin of the hash seed that there is", "", std::nullopt,
                     "file or operating system", s.hash_seed_origin);
  s.simulated = document.at("simulated").get<bool>();
  if (auto found = document.find("random_bits"); found != document.end())
    s.random_bits_certificates = found->get<std::vector<json>>();
  for (const json& entry : s.random_bits_certificates) {
    BELLOWS_TRY(check_random_bits_entry(entry));
    if (net::role_name(net::Role::alice) != entry.at("party") && net::role_name(net::Role::bob) != entry.at("party"))
      return bad_input("random bits of a party that is none");
  }
  s.counts.leaked_bits = leaked_bits(s);
  BELLOWS_ASSIGN(s.length, key_length(s.method, s.counts, s.epsilon.privacy));
  return s;
}

// Where two documents differ first; empty: nowhere. Numbers with a fraction may differ in their last places: they are
// for people, and machines round differently.
std::string first_difference(const json& a, const json& b, const std::string& where) {
  if (a.is_number_float() && b.is_number()) {
    double x = a.get<double>(), y = b.get<double>();
    return std::abs(x - y) <= 1e-6 * (1 + std::abs(x)) ? "" : where;
  }
  if (!a.is_object() || !b.is_object()) return a == b ? "" : where;
  for (const auto& [key, value] : a.items()) {
    auto other = b.find(key);
    std::string name = where.empty() ? key : where + "." + key;
    if (other == b.end()) return name;
    if (auto inside = first_difference(value, *other, name); !inside.empty()) return inside;
  }
  for (const auto& [key, value] : b.items())
    if (!a.contains(key)) return where.empty() ? key : where + "." + key;
  return "";
}

}  // namespace

Result<json> random_bits_entry(const json& document, const Path& file) {
  BELLOWS_ASSIGN(auto certificate, certify::certificate_from_json(document, file.string()));
  if (!certificate.certified() || certificate.hypothetical) {
    Error error = refused(certificate.hypothetical ? "the certificate of random bits is hypothetical: there are none"
                                                   : "the certificate of random bits certifies none");
    error.file = file.string();
    return error;
  }
  return json{{"file", file.filename().string()},         {"sha256", sha256(document.dump()).hex()},
              {"adversary", document.at("adversary")},    {"protocol", document.at("protocol")},
              {"output_bits", certificate.output_bits()}, {"epsilon", document.at("epsilon")},
              {"simulated", certificate.simulated}};
}

Status check_random_bits_entry(const json& entry) {
  auto wrong = [&](const char* key) {
    return bad_input(fmt::format("an entry of a certificate of random bits is none: '{}'", key), "", std::nullopt, "",
                     entry.value(key, json()).dump());
  };
  for (const char* key : {"file", "adversary", "protocol"})
    if (entry.at(key).get<std::string>().size() > 255) return wrong(key);
  // An entry is somebody's word; nothing that amplifies is proved against more than quantum theory.
  const auto adversary = plan::adversary_named(entry.at("adversary").get<std::string>());
  if (!adversary.ok() || !plan::covers(plan::quantum_adversary, *adversary)) return wrong("adversary");
  if (!Digest::from_hex(entry.at("sha256").get<std::string>()).ok()) return wrong("sha256");
  if (!entry.at("output_bits").is_number_unsigned() || entry.at("output_bits") == 0) return wrong("output_bits");
  const double epsilon = entry.at("epsilon").get<double>();
  if (!(epsilon > 0 && epsilon < 1)) return wrong("epsilon");
  (void)entry.at("simulated").get<bool>();
  if (entry.size() > 8) return wrong("size");
  return {};
}

Status check_certificate(const json& document) {
  BELLOWS_TRY(plan::require_kind(document, plan::DocumentKind::key_certificate, ""));
  try {
    BELLOWS_ASSIGN(auto statement, statement_of(document));
    json computed = to_json(statement);
    auto difference = first_difference(computed, document, "");
    if (difference == "key_bits")
      return refused(fmt::format("the certificate claims {} bits; its counts give {}",
                                 document.value("key_bits", json()).dump(), statement.length.bits));
    if (!difference.empty())
      return refused(fmt::format("the certificate says something else in '{}' than its counts give", difference));
    return {};
  } catch (const json::exception& problem) {
    return bad_input(fmt::format("not a key certificate: {}", in_words(problem)), "", std::nullopt,
                     "what docs/format-qkd.md lists", "something else");
  }
}

Status compare_certificates(const json& a, const json& b) {
  if (!a.contains("party") || !b.contains("party")) return bad_input("a certificate has no 'party'");
  if (a["party"] == b["party"])
    return refused(fmt::format("both are the certificate of one party, {}: one of each is needed", a["party"].dump()));
  for (const char* key : {"session", "secret_id", "verdict", "adversary", "key_bits", "claim", "assumptions", "epsilon",
                          "counts", "transcript", "error_correction", "hash", "simulated"}) {
    if (!a.contains(key) || !b.contains(key)) return bad_input(fmt::format("a certificate has no '{}'", key));
    if (a[key] != b[key])
      return refused(fmt::format("the certificates differ in '{}': {} and {}", key, a[key].dump(), b[key].dump()));
  }
  if (a.value("random_bits", json()) != b.value("random_bits", json()))
    return refused("the certificates differ in 'random_bits'");
  return {};
}

}  // namespace bellows::protocol
