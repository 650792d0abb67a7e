#include <fmt/format.h>

#include "bellows/plan/plan.h"
#include "bellows/plan/toml_reader.h"

namespace bellows::plan {

Result<Plan> plan_from_toml(std::string_view text, const std::string& origin) {
  BELLOWS_ASSIGN(toml::table parsed, parse_toml(text, origin));
  TomlReader top(&parsed, "plan", origin);
  Plan plan;
  plan.protocol = top.text("protocol", "kulikov");
  plan.preset = top.text("preset", "");
  plan.method = top.take(method_named(top.text("method", "two-sided")));
  plan.adversary = top.take(adversary_named(top.text("adversary", "quantum")));
  plan.polytope = top.take(polytope_named(top.text("polytope", "santha-vazirani")));
  plan.mu = top.exact("mu", Exact::integer(1));  // no default: 1 is refused below
  plan.trial_count = top.count("trial_count");
  plan.relabelling = top.text("relabelling", "none");
  plan.extractor = top.take(extractor_named(top.text("extractor", "auto")));
  plan.seed_bits = top.count("seed_bits");
  plan.simulated = top.boolean("simulated");
  if (top.has("witness")) plan.witness = top.take(witness_of(top.exact_list("witness")));
  if (!top.has("mu") || !top.has("trial_count"))
    return bad_input("the plan lacks mu or trial_count", origin, std::nullopt,
                     "mu = 0.0075 and trial_count = \"2^26\"");

  TomlReader thresholds = top.table("thresholds"), epsilons = top.table("epsilons"), publish = top.table("publish");
  BELLOWS_TRY(top.finish());
  if (thresholds.has("list")) {
    plan.thresholds = Thresholds::list(thresholds.exact_list("list"));
  } else {
    Exact lowest = thresholds.exact("lowest"), highest = thresholds.exact("highest");
    std::uint64_t count = thresholds.count("count");
    BELLOWS_TRY(thresholds.finish());
    if (count < 2)
      return bad_input("the plan has no thresholds", origin, std::nullopt,
                       "[thresholds] with list = [...], or lowest, highest and count >= 2");
    plan.thresholds = Thresholds::grid(std::move(lowest), std::move(highest), count);
  }
  BELLOWS_TRY(thresholds.finish());

  if (!epsilons.has("total"))
    return bad_input("the plan lacks its epsilon", origin, std::nullopt, "[epsilons] with total = \"1e-12\"");
  Exact total = epsilons.exact("total");
  plan.epsilons = split_epsilon(total, std::max<std::uint64_t>(1, plan.threshold_events()), plan.extractor);
  const int parts = epsilons.has("smoothing") + epsilons.has("accumulation") + epsilons.has("extraction");
  if (parts != 0 && parts != 3)
    return bad_input("the plan splits its epsilon in part", origin, std::nullopt,
                     "smoothing, accumulation and extraction, or none of them", fmt::format("{} of the three", parts));
  if (parts == 3)
    plan.epsilons = {total, epsilons.exact("smoothing"), epsilons.exact("accumulation"), epsilons.exact("extraction")};
  BELLOWS_TRY(epsilons.finish());

  plan.publish_mode = publish.take(publish_mode_named(publish.text("mode", "private")));
  for (const std::string& item : publish.texts("items"))
    plan.published.push_back(publish.take(publication_named(item)));
  BELLOWS_TRY(publish.finish());

  if (Status valid = validate(plan); !valid.ok())
    return bad_input("plan: " + valid.error().message, origin, std::nullopt, valid.error().expected, valid.error().got);
  return plan;
}

}  // namespace bellows::plan
