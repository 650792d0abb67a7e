#include "bellows/cli/terminal_text.h"

#include <algorithm>

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

std::string terminal_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (const std::size_t size = byte == 27 ? own_colour_size(text.substr(i)) : 0; size > 0) {
      out.append(text.substr(i, size));
      i += size - 1;
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {  // U+0080 to U+009F: control characters in one byte more
      out += '?';
      ++i;
    } else {
      out += (byte < 32 && byte != '\n' && byte != '\t') || byte == 127 ? '?' : text[i];
    }
  }
  return out;
}

std::string terminal_word(std::string_view text) {
  std::string out = terminal_text(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\t' || c == 27; }, '?');
  return out;
}

}  // namespace bellows::cli
