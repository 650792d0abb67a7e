#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "bellows/cli/command.h"
#include "bellows/cli/terminal_text.h"
#include "bellows/numeric/ranges.h"
#include "bellows/report/html_text.h"
#include "bellows/report/watch_server.h"
#include "bellows/report/watch_state.h"

namespace bellows::cli {
namespace {

constexpr const char* manual = R"(Follows a trial log that is being written: S by block, the score against the
plan's thresholds, the bits to be expected if the score stays until the plan's
end, rate and time left, and alarms on drift, on settings that the claimed bias
does not allow, on a marginal that depends on the other party's setting, and on
a writer that has stopped. Alarms help whoever runs the experiment; they are no
part of the proof and change no verdict.

The log is opened for reading only and not locked: the writer is not disturbed.
It ends when the log is complete, or with Ctrl-C. On a terminal the lines stay
in place; elsewhere there is one line for each change, with --json one JSON
document a line. --html PORT also serves a page that updates itself, on the
loopback and only to the same user; port 0 takes a free one.

The plan is read from --plan, or from plan.json beside the log.

Examples:
  bellows watch run/log.trials
  bellows watch --html 8080 --plan plan.toml night.trials
  bellows watch --once --json run/log.trials)";

struct Options {
  std::string log, plan, mu, relabel;
  bool once = false;
  int port = -1;
  double interval_seconds = 2;
};

Result<report::WatchOptions> watch_options(const Options& options) {
  report::WatchOptions out;
  Path beside = Path(options.log).parent_path() / "plan.json";
  std::error_code ignored;
  if (!options.plan.empty()) {
    BELLOWS_ASSIGN(out.plan, plan::read_plan(options.plan));
  } else if (std::filesystem::exists(beside, ignored)) {
    BELLOWS_ASSIGN(out.plan, plan::read_plan(beside));
  }
  if (!options.mu.empty()) {
    BELLOWS_ASSIGN(numeric::Exact mu, numeric::Exact::parse(options.mu));
    BELLOWS_TRY(numeric::check_bias(mu));
    out.mu = mu.approximate();
  }
  BELLOWS_ASSIGN(out.relabelling, trials::Relabelling::parse(options.relabel));
  return out;
}

// On a terminal the lines fit it; whoever reads a file or a pipe wants one line for each thing.
std::vector<std::string> fitting_lines(const report::WatchState& state, const std::string& name) {
  const unsigned columns = stdout_columns();
  std::vector<std::string> lines = report::watch_lines(state, terminal_word(name), columns);
  if (::isatty(STDOUT_FILENO) != 1) return lines;
  std::vector<std::string> out;
  for (const std::string& line : lines)
    for (std::string& part : wrapped(line, columns - 1, 10)) out.push_back(std::move(part));
  return out;
}

class Screen {
 public:
  Screen(const Console& console, bool in_place) : console_(console), in_place_(in_place) {}
  void show(const report::WatchState& state, const std::string& name) {
    if (console_.json()) {
      write_text(stdout, report::to_json(state).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
      finish_stdout();
      return;
    }
    std::vector<std::string> lines = fitting_lines(state, name);
    if (!in_place_) {
      std::string one;
      for (const std::string& line : lines) one += (one.empty() ? "" : " | ") + line;
      write_text(stdout, one + "\n");
      finish_stdout();
      return;
    }
    if (drawn_ > 0) write_text(stdout, fmt::format("\033[{}A", drawn_));
    bool alarm = false;
    for (const std::string& line : lines) {
      alarm = line.starts_with("ALARM") || (alarm && line.starts_with(' '));
      write_text(stdout, fmt::format("\033[K{}\n",
                                     alarm && console_.color_on_stdout() ? "\033[1;31m" + line + "\033[0m" : line));
    }
    write_text(stdout, "\033[J");
    drawn_ = lines.size();
    finish_stdout();
  }

 private:
  const Console& console_;
  bool in_place_;
  std::size_t drawn_ = 0;
};

Result<Verdict> run(const Options& options, Console& console) {
  if (!(options.interval_seconds >= 0.1 && options.interval_seconds <= 3600))
    return usage_error("interval out of range", "0.1 to 3600 seconds", fmt::format("{}", options.interval_seconds));
  BELLOWS_ASSIGN(report::WatchOptions wishes, watch_options(options));
  BELLOWS_ASSIGN(report::LogWatch watch, report::LogWatch::open(options.log, std::move(wishes)));
  std::string name = Path(options.log).filename().string();
  Context context = console.context();
  BELLOWS_TRY(watch.refresh(context));
  console.finish_progress();
  if (options.once) {
    report::WatchState state = watch.state();
    for (const std::string& line : fitting_lines(state, name)) console.print(line);
    for (const std::string& line : wrapped(report::alarms_are_no_proof, stdout_columns() - 1)) console.print(line);
    console.result(report::to_json(state));
    return Verdict::done;
  }
  std::optional<report::WatchServer> server;
  if (options.port >= 0) {
    BELLOWS_ASSIGN(report::WatchServer listening,
                   report::WatchServer::listen(static_cast<std::uint16_t>(options.port)));
    server.emplace(std::move(listening));
    console.note(fmt::format("page: {}", server->url()));
  }
  console.note(report::alarms_are_no_proof);
  Screen screen(console, ::isatty(STDOUT_FILENO) == 1);
  bool changed = true;
  for (;;) {
    report::WatchState state = watch.state();
    if (changed || ::isatty(STDOUT_FILENO) == 1) screen.show(state, name);
    if (!finish_stdout()) return bad_input("cannot write to standard output");
    if (nobody_listens() && !server) return Verdict::done;
    if (state.complete && !server) return Verdict::done;
    auto wait = static_cast<int>(options.interval_seconds * 1000);
    if (server) {
      auto json = [&] { return report::json_for_page(watch.page_state()); };
      server->serve(
          wait, [&] { return report::watch_page(name, json(), watch.mu().has_value()); }, json);
    } else {
      for (; wait > 0 && context.check_cancelled().ok(); wait -= 100)
        std::this_thread::sleep_for(std::chrono::milliseconds(std::min(wait, 100)));
    }
    BELLOWS_TRY(context.check_cancelled());
    BELLOWS_ASSIGN(changed, watch.refresh(Context{}));
  }
}

}  // namespace

void add_watch(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("watch", "follow a trial log that is being written", manual);
  verb.add_option("LOG", options->log, "trial log")->required();
  verb.add_option("--plan", options->plan, "the plan of the run (default: plan.json beside the log)")
      ->type_name("FILE");
  verb.add_option("--mu", options->mu, "bias that the source's owner claims (default: the plan's)")->type_name("X");
  verb.add_option("--relabel", options->relabel, "read the trials with this relabelling, for show only")
      ->type_name("SPEC");
  verb.add_option("--html", options->port, "serve a page on this port of the loopback; 0: a free one")
      ->check(CLI::Range(0, 65535))
      ->type_name("PORT");
  verb.add_option("--interval", options->interval_seconds, "seconds between two looks")->capture_default_str();
  verb.add_flag("--once", options->once, "look once and end");
  line.on_run(verb, [options](Console& console) { return run(*options, console); });
}

}  // namespace bellows::cli
