#include <cairo.h>
#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "bellows/report/figure_canvas.h"

namespace bellows::report {
namespace {

class CairoCanvas : public Canvas {
 public:
  explicit CairoCanvas(cairo_t* cairo) : cairo_(cairo) {
    cairo_set_line_cap(cairo_, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cairo_, CAIRO_LINE_JOIN_ROUND);
  }
  void polyline(const Points& points, const Stroke& stroke) override {
    path(points);
    paint(stroke.colour);
    cairo_set_line_width(cairo_, stroke.width);
    const double dashes[] = {7, 4}, dots[] = {1, 5};  // the round ends make dots of the latter
    cairo_set_dash(cairo_, stroke.dotted ? dots : dashes, stroke.dashed || stroke.dotted ? 2 : 0, 0);
    cairo_stroke(cairo_);
  }
  void polygon(const Points& points, const Colour& fill) override {
    path(points);
    cairo_close_path(cairo_);
    paint(fill);
    cairo_fill(cairo_);
  }
  void circle(double x, double y, double radius, const Colour& fill) override {
    cairo_new_path(cairo_);
    cairo_arc(cairo_, x, y, radius, 0, 2 * M_PI);
    paint(fill);
    cairo_fill(cairo_);
  }
  void text(double x, double y, const std::string& text, const Lettering& lettering) override {
    cairo_select_font_face(cairo_, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           lettering.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo_, lettering.size);
    cairo_text_extents_t extents;
    cairo_text_extents(cairo_, text.c_str(), &extents);
    double shift = lettering.anchor == Anchor::start    ? 0
                   : lettering.anchor == Anchor::middle ? -extents.x_advance / 2
                                                        : -extents.x_advance;
    paint(lettering.colour);
    cairo_save(cairo_);
    cairo_translate(cairo_, x, y);
    if (lettering.upwards) cairo_rotate(cairo_, -M_PI / 2);
    cairo_move_to(cairo_, shift, 0);
    cairo_show_text(cairo_, text.c_str());
    cairo_restore(cairo_);
  }
  void clip(double x, double y, double width, double height) override {
    cairo_save(cairo_);
    cairo_rectangle(cairo_, x, y, width, height);
    cairo_clip(cairo_);
  }
  void unclip() override { cairo_restore(cairo_); }

 private:
  void path(const Points& points) {
    cairo_new_path(cairo_);
    for (const auto& [x, y] : points) cairo_line_to(cairo_, x, y);
  }
  void paint(const Colour& colour) {
    cairo_set_source_rgba(cairo_, colour.red, colour.green, colour.blue, colour.alpha);
  }
  cairo_t* cairo_;
};

cairo_status_t append(void* out, const unsigned char* bytes, unsigned int size) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

Result<std::string> figure_png(const Figure& figure, const FigureSize& size, double scale) {
  FigureExtent extent = figure_extent(figure, size);
  double width = std::ceil(extent.width * scale), height = std::ceil(extent.height * scale);
  if (!(scale > 0) || !(width >= 1) || !(height >= 1) || width > 30000 || height > 30000 || width * height > (1 << 28))
    return usage_error("no picture of this size", "1 to 30000 pixels each way", fmt::format("{} x {}", width, height));
  std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height)),
      cairo_surface_destroy);
  std::unique_ptr<cairo_t, decltype(&cairo_destroy)> cairo(cairo_create(surface.get()), cairo_destroy);
  cairo_scale(cairo.get(), scale, scale);
  CairoCanvas canvas(cairo.get());
  draw_figure(figure, size, canvas);
  std::string out;
  cairo_status_t status = cairo_surface_write_to_png_stream(surface.get(), append, &out);
  if (status != CAIRO_STATUS_SUCCESS)
    return internal_error(fmt::format("the picture could not be drawn: {}", cairo_status_to_string(status)));
  return out;
}

}  // namespace bellows::report
