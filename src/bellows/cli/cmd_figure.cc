#include <fmt/format.h>
#include <unistd.h>

#include "bellows/base/count.h"
#include "bellows/bits/bit_file.h"
#include "bellows/cli/command.h"
#include "bellows/cli/terminal_text.h"
#include "bellows/estimate/gather.h"
#include "bellows/numeric/ranges.h"
#include "bellows/plan/plan.h"
#include "bellows/report/figure_papers.h"
#include "bellows/report/html_text.h"
#include "bellows/trials/reader.h"

namespace bellows::cli {
namespace {

constexpr const char* manual = R"(Figures of the papers, as SVG, PNG or CSV; the ending of --out says which.

  kulikov-2    trials against violation for a million output bits, a curve for
               each bias of --mu, with published experiments (Kulikov et al.)
  kulikov-4    S and S_mu by block of a trial log or run folder (INPUT)
  kulikov-10   the bits of a bit file (INPUT) as black and white pixels
  kulikov-11   a PNG picture (--image) before and after a one-time pad with the
               bits of a bit file (INPUT); the pad is used up by that
  masanes-2    key rate against noise (Masanes et al.)
  brandao-6    bias against tolerated noise (Brandao et al.)

kulikov-4 depends on outcomes, kulikov-10 and -11 show output bits: their files
are private (mode 0600).

Examples:
  bellows figure kulikov-2 --mu 0.75%,2%,3% --out figure2.svg
  bellows figure kulikov-4 run --out night.png
  bellows figure kulikov-11 run/output.bits --image sheep.png --out padded.png)";

struct Options {
  std::string name, input, out, image, epsilon = "1e-12", mu = "0.1%,0.75%,2%,3%", output_bits = "1e6", bits;
  std::uint32_t width = 900, height = 420, pixel_width = 0;
  double scale = 2;
  bool overwrite = false;
};

enum class Format { svg, png, csv };
Result<Format> format_of(const Path& path) {
  std::string ending = path.extension().string();
  if (ending == ".svg") return Format::svg;
  if (ending == ".png") return Format::png;
  if (ending == ".csv") return Format::csv;
  return usage_error("the ending of --out names no format", ".svg, .png or .csv", path.string());
}

// A picture of pixels in the three formats. SVG holds the PNG.
struct Pixels {
  std::string png, csv;
  std::uint64_t width = 0, height = 0;
};

std::string pixels_as_svg(const Pixels& pixels) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
      "xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n<image "
      "width=\"{0}\" height=\"{1}\" style=\"image-rendering:pixelated\" "
      "xlink:href=\"data:image/png;base64,{2}\"/>\n</svg>\n",
      pixels.width, pixels.height, report::base64(pixels.png));
}

Result<bits::BitString> bits_of(const Options& options, const char* what) {
  if (options.input.empty()) return usage_error(fmt::format("{} needs a bit file", options.name), what);
  BELLOWS_ASSIGN(bits::BitFile file, bits::read_bit_file(options.input));
  if (options.bits.empty()) return std::move(file.bits);
  BELLOWS_ASSIGN(std::uint64_t count, parse_count(options.bits));
  if (count > file.bits.size_bits())
    return usage_error("the file holds fewer bits", options.bits, fmt::format("{}", file.bits.size_bits()));
  return bits::BitString(file.bits.view().first(count));
}

Result<Pixels> bit_picture(const Options& options, Format format) {
  BELLOWS_ASSIGN(bits::BitString content, bits_of(options, "FILE.bits after the name"));
  if (content.size_bits() == 0) return usage_error("the file holds no bits");
  Pixels out;
  // As the paper's: wider than high, about 7 to 5.
  out.width = options.pixel_width;
  while (out.width == 0 || (options.pixel_width == 0 && out.width * out.width * 5 < content.size_bits() * 7))
    out.width = out.width == 0 ? 1 : out.width + std::max<std::uint64_t>(1, out.width / 500);
  out.width = std::min<std::uint64_t>(out.width, content.size_bits());
  out.height = divide_up(content.size_bits(), out.width);
  if (format == Format::csv) {
    for (std::uint64_t i = 0; i < content.size_bits(); ++i) {
      out.csv += content[i] ? '1' : '0';
      out.csv += (i + 1) % out.width == 0 || i + 1 == content.size_bits() ? '\n' : ',';
    }
    return out;
  }
  BELLOWS_ASSIGN(out.png, report::encode_png_bits(content, out.width));
  return out;
}

Result<Pixels> pad_picture(const Options& options, Format format) {
  if (options.image.empty()) return usage_error("kulikov-11 needs a picture", "--image FILE.png");
  BELLOWS_ASSIGN(report::Picture picture, report::read_png(options.image));
  BELLOWS_ASSIGN(bits::BitString pad, bits_of(options, "FILE.bits after the name"));
  BELLOWS_ASSIGN(report::Picture both, report::one_time_pad_picture(picture, pad));
  Pixels out;
  out.width = both.width;
  out.height = both.height;
  if (format == Format::csv) {
    out.csv = "row,column,red,green,blue\n";
    for (std::uint64_t i = 0; i < out.width * out.height; ++i)
      fmt::format_to(std::back_inserter(out.csv), "{},{},{},{},{}\n", i / out.width, i % out.width, both.bytes[3 * i],
                     both.bytes[3 * i + 1], both.bytes[3 * i + 2]);
    return out;
  }
  BELLOWS_ASSIGN(out.png, report::encode_png(both));
  return out;
}

