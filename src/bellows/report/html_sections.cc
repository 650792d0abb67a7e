#include "bellows/report/html_sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "bellows/certify/statements.h"
#include "bellows/plan/published.h"
#include "bellows/report/html_assets.h"
#include "bellows/report/html_text.h"

namespace bellows::report {
namespace {

using plan::Publication;

std::string fact(const std::string& name, const std::string& value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escape_html(name), escape_html(value));
}

std::string refusal(const RunView& run, const Shown& shown) {
  const certify::Certificate& certificate = *run.certificate;
  const certify::Score& score = certificate.score;
  const auto& thresholds = certificate.plan.thresholds;
  const char* kind = score.kind == plan::ScoreKind::win_frequency ? "share of trials won"
                     : score.kind == plan::ScoreKind::mdl_value   ? "MDL value"
                                                                  : "witness value";
  if (certificate.trial_count == 0) return "The log holds no trials.";
  if (!score.threshold) {
    std::string lowest = thresholds.count() ? readable(thresholds.lowest().approximate(), 7) : "–";
    return score.observed && shown.score
               ? fmt::format("The {} is {}; the lowest threshold that the plan fixed before the data is {}.", kind,
                             readable(score.observed->approximate(), 7), lowest)
               : fmt::format("The {} did not reach the lowest threshold, {}, that the plan fixed before the data.",
                             kind, lowest);
  }
  return fmt::format(
      "The threshold {} was reached, the highest one that was, and {} trials prove no bit of it.",
      readable(score.threshold->approximate(), 7), grouped(certificate.trial_count));
}

}  // namespace

Shown what_is_shown(const RunView& run, bool for_public) {
  if (!for_public) return {};
  Shown shown{.everything = false, .score = false, .totals = false, .block_scores = false, .log_digest = false};
  if (!run.certificate || !run.mismatches.empty()) return shown;
  const plan::Plan& plan = run.certificate->plan;
  shown.score = plan::pays_for_score(plan);
  shown.totals = plan::publishes(plan, Publication::counts);
  shown.block_scores = plan::publishes(plan, Publication::block_scores);
  shown.log_digest = plan::publishes(plan, Publication::log_digest);
  return shown;
}

std::string page_head(const std::string& title, const std::string& kicker, bool may_fetch) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'; img-src data:; connect-src {}\">\n"
      "<meta name=\"generator\" content=\"bellows\">\n<meta name=\"referrer\" "
      "content=\"no-referrer\">\n<title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n"
      "<style>\n{}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the verdict</a>\n"
      "<header><p class=\"kicker\">{}</p></header>\n<main id=\"main\">\n",
      may_fetch ? "'self'" : "'none'", escape_html(title), html_assets().style, escape_html(kicker));
}

