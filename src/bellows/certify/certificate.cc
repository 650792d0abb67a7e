#include "bellows/certify/certificate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "bellows/certify/statements.h"
#include "bellows/plan/document_kind.h"
#include "bellows/plan/json_reader.h"
#include "bellows/plan/published.h"

namespace bellows::certify {
namespace {

using nlohmann::json;
using plan::JsonReader;

json extraction_json(const Extraction& extraction) {
  return {{"extractor", name(extraction.family)},        {"raw_bits", extraction.raw_bits},
          {"output_bits", extraction.output_bits},       {"seed_bits", extraction.seed_bits},
          {"circulant_bits", extraction.circulant_bits}, {"field_length", extraction.field_length}};
}

/// For readers of JSON; the exact number is text in the plan. Too small for a double: the smallest one, never zero.
double epsilon_above(const Exact& epsilon) {
  return std::max(epsilon.nearest(), std::numeric_limits<double>::denorm_min());
}

json to_json(const Certificate& certificate, bool everything) {
  const plan::Plan& plan = certificate.plan;
  const Score& score = certificate.score;
  json score_json = {{"kind", name(score.kind)},
                     {"threshold_events", score.threshold_events},
                     {"relabelling", score.relabelling},
                     {"relabellings_tried", score.relabellings_tried},
                     {"settings_consistent", score.settings_consistent},
                     {"settings_sigmas", score.settings_sigmas},
                     {"settings_worst", score.settings_worst},
                     {"reason", everything ? score.reason : ""},
                     {"observed", nullptr},
                     {"observed_exact", nullptr},
                     {"threshold", nullptr},
                     {"threshold_index", nullptr}};
  if (score.observed && (everything || plan::pays_for_score(plan))) {
    score_json["observed"] = score.observed->approximate();
    score_json["observed_exact"] = score.observed->text();
  }
  if (score.threshold) score_json["threshold"] = score.threshold->text();
  if (score.threshold_index) score_json["threshold_index"] = *score.threshold_index;
  json losses = json::array();
  for (const Loss& loss : certificate.losses)
    losses.push_back({{"step", loss.step}, {"bits", loss.bits}, {"why", loss.why}});
  if (certificate.certified())
    losses.push_back({{"step", "extraction"}, {"parameters", extraction_json(certificate.extraction)}});
  json digests = json::object();
  if (certificate.plan_digest) digests["plan"] = certificate.plan_digest->hex();
  if (certificate.log_digest && (everything || plan::publishes(plan, plan::Publication::log_digest)))
    digests["log"] = certificate.log_digest->hex();
  if (certificate.seed_digest) digests["seed"] = certificate.seed_digest->hex();
  if (certificate.statements_digest) digests["statements"] = certificate.statements_digest->hex();
  if (certificate.entropy_proof) digests["entropy_proof"] = certificate.entropy_proof->hex();
  return {{"protocol", plan.protocol},
          {"method", name(plan.method)},
          {"adversary", name(certificate.proved_against())},
          {"verdict", name(certificate.verdict)},
          {"output_bits", certificate.output_bits()},
          {"min_entropy_bits", certificate.min_entropy_bits},
          {"epsilon", epsilon_above(plan.epsilons.total)},
          {"trials", certificate.trial_count},
          {"score", std::move(score_json)},
          {"losses", std::move(losses)},
          {"assumptions", certificate.assumptions},
          {"digests", std::move(digests)},
          {"plan", plan::to_json(plan)},
          {"simulated", certificate.simulated},
          {"hypothetical", certificate.hypothetical}};
}

std::optional<Digest> digest_from(JsonReader& reader, const char* key) {
  if (!reader.has(key)) return std::nullopt;
  return reader.take(Digest::from_hex(reader.text(key)));
}

std::string digest_text(const std::optional<Digest>& digest) { return digest ? digest->hex() : "none"; }

/// null or an exact number.
std::optional<Exact> maybe_exact(JsonReader& reader, const json& object, const char* key) {
  if (object.contains(key) && object[key].is_null()) return reader.ignore(key), std::nullopt;
  return reader.exact(key);
}

Status read_score(const json& document, Certificate& certificate, const std::string& origin) {
  JsonReader reader(document, "certificate, score", origin);
  Score& score = certificate.score;
  score.kind = plan::score_kind(certificate.plan.method);
  if (std::string kind = reader.text("kind"); kind != name(score.kind))
    reader.fail("is of another kind than the plan's", name(score.kind), kind);
  score.threshold_events = reader.whole_number("threshold_events");
  score.relabelling = reader.text("relabelling");
  score.relabellings_tried = reader.whole_number("relabellings_tried");
  score.settings_consistent = reader.boolean("settings_consistent");
  score.settings_sigmas = reader.number("settings_sigmas");
  score.settings_worst = reader.text("settings_worst");
  score.reason = reader.text("reason");
  reader.ignore("observed");
  score.observed = maybe_exact(reader, document, "observed_exact");
  if (document.value("observed", json()) != (score.observed ? json(score.observed->approximate()) : json()))
    reader.fail("observed is not what observed_exact is", score.observed ? score.observed->text() : "null",
                document.value("observed", json()).dump());
  score.threshold = maybe_exact(reader, document, "threshold");
  if (document.contains("threshold_index") && document["threshold_index"].is_null())
    reader.ignore("threshold_index");
  else
    score.threshold_index = reader.whole_number("threshold_index");
  BELLOWS_TRY(reader.finish());
  if (score.threshold_events != certificate.plan.threshold_events())
    reader.fail("counts other thresholds than the plan", std::to_string(certificate.plan.threshold_events()),
                std::to_string(score.threshold_events));
  if (score.threshold.has_value() != score.threshold_index.has_value() ||
      (score.threshold_index && (*score.threshold_index >= certificate.plan.thresholds.count() ||
                                 certificate.plan.thresholds.at(*score.threshold_index) != *score.threshold)))
    reader.fail("names a threshold that the plan does not have", "one of the plan's", "another");
  return reader.finish();
}

Status read_extraction(const json& document, Certificate& certificate, const std::string& origin) {
  JsonReader reader(document, "certificate, extraction", origin);
  Extraction& extraction = certificate.extraction;
  extraction.family = reader.take(plan::extractor_named(reader.text("extractor")));
  extraction.raw_bits = reader.whole_number("raw_bits");
  extraction.output_bits = reader.whole_number("output_bits");
  extraction.seed_bits = reader.whole_number("seed_bits");
  extraction.circulant_bits = reader.whole_number("circulant_bits");
  extraction.field_length = reader.whole_number("field_length");
  BELLOWS_TRY(reader.finish());
  if (extraction.family == plan::Extractor::automatic) reader.fail("names no family", "a family", "auto");
  if (extraction.raw_bits / 2 != certificate.trial_count || extraction.raw_bits % 2 != 0)
    reader.fail("raw_bits is not two bits a trial", std::to_string(certificate.trial_count) + " trials",
                std::to_string(extraction.raw_bits));
  if (extraction.output_bits == 0 || extraction.output_bits > extraction.raw_bits)
    reader.fail("output_bits is out of range", "1 to raw_bits", std::to_string(extraction.output_bits));
  if (static_cast<double>(extraction.output_bits) > certificate.min_entropy_bits + 2)
    reader.fail("output_bits is beyond the entropy", std::to_string(certificate.min_entropy_bits),
                std::to_string(extraction.output_bits));
  return reader.finish();
}

}  // namespace

const char* name(Verdict verdict) { return verdict == Verdict::certified ? "certified" : "not_certified"; }

json to_private_json(const Certificate& certificate) { return to_json(certificate, true); }
json to_public_json(const Certificate& certificate) { return to_json(certificate, false); }

Digest digest(const Certificate& certificate) { return sha256(to_private_json(certificate).dump()); }

Result<Certificate> certificate_from_json(const json& document, const std::string& origin) {
  BELLOWS_TRY(plan::require_kind(document, plan::DocumentKind::certificate, origin));
  JsonReader reader(document, "certificate", origin);
  Certificate certificate;
  std::string protocol = reader.text("protocol"), method = reader.text("method"), adversary = reader.text("adversary");
  std::string verdict = reader.text("verdict");
  if (verdict != "certified" && verdict != "not_certified")
    reader.fail("has an unknown verdict", "certified or not_certified", verdict);
  certificate.verdict = verdict == "certified" ? Verdict::certified : Verdict::not_certified;
  std::uint64_t output_bits = reader.whole_number("output_bits");
  certificate.min_entropy_bits = reader.number("min_entropy_bits");
  double epsilon = reader.number("epsilon");
  certificate.trial_count = reader.whole_number("trials");
  certificate.assumptions = reader.texts("assumptions");
  certificate.simulated = reader.boolean("simulated");
  certificate.hypothetical = reader.boolean("hypothetical");
  const json &score = reader.object("score"), &losses = reader.array("losses");
  const json &digests = reader.object("digests"), &plan_json = reader.object("plan");
  BELLOWS_TRY(reader.finish());

  BELLOWS_ASSIGN(certificate.plan, plan::plan_from_json(plan_json, origin));
  const plan::Plan& plan = certificate.plan;
  if (protocol != plan.protocol) reader.fail("protocol is not the plan's", plan.protocol, protocol);
  if (method != name(plan.method)) reader.fail("method is not the plan's", name(plan.method), method);
  if (const char* proved = name(certificate.proved_against()); adversary != proved)
    reader.fail("adversary is not the one that method and extractor are proved against", proved, adversary);
  if (epsilon != epsilon_above(plan.epsilons.total))
    reader.fail("epsilon is not the plan's", plan.epsilons.total.text(), fmt::format("{}", epsilon));
  if (certificate.trial_count > plan.trial_count)
    reader.fail("has more trials than the plan", std::to_string(plan.trial_count),
                std::to_string(certificate.trial_count));
  if (certificate.min_entropy_bits < 0) reader.fail("min_entropy_bits is negative", "at least 0", "less");
  BELLOWS_TRY(reader.finish());
  BELLOWS_TRY(read_score(score, certificate, origin));

  bool has_extraction = false;
  for (const json& entry : losses) {
    JsonReader loss(entry, "certificate, losses", origin);
    if (std::string step = loss.text("step"); step == "extraction" && !has_extraction) {
      const json& parameters = loss.object("parameters");
      BELLOWS_TRY(loss.finish());
      BELLOWS_TRY(read_extraction(parameters, certificate, origin));
      has_extraction = true;
    } else {
      certificate.losses.push_back({step, loss.number("bits"), loss.text("why")});
      BELLOWS_TRY(loss.finish());
    }
  }
  if (has_extraction != certificate.certified() || output_bits != certificate.output_bits())
    reader.fail("verdict, output_bits and extraction contradict each other", "one output or none", "both");
  if (certificate.certified() && !certificate.score.threshold)
    reader.fail("certifies without a threshold that was reached", "a threshold", "none");

  JsonReader digest_reader(digests, "certificate, digests", origin);
  certificate.plan_digest = digest_from(digest_reader, "plan");
  certificate.log_digest = digest_from(digest_reader, "log");
  certificate.seed_digest = digest_from(digest_reader, "seed");
  certificate.statements_digest = digest_from(digest_reader, "statements");
  certificate.entropy_proof = digest_from(digest_reader, "entropy_proof");
  BELLOWS_TRY(digest_reader.finish());
  if (certificate.plan_digest && *certificate.plan_digest != plan::digest(plan))
    reader.fail("the plan is not the one whose digest it carries", certificate.plan_digest->hex(),
                plan::digest(plan).hex());
  std::optional<Digest> statements;
  if (!certificate.hypothetical) statements = digest(statements_from_words(certificate.assumptions));
  if (certificate.statements_digest != statements)
    reader.fail("the sentences that rest on somebody's word are not those whose digest it carries",
                digest_text(certificate.statements_digest), digest_text(statements));
  if (certificate.hypothetical &&
      (certificate.plan_digest || certificate.log_digest || certificate.seed_digest || certificate.entropy_proof))
    reader.fail("is hypothetical and carries digests", "none", "some");
  BELLOWS_TRY(reader.finish());
  return certificate;
}

Result<Certificate> read_certificate(const Path& path) {
  BELLOWS_ASSIGN(std::string text, read_text_file(path, 1 << 26));
  BELLOWS_ASSIGN(json document, plan::parse_json(text, "the certificate", path.string()));
  return certificate_from_json(document, path.string());
}

Status write_private(const Certificate& certificate, const Path& path, bool overwrite) {
  return write_text_file(path, to_private_json(certificate).dump(2) + "\n", private_file_mode, overwrite);
}

Status write_public(const Certificate& certificate, const Path& path, bool overwrite) {
  return write_text_file(path, to_public_json(certificate).dump(2) + "\n", public_file_mode, overwrite);
}

std::string to_text(const Certificate& certificate, bool full) {
  const plan::Plan& plan = certificate.plan;
  const Score& score = certificate.score;
  std::string text;
  auto line = [&](const std::string& one) { text += one + "\n"; };
  const char* head = certificate.simulated      ? "DEMONSTRATION (simulated device): "
                     : certificate.hypothetical ? "HYPOTHETICAL (numbers only, no log): "
                                                : "";
  if (certificate.certified())
    line(fmt::format("{}certified: {} bits, epsilon {}, against a {} adversary", head, certificate.output_bits(),
                     plan.epsilons.total.text(), name(certificate.proved_against())));
  else
    line(fmt::format("{}not certified{}{}", head, score.reason.empty() ? "" : ": ", score.reason));
  const Statements statements = statements_from_words(certificate.assumptions);
  if (statements.locality.failed()) line("SPACE-TIME CHECK " + statements.locality.words);
  if (!score.settings_consistent)
    line(fmt::format("SETTINGS INCONSISTENT with the claimed bias mu = {}: {} ({:.1f} sigma outside)", plan.mu.text(),
                     score.settings_worst, score.settings_sigmas));
  for (const std::string& sentence :
       words_for_the_first_lines(certificate.assumptions, !certificate.simulated && !certificate.hypothetical))
    // A failed check stands above already.
    if (!statements.locality.failed() || sentence != locality_in_words(statements)) line(sentence);
  line(fmt::format("trials          {}{}", certificate.trial_count,
                   certificate.trial_count < plan.trial_count ? fmt::format(" of {} planned", plan.trial_count) : ""));
  line(fmt::format("bias            mu = {} ({}, {} polytope)", plan.mu.text(),
                   certificate.simulated ? "asserted of a simulated source" : "asserted by the source's owner",
                   name(plan.polytope)));
  line(fmt::format("method          {}; {}", name(plan.method),
                   plan.origin == plan::Origin::built_in ? "built-in grid of thresholds" : "thresholds of its own"));
  line(fmt::format("adversary       {}{}", plan::what_eve_may_hold(certificate.proved_against()),
                   certificate.proved_against() == plan.adversary
                       ? ""
                       : fmt::format("; this covers {}, which the plan asks for", name(plan.adversary))));
  if (score.observed) line(fmt::format("score           {} {:.8g}", name(score.kind), score.observed->approximate()));
  line(score.threshold ? fmt::format("threshold       {:.8g}, number {} of {}", score.threshold->approximate(),
                                     *score.threshold_index + 1, plan.thresholds.count())
                       : fmt::format("threshold       none of {} reached (lowest {:.8g})", plan.thresholds.count(),
                                     plan.thresholds.lowest().approximate()));
  if (score.relabellings_tried > 1 || score.relabelling != "none")
    line(fmt::format("relabelling     {} ({} tried)", score.relabelling, score.relabellings_tried));
  if (certificate.certified()) {
    line(fmt::format("min-entropy     {:.1f} bits", certificate.min_entropy_bits));
    line(fmt::format("extractor       {}: {} raw bits, {} seed bits", name(certificate.extraction.family),
                     certificate.extraction.raw_bits, certificate.extraction.seed_bits));
  }
  for (const Loss& loss : certificate.losses)
    line(fmt::format("  {:<28}{:>16.1f} bits  {}", loss.step, loss.bits, loss.why));
  if (full)
    for (const std::string& assumption : certificate.assumptions) line("- " + assumption);
  return text;
}

}  // namespace bellows::certify
