#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "bellows/report/figure_canvas.h"

namespace bellows::report {
namespace {

constexpr Colour ink{0.10, 0.11, 0.13}, muted{0.33, 0.36, 0.40}, rule{0.85, 0.87, 0.89}, paper{1, 1, 1};
// Distinct in print and for the colour-blind.
constexpr Colour palette[] = {{0.11, 0.36, 0.72}, {0.70, 0.15, 0.12}, {0.04, 0.45, 0.27}, {0.55, 0.33, 0.02},
                              {0.45, 0.20, 0.60}, {0.36, 0.39, 0.44}, {0.00, 0.47, 0.55}, {0.66, 0.12, 0.45}};

constexpr double left_margin = 84, right_margin = 24, top_margin = 44, bottom_margin = 58, title_height = 40,
                 legend_row_height = 19, note_height = 30;

Colour colour_of(unsigned place) { return palette[place % std::size(palette)]; }
Colour faint(Colour colour) {
  colour.alpha = 0.18;
  return colour;
}

std::string superscript(int value) {
  static constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = value < 0 ? "⁻" : "";
  for (char c : std::to_string(std::abs(value))) out += digits[c - '0'];
  return out;
}

struct Range {
  double low, high;
  bool logarithmic;
  double place(double value) const {
    return logarithmic ? (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low))
                       : (value - low) / (high - low);
  }
  bool fits(double value) const { return std::isfinite(value) && (!logarithmic || value > 0); }
};

Range range_of(const FigurePanel& panel, bool x_axis) {
  const FigureAxis& axis = x_axis ? panel.x : panel.y;
  double low = INFINITY, high = -INFINITY;
  for (const FigureSeries& series : panel.series)
    for (const auto* values : x_axis ? std::vector{&series.x} : std::vector{&series.y, &series.low, &series.high})
      for (double value : *values)
        if (std::isfinite(value) && (!axis.logarithmic || value > 0)) {
          low = std::min(low, value);
          high = std::max(high, value);
        }
  if (!(low <= high)) low = axis.logarithmic ? 1 : 0, high = axis.logarithmic ? 10 : 1;
  if (axis.logarithmic) {
    if (low == high) low /= 2, high *= 2;
    double pad = std::pow(high / low, 0.04);
    low /= pad;
    high *= pad;
  } else {
    double pad = low == high ? std::max(1e-9, std::fabs(low) * 0.1) : (high - low) * (x_axis ? 0.02 : 0.06);
    low -= pad;
    high += pad;
  }
  return {axis.low.value_or(low), axis.high.value_or(high), axis.logarithmic};
}

void draw_marker(Canvas& canvas, Marker marker, double x, double y, double radius, const Colour& colour) {
  auto regular = [&](int corners, double turn, double inner) {
    Points points;
    int steps = inner > 0 ? 2 * corners : corners;
    for (int i = 0; i < steps; ++i) {
      double angle = turn - std::numbers::pi / 2 + 2 * std::numbers::pi * i / steps;
      double r = inner > 0 && i % 2 == 1 ? radius * inner : radius;
      points.emplace_back(x + r * std::cos(angle), y + r * std::sin(angle));
    }
    canvas.polygon(points, colour);
  };
  switch (marker) {
    case Marker::none:
      return;
    case Marker::circle:
      return canvas.circle(x, y, radius * 0.85, colour);
    case Marker::square:
      return regular(4, std::numbers::pi / 4, 0);
    case Marker::triangle:
      return regular(3, 0, 0);
    case Marker::diamond:
      return regular(4, 0, 0);
    case Marker::pentagon:
      return regular(5, 0, 0);
    case Marker::star:
      return regular(5, 0, 0.45);
  }
}

struct Frame {
  double x, y, width, height;
  Range across, up;
  double at_x(double value) const { return x + width * across.place(value); }
  double at_y(double value) const { return y + height * (1 - up.place(value)); }
};

void draw_axes(Canvas& canvas, const Frame& f, const FigurePanel& panel) {
  for (const Tick& tick : axis_ticks(f.across.low, f.across.high, f.across.logarithmic, f.width < 420 ? 4 : 8)) {
    double x = f.at_x(tick.value);
    if (!tick.label.empty()) {
      canvas.polyline({{x, f.y}, {x, f.y + f.height}}, {rule, 1});
      canvas.text(x, f.y + f.height + 19, tick.label, {12, muted, Anchor::middle});
    }
    canvas.polyline({{x, f.y + f.height}, {x, f.y + f.height + (tick.label.empty() ? 3 : 5)}}, {muted, 1});
  }
  for (const Tick& tick : axis_ticks(f.up.low, f.up.high, f.up.logarithmic, f.height < 250 ? 4 : 6)) {
    double y = f.at_y(tick.value);
    if (!tick.label.empty()) {
      canvas.polyline({{f.x, y}, {f.x + f.width, y}}, {rule, 1});
      canvas.text(f.x - 9, y + 4.5, tick.label, {12, muted, Anchor::end});
    }
    canvas.polyline({{f.x - (tick.label.empty() ? 3 : 5), y}, {f.x, y}}, {muted, 1});
  }
  canvas.polyline({{f.x, f.y}, {f.x, f.y + f.height}, {f.x + f.width, f.y + f.height}}, {muted, 1});
  canvas.text(f.x + f.width / 2, f.y + f.height + 42, panel.x.label, {13, ink, Anchor::middle});
  canvas.text(f.x - 64, f.y + f.height / 2, panel.y.label, {13, ink, Anchor::middle, false, true});
}

void draw_series(Canvas& canvas, const Frame& f, const FigureSeries& series) {
  Colour colour = colour_of(series.colour);
  Points run;
  auto finish_run = [&] {
    if (series.joined && run.size() > 1) canvas.polyline(run, {colour, 2, series.dashed, series.dotted});
    run.clear();
  };
  for (std::size_t i = 0; i < series.x.size() && i < series.y.size(); ++i) {
    if (!f.across.fits(series.x[i]) || !f.up.fits(series.y[i])) {
      finish_run();
      continue;
    }
    double x = f.at_x(series.x[i]), y = f.at_y(series.y[i]);
    run.emplace_back(x, y);
    if (i < series.low.size() && i < series.high.size() && f.up.fits(series.low[i]) && f.up.fits(series.high[i]))
      canvas.polyline({{x, f.at_y(series.low[i])}, {x, f.at_y(series.high[i])}}, {faint(colour), 2});
  }
  finish_run();
  double radius = series.x.size() > 100 ? 2.6 : 5.5;
  for (std::size_t i = 0; i < series.x.size() && i < series.y.size(); ++i) {
    if (!f.across.fits(series.x[i]) || !f.up.fits(series.y[i])) continue;
    double x = f.at_x(series.x[i]), y = f.at_y(series.y[i]);
    draw_marker(canvas, series.marker, x, y, radius, colour);
    if (i >= series.labels.size() || series.labels[i].empty()) continue;
    bool to_the_left = x > f.x + f.width * 0.8;
    canvas.text(to_the_left ? x - 9 : x + 9, y + 4, series.labels[i],
                {11, muted, to_the_left ? Anchor::end : Anchor::start});
  }
}

double legend_entry_width(const FigureSeries& series) { return 54 + 6.7 * static_cast<double>(series.name.size()); }

// Rows of legend entries above a panel, none where there is nothing to tell apart.
std::vector<std::vector<const FigureSeries*>> legend_rows(const FigurePanel& panel, double width) {
  std::vector<std::vector<const FigureSeries*>> rows;
  double used = width + 1;
  std::size_t named = 0;
  for (const FigureSeries& series : panel.series) {
    if (series.name.empty()) continue;
    ++named;
    double needed = legend_entry_width(series);
    if (used + needed > width) {
      rows.emplace_back();
      used = 0;
    }
    rows.back().push_back(&series);
    used += needed;
  }
  return named < 2 ? std::vector<std::vector<const FigureSeries*>>{} : rows;
}

void draw_legend(Canvas& canvas, double left, double top, const std::vector<std::vector<const FigureSeries*>>& rows) {
  double y = top;
  for (const auto& row : rows) {
    double x = left;
    for (const FigureSeries* series : row) {
      Colour colour = colour_of(series->colour);
      if (series->joined) canvas.polyline({{x, y - 4}, {x + 24, y - 4}}, {colour, 2, series->dashed, series->dotted});
      draw_marker(canvas, series->marker, x + 12, y - 4, 4.5, colour);
      canvas.text(x + 30, y, series->name, {12, ink});
      x += legend_entry_width(*series);
    }
    y += legend_row_height;
  }
}

}  // namespace

