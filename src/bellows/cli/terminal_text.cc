#include "bellows/cli/terminal_text.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "bellows/base/text.h"

namespace bellows::cli {
namespace {

// How long a colour of ours is that begins here; 0: none does.
std::size_t own_colour_size(std::string_view text) {
  for (std::string_view own : {"\033[0m", "\033[32m", "\033[33m", "\033[1;31m"})
    if (text.starts_with(own)) return own.size();
  return 0;
}

}  // namespace

void write_text(std::FILE* to, std::string_view text) { std::fwrite(text.data(), 1, text.size(), to); }

bool nobody_listens() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

bool finish_stdout() { return (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) || nobody_listens(); }

std::string terminal_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const std::size_t own = text[i] == '\033' ? own_colour_size(text.substr(i)) : 0; own > 0) {
      out.append(text.substr(i, own));
      i += own - 1;
    } else if (const std::size_t hidden = hidden_character_bytes(text.substr(i));
               hidden > 0 && text[i] != '\n' && text[i] != '\t') {
      out += '?';
      i += hidden - 1;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string terminal_word(std::string_view text) { return visible_text(text, "?"); }

unsigned stdout_columns() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80u;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns, std::size_t indent) {
  columns = std::max<std::size_t>(columns, indent + 10);
  auto shown = [](std::string_view part) {
    return static_cast<std::size_t>(std::count_if(part.begin(), part.end(), [](char c) { return (c & 0xC0) != 0x80; }));
  };
  if (shown(text) <= columns) return {std::string(text)};
  std::vector<std::string> lines;
  std::string line;
  std::size_t used = 0;
  bool words = false;  // in this line; spaces between words that stay in one line stay as they are
  for (std::size_t from = 0; from < text.size();) {
    std::size_t word = std::min(text.find_first_not_of(' ', from), text.size());
    std::size_t end = std::min(text.find(' ', word), text.size());
    const std::size_t needed = shown(text.substr(from, end - from));
    if (words && used + needed > columns) {
      lines.push_back(std::move(line));
      line = std::string(indent, ' ');
      used = indent;
      from = word;
    }
    line += text.substr(from, end - from);
    used += shown(text.substr(from, end - from));
    words = true;
    from = end;
  }
  lines.push_back(std::move(line));
  return lines;
}

}  // namespace bellows::cli
