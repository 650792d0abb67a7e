#include "bellows/certify/locality.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "bellows/plan/toml_reader.h"

namespace bellows::certify {
namespace {

using plan::TomlReader;

struct Interval {
  double start_ns, end_ns;
  std::string name;
};

std::optional<std::array<double, 3>> position(TomlReader& table, const char* key) {
  if (!table.has(key)) return std::nullopt;
  auto coordinates = table.exact_list(key);
  if (coordinates.size() != 3) {
    table.take(Result<int>(bad_input(std::string(key) + " is not a position", {}, std::nullopt, "[x, y, z] in metres",
                                     std::to_string(coordinates.size()) + " numbers")));
    return std::nullopt;
  }
  return std::array<double, 3>{coordinates[0].approximate(), coordinates[1].approximate(),
                               coordinates[2].approximate()};
}

double distance(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

Status add_segment(TomlReader& table, std::vector<Direction>& directions,
                   std::map<std::string, std::vector<Interval>>& intervals, const std::string& origin) {
  Segment segment;
  segment.name = table.text("name", "");
  const std::string direction = table.text("direction", "both");
  const bool offset = table.boolean("offset"), by_interval = table.has("start_ns") || table.has("end_ns");
  const double start = table.number("start_ns", 0), end = table.number("end_ns", 0);
  segment.duration_ns = by_interval ? end - start : table.number("duration_ns", 0);
  segment.uncertainty_ns = table.number("uncertainty_ns", 0);
  const bool complete = by_interval
                            ? table.has("start_ns") && table.has("end_ns") && !table.has("duration_ns") && !offset
                            : table.has("duration_ns");
  BELLOWS_TRY(table.finish());
  auto wrong = [&](const char* what, std::string expected, std::string got) {
    return bad_input(fmt::format("segment \"{}\": {}", segment.name, what), origin, std::nullopt, std::move(expected),
                     std::move(got));
  };
  if (segment.name.empty()) return wrong("has no name", "name = \"...\"", "none");
  if (!complete)
    return wrong("has no duration", "duration_ns, or start_ns and end_ns (not for an offset)", "neither, or both");
  if (segment.uncertainty_ns < 0)
    return wrong("has a negative uncertainty", "at least 0", fmt::format("{}", segment.uncertainty_ns));
  if (segment.duration_ns < 0 && !offset)
    return wrong("has a negative duration", "at least 0, or offset = true", fmt::format("{} ns", segment.duration_ns));
  // Clocks that differ make one direction longer by what they make the other one shorter; a time that is read in another
  // frame belongs to one party's outcome.
  if (segment.duration_ns < 0 && direction == "both")
    return wrong("is a negative offset of both directions; none shortens both",
                 "its size in both, or one offset for each direction", fmt::format("{} ns", segment.duration_ns));
  bool known = direction == "both";
  for (Direction& one : directions) {
    if (direction != "both" && direction != one.name) continue;
    known = true;
    one.segments.push_back(segment);
    if (!by_interval) continue;
    for (const Interval& other : intervals[one.name])
      if (start < other.end_ns && other.start_ns < end)
        return wrong("overlaps another segment of its direction",
                     fmt::format("outside \"{}\", {} to {} ns", other.name, other.start_ns, other.end_ns),
                     fmt::format("{} to {} ns", start, end));
    intervals[one.name].push_back({start, end, segment.name});
  }
  if (!known) return wrong("has an unknown direction", "A->B, B->A or both", direction);
  return {};
}

/// Time passes whether or not a part is named for it: what lies between two intervals of a direction is a part too.
void add_gaps(Direction& direction, std::vector<Interval> intervals) {
  constexpr double no_time_ns = 1e-9;  // the rounding of sums of decimals
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& one, const Interval& other) { return one.start_ns < other.start_ns; });
  for (std::size_t i = 1; i < intervals.size(); ++i) {
    const Interval &before = intervals[i - 1], &after = intervals[i];
    if (after.start_ns - before.end_ns > no_time_ns)
      direction.segments.push_back({fmt::format("no part named, {} to {} ns", before.end_ns, after.start_ns),
                                    after.start_ns - before.end_ns, 0});
  }
}

/// An offset re-dates the end of a part, and no part ends before it begins.
Status check_offsets(const Direction& direction, const std::string& origin) {
  double longest = 0;
  for (const Segment& segment : direction.segments) longest = std::max(longest, segment.duration_ns);
  for (const Segment& segment : direction.segments)
    if (segment.duration_ns < -longest)
      return bad_input(fmt::format("segment \"{}\": a negative offset beyond every part of {}", segment.name,
                                   direction.name),
                       origin, std::nullopt, fmt::format("at most {} ns in size", longest),
                       fmt::format("{} ns", segment.duration_ns));
  if (direction.sum_ns() < 0)
    return bad_input(fmt::format("the parts of {} take less than no time", direction.name), origin, std::nullopt,
                     "offsets that are smaller than the durations", fmt::format("{} ns", direction.sum_ns()));
  return {};
}

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> cells;
  for (std::size_t at = 0; at <= line.size();) {
    std::size_t comma = std::min(line.find(',', at), line.size());
    std::string_view cell = line.substr(at, comma - at);
    while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
    while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t' || cell.back() == '\r')) cell.remove_suffix(1);
    cells.emplace_back(cell);
    at = comma + 1;
  }
  return cells;
}