std::string verdict_section(const RunView& run, const Shown& shown) {
  RunState state = state_of(run);
  std::string out;
  bool simulated = run.certificate ? run.certificate->simulated : run.plan && run.plan->simulated;
  if (simulated)
    out +=
        "<p class=\"banner\">DEMONSTRATION: the outcomes come from a simulated device. These bits must not be "
        "used.</p>\n";
  if (run.certificate && run.certificate->hypothetical)
    out += "<p class=\"banner\">HYPOTHETICAL: computed from numbers alone; there is no log and no output.</p>\n";
  if (run.certificate && !run.certificate->score.settings_consistent && state != RunState::mismatch)
    out += fmt::format(
        "<p class=\"banner bad\">The settings speak against the claimed bias mu = {}: {}, {} standard deviations "
        "outside "
        "of the allowed range. The bias is asserted, not tested; the verdict stands only "
        "if it is true.</p>\n",
        escape_html(run.certificate->plan.mu.text()), escape_html(run.certificate->score.settings_worst),
        readable(run.certificate->score.settings_sigmas, 3));
  if (run.certificate) {
    const auto& assumptions = run.certificate->assumptions;
    const bool separation_failed = certify::statements_from_words(assumptions).locality.failed();
    for (const std::string& sentence : certify::words_for_the_first_lines(
             assumptions, !run.certificate->simulated && !run.certificate->hypothetical)) {
      const bool bad = sentence.starts_with("NOT MET") || (separation_failed && sentence.starts_with("Space-time check"));
      out += fmt::format("<p class=\"banner{}\">{}</p>\n", bad ? " bad" : "", escape_html(sentence));
    }
  }
  std::string name, heading, body;
  switch (state) {
    case RunState::certified: {
      const certify::Certificate& certificate = *run.certificate;
      name = "certified";
      heading = fmt::format("{} certified random bits", grouped(certificate.output_bits()));
      body =
          fmt::format("<p>Total failure probability <strong>{}</strong>, against {}.</p>",
                      escape_html(certificate.plan.epsilons.total.text()), plan::in_words(certificate.proved_against()));
      if (!certificate.assumptions.empty()) body += fmt::format("<p>{}</p>", escape_html(certificate.assumptions[0]));
      break;
    }
    case RunState::refused:
      name = "refused";
      heading = "No bits certified";
      body = fmt::format(
          "<p>{}</p>{}<p>That is a result, not a failure of the program: what cannot be proved is not "
          "certified.</p>",
          escape_html(refusal(run, shown)),
          shown.everything && !run.certificate->score.reason.empty()
              ? fmt::format("<p>Why: {}.</p>", escape_html(run.certificate->score.reason))
              : std::string());
      break;
    case RunState::unfinished:
      name = "unfinished";
      heading = "No certificate yet";
      body =
          "<p>The folder holds no certificate: the run is not finished, or it was stopped. Nothing below is certified."
          "</p>";
      break;
    case RunState::mismatch: {
      name = "mismatch";
      heading = "This run does not match its certificate";
      body =
          "<p>Something here was changed or replaced after the certificate was written, or cannot be read. Nothing "
          "here is certified.</p><ul>";
      for (const Mismatch& mismatch : run.mismatches)
        body += shown.everything ? fmt::format("<li>{}: expected <code>{}</code>, got <code>{}</code></li>",
                                               escape_html(mismatch.what), escape_html(mismatch.expected, 300),
                                               escape_html(mismatch.got, 300))
                                 : fmt::format("<li>{}</li>", escape_html(mismatch.what));
      body += "</ul>";
      break;
    }
    case RunState::incomplete: {
      const certify::Certificate& certificate = *run.certificate;
      const bool nothing = certificate.hypothetical || run.missing.size() == 3;
      name = "incomplete";
      heading = nothing ? "A certificate alone: nothing was compared" : "Not all of this run could be compared";
      body = fmt::format(
          "<p>The certificate says {} bits, total failure probability {}, against {}. {} The page cannot tell "
          "whether there is a run to it: nothing here is certified by this page. Whoever has all files recomputes it "
          "with <code>bellows verify</code>.</p>",
          grouped(certificate.output_bits()), escape_html(certificate.plan.epsilons.total.text()),
          plan::in_words(certificate.proved_against()),
          run.missing.empty() ? std::string("It is of no log.")
                              : escape_html(fmt::format("Not in this folder: {}.", fmt::join(run.missing, ", "))));
      break;
    }
  }
  out += fmt::format("<section class=\"verdict {}\" data-verdict=\"{}\">\n<h1>{}</h1>\n{}\n</section>\n", name, name,
                     heading, body);
  if (!run.problems.empty() && !shown.everything) {
    out += "<p>Some file of the run is missing or cannot be read; the page for the owner says which.</p>\n";
  } else if (!run.problems.empty()) {
    out += "<ul>\n";
    for (const std::string& problem : run.problems) out += fmt::format("<li>{}</li>\n", escape_html(problem));
    out += "</ul>\n";
  }
  return out;
}

std::string facts_section(const RunView& run, const std::optional<estimate::Summary>& summary, const Shown& shown) {
  std::string out = "<dl class=\"facts\">\n";
  std::uint64_t trials = run.certificate                    ? run.certificate->trial_count
                         : run.evidence && shown.everything ? run.evidence->trial_count()
                                                            : 0;
  const RunState state = state_of(run);
  const bool compared = state != RunState::mismatch && state != RunState::incomplete;
  if (trials > 0) out += fact(compared ? "trials" : "trials by the certificate", grouped(trials));
  if (run.plan && run.plan->trial_count != trials) out += fact("trials planned", grouped(run.plan->trial_count));
  if (run.plan) {
    out += fact(run.plan->simulated || (run.certificate && run.certificate->simulated) ? "bias asserted of a simulated source"
                                                                                      : "bias claimed by the source's owner",
                "mu = " + run.plan->mu.text());
    out += fact("method", plan::name(run.plan->method));
    out += fact("total epsilon", run.plan->epsilons.total.text());
    out += fact("plan", run.plan->origin == plan::Origin::built_in ? "built-in grid" : "fixed in a file");
  }
  // What a run does not fit is not said of it.
  if (state == RunState::certified || state == RunState::incomplete) {
    out += fact(compared ? "min-entropy proved" : "min-entropy by the certificate",
                readable_bits(run.certificate->min_entropy_bits));
    out += fact("extractor", plan::name(run.certificate->extraction.family));
    out += fact("seed bits used", grouped(run.certificate->extraction.seed_bits));
  }
  if (shown.totals && summary && summary->scores.s)
    out += fact("S (95 %)", fmt::format("{} ± {}", readable(summary->scores.s->value, 6),
                                        readable(1.96 * summary->scores.s->standard_error, 2)));
  if (shown.totals && summary && summary->scores.s_mu) out += fact("S_mu", readable(summary->scores.s_mu->value, 4));
  if (run.certificate && run.certificate->score.relabelling != "none")
    out += fact("relabelling", fmt::format("{} ({} tried)", run.certificate->score.relabelling,
                                           run.certificate->score.relabellings_tried));
  return out + "</dl>\n";
}

