#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <optional>
#include <vector>

#include "bellows/trials/foreign.h"

namespace bellows::trials {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
constexpr std::size_t longest_line_bytes = std::size_t{1} << 16;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view column_names = "xyab";

std::string_view trimmed(std::string_view text) {
  auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t at = 0;;) {
    std::size_t comma = line.find(',', at);
    fields.push_back(line.substr(at, comma == line.npos ? line.npos : comma - at));
    if (comma == line.npos) return fields;
    at = comma + 1;
  }
}

std::string shown(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126) c = '?';
  return "'" + out + (text.size() > 40 ? "...'" : "'");
}

bool is_whole_number(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool looks_like_time(std::string_view name) {
  std::string lower;
  for (char c : name) lower.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  for (const char* word : {"time", "stamp", "tag", "chan", "event", "detector"})
    if (lower.find(word) != lower.npos) return true;
  return lower == "t" || lower == "ts" || lower == "ch" || lower == "ns" || lower == "ps";
}

class CsvSource final : public RecordSource {
 public:
  explicit CsvSource(File file) : file_(std::move(file)) {}

  Status read_head() {
    BELLOWS_TRY(look_at_end());
    BELLOWS_TRY(fill());
    if (end_ - at_ >= byte_order_mark.size() &&
        std::string_view(buffer_.data() + at_, byte_order_mark.size()) == byte_order_mark) {
      has_byte_order_mark_ = true;
      at_ += byte_order_mark.size();
    }
    BELLOWS_ASSIGN(auto line, next_line());
    if (!line) return {};
    newline_ = line_has_return_ ? "\r\n" : "\n";
    std::string_view first = trimmed(*line);
    bool is_head = !first.empty() && (first.front() == '#' || std::isalpha(static_cast<unsigned char>(first.front())));
    if (first == "nan" || first.substr(0, 4) == "nan,") is_head = false;
    if (!is_head) {
      at_ = line_start_;  // it is data: read it again
      --line_number_;
      end_of_lines_ = false;
      return {};
    }
    head_ = std::string(*line);
    if (first.front() == '#') first.remove_prefix(1);
    return take_columns(first);
  }

  Status fill_records(std::span<std::uint8_t> dirty_out_records, std::size_t& done) override {
    while (done < dirty_out_records.size()) {
      done += read_plain_lines(dirty_out_records.subspan(done));
      if (done == dirty_out_records.size()) break;
      BELLOWS_ASSIGN(auto line, next_line());
      if (!line) break;
      if (trimmed(*line).empty()) {
        is_exact_ = false;
        continue;
      }
      BELLOWS_ASSIGN(dirty_out_records[done], parse_line(*line));
      ++done;
    }
    return {};
  }

  nlohmann::json dialect() const override {
    std::string order;
    for (unsigned column : columns_) order.push_back(column_names[column]);
    nlohmann::json value = {{"columns", order}, {"newline", newline_}, {"final_newline", has_final_newline_}};
    if (head_) value["header"] = *head_;
    if (has_byte_order_mark_) value["byte_order_mark"] = true;
    return value;
  }
  bool is_exact() const override { return is_exact_; }
  std::uint64_t bytes_done() const override { return base_offset_ + at_; }

 private:
  Error wrong(std::string message, std::string expected, std::string got, std::uint64_t place_in_line = 0) const {
    return bad_input(fmt::format("line {}: {}", line_number_, message), file_.path(),
                     base_offset_ + line_start_ + place_in_line, std::move(expected), std::move(got));
  }

  // A regular file tells beforehand how long it is and how it ends; a pipe counts as ending with a new line.
  Status look_at_end() {
    BELLOWS_ASSIGN(std::uint64_t size, file_.size_bytes());
    buffer_.resize(size == 0 ? buffer_bytes : std::min<std::uint64_t>(buffer_bytes, size + 64));
    if (size == 0) return {};
    std::byte last{};
    BELLOWS_ASSIGN(std::size_t got, file_.read_some_at(std::span(&last, 1), size - 1));
    has_final_newline_ = got == 0 || last == std::byte{'\n'};
    return {};
  }

  // Moves what is left to the front and reads on.
  Status fill() {
    std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
    base_offset_ += at_;
    end_ -= at_;
    at_ = 0;
    BELLOWS_ASSIGN(std::size_t got, file_.read_some(std::as_writable_bytes(std::span(buffer_)).subspan(end_)));
    is_at_end_ = end_ + got < buffer_.size();
    end_ += got;
    return {};
  }

  // The next line without its end, or nothing at the end of the file.
  Result<std::optional<std::string_view>> next_line() {
    if (end_of_lines_) return std::optional<std::string_view>();
    for (;;) {
      const char* start = buffer_.data() + at_;
      const void* found = std::memchr(start, '\n', end_ - at_);
      std::size_t size = found ? static_cast<std::size_t>(static_cast<const char*>(found) - start) : end_ - at_;
      ++line_number_;
      line_start_ = at_;
      if (size > longest_line_bytes || size == buffer_.size())
        return wrong("is too long for trial records", "x,y,a,b", "64 KiB and more");
      if (!found && !is_at_end_) {
        --line_number_;
        BELLOWS_TRY(fill());
        continue;
      }
      if (!found && size == 0) {
        end_of_lines_ = true;
        return std::optional<std::string_view>();
      }
      std::string_view line(start, size);
      at_ += size + (found ? 1 : 0);
      if (!found) end_of_lines_ = true;
      line_has_return_ = !line.empty() && line.back() == '\r';
      line_is_ended_ = found != nullptr;
      if (line_has_return_) line.remove_suffix(1);
      return std::optional(line);
    }
  }

  Status take_columns(std::string_view head) {
    std::vector<std::string_view> names = fields_of(head);
    std::array<bool, 4> seen{};
    std::vector<unsigned> columns;
    for (std::string_view name : names) {
      name = trimmed(name);
      std::size_t which = name.size() == 1
                              ? column_names.find(static_cast<char>(std::tolower(static_cast<unsigned char>(name[0]))))
                              : column_names.npos;
      if (which == column_names.npos) {
        if (looks_like_time(name))
          return wrong("event lists with time stamps are not supported yet", "columns x, y, a, b", shown(name));
        return wrong("a column that is none of x, y, a, b", "columns x, y, a, b", shown(name));
      }
      if (seen[which]) return wrong("a column stands twice", "columns x, y, a, b", shown(name));
      seen[which] = true;
      columns.push_back(static_cast<unsigned>(which));
    }
    if (columns.size() != 4) return wrong("columns are missing", "columns x, y, a, b", shown(head));
    std::copy_n(columns.begin(), 4, columns_.begin());
    return {};
  }

  // Lines that are exactly "d,d,d,d" and the line end of the file, as many as the buffer holds: nearly every line of
  // nearly every file. Stops before anything else.
  std::size_t read_plain_lines(std::span<std::uint8_t> out) {
    const std::size_t step = 7 + newline_.size();
    const unsigned shift[4] = {3 - columns_[0], 3 - columns_[1], 3 - columns_[2], 3 - columns_[3]};
    std::size_t done = 0;
    while (done < out.size() && end_ - at_ >= step) {
      const char* line = buffer_.data() + at_;
      std::uint64_t text = 0;
      std::memcpy(&text, line, 7);
      if ((text ^ 0x00302c302c302c30) & ~std::uint64_t{0x0001000100010001}) break;
      if (std::memcmp(line + 7, newline_.data(), newline_.size()) != 0) break;
      out[done++] = static_cast<std::uint8_t>((text & 1) << shift[0] | (text >> 16 & 1) << shift[1] |
                                              (text >> 32 & 1) << shift[2] | (text >> 48 & 1) << shift[3]);
      at_ += step;
      ++line_number_;
    }
    return done;
  }

  Result<std::uint8_t> parse_line(std::string_view line) {
    std::vector<std::string_view> fields = fields_of(line);
    if (fields.size() != 4)
      return wrong("wrong number of columns (event lists with time stamps are not supported yet)",
                   "4 values, x,y,a,b or in the order of the header", shown(line));
    unsigned record = 0;
    std::string plain;
    for (std::size_t i = 0; i < 4; ++i) {
      std::string_view value = trimmed(fields[i]);
      auto place = static_cast<std::uint64_t>(fields[i].data() - line.data());
      char name = column_names[columns_[i]];
      if (value != "0" && value != "1") {
        bool is_outcome = columns_[i] >= 2;
        if (is_whole_number(value) || value.empty())
          return wrong(fmt::format("{} = {} is a third {}, which is not supported yet", name,
                                   value.empty() ? "nothing" : std::string(value.substr(0, 20)),
                                   is_outcome ? "outcome" : "setting"),
                       "0 or 1", shown(value), place);
        return wrong(fmt::format("{} is neither 0 nor 1", name), "0 or 1", shown(value), place);
      }
      record |= static_cast<unsigned>(value == "1") << (3 - columns_[i]);
      plain += (i ? "," : "") + std::string(value);
    }
    bool ends_as_usual = line_is_ended_ ? line_has_return_ == (newline_.size() == 2) : !line_has_return_;
    if (plain != line || !ends_as_usual || (!line_is_ended_ && has_final_newline_)) is_exact_ = false;
    return static_cast<std::uint8_t>(record);
  }

  File file_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, end_ = 0, line_start_ = 0;
  std::uint64_t base_offset_ = 0, line_number_ = 0;
  bool is_at_end_ = false, end_of_lines_ = false, line_has_return_ = false, line_is_ended_ = false;
  std::array<unsigned, 4> columns_{0, 1, 2, 3};  // what each column holds, as place in "xyab"
  std::optional<std::string> head_;
  std::string newline_ = "\n";
  bool has_final_newline_ = true, has_byte_order_mark_ = false, is_exact_ = true;
};

class CsvFormatter final : public RecordFormatter {
 public:
  CsvFormatter(std::string head, std::string columns, std::string newline, std::uint64_t last_trial_without_newline)
      : head_(std::move(head)), newline_(std::move(newline)), without_newline_(last_trial_without_newline) {
    for (std::size_t i = 0; i < 4; ++i) shift_[i] = 3 - static_cast<unsigned>(column_names.find(columns[i]));
  }
  std::string head() override { return head_; }
  void add(std::span<const std::uint8_t> records, std::string& out) override {
    for (std::uint8_t record : records) {
      char line[7] = {'0', ',', '0', ',', '0', ',', '0'};
      for (std::size_t i = 0; i < 4; ++i) line[2 * i] = static_cast<char>('0' + (record >> shift_[i] & 1));
      out.append(line, 7);
      if (++done_ != without_newline_) out += newline_;
    }
  }

 private:
  std::string head_, newline_;
  std::uint64_t without_newline_, done_ = 0;
  unsigned shift_[4]{};
};

}  // namespace

