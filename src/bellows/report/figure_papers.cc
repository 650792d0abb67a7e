#include "bellows/report/figure_papers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "bellows/base/threads.h"
#include "bellows/certify/design.h"
#include "bellows/certify/search.h"
#include "bellows/estimate/scores.h"
#include "bellows/numeric/ranges.h"
#include "bellows/report/html_data.h"
#include "bellows/report/html_text.h"

namespace bellows::report {
namespace {

// The platform's marker, as in the paper.
Marker marker_of(const certify::PublishedExperiment& experiment) {
  return experiment.platform == "NV centres" ? Marker::diamond : Marker::star;
}

numeric::Exact nine_places(double value) {
  return numeric::Exact::fraction(static_cast<std::uint64_t>(std::llround(value * 1e9)), 1000000000);
}

struct Curve {
  plan::Method method;
  plan::Extractor extractor;
  const numeric::Exact* mu;
  const certify::TradeoffSource* source;
};
constexpr double most_trials_drawn = 1e12;

certify::Claim claim_of(const Curve& curve, const numeric::Exact& epsilon) {
  certify::Claim claim;
  claim.method = curve.method;
  claim.extractor = curve.extractor;
  claim.epsilons = plan::split_epsilon(epsilon, 1, curve.extractor);
  claim.mu = *curve.mu;
  return claim;
}

// Settings of an unbiased run: omega = (S + 4) / 8.
double fewest(const Curve& curve, const numeric::Exact& epsilon, double s, double output_bits) {
  certify::Claim claim = certify::claim_at(claim_of(curve, epsilon), nine_places((s + 4) / 8), *curve.mu);
  return certify::fewest_trials(claim, output_bits, curve.source).value_or(NAN);
}

// The violation below which even the most trials that are drawn do not suffice.
std::optional<double> lowest_violation(const Curve& curve, const numeric::Exact& epsilon, double output_bits) {
  certify::Claim claim = claim_of(curve, epsilon);
  claim.trial_count = static_cast<std::uint64_t>(most_trials_drawn);
  auto omega = certify::lowest_win_frequency(claim, output_bits, curve.source);
  return omega ? std::optional(8 * *omega - 4) : std::nullopt;
}

double entropy_2(double p) { return p <= 0 || p >= 1 ? 0 : -p * std::log2(p) - (1 - p) * std::log2(1 - p); }

double divergence(double p, double q) {
  double out = 0;
  if (p > 0) out += p * std::log2(p / q);
  if (p < 1) out += (1 - p) * std::log2((1 - p) / (1 - q));
  return out;
}

template <class Function>
double golden_minimum(double low, double high, const Function& f) {
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  double a = high - ratio * (high - low), b = low + ratio * (high - low), fa = f(a), fb = f(b);
  for (int i = 0; i < 80; ++i) {
    if (fa < fb) {
      high = b;
      b = a;
      fb = fa;
      a = high - ratio * (high - low);
      fa = f(a);
    } else {
      low = a;
      a = b;
      fa = fb;
      b = low + ratio * (high - low);
      fb = f(b);
    }
  }
  return f((low + high) / 2);
}

}  // namespace

Result<Figure> kulikov_figure_2(const std::vector<numeric::Exact>& biases, const numeric::Exact& epsilon,
                                std::uint64_t output_bits, const Context& context) {
  BELLOWS_TRY(numeric::check_epsilon(epsilon));
  for (const auto& mu : biases) BELLOWS_TRY(numeric::check_bias(mu));
  FigurePanel panel;
  panel.x = {"CHSH violation S", false, 2.0, 2.0 + 0.84};
  panel.y = {fmt::format("trials for {} of output", readable_bits(static_cast<double>(output_bits))), true, 1e2,
             most_trials_drawn};
  constexpr std::size_t points = 48;
  struct Kind {
    plan::Method method;
    plan::Extractor extractor;
    const char* words;
    std::shared_ptr<const certify::TradeoffSource> source;
  };
  std::vector<Kind> kinds = {{plan::Method::two_sided, plan::Extractor::short_seed, "both outcomes", {}},
                             {plan::Method::win, plan::Extractor::short_seed, "one outcome", {}},
                             {plan::Method::mdl_as_printed, plan::Extractor::shift_matrix, "as published", {}}};
  for (Kind& kind : kinds) {
    BELLOWS_ASSIGN(kind.source, certify::tradeoff_source(kind.method, plan::Polytope::santha_vazirani));
  }
  std::vector<Curve> curves;
  for (std::size_t i = 0; i < biases.size(); ++i) {
    for (const Kind& kind : kinds) {
      curves.push_back({kind.method, kind.extractor, &biases[i], kind.source.get()});
      FigureSeries series;
      series.name = fmt::format("mu = {:g} %, {}", biases[i].approximate() * 100, kind.words);
      series.colour = static_cast<unsigned>(i);
      series.dashed = kind.method == plan::Method::mdl_as_printed;
      series.dotted = kind.method == plan::Method::win;
      series.x.assign(points, NAN);
      // Denser where the curve is steep.
      if (auto lowest = lowest_violation(curves.back(), epsilon, static_cast<double>(output_bits)))
        for (std::size_t k = 0; k < points; ++k)
          series.x[k] = *lowest + 1e-7 +
                        (2.0 * std::sqrt(2.0) - 2e-6 - *lowest) * std::pow(static_cast<double>(k) / (points - 1), 2.5);
      series.y.assign(points, NAN);
      panel.series.push_back(std::move(series));
    }
  }
  std::atomic<std::uint64_t> done{0};
  parallel_for(curves.size() * points, context.thread_count, [&](std::uint64_t task, unsigned worker) {
    if (!context.check_cancelled().ok()) return;
    const Curve& curve = curves[task / points];
    FigureSeries& series = panel.series[task / points];
    double s = series.x[task % points];
    if (std::isfinite(s)) series.y[task % points] = fewest(curve, epsilon, s, static_cast<double>(output_bits));
    std::uint64_t now = ++done;
    if (worker == 0) context.report("bounds", now, curves.size() * points, "points");
  });
  BELLOWS_TRY(context.check_cancelled());
  for (Marker marker : {Marker::diamond, Marker::star}) {
    FigureSeries series;
    series.colour = 5;
    series.joined = false;
    series.marker = marker;
    for (const certify::PublishedExperiment& e : certify::published_experiments())
      if (marker_of(e) == marker) {
        series.name = e.platform;
        series.x.push_back(e.chsh);
        series.y.push_back(e.trial_count);
        series.labels.push_back(e.name);
      }
    panel.series.push_back(std::move(series));
  }
  return Figure{
      "Trials and violation for certified bits (Kulikov et al., Figure 2)",
      fmt::format("epsilon = {}; symmetric noise, one threshold. With the short seed: dotted one outcome, solid both. "
                  "Dashed: as published.",
                  epsilon.text()),
      {panel}};
}

Result<Figure> kulikov_figure_4(const estimate::Evidence& evidence, double mu) {
  if (evidence.trial_count() == 0) return refused("the log holds no trials");
  auto totals = estimate::score_counts(evidence.totals(), mu);
  auto panel_of = [&](bool with_mu) {
    FigurePanel panel;
    panel.x.label = "block";
    panel.y.label = with_mu ? "S_mu" : "S";
    panel.title = with_mu ? fmt::format("MDL value at mu = {:g}", mu) : "CHSH value";
    FigureSeries points;
    points.name = "block, with 95 % interval";
    points.joined = false;
    points.marker = Marker::circle;
    for (const auto& block : thin_out(evidence.blocks)) {
      if (block.trial_count == 0) continue;
      auto scores = estimate::score_counts(block.n_xyab, mu);
      const auto& value = with_mu ? scores.s_mu : scores.s;
      if (!value) continue;
      points.x.push_back(static_cast<double>(block.block_index));
      points.y.push_back(value->value);
      points.low.push_back(value->low);
      points.high.push_back(value->high);
    }
    double last = evidence.blocks.empty() ? 1 : static_cast<double>(evidence.blocks.back().block_index);
    auto line = [&](const std::string& name, double value, unsigned colour, bool dashed) {
      FigureSeries series;
      series.name = name;
      series.x = {-0.5, last + 0.5};
      series.y = {value, value};
      series.colour = colour;
      series.dashed = dashed;
      panel.series.push_back(std::move(series));
    };
    panel.series.push_back(std::move(points));
    const auto& mean = with_mu ? totals.s_mu : totals.s;
    if (mean) line(fmt::format("average {:.5g}", mean->value), mean->value, 1, false);
    line(fmt::format("classical limit {}", with_mu ? 0 : 2), with_mu ? 0 : 2, 5, true);
    return panel;
  };
  return Figure{"Violation by block (Kulikov et al., Figure 4)",
                fmt::format("{} trials in {} blocks.", grouped(evidence.trial_count()), evidence.blocks.size()),
                {panel_of(false), panel_of(true)}};
}

double masanes_rate(unsigned settings, double noise) {
  const double m = settings;
  const double sine = std::sin(M_PI / (4 * m));
  const double loss = (1 - noise) * sine * sine + noise / 2;  // (26)
  const double error_entropy = entropy_2(noise / 2);
  auto rate = [&](double gamma) {
    const double raw = (1 - gamma) * (1 - gamma);
    double attack = golden_minimum(loss, 1.0, [&](double theta) {
      return 4 * gamma * gamma / m * divergence(loss, std::min(theta, 1 - 1e-15)) -
             2 * raw * std::log2(0.5 + m * theta);
    });
    return attack - raw * (1 + error_entropy);
  };
  double best = -golden_minimum(0.3, 1.0 - 1e-9, [&](double gamma) { return -rate(gamma); });
  return best > 1e-12 ? best : 0;  // at gamma = 1 the rate is zero up to rounding
}

Figure masanes_figure_2(const std::vector<unsigned>& settings) {
  FigurePanel panel;
  panel.x = {"noise xi", false, 0.0, 0.03};
  panel.y = {"key rate Ns / N", false, 0.0, 0.0045};
  for (std::size_t i = 0; i < settings.size(); ++i) {
    FigureSeries series;
    series.name = fmt::format("M = {}", settings[i]);
    series.colour = static_cast<unsigned>(i);
    for (int k = 0; k <= 120; ++k) {
      series.x.push_back(0.03 * k / 120);
      series.y.push_back(masanes_rate(settings[i], series.x.back()));
    }
    panel.series.push_back(std::move(series));
  }
  return Figure{
      "Secret key rate against noise (Masanes et al., Figure 2)",
      "Equation (21) with the minimum over theta in the place of the printed maximum; gamma optimised at every point.",
      {panel}};
}

double brandao_noise(double bias) { return std::pow(0.5 - bias, 8) / 2; }

Figure brandao_figure_6() {
  FigurePanel panel;
  panel.x = {"bias epsilon of the source", false, 0.0, 0.5};
  panel.y = {"tolerated noise delta", false, 0.0, {}};
  FigureSeries series;
  for (int k = 0; k <= 200; ++k) {
    series.x.push_back(0.5 * k / 200);
    series.y.push_back(brandao_noise(series.x.back()));
  }
  panel.series.push_back(std::move(series));
  return Figure{"Bias and tolerated noise (Brandao et al., Figure 6)",
                "Condition (111): delta = (1/2 - epsilon)^8 / 2; below the curve the protocol gives randomness.",
                {panel}};
}

Result<Picture> one_time_pad_picture(const Picture& picture, bits::BitView pad) {
  std::uint64_t needed = std::uint64_t{picture.width} * picture.height * 24;
  if (picture.channels != 3) return internal_error("the picture is not RGB");
  if (pad.size_bits < needed)
    return usage_error("the pad is too short for the picture", fmt::format("{} bits, 24 a pixel", needed),
                       fmt::format("{}", pad.size_bits));
  constexpr std::uint32_t gap = 8;
  Picture out{picture.width * 2 + gap, picture.height, 3, {}};
  out.bytes.assign(std::uint64_t{out.width} * out.height * 3, 255);
  std::uint64_t row_bytes = std::uint64_t{picture.width} * 3;
  for (std::uint64_t row = 0; row < picture.height; ++row) {
    const std::uint8_t* from = picture.bytes.data() + row * row_bytes;
    std::uint8_t* left = out.bytes.data() + row * out.width * 3;
    std::uint8_t* right = left + row_bytes + gap * 3;
    std::memcpy(left, from, row_bytes);
    for (std::uint64_t i = 0; i < row_bytes; ++i)
      right[i] = static_cast<std::uint8_t>(from[i] ^ (pad.word_at_bit((row * row_bytes + i) * 8) & 255));
  }
  return out;
}

}  // namespace bellows::report
