#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bellows {

/// Length in bytes of the character at the beginning of UTF-8 text, if it is one that a name of somebody else must not
/// bring to a person's eyes: a control character, or one of Unicode that shows nothing itself and reorders, hides or
/// breaks what stands around it (directions and their overrides, zero widths, line and paragraph separators, tags).
/// 0: it is none.
std::size_t hidden_character_bytes(std::string_view text);

/// The text with `instead` for each of them.
std::string visible_text(std::string_view text, std::string_view instead);

}  // namespace bellows
