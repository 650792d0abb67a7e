#include "bellows/report/watch_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bellows/certify/certify.h"
#include "bellows/estimate/count.h"
#include "bellows/report/html_data.h"
#include "bellows/report/html_text.h"

namespace bellows::report {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double alarm_sigmas = 4;

double seconds_since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

// The newest blocks against all before them.
std::optional<std::string> drift_alarm(const std::vector<estimate::BlockCounts>& blocks) {
  if (blocks.size() < 4) return std::nullopt;
  std::size_t recent = std::min<std::size_t>(8, blocks.size() / 4);
  estimate::Counts before{}, newest{};
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    auto& sum = i + recent < blocks.size() ? before : newest;
    sum = estimate::add(sum, blocks[i].n_xyab);
  }
  auto n1 = static_cast<double>(estimate::sum(newest)), n0 = static_cast<double>(estimate::sum(before));
  if (n1 < 100 || n0 < 100) return std::nullopt;
  double p1 = static_cast<double>(estimate::count_wins(newest)) / n1;
  double p0 = static_cast<double>(estimate::count_wins(before)) / n0;
  double p = (p1 * n1 + p0 * n0) / (n1 + n0);
  double error = std::sqrt(p * (1 - p) * (1 / n1 + 1 / n0));
  if (!(error > 0) || std::fabs(p1 - p0) < alarm_sigmas * error) return std::nullopt;
  return fmt::format("drift: the last {} blocks won {:.5f} of their trials, those before {:.5f} ({:+.1f} sigma)",
                     recent, p1, p0, (p1 - p0) / error);
}

