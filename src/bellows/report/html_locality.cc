#include <fmt/format.h>

#include "bellows/report/html_sections.h"
#include "bellows/report/html_text.h"

namespace bellows::report {
namespace {

// Numbers rounded and lists with spaces, so that lines can break.
std::string as_text(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return readable(value.get<double>(), 8);
  if (!value.is_array()) return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string out;
  for (const auto& item : value) {
    out += (out.empty() ? "" : ", ") + (item.is_string() || !item.is_structured()
                                            ? as_text(item)
                                            : item.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    if (out.size() > 600) break;
  }
  return out;
}

// Nested metadata as rows "a.b.c: value"; long and deep ones are cut.
void flatten(const nlohmann::json& value, const std::string& key, std::string& rows, int depth, int& left) {
  if (left <= 0) return;
  if (value.is_object() && depth < 6) {
    for (const auto& [name, inner] : value.items())
      flatten(inner, key.empty() ? name : key + "." + name, rows, depth + 1, left);
    return;
  }
  --left;
  std::string text = as_text(value);
  rows +=
      fmt::format("<tr><th>{}</th><td class=\"free\">{}</td></tr>\n", escape_html(key, 200), escape_html(text, 500));
}

std::string table_of(const nlohmann::json& value, const char* label) {
  std::string rows;
  int left = 60;
  flatten(value, "", rows, 0, left);
  return fmt::format(
      "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"keys\"><tbody>\n{}</tbody>"
      "</table></div>\n",
      label, rows);
}

}  // namespace

namespace {

std::string direction_table(const certify::Direction& one) {
  std::string rows;
  auto row = [&](const std::string& name, double ns, const std::string& more, const char* kind) {
    rows += fmt::format("<tr><td>{}</td><td class=\"number {}\">{:.2f}</td><td class=\"number\">{}</td></tr>\n",
                        escape_html(name), kind, ns, more);
  };
  for (const certify::Segment& segment : one.segments)
    row(segment.name, segment.duration_ns, fmt::format("{:.2f}", segment.uncertainty_ns), "");
  row("sum of these parts", one.sum_ns(), fmt::format("{:.2f}", one.uncertainty_ns()), "");
  row("light needs at least", one.budget_ns(), "", "");
  row(one.closed() ? "margin" : "margin: NOT space-like", one.margin_ns(), "", one.closed() ? "good" : "bad");
  return fmt::format(
      "<h3>{0}: {1:.3f} m</h3>\n<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Locality budget "
      "{0}\"><table><thead><tr><th>part</th><th class=\"number\">ns</th><th class=\"number\">uncertainty, "
      "ns</th></tr></thead>\n<tbody>\n{2}</tbody></table></div>\n",
      escape_html(one.name), one.distance_m, rows);
}

std::string budget(const certify::LocalityReport& checked) {
  std::string out = fmt::format(
      "<p class=\"{}\">{}</p>\n<p>Sums are computed from the parts, with every uncertainty in full. The check rests on "
      "the lengths and times as its file gives them; it is no part of the certificate unless that says so.</p>\n",
      checked.closed ? "good" : "banner bad",
      checked.closed ? "Passed: no influence at the speed of light could have carried one party's setting to the other "
                       "party's outcome."
                     : "FAILED: an influence at the speed of light could have carried a setting to the other party's "
                       "outcome.");
  for (const certify::Direction& one : checked.directions) out += direction_table(one);
  std::string pulses, blocks;
  for (const certify::PulseVerdict& one : checked.pulses)
    pulses += fmt::format(
        "<tr><td>{} {}</td><td class=\"number\">{:+.1f}</td><td class=\"number {}\">{:.3f}{}</td><td "
        "class=\"number\">{:.3f}</td></tr>\n",
        escape_html(one.station), escape_html(one.device), one.drift_ps_per_h, one.jitter ? "bad" : "good",
        one.largest_spread_ns, one.jitter ? " jitter" : "", one.largest_shift_ns);
  if (!pulses.empty())
    out +=
        "<h3>Reference pulses</h3>\n<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Reference "
        "pulses\"><table><thead><tr><th>pulse</th><th class=\"number\">drift, ps/h</th><th class=\"number\">spread, "
        "ns</th><th class=\"number\">shift, ns</th></tr></thead>\n<tbody>\n" +
        pulses + "</tbody></table></div>\n";
  std::size_t failed = 0;
  for (const certify::BlockVerdict& one : checked.blocks) {
    if (one.closed || ++failed > 50) continue;
    blocks += fmt::format("<li class=\"bad\">block {}: margin {:.2f} ns{}{}</li>\n", escape_html(one.block),
                          one.margin_ns, one.jitter ? ", jitter" : "",
                          one.missing.empty() ? "" : ", a pulse is not recorded");
  }
  if (!checked.blocks.empty())
    out +=
        fmt::format("<p>{} of {} blocks of pulses pass.</p>\n", checked.blocks.size() - failed, checked.blocks.size());
  if (!blocks.empty()) out += "<ul>\n" + blocks + "</ul>\n";
  return out;
}

}  // namespace

std::string locality_section(const RunView& run, const std::optional<certify::LocalityReport>& checked,
                             const Shown& shown) {
  // Lengths and times say nothing of outcomes; what else the log's header says may.
  if (!shown.everything && !checked) return {};
  std::string out = "<section id=\"locality\">\n<h2>Locality budget</h2>\n";
  if (checked)
    out += budget(*checked);
  else if (run.metadata.contains("locality") && run.metadata["locality"].is_object())
    out += table_of(run.metadata["locality"], "Locality budget");
  else
    out +=
        "<p>No locality budget was given: that the parties were space-like separated, or shielded, in every trial is "
        "assumed. <code>bellows report --locality FILE</code> shows one.</p>\n";
  if (!shown.everything) return out + "</section>\n";
  nlohmann::json rest = run.metadata.is_object() ? run.metadata : nlohmann::json::object();
  if (!checked) rest.erase("locality");
  if (!rest.empty()) out += "<h3>What the log says of itself</h3>\n" + table_of(rest, "Metadata of the log");
  return out + "</section>\n";
}

}  // namespace bellows::report