Result<report::Figure> violation_by_block(const Options& options, const Context& context) {
  if (options.input.empty()) return usage_error("kulikov-4 needs a trial log or a run folder after the name");
  Path log_path = options.input;
  std::error_code ignored;
  double mu = 0.0075;
  if (std::filesystem::is_directory(log_path, ignored)) {
    if (std::filesystem::exists(log_path / "plan.json", ignored)) {
      BELLOWS_ASSIGN(plan::Plan fixed, plan::read_plan(log_path / "plan.json"));
      mu = fixed.mu.approximate();
    }
    log_path /= "log.trials";
  }
  if (options.mu.find(',') == std::string::npos) {
    BELLOWS_ASSIGN(numeric::Exact given, numeric::Exact::parse(options.mu));
    mu = given.approximate();
    BELLOWS_TRY(numeric::check_bias(given));
  }
  BELLOWS_ASSIGN(trials::LogReader log, trials::LogReader::open(log_path));
  BELLOWS_ASSIGN(estimate::Evidence evidence, estimate::gather_evidence(log, context, estimate::LogDigest::recorded));
  return report::kulikov_figure_4(evidence, mu);
}

Result<report::Figure> trials_against_violation(const Options& options, const Context& context) {
  std::vector<numeric::Exact> biases;
  for (const std::string& word : CLI::detail::split(options.mu, ',')) {
    BELLOWS_ASSIGN(numeric::Exact mu, numeric::Exact::parse(word));
    biases.push_back(std::move(mu));
  }
  BELLOWS_ASSIGN(numeric::Exact epsilon, numeric::Exact::parse(options.epsilon));
  BELLOWS_ASSIGN(std::uint64_t output_bits, parse_count(options.output_bits));
  return report::kulikov_figure_2(biases, epsilon, output_bits, context);
}

Result<Verdict> run(const Options& options, Console& console) {
  Path out = options.out.empty() ? Path(options.name + ".svg") : Path(options.out);
  BELLOWS_ASSIGN(Format format, format_of(out));
  Context context = console.context();
  std::string content;
  bool is_private = true;
  if (options.name == "kulikov-10" || options.name == "kulikov-11") {
    BELLOWS_ASSIGN(Pixels pixels,
                   options.name == "kulikov-10" ? bit_picture(options, format) : pad_picture(options, format));
    content = format == Format::csv ? pixels.csv : format == Format::png ? pixels.png : pixels_as_svg(pixels);
    if (options.name == "kulikov-11") console.note("the bits of this pad are used up: use them for nothing else");
  } else {
    Result<report::Figure> made = options.name == "kulikov-2"   ? trials_against_violation(options, context)
                                  : options.name == "kulikov-4" ? violation_by_block(options, context)
                                  : options.name == "masanes-2"
                                      ? Result<report::Figure>(report::masanes_figure_2({5, 7, 11, 15}))
                                      : Result<report::Figure>(report::brandao_figure_6());
    BELLOWS_ASSIGN(report::Figure figure, std::move(made));
    report::FigureSize size{options.width, options.height};
    is_private = options.name == "kulikov-4";
    if (format == Format::png) {
      BELLOWS_ASSIGN(content, report::figure_png(figure, size, options.scale));
    } else {
      content = format == Format::svg ? report::figure_svg(figure, size) : report::figure_csv(figure);
    }
  }
  BELLOWS_TRY(write_text_file(out, content, is_private ? private_file_mode : public_file_mode, options.overwrite));
  console.print(terminal_word(out.string()));
  console.result(
      {{"figure", options.name}, {"file", out.string()}, {"bytes", content.size()}, {"private", is_private}});
  return Verdict::done;
}

}  // namespace

void add_figure(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("figure", "figures of the papers, as SVG, PNG or CSV", manual);
  verb.add_option("NAME", options->name, "which figure")
      ->required()
      ->check(CLI::IsMember({"kulikov-2", "kulikov-4", "kulikov-10", "kulikov-11", "masanes-2", "brandao-6"}));
  verb.add_option("INPUT", options->input, "trial log, run folder or bit file, where the figure needs one");
  verb.add_option("--out", options->out, "file to write (default: NAME.svg)")->type_name("FILE");
  verb.add_flag("--overwrite", options->overwrite, "replace the file if it is there");
  verb.add_option("--mu", options->mu, "kulikov-2: biases; kulikov-4: one bias (default there: the plan's)")
      ->capture_default_str()
      ->type_name("LIST");
  verb.add_option("--epsilon", options->epsilon, "kulikov-2: total epsilon")->capture_default_str()->type_name("E");
  verb.add_option("--output-bits", options->output_bits, "kulikov-2: bits to certify")
      ->capture_default_str()
      ->type_name("N");
  verb.add_option("--image", options->image, "kulikov-11: the picture")->type_name("PNG");
  verb.add_option("--bits", options->bits, "kulikov-10, -11: only the first N bits of the file")->type_name("N");
  verb.add_option("--columns", options->pixel_width, "kulikov-10: pixels in a row")->type_name("N");
  verb.add_option("--width", options->width, "width of a drawn figure")
      ->check(CLI::Range(300u, 5000u))
      ->capture_default_str();
  verb.add_option("--height", options->height, "height of each panel")
      ->check(CLI::Range(200u, 5000u))
      ->capture_default_str();
  verb.add_option("--scale", options->scale, "PNG: pixels a unit")->check(CLI::Range(0.1, 20.0))->capture_default_str();
  line.on_run(verb, [options](Console& console) { return run(*options, console); });
}

}  // namespace bellows::cli