struct SeriesTable {
  std::vector<PulseSeries> series;
  bool names_blocks = false;  ///< it has a column for them; else each time is a block
};

Result<SeriesTable> read_series(std::string_view csv, const std::string& origin, double granularity_ns) {
  SeriesTable table;
  std::vector<PulseSeries>& all = table.series;
  std::vector<std::string> header;
  std::map<std::string, std::size_t> column;
  std::uint64_t line_number = 0, offset = 0;
  for (std::size_t at = 0; at < csv.size();) {
    const std::size_t end = std::min(csv.find('\n', at), csv.size());
    const std::string_view line = csv.substr(at, end - at);
    offset = at, at = end + 1, ++line_number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos || line.front() == '#') continue;
    const std::vector<std::string> cells = split(line);
    auto wrong = [&](const std::string& what, std::string expected, std::string got) {
      return bad_input(fmt::format("pulse series, line {}: {}", line_number, what), origin, offset, std::move(expected),
                       std::move(got));
    };
    if (header.empty()) {
      header = cells;
      for (std::size_t i = 0; i < header.size(); ++i)
        if (!column.emplace(header[i], i).second) return wrong("a column comes twice", "each once", header[i]);
      for (const char* needed : {"time_h", "station", "early_ns", "late_ns"})
        if (!column.contains(needed))
          return wrong("a column is missing", needed, fmt::format("{}", fmt::join(header, ",")));
      for (const std::string& one : header)
        if (one != "time_h" && one != "station" && one != "early_ns" && one != "late_ns" && one != "device" &&
            one != "block" && one != "granularity_ns")
          return wrong("an unknown column", "time_h, station, early_ns, late_ns, device, block, granularity_ns", one);
      continue;
    }
    if (cells.size() != header.size())
      return wrong("the number of cells differs from the header's", std::to_string(header.size()),
                   std::to_string(cells.size()));
    std::optional<Error> failure;
    auto number = [&](const char* key) {
      const std::string& cell = cells[column[key]];
      double value = 0;
      auto parsed = std::from_chars(cell.data(), cell.data() + cell.size(), value);
      if (parsed.ec != std::errc() || parsed.ptr != cell.data() + cell.size() || !std::isfinite(value))
        failure = wrong(fmt::format("{} is not a number", key), "a number", cell.substr(0, 40));
      return value;
    };
    auto text = [&](const char* key) { return column.contains(key) ? cells[column[key]] : std::string(); };
    const double time = number("time_h"), early = number("early_ns"), late = number("late_ns");
    const double granularity = column.contains("granularity_ns") ? number("granularity_ns") : granularity_ns;
    if (failure) return *failure;
    if (late < early)
      return wrong("late comes before early", fmt::format("at least {}", early), fmt::format("{}", late));
    if (!(granularity > 0))
      return wrong("no granularity to hold jitter against", "granularity_ns above 0", fmt::format("{}", granularity));
    auto series = std::find_if(all.begin(), all.end(), [&](const PulseSeries& one) {
      return one.station == text("station") && one.device == text("device");
    });
    if (series == all.end())
      series = all.insert(all.end(), PulseSeries{text("station"), text("device"), granularity, {}, {}, {}, {}});
    if (series->granularity_ns != granularity)
      return wrong("a device changes its granularity", fmt::format("{}", series->granularity_ns),
                   fmt::format("{}", granularity));
    series->time_h.push_back(time);
    series->early_ns.push_back(early);
    series->late_ns.push_back(late);
    series->block.push_back(column.contains("block") ? text("block") : cells[column["time_h"]]);
  }
  if (all.empty() && !origin.empty())
    return bad_input("the pulse series has no rows", origin, std::nullopt, "at least one arrival", "none");
  table.names_blocks = column.contains("block");
  return table;
}

