#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bellows/plan/document_kind.h"
#include "bellows/plan/json_reader.h"
#include "bellows/plan/plan.h"

namespace bellows::plan {

using nlohmann::json;

json to_json(const Plan& plan) {
  json thresholds = {{"score", name(score_kind(plan.method))}};
  if (plan.thresholds.is_grid()) {
    thresholds["grid"] = {{"lowest", plan.thresholds.lowest().text()},
                          {"highest", plan.thresholds.highest().text()},
                          {"count", plan.thresholds.count()}};
  } else {
    json list = json::array();
    for (std::uint64_t i = 0; i < plan.thresholds.count(); ++i) list.push_back(plan.thresholds.at(i).text());
    thresholds["list"] = std::move(list);
  }
  json items = json::array();
  for (Publication item : plan.published) items.push_back(name(item));
  json document = {{"format", "bellows-plan"},
          {"version", 1u},
          {"protocol", plan.protocol},
          {"preset", plan.preset},
          {"method", name(plan.method)},
          {"adversary", name(plan.adversary)},
          {"polytope", name(plan.polytope)},
          {"mu", plan.mu.text()},
          {"trial_count", plan.trial_count},
          {"relabelling", plan.relabelling},
          {"thresholds", std::move(thresholds)},
          {"epsilons",
           {{"total", plan.epsilons.total.text()},
            {"smoothing", plan.epsilons.smoothing.text()},
            {"accumulation", plan.epsilons.accumulation.text()},
            {"extraction", plan.epsilons.extraction.text()}}},
          {"extractor", name(plan.extractor)},
          {"seed_bits", plan.seed_bits},
          {"publish", {{"mode", name(plan.publish_mode)}, {"items", std::move(items)}}},
          {"origin", name(plan.origin)},
          {"simulated", plan.simulated}};
  // Other plans keep the digest that they had before witnesses.
  if (plan.witness)
    for (const Exact& coefficient : *plan.witness) document["witness"].push_back(coefficient.text());
  return document;
}

Digest digest(const Plan& plan) { return sha256(to_json(plan).dump()); }

Result<Plan> plan_from_json(const json& document, const std::string& origin) {
  BELLOWS_TRY(require_kind(document, DocumentKind::plan, origin));
  JsonReader reader(document, "plan", origin);
  Plan plan;
  if (std::string format = reader.text("format"); format != "bellows-plan")
    reader.fail("is of another format", "bellows-plan", format);
  if (std::uint64_t version = reader.whole_number("version"); version != 1)
    reader.fail("is of another version", "1", std::to_string(version));
  plan.protocol = reader.text("protocol");
  plan.preset = reader.text("preset");
  plan.method = reader.take(method_named(reader.text("method")));
  plan.adversary = reader.take(adversary_named(reader.text("adversary")));
  plan.polytope = reader.take(polytope_named(reader.text("polytope")));
  plan.mu = reader.exact("mu");
  plan.trial_count = reader.whole_number("trial_count");
  plan.relabelling = reader.text("relabelling");
  plan.extractor = reader.take(extractor_named(reader.text("extractor")));
  plan.seed_bits = reader.whole_number("seed_bits");
  plan.simulated = reader.boolean("simulated");
  std::string made = reader.text("origin");
  plan.origin = made == "built-in" ? Origin::built_in : Origin::file;
  if (made != name(plan.origin)) reader.fail("origin is unknown", "built-in or file", made);
  if (reader.has("witness")) {
    std::vector<Exact> coefficients;
    for (const std::string& text : reader.texts("witness")) coefficients.push_back(reader.take(Exact::parse(text)));
    plan.witness = reader.take(witness_of(coefficients));
  }
  const json &thresholds = reader.object("thresholds"), &epsilons = reader.object("epsilons");
  const json& publish = reader.object("publish");
  BELLOWS_TRY(reader.finish());

  JsonReader scores(thresholds, "plan, thresholds", origin);
  if (std::string kind = scores.text("score"); kind != name(score_kind(plan.method)))
    scores.fail("are for another score", name(score_kind(plan.method)), kind);
  if (scores.has("grid")) {
    JsonReader grid(scores.object("grid"), "plan, thresholds, grid", origin);
    Exact lowest = grid.exact("lowest"), highest = grid.exact("highest");
    std::uint64_t count = grid.whole_number("count");
    BELLOWS_TRY(grid.finish());
    if (count < 2) grid.fail("has too few thresholds", "at least 2", std::to_string(count));
    BELLOWS_TRY(grid.finish());
    plan.thresholds = Thresholds::grid(std::move(lowest), std::move(highest), count);
  } else {
    std::vector<Exact> list;
    for (const std::string& text : scores.texts("list")) list.push_back(scores.take(Exact::parse(text)));
    plan.thresholds = Thresholds::list(std::move(list));
  }
  BELLOWS_TRY(scores.finish());

  JsonReader split(epsilons, "plan, epsilons", origin);
  plan.epsilons = {split.exact("total"), split.exact("smoothing"), split.exact("accumulation"),
                   split.exact("extraction")};
  BELLOWS_TRY(split.finish());

  JsonReader publishing(publish, "plan, publish", origin);
  plan.publish_mode = publishing.take(publish_mode_named(publishing.text("mode")));
  for (const std::string& item : publishing.texts("items"))
    plan.published.push_back(publishing.take(publication_named(item)));
  BELLOWS_TRY(publishing.finish());

  if (Status valid = validate(plan); !valid.ok())
    return bad_input("plan: " + valid.error().message, origin, std::nullopt, valid.error().expected, valid.error().got);
  return plan;
}

Result<Plan> read_plan(const Path& path) {
  BELLOWS_ASSIGN(std::string text, read_text_file(path, 1 << 24));
  auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || text[first] != '{') return plan_from_toml(text, path.string());
  BELLOWS_ASSIGN(json document, parse_json(text, "the plan", path.string()));
  return plan_from_json(document, path.string());
}

Status write_plan(const Plan& plan, const Path& path, bool overwrite) {
  return write_text_file(path, to_json(plan).dump(2) + "\n", public_file_mode, overwrite);
}

}  // namespace bellows::plan
