#include <fmt/format.h>

#include "bellows/report/figure_canvas.h"
#include "bellows/report/html_text.h"

namespace bellows::report {
namespace {

std::string css(const Colour& colour) {
  auto part = [](double value) { return static_cast<int>(value * 255 + 0.5); };
  return fmt::format("#{:02x}{:02x}{:02x}", part(colour.red), part(colour.green), part(colour.blue));
}

std::string opacity(const char* what, const Colour& colour) {
  return colour.alpha < 1 ? fmt::format(" {}=\"{:.2f}\"", what, colour.alpha) : std::string();
}

class SvgCanvas : public Canvas {
 public:
  void polyline(const Points& points, const Stroke& stroke) override {
    out_ += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{:g}\"{}{}/>\n",
                        list(points), css(stroke.colour), stroke.width,
                        stroke.dashed   ? " stroke-dasharray=\"7 4\""
                        : stroke.dotted ? " stroke-dasharray=\"2 4\""
                                        : "",
                        opacity("stroke-opacity", stroke.colour));
  }
  void polygon(const Points& points, const Colour& fill) override {
    out_ +=
        fmt::format("<polygon points=\"{}\" fill=\"{}\"{}/>\n", list(points), css(fill), opacity("fill-opacity", fill));
  }
  void circle(double x, double y, double radius, const Colour& fill) override {
    out_ += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{:.2f}\" fill=\"{}\"{}/>\n", x, y, radius, css(fill),
                        opacity("fill-opacity", fill));
  }
  void text(double x, double y, const std::string& text, const Lettering& lettering) override {
    static constexpr const char* anchors[] = {"start", "middle", "end"};
    out_ += fmt::format(
        "<text x=\"{:.2f}\" y=\"{:.2f}\" font-size=\"{:g}\" fill=\"{}\" text-anchor=\"{}\"{}{}>{}</text>\n", x, y,
        lettering.size, css(lettering.colour), anchors[static_cast<int>(lettering.anchor)],
        lettering.bold ? " font-weight=\"bold\"" : "",
        lettering.upwards ? fmt::format(" transform=\"rotate(-90 {:.2f} {:.2f})\"", x, y) : "", escape_html(text));
  }
  void clip(double x, double y, double width, double height) override {
    out_ += fmt::format(
        "<clipPath id=\"c{0}\"><rect x=\"{1:.2f}\" y=\"{2:.2f}\" width=\"{3:.2f}\" height=\"{4:.2f}\"/></clipPath>\n<g "
        "clip-path=\"url(#c{0})\">\n",
        clips_, x, y, width, height);
    ++clips_;
  }
  void unclip() override { out_ += "</g>\n"; }
  const std::string& text() const { return out_; }

 private:
  static std::string list(const Points& points) {
    std::string text;
    for (const auto& [x, y] : points) text += fmt::format("{}{:.2f},{:.2f}", text.empty() ? "" : " ", x, y);
    return text;
  }
  std::string out_;
  int clips_ = 0;
};

}  // namespace

std::string figure_svg(const Figure& figure, const FigureSize& size) {
  SvgCanvas canvas;
  draw_figure(figure, size, canvas);
  FigureExtent extent = figure_extent(figure, size);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}\" "
      "height=\"{1:g}\" "
      "viewBox=\"0 0 {0:g} {1:g}\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" role=\"img\">\n"
      "<title>{2}</title>\n{3}</svg>\n",
      extent.width, extent.height, escape_html(figure.title), canvas.text());
}

}  // namespace bellows::report