PulseVerdict judge(const PulseSeries& series) {
  PulseVerdict verdict{series.station, series.device, 0, 0, false, 0};
  const auto count = static_cast<double>(series.time_h.size());
  double mean_t = 0, mean_late = 0, tt = 0, tl = 0;
  for (std::size_t i = 0; i < series.time_h.size(); ++i)
    mean_t += series.time_h[i] / count, mean_late += series.late_ns[i] / count;
  for (std::size_t i = 0; i < series.time_h.size(); ++i) {
    tt += (series.time_h[i] - mean_t) * (series.time_h[i] - mean_t);
    tl += (series.time_h[i] - mean_t) * (series.late_ns[i] - mean_late);
    verdict.largest_spread_ns = std::max(verdict.largest_spread_ns, series.late_ns[i] - series.early_ns[i]);
    verdict.largest_shift_ns = std::max(verdict.largest_shift_ns, std::abs(series.late_ns[i] - series.late_ns[0]));
  }
  verdict.drift_ps_per_h = tt > 0 ? 1000 * tl / tt : 0;
  verdict.jitter = verdict.largest_spread_ns >= series.granularity_ns;
  return verdict;
}

std::vector<BlockVerdict> judge_blocks(const std::vector<PulseSeries>& all, double margin_ns, bool named_blocks) {
  std::vector<BlockVerdict> blocks;
  std::map<std::string, std::map<const PulseSeries*, double>> shifts;
  for (const PulseSeries& series : all)
    for (std::size_t i = 0; i < series.block.size(); ++i) {
      auto block = std::find_if(blocks.begin(), blocks.end(),
                                [&](const BlockVerdict& one) { return one.block == series.block[i]; });
      if (block == blocks.end()) block = blocks.insert(blocks.end(), BlockVerdict{series.block[i], 0, false, 0, {}, false});
      double& shift = shifts[block->block][&series];
      shift = std::max(shift, std::abs(series.late_ns[i] - series.late_ns[0]));
      block->jitter |= series.late_ns[i] - series.early_ns[i] >= series.granularity_ns;
    }
  for (BlockVerdict& block : blocks) {
    const auto& recorded = shifts[block.block];
    // One device early and another late lengthen the same direction: the shifts add.
    for (const auto& [series, shift] : recorded) block.shift_ns += shift;
    for (const PulseSeries& series : all)
      if (named_blocks && !recorded.contains(&series)) block.missing.push_back(series.station + " " + series.device);
    block.margin_ns = margin_ns - block.shift_ns;
    block.closed = block.margin_ns > 0 && !block.jitter && block.missing.empty();
  }
  return blocks;
}

}  // namespace

double Direction::sum_ns() const {
  double sum = 0;
  for (const Segment& segment : segments) sum += segment.duration_ns;
  return sum;
}

double Direction::uncertainty_ns() const {
  double sum = 0;
  for (const Segment& segment : segments) sum += segment.uncertainty_ns;
  return sum;
}

double Direction::budget_ns() const { return (distance_m - distance_uncertainty_m) / speed_of_light_m_per_ns; }

std::string LocalityReport::in_words() const {
  std::string words = closed ? "passed" : "FAILED";
  for (const Direction& one : directions)
    words += fmt::format("; {}: {:.2f} ns (+ {:.2f} uncertainty) of {:.2f} ns, margin {:.2f} ns", one.name,
                         one.sum_ns(), one.uncertainty_ns(), one.budget_ns(), one.margin_ns());
  if (!blocks.empty()) {
    auto bad = std::count_if(blocks.begin(), blocks.end(), [](const BlockVerdict& one) { return !one.closed; });
    words += fmt::format("; {} of {} recorded moments fail", bad, blocks.size());
  }
  return words;
}

