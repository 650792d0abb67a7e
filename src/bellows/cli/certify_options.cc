#include "bellows/cli/certify_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bellows/base/count.h"
#include "bellows/base/file.h"
#include "bellows/certify/witness.h"
#include "bellows/plan/json_reader.h"

namespace bellows::cli {

void add_plan_options(CLI::App& verb, PlanOptions& options) {
  verb.add_option("--preset", options.preset, "start from an experiment: kulikov-2024, tsirelson, hardy");
  verb.add_option("--mu", options.mu, "bias of the source, as its owner asserts it: 0.0075, 0.75%, 3/400");
  verb.add_option("--epsilon", options.epsilon, "total failure probability, everything included [1e-12]");
  verb.add_option("--trials,--trial-count", options.trial_count, "number of trials: 1000000, 20*2^26");
  verb.add_option("--method", options.method, "two-sided (default), win, witness, mdl, win-older, mdl-as-printed");
  verb.add_option("--adversary", options.adversary,
                  "against whom: quantum (default) or classical; every proof of certificates is against quantum, covers classical too, and gives both the same bits");
  verb.add_option("--witness-file", options.witness_file,
                  "method witness: the linear score, a file of 'plan --witness --save', or mdl");
  verb.add_option("--polytope", options.polytope, "what the source may do with two settings: santha-vazirani, box");
  verb.add_option("--extractor", options.extractor, "auto, toeplitz, circulant, short-seed, shift-matrix");
  verb.add_option("--threshold", options.threshold, "one threshold on the score instead of the built-in grid");
  verb.add_option("--publish", options.published,
                  "what leaves while the output is secret, each at its price: score, counts, block-scores, log-digest");
  verb.add_option("--mode", options.publish_mode, "private, or public: log and output are published together; pays for the log's digest unless --publish says otherwise");
}

Status look_at(const CLI::App& verb, const char* way, std::vector<std::string> looked_at,
               const std::vector<std::string>& more) {
  looked_at.insert(looked_at.end(), more.begin(), more.end());
  for (const char* always : {"--help", "--json", "--quiet", "--threads", "--overwrite"}) looked_at.emplace_back(always);
  for (const CLI::Option* option : verb.get_options())
    if (const std::string name = option->get_name();
        option->count() > 0 && std::find(looked_at.begin(), looked_at.end(), name) == looked_at.end())
      return usage_error(fmt::format("{} does not look at {}", way, name), fmt::format("{}", fmt::join(looked_at, ", ")),
                         name);
  return {};
}

Result<LinearScore> read_linear_score(const std::string& file_or_name, const numeric::Exact& mu) {
  if (file_or_name == "mdl") return LinearScore{certify::mdl_witness(mu), {}, {}};
  BELLOWS_ASSIGN(const std::string text, read_text_file(file_or_name, 1 << 20));
  BELLOWS_ASSIGN(const nlohmann::json document, plan::parse_json(text, "the witness", file_or_name));
  BELLOWS_ASSIGN(const certify::Witness witness, certify::witness_from_json(document, file_or_name));
  return LinearScore{certify::score_of(witness), witness.mu, witness.polytope};
}

bool gives_bias(const PlanOptions& options) {
  return !options.mu.empty() || !options.preset.empty() ||
         (!options.witness_file.empty() && options.witness_file != "mdl");
}

Result<certify::PlanWishes> wishes_from(const PlanOptions& options) {
  certify::PlanWishes wishes;
  wishes.mu = numeric::Exact::literal("0.0075");
  wishes.epsilon = numeric::Exact::literal("1e-12");
  if (!options.preset.empty()) {
    BELLOWS_ASSIGN(plan::Preset preset, plan::preset_named(options.preset));
    wishes = certify::wishes_of(preset);
    wishes.simulated = false;  // its numbers serve for any experiment; a log says itself that it was simulated
  }
  if (!options.mu.empty()) {
    BELLOWS_ASSIGN(wishes.mu, numeric::Exact::parse(options.mu));
  }
  if (!options.epsilon.empty()) {
    BELLOWS_ASSIGN(wishes.epsilon, numeric::Exact::parse(options.epsilon));
  }
  if (!options.trial_count.empty()) {
    BELLOWS_ASSIGN(wishes.trial_count, parse_count(options.trial_count));
  }
  if (!options.method.empty()) {
    BELLOWS_ASSIGN(wishes.method, plan::method_named(options.method));
  }
  if (!options.adversary.empty()) {
    BELLOWS_ASSIGN(wishes.adversary, plan::adversary_named(options.adversary));
  }
  if (!options.witness_file.empty()) {
    BELLOWS_ASSIGN(LinearScore score, read_linear_score(options.witness_file, wishes.mu));
    if (options.method.empty()) wishes.method = plan::Method::witness;
    if (options.mu.empty() && score.mu) wishes.mu = *score.mu;
    if (score.polytope) wishes.polytope = *score.polytope;
    wishes.witness = score.coefficients;
  }
  if (!options.polytope.empty()) {
    BELLOWS_ASSIGN(wishes.polytope, plan::polytope_named(options.polytope));
  }
  if (!options.extractor.empty()) {
    BELLOWS_ASSIGN(wishes.extractor, plan::extractor_named(options.extractor));
  }
  if (!options.threshold.empty()) {
    BELLOWS_ASSIGN(wishes.threshold, numeric::Exact::parse(options.threshold));
  }
  for (const std::string& item : options.published) {
    BELLOWS_ASSIGN(plan::Publication publication, plan::publication_named(item));
    wishes.published.push_back(publication);
  }
  if (!options.publish_mode.empty()) {
    BELLOWS_ASSIGN(const plan::PublishMode mode, plan::publish_mode_named(options.publish_mode));
    certify::set_publish_mode(wishes, mode);
  }
  return wishes;
}

}  // namespace bellows::cli
