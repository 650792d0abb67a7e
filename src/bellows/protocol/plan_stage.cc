#include <fmt/format.h>

#include "bellows/certify/plan_file.h"
#include "bellows/certify/search.h"
#include "bellows/plan/presets.h"
#include "bellows/protocol/experiment.h"
#include "bellows/protocol/trial_stage.h"

namespace bellows::protocol {
namespace {

// A plan file is whole: an option that says otherwise is a contradiction, not a correction.
Status require_agreement(const AmplifyRequest& request, const plan::Plan& plan) {
  auto differs = [](std::string_view option, std::string expected, std::string got) {
    return usage_error(fmt::format("{} contradicts the plan file", option), std::move(expected), std::move(got));
  };
  if (request.mu && *request.mu != plan.mu) return differs("--mu", plan.mu.text(), request.mu->text());
  if (request.epsilon && *request.epsilon != plan.epsilons.total)
    return differs("--epsilon", plan.epsilons.total.text(), request.epsilon->text());
  if (request.method && *request.method != plan.method)
    return differs("--method", plan::name(plan.method), plan::name(*request.method));
  if (request.extractor && *request.extractor != plan.extractor)
    return differs("--extractor", plan::name(plan.extractor), plan::name(*request.extractor));
  if (request.publish_mode && *request.publish_mode != plan.publish_mode)
    return differs("--mode", plan::name(plan.publish_mode), plan::name(*request.publish_mode));
  if (request.trial_count && *request.trial_count != plan.trial_count)
    return differs("--trial-count", fmt::format("{}", plan.trial_count), fmt::format("{}", *request.trial_count));
  return {};
}

// Presets of the plan module say what is expected; an experiment that has none there (a cheat) gives its bias alone.
Result<certify::PlanWishes> wishes_for_simulation(const AmplifyRequest& request) {
  if (auto preset = plan::preset_named(request.preset); preset.ok()) {
    certify::PlanWishes wishes = certify::wishes_of(*preset);
    if (!request.device.empty()) wishes.expected_win_frequency.reset();
    return wishes;
  }
  BELLOWS_ASSIGN(std::unique_ptr<Experiment> experiment, make_experiment({.preset = request.preset}));
  certify::PlanWishes wishes;
  wishes.preset = request.preset;
  // The decimal that was meant, not the binary number that stands for it.
  wishes.mu = numeric::Exact::literal(fmt::format("{}", experiment->claimed_mu()));
  wishes.epsilon = numeric::Exact::literal("1e-12");
  wishes.trial_count = std::uint64_t{1} << 26;
  wishes.simulated = true;
  return wishes;
}

Result<certify::PlanWishes> wishes_for_records(const AmplifyRequest& request, const RecordedTrials& recorded,
                                               const Context& context) {
  certify::PlanWishes wishes;
  if (!request.mu) {
    BELLOWS_ASSIGN(const std::optional<numeric::Exact> claimed, recorded.claimed_bias());
    if (!claimed) return certify::bias_is_needed();
    wishes.mu = *claimed;
  }
  wishes.epsilon = numeric::Exact::literal("1e-12");
  wishes.trial_count = recorded.trial_count();
  wishes.simulated = recorded.simulated();
  BELLOWS_ASSIGN(wishes.relabelling, recorded.planned_relabelling(context));
  return wishes;
}

}  // namespace

Result<plan::Plan> requested_plan(const AmplifyRequest& request, const RecordedTrials* recorded,
                                  const Context& context) {
  if (request.plan_file) {
    BELLOWS_ASSIGN(plan::Plan plan, plan::read_plan(*request.plan_file));
    BELLOWS_TRY(require_agreement(request, plan));
    if (plan.simulated && recorded && !recorded->simulated())
      return usage_error("the plan is one for a simulated device, and --trials gives records of a real one");
    return certify::complete_plan_of(request.plan_file->string(), std::move(plan));
  }
  certify::PlanWishes wishes;
  if (recorded) {
    BELLOWS_ASSIGN(wishes, wishes_for_records(request, *recorded, context));
  } else {
    BELLOWS_ASSIGN(wishes, wishes_for_simulation(request));
    if (request.trial_count) wishes.trial_count = *request.trial_count;
  }
  if (wishes.trial_count == 0) return refused("no trials");
  if (request.mu) wishes.mu = *request.mu;
  if (request.epsilon) wishes.epsilon = *request.epsilon;
  if (request.method) wishes.method = *request.method;
  if (request.extractor) wishes.extractor = *request.extractor;
  if (request.publish_mode) certify::set_publish_mode(wishes, *request.publish_mode);
  return certify::built_in_plan(wishes);
}

}  // namespace bellows::protocol
