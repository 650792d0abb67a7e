#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bellows/base/progress.h"

namespace bellows::cli {

/// Where a verb prints. Results go to standard output, messages and progress to standard error.
class Console {
 public:
  /// In: json: results as one JSON document; quiet: no progress; thread_count: 0 means all cores.
  Console(bool json, bool quiet, unsigned thread_count);

  bool json() const { return json_; }
  bool color_on_stdout() const { return color_on_stdout_; }
  /// Columns of the terminal on standard error, 80 where it is none.
  static unsigned width_columns();

  /// Text result; left out with --json, where result() gives everything.
  void print(std::string_view line) const;
  /// The JSON result; left out without --json.
  void result(const nlohmann::json& document) const;
  /// A message on standard error.
  void note(std::string_view line) const;

  /// For the library: progress shown on this console, Ctrl-C as cancellation, threads as asked.
  Context context();
  /// Ends a progress line that stands open on a terminal.
  void finish_progress();

 private:
  // A result or a message begins a line of its own; the progress behind it goes on in another.
  void leave_progress_line() const;
  void show_progress(std::string_view stage, std::uint64_t done, std::uint64_t total, std::string_view unit);

  bool json_, quiet_, terminal_, color_on_stdout_;
  unsigned thread_count_;
  std::string stage_;
  std::chrono::steady_clock::time_point stage_start_{}, last_shown_{};
  mutable bool line_open_ = false;
};

/// A text result in lines of less than 80 columns, or of what the terminal has; all but the first begin with `indent` spaces.
void print_wrapped(const Console& console, std::string_view text, std::size_t indent = 0);

/// The token that Ctrl-C and SIGTERM set, once install_signal_handlers() ran.
CancelToken& interrupt_token();
void install_signal_handlers();

/// 1234567 -> "1.23 M"; for rates and counts that people read.
std::string with_si_prefix(double value);
/// 3671 s -> "1 h 01 min".
std::string readable_duration(double seconds);

}  // namespace bellows::cli
