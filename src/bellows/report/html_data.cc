#include "bellows/report/html_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace bellows::report {
namespace {

using nlohmann::json;

json line(const std::string& label, double value, const char* colour, bool dashed) {
  return {{"label", label}, {"value", value}, {"colour", colour}, {"dashed", dashed}};
}

// What the share of trials won so far is compared with.
json score_lines(std::optional<double> mu, const certify::Certificate* certificate) {
  json lines = json::array();
  if (mu) lines.push_back(line("classical limit", classical_win_limit(*mu), "limit", true));
  if (certificate != nullptr && certificate->score.kind == plan::ScoreKind::win_frequency) {
    const auto& thresholds = certificate->plan.thresholds;
    if (certificate->score.threshold)
      lines.push_back(line("threshold reached", certificate->score.threshold->approximate(), "step", false));
    else if (thresholds.count() > 0)
      lines.push_back(line("lowest threshold", thresholds.lowest().approximate(), "mean", false));
  }
  return lines;
}

json score_series(json lines) {
  return {{"label", "share of trials won so far"},
          {"value", "omega_so_far"},
          {"lines", std::move(lines)},
          {"joined", true}};
}

double share(std::uint64_t part, std::uint64_t of) { return static_cast<double>(part) / static_cast<double>(of); }

json or_null(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

}  // namespace

std::vector<estimate::BlockCounts> thin_out(const std::vector<estimate::BlockCounts>& blocks) {
  std::size_t together = (blocks.size() + most_points - 1) / most_points;
  if (together <= 1) return blocks;
  std::vector<estimate::BlockCounts> out;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % together == 0) {
      out.push_back(blocks[i]);
      continue;
    }
    out.back().trial_count += blocks[i].trial_count;
    out.back().n_xyab = estimate::add(out.back().n_xyab, blocks[i].n_xyab);
  }
  return out;
}

double classical_win_limit(double mu) { return 1.0 - estimate::least_pair_probability(mu); }

json block_series(const estimate::Evidence& evidence, std::optional<double> mu,
                  const certify::Certificate* certificate) {
  json rows = json::array();
  estimate::Counts so_far{};
  for (const estimate::BlockCounts& block : thin_out(evidence.blocks)) {
    if (block.trial_count == 0) continue;
    estimate::Scores scores = estimate::score_counts(block.n_xyab, mu);
    so_far = estimate::add(so_far, block.n_xyab);
    double omega_so_far = share(estimate::count_wins(so_far), estimate::sum(so_far));
    json row = {block.block_index, block.trial_count, block.start_time_ns / 1000000};
    for (const auto& measured : {scores.s, scores.s_mu}) {
      row.push_back(measured ? or_null(measured->value) : json(nullptr));
      row.push_back(measured ? or_null(measured->low) : json(nullptr));
      row.push_back(measured ? or_null(measured->high) : json(nullptr));
    }
    row.push_back(or_null(scores.omega.value));
    row.push_back(or_null(omega_so_far));
    rows.push_back(std::move(row));
  }
  json series = json::object();
  estimate::Scores total = estimate::score_counts(evidence.totals(), mu);
  json s_lines = json::array(), s_mu_lines = json::array();
  if (total.s) s_lines.push_back(line("average", total.s->value, "mean", false));
  s_lines.push_back(line("classical limit", 2.0, "limit", true));
  series["S"] = {{"label", "S"}, {"value", "S"}, {"interval", {"S_low", "S_high"}}, {"lines", s_lines}};
  if (mu) {
    if (total.s_mu) s_mu_lines.push_back(line("average", total.s_mu->value, "mean", false));
    s_mu_lines.push_back(line("classical limit", 0.0, "limit", true));
    series["S_mu"] = {
        {"label", "S_mu"}, {"value", "S_mu"}, {"interval", {"S_mu_low", "S_mu_high"}}, {"lines", s_mu_lines}};
  }
  series["score"] = score_series(score_lines(mu, certificate));
  return {{"blocks",
           {{"columns",
             {"block", "trials", "time_ms", "S", "S_low", "S_high", "S_mu", "S_mu_low", "S_mu_high", "omega",
              "omega_so_far"}},
            {"rows", std::move(rows)}}},
          {"series", std::move(series)}};
}

json group_series(const std::vector<estimate::GroupWins>& groups, std::optional<double> mu,
                  const certify::Certificate& certificate) {
  const std::size_t together = std::max<std::size_t>(1, (groups.size() + most_points - 1) / most_points);
  json rows = json::array();
  std::uint64_t trials_so_far = 0, wins_so_far = 0;
  for (std::size_t first = 0; first < groups.size(); first += together) {
    std::uint64_t trials = 0, wins = 0;
    for (std::size_t g = first; g < std::min(groups.size(), first + together); ++g)
      trials += groups[g].trial_count, wins += groups[g].win_count;
    trials_so_far += trials, wins_so_far += wins;
    // No times: when a block began may depend on outcomes, and has no price.
    rows.push_back({first, trials, share(wins, trials), share(wins_so_far, trials_so_far)});
  }
  return {{"blocks", {{"columns", {"block", "trials", "omega", "omega_so_far"}}, {"rows", std::move(rows)}}},
          {"series", {{"score", score_series(score_lines(mu, &certificate))}}}};
}

json waterfall(const certify::Certificate& certificate, bool compared) {
  json steps = json::array();
  double raw = 2.0 * static_cast<double>(certificate.trial_count);
  double output = static_cast<double>(certificate.output_bits());
  auto step = [&](const std::string& label, double from, double to, const char* kind, const std::string& why) {
    json entry = {{"label", label}, {"from", from}, {"to", to}, {"bits", std::fabs(to - from)},
                  {"kind", kind},   {"why", why}};
    steps.push_back(std::move(entry));
    return &steps.back();
  };
  double taken = 0;
  for (const certify::Loss& loss : certificate.losses) taken += loss.bits;
  step("raw outcome bits", 0, raw, "start", "two bits a trial");
  double left = raw;
  // What the single-trial bound leaves unproved: all that no later step takes.
  double unproved = raw - taken - output;
  if (unproved > 0.5) {
    (*step("not proved to be random", left, left - unproved, "loss",
           "the score proves less than two bits a trial"))["unproved"] = true;
    left -= unproved;
  }
  for (const certify::Loss& loss : certificate.losses) {
    json* entry = step(loss.step, left, left - loss.bits, "loss", loss.why);
    if (left > 0.9 * raw) (*entry)["unproved"] = true;
    left -= loss.bits;
  }
  step("output bits", 0, output, "end", compared ? "certified" : "as the certificate says");
  return steps;
}

json setting_ranges(const estimate::SettingCheck& check) {
  json list = json::array();
  for (const estimate::SettingFrequency& f : check.frequencies)
    list.push_back({{"name", f.name},
                    {"count", f.count},
                    {"of", f.of_trials},
                    {"share", or_null(f.share)},
                    {"low", f.allowed_low},
                    {"high", f.allowed_high},
                    {"sigmas", or_null(f.sigmas)}});
  return list;
}

}  // namespace bellows::report
