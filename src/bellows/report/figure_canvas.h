#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bellows/report/figure.h"

namespace bellows::report {

struct Colour {
  double red = 0, green = 0, blue = 0, alpha = 1;
};
struct Stroke {
  Colour colour;
  double width = 1;
  bool dashed = false, dotted = false;
};
using Points = std::vector<std::pair<double, double>>;
enum class Anchor { start, middle, end };
struct Lettering {
  double size = 13;
  Colour colour;
  Anchor anchor = Anchor::start;
  bool bold = false, upwards = false;  ///< upwards: turned by a quarter to the left
};

/// What a figure is drawn on: an SVG text or a picture of pixels.
class Canvas {
 public:
  virtual ~Canvas() = default;
  virtual void polyline(const Points& points, const Stroke& stroke) = 0;
  virtual void polygon(const Points& points, const Colour& fill) = 0;
  virtual void circle(double x, double y, double radius, const Colour& fill) = 0;
  virtual void text(double x, double y, const std::string& text, const Lettering& lettering) = 0;
  /// Until unclip(), nothing outside of the rectangle is drawn.
  virtual void clip(double x, double y, double width, double height) = 0;
  virtual void unclip() = 0;
};

struct FigureExtent {
  double width = 0, height = 0;
};
FigureExtent figure_extent(const Figure& figure, const FigureSize& size);
void draw_figure(const Figure& figure, const FigureSize& size, Canvas& canvas);

/// Places of ticks for an axis from low to high, and how they are written.
struct Tick {
  double value = 0;
  std::string label;  ///< empty: a small one
};
std::vector<Tick> axis_ticks(double low, double high, bool logarithmic, unsigned about);

}  // namespace bellows::report
