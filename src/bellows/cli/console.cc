#include "bellows/cli/console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "bellows/base/threads.h"
#include "bellows/cli/terminal_text.h"

namespace bellows::cli {
namespace {

void on_signal(int) {
  // The second one means it: the default action ends the process.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  interrupt_token().cancel();
}

void write_line(std::FILE* to, std::string_view line) { write_text(to, terminal_text(line) + '\n'); }

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

CancelToken& interrupt_token() {
  static CancelToken token;
  return token;
}

void install_signal_handlers() {
  interrupt_token();
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error value of the write
}

std::string with_si_prefix(double value) {
  static constexpr std::array<const char*, 6> prefixes{"", "k", "M", "G", "T", "P"};
  std::size_t i = 0;
  while (value >= 999.5 && i + 1 < prefixes.size()) value /= 1000, ++i;
  return i == 0 ? fmt::format("{:.4g} ", value) : fmt::format("{:.3g} {}", value, prefixes[i]);
}

std::string readable_duration(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  auto whole = static_cast<std::uint64_t>(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

Console::Console(bool json, bool quiet, unsigned thread_count)
    : json_(json),
      quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) == 1),
      thread_count_(thread_count ? thread_count : available_core_count()) {
  const char* no_color = std::getenv("NO_COLOR");
  color_on_stdout_ = ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

unsigned Console::width_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80u;
}

void Console::print(std::string_view line) const {
  if (json_) return;
  leave_progress_line();
  write_line(stdout, line);
}

void print_wrapped(const Console& console, std::string_view text, std::size_t indent) {
  for (const std::string& line : wrapped(text, std::min(80u, stdout_columns()) - 1, indent)) console.print(line);
}

void Console::result(const nlohmann::json& document) const {
  // On a terminal in ASCII, so that no letter of it is a control character.
  if (!json_) return;
  leave_progress_line();
  write_line(stdout, document.dump(2, ' ', ::isatty(STDOUT_FILENO) == 1, nlohmann::json::error_handler_t::replace));
}

void Console::note(std::string_view line) const {
  leave_progress_line();
  write_line(stderr, line);
}

Context Console::context() {
  Context context{.cancel = &interrupt_token(), .thread_count = thread_count_};
  // Whoever reads a file or a pipe wants results and messages, not how far it is.
  if (!quiet_ && terminal_)
    context.progress = [this](std::string_view stage, std::uint64_t done, std::uint64_t total, std::string_view unit) {
      show_progress(stage, done, total, unit);
    };
  return context;
}

void Console::leave_progress_line() const {
  if (line_open_) std::fputc('\n', stderr);
  line_open_ = false;
}

void Console::finish_progress() {
  leave_progress_line();
  stage_.clear();
}

void Console::show_progress(std::string_view stage, std::uint64_t done, std::uint64_t total, std::string_view unit) {
  auto now = std::chrono::steady_clock::now();
  if (stage != stage_) {
    finish_progress();
    stage_ = stage;
    stage_start_ = last_shown_ = now;
  }
  double since_shown = seconds_between(last_shown_, now), elapsed = seconds_between(stage_start_, now);
  bool at_end = total > 0 && done >= total;
  if (since_shown < 0.1 && !at_end) return;
  last_shown_ = now;
  double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  std::string line = fmt::format("{}: {}{}", stage, with_si_prefix(static_cast<double>(done)), unit);
  if (total > 0)
    line += fmt::format(" of {}{} ({:.0f} %)", with_si_prefix(static_cast<double>(total)), unit,
                        100.0 * static_cast<double>(done) / static_cast<double>(total));
  if (rate > 0) line += fmt::format(", {}{}/s", with_si_prefix(rate), unit);
  if (rate > 0 && total > done)
    line += fmt::format(", {} left", readable_duration(static_cast<double>(total - done) / rate));
  line.resize(std::min<std::size_t>(line.size(), width_columns() - 1));
  write_text(stderr, "\r\033[K" + line);
  std::fflush(stderr);
  line_open_ = true;
}

}  // namespace bellows::cli
