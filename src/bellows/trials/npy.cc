#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "bellows/base/checked.h"
#include "bellows/trials/foreign.h"
#include "bellows/trials/npy_header.h"

namespace bellows::trials {
namespace {

constexpr std::string_view column_names = "xyab";

struct ElementType {
  std::size_t size_bytes = 1;
  bool big_endian = false;
};

Result<ElementType> element_type(const std::string& descr, const Path& file) {
  auto wrong = [&] {
    return bad_input("type of the .npy array is not supported", file, 10, "booleans or integers (|b1, |u1, <i8...)",
                     "'" + descr.substr(0, 40) + "'");
  };
  if (descr.size() != 3 || std::string_view("|<>=").find(descr[0]) == std::string_view::npos) return wrong();
  if (std::string_view("bui").find(descr[1]) == std::string_view::npos) return wrong();
  if (std::string_view("1248").find(descr[2]) == std::string_view::npos) return wrong();
  if (descr[1] == 'b' && descr[2] != '1') return wrong();
  return ElementType{static_cast<std::size_t>(descr[2] - '0'), descr[0] == '>'};
}

Result<std::uint64_t> trials_in(const NpyHeader& header, std::size_t element_bytes, const Path& file) {
  if (header.shape.size() != 2 || header.shape[1] != 4) {
    std::string shape;
    for (std::uint64_t size : header.shape) shape += fmt::format("{}{}", shape.empty() ? "" : ", ", size);
    return bad_input(".npy array of the wrong shape (event lists are not supported yet)", file, 10,
                     "(n, 4) with columns x, y, a, b", "(" + shape + ")");
  }
  if (!checked_multiply(header.shape[0], 4 * element_bytes))
    return bad_input(".npy array with an impossible shape", file, 10, "a size that a file can have",
                     fmt::format("{} trials", header.shape[0]));
  return header.shape[0];
}

class NpySource final : public RecordSource {
 public:
  NpySource(File file, NpyHeader header, ElementType type, std::uint64_t trials)
      : file_(std::move(file)), header_(std::move(header)), type_(type), trials_(trials) {
    start_bytes_ = header_.bytes().size();
  }

  Status check_size() {
    BELLOWS_ASSIGN(std::uint64_t size, file_.size_bytes());
    if (size == 0) {
      if (header_.fortran_order)
        return bad_input("a Fortran-ordered .npy array cannot come from a pipe", file_.path(), start_bytes_,
                         "a regular file", "a pipe");
      return {};
    }
    std::uint64_t wanted = start_bytes_ + trials_ * 4 * type_.size_bytes;
    if (size == wanted) return {};
    return bad_input(size < wanted ? ".npy file ends early" : ".npy file is longer than its header says", file_.path(),
                     std::min(size, wanted), fmt::format("{} bytes", wanted), fmt::format("{}", size));
  }

  Status fill_records(std::span<std::uint8_t> dirty_out_records, std::size_t& done) override {
    std::size_t count = std::min<std::uint64_t>(dirty_out_records.size(), trials_ - done_);
    auto records = dirty_out_records.first(count);
    std::fill(records.begin(), records.end(), std::uint8_t{0});
    const std::size_t size = type_.size_bytes;
    // The four numbers of a trial follow each other, or (Fortran) all numbers of a column do.
    const unsigned columns_at_once = header_.fortran_order ? 1 : 4;
    buffer_.resize(count * columns_at_once * size);
    for (unsigned column = 0; column < 4; column += columns_at_once) {
      std::uint64_t offset = start_bytes_ + (header_.fortran_order ? column * trials_ + done_ : done_ * 4) * size;
      BELLOWS_ASSIGN(std::size_t got,
                     header_.fortran_order ? file_.read_some_at(buffer_, offset) : file_.read_some(buffer_));
      const std::size_t whole_trials = got / (size * columns_at_once);
      const std::byte* from = buffer_.data();
      for (std::size_t trial = 0; trial < whole_trials; ++trial) {
        unsigned record = records[trial];
        for (unsigned c = column; c < column + columns_at_once; ++c, from += size) {
          std::uint64_t value = element(from);
          if (value > 1) {
            // By columns nothing is whole yet.
            done = columns_at_once == 4 ? trial : 0;
            return third_value(c, value, trial, offset + static_cast<std::uint64_t>(from - buffer_.data()));
          }
          record |= static_cast<unsigned>(value) << (3 - c);
        }
        records[trial] = static_cast<std::uint8_t>(record);
      }
      if (columns_at_once == 4) done = whole_trials;
      BELLOWS_TRY(whole(got, offset));
    }
    done = count;
    done_ += count;
    return {};
  }