std::vector<Tick> axis_ticks(double low, double high, bool logarithmic, unsigned about) {
  std::vector<Tick> ticks;
  if (!(low < high) || !std::isfinite(low) || !std::isfinite(high)) return ticks;
  if (logarithmic) {
    int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9)),
        last = static_cast<int>(std::floor(std::log10(high) + 1e-9));
    int every = std::max(1, (last - first) / static_cast<int>(about) + 1);
    for (int power = first - 1; power <= last; ++power) {
      double decade = std::pow(10.0, power);
      if (power >= first) ticks.push_back({decade, power % every == 0 ? "10" + superscript(power) : ""});
      for (int k = 2; k < 10 && last - first < 8; ++k)
        if (decade * k >= low && decade * k <= high)
          ticks.push_back({decade * k, last <= first && (k == 2 || k == 5) ? fmt::format("{:g}", decade * k) : ""});
    }
    return ticks;
  }
  double rough = (high - low) / about, power = std::pow(10.0, std::floor(std::log10(rough))), step = 10 * power;
  for (double nice : {1.0, 2.0, 5.0})
    if (nice * power >= rough * 0.999) {
      step = nice * power;
      break;
    }
  int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 12);
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) {
    double value = k == 0 ? 0 : k * step;
    ticks.push_back(
        {value, std::fabs(value) >= 1e7 ? fmt::format("{:g}", value) : fmt::format("{:.{}f}", value, digits)});
  }
  return ticks;
}

