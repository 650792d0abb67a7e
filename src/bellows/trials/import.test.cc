#include "bellows/trials/import.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "bellows/testing/shared_data.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/npy_header.h"
#include "bellows/trials/reader.h"
#include "bellows/trials/writer.h"

namespace bellows::trials {
namespace {

std::string read_bytes(const Path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const Path& path, const std::string& bytes) {
  std::filesystem::remove(path);  // cutting an old file to nothing makes some file systems wait for the disk
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::uint8_t> random_records(std::size_t size) {
  std::mt19937_64 random(size);
  std::vector<std::uint8_t> records(size);
  for (auto& record : records) record = static_cast<std::uint8_t>(random() % 16);
  return records;
}

std::string as_csv(const std::vector<std::uint8_t>& records, const std::string& columns, const std::string& newline) {
  std::string text;
  for (std::uint8_t record : records) {
    for (std::size_t i = 0; i < 4; ++i)
      text += (i ? "," : "") + std::string(1, "01"[record >> (3 - std::string("xyab").find(columns[i])) & 1]);
    text += newline;
  }
  return text;
}

std::string as_npy(const std::vector<std::uint8_t>& records, const std::string& descr, bool fortran, unsigned version) {
  NpyHeader header{.major_version = version};
  header.text = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': ({}, 4), }}", descr,
                            fortran ? "True" : "False", records.size());
  while ((10 + header.text.size() + 1) % 64 != 0) header.text.push_back(' ');
  header.text.push_back('\n');
  std::string bytes = header.bytes();
  std::size_t size = static_cast<std::size_t>(descr[2] - '0');
  auto put = [&](std::uint8_t record, unsigned column) {
    std::string element(size, '\0');
    element[descr[0] == '>' ? size - 1 : 0] = static_cast<char>(record >> (3 - column) & 1);
    bytes += element;
  };
  if (fortran) {
    for (unsigned column = 0; column < 4; ++column)
      for (std::uint8_t record : records) put(record, column);
  } else {
    for (std::uint8_t record : records)
      for (unsigned column = 0; column < 4; ++column) put(record, column);
  }
  return bytes;
}

std::vector<std::uint8_t> records_in(const Path& log) {
  LogReader reader = LogReader::open(log).value();
  EXPECT_TRUE(reader.check({}).ok());
  std::vector<std::uint8_t> records;
  for (std::uint64_t i = 0; i < reader.block_count(); ++i) {
    BlockView block = reader.block(i).value();
    for (std::uint64_t t = 0; t < block.trial_count; ++t)
      records.push_back(static_cast<std::uint8_t>(block.setting(0)[t] << 3 | block.setting(1)[t] << 2 |
                                                  block.outcome(0)[t] << 1 | block.outcome(1)[t]));
  }
  return records;
}

class Import : public ::testing::Test {
 protected:
  // Imports bytes, exports them again, and expects the same bytes.
  void round_trip(const std::string& bytes, ForeignFormat format, const std::vector<std::uint8_t>& records,
                  const std::string& relabel = "none") {
    Path in = fresh("in"), log = fresh("log"), out = fresh("out");
    write_bytes(in, bytes);
    ImportOptions options{.format = format, .relabelling = Relabelling::parse(relabel).value(), .block_trials = 1000};
    auto report = import_trials(in, log, options);
    ASSERT_TRUE(report.ok()) << report.error().describe();
    EXPECT_EQ(report->trial_count, records.size());
    EXPECT_TRUE(report->is_exact);
    std::vector<std::uint8_t> expected = records;
    RecordCounts counts{};
    for (auto& record : expected) ++counts[record = options.relabelling.apply(record)];
    EXPECT_EQ(records_in(log), expected);
    EXPECT_EQ(report->counts, counts);
    auto exported = export_trials(log, out, {});
    ASSERT_TRUE(exported.ok()) << exported.error().describe();
    EXPECT_EQ(read_bytes(out), bytes);
    EXPECT_EQ(exported->size_bytes, bytes.size());
  }
  Error import_error(const std::string& bytes, ForeignFormat format) {
    Path in = fresh("in"), log = fresh("log");
    write_bytes(in, bytes);
    auto report = import_trials(in, log, {.format = format});
    EXPECT_FALSE(report.ok()) << bytes.substr(0, 100);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), ++files_left_) << "left behind";
    return report.ok() ? Error{} : report.error();
  }
  Path fresh(const std::string& name) { return folder_.path() / fmt::format("{}{}", name, number_++); }

