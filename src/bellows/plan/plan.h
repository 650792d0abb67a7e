#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bellows/base/digest.h"
#include "bellows/base/file.h"
#include "bellows/base/result.h"
#include "bellows/numeric/exact.h"
#include "bellows/plan/adversary.h"

namespace bellows::plan {

using numeric::Exact;

/// How evidence becomes min-entropy. The statement behind each is in docs/security.md.
enum class Method {
  win,             ///< win frequency, one party's entropy, improved entropy accumulation
  two_sided,       ///< win frequency, both parties' entropy (computer-checked tangents), improved entropy accumulation
  mdl,             ///< MDL value, one party's entropy, improved entropy accumulation
  win_older,       ///< as win, with the entropy accumulation theorem of 2016
  mdl_as_printed,  ///< MDL value and the theorem of 2016: the published form
  witness,  ///< a linear score that the plan names, both parties' entropy (computer-checked), improved accumulation
};
/// What the source may do with two setting bits: the ordered Santha-Vazirani polytope, or each pair's probability only
/// within [mu_min, mu_max].
enum class Polytope { santha_vazirani, box };
/// Family of hash functions. `automatic`: the one with the longest output, never shift_matrix.
enum class Extractor { automatic, toeplitz, circulant, short_seed, shift_matrix };
enum class ScoreKind { win_frequency, mdl_value, witness_value };
/// What a trial with settings xy and outcomes ab earns, entry 8x + 4y + 2a + b.
using WitnessCoefficients = std::array<Exact, 16>;

const char* name(Method method);
const char* name(Polytope polytope);
const char* name(Extractor extractor);
const char* name(ScoreKind kind);
/// Errors: usage: no such name; the message lists them.
Result<Method> method_named(std::string_view name);
Result<Polytope> polytope_named(std::string_view name);
Result<Extractor> extractor_named(std::string_view name);
ScoreKind score_kind(Method method);
/// Against whom the proof behind a method, or a family of hash functions, holds.
Adversary proved_against(Method method);
Adversary proved_against(Extractor extractor);
/// Errors: usage: not sixteen.
Result<WitnessCoefficients> witness_of(const std::vector<Exact>& coefficients);
/// Least and most that one trial can earn.
Exact least_of(const WitnessCoefficients& witness);
Exact most_of(const WitnessCoefficients& witness);

/// Scores fixed before the data; the highest that is reached counts. Either a list or an even grid.
class Thresholds {
 public:
  Thresholds() = default;
  /// Strictly ascending.
  static Thresholds list(std::vector<Exact> scores);
  /// `count` >= 2 scores from lowest to highest, evenly.
  static Thresholds grid(Exact lowest, Exact highest, std::uint64_t count);

  std::uint64_t count() const { return is_grid_ ? grid_count_ : list_.size(); }
  bool is_grid() const { return is_grid_; }
  Exact at(std::uint64_t index) const;
  Exact lowest() const { return at(0); }
  Exact highest() const { return at(count() - 1); }
  /// Index of the highest threshold that is <= score, or nothing.
  std::optional<std::uint64_t> reached(const Exact& score) const;

  bool operator==(const Thresholds&) const = default;

