#include "bellows/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "bellows/numeric/optimise.h"
#include "bellows/numeric/ranges.h"

namespace bellows::plan {
namespace {

template <class Enum, std::size_t count>
Result<Enum> by_name(const char* what, std::string_view wanted, const Enum (&all)[count]) {
  std::string names;
  for (Enum one : all) {
    if (wanted == name(one)) return one;
    names += (names.empty() ? "" : ", ") + std::string(name(one));
  }
  return usage_error(fmt::format("no such {}", what), "one of: " + names, fmt::format("\"{}\"", wanted.substr(0, 60)));
}

bool is_probability(const Exact& value) { return value.is_positive() && value < Exact::integer(1); }

}  // namespace

const char* name(Method method) {
  switch (method) {
    case Method::win:
      return "win";
    case Method::two_sided:
      return "two-sided";
    case Method::mdl:
      return "mdl";
    case Method::win_older:
      return "win-older";
    case Method::mdl_as_printed:
      return "mdl-as-printed";
    case Method::witness:
      return "witness";
  }
  return "?";
}

const char* name(Polytope polytope) { return polytope == Polytope::box ? "box" : "santha-vazirani"; }

const char* name(Extractor extractor) {
  switch (extractor) {
    case Extractor::automatic:
      return "auto";
    case Extractor::toeplitz:
      return "toeplitz";
    case Extractor::circulant:
      return "circulant";
    case Extractor::short_seed:
      return "short-seed";
    case Extractor::shift_matrix:
      return "shift-matrix";
  }
  return "?";
}

const char* name(ScoreKind kind) {
  switch (kind) {
    case ScoreKind::win_frequency:
      return "win-frequency";
    case ScoreKind::mdl_value:
      return "mdl-value";
    case ScoreKind::witness_value:
      return "witness-value";
  }
  return "?";
}
const char* name(PublishMode mode) { return mode == PublishMode::public_mode ? "public" : "private"; }
const char* name(Origin origin) { return origin == Origin::file ? "file" : "built-in"; }

const char* name(Publication publication) {
  switch (publication) {
    case Publication::score:
      return "score";
    case Publication::counts:
      return "counts";
    case Publication::block_scores:
      return "block-scores";
    case Publication::log_digest:
      return "log-digest";
  }
  return "?";
}

namespace {
constexpr Method all_methods[] = {Method::win,       Method::two_sided,      Method::mdl,
                                  Method::win_older, Method::mdl_as_printed, Method::witness};
}
Result<Method> method_named(std::string_view wanted) { return by_name("method", wanted, all_methods); }
Result<Polytope> polytope_named(std::string_view wanted) {
  constexpr Polytope all[] = {Polytope::santha_vazirani, Polytope::box};
  return by_name("setting polytope", wanted, all);
}
Result<Extractor> extractor_named(std::string_view wanted) {
  constexpr Extractor all[] = {Extractor::automatic, Extractor::toeplitz, Extractor::circulant, Extractor::short_seed,
                               Extractor::shift_matrix};
  return by_name("extractor", wanted, all);
}
Result<PublishMode> publish_mode_named(std::string_view wanted) {
  constexpr PublishMode all[] = {PublishMode::private_mode, PublishMode::public_mode};
  return by_name("publish mode", wanted, all);
}
Result<Publication> publication_named(std::string_view wanted) {
  constexpr Publication all[] = {Publication::score, Publication::counts, Publication::block_scores,
                                 Publication::log_digest};
  return by_name("published item", wanted, all);
}

Result<WitnessCoefficients> witness_of(const std::vector<Exact>& coefficients) {
  if (coefficients.size() != 16)
    return usage_error("the witness has the wrong number of coefficients", "16, for xyab = 0000 to 1111",
                       std::to_string(coefficients.size()));
  WitnessCoefficients witness;
  std::copy(coefficients.begin(), coefficients.end(), witness.begin());
  return witness;
}

Exact least_of(const WitnessCoefficients& witness) { return *std::min_element(witness.begin(), witness.end()); }
Exact most_of(const WitnessCoefficients& witness) { return *std::max_element(witness.begin(), witness.end()); }

ScoreKind score_kind(Method method) {
  if (method == Method::witness) return ScoreKind::witness_value;
  return method == Method::mdl || method == Method::mdl_as_printed ? ScoreKind::mdl_value : ScoreKind::win_frequency;
}

// A new method or family does not compile before it says against whom it holds.
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wswitch"

Adversary proved_against(Method method) {
  switch (method) {
    // Entropy of quantum devices, accumulated against Eve's quantum system (docs/security.md, sections 4 to 6).
    case Method::win:
    case Method::two_sided:
    case Method::mdl:
    case Method::win_older:
    case Method::mdl_as_printed:
    case Method::witness:
      return quantum_adversary;
  }
  check_failed(__FILE__, __LINE__, "proved_against", "no such method");
}

Adversary proved_against(Extractor extractor) {
  switch (extractor) {
    // Leftover hashing, or the Markov model, against Eve's quantum system (section 8).
    case Extractor::automatic:
    case Extractor::toeplitz:
    case Extractor::circulant:
    case Extractor::short_seed:
    case Extractor::shift_matrix:
      return quantum_adversary;
  }
  check_failed(__FILE__, __LINE__, "proved_against", "no such family");
}

#pragma GCC diagnostic pop

Adversary proved_against(const Plan& plan) {
  return common_to(proved_against(plan.method), proved_against(plan.extractor));
}

Thresholds Thresholds::list(std::vector<Exact> scores) {
  Thresholds thresholds;
  thresholds.list_ = std::move(scores);
  return thresholds;
}

Thresholds Thresholds::grid(Exact lowest, Exact highest, std::uint64_t count) {
  Thresholds thresholds;
  thresholds.is_grid_ = true;
  thresholds.grid_count_ = count;
  thresholds.list_ = {std::move(lowest), std::move(highest)};
  return thresholds;
}

Exact Thresholds::at(std::uint64_t index) const {
  BELLOWS_CHECK(index < count(), "a threshold that the plan does not have");
  if (!is_grid_) return list_[index];
  if (index == 0) return list_[0];
  if (index + 1 == grid_count_) return list_[1];
  return list_[0] + (list_[1] - list_[0]) * Exact::fraction(index, grid_count_ - 1);
}

std::optional<std::uint64_t> Thresholds::reached(const Exact& score) const {
  if (count() == 0 || score < lowest()) return std::nullopt;
  long long above = numeric::first_true(1, static_cast<long long>(count()) - 1,
                                        [&](long long i) { return score < at(static_cast<std::uint64_t>(i)); });
  return static_cast<std::uint64_t>(above - 1);
}

unsigned smoothing_weight(Extractor extractor) { return extractor == Extractor::shift_matrix ? 6 : 2; }

Epsilons split_epsilon(const Exact& total, std::uint64_t threshold_events, Extractor extractor) {
  Epsilons split;
  split.total = total;
  const bool many = threshold_events > 1;
  const Exact security = many ? total * Exact::fraction(1, 2) : total;
  split.accumulation = many ? (total - security) / Exact::integer(threshold_events) : total;
  if (extractor == Extractor::shift_matrix) {
    split.smoothing = security * Exact::fraction(1, 10);
    split.extraction = security - Exact::integer(6) * split.smoothing;
  } else {
    split.extraction = security * Exact::fraction(1, 1024);
    split.smoothing = (security - split.extraction) * Exact::fraction(1, 2);
  }
  return split;
}

namespace {

/// "none", "auto", or words of a relabelling; their one spelling is trials::Relabelling's, which stands on this floor too.
Status check_relabelling(const std::string& relabelling) {
  constexpr std::string_view words[] = {"swap-parties", "x:flip", "y:flip", "a:flip", "b:flip", "a:flip-if-x", "b:flip-if-y"};
  if (relabelling == "none" || relabelling == "auto") return {};
  for (std::size_t at = 0; at <= relabelling.size();) {
    const std::size_t comma = std::min(relabelling.find(',', at), relabelling.size());
    const std::string_view word = std::string_view(relabelling).substr(at, comma - at);
    if (std::find(std::begin(words), std::end(words), word) == std::end(words))
      return usage_error("the plan's relabelling is unknown",
                         fmt::format("none, auto, or some of {} with commas between", fmt::join(words, ", ")),
                         fmt::format("\"{}\"", relabelling.substr(0, 60)));
    at = comma + 1;
  }
  return {};
}

/// A bound against a stronger adversary serves; one against another does not.
Status check_adversary(const Plan& plan) {
  auto refusal = [&](std::string what, const Adversary& proved) {
    std::string would_do;
    for (Method method : all_methods)
      if (covers(proved_against(method), plan.adversary))
        would_do += (would_do.empty() ? "" : ", ") + std::string(name(method));
    return usage_error(
        fmt::format("{} is proved against the adversary {}, and that does not cover {}", what, name(proved),
                    name(plan.adversary)),
        would_do.empty() ? fmt::format("{}, or a weaker adversary: no method of plans covers {} ('bellows protocol' and "
                                       "'bellows qkd' name what does)",
                                       name(proved), name(plan.adversary))
                         : "a method that covers it: " + would_do,
        fmt::format("{} ({})", name(plan.adversary), what_eve_may_hold(plan.adversary)));
  };
  if (const Adversary proved = proved_against(plan.method); !covers(proved, plan.adversary))
    return refusal(fmt::format("method {}", name(plan.method)), proved);
  if (const Adversary proved = proved_against(plan.extractor); !covers(proved, plan.adversary))
    return refusal(fmt::format("extractor {}", name(plan.extractor)), proved);
  return {};
}

}  // namespace

Status validate(const Plan& plan) {
  if (plan.protocol != "kulikov") return usage_error("no such protocol to certify", "kulikov", plan.protocol);
  if (plan.trial_count == 0 || plan.trial_count > most_trials)
    return usage_error("the number of trials is out of range", fmt::format("1 to {}", most_trials),
                       std::to_string(plan.trial_count));
  BELLOWS_TRY(check_relabelling(plan.relabelling));
  if (plan.seed_bits > most_seed_bits(plan.trial_count))
    return usage_error("the seed is longer than any extractor takes",
                       fmt::format("at most {} bits for {} trials, or 0 for what the plan takes",
                                   most_seed_bits(plan.trial_count), plan.trial_count),
                       std::to_string(plan.seed_bits));
  BELLOWS_TRY(numeric::check_bias(plan.mu));
  BELLOWS_TRY(check_adversary(plan));
  const Epsilons& eps = plan.epsilons;
  for (const auto& [what, value] :
       {std::pair("total", &eps.total), std::pair("smoothing", &eps.smoothing),
        std::pair("accumulation", &eps.accumulation), std::pair("extraction", &eps.extraction)})
    if (!is_probability(*value))
      return usage_error(fmt::format("epsilon {} is out of range", what), "0 < epsilon < 1", value->text());
  const std::uint64_t events_per_relabelling = plan.thresholds.count();
  if (events_per_relabelling == 0) return usage_error("the plan has no threshold", "at least one", "none");
  if (events_per_relabelling > (std::uint64_t{1} << 32))
    return usage_error("too many thresholds", "at most 2^32", std::to_string(events_per_relabelling));
  if ((plan.method == Method::witness) != plan.witness.has_value())
    return usage_error("a plan has a witness exactly if its method is witness", "both or neither",
                       plan.witness ? fmt::format("method {} and a witness", name(plan.method))
                                    : std::string("method witness and no witness"));
  // The proofs for a witness cover sources that draw x before y; only the win score is the same for both orders.
  if (plan.witness && plan.polytope == Polytope::santha_vazirani &&
      plan.relabelling.find("swap-parties") != std::string::npos)
    return usage_error(
        "a witness's entropy proofs cover a source that draws x before y, and swap-parties turns them round",
        "polytope box, or a relabelling without swap-parties", plan.relabelling);
  const ScoreKind kind = score_kind(plan.method);
  Exact least = kind == ScoreKind::win_frequency ? Exact() : Exact::literal("-1"), most = Exact::integer(1);
  if (plan.witness) {
    least = least_of(*plan.witness), most = most_of(*plan.witness);
    if (least == most)
      return usage_error("the witness gives every trial the same", "different coefficients", least.text());
  }
  for (std::uint64_t i = 0; i < (plan.thresholds.is_grid() ? 2 : events_per_relabelling); ++i) {
    Exact score = plan.thresholds.is_grid() && i == 1 ? plan.thresholds.highest() : plan.thresholds.at(i);
    if (score < least || score > most)
      return usage_error("a threshold is out of range",
                         fmt::format("{} <= {} <= {}", least.text(), name(kind), most.text()), score.text());
    if (i > 0 && !(plan.thresholds.at(i - 1) < score) && !plan.thresholds.is_grid())
      return usage_error("thresholds are not strictly ascending", "above " + plan.thresholds.at(i - 1).text(),
                         score.text());
  }
  if (plan.thresholds.is_grid() &&
      (events_per_relabelling < 2 || !(plan.thresholds.lowest() < plan.thresholds.highest())))
    return usage_error("a grid needs two thresholds or more, the lowest below the highest",
                       "lowest < highest, count >= 2",
                       fmt::format("{} from {} to {}", events_per_relabelling, plan.thresholds.lowest().text(),
                                   plan.thresholds.highest().text()));
  const Exact security = Exact::integer(smoothing_weight(plan.extractor)) * eps.smoothing + eps.extraction;
  const std::uint64_t events = plan.threshold_events();
  const bool fits = events == 1 ? security <= eps.total && eps.accumulation <= eps.total
                                : security + Exact::integer(events) * eps.accumulation <= eps.total;
  if (!fits)
    return usage_error(
        "the epsilons do not add up",
        fmt::format("{} smoothing + extraction{} <= {}", smoothing_weight(plan.extractor),
                    events == 1 ? ", and accumulation," : fmt::format(" + {} accumulation", events), eps.total.text()),
        fmt::format("smoothing {}, extraction {}, accumulation {}", eps.smoothing.text(), eps.extraction.text(),
                    eps.accumulation.text()));
  std::set<Publication> published(plan.published.begin(), plan.published.end());
  if (published.size() != plan.published.size())
    return usage_error("an item is published twice", "each at most once",
                       fmt::format("{} items", plan.published.size()));
  return {};
}

}  // namespace bellows::plan
