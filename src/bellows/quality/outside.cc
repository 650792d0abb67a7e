#include "bellows/quality/outside.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bellows/quality/special_functions.h"

extern char** environ;

namespace bellows::quality {
namespace {

// What a program found on PATH prints; dieharder tells of rewinds on standard error.
Result<std::string> output_of(const std::vector<std::string>& words, const Context& context) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("cannot make a pipe", "", errno);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  int failure = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failure != 0) {
    ::close(ends[0]);
    return usage_error(fmt::format("cannot run {0}; is the package {0} installed?", words[0]));
  }
  std::string text;
  bool cancelled_here = false;
  char buffer[4096];
  for (;;) {
    if (!cancelled_here && !context.check_cancelled().ok()) {
      ::kill(child, SIGTERM);
      cancelled_here = true;
    }
    pollfd waiting{ends[0], POLLIN, 0};
    if (::poll(&waiting, 1, 200) == 0) continue;
    ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (cancelled_here) return cancelled();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    return usage_error(fmt::format("cannot run {0}; is the package {0} installed?", words[0]));
  if (!WIFEXITED(status)) return internal_error(fmt::format("{} was ended by signal {}", words[0], WTERMSIG(status)));
  return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    auto first = part.find_first_not_of(" \t\r"), last = part.find_last_not_of(" \t\r");
    parts.push_back(first == std::string::npos ? "" : part.substr(first, last - first + 1));
  }
  return parts;
}

template <class Number>
std::optional<Number> parse(const std::string& text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<MemoryFile> MemoryFile::create() {
  int descriptor = ::memfd_create("bellows-bits", MFD_CLOEXEC);
  if (descriptor < 0) return system_error("cannot hold the bits in memory", "", errno);
  return MemoryFile(descriptor);
}

MemoryFile::~MemoryFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status MemoryFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("cannot hold the bits in memory", "", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

std::string MemoryFile::path() const { return fmt::format("/proc/{}/fd/{}", ::getpid(), descriptor_); }

Result<std::vector<int>> dieharder_tests() {
  BELLOWS_ASSIGN(std::string text, output_of({"dieharder", "-l"}, Context{}));
  std::vector<int> numbers;
  for (const std::string& line : split(text, '\n')) {
    // "-d 101    STS Runs Test    Good"
    if (line.rfind("-d ", 0) != 0 || line.find("Do Not Use") != std::string::npos) continue;
    std::size_t end = line.find_first_of(" \t", 3);
    if (auto number = parse<int>(line.substr(3, end - 3))) numbers.push_back(*number);
  }
  if (numbers.empty()) return internal_error("the list of dieharder's tests is not understood");
  return numbers;
}

Result<std::vector<DieharderRow>> run_dieharder(const std::string& file, const std::vector<int>& tests,
                                                const Context& context) {
  BELLOWS_ASSIGN(std::vector<int> known, dieharder_tests());
  for (int number : tests)
    if (std::find(known.begin(), known.end(), number) == known.end())
      return usage_error("dieharder has no usable test of this number", "a number of `dieharder -l`",
                         fmt::format("{}", number));
  std::vector<DieharderRow> rows;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    context.report("dieharder", i, tests.size(), "tests");
    // Each test in a process of its own: then the count of rewinds is its own, too.
    BELLOWS_ASSIGN(std::string text,
                   output_of({"dieharder", "-d", std::to_string(tests[i]), "-g", "201", "-f", file}, context));
    std::uint64_t rewound = 0;
    for (const std::string& line : split(text, '\n')) {
      constexpr std::string_view rewound_words = "was rewound ";
      if (std::size_t at = line.find(rewound_words); at != std::string::npos) {
        std::size_t from = at + rewound_words.size();
        rewound = parse<std::uint64_t>(line.substr(from, line.find(' ', from) - from)).value_or(1);
        continue;
      }
      std::vector<std::string> fields = split(line, '|');
      if (line.rfind('#', 0) == 0 || fields.size() != 6) continue;
      auto ntuple = parse<int>(fields[1]);
      auto p_value = parse<double>(fields[4]);
      if (!ntuple || !p_value) continue;
      RowStatus status = rewound > 0                                     ? RowStatus::invalid
                         : fields[5].find("FAILED") != std::string::npos ? RowStatus::failed
                                                                         : RowStatus::passed;
      rows.push_back({tests[i], fields[0], *ntuple, *p_value, fields[5], rewound, status});
    }
  }
  if (rows.empty() && !tests.empty()) return internal_error("dieharder's output is not understood");
  context.report("dieharder", tests.size(), tests.size(), "tests");
  return rows;
}

Result<EntReport> run_ent(const std::string& file, const Context& context) {
  BELLOWS_ASSIGN(std::string text, output_of({"ent", "-t", file}, context));
  std::vector<std::string> lines = split(text, '\n');
  std::vector<std::string> fields = lines.size() >= 2 ? split(lines[1], ',') : std::vector<std::string>{};
  // 1,File-bytes,Entropy,Chi-square,Mean,Monte-Carlo-Pi,Serial-Correlation
  if (fields.size() != 7) return internal_error("ent's output is not understood");
  EntReport report;
  double* targets[] = {&report.entropy_bits_per_byte, &report.chi_square, &report.mean_byte, &report.monte_carlo_pi,
                       &report.serial_correlation};
  for (std::size_t i = 0; i < 5; ++i) {
    auto value = parse<double>(fields[i + 2]);
    // ent prints a number that is no number where bytes are all alike.
    *targets[i] = value && std::isfinite(*value) ? *value : 0.0;
  }
  report.chi_square_p_value = chi_square_tail(255.0, report.chi_square);
  return report;
}

nlohmann::json dieharder_json(const std::vector<DieharderRow>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const DieharderRow& row : rows)
    list.push_back({{"number", row.number},
                    {"test", row.test},
                    {"ntuple", row.ntuple},
                    {"p_value", row.p_value},
                    {"assessment", row.assessment},
                    {"times_rewound", row.times_rewound},
                    {"status", row_status_name(row.status)}});
  return list;
}

nlohmann::json ent_json(const EntReport& report) {
  return {{"entropy_bits_per_byte", report.entropy_bits_per_byte},
          {"chi_square", report.chi_square},
          {"chi_square_p_value", report.chi_square_p_value},
          {"mean_byte", report.mean_byte},
          {"monte_carlo_pi", report.monte_carlo_pi},
          {"serial_correlation", report.serial_correlation}};
}

}  // namespace bellows::quality
