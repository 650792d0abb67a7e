#include "bellows/base/text.h"

#include <algorithm>
#include <cstdint>

namespace bellows {
namespace {

struct Span {
  std::uint32_t first, last;
};
// Unicode 15, general categories Cc, Cf, Zl and Zp, without the joiners U+200C and U+200D, which some scripts need.
constexpr Span hidden[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},
                           {0x180E, 0x180E}, {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E},
                           {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};

}  // namespace

std::size_t hidden_character_bytes(std::string_view text) {
  if (text.empty()) return 0;
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80             ? 1
                           : (lead & 0xE0) == 0xC0 ? 2
                           : (lead & 0xF0) == 0xE0 ? 3
                           : (lead & 0xF8) == 0xF0 ? 4
                                                   : 0;
  if (size == 0 || size > text.size()) return 0;
  std::uint32_t code = size == 1 ? lead : lead & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte & 0x3Fu);
  }
  return std::any_of(std::begin(hidden), std::end(hidden),
                     [&](const Span& span) { return span.first <= code && code <= span.last; })
             ? size
             : 0;
}

std::string visible_text(std::string_view text, std::string_view instead) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t size = hidden_character_bytes(text.substr(i)); size > 0) {
      out += instead;
      i += size;
    } else {
      out += text[i++];
    }
  }
  return out;
}

}  // namespace bellows