  testing::TempFolder folder_;
  int number_ = 0;
  std::ptrdiff_t files_left_ = 0;
};

TEST_F(Import, XyabRoundTrips) {
  for (std::size_t size : {1u, 63u, 64u, 65u, 1000u, 1001u, 70000u}) {
    auto records = random_records(size);
    std::string bytes(records.begin(), records.end());
    round_trip(bytes, ForeignFormat::xyab_u8, records);
  }
  auto records = random_records(1500);
  std::string bytes(records.begin(), records.end());
  for (const char* relabel : {"x:flip,y:flip", "swap-parties,a:flip-if-x", "b:flip-if-y,x:flip,swap-parties,a:flip"})
    round_trip(bytes, ForeignFormat::xyab_u8, records, relabel);
}

TEST_F(Import, CsvRoundTrips) {
  auto records = random_records(1500), many = random_records(200000);
  round_trip(as_csv(records, "xyab", "\n"), ForeignFormat::csv, records);
  round_trip("x,y,a,b\n" + as_csv(many, "xyab", "\n"), ForeignFormat::csv, many);
  round_trip(as_csv(many, "xyab", "\r\n"), ForeignFormat::csv, many);
  round_trip("b,x,a,y\r\n" + as_csv(records, "bxay", "\r\n"), ForeignFormat::csv, records, "x:flip,swap-parties");
  round_trip("# x, y, a, b\n" + as_csv(records, "xyab", "\n"), ForeignFormat::csv, records);
  round_trip("\xef\xbb\xbf\"Y\",\"X\",\"A\",\"B\"\n" + as_csv(records, "yxab", "\n"), ForeignFormat::csv, records);
  std::string cut = as_csv(records, "xyab", "\n");
  cut.pop_back();
  round_trip(cut, ForeignFormat::csv, records);
  round_trip("0,1,1,0", ForeignFormat::csv, {6});
  round_trip("y,x,b,a\n1,0,0,1", ForeignFormat::csv, {6});
}

TEST_F(Import, CsvThatIsReadButNotGivenBackExactly) {
  for (const char* text : {" 0, 1,1,0\n", "0,1,1,0\n\n", "0,1,1,0\r\n0,1,1,0\n", "x,y,a,b\n\n0,1,1,0\n", "0,1,1,0\r",
                           "\n0,1,1,0\n", "\"0\",1,1,0\n"}) {
    Path in = fresh("in"), log = fresh("log"), out = fresh("out");
    write_bytes(in, text);
    auto report = import_trials(in, log, {.format = ForeignFormat::csv});
    ASSERT_TRUE(report.ok()) << report.error().describe();
    EXPECT_FALSE(report->is_exact) << text;
    for (auto record : records_in(log)) EXPECT_EQ(record, 6);
    EXPECT_TRUE(export_trials(log, out, {}).ok());
  }
}

TEST_F(Import, NpyRoundTrips) {
  auto records = random_records(2500);
  for (const char* descr : {"|u1", "|b1", "|i1", "<i2", "<u4", "<i8", ">i8", ">u2"})
    for (bool fortran : {false, true})
      for (unsigned version : {1u, 2u, 3u})
        round_trip(as_npy(records, descr, fortran, version), ForeignFormat::npy, records,
                   version == 2 ? "a:flip" : "none");
}

