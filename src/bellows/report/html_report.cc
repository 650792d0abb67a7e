#include "bellows/report/html_report.h"

#include <fmt/format.h>

#include "bellows/bits/bit_stream.h"
#include "bellows/quality/battery.h"
#include "bellows/report/html_data.h"
#include "bellows/report/html_sections.h"
#include "bellows/report/html_text.h"
#include "bellows/report/png.h"

namespace bellows::report {
namespace {

constexpr std::uint64_t picture_side = 2048;  // half a megabyte of noise, which does not compress
constexpr std::uint64_t tested_bits = 20000000;

Result<std::string> output_part(const RunView& run, const Context& context) {
  const Path path = run.folder / "output.bits";
  BELLOWS_ASSIGN(bits::BitStream whole, bits::BitStream::open(path, bits::BitStreamFormat::bit_file));
  std::uint64_t output_bits = whole.size_bits().value_or(0);
  if (output_bits == 0) return bad_input("no output bits to show", path);
  std::uint64_t side = 1;
  while (side < picture_side && (side + 1) * (side + 1) <= output_bits) ++side;
  bits::BitString pixels(side * side);
  BELLOWS_TRY(whole.read(pixels.words(), pixels.size_bits()));
  BELLOWS_ASSIGN(std::string png, encode_png_bits(pixels, side));
  quality::BatteryOptions options;
  options.sequences = 20;
  std::uint64_t limit = std::min(output_bits, tested_bits);
  BELLOWS_ASSIGN(bits::BitStream stream, bits::BitStream::open(path, bits::BitStreamFormat::bit_file, limit));
  BELLOWS_ASSIGN(auto tests, quality::run_battery(stream, options, context));
  return output_section(base64(png), pixels.size_bits(), output_bits, tests);
}

// The two names in a run folder are this page's own; any other file may be somebody's data.
Status require_replaceable(const Path& to) {
  std::error_code error;
  const auto there = std::filesystem::status(to, error).type();
  if (there == std::filesystem::file_type::not_found) return {};
  if (there == std::filesystem::file_type::regular) {
    BELLOWS_ASSIGN(File file, File::open_for_reading(to));
    std::string head(1000, '\0');
    BELLOWS_ASSIGN(std::size_t got, file.read_some(std::as_writable_bytes(std::span(head))));
    head.resize(got);
    if (head.starts_with("<!DOCTYPE html>") && head.find("name=\"generator\" content=\"bellows\"") < head.size())
      return {};
  }
  return usage_error("--out names a file that is there already and is no page of bellows; it is left as it is",
                     "a new name, or an old page", to.string());
}

}  // namespace

Result<std::string> html_report(const RunView& run, const HtmlOptions& options, const Context& context) {
  if (options.show_output && options.for_public)
    return usage_error("a page for the public cannot show the output; give --show-output or --public, not both");
  Shown shown = what_is_shown(run, options.for_public);
  std::optional<estimate::Summary> summary;
  // Even the number of trials made is a publication; a certificate that fits the log has paid for it.
  const bool fits = run.certificate && run.mismatches.empty();
  const RunState state = state_of(run);
  if (run.evidence && run.evidence->trial_count() > 0 && (shown.everything || fits)) {
    BELLOWS_ASSIGN(summary, estimate::summarize(*run.evidence, run.mu()));
  }
  nlohmann::json data = nlohmann::json::object();
  if (run.evidence && shown.everything)
    data = block_series(*run.evidence, run.mu(), fits ? &*run.certificate : nullptr);
  else if (shown.block_scores && !run.published_groups.empty())
    data = group_series(run.published_groups, run.mu(), *run.certificate);
  if (state == RunState::certified || state == RunState::incomplete)
    data["waterfall"] = waterfall(*run.certificate, state == RunState::certified);
  if (summary && summary->settings) {
    data["settings"] = setting_ranges(*summary->settings);
    data["settings_sigmas_allowed"] = estimate::SettingCheck::sigmas_allowed;
  }
  std::string folder = std::filesystem::absolute(run.folder).lexically_normal().filename().string();
  if (folder.empty())
    folder = std::filesystem::absolute(run.folder).lexically_normal().parent_path().filename().string();
  std::string page = page_head(
      "bellows: " + folder,
      options.for_public ? "bellows report for the public" : "bellows report · " + folder + " · private", false);
  page += verdict_section(run, shown);
  page += facts_section(run, summary, shown);
  page += series_section(run, shown);
  page += waterfall_section(run);
  page += settings_section(run, summary);
  page += signalling_section(summary, shown);
  page += locality_section(run, options.locality, shown);
  if (options.show_output) {
    BELLOWS_ASSIGN(std::string part, output_part(run, context));
    page += part;
  }
  page += assumptions_section(run);
  page += digests_section(run, shown);
  page += page_end(json_for_page(data), "", "Made by bellows: one file, no network.");
  return page;
}

Result<Path> write_html_report(const RunView& run, const HtmlOptions& options, const Context& context, const Path& to) {
  if (!to.empty()) BELLOWS_TRY(require_replaceable(to));
  BELLOWS_ASSIGN(std::string page, html_report(run, options, context));
  Path path = !to.empty() ? to : run.folder / (options.for_public ? "report.public.html" : "report.html");
  BELLOWS_TRY(write_text_file(path, page, options.for_public ? public_file_mode : private_file_mode, true));
  return path;
}

Result<Path> write_html_report(const Path& folder, const HtmlOptions& options, const Context& context, const Path& to) {
  BELLOWS_ASSIGN(RunView run, read_run(folder, context));
  return write_html_report(run, options, context, to);
}

}  // namespace bellows::report
