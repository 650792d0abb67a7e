#include "bellows/trials/npy_header.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "bellows/base/checked.h"

namespace bellows::trials {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t longest_text_bytes = std::size_t{1} << 16;

// A reader for the few Python literals that such a dictionary holds.
class Literals {
 public:
  explicit Literals(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }
  bool take(std::string_view word) {
    skip_space();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  std::optional<std::string> string() {
    skip_space();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return std::nullopt;
    std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == text_.npos) return std::nullopt;
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  std::optional<std::uint64_t> number() {
    skip_space();
    std::optional<std::uint64_t> value;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      auto tens = checked_multiply(value.value_or(0), 10);
      if (tens) tens = checked_add(*tens, static_cast<std::uint64_t>(text_[at_] - '0'));
      if (!tens) return std::nullopt;
      value = tens;
    }
    take("L");  // of Python 2
    return value;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

bool read_shape(Literals& text, std::vector<std::uint64_t>& shape) {
  if (!text.take("(")) return false;
  while (!text.take(")")) {
    auto number = text.number();
    if (!number || shape.size() == 32) return false;
    shape.push_back(*number);
    if (text.take(",")) continue;
    return text.take(")");
  }
  return true;
}

}  // namespace

std::string NpyHeader::bytes() const {
  std::string out(magic);
  out.push_back(static_cast<char>(major_version));
  out.push_back(0);
  for (unsigned i = 0; i < (major_version == 1 ? 2u : 4u); ++i)
    out.push_back(static_cast<char>(text.size() >> 8 * i & 255));
  return out + text;
}

Result<NpyHeader> parse_npy_text(std::string_view text, unsigned major_version, std::uint64_t offset_bytes,
                                 const Path& file) {
  NpyHeader header{.major_version = major_version, .text = std::string(text), .descr = {}, .shape = {}};
  Literals in(text);
  bool has_descr = false, has_order = false, has_shape = false;
  auto wrong = [&](const char* expected) {
    return bad_input("header of the .npy file cannot be read", file, offset_bytes + in.at(), expected,
                     "something else");
  };
  if (!in.take("{")) return wrong("a dictionary");
  while (!in.take("}")) {
    auto key = in.string();
    if (!key || !in.take(":")) return wrong("a key and ':'");
    if (*key == "descr" && !has_descr) {
      auto value = in.string();
      if (!value)
        return bad_input("structured .npy arrays are not supported", file, offset_bytes + in.at(),
                         "one type for all columns, such as '|u1'", "a list of fields");
      header.descr = *value;
      has_descr = true;
    } else if (*key == "fortran_order" && !has_order) {
      header.fortran_order = in.take("True");
      if (!header.fortran_order && !in.take("False")) return wrong("True or False");
      has_order = true;
    } else if (*key == "shape" && !has_shape) {
      if (!read_shape(in, header.shape)) return wrong("a shape such as (1000, 4)");
      has_shape = true;
    } else {
      return wrong("descr, fortran_order and shape, once each");
    }
    if (in.take(",")) continue;
    if (!in.take("}")) return wrong("'}'");
    break;
  }
  if (!has_descr || !has_order || !has_shape || !in.at_end()) return wrong("descr, fortran_order and shape");
  return header;
}

Result<NpyHeader> read_npy_header(const File& file) {
  std::byte start[12]{};
  BELLOWS_ASSIGN(std::size_t got, file.read_some(std::span(start).first(8)));
  if (got < 8 || std::memcmp(start, magic.data(), magic.size()) != 0)
    return bad_input("not a .npy file", file.path(), 0, "magic \\x93NUMPY", got < 8 ? "too few bytes" : "other bytes");
  auto major = static_cast<unsigned>(start[6]), minor = static_cast<unsigned>(start[7]);
  if (major < 1 || major > 3 || minor != 0)
    return bad_input(".npy file of another version", file.path(), 6, "1.0, 2.0 or 3.0",
                     fmt::format("{}.{}", major, minor));
  std::size_t length_bytes = major == 1 ? 2 : 4;
  BELLOWS_ASSIGN(got, file.read_some(std::span(start).subspan(8, length_bytes)));
  std::size_t size = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) size |= static_cast<std::size_t>(start[8 + i]) << 8 * i;
  if (got < length_bytes || size > longest_text_bytes)
    return bad_input("header of the .npy file is cut or too long", file.path(), 8,
                     fmt::format("at most {} bytes", longest_text_bytes), fmt::format("{}", size));
  std::string text(size, '\0');
  BELLOWS_ASSIGN(got, file.read_some(std::as_writable_bytes(std::span(text))));
  if (got < size)
    return bad_input(".npy file ends inside its header", file.path(), 8 + length_bytes + got,
                     fmt::format("{} bytes", size), fmt::format("{}", got));
  return parse_npy_text(text, major, 8 + length_bytes, file.path());
}

NpyHeader make_npy_header(std::uint64_t trial_count) {
  NpyHeader header{.text = fmt::format("{{'descr': '|u1', 'fortran_order': False, 'shape': ({}, 4), }}", trial_count),
                   .descr = "|u1",
                   .shape = {trial_count, 4}};
  // As NumPy does it: the array starts at a multiple of 64 bytes, the text ends with a new line.
  while ((10 + header.text.size() + 1) % 64 != 0) header.text.push_back(' ');
  header.text.push_back('\n');
  return header;
}

}  // namespace bellows::trials