TEST_F(Import, BetweenFormats) {
  auto records = random_records(1234);
  Path in = fresh("in"), log = fresh("log"), out = fresh("out");
  write_bytes(in, as_csv(records, "xyab", "\r\n"));
  ASSERT_TRUE(import_trials(in, log, {.format = ForeignFormat::csv}).ok());
  ASSERT_TRUE(export_trials(log, out, {.format = ForeignFormat::npy}).ok());
  EXPECT_EQ(read_bytes(out).substr(128), as_npy(records, "|u1", false, 1).substr(128));
  Path log_again = fresh("log"), out_again = fresh("out");
  ASSERT_TRUE(import_trials(out, log_again, {.format = ForeignFormat::npy}).ok());
  ASSERT_TRUE(export_trials(log_again, out_again, {.format = ForeignFormat::csv}).ok());
  EXPECT_EQ(read_bytes(out_again), "x,y,a,b\n" + as_csv(records, "xyab", "\n"));
}

TEST_F(Import, ErrorsNameThePlace) {
  auto expect = [&](const std::string& bytes, ForeignFormat format, std::uint64_t offset, const std::string& words) {
    Error error = import_error(bytes, format);
    EXPECT_EQ(error.code, ErrorCode::bad_input) << error.describe();
    EXPECT_EQ(error.offset_bytes, offset) << error.describe();
    EXPECT_NE(error.describe().find(words), std::string::npos) << error.describe();
    EXPECT_FALSE(error.file.empty());
  };
  constexpr auto xyab = ForeignFormat::xyab_u8, csv = ForeignFormat::csv, npy = ForeignFormat::npy;
  expect(std::string("\1\2\3\20\1", 5), xyab, 3, "third outcome");
  expect(std::string(70000, '\1') + "2", xyab, 70000, "got 50");
  expect("0,1,1,0\n0,1,2,0\n", csv, 12, "line 2: a = 2 is a third outcome");
  expect("0,1,1,0\n0,5,0,0\n", csv, 10, "line 2: y = 5 is a third setting");
  expect("x,y,a,b\n0,1,-1,0\n", csv, 12, "third outcome");
  expect("0,1,1,\n", csv, 6, "b = nothing is a third outcome");
  expect("0,1,1,nan\n", csv, 6, "neither 0 nor 1");
  expect("nan,1,1,0\n", csv, 0, "neither 0 nor 1");
  expect("0,1,1\n", csv, 0, "number of columns");
  expect("0,1,1,0,1\n", csv, 0, "number of columns");
  expect("12345678912\n12345679912\n", csv, 0, "event lists with time stamps are not supported yet");
  expect("time,x,y,a,b\n", csv, 0, "event lists with time stamps are not supported yet");
  expect("channel,timestamp\n", csv, 0, "event lists with time stamps are not supported yet");
  expect("x,y,a,c\n", csv, 0, "none of x, y, a, b");
  expect("x,y,a,a\n", csv, 0, "twice");
  expect("x,y,a\n", csv, 0, "missing");
  expect(std::string(100000, '0'), csv, 0, "too long");
  expect(std::string("\0\1\2\3\n", 5), csv, 0, "number of columns");
  auto records = random_records(10);
  std::string good = as_npy(records, "|u1", false, 1);
  expect(good.substr(0, 5), npy, 0, "not a .npy");
  expect(good.substr(0, 9), npy, 8, "cut");
  expect(good.substr(0, 60), npy, 60, "ends inside its header");
  expect(good.substr(0, good.size() - 1), npy, good.size() - 1, "ends early");
  expect(good + "x", npy, good.size(), "longer");
  std::string third = good;
  third[128 + 4 * 7 + 2] = 2;
  expect(third, npy, 128 + 4 * 7 + 2, "trial 7: a third outcome");
  expect(as_npy(records, "<f8", false, 1), npy, 10, "type of the .npy");
  auto with_text = [](const std::string& text) {
    NpyHeader header{.text = text};
    return header.bytes();
  };
  expect(with_text("{'descr': '|u1', 'fortran_order': False, 'shape': (10, 3), }"), npy, 10, "(n, 4)");
  expect(with_text("{'descr': '|u1', 'fortran_order': False, 'shape': (10,), }"), npy, 10, "(n, 4)");
  expect(with_text("{'descr': '<i8', 'fortran_order': False, 'shape': (9999999999999999999, 4), }"), npy, 10,
         "impossible");
  expect(with_text("{'descr': [('t', '<i8')], 'fortran_order': False, 'shape': (10,), }"), npy, 20, "structured");
  expect(with_text("{'descr': '|u1', 'fortran_order': False}"), npy, 50, "cannot be read");
  EXPECT_EQ(import_error("", xyab).code, ErrorCode::refused);
  EXPECT_EQ(import_error("x,y,a,b\n", csv).message, "no trials");
  EXPECT_EQ(import_error("", csv).message, "no trials");
  EXPECT_EQ(import_error(as_npy({}, "|u1", true, 1), npy).message, "no trials");
}

