#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace bellows::report {

/// Text from files for a page: & < > " ' become entities, control characters a visible mark, long text is cut.
std::string escape_html(std::string_view text, std::size_t most_bytes = 2000);

/// JSON that may stand in a script element: no <, > or &, no line separators; numbers that are none become null.
std::string json_for_page(const nlohmann::json& document);

/// 1234567 -> "1,234,567".
std::string grouped(std::uint64_t value);

/// 0.00296 -> "0.00296"; up to `digits` significant digits, no exponent for ordinary sizes; "–" where it is no number.
std::string readable(double value, int digits = 6);

/// 226800000 -> "226.8 Mbit".
std::string readable_bits(double bits);

/// Bytes as text for a data: URL.
std::string base64(std::string_view bytes);

}  // namespace bellows::report