std::string assumptions_section(const RunView& run) {
  if (!run.certificate || run.certificate->assumptions.empty()) return {};
  const RunState state = state_of(run);
  std::string out = fmt::format("<section>\n<h2>{}</h2>\n<ul>\n",
                                state == RunState::mismatch     ? "What the certificate claims"
                                : state == RunState::incomplete ? "Guarantee and assumptions, by the certificate"
                                                                : "Guarantee and assumptions");
  for (const std::string& assumption : run.certificate->assumptions)
    out += fmt::format("<li>{}</li>\n", escape_html(assumption));
  return out + "</ul>\n</section>\n";
}

std::string digests_section(const RunView& run, const Shown& shown) {
  std::string rows;
  auto row = [&](const char* what, const std::optional<Digest>& digest) {
    if (digest) rows += fmt::format("<tr><th>{}</th><td class=\"digest\">{}</td></tr>\n", what, digest->hex());
  };
  if (run.certificate) {
    row("plan", run.certificate->plan_digest);
    if (shown.log_digest) row("trial log", run.certificate->log_digest);
    row("seed", run.certificate->seed_digest);
  } else if (run.plan) {
    row("plan", plan::digest(*run.plan));
  }
  if (rows.empty()) return {};
  return fmt::format(
      "<section>\n<h2>Digests (SHA-256)</h2>\n<div class=\"table\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"Digests\">"
      "<table><tbody>\n{}</tbody></table></div>\n<p>There is none of the output: a digest would destroy its "
      "uniformity. "
      "<code>bellows verify</code> recomputes the output itself from log and seed; this page compares only counts, "
      "sizes "
      "and digests.</p>\n</section>\n",
      rows);
}

std::string output_section(const std::string& png, std::uint64_t shown_bits, std::uint64_t output_bits,
                           const quality::BatteryReport& tests) {
  using quality::RowStatus;
  std::string rows;
  for (std::size_t t = 0; t < quality::nist_test_count; ++t) {
    std::uint64_t lines = 0, failed = 0, invalid = 0;
    for (const auto& row : tests.rows) {
      if (static_cast<std::size_t>(row.test) != t) continue;
      ++lines;
      failed += row.status == RowStatus::failed ? 1 : 0;
      invalid += row.status == RowStatus::invalid ? 1 : 0;
    }
    rows += fmt::format("<tr><td>{}</td><td class=\"number\">{}</td><td class=\"{}\">{}</td></tr>\n",
                        quality::nist_words(static_cast<quality::NistTest>(t)), lines,
                        invalid == lines ? "off"
                        : failed > 0     ? "bad"
                                         : "good",
                        invalid == lines ? "invalid: too few bits"
                        : failed > 0     ? fmt::format("{} failed", failed)
                                         : "passed");
  }
  return fmt::format(
      "<section>\n<h2>The output bits</h2>\n<p class=\"banner\">This page shows output bits: whoever sees it knows "
      "them.</p>\n<figure><img class=\"picture\" alt=\"The first {} output bits, white for 1, black for 0\" "
      "src=\"data:image/png;base64,{}\"><figcaption>The first {} of {} output bits, row by row; white is "
      "1.</figcaption>"
      "</figure>\n<h3>Statistical tests (NIST SP 800-22)</h3>\n<p>{} bits in {} sequence{} of {}: <strong>{}</strong>. "
      "{} of {} lines failed; about {:.1f} fail by chance. {}</p>\n<div class=\"table\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"Statistical tests\"><table><thead><tr><th>test</th><th "
      "class=\"number\">lines</th><th>result</th></tr>"
      "</thead>\n<tbody>\n{}</tbody></table></div>\n</section>\n",
      grouped(shown_bits), png, grouped(shown_bits), grouped(output_bits), grouped(tests.size_bits), tests.sequences,
      tests.sequences == 1 ? "" : "s", grouped(tests.sequence_bits), quality::row_status_name(tests.verdict),
      tests.rows_with(RowStatus::failed), tests.rows.size(), tests.expected_failed_rows, quality::no_proof_of_origin,
      rows);
}

std::string page_end(const std::string& data_json, const std::string& extra_script, const std::string& origin) {
  const HtmlAssets& assets = html_assets();
  std::string out =
      "</main>\n<footer>" + escape_html(origin) +
      " Charts: dygraphs and Chart.js (MIT licence).</footer>\n"
      "<noscript><p class=\"banner\">The charts need JavaScript; all numbers stand in the tables.</p></noscript>\n";
  out += "<script type=\"application/json\" id=\"data\">" + data_json + "</script>\n";
  for (std::string_view script : {assets.dygraphs, assets.chart_js, assets.script}) {
    out += "<script>\n";
    out += script;
    out += "\n</script>\n";
  }
  if (!extra_script.empty()) out += "<script>\n" + extra_script + "\n</script>\n";
  return out + "</body>\n</html>\n";
}

}  // namespace bellows::report