TEST_F(Import, ExistingFilesStay) {
  Path in = fresh("in"), log = fresh("log"), out = fresh("out");
  write_bytes(in, "\1\2");
  write_bytes(log, "mine");
  EXPECT_EQ(import_trials(in, log, {.format = ForeignFormat::xyab_u8}).error().code, ErrorCode::bad_input);
  EXPECT_EQ(read_bytes(log), "mine");
  std::filesystem::remove(log);
  ASSERT_TRUE(import_trials(in, log, {.format = ForeignFormat::xyab_u8}).ok());
  write_bytes(out, "mine");
  EXPECT_EQ(export_trials(log, out, {}).error().code, ErrorCode::bad_input);
  EXPECT_EQ(read_bytes(out), "mine");
  EXPECT_EQ(import_trials(in, fresh("log"), {}).error().code, ErrorCode::usage);
}

// A pipe that gives these bytes and ends.
class Pipe {
 public:
  Pipe(Path path, std::string bytes) : path_(std::move(path)) {
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    writer_ = std::thread([this, text = std::move(bytes)] { std::ofstream(path_, std::ios::binary) << text; });
  }
  ~Pipe() { writer_.join(); }
  const Path& path() const { return path_; }

 private:
  Path path_;
  std::thread writer_;
};

std::string as_bytes(const std::vector<std::uint8_t>& records) { return {records.begin(), records.end()}; }

