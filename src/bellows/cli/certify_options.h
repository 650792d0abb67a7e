#pragma once

#include <string>
#include <vector>

#include "bellows/certify/search.h"
#include "bellows/cli/command.h"

namespace bellows::cli {

/// The options that say what a plan is made from; the verbs that make plans share them.
struct PlanOptions {
  std::string witness_file;
  std::string preset, mu, epsilon, method, adversary, polytope, extractor, trial_count, threshold, publish_mode;
  std::vector<std::string> published;
};

void add_plan_options(CLI::App& verb, PlanOptions& options);

/// Whether a bias is named, by itself or by a preset or by the witness that is for it.
bool gives_bias(const PlanOptions& options);

/// Wishes from a preset (where one is named) and what the options change in it.
/// Errors: usage: an unknown name, a number that is none.
Result<certify::PlanWishes> wishes_from(const PlanOptions& options);

/// No option is dropped in silence. `way`: of using the verb; it looks at these options and at no others but those that
/// every verb has.
/// Errors: usage: another one was given.
Status look_at(const CLI::App& verb, const char* way, std::vector<std::string> looked_at,
               const std::vector<std::string>& more = {});

/// The score of method witness, and what its file says of the source it is for.
struct LinearScore {
  plan::WitnessCoefficients coefficients;
  std::optional<numeric::Exact> mu;
  std::optional<plan::Polytope> polytope;
};
/// In: a file of a witness, or "mdl": the MDL value at bias mu. Errors: as witness_from_json().
Result<LinearScore> read_linear_score(const std::string& file_or_name, const numeric::Exact& mu);

}  // namespace bellows::cli