std::string duration(double seconds) {
  auto whole = static_cast<std::uint64_t>(std::max(0.0, seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string rate_in_words(double trials_per_second) {
  if (trials_per_second >= 1e6) return fmt::format("{:.3g} million trials/s", trials_per_second / 1e6);
  return fmt::format("{:.4g} trials/s", trials_per_second);
}

}  // namespace

Result<LogWatch> LogWatch::open(const Path& path, WatchOptions options) {
  BELLOWS_ASSIGN(trials::LogReader reader, trials::LogReader::open(path));
  BELLOWS_TRY(reader.require_two_party_chsh());
  LogWatch watch;
  watch.reader_ = std::make_unique<trials::LogReader>(std::move(reader));
  if (!options.mu && options.plan) options.mu = options.plan->mu.approximate();
  watch.options_ = std::move(options);
  watch.first_seen_ = watch.last_growth_ = Clock::now();
  watch.trials_at_first_ = watch.reader_->trial_count();
  return watch;
}

Result<bool> LogWatch::refresh(const Context& context) {
  bool was_complete = reader_->is_complete();
  if (!was_complete) BELLOWS_TRY(reader_->refresh());
  std::uint64_t known = evidence_.blocks.size(), now = reader_->block_count();
  if (now < known) return bad_input("the log has become shorter", path(), reader_->whole_bytes());
  for (std::uint64_t i = known; i < now; ++i) {
    BELLOWS_TRY(context.check_cancelled());
    BELLOWS_ASSIGN(trials::BlockView block, reader_->block(i));
    estimate::BlockCounts counts{block.index, block.trial_count, block.start_time_ns, {}};
    auto raw = estimate::count_trials(block.setting(0), block.setting(1), block.outcome(0), block.outcome(1));
    for (std::uint8_t record = 0; record < 16; ++record)
      counts.n_xyab[options_.relabelling.apply(record)] += raw[record];
    evidence_.blocks.push_back(counts);
    reader_->release(i);
    if (now - known > 50) context.report("counting", i + 1, now, "blocks");
  }
  if (now > known) {
    if (known > 0) longest_wait_seconds_ = std::max(longest_wait_seconds_, seconds_since(last_growth_));
    last_growth_ = Clock::now();
  }
  return now > known || was_complete != reader_->is_complete();
}

WatchState LogWatch::state() const {
  WatchState state;
  state.trials = evidence_.trial_count();
  state.blocks = evidence_.blocks.size();
  state.complete = reader_->is_complete();
  state.cut_bytes = reader_->cut_bytes();
  if (options_.plan) state.planned_trials = options_.plan->trial_count;
  if (state.trials == 0) return state;
  if (auto summary = estimate::summarize(evidence_, options_.mu); summary.ok()) state.summary = std::move(*summary);
  for (const auto& block : evidence_.blocks)
    if (auto s = estimate::score_counts(block.n_xyab, std::nullopt).s; s && std::isfinite(s->value))
      state.s_by_block.push_back(s->value);

  // By the times in the log where it has them, else by what was seen to grow.
  const auto &first = evidence_.blocks.front(), &last = evidence_.blocks.back();
  double growth_seconds = std::chrono::duration<double>(last_growth_ - first_seen_).count();
  if (last.start_time_ns > first.start_time_ns && first.start_time_ns > 0)
    state.trials_per_second = static_cast<double>(state.trials - last.trial_count) /
                              (static_cast<double>(last.start_time_ns - first.start_time_ns) * 1e-9);
  else if (growth_seconds > 0 && state.trials > trials_at_first_)
    state.trials_per_second = static_cast<double>(state.trials - trials_at_first_) / growth_seconds;
  if (!state.complete && state.planned_trials > state.trials && state.trials_per_second.value_or(0) > 0)
    state.seconds_left = static_cast<double>(state.planned_trials - state.trials) / *state.trials_per_second;

  if (options_.plan) {
    const plan::Plan& plan = *options_.plan;
    std::optional<numeric::Exact> score;
    if (plan::score_kind(plan.method) == plan::ScoreKind::win_frequency)
      score = numeric::Exact::fraction(evidence_.win_count(), state.trials);
    else if (plan.witness) {
      plan::Plan so_far = plan;
      so_far.trial_count = state.trials;
      score = certify::observed_score(so_far, evidence_);
    } else if (auto mdl = estimate::score_counts(evidence_.totals(), plan.mu.approximate()).s_mu)
      if (auto parsed = numeric::Exact::parse(fmt::format("{:.12f}", mdl->value)); parsed.ok()) score = *parsed;
    if (score) {
      auto reached = plan.thresholds.reached(*score);
      state.threshold_reached = reached.has_value();
      state.threshold = plan.thresholds.at(reached.value_or(0)).approximate();
      state.score_is_win_share = plan::score_kind(plan.method) == plan::ScoreKind::win_frequency;
      if (bits_for_ != state.trials) {
        bits_for_ = state.trials;
        auto certificate = certify::certify_hypothetical(plan, *score);
        bits_ = certificate.ok() ? std::optional(certificate->output_bits()) : std::nullopt;
      }
      state.expected_bits = bits_;
    }
  }

  if (auto drift = drift_alarm(evidence_.blocks)) state.alarms.push_back(*drift);
  if (state.summary && state.summary->settings && !state.summary->settings->consistent) {
    const auto& worst = state.summary->settings->frequencies[state.summary->settings->worst];
    state.alarms.push_back(fmt::format("settings: {} has {:.5f}, allowed {:.5f} to {:.5f} ({:.1f} sigma outside)",
                                       worst.name, worst.share, worst.allowed_low, worst.allowed_high, worst.sigmas));
  }
  if (state.summary && !state.summary->signalling.consistent) {
    const auto& worst = state.summary->signalling.differences[state.summary->signalling.worst];
    state.alarms.push_back(
        fmt::format("no-signalling: {} is {:+.5f} ({:+.1f} sigma)", worst.name, worst.difference, worst.sigmas));
  }
  double waited = seconds_since(last_growth_);
  if (!state.complete && longest_wait_seconds_ > 0 && waited > 5 + 3 * longest_wait_seconds_)
    state.alarms.push_back(fmt::format("no new block for {}", duration(waited)));
  return state;
}

nlohmann::json to_json(const WatchState& state) {
  using nlohmann::json;
  auto or_null = [](const auto& value) { return value ? json(*value) : json(nullptr); };
  json document = {{"trials", state.trials},
                   {"blocks", state.blocks},
                   {"planned_trials", state.planned_trials},
                   {"complete", state.complete},
                   {"cut_bytes", state.cut_bytes},
                   {"trials_per_second", or_null(state.trials_per_second)},
                   {"seconds_left", or_null(state.seconds_left)},
                   {"expected_output_bits", or_null(state.expected_bits)},
                   {"threshold", or_null(state.threshold)},
                   {"threshold_reached", state.threshold_reached},
                   {"alarms", state.alarms},
                   {"note", alarms_are_no_proof}};
  if (state.summary) document["summary"] = estimate::to_json(*state.summary);
  return document;
}

nlohmann::json LogWatch::page_state() const {
  WatchState now = state();
  nlohmann::json page = block_series(evidence_, options_.mu, nullptr);
  if (now.threshold && now.score_is_win_share)
    page["series"]["score"]["lines"].push_back(
        {{"label", now.threshold_reached ? "threshold reached" : "lowest threshold"},
         {"value", *now.threshold},
         {"colour", now.threshold_reached ? "step" : "mean"},
         {"dashed", false}});
  if (now.summary && now.summary->settings) {
    page["settings"] = setting_ranges(*now.summary->settings);
    page["settings_sigmas_allowed"] = estimate::SettingCheck::sigmas_allowed;
  }
  page["state"] = to_json(now);
  page["lines"] = watch_lines(now, path().filename().string(), 100);
  return page;
}

std::string sparkline(const std::vector<double>& values, std::size_t columns) {
  static constexpr const char* steps[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty() || columns == 0) return {};
  std::size_t together = (values.size() + columns - 1) / columns;
  std::vector<double> means;
  for (std::size_t i = 0; i < values.size(); i += together) {
    std::size_t end = std::min(values.size(), i + together);
    double sum = 0;
    for (std::size_t k = i; k < end; ++k) sum += values[k];
    means.push_back(sum / static_cast<double>(end - i));
  }
  auto [low, high] = std::minmax_element(means.begin(), means.end());
  std::string out;
  for (double mean : means) {
    double place = *high > *low ? (mean - *low) / (*high - *low) : 0.5;
    out += steps[std::clamp(static_cast<int>(place * 8), 0, 7)];
  }
  return out;
}

std::vector<std::string> watch_lines(const WatchState& state, const std::string& name, std::size_t columns) {
  std::vector<std::string> lines;
  std::string head =
      fmt::format("{}: {}, {} trials", name, state.complete ? "complete" : "being written", grouped(state.trials));
  if (state.planned_trials > 0)
    head += fmt::format(" of {} ({:.1f} %)", grouped(state.planned_trials),
                        100.0 * static_cast<double>(state.trials) / static_cast<double>(state.planned_trials));
  head += fmt::format(", {} block{}", grouped(state.blocks), state.blocks == 1 ? "" : "s");
  lines.push_back(head);
  if (state.trials == 0) {
    lines.push_back("no trials yet");
    return lines;
  }
  std::string speed;
  if (state.trials_per_second) speed = rate_in_words(*state.trials_per_second);
  if (state.seconds_left) speed += fmt::format(", {} left", duration(*state.seconds_left));
  if (!speed.empty()) lines.push_back("rate      " + speed);
  if (state.summary) {
    const auto& scores = state.summary->scores;
    if (scores.s) {
      std::string value = fmt::format("S         {:.5f} ± {:.5f}  ", scores.s->value, 1.96 * scores.s->standard_error);
      std::size_t used = 31;
      lines.push_back(value + sparkline(state.s_by_block, columns > used ? columns - used : 8));
    } else {
      lines.push_back("S         no value: some pair of settings never occurred");
    }
    if (scores.s_mu)
      lines.push_back(fmt::format("S_mu      {:.6f} ± {:.6f}", scores.s_mu->value, 1.96 * scores.s_mu->standard_error));
    std::string score = fmt::format("score     {:.6f} of trials won", scores.omega.value);
    if (state.threshold && !state.score_is_win_share) score += "; S_mu";
    if (state.threshold)
      score +=
          fmt::format("{} {} {:.6f}", state.score_is_win_share ? "," : "",
                      state.threshold_reached ? "reaches threshold" : "below the lowest threshold", *state.threshold);
    lines.push_back(score);
  }
  if (state.expected_bits)
    lines.push_back(fmt::format(
        "expected  {} at the plan's end, if the score stays",
        *state.expected_bits > 0 ? readable_bits(static_cast<double>(*state.expected_bits)) : std::string("no bits")));
  if (state.alarms.empty()) lines.push_back("alarms    none");
  for (const std::string& alarm : state.alarms) lines.push_back("ALARM     " + alarm);
  return lines;
}

}  // namespace bellows::report
