#pragma once

#include <string_view>

namespace bellows::report {

/// What a page is made of, built into the program: the packaged chart libraries and our own script and style.
struct HtmlAssets {
  std::string_view dygraphs, chart_js, script, style, watch_script;
};
const HtmlAssets& html_assets();

}  // namespace bellows::report
