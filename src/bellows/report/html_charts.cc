// The sections of the page that stand around charts and tables of measurements; the others are in html_sections.cc.
#include <fmt/format.h>

#include <cmath>

#include "bellows/report/html_data.h"
#include "bellows/report/html_sections.h"
#include "bellows/report/html_text.h"

namespace bellows::report {

std::string series_figure(const std::string& name, const std::string& title, const std::string& caption) {
  return fmt::format(
      "<figure data-chart=\"{0}\" data-kind=\"series\">\n<div class=\"head\"><h3 id=\"h-{0}\">{1}</h3><div "
      "class=\"tools\">"
      "<button type=\"button\" data-do=\"reset\">Reset zoom</button><button type=\"button\" "
      "data-do=\"csv\">CSV</button>"
      "</div></div>\n<div class=\"chart\" tabindex=\"0\" role=\"img\" aria-labelledby=\"h-{0}\"></div>\n"
      "<p class=\"readout\" aria-live=\"polite\"></p>\n<figcaption>{2}</figcaption>\n</figure>\n",
      name, title, caption);
}

namespace {

// What the chart cannot show: the margin is usually a hair's breadth of its height.
std::string score_sentence(const RunView& run, const Shown& shown) {
  if (!run.certificate || !run.mismatches.empty() || !shown.score || !run.certificate->score.observed ||
      !run.certificate->score.threshold)
    return {};
  const certify::Score& score = run.certificate->score;
  double observed = score.observed->approximate(), threshold = score.threshold->approximate();
  std::string text = fmt::format("Observed {:.8g}; highest threshold reached {:.8g}, number {} of {}; margin {:.2g}",
                                 observed, threshold, *score.threshold_index + 1,
                                 run.certificate->plan.thresholds.count(), observed - threshold);
  if (score.kind == plan::ScoreKind::win_frequency && run.mu() && run.certificate->trial_count > 0) {
    // Of the plan's trials: those that were not made count as lost.
    double error = std::sqrt(observed * (1 - observed) / static_cast<double>(run.certificate->plan.trial_count));
    double limit = classical_win_limit(*run.mu());
    text += fmt::format("; classical limit {:.6g}", limit);
    if (error > 0) text += fmt::format(", {:.0f} standard deviations below", (observed - limit) / error);
  }
  return "<p>" + escape_html(text) + ".</p>\n";
}

}  // namespace

std::string series_section(const RunView& run, const Shown& shown) {
  if (!run.evidence || run.evidence->trial_count() == 0) return {};
  std::string out;
  if (shown.everything) {
    out +=
        "<section>\n<h2>Quality over time</h2>\n<p class=\"hint\">Drag over a chart to zoom, double-click to go back; "
        "with the "
        "keyboard: arrows read a point, + and − zoom, 0 goes back.</p>\n";
    out += series_figure("S", "S by block",
                         "Each point is one block with its 95 % interval. At most 2 is possible without quantum "
                         "correlations when settings are perfect.");
    if (run.plan)
      out += series_figure("S_mu", "S<sub>mu</sub> by block",
                           "The measurement-dependent locality value at the claimed bias: at most 0 for every local "
                           "device whose source obeys that bias.");
    out += "</section>\n";
  }
  if ((shown.everything || shown.block_scores) && run.plan) {
    out += "<section>\n<h2>The score against the threshold</h2>\n" + score_sentence(run, shown);
    out +=
        series_figure("score", "Share of trials won, so far",
                      std::string(shown.everything ? ""
                                                   : "A point is the number of wins in 4,194,304 consecutive trials, "
                                                     "whose price was paid, or in several such groups. ") +
                          "The plan fixed its thresholds before the first trial. The classical limit is what a local "
                          "device reaches when its source is as biased as it may be.");
    out += "</section>\n";
  }
  return out;
}

std::string waterfall_section(const RunView& run) {
  const RunState state = state_of(run);
  if (state != RunState::certified && state != RunState::incomplete) return {};
  const bool compared = state == RunState::certified;
  std::string rows;
  nlohmann::json steps = waterfall(*run.certificate, compared);
  for (const auto& step : steps)
    rows += fmt::format("<tr><td>{}</td><td class=\"number\">{}{}</td><td>{}</td></tr>\n",
                        escape_html(step["label"].get<std::string>()), step["kind"] == "loss" ? "−" : "",
                        fmt::format("{:.0f}", step["bits"].get<double>()).size() > 15
                            ? readable_bits(step["bits"].get<double>())
                            : grouped(static_cast<std::uint64_t>(step["bits"].get<double>() + 0.5)),
                        escape_html(step["why"].get<std::string>()));
  return fmt::format(
      "<section>\n<h2>From raw bits to output bits{}</h2>\n"
      "<figure data-chart=\"waterfall\" data-kind=\"waterfall\">\n<div class=\"head\"><h3>What each step takes</h3>"
      "<div class=\"tools\"><button type=\"button\" data-do=\"close\" aria-pressed=\"false\">Close up</button>"
      "<button type=\"button\" data-do=\"csv\">CSV</button></div></div>\n"
      "<div class=\"chart tall\"><canvas role=\"img\" tabindex=\"0\" aria-label=\"Waterfall from raw bits to output "
      "bits; the table below holds the numbers\"></canvas></div>\n</figure>\n"
      "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Steps from raw bits to output bits\"><table>"
      "<thead><tr><th>step</th><th "
      "class=\"number\">bits</th><th>why</th></tr></thead>\n<tbody>\n{}</tbody></table></div>\n"
      "</section>\n",
      compared ? "" : ", by the certificate", rows);
}

std::string settings_section(const RunView& run, const std::optional<estimate::Summary>& summary) {
  if (!summary || !summary->settings) return {};
  const estimate::SettingCheck& check = *summary->settings;
  std::string rows;
  for (const auto& f : check.frequencies) {
    bool outside = f.sigmas > estimate::SettingCheck::sigmas_allowed;
    rows += fmt::format(
        "<tr><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{:.5f}</td><td class=\"number\">{:.5f}–{:.5f}"
        "</td><td class=\"{}\">{}</td></tr>\n",
        escape_html(f.name), grouped(f.count), f.share, f.allowed_low, f.allowed_high, outside ? "bad" : "good",
        outside ? fmt::format("{:.1f} sigma outside", f.sigmas) : "within");
  }
  return fmt::format(
      "<section>\n<h2>Setting frequencies</h2>\n<p>{} Settings decide no verdict: the bias is asserted, "
      "not tested.</p>\n"
      "<figure data-chart=\"settings\" data-kind=\"ranges\">\n<div class=\"head\"><h3>Against the claimed bias mu = "
      "{}</h3><div class=\"tools\"><button type=\"button\" data-do=\"csv\">CSV</button></div></div>\n"
      "<div class=\"chart tall\"><canvas role=\"img\" tabindex=\"0\" aria-label=\"Setting frequencies within their "
      "allowed ranges; the table below holds the numbers\"></canvas></div>\n</figure>\n"
      "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Setting frequencies\"><table><thead><tr>"
      "<th>setting</th><th class=\"number\">trials</th><th class=\"number\">share</th><th class=\"number\">allowed</th>"
      "<th>seen</th></tr></thead>\n<tbody>\n{}</tbody></table></div>\n</section>\n",
      check.consistent ? "All frequencies are consistent with the claim."
                       : "<strong>Some frequencies are not consistent with the claim.</strong>",
      escape_html(run.plan ? run.plan->mu.text() : readable(check.mu)), rows);
}

std::string signalling_section(const std::optional<estimate::Summary>& summary, const Shown& shown) {
  if (!summary || !shown.totals) return {};
  std::string rows;
  for (const auto& d : summary->signalling.differences) {
    bool bad = std::abs(d.sigmas) > estimate::SignallingCheck::sigmas_allowed;
    rows += fmt::format("<tr><td>{}</td><td class=\"number\">{:+.6f}</td><td class=\"number {}\">{:+.2f}</td></tr>\n",
                        escape_html(d.name), d.difference, bad ? "bad" : "good", d.sigmas);
  }
  if (rows.empty()) return {};
  std::string drift;
  if (shown.everything && summary->drift.block_count > 1)
    drift =
        fmt::format("<p>Drift of the win share over {} blocks: {:.1f} sigma; lowest in block {} ({:.1f} sigma).</p>\n",
                    summary->drift.block_count, summary->drift.sigmas, summary->drift.lowest_block_index,
                    summary->drift.lowest_block_sigmas);
  return fmt::format(
      "<section>\n<h2>No-signalling</h2>\n<p>{} One party's outcomes must not depend on the other's setting. These "
      "checks, like the one for drift, inform; no proof rests on them.</p>\n"
      "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"No-signalling "
      "checks\"><table><thead><tr><th>marginal"
      "</th><th class=\"number\">difference</th><th "
      "class=\"number\">sigma</th></tr></thead>\n<tbody>\n{}</tbody></table>"
      "</div>\n{}</section>\n",
      summary->signalling.consistent ? "All marginals agree."
                                     : "<strong>A marginal depends on the other party's setting.</strong>",
      rows, drift);
}

}  // namespace bellows::report
