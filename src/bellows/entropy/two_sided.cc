#include "bellows/entropy/two_sided.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>

#include "bellows/entropy/check_proof.h"
#include "bellows/entropy/proof.h"
#include "bellows/entropy/shipped_proofs.h"

namespace bellows::entropy {
namespace {

constexpr std::uint64_t largest_proof_bytes = std::uint64_t{1} << 30;

struct ProofAtHand {
  ProvedTangent tangent;
  Path file;               // of the local folder, or
  std::string_view bytes;  // built in
};

/// The header of a proof and the digest at its end, neither of them checked.
std::optional<ProofAtHand> described(std::string name, std::string_view bytes) {
  auto statement = parse_proof_statement(bytes, name);
  auto digest = proof_digest(bytes);
  if (!statement.ok() || !digest.ok()) return std::nullopt;
  return ProofAtHand{{std::move(name), *digest, *statement, false}, {}, {}};
}

const std::vector<ProofAtHand>& built_in() {
  static const std::vector<ProofAtHand> list = [] {
    std::vector<ProofAtHand> all;
    for (const ShippedProof& proof : shipped_proofs())
      if (auto one = described(proof.name, proof.bytes)) {
        one->bytes = proof.bytes;
        one->tangent.shipped = true;
        all.push_back(std::move(*one));
      }
    return all;
  }();
  return list;
}

std::vector<ProofAtHand> in_local_folder() {
  std::vector<ProofAtHand> all;
  const Path folder = local_proof_folder();
  std::error_code error;
  if (folder.empty()) return all;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".proof") continue;
    auto bytes = read_text_file(at->path(), largest_proof_bytes);
    // A file that ends with the digest of another would be found under that one's name.
    if (!bytes.ok() || !ends_with_own_digest(*bytes)) continue;
    if (auto one = described(at->path().filename().string(), *bytes)) {
      one->file = at->path();
      all.push_back(std::move(*one));
    }
  }
  std::sort(all.begin(), all.end(), [](const ProofAtHand& a, const ProofAtHand& b) { return a.tangent.name < b.tangent.name; });
  return all;
}

std::vector<ProofAtHand> at_hand() {
  std::vector<ProofAtHand> all = built_in();
  for (auto& one : in_local_folder()) all.push_back(std::move(one));
  return all;
}

}  // namespace

Path local_proof_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return value && *value ? Path(value) : Path();
  };
  if (Path folder = variable("BELLOWS_ENTROPY_PROOFS"); !folder.empty()) return folder;
  if (Path cache = variable("XDG_CACHE_HOME"); !cache.empty()) return cache / "bellows" / "entropy-proofs";
  if (Path home = variable("HOME"); !home.empty()) return home / ".cache" / "bellows" / "entropy-proofs";
  return {};
}

std::vector<ProvedTangent> candidate_tangents(EntropyOf entropy, SettingPolytope polytope, const numeric::Exact& mu, const TrialScore& score) {
  std::vector<ProvedTangent> list;
  for (ProofAtHand& one : at_hand()) {
    const Statement& s = one.tangent.statement;
    const bool covers = s.entropy == entropy && s.mu >= mu.value() && (s.polytope == polytope || s.polytope == SettingPolytope::box) && s.score == score;
    const bool seen = std::any_of(list.begin(), list.end(), [&](const ProvedTangent& t) { return t.digest == one.tangent.digest; });
    if (covers && !seen) list.push_back(std::move(one.tangent));
  }
  return list;
}

Result<std::string> proof_bytes(const Digest& digest) {
  for (const ProofAtHand& one : at_hand()) {
    if (one.tangent.digest != digest) continue;
    if (one.file.empty()) return std::string(one.bytes);
    return read_text_file(one.file, largest_proof_bytes);
  }
  return bad_input("no entropy proof of this digest is at hand", {}, {}, digest.hex());
}

Result<ProvedTangent> checked_tangent(const Digest& digest, const Context& context) {
  static std::mutex mutex;
  static std::map<std::array<std::uint8_t, 32>, Result<ProvedTangent>> verdicts;
  const auto remember = [&](Result<ProvedTangent> verdict) {
    const std::lock_guard lock(mutex);
    return verdicts.insert_or_assign(digest.bytes, std::move(verdict)).first->second;
  };
  {
    const std::lock_guard lock(mutex);
    if (const auto known = verdicts.find(digest.bytes); known != verdicts.end()) return known->second;
  }
  BELLOWS_ASSIGN(const std::string bytes, proof_bytes(digest));
  const std::string name = "entropy proof " + digest.hex().substr(0, 12);
  BELLOWS_ASSIGN(const EntropyProof proof, parse_proof(bytes, name));
  // parse_proof compared the file's last bytes with the SHA-256 of the rest; that they are the digest asked for ties the name to the content.
  BELLOWS_ASSIGN(const Digest found, proof_digest(bytes));
  if (found != digest) return bad_input("the entropy proof changed while it was read", name, {}, digest.hex(), found.hex());
  BELLOWS_ASSIGN(const CheckVerdict verdict, check_proof(proof, context));
  if (!verdict.proved()) return remember(refused(name + " does not prove its statement"));
  ProvedTangent tangent{name, digest, proof.statement, false};
  for (const ProofAtHand& one : at_hand())
    if (one.tangent.digest == digest) tangent.name = one.tangent.name, tangent.shipped = one.tangent.shipped;
  return remember(tangent);
}

Status checked_statement(const ProvedTangent& tangent, const Context& context) {
  BELLOWS_ASSIGN(const ProvedTangent checked, checked_tangent(tangent.digest, context));
  if (checked.statement != tangent.statement) return refused(tangent.name + " shows another statement than the one that it was taken for");
  return {};
}

Result<ProvedTangent> best_two_sided_tangent(SettingPolytope polytope, const numeric::Exact& mu, const std::function<double(const ProvedTangent&)>& value,
                                             const Context& context) {
  struct Candidate {
    double value;
    ProvedTangent tangent;
  };
  std::vector<Candidate> list;
  for (auto& tangent : candidate_tangents(EntropyOf::both_outcomes, polytope, mu, TrialScore::win())) {
    const double worth = value(tangent);
    list.push_back({worth, std::move(tangent)});
  }
  std::stable_sort(list.begin(), list.end(), [](const Candidate& a, const Candidate& b) { return a.value > b.value; });
  for (const Candidate& one : list) {
    auto checked = checked_statement(one.tangent, context);
    if (checked.ok()) return one.tangent;
    if (checked.error().code == ErrorCode::cancelled) return checked.error();
  }
  return refused("no entropy proof at hand covers this bias: make one with 'bellows prove entropy --keep'");
}

}  // namespace bellows::entropy