FigureExtent figure_extent(const Figure& figure, const FigureSize& size) {
  return {static_cast<double>(size.width),
          (figure.title.empty() ? 0 : title_height) + (figure.note.empty() ? 0 : note_height) +
              static_cast<double>(size.panel_height) * static_cast<double>(figure.panels.size())};
}

void draw_figure(const Figure& figure, const FigureSize& size, Canvas& canvas) {
  FigureExtent extent = figure_extent(figure, size);
  canvas.polygon({{0, 0}, {extent.width, 0}, {extent.width, extent.height}, {0, extent.height}}, paper);
  double top = 0;
  if (!figure.title.empty()) {
    canvas.text(16, 27, figure.title, {17, ink, Anchor::start, true});
    top += title_height;
  }
  for (const FigurePanel& panel : figure.panels) {
    double width = extent.width - left_margin - right_margin;
    auto legend = legend_rows(panel, width);
    double head = (panel.title.empty() ? 16 : top_margin) + legend_row_height * static_cast<double>(legend.size());
    Frame frame{left_margin,
                top + head,
                width,
                std::max(40.0, size.panel_height - head - bottom_margin),
                range_of(panel, true),
                range_of(panel, false)};
    if (!panel.title.empty()) canvas.text(left_margin, top + 28, panel.title, {14, ink, Anchor::start, true});
    draw_legend(canvas, left_margin, top + (panel.title.empty() ? 16 : 48), legend);
    draw_axes(canvas, frame, panel);
    canvas.clip(frame.x, frame.y, frame.width, frame.height);
    for (const FigureSeries& series : panel.series) draw_series(canvas, frame, series);
    canvas.unclip();
    top += size.panel_height;
  }
  if (!figure.note.empty()) canvas.text(16, top + 16, figure.note, {11, muted});
}

std::string figure_csv(const Figure& figure) {
  auto quoted = [](const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string out = "\"";
    for (char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
  };
  auto number = [](const std::vector<double>& values, std::size_t i) {
    return i < values.size() && std::isfinite(values[i]) ? fmt::format("{:.10g}", values[i]) : std::string();
  };
  std::string out = "panel,series,label,x,y,low,high\n";
  for (const FigurePanel& panel : figure.panels)
    for (const FigureSeries& series : panel.series)
      for (std::size_t i = 0; i < series.x.size(); ++i)
        out += fmt::format("{},{},{},{},{},{},{}\n", quoted(panel.title), quoted(series.name),
                           i < series.labels.size() ? quoted(series.labels[i]) : "", number(series.x, i),
                           number(series.y, i), number(series.low, i), number(series.high, i));
  return out;
}

}  // namespace bellows::report