Result<std::unique_ptr<RecordSource>> open_csv_source(const Path& path) {
  BELLOWS_ASSIGN(File file, File::open_for_reading(path));
  auto source = std::make_unique<CsvSource>(std::move(file));
  BELLOWS_TRY(source->read_head());
  return std::unique_ptr<RecordSource>(std::move(source));
}

Result<std::unique_ptr<RecordFormatter>> make_csv_formatter(const nlohmann::json& dialect, std::uint64_t trial_count) {
  auto text = [&](const char* key, std::string otherwise) {
    return dialect.contains(key) && dialect[key].is_string() ? dialect[key].get<std::string>() : otherwise;
  };
  auto flag = [&](const char* key, bool otherwise) {
    return dialect.contains(key) && dialect[key].is_boolean() ? dialect[key].get<bool>() : otherwise;
  };
  std::string columns = text("columns", "xyab"), sorted = columns, newline = text("newline", "\n");
  std::sort(sorted.begin(), sorted.end());
  if (sorted != "abxy" || (newline != "\n" && newline != "\r\n"))
    return bad_input("the log's metadata do not say how its CSV file looked", {}, std::nullopt,
                     "columns and newline of a CSV file", shown(columns));
  std::string head = flag("byte_order_mark", false) ? std::string(byte_order_mark) : "";
  if (dialect.contains("header") || dialect.empty()) head += text("header", "x,y,a,b") + newline;
  bool ends_plainly = flag("final_newline", true);
  return std::unique_ptr<RecordFormatter>(
      std::make_unique<CsvFormatter>(head, columns, newline, ends_plainly ? 0 : trial_count));
}

}  // namespace bellows::trials
