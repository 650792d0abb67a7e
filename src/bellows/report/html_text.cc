#include "bellows/report/html_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bellows/base/text.h"

namespace bellows::report {

std::string escape_html(std::string_view text, std::size_t most_bytes) {
  std::string out;
  bool cut = text.size() > most_bytes;
  if (cut) {
    text = text.substr(0, most_bytes);
    // Not inside a character of several bytes.
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.remove_suffix(1);
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.remove_suffix(1);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (const std::size_t hidden = hidden_character_bytes(text.substr(i)); hidden > 0 && c != '\n' && c != '\t') {
      out += "\xEF\xBF\xBD";
      i += hidden - 1;
      continue;
    }
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  if (cut) out += "…";
  return out;
}

std::string json_for_page(const nlohmann::json& document) {
  // dump() writes null for numbers that JSON has no word for, and \uXXXX for all that is not ASCII.
  std::string text = document.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c == '<' || c == '>' || c == '&')
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out;
}

std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value), out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string readable(double value, int digits) {
  if (!std::isfinite(value)) return "–";
  return fmt::format("{:.{}g}", value, digits);
}

std::string readable_bits(double bits) {
  if (!std::isfinite(bits)) return "–";
  double size = std::fabs(bits);
  if (size >= 1e9) return fmt::format("{:.4g} Gbit", bits / 1e9);
  if (size >= 1e6) return fmt::format("{:.4g} Mbit", bits / 1e6);
  if (size >= 1e3) return fmt::format("{:.4g} kbit", bits / 1e3);
  return fmt::format("{:.4g} bit", bits);
}

std::string base64(std::string_view bytes) {
  constexpr const char* letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? letters[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace bellows::report