TEST_F(Import, WhatCameThroughAPipeIsKept) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto records = random_records(540'000), more = random_records(70'001);
  std::vector<std::uint8_t> both = records;
  both.insert(both.end(), more.begin(), more.end());
  struct Case {
    ForeignFormat format;
    std::string good, bad_end;
  };
  const std::string npy = as_npy(records, "<u2", false, 1);
  for (const Case& c : {Case{ForeignFormat::xyab_u8, as_bytes(records), "\x7f"},
                        Case{ForeignFormat::csv, as_csv(records, "xyab", "\n"), "0,1,2,1\n"},
                        Case{ForeignFormat::npy, npy.substr(0, npy.size() - 3), ""}}) {
    for (std::uint64_t block_trials : {std::uint64_t{1} << 22, std::uint64_t{100'000}}) {
      const Path log = fresh("log");
      const ImportOptions options{.format = c.format, .relabelling = Relabelling::parse("x:flip").value(),
                                  .block_trials = block_trials};
      const std::size_t good = c.format == ForeignFormat::npy ? records.size() - 1 : records.size();
      {
        Pipe pipe(fresh("pipe"), c.good + c.bad_end);
        auto report = import_trials(pipe.path(), log, options);
        ASSERT_FALSE(report.ok());
        EXPECT_EQ(report.error().code, ErrorCode::bad_input);
        for (const std::string& words : {std::to_string(good) + " trials", log.string(), std::string("--continue")})
          EXPECT_NE(report.error().message.find(words), std::string::npos) << report.error().describe();
      }
      {
        auto kept = LogReader::open(log);
        ASSERT_TRUE(kept.ok()) << kept.error().describe();
        EXPECT_FALSE(kept->is_complete());
        EXPECT_EQ(kept->trial_count(), good);
      }
      Pipe pipe(fresh("pipe"), as_bytes(more));
      ImportOptions go_on{.format = ForeignFormat::xyab_u8};
      auto report = continue_import(pipe.path(), log, go_on);
      ASSERT_TRUE(report.ok()) << report.error().describe();
      EXPECT_EQ(report->kept_trials, good);
      EXPECT_EQ(report->trial_count, more.size());
      std::vector<std::uint8_t> expected = records;
      expected.resize(good);
      expected.insert(expected.end(), more.begin(), more.end());
      for (auto& record : expected) record = options.relabelling.apply(record);
      EXPECT_TRUE(LogReader::open(log)->is_complete());
      EXPECT_EQ(records_in(log), expected);
    }
  }
}

TEST_F(Import, AnExistingLogIsNoReasonToLoseAPipe) {
  const auto records = random_records(1000);
  const Path log = fresh("log");
  Path kept;
  {
    Pipe pipe(fresh("pipe"), as_bytes(records));
    // The log appears while the import runs.
    Context context;
    context.progress = [&](std::string_view, std::uint64_t, std::uint64_t, std::string_view) { write_bytes(log, "mine"); };
    auto report = import_trials(pipe.path(), log, {.format = ForeignFormat::xyab_u8}, context);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(read_bytes(log), "mine");
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    if (entry.path().extension() == ".tmp") kept = entry.path();
  EXPECT_EQ(records_in(kept), records);
}

TEST_F(Import, ContinueTakesOnlyWhatFits) {
  std::signal(SIGPIPE, SIG_IGN);
  const Path log = fresh("log"), good = fresh("good"), bad = fresh("bad"), nothing = fresh("nothing");
  const auto records = random_records(1000);
  write_bytes(good, as_bytes(records));
  write_bytes(bad, as_bytes(records) + "\x7f");
  write_bytes(nothing, "");
  EXPECT_EQ(continue_import(good, log, {}).error().code, ErrorCode::bad_input);  // no such log
  {
    Pipe pipe(fresh("pipe"), as_bytes(records) + "\x7f");
    ASSERT_FALSE(import_trials(pipe.path(), log, {.format = ForeignFormat::xyab_u8}).ok());
  }
  ImportOptions other;
  other.relabelling = Relabelling::parse("x:flip").value();
  EXPECT_EQ(continue_import(good, log, other).error().code, ErrorCode::usage);
  EXPECT_EQ(continue_import(good, log, {.auto_relabel = true}).error().code, ErrorCode::usage);
  EXPECT_EQ(continue_import(good, log, {.plan_digest = sha256("another")}).error().code, ErrorCode::refused);
  EXPECT_EQ(continue_import(bad, log, {}).error().code, ErrorCode::bad_input);
  EXPECT_EQ(records_in(log), records) << "a regular file is taken whole or not at all";
  auto completed = continue_import(nothing, log, {});
  ASSERT_TRUE(completed.ok()) << completed.error().describe();
  EXPECT_EQ(completed->trial_count, 0u);
  EXPECT_EQ(records_in(log), records);
  EXPECT_EQ(continue_import(good, log, {}).error().code, ErrorCode::refused);  // complete
  const Path wrapped = fresh("log");
  LogHeader header;
  header.metadata["import"] = {{"format", "xyab-u8"},
                               {"relabel", "none"},
                               {"relabellings_tried", (std::uint64_t{1} << 32) + 1},  // not 1
                               {"dialect", nlohmann::json::object()}};
  { EXPECT_TRUE(LogWriter::create(wrapped, header).ok()); }
  EXPECT_EQ(continue_import(good, wrapped, {}).error().code, ErrorCode::bad_input);
  const Path simulated = fresh("log");
  { EXPECT_TRUE(LogWriter::create(simulated, {}).ok()); }
  EXPECT_EQ(continue_import(good, simulated, {}).error().code, ErrorCode::bad_input);
}

TEST_F(Import, MetadataOfOthersCannotHurtExport) {
  Path log = fresh("log");
  auto export_of = [&](const nlohmann::json& import) {
    std::filesystem::remove(log);
    std::vector<bits::BitString> planes(4, bits::BitString(10));
    LogWriter writer = LogWriter::create(log, {.metadata = {{"import", import}}}).value();
    std::vector<bits::BitView> views(planes.begin(), planes.end());
    EXPECT_TRUE(writer.append_block(views).ok());
    EXPECT_TRUE(writer.finish().ok());
    return export_trials(log, fresh("out"), {});
  };
  EXPECT_TRUE(export_of(7).ok());
  EXPECT_TRUE(export_of({{"format", 7}, {"dialect", "x"}, {"relabel", 1}}).ok());
  EXPECT_FALSE(export_of({{"relabel", "turn around"}}).ok());
  EXPECT_FALSE(export_of({{"format", "csv"}, {"dialect", {{"columns", "xxab"}}}}).ok());
  EXPECT_FALSE(
      export_of({{"format", "npy"},
                 {"dialect",
                  {{"npy_version", 1}, {"npy_header", "{'descr': '|u1', 'fortran_order': False, 'shape': (9, 4)}"}}}})
          .ok());
}

// Counts and S of real records, as their publishers' own programme counted them.
TEST_F(Import, RealRecordsHaveThePublishedCounts) {
  auto root = testing::shared_data("bell-ibmq");
  if (!root) GTEST_SKIP() << "shared data are absent";
  std::ifstream table(*root / "expected-counts-and-S.csv");
  std::string line;
  std::getline(table, line);
  const std::map<std::string, double> wins{{"Hanoi11_14Circuit13", 0.84557}};
  int sets = 0;
  while (std::getline(table, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::istringstream in(line);
    std::vector<std::string> cells;
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    ASSERT_EQ(cells.size(), 21u);
    Path log = fresh("log"), out = fresh("out"), from = *root / (cells[0] + ".xyab.u8");
    auto report = import_trials(from, log, {.auto_relabel = true});
    ASSERT_TRUE(report.ok()) << report.error().describe();
    EXPECT_EQ(std::to_string(report->trial_count), cells[1]);
    for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(std::to_string(report->counts_in_file[i]), cells[5 + i]);
    EXPECT_EQ(report->relabellings_tried, 8u);
    std::array<double, 4> correlation{};
    for (std::size_t xy = 0; xy < 4; ++xy) {
      const auto* n = &report->counts_in_file[4 * xy];
      correlation[xy] = (static_cast<double>(n[0] + n[3]) - static_cast<double>(n[1] + n[2])) /
                        static_cast<double>(n[0] + n[1] + n[2] + n[3]);
    }
    double s = 0;
    std::size_t minus = std::stoul(cells[2]);
    for (std::size_t xy = 0; xy < 4; ++xy) s += xy == minus ? -correlation[xy] : correlation[xy];
    EXPECT_NEAR(std::abs(s), std::stod(cells[3]), 1e-6);
    if (cells[0] != "Hanoi11_14Circuit4") {
      EXPECT_EQ(report->relabelling.spec().substr(0, 13), "x:flip,y:flip");
    }
    if (wins.contains(cells[0])) {
      EXPECT_NEAR(static_cast<double>(chsh_wins(report->counts)) / 180000, wins.at(cells[0]), 5e-6);
    }
    ASSERT_TRUE(export_trials(log, out, {}).ok());
    EXPECT_EQ(read_bytes(out), read_bytes(from));
    ++sets;
  }
  EXPECT_EQ(sets, 3);
}

}  // namespace
}  // namespace bellows::trials
