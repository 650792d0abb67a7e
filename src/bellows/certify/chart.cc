#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "bellows/certify/design.h"

namespace bellows::certify {
namespace {

constexpr double left = 80, top = 30, width = 620, height = 430;
constexpr int lowest_power = 2, highest_power = 14;

struct Scale {
  double lowest_chsh, highest_chsh;
  double x(double chsh) const { return left + width * (chsh - lowest_chsh) / (highest_chsh - lowest_chsh); }
  double y(double trials) const {
    return top + height * (highest_power - std::log10(trials)) / (highest_power - lowest_power);
  }
  bool inside(double chsh, double trials) const {
    return chsh >= lowest_chsh && chsh <= highest_chsh && trials >= 100 && trials <= std::pow(10, highest_power);
  }
};

std::string text_at(double x, double y, const char* anchor, const std::string& words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, words);
}

}  // namespace

const std::vector<PublishedExperiment>& published_experiments() {
  // Only experiments whose S and number of trials both stand in a source that can be quoted. Rosenfeld 2017, Nadlinger
  // 2022, Zhang 2022 and the photonic ones of the paper's figure are not: their abstracts leave out one or the other.
  static const std::vector<PublishedExperiment> all = {
      {"Kulikov 2024", "superconducting circuits", "randomness amplification", 2.271, 1342177280,
       "arXiv:2412.17931: n = 20 * 2^26 trials, S = 2.271"},
      {"Storz 2023", "superconducting circuits", "loophole-free Bell test", 2.0747, 1e6,
       "Nature 617, 265, abstract: S = 2.0747(33) from more than a million trials"},
      {"Hensen 2015", "NV centres", "loophole-free Bell test", 2.42, 245,
       "Nature 526, 682, abstract: 245 trials, S = 2.42(20)"},
  };
  return all;
}

std::string curve_as_csv(const std::vector<CurvePoint>& points) {
  std::string csv = "method,extractor,mu,S,trials\n";
  for (const CurvePoint& point : points)
    csv += fmt::format("{},{},{},{:.6f},{}\n", name(point.method), name(point.extractor), point.mu.text(), point.chsh,
                       point.trial_count ? fmt::format("{:.0f}", *point.trial_count) : "");
  return csv;
}

std::string curve_as_svg(const std::vector<CurvePoint>& points, const CurveRequest& request) {
  const Scale scale{request.lowest_chsh, request.highest_chsh};
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      left + width + 190, top + height + 60);
  for (int power = lowest_power; power <= highest_power; ++power) {
    const double y = scale.y(std::pow(10, power));
    svg += fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>\n", left, left + width,
                       y, y);
    svg += text_at(left - 8, y + 4, "end", fmt::format("10<tspan dy=\"-4\" font-size=\"9\">{}</tspan>", power));
  }
  for (double chsh = std::ceil(scale.lowest_chsh * 10) / 10; chsh <= scale.highest_chsh + 1e-9; chsh += 0.1) {
    svg += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#eee\"/>\n", scale.x(chsh),
                       top, top + height);
    svg += text_at(scale.x(chsh), top + height + 18, "middle", fmt::format("{:.1f}", chsh));
  }
  svg += text_at(left + width / 2, top + height + 42, "middle", "CHSH value S (depolarising noise)");
  svg += fmt::format(
      "<text transform=\"translate(24 {}) rotate(-90)\" text-anchor=\"middle\">trials for at least {} bits, epsilon "
      "{}</text>\n",
      top + height / 2, request.least_bits, request.epsilon.text());
  // One colour a bias, one dash a method; a line's name stands at its end.
  constexpr const char* colours[] = {"#1b4965", "#1f7a8c", "#5c9e31", "#c77d0a", "#b3261e", "#6a3d9a"};
  constexpr const char* dashes[] = {"6 4", "10 3 2 3", "", "2 3"};
  double legend = top + 12;
  for (std::size_t m = 0; m < request.methods.size(); ++m) {
    const auto& [method, extractor] = request.methods[m];
    for (std::size_t b = 0; b < request.biases.size(); ++b) {
      std::string path;
      for (const CurvePoint& point : points)
        if (point.method == method && point.extractor == extractor && point.mu == request.biases[b] &&
            point.trial_count && scale.inside(point.chsh, *point.trial_count))
          path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : " L", scale.x(point.chsh),
                              scale.y(*point.trial_count));
      const std::string style = fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" stroke-dasharray=\"{}\"",
                                            colours[b % 6], dashes[m % 4]);
      if (!path.empty()) svg += fmt::format("<path d=\"{}\" {}/>\n", path, style);
      svg += fmt::format("<path d=\"M{:.1f} {:.1f} h24\" {}/>\n", left + width + 12, legend - 4, style);
      svg += text_at(left + width + 42, legend, "start",
                     fmt::format("{}, mu = {:g} %", name(method), 100 * request.biases[b].approximate()));
      legend += 17;
    }
    legend += 6;
  }
  for (const PublishedExperiment& experiment : published_experiments()) {
    if (!scale.inside(experiment.chsh, experiment.trial_count)) continue;
    const double x = scale.x(experiment.chsh), y = scale.y(experiment.trial_count);
    svg +=
        fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"black\"><title>{}: {}, {}</title></circle>\n",
                    x, y, experiment.name, experiment.platform, experiment.kind);
    svg += text_at(x + 7, y + 4, "start", experiment.name);
  }
  return svg + "</svg>\n";
}

}  // namespace bellows::certify
