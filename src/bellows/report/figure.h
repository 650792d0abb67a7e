#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/result.h"

namespace bellows::report {

enum class Marker { none, circle, square, triangle, diamond, pentagon, star };

/// Points of one kind. A value that is not finite leaves a gap.
struct FigureSeries {
  std::string name;  ///< in the legend and as a column of the CSV; empty: not in the legend
  std::vector<double> x, y;
  std::vector<double> low, high;  ///< intervals in y; empty: none
  unsigned colour = 0;            ///< place in the palette
  bool joined = true;
  bool dashed = false, dotted = false;
  Marker marker = Marker::none;
  std::vector<std::string> labels;  ///< beside single points; empty: none
};

struct FigureAxis {
  std::string label;
  bool logarithmic = false;
  std::optional<double> low, high;  ///< nothing: from the data
};

struct FigurePanel {
  std::string title;
  FigureAxis x, y;
  std::vector<FigureSeries> series;
};

/// A figure: panels one above the other.
struct Figure {
  std::string title;
  std::string note;  ///< one line below, in small letters
  std::vector<FigurePanel> panels;
};

struct FigureSize {
  std::uint32_t width = 900, panel_height = 420;  ///< in units of 1/96 inch
};

/// Text of a whole SVG file; no fonts, scripts or links in it.
std::string figure_svg(const Figure& figure, const FigureSize& size = {});
/// PNG at `scale` pixels a unit. Errors: usage: more than 2^28 pixels; internal: the library's word.
Result<std::string> figure_png(const Figure& figure, const FigureSize& size = {}, double scale = 2);
/// Long form: panel, series, label, x, y, low, high.
std::string figure_csv(const Figure& figure);

}  // namespace bellows::report