 private:
  bool is_grid_ = false;
  std::uint64_t grid_count_ = 0;
  std::vector<Exact> list_;  // for a grid: lowest, highest
};

/// The failure probabilities. For one threshold total >= max(accumulation, security); for M > 1 threshold events
/// total >= security + M accumulation, with security = smoothing_weight(extractor) * smoothing + extraction.
struct Epsilons {
  Exact total;         ///< what --epsilon means
  Exact smoothing;     ///< eps_s
  Exact accumulation;  ///< eps_EA: the accepted probability that a threshold event is too unlikely to condition on
  Exact extraction;    ///< eps_ext
  bool operator==(const Epsilons&) const = default;
};

/// 2, or 6 for the shift-matrix family, whose proof smooths more.
unsigned smoothing_weight(Extractor extractor);

enum class PublishMode {
  private_mode,  ///< nothing that depends on outcomes leaves, but for the priced items
  public_mode,   ///< a beacon: log and output are published together; until then nothing leaves
};
/// A function of the outcomes that leaves while the output must stay secret; its price is deducted from k1.
enum class Publication {
  score,         ///< the number of trials won (or the four numbers of the MDL value)
  counts,        ///< the sixteen counts n_xyab
  block_scores,  ///< the number of trials won in each of score_groups() (published.h)
  log_digest,    ///< the trial log's digest
};
const char* name(PublishMode mode);
const char* name(Publication publication);
Result<PublishMode> publish_mode_named(std::string_view name);
Result<Publication> publication_named(std::string_view name);

inline constexpr std::uint64_t block_trial_count = std::uint64_t{1} << 22;
/// Trials that no plan may exceed: raw strings of 2^62 bits.
inline constexpr std::uint64_t most_trials = std::uint64_t{1} << 61;
/// Seed bits that no plan may exceed: every family takes less than four times the raw string, and what a field's or a
/// prime's size leaves between.
constexpr std::uint64_t most_seed_bits(std::uint64_t trial_count) {
  return std::min(trial_count, most_trials / 2) * 8 + (std::uint64_t{1} << 20);
}

enum class Origin {
  built_in,  ///< the grid that follows from n, mu, epsilon, method and extractor: certify::check_origin() finds it
             ///< again
  file,      ///< anything else: somebody chose its thresholds
};
const char* name(Origin origin);

/// What is fixed before the first trial. Its digest goes into the trial log's header, so that a threshold chosen after
/// seeing the data is visible, and refused.
struct Plan {
  std::string protocol = "kulikov";
  std::string preset;  ///< name of the preset it came from; may be empty
  Method method = Method::win;
  Adversary adversary = quantum_adversary;  ///< whom the output must withstand
  Polytope polytope = Polytope::santha_vazirani;
  Exact mu;
  std::uint64_t trial_count = 0;
  std::string relabelling = "none";  ///< "none", "auto" (eight are tried after the data) or a fixed one by name
  Thresholds thresholds;             ///< on score_kind(method)
  Epsilons epsilons;
  Extractor extractor = Extractor::automatic;
  std::uint64_t seed_bits = 0;  ///< drawn after the last outcome: enough for the largest output; 0: not computed yet
  PublishMode publish_mode = PublishMode::private_mode;
  std::vector<Publication> published;  ///< no item twice
  Origin origin = Origin::file;
  bool simulated = false;  ///< made for a simulated device
  std::optional<WitnessCoefficients> witness = {};  ///< method witness: its score; else nothing

  /// 8 for "auto", else 1.
  std::uint64_t relabellings() const { return relabelling == "auto" ? 8 : 1; }
  /// M of the epsilon budget: thresholds times relabellings that may be tried after the data.
  std::uint64_t threshold_events() const { return thresholds.count() * relabellings(); }

  bool operator==(const Plan&) const = default;
};

/// Against whom an output of the plan holds: entropy and hashing together. Covers plan.adversary where the plan is valid.
Adversary proved_against(const Plan& plan);

/// The split of a total that costs least, as exact fractions: extraction total/1024; the rest to smoothing (one
/// threshold), or half to smoothing and half to the M accumulation terms. For shift_matrix the published convention:
/// smoothing total/10, accumulation total (one threshold), extraction 4/10 total.
Epsilons split_epsilon(const Exact& total, std::uint64_t threshold_events, Extractor extractor);

/// Errors: usage: trial_count 0 or beyond most_trials, mu outside [0, 1/2), an epsilon outside (0, 1), epsilons that do
/// not add up, no threshold or one outside its score's range, a witness without its method or the reverse, thresholds out of order, an adversary that the proofs of
/// method and extractor do not cover, an item published twice, an unknown protocol or relabelling, a seed beyond most_seed_bits().
Status validate(const Plan& plan);

/// Keys in alphabetical order, numbers that matter as exact text.
nlohmann::json to_json(const Plan& plan);
/// SHA-256 of the JSON without white space.
Digest digest(const Plan& plan);
/// Errors: bad_input: a key missing, unknown or of the wrong type; or what validate() refuses.
Result<Plan> plan_from_json(const nlohmann::json& document, const std::string& origin = {});

/// Errors: bad_input: not TOML, an unknown key, NaN, a value of the wrong type; or what validate() refuses. Left out,
/// the split of epsilon is split_epsilon()'s; seed_bits stays 0 until certify::complete_plan().
Result<Plan> plan_from_toml(std::string_view text, const std::string& origin = {});
/// JSON where the text begins with '{', else TOML.
Result<Plan> read_plan(const Path& path);
Status write_plan(const Plan& plan, const Path& path, bool overwrite);

}  // namespace bellows::plan
