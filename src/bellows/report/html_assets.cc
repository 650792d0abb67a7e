#include "bellows/report/html_assets.h"

// The assembler copies the files in; CMake gives their places and rebuilds this file when they change.
#define BELLOWS_ASSET(name, file)                                                                            \
  asm(".section .rodata\n"                                                                                   \
      ".local bellows_asset_" #name "\n.local bellows_asset_" #name                                          \
      "_end\n"                                                                                               \
      "bellows_asset_" #name ":\n.incbin \"" file "\"\nbellows_asset_" #name "_end:\n.byte 0\n.previous\n"); \
  extern "C" const char bellows_asset_##name[], bellows_asset_##name##_end[]

BELLOWS_ASSET(dygraphs, BELLOWS_DYGRAPHS_JS);
BELLOWS_ASSET(chart_js, BELLOWS_CHART_JS);
BELLOWS_ASSET(script, BELLOWS_HTML_SCRIPT);
BELLOWS_ASSET(style, BELLOWS_HTML_STYLE);
BELLOWS_ASSET(watch_script, BELLOWS_WATCH_SCRIPT);

namespace bellows::report {
namespace {

// Where a library says where its source map is: a browser's tools would look for it.
std::string_view without_source_map(std::string_view text) {
  return text.substr(0, text.rfind("//# sourceMappingURL="));
}

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

const HtmlAssets& html_assets() {
  static const HtmlAssets assets{
      without_source_map(between(bellows_asset_dygraphs, bellows_asset_dygraphs_end)),
      without_source_map(between(bellows_asset_chart_js, bellows_asset_chart_js_end)),
      between(bellows_asset_script, bellows_asset_script_end),
      between(bellows_asset_style, bellows_asset_style_end),
      between(bellows_asset_watch_script, bellows_asset_watch_script_end),
  };
  return assets;
}

}  // namespace bellows::report