  nlohmann::json dialect() const override {
    return {{"npy_version", header_.major_version}, {"npy_header", header_.text}};
  }
  std::uint64_t bytes_done() const override { return start_bytes_ + done_ * 4 * type_.size_bytes; }

 private:
  Status whole(std::size_t got, std::uint64_t offset) const {
    if (got == buffer_.size()) return {};
    return bad_input(".npy file ends early", file_.path(), offset + got, fmt::format("{} trials", trials_),
                     fmt::format("{} more bytes missing", buffer_.size() - got));
  }

  std::uint64_t element(const std::byte* from) const {
    std::uint64_t value = 0;
    if (type_.size_bytes == 1) return static_cast<std::uint64_t>(*from);
    std::memcpy(&value, from, type_.size_bytes);
    return type_.big_endian ? __builtin_bswap64(value) >> (64 - 8 * type_.size_bytes) : value;
  }

  Error third_value(unsigned column, std::uint64_t value, std::uint64_t trial, std::uint64_t offset) const {
    return bad_input(fmt::format("trial {}: a third {}, which is not supported yet", done_ + trial,
                                 column >= 2 ? "outcome" : "setting"),
                     file_.path(), offset, "0 or 1", fmt::format("{} = {}", column_names[column], value));
  }

  File file_;
  NpyHeader header_;
  ElementType type_;
  std::uint64_t trials_, start_bytes_ = 0, done_ = 0;
  std::vector<std::byte> buffer_;
};

class NpyFormatter final : public RecordFormatter {
 public:
  NpyFormatter(NpyHeader header, ElementType type) : header_(std::move(header)), type_(type) {}
  std::string head() override { return header_.bytes(); }
  bool is_by_column() const override { return header_.fortran_order; }
  void add(std::span<const std::uint8_t> records, std::string& out) override {
    for (std::uint8_t record : records)
      for (unsigned column = 0; column < 4; ++column) put(record >> (3 - column) & 1, out);
  }
  void add_column(std::span<const std::uint8_t> records, unsigned column, std::string& out) override {
    for (std::uint8_t record : records) put(record >> (3 - column) & 1, out);
  }

 private:
  void put(int value, std::string& out) const {
    std::size_t start = out.size();
    out.append(type_.size_bytes, '\0');
    out[start + (type_.big_endian ? type_.size_bytes - 1 : 0)] = static_cast<char>(value);
  }
  NpyHeader header_;
  ElementType type_;
};

}  // namespace

Result<std::unique_ptr<RecordSource>> open_npy_source(const Path& path) {
  BELLOWS_ASSIGN(File file, File::open_for_reading(path));
  BELLOWS_ASSIGN(NpyHeader header, read_npy_header(file));
  BELLOWS_ASSIGN(ElementType type, element_type(header.descr, path));
  BELLOWS_ASSIGN(std::uint64_t trials, trials_in(header, type.size_bytes, path));
  auto source = std::make_unique<NpySource>(std::move(file), std::move(header), type, trials);
  BELLOWS_TRY(source->check_size());
  return std::unique_ptr<RecordSource>(std::move(source));
}

Result<std::unique_ptr<RecordFormatter>> make_npy_formatter(const nlohmann::json& dialect, std::uint64_t trial_count) {
  NpyHeader header = make_npy_header(trial_count);
  if (dialect.contains("npy_header") && dialect["npy_header"].is_string() && dialect.contains("npy_version") &&
      dialect["npy_version"].is_number_unsigned() && dialect["npy_version"] >= 1 && dialect["npy_version"] <= 3) {
    BELLOWS_ASSIGN(header, parse_npy_text(dialect["npy_header"].get<std::string>(),
                                          dialect["npy_version"].get<unsigned>(), 0, {}));
  }
  BELLOWS_ASSIGN(ElementType type, element_type(header.descr, {}));
  BELLOWS_ASSIGN(std::uint64_t trials, trials_in(header, type.size_bytes, {}));
  if (trials != trial_count)
    return bad_input("the log's metadata describe a .npy array of another size", {}, std::nullopt,
                     fmt::format("{} trials", trial_count), fmt::format("{}", trials));
  return std::unique_ptr<RecordFormatter>(std::make_unique<NpyFormatter>(std::move(header), type));
}

}  // namespace bellows::trials
