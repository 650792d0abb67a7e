#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/digest.h"
#include "bellows/base/file.h"
#include "bellows/base/result.h"
#include "bellows/numeric/exact.h"
#include "bellows/plan/plan.h"

namespace bellows::certify {

using numeric::Exact;

enum class Verdict {
  certified,      ///< output_bits > 0
  not_certified,  ///< the protocol's abort, or nothing that can be proved: a normal result, output_bits = 0
};
const char* name(Verdict verdict);

/// One step of the proof, from the score to the output bit, and the entropy that it takes.
struct Loss {
  std::string step;  ///< "accumulation", "publication: log-digest", "seed", ...
  double bits = 0;   ///< rounded up
  std::string why;   ///< theorem and parameters, in words
  bool operator==(const Loss&) const = default;
};

/// What the extractor is to do; `extract` takes its lengths from here and from nowhere else.
struct Extraction {
  plan::Extractor family = plan::Extractor::automatic;  ///< automatic: there is no output
  std::uint64_t raw_bits = 0;
  std::uint64_t output_bits = 0;
  std::uint64_t seed_bits = 0;       ///< the first so many bits of the seed are used
  std::uint64_t circulant_bits = 0;  ///< circulant: the prime n2, else 0
  std::uint64_t field_length = 0;    ///< short seed: k, the field has 2^(32 k) elements, else 0
  bool operator==(const Extraction&) const = default;
};

/// What was seen, against what the plan asked.
struct Score {
  plan::ScoreKind kind = plan::ScoreKind::win_frequency;
  std::optional<Exact> observed;                 ///< nothing in a public certificate that did not pay for it
  std::optional<std::uint64_t> threshold_index;  ///< the threshold that counts; nothing: none was reached
  std::optional<Exact> threshold;
  std::uint64_t threshold_events = 1;  ///< M of the epsilon budget
  std::string relabelling = "none";
  std::uint64_t relabellings_tried = 1;
  bool settings_consistent = true;  ///< the settings are likely under the claimed bias; never part of the verdict
  double settings_sigmas = 0;       ///< by how many standard deviations the worst frequency lies outside; 0: inside
  std::string settings_worst;       ///< which frequency that is
  std::string reason;               ///< why not certified; else empty
  bool operator==(const Score&) const = default;
};

/// The statement that is proved from plan and evidence: the hand-over from certify to extract and report.
struct Certificate {
  plan::Plan plan;
  Verdict verdict = Verdict::not_certified;
  std::uint64_t trial_count = 0;  ///< trials in the evidence; public, and paid for where it depends on outcomes
  double min_entropy_bits = 0;    ///< k1 after all publications, rounded down; 0 if not certified
  Score score;
  std::vector<Loss> losses;
  Extraction extraction;
  /// First the guarantee in its exact form, then every assumption, in words.
  std::vector<std::string> assumptions;
  bool simulated = false;     ///< the outcomes come from a simulated device: a DEMONSTRATION
  bool hypothetical = false;  ///< computed from numbers alone: no log, no output, no digests
  std::optional<Digest> plan_digest, log_digest, seed_digest;  ///< never one of the output (docs/security.md)
  /// Of the sentences in `assumptions` that nothing in the run's files proves (statements.h); nothing: there are none.
  std::optional<Digest> statements_digest;
  /// Methods two-sided and witness, from a log: the entropy proof file that the bound rests on.
  std::optional<Digest> entropy_proof;
  bool operator==(const Certificate&) const = default;

  /// Against whom the output holds; the plan may have asked for less.
  plan::Adversary proved_against() const { return plan::proved_against(plan); }
  std::uint64_t output_bits() const { return extraction.output_bits; }
  bool certified() const { return verdict == Verdict::certified; }
};

/// JSON with the top keys adversary, assumptions, digests, epsilon, hypothetical, losses, method, min_entropy_bits,
/// output_bits, plan, protocol, score, simulated, trials, verdict. The exact numbers are text in `plan` and `score`.
/// Depends on outcomes: for files of mode 0600 only.
nlohmann::json to_private_json(const Certificate& certificate);
/// The same keys; holds of the outcomes only the threshold that was reached and what the plan priced.
nlohmann::json to_public_json(const Certificate& certificate);

/// Reads either form. Errors: bad_input: a key missing, unknown or of the wrong type, a plan that does not hold,
/// numbers that contradict each other (bits without a verdict, an output that is longer than its raw string...).
Result<Certificate> certificate_from_json(const nlohmann::json& document, const std::string& origin = {});
Result<Certificate> read_certificate(const Path& path);

/// certificate.json (0600) and certificate.public.json.
Status write_private(const Certificate& certificate, const Path& path, bool overwrite);
Status write_public(const Certificate& certificate, const Path& path, bool overwrite);

/// SHA-256 of the private JSON without white space. Depends on outcomes: stays inside.
Digest digest(const Certificate& certificate);

/// For people, many lines; DEMONSTRATION or HYPOTHETICAL stands in the first. `full`: with all assumptions.
std::string to_text(const Certificate& certificate, bool full);

}  // namespace bellows::certify
