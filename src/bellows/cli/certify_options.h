#pragma once

#include <string>
#include <vector>

#include "bellows/certify/search.h"
#include "bellows/cli/command.h"

namespace bellows::cli {

/// The options that say what a plan is made from; the verbs that make plans share them.
struct PlanOptions {
  std::string preset, mu, epsilon, method, polytope, extractor, trial_count, threshold, publish_mode;
  std::vector<std::string> published;
};

void add_plan_options(CLI::App& verb, PlanOptions& options);

/// Wishes from a preset (where one is named) and what the options change in it.
/// Errors: usage: an unknown name, a number that is none.
Result<certify::PlanWishes> wishes_from(const PlanOptions& options);

}  // namespace bellows::cli