Result<LocalityReport> check_locality(std::string_view toml, const std::string& toml_origin, std::string_view csv,
                                      const std::string& csv_origin) {
  BELLOWS_ASSIGN(toml::table parsed, plan::parse_toml(toml, toml_origin));
  TomlReader top(&parsed, "space-time file", toml_origin);
  LocalityReport report;
  TomlReader distances = top.table("distance"), positions = top.table("position");
  std::vector<TomlReader> segments = top.tables("segment");
  const double granularity = top.number("granularity_ns", 0);
  BELLOWS_TRY(top.finish());
  const double uncertainty =
      distances.has("uncertainty_m") ? distances.number("uncertainty_m", 0) : positions.number("uncertainty_m", 0);
  report.directions = {{"A->B", distances.number("A_to_B_m", 0), uncertainty, {}},
                       {"B->A", distances.number("B_to_A_m", 0), uncertainty, {}}};
  auto a_start = position(positions, "A_start"), a_stop = position(positions, "A_stop");
  auto b_start = position(positions, "B_start"), b_stop = position(positions, "B_stop");
  BELLOWS_TRY(distances.finish());
  BELLOWS_TRY(positions.finish());
  if ((distances && positions) || (positions && !(a_start && a_stop && b_start && b_stop)))
    return bad_input("the distances are given twice, or by fewer than four positions", toml_origin, std::nullopt,
                     "[distance], or [position] with A_start, A_stop, B_start, B_stop",
                     positions && distances ? "both" : "fewer");
  if (a_start && b_stop) report.directions[0].distance_m = distance(*a_start, *b_stop);
  if (b_start && a_stop) report.directions[1].distance_m = distance(*b_start, *a_stop);
  std::map<std::string, std::vector<Interval>> intervals;
  for (TomlReader& table : segments) BELLOWS_TRY(add_segment(table, report.directions, intervals, toml_origin));
  double margin = std::numeric_limits<double>::infinity();
  for (Direction& one : report.directions) {
    add_gaps(one, intervals[one.name]);
    if (one.distance_m < 0)
      return bad_input(one.name + " has a negative distance", toml_origin, std::nullopt, "above 0 m",
                       fmt::format("{} m", one.distance_m));
    if (!(one.distance_m > 0) || uncertainty < 0 || uncertainty >= one.distance_m)
      return bad_input(one.name + " has no distance", toml_origin, std::nullopt,
                       "[distance] with A_to_B_m and B_to_A_m, or [position] with A_start, A_stop, B_start, B_stop; "
                       "uncertainty below it",
                       fmt::format("{} m, uncertainty {} m", one.distance_m, uncertainty));
    if (one.segments.empty())
      return bad_input(one.name + " has no parts", toml_origin, std::nullopt, "[[segment]] tables", "none");
    BELLOWS_TRY(check_offsets(one, toml_origin));
    margin = std::min(margin, one.margin_ns());
  }
  BELLOWS_ASSIGN(const SeriesTable table, read_series(csv, csv_origin, granularity));
  for (const PulseSeries& one : table.series) report.pulses.push_back(judge(one));
  report.blocks = judge_blocks(table.series, margin, table.names_blocks);
  report.closed = margin > 0 && std::all_of(report.blocks.begin(), report.blocks.end(),
                                            [](const BlockVerdict& one) { return one.closed; });
  return report;
}

namespace {
constexpr const char* pulses_digest = "; pulses, SHA-256 ";
}

Result<LocalityCheck> check_locality_files(const Path& toml, const Path& pulses) {
  LocalityCheck check;
  BELLOWS_ASSIGN(check.toml, read_text_file(toml));
  if (!pulses.empty()) {
    BELLOWS_ASSIGN(check.csv, read_text_file(pulses));
  }
  BELLOWS_ASSIGN(check.report, check_locality(check.toml, toml.string(), check.csv, pulses.string()));
  check.statement = {LocalityStatement::By::program,
                     check.report.in_words() + "; space-time file, SHA-256 " + sha256(check.toml).hex()};
  if (!pulses.empty()) check.statement.words += pulses_digest + sha256(check.csv).hex();
  return check;
}

bool names_pulses(const LocalityStatement& statement) {
  return statement.by == LocalityStatement::By::program && statement.words.find(pulses_digest) != std::string::npos;
}

nlohmann::json to_json(const LocalityReport& report) {
  using nlohmann::json;
  json directions = json::array(), pulses = json::array(), blocks = json::array();
  for (const Direction& one : report.directions) {
    json parts = json::array();
    for (const Segment& segment : one.segments)
      parts.push_back(
          {{"name", segment.name}, {"duration_ns", segment.duration_ns}, {"uncertainty_ns", segment.uncertainty_ns}});
    directions.push_back({{"direction", one.name},
                          {"distance_m", one.distance_m},
                          {"parts", std::move(parts)},
                          {"sum_ns", one.sum_ns()},
                          {"uncertainty_ns", one.uncertainty_ns()},
                          {"budget_ns", one.budget_ns()},
                          {"margin_ns", one.margin_ns()},
                          {"closed", one.closed()}});
  }
  for (const PulseVerdict& one : report.pulses)
    pulses.push_back({{"station", one.station},
                      {"device", one.device},
                      {"drift_ps_per_h", one.drift_ps_per_h},
                      {"largest_spread_ns", one.largest_spread_ns},
                      {"largest_shift_ns", one.largest_shift_ns},
                      {"jitter", one.jitter}});
  for (const BlockVerdict& one : report.blocks)
    blocks.push_back({{"block", one.block},
                      {"shift_ns", one.shift_ns},
                      {"jitter", one.jitter},
                      {"margin_ns", one.margin_ns},
                      {"missing", one.missing},
                      {"closed", one.closed}});
  return {{"closed", report.closed},
          {"words", report.in_words()},
          {"directions", std::move(directions)},
          {"pulses", std::move(pulses)},
          {"blocks", std::move(blocks)}};
}

}  // namespace bellows::certify
